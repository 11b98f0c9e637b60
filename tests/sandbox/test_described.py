"""A check against X's own files must not pass by not happening."""

import pytest

from tests.support import described


def test_a_file_that_is_said_to_be_there_and_is_not_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    monkeypatch.setenv(described.VARIABLE, str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=r"there is no openapi\.json; unset it"):
        described.described("openapi.json")
    (tmp_path / "openapi.json").touch()
    assert described.described("openapi.json") == tmp_path / "openapi.json"


@pytest.mark.parametrize("told", [None, ""])
def test_a_file_that_nobody_promised_is_a_test_less(
    monkeypatch: pytest.MonkeyPatch, told: str | None
) -> None:
    monkeypatch.delenv(described.VARIABLE, raising=False)
    if told is not None:
        monkeypatch.setenv(described.VARIABLE, told)
    with pytest.raises(pytest.skip.Exception, match=described.VARIABLE):
        described.described("no such file")
