"""Tokens in a file: whose it must be, what a crash leaves, and what is never overwritten."""

import os
import resource
import signal
import stat
import subprocess
import sys

import anyio
import msgspec
import pytest

from twretweet.auth.file_store import FileTokenStore
from twretweet.auth.tokens import AppOnlyTokens, OAuth2Tokens
from twretweet.errors import TokenStoreError

pytestmark = pytest.mark.anyio

TOKENS = OAuth2Tokens(client_id="c", access_token="s3cret-a", refresh_token="s3cret-r")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tokens.json"


@pytest.fixture
def store(path):
    return FileTokenStore(path)


def test_windows_is_told_at_once_that_it_can_not_and_what_can(path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(TokenStoreError) as caught:
        FileTokenStore(path)
    monkeypatch.undo()
    for word in ("FileTokenStore", "Windows", "twretweet.auth.redis.RedisTokenStore", "your own"):
        assert word in str(caught.value)


async def refusal(store: FileTokenStore) -> str:
    """What every method says of a file that it refuses."""
    said = set()
    for call in (
        lambda: store.load("bot"),
        lambda: store.save("bot", TOKENS),
        lambda: store.delete("bot"),
        store.accounts,
    ):
        with pytest.raises(TokenStoreError) as caught:
            await call()
        said.add(str(caught.value))
        assert caught.value.__context__ is None
    [only] = said
    return only


async def test_nobody_else_can_read_it_whatever_the_umask(store, path):
    before = os.umask(0)
    try:
        await store.save("bot", TOKENS)
        async with store.lock("bot"):
            modes = {
                each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()
            }
    finally:
        os.umask(before)
    assert len(modes) == 3, "the file, and two locks"
    assert set(modes.values()) == {0o600}


async def test_its_folder_is_made_for_its_owner_alone(tmp_path):
    store = FileTokenStore(tmp_path / "deep" / "er" / "tokens.json")
    async with store.lock("bot"):
        pass
    assert stat.S_IMODE((tmp_path / "deep" / "er").stat().st_mode) == 0o700
    assert await store.load("bot") is None


async def test_the_home_folder_may_be_meant(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    await FileTokenStore("~/tokens.json").save("bot", TOKENS)
    assert (tmp_path / "tokens.json").exists()


async def test_nothing_is_left_beside_it_but_the_lock_of_writers(store, path):
    async with store.lock("bot"), store.lock("other"):
        await store.save("bot", TOKENS)
        await store.delete("bot")
    assert sorted(each.name for each in path.parent.iterdir()) == [
        "tokens.json",
        "tokens.json.lock",
    ]


async def test_a_folder_that_was_only_read_stays_as_it_is(store, path):
    assert await store.load("bot") is None
    assert await store.accounts() == []
    await store.delete("bot")
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o777])
async def test_a_file_that_others_can_touch_is_refused(store, path, mode):
    await store.save("bot", TOKENS)
    path.chmod(mode)
    content = path.read_bytes()
    said = await refusal(store)
    assert f"mode {mode:04o}" in said
    assert "chmod 600" in said
    assert str(path) in said
    assert path.read_bytes() == content


async def test_a_symbolic_link_is_refused(store, path, tmp_path):
    elsewhere = FileTokenStore(tmp_path / "elsewhere.json")
    await elsewhere.save("bot", TOKENS)
    path.symlink_to(tmp_path / "elsewhere.json")
    assert "symbolic link" in await refusal(store)
    assert path.is_symlink()


async def test_a_link_in_place_of_a_lock_is_refused_and_its_target_left_alone(store, path):
    target = path.parent / "victim"
    target.write_text("mine")
    (path.parent / "tokens.json.lock").symlink_to(target)
    with pytest.raises(TokenStoreError, match="symbolic link"):
        await store.save("bot", TOKENS)
    assert target.read_text() == "mine"


async def test_another_user_s_file_is_refused(store, path):
    await store.save("bot", TOKENS)
    if os.geteuid():
        store = FileTokenStore("/etc/passwd")  # root's
    else:
        os.chown(path, 17, -1)
    assert f"belongs to user {0 if os.geteuid() else 17}" in await refusal(store)


async def test_what_is_no_file_is_refused(store, path):
    path.mkdir()
    assert "no regular file" in await refusal(store)
    path.rmdir()
    os.mkfifo(path, 0o600)
    assert "no regular file" in await refusal(store)


