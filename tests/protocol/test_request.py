"""The bytes that are signed are the bytes that are sent."""

import base64
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.protocol.endpoints import ENDPOINTS, RETWEET, RETWEETS, UNDO_RETWEET
from twretweet.protocol.request import (
    Request,
    api_request,
    encode_params,
    escape,
    escape_address,
    escape_base64,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PARAMS = st.dictionaries(TEXT.filter(bool), TEXT, max_size=6)


@given(TEXT)
def test_all_but_the_unreserved_signs_are_escaped(text):
    unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    expected = "".join(
        chr(byte) if chr(byte) in unreserved else f"%{byte:02X}" for byte in text.encode()
    )
    assert escape(text) == expected


ADDRESS = st.text("abzABZ059-._~:/%[]", max_size=40)


@given(ADDRESS)
def test_an_address_is_escaped_as_any_text_is(address):
    assert escape_address(address) == escape(address)


@given(st.binary(max_size=40))
def test_base64_is_escaped_as_any_text_is(value):
    encoded = base64.b64encode(value).decode()
    assert escape_base64(encoded) == escape(encoded)


@given(PARAMS)
def test_parameters_come_back_from_the_address_as_they_were(params):
    request = Request("GET", "https://api.x.com/2/x", encode_params(params))
    assert request.full_url.isascii()
    query = urlsplit(request.full_url).query
    assert dict(parse_qsl(query, keep_blank_values=True)) == params


@given(PARAMS, st.randoms())
def test_parameters_are_sorted_whatever_their_order(params, chance):
    items = list(params.items())
    chance.shuffle(items)
    assert encode_params(dict(items)) == encode_params(params)
    assert list(encode_params(params)) == sorted(encode_params(params))


def test_an_address_without_parameters_has_no_question_mark():
    assert Request("GET", "https://api.x.com/2/x").full_url == "https://api.x.com/2/x"


def test_a_read_is_built_from_its_row():
    request = api_request(
        "https://api.x.com",
        RETWEETS,
        path={"tweet_id": "20"},
        params=encode_params({"tweet.fields": "a,b", "expansions": "author_id"}),
    )
    assert (
        request.full_url == "https://api.x.com/2/tweets/20/retweets?expansions=author_id"
        "&tweet.fields=a%2Cb"
    )
    assert (request.method, request.headers, request.body) == ("GET", (), None)


def test_a_write_carries_its_json_and_says_so():
    request = api_request(
        "https://api.x.com", RETWEET, path={"user_id": "7"}, json={"tweet_id": "20"}
    )
    assert (request.method, request.url) == ("POST", "https://api.x.com/2/users/7/retweets")
    assert request.headers == (("Content-Type", "application/json"),)
    assert json.loads(request.body or b"") == {"tweet_id": "20"}


def test_an_undo_has_no_body():
    path = {"user_id": "7", "tweet_id": "20"}
    request = api_request("https://api.x.com", UNDO_RETWEET, path=path)
    assert request.full_url == "https://api.x.com/2/users/7/retweets/20"
    assert (request.method, request.body) == ("DELETE", None)


def test_a_header_more_leaves_the_request_itself_alone():
    request = Request("GET", "https://api.x.com", (("a", "b"),), (("A", "1"),), b"x")
    more = request.with_header("B", "2")
    assert request.headers == (("A", "1"),)
    assert more == Request(
        "GET", "https://api.x.com", (("a", "b"),), (("A", "1"), ("B", "2")), b"x"
    )


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda row: row.name)
def test_every_row_fills_its_path(endpoint):
    path = {"user_id": "1", "tweet_id": "2", "username": "u"}
    request = api_request("https://api.x.com", endpoint, path=path)
    assert request.url.startswith(("https://api.x.com/2/", "https://api.x.com/1.1/"))
    assert "{" not in request.url
    assert endpoint.label == f"{endpoint.method} {endpoint.path}"


# Facts: endpoint, kinds of credentials, and the limit of each window in 15 minutes or 3 hours.
LIMITS = {
    "retweet": ("oauth1 oauth2", {("user", 900): 50}),
    "undo_retweet": ("oauth1 oauth2", {("user", 900): 50}),
    "retweets": ("app oauth1 oauth2", {("user", 900): 75, ("app-only", 900): 75}),
    "retweeters": ("app oauth1 oauth2", {("user", 900): 75, ("app-only", 900): 75}),
    "reposts_of_me": ("oauth1 oauth2", {("user", 900): 75}),
    "me": ("oauth1 oauth2", {("user", 900): 75}),
    "tweet": ("app oauth1 oauth2", {("user", 900): 900, ("app-only", 900): 450}),
    "v1.retweet": ("oauth1", {("user", 10800): 300, ("app", 10800): 300}),
    "v1.unretweet": ("oauth1", {("user", 900): None}),
}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda row: row.name)
def test_the_table_says_what_x_s_pages_say(endpoint):
    if endpoint.name == "user":
        return
    kinds, limits = LIMITS[endpoint.name]
    assert " ".join(sorted(endpoint.auth)) == kinds
    assert {(each.per, each.seconds): each.limit for each in endpoint.windows} == limits


def test_no_two_rows_share_a_name_and_all_windows_but_those_of_updates_stand_alone():
    families = [{window.family for window in row.windows} for row in ENDPOINTS]
    assert len({row.name for row in ENDPOINTS}) == len(ENDPOINTS)
    assert all(len(family) == 1 for family in families)
    assert len(set.union(*families)) == len(ENDPOINTS)
