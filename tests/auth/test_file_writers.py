"""Many write to one file of tokens at once: all get their turn, and who hangs is told of."""

import os
import signal
import socket
import threading

import anyio
import anyio.lowlevel
import pytest

from twretweet.auth import file_store
from twretweet.auth.file_io import FileLock, Patience
from twretweet.auth.file_store import FileTokenStore
from twretweet.auth.tokens import AppOnlyTokens
from twretweet.errors import TokenStoreError


@pytest.mark.anyio
async def test_the_writers_of_one_process_queue_instead_of_contending(tmp_path, monkeypatch):
    inside, most, order = 0, 0, []
    guard, replace = threading.Lock(), file_store.replace_private

    def counted(path, change) -> None:
        nonlocal inside, most
        with guard:
            inside += 1
            most = max(most, inside)
        replace(path, change)
        with guard:
            inside -= 1

    monkeypatch.setattr(file_store, "replace_private", counted)
    store = FileTokenStore(tmp_path / "tokens.json")

    async def save(number: int) -> None:
        await store.save(f"bot {number}", AppOnlyTokens(bearer_token="b"))
        order.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(60):
            tasks.start_soon(save, number)
    assert most == 1
    assert order == list(range(60))
    assert len(await store.accounts()) == 60


@pytest.mark.anyio
async def test_a_writer_that_is_cancelled_in_the_queue_holds_up_nobody(tmp_path):
    store = FileTokenStore(tmp_path / "tokens.json")
    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(store.save, str(number), AppOnlyTokens(bearer_token="b"))
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    with anyio.fail_after(10):
        await store.save("bot", AppOnlyTokens(bearer_token="b"))
    assert await store.load("bot") == AppOnlyTokens(bearer_token="b")


def test_one_store_serves_the_loops_of_several_threads(tmp_path):
    store = FileTokenStore(tmp_path / "tokens.json")

    async def save(name: str) -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(store.save, f"{name} {number}", AppOnlyTokens(bearer_token="b"))

    threads = [threading.Thread(target=anyio.run, args=(save, name)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(anyio.run(store.accounts)) == 30


def test_patience_ends_with_who_holds_the_file_and_changes_nothing():
    patience = Patience(100.0, "a")
    assert not patience.ends(104.9, "a")
    assert patience.ends(105.1, "a")


def test_patience_lasts_as_long_as_others_change_the_file():
    patience = Patience(0.0, None)
    assert not any(patience.ends(4.0 * turn, turn) for turn in range(1, 100))
    assert not patience.ends(400.0, 99)
    assert patience.ends(402.0, 99)


async def owner_of(path, monkeypatch) -> str:
    """What somebody is told who has waited for the lock of an account for too long."""
    monkeypatch.setattr(file_store, "_PATIENCE", -1.0)
    with pytest.raises(TokenStoreError) as caught:
        async with FileTokenStore(path).lock("bot"):
            raise AssertionError
    return str(caught.value)


@pytest.mark.anyio
async def test_whoever_waits_for_too_long_is_told_which_process_has_the_lock(
    tmp_path, monkeypatch
):
    path = tmp_path / "tokens.json"
    async with FileTokenStore(path).lock("bot"):
        said = await owner_of(path, monkeypatch)
        who = f"process {os.getpid()} on {socket.gethostname()}, since 20"
        assert f": {who}" in said
        assert ", has been refreshing 'bot' for -1 s: end it if it hangs" in said
        [lock] = [each for each in tmp_path.iterdir() if each.name != "tokens.json.lock"]
        lock.write_text("")  # of a process that was stopped before it could tell
        assert ": another process has been refreshing 'bot'" in await owner_of(path, monkeypatch)


def test_a_lock_whose_file_can_t_be_deleted_is_free_all_the_same(tmp_path):
    path, same = tmp_path / "lock", tmp_path / "the same file"
    lock = FileLock(path, passing=True)
    assert lock.take()
    same.hardlink_to(path)
    path.unlink()
    path.mkdir()
    lock.drop()
    assert FileLock(same).take()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside threads
def test_a_child_that_was_forked_under_the_lock_does_not_keep_it(tmp_path):
    lock = FileLock(tmp_path / "lock")
    assert lock.take()
    child = os.fork()
    if child == 0:
        signal.pause()
        os._exit(0)
    try:
        lock.drop()
        assert FileLock(tmp_path / "lock").take()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
