"""What the token endpoint is asked, and what its replies mean."""

import base64
from urllib.parse import parse_qsl

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth2 import WebApplicationClient

import twretweet as tw
from twretweet.auth.bearer import app_token
from twretweet.auth.grant import Client, Form, Grant, Refusal, refresh
from twretweet.auth.tokens import OAuth2Tokens
from twretweet.protocol.response import Reply

URL = "https://api.x.com"
NOW = 1_700_000_000.0
TOKENS = OAuth2Tokens(client_id="id", access_token="s3cret-a", refresh_token="s3cret-r")
GOOD = {"token_type": "bearer", "access_token": "s3cret-b", "refresh_token": "s3cret-s"}
DATE = "Tue, 14 Nov 2023 22:13:20 UTC"  # NOW
TEXT = st.text(min_size=1)
PUBLIC = Client("id")


def answered(reply: Reply, client: Client = PUBLIC) -> Grant | Refusal:
    flow = refresh(URL, client, TOKENS, NOW)
    next(flow)
    with pytest.raises(StopIteration) as stopped:
        flow.send(reply)
    return stopped.value.value


def failed(reply: Reply, client: Client = PUBLIC) -> tw.TwretweetError:
    flow = refresh(URL, client, TOKENS, NOW)
    next(flow)
    with pytest.raises(tw.TwretweetError) as caught:
        flow.send(reply)
    assert "s3cret" not in str(caught.value) + repr(vars(caught.value))
    return caught.value


def reply(status: int, body: object, headers: dict[str, str] | None = None, **more) -> Reply:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Reply(status, headers or {}, content, **more)


@given(TEXT, TEXT)
def test_a_public_client_names_itself_as_oauthlib_would(client_id, refresh_token):
    tokens = OAuth2Tokens(client_id=client_id, refresh_token=refresh_token)
    request = next(refresh(URL, Client(client_id), tokens, NOW))
    theirs = WebApplicationClient(client_id).prepare_refresh_body(
        refresh_token=refresh_token, client_id=client_id
    )
    assert (request.method, request.full_url) == ("POST", f"{URL}/2/oauth2/token")
    assert dict(request.headers) == {"Content-Type": "application/x-www-form-urlencoded"}
    sent = parse_qsl((request.body or b"").decode(), keep_blank_values=True)
    assert sorted(sent) == sorted(parse_qsl(theirs, keep_blank_values=True))


def test_a_confidential_client_proves_itself_by_basic_alone():
    request = next(refresh(URL, Client("id", "se:cret/+"), TOKENS, NOW))
    header = dict(request.headers)["Authorization"]
    encoded = base64.b64decode(header.removeprefix("Basic ")).decode()
    assert encoded == "id:se%3Acret%2F%2B"
    assert request.body == b"grant_type=refresh_token&refresh_token=s3cret-r"
    assert "s3cret" not in repr(request)


def test_new_tokens_end_by_x_s_clock():
    body = {**GOOD, "expires_in": 7200, "scope": "tweet.read users.read"}
    grant = answered(reply(200, body, {"date": DATE}))
    assert grant == Grant("s3cret-b", "s3cret-s", NOW, NOW + 7200, ("tweet.read", "users.read"))
    assert "s3cret" not in repr(grant)
    grant = answered(reply(200, {**GOOD, "expires_in": "60.5"}))
    assert isinstance(grant, Grant)
    assert (grant.obtained_at, grant.expires_at) == (NOW, NOW + 60.5)


@pytest.mark.parametrize("life", [None, 0, -1, "soon", "", "inf", "nan"])
def test_an_end_that_makes_no_sense_counts_as_not_said(life):
    grant = answered(reply(200, {**GOOD, "expires_in": life}))
    assert isinstance(grant, Grant)
    assert grant.expires_at is None


BAD = [
    b"",
    b"<html>",
    b'{"access_token":"s3cret-b',
    b"\xff",
    b"null",
    b"[]",
    b'"s3cret"',
    b"[" * 100_000,
    {},
    {**GOOD, "access_token": ""},
    {**GOOD, "access_token": None},
    {**GOOD, "access_token": ["s3cret"]},
    {**GOOD, "access_token": "s3cret\n"},
    {**GOOD, "access_token": "s3crét"},
    {**GOOD, "token_type": "mac"},
    {**GOOD, "refresh_token": 17},
]


