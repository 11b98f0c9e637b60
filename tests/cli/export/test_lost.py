"""A file that is taken away, replaced or changed while it is written: nothing more is paid for."""

from itertools import product

import anyio
import pytest

from tests.cli.export.test_run import paid
from twretweet.cli.outcome import OutputLost

pytestmark = pytest.mark.anyio


def taken_away(file):
    file.unlink()


def replaced(file):
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content)


def emptied(file):
    file.write_bytes(b"")


@pytest.mark.parametrize("when", list(product(["jsonl", "parquet"], [4.5, 10.5])))
@pytest.mark.parametrize(
    "meddling",
    [
        (taken_away, "was taken away while"),
        (replaced, "another file was put in the place"),
        (emptied, "was changed while"),
    ],
)
async def test_nothing_more_is_paid_for_a_file_that_is_not_there_any_more(
    scene, sandbox, tmp_path, when, meddling
):
    """The last page is under way after 10 s, the look at the tweet included."""
    (kind, moment), (meddle, words) = when, meddling
    out = tmp_path / f"rows.{kind}"
    written = out if kind == "jsonl" else tmp_path / "rows.parquet.journal"

    async def meddled() -> None:
        await anyio.sleep(moment)
        meddle(written)

    with pytest.raises(OutputLost, match=words) as caught:
        async with anyio.create_task_group() as group:
            group.start_soon(meddled)
            try:
                await scene.run(out=str(out))
            except OutputLost as error:
                lost = error
                group.cancel_scope.cancel()
            else:
                raise AssertionError("it went on")
        raise lost
    assert paid(sandbox) <= moment
    assert scene.told.so_far(caught.value).startswith("; it had ")
    assert kind == "jsonl" or not out.exists()


async def test_a_file_that_is_taken_away_while_the_window_is_waited_for_costs_no_other_page(
    scene, sandbox, tmp_path
):
    with pytest.raises(OutputLost, match=r"rows\.jsonl was taken away while it was written"):
        async with anyio.create_task_group() as group:
            group.start_soon(_take_away, tmp_path / "rows.jsonl")
            try:
                await scene.run(max_results=10)
            except OutputLost as error:
                lost = error
        raise lost
    assert paid(sandbox) == 75


async def _take_away(file) -> None:
    await anyio.sleep(300)
    file.unlink()
