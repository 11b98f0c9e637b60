"""The pytest plugin: fixtures with a sandbox for the tests of one's own bot.

The wheel installs this file as a top-level module, because pytest imports its plugins in every run
of every project: from inside the package it would import all of that with it. So it costs nothing
until a test asks for a fixture.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from twretweet.sandbox import ThreadedSandbox

_FIXTURE = "twretweet_sandbox"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, for projects that check them strictly."""
    config.addinivalue_line(
        "markers",
        f"{_FIXTURE}(...): how the fixture {_FIXTURE} makes its sandbox, in the arguments of"
        " twretweet.sandbox.Sandbox",
    )


@pytest.fixture
def twretweet_sandbox(request: pytest.FixtureRequest) -> "Generator[ThreadedSandbox]":
    """Run an X API on localhost for one test, in a thread of its own.

    It suits tests with and without an event loop. ``@pytest.mark.twretweet_sandbox(retweets=25)``
    makes it with the arguments of :class:`twretweet.sandbox.Sandbox`; those of a class or a module
    hold for its tests, which may add to them or change them. What it was asked is in its
    ``requests``, and in the report of a test that fails.
    """
    from twretweet.sandbox import ThreadedSandbox  # noqa: PLC0415

    node: pytest.Item = request.node
    chosen: dict[str, Any] = {}
    for marker in node.iter_markers(_FIXTURE):
        if marker.args:
            raise pytest.UsageError(
                f"pytest.mark.{_FIXTURE} takes arguments by name, such as retweets=25"
            )
        # The closest comes first.
        chosen = {**marker.kwargs, **chosen}
    with ThreadedSandbox(**chosen) as sandbox:
        yield sandbox
    if sandbox.failures:
        raise RuntimeError(
            "the sandbox itself went wrong; please report this"
        ) from sandbox.failures[0]


@pytest.fixture
def twretweet_sandbox_env(
    twretweet_sandbox: "ThreadedSandbox", monkeypatch: pytest.MonkeyPatch
) -> "ThreadedSandbox":
    """Run the same, and let the environment lead a bot there: its address and credentials.

    Sets ``TWRETWEET_BASE_URL`` and the variables that ``from_env()`` of the credentials reads.
    """
    from twretweet.sandbox.testing import environment  # noqa: PLC0415

    monkeypatch.delenv("TWRETWEET_CLIENT_SECRET", raising=False)
    for name, value in environment(twretweet_sandbox).items():
        monkeypatch.setenv(name, value)
    return twretweet_sandbox


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failed test what its sandbox was asked."""
    if call.when == "call" and call.excinfo is not None:
        fixtures: dict[str, object] = getattr(item, "funcargs", {})
        if (sandbox := fixtures.get(_FIXTURE)) is not None:
            from twretweet.sandbox import Sandbox  # noqa: PLC0415
            from twretweet.sandbox.testing import account_of  # noqa: PLC0415

            if isinstance(sandbox, Sandbox):
                item.add_report_section("call", f"{_FIXTURE} requests", account_of(sandbox))
    return (yield)