CORRUPT = [
    b"",
    b"{",
    b"null",
    b'"s3cret"',
    b"\xff\xfes3cret",
    b'{"version":1,"accounts":{"bot":',
    b'{"version":"1"}',
    b'{"accounts":{}}',
    b'{"version":1,"accounts":[]}',
    b"[" * 10_000,
]


@pytest.mark.parametrize("content", CORRUPT)
async def test_a_corrupt_file_says_so_and_is_not_overwritten(store, path, content):
    path.write_bytes(content)
    path.chmod(0o600)
    said = await refusal(store)
    assert "corrupt" in said
    assert "left as it is" in said
    assert "s3cret" not in said
    assert path.read_bytes() == content


async def test_a_newer_file_says_so_and_is_not_overwritten(store, path):
    path.write_text('{"version": 2, "accounts": "in some new form"}')
    path.chmod(0o600)
    before = path.read_bytes()
    assert "of version 2, which a newer twretweet wrote" in await refusal(store)
    assert path.read_bytes() == before


async def test_a_newer_account_is_kept_word_for_word_beside_others(store, path):
    newer = {"kind": "oauth3", "version": 7, "token": "x", "spin": 0.5}
    path.write_bytes(msgspec.json.encode({"version": 1, "accounts": {"new": newer}}))
    path.chmod(0o600)
    with pytest.raises(TokenStoreError, match="the tokens of 'new' are of version 7"):
        await store.load("new")
    with pytest.raises(TokenStoreError, match="the tokens of 'new' are of version 7"):
        await store.save("new", TOKENS)
    await store.save("bot", TOKENS)
    assert msgspec.json.decode(path.read_bytes())["accounts"]["new"] == newer
    assert await store.accounts() == ["bot", "new"]
    assert await store.load("bot") == TOKENS


async def test_a_file_that_can_t_be_written_says_so_and_keeps_what_it_held(store, path):
    await store.save("bot", TOKENS)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))  # as a full disk does
    try:
        with pytest.raises(TokenStoreError, match="File too large") as caught:
            await store.save("bot", AppOnlyTokens(bearer_token="s3cret"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.__context__ is None
    assert await store.load("bot") == TOKENS
    assert not (path.parent / "tokens.json.new").exists()


async def test_a_folder_that_can_t_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("no folder")
    store = FileTokenStore(tmp_path / "file" / "tokens.json")
    with pytest.raises(TokenStoreError, match=r"Not a directory|File exists"):
        await store.save("bot", TOKENS)
    with pytest.raises(TokenStoreError, match="Not a directory"):
        await store.load("bot")
    with pytest.raises(TokenStoreError, match=r"lock can't be had: (Not a directory|File exists)"):
        async with store.lock("bot"):
            pass


async def test_what_a_dead_writer_left_is_in_nobody_s_way(store, path):
    (path.parent / "tokens.json.new").write_text("half of it")
    await store.save("bot", TOKENS)
    assert await store.load("bot") == TOKENS
    assert not (path.parent / "tokens.json.new").exists()


WRITER = """
import sys, anyio
from twretweet.auth.file_store import FileTokenStore
from twretweet.auth.tokens import AppOnlyTokens

async def main():
    store = FileTokenStore(sys.argv[1])
    async with store.lock("bot"):
        number = 0
        while True:
            number += 1
            await store.save("bot", AppOnlyTokens(bearer_token=f"{number} " * 5000))
            if number == 1:
                print("locked, and saved", flush=True)

anyio.run(main)
"""


async def test_a_writer_that_is_killed_leaves_a_whole_file_and_no_lock(store, path):
    for _ in range(2):
        child = subprocess.Popen(  # noqa: ASYNC220  # it does not wait for it
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        with child.stdout:
            assert child.stdout.readline() == "locked, and saved\n"
            for _ in range(20):  # a reader never sees half a file either
                tokens = await store.load("bot")
                assert len(set(tokens.bearer_token.split())) == 1
            child.send_signal(signal.SIGKILL)
            child.wait()
        tokens = await store.load("bot")
        assert isinstance(tokens, AppOnlyTokens)
        assert len(set(tokens.bearer_token.split())) == 1
        with anyio.fail_after(10):
            async with store.lock("bot"):
                await store.save("bot", tokens)


@pytest.mark.parametrize("path", ["", "/", "."])
async def test_a_path_that_names_no_file_is_refused_at_once(path):
    with pytest.raises(TokenStoreError, match="names no file"):
        FileTokenStore(path)


async def test_its_name_is_all_that_it_shows(store, path):
    assert repr(store) == f"FileTokenStore({str(path)!r})"
