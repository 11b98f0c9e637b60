"""The length of a tweet, which v1.1 refuses beyond 280."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.http import Api
from twretweet.sandbox.weight import weight


# The first ten are those of https://docs.x.com/resources/fundamentals/counting-characters, but for
# U+1ED2, which the table there has as 1, and the ranges above the table as 2.
@pytest.mark.parametrize(
    ("text", "weighs"),
    [
        ("a", 1),
        ("\u00e1", 1),
        ("\u04d1", 1),
        ("\u1ed2", 2),
        ("\U0001f47e", 2),
        ("\U0001f64b\U0001f3fd", 2),
        ("\U0001f468\u200d\U0001f3a4", 2),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", 2),
        ("caf\u00e9", 4),
        ("cafe\u0301", 4),
        ("", 0),
        ("\u5e83\u5cf6", 4),
        ("\u201cso\u201d \u2014 he said\u2026", 16),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 4),
        ("3\ufe0f\u20e3 #", 4),
        ("\u2764\ufe0f", 2),
        ("see https://example.com/" + "x" * 300 + " there", 4 + 23 + 6),
        ("http://x.yz", 23),
        ("https://", 8),
    ],
)
def test_a_text_weighs_what_x_says(text: str, weighs: int) -> None:
    assert weight(text) == weighs


@given(st.text(alphabet=st.characters(max_codepoint=0x7E, min_codepoint=0x20)))
def test_plain_text_without_an_address_weighs_its_length(text: str) -> None:
    text = text.replace("//", "")
    assert weight(text) == len(text)


@given(st.text(), st.text())
def test_no_text_is_too_strange_to_weigh_and_none_weighs_more_than_two_a_character(
    text: str, more: str
) -> None:
    assert 0 <= weight(text) <= 23 * len(text)
    spaced = weight(f"{text}\n{more}")
    assert spaced <= weight(text) + 1 + weight(more) + 2


@pytest.mark.anyio
async def test_v1_refuses_a_tweet_that_is_too_long_and_counts_no_update(api: Api) -> None:
    path = "/1.1/statuses/update.json"
    for status in ("x" * 281, "%E5%BA%83" * 141):
        reply = await api.call("POST", path, data=f"status={status}")
        assert (reply.status, reply.codes) == (403, [186])
        assert reply.body["errors"][0]["message"] == "Tweet needs to be a bit shorter."
    assert list(api.sandbox._core.contents.state.updates.opened(api.clock.time())) == []
    for status in ("x" * 280, "%E5%BA%83" * 140):
        assert (await api.call("POST", path, data=f"status={status}")).status == 200