@pytest.mark.parametrize("body", BAD)
def test_a_success_without_readable_tokens_is_quoted_nowhere(body):
    error = failed(reply(200, body))
    assert isinstance(error, tw.DecodeError)
    assert error.excerpt == ""
    assert error.transient


@pytest.mark.parametrize("fault", ["broke off", "too long"])
def test_a_success_of_which_a_part_came_is_no_success(fault):
    assert isinstance(failed(reply(200, GOOD, fault=fault)), tw.DecodeError)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (400, {"error": "invalid_grant"}, "invalid_grant"),
        (
            400,
            {"error": "invalid_request", "error_description": "Value passed was invalid."},
            "invalid_request: Value passed was invalid.",
        ),
        (401, {"error": "invalid_grant"}, "invalid_grant"),
    ],
)
def test_a_token_that_x_takes_no_more_is_refused(status, body, said):
    assert answered(reply(status, body)) == Refusal(said)


@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize(
    "body", [b"", b"<html>s3cret-r", {"title": "Unauthorized"}, {"error": "invalid_scope"}, b"[]"]
)
def test_a_refusal_that_does_not_speak_of_the_token_says_nothing_of_it(status, body):
    assert failed(reply(status, body)).status == status


def test_what_quotes_the_token_is_shown_without_it():
    body = {"error": "invalid_grant", "error_description": "s3cret-r is used"}
    assert answered(reply(400, body)) == Refusal("invalid_grant: [hidden] is used")
    error = failed(reply(503, b"<p>s3cret-r"))
    assert "[hidden]" in str(error)


@pytest.mark.parametrize(
    ("client", "has"), [(Client("id"), "without"), (Client("id", "x"), "with")]
)
@pytest.mark.parametrize("code", ["unauthorized_client", "invalid_client"])
def test_a_client_that_x_does_not_take_is_no_fault_of_the_token(client, has, code):
    error = failed(reply(401, {"error": code, "error_description": "Missing header"}), client)
    assert isinstance(error, tw.Unauthorized)
    assert f"client id {has} a secret" in str(error)
    assert "tokens are kept" in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, tw.ServerError), (503, tw.ServerError), (429, tw.TooManyRequests), (403, tw.Forbidden)],
)
def test_other_refusals_say_nothing_of_the_token(status, kind):
    assert isinstance(failed(reply(status, b"")), kind)


def test_a_redirect_is_not_followed():
    error = failed(reply(302, b"", {"location": "https://elsewhere"}))
    assert isinstance(error, tw.DecodeError)


def test_a_form_shows_its_names_alone():
    form = Form({"grant_type": "x", "code": "s3cret", "empty": ""})
    assert repr(form) == "<Form of grant_type, code, empty>"
    assert form.redact(b"a s3cret x") == b"a [hidden] x"
    assert form.encode() == b"grant_type=x&code=s3cret&empty="


KEYS = tw.AppOnly.from_key("key", "s3cret")


def app_answered(answer: Reply) -> str:
    flow = app_token(URL, KEYS)
    request = next(flow)
    assert request.full_url == f"{URL}/oauth2/token"
    assert request.body == b"grant_type=client_credentials"
    header = dict(request.headers)["Authorization"]
    assert base64.b64decode(header.removeprefix("Basic ")) == b"key:s3cret"
    with pytest.raises(StopIteration) as stopped:
        flow.send(answer)
    return stopped.value.value


def test_the_app_s_key_and_secret_are_exchanged_for_its_bearer_token():
    assert app_answered(reply(200, {"token_type": "bearer", "access_token": "t"})) == "t"


@pytest.mark.parametrize(
    "answer",
    [*(reply(200, body) for body in BAD), reply(403, {"errors": [{"code": 99}]}), reply(500, b"")],
)
def test_no_bearer_token_is_an_error_that_quotes_nothing(answer):
    flow = app_token(URL, KEYS)
    next(flow)
    if answer.body.startswith(b'{"token_type":"bearer"') and b"17" in answer.body:
        return  # an app has no refresh token, so its kind does not matter
    with pytest.raises((tw.DecodeError, tw.APIError)) as caught:
        flow.send(answer)
    assert "s3cret" not in str(caught.value)
