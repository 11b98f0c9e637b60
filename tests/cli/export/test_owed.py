"""What a run may have paid that was killed with a page on its way, and what it left of files."""

import anyio
import pytest

import twretweet as tw
from tests.cli.export.test_run import METRICS, tweets
from tests.support.scripted import reply
from twretweet.errors import BudgetExceeded

pytestmark = pytest.mark.anyio


async def killed(scene, tmp_path, moment: float, **how) -> None:
    """A run that is killed, as far as its files can tell."""
    left: dict[str, bytes] = {}
    with anyio.move_on_after(moment):
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: scene.run(**how))
            await anyio.sleep(moment * 0.99)
            left.update({each.name: each.read_bytes() for each in tmp_path.glob("rows*")})
    for name, content in left.items():
        (tmp_path / name).write_bytes(content)


async def test_the_first_page_of_a_run_is_owed_while_it_is_on_its_way(
    scene, tmp_path, place, clock, ids
):
    await killed(scene, tmp_path, 0.5)
    assert (place()["spent"], place()["pending"], ids()) == (0, 1_500_000, [])
    await anyio.sleep(86_400)
    with pytest.raises(BudgetExceeded):
        await scene.run(budget="1.51")
    assert (place()["spent"], place()["pending"]) == (1_500_000, 0)
    await killed(scene, tmp_path, 0.5, budget="2.5")
    # No more than the budget allowed can be on its way: 66 retweets with their authors.
    assert (place()["spent"], place()["pending"]) == (1_500_000, 990_000)
    await scene.run(limit=200)
    assert (place()["spent"], place()["pending"]) == (4_500_000, 0)
    await killed(scene, tmp_path, 0.5)
    assert (place()["spent"], place()["pending"]) == (4_500_000, 1_500_000)
    assert len(ids()) == 200


@pytest.mark.parametrize("mode", ["resume", "force"])
async def test_a_run_that_ends_before_its_first_page_leaves_an_old_file_as_it_was(
    scripted, server, tmp_path, mode
):
    server.replies.extend([tweets(9, 8, token="a"), reply(200, METRICS), reply(401)])
    with pytest.raises(tw.Unauthorized):
        await scripted.run()
    before = {each.name: each.read_bytes() for each in tmp_path.glob("rows*")}
    with pytest.raises(tw.Unauthorized):
        await scripted.run(resume=mode == "resume", force=mode == "force")
    assert {each.name: each.read_bytes() for each in tmp_path.glob("rows*")} == before
