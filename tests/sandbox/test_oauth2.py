"""OAuth 2.0 with PKCE: the question to a person, and the code for tokens."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth2 import WebApplicationClient

from tests.sandbox.signin import (
    CALLBACK,
    SCOPES,
    STATE,
    VERIFIER,
    SignIn,
    basic,
    query_of,
    signing_in,
)
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox
from twretweet.sandbox.accounts import Accounts

pytestmark = pytest.mark.anyio
GRANT = (400, "invalid_grant")
REQUEST = (400, "invalid_request")
CLIENT = (401, "unauthorized_client")


async def test_a_public_client_signs_a_person_in(sign: SignIn) -> None:
    other = sign.sandbox.new_account()
    code = await sign.code(user=other)
    answer = await sign.exchange(code)
    assert answer.status == 200
    assert answer.headers["cache-control"] == "no-store"
    token = answer.json
    assert set(token) == {"token_type", "expires_in", "access_token", "scope", "refresh_token"}
    assert (token["token_type"], token["expires_in"]) == ("bearer", 7200)
    assert token["scope"] == " ".join(SCOPES)
    assert (await sign.me(token["access_token"])).body["data"]["id"] == other.user_id
    # oauthlib's client side understands it.
    parsed = WebApplicationClient("x").parse_request_body_response(answer.text, scope=SCOPES)
    assert parsed["access_token"] == token["access_token"]
    assert other.user_id in {entry.account for entry in sign.sandbox.requests}


async def test_a_confidential_client_shows_its_secret(sign: SignIn) -> None:
    client = sign.sandbox.confidential
    token = await sign.sign_in(client)
    assert await sign.works(token["access_token"])
    # Its id may stand in the form as well.
    code = await sign.code(client)
    assert (await sign.exchange(code, client, client_id=client.client_id)).status == 200


async def test_there_are_two_addresses_of_the_page(sign: SignIn) -> None:
    for path in ("/i/oauth2/authorize", "/2/oauth2/authorize"):
        assert (await sign.exchange(await sign.code(path=path))).status == 200


async def test_a_plain_challenge_is_taken(sign: SignIn) -> None:
    for method in ("plain", None):
        code = await sign.code(code_challenge=VERIFIER, code_challenge_method=method)
        assert (await sign.exchange(code, code_verifier=VERIFIER[::-1])).error == GRANT
        assert (await sign.exchange(code)).status == 200


async def test_a_person_who_declines_is_sent_back_with_that_and_the_state(sign: SignIn) -> None:
    address = await sign.sandbox.authorize(sign.authorize_url(), allow=False)
    assert address.startswith(CALLBACK + "?")
    assert query_of(address) == {"error": "access_denied", "state": STATE}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "codex"}, "unauthorized_client"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "tweet.read tweet.erase"}, "invalid_scope"),
        ({"scope": "tweet.read  users.read"}, "invalid_scope"),
        ({"scope": None, "scopes": "tweet.read"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
        ({"state": None}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"state": "x" * 501}, "invalid_request"),
    ],
    ids=str,
)
async def test_a_mistake_of_the_app_is_sent_back_to_it(
    sign: SignIn, change: dict[str, str | None], error: str
) -> None:
    url = sign.authorize_url(**change)
    answer = await sign.send("GET", url)
    assert answer.status == 302
    address = answer.headers["location"]
    assert address == await sign.sandbox.authorize(url)
    assert address.startswith(CALLBACK + "?")
    found = query_of(address)
    assert found["error"] == error
    assert found.get("state", "") == (change.get("state", STATE) or "")
    assert "code" not in found
    # The form of that page is no way around it.
    assert (await sign.send("POST", url, form="decision=allow&user=1")).headers[
        "location"
    ] == address


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"client_id": None}, "Missing client_id"),
        ({"client_id": "unknown"}, "Invalid client_id"),
        ({"redirect_uri": None}, "Missing redirect URI"),
        ({"redirect_uri": "https://example.com/"}, "Mismatching redirect URI"),
        ({"redirect_uri": "http://127.0.0.1.example.com/"}, "Mismatching redirect URI"),
        ({"redirect_uri": "http://127.0.0.1@example.com/"}, "redirect URI"),
        ({"redirect_uri": "http://127.0.0.1:80#f"}, "Invalid redirect URI"),
        ({"redirect_uri": "/relative"}, "Invalid redirect URI"),
        ({"redirect_uri": "javascript:alert(1)"}, "Mismatching redirect URI"),
    ],
    ids=str,
)
async def test_what_can_t_be_trusted_is_not_redirected_to(
    sign: SignIn, change: dict[str, str | None], said: str
) -> None:
    url = sign.authorize_url(**change)
    for method in ("GET", "POST"):
        answer = await sign.send(method, url)
        assert answer.status == 400
        assert "location" not in answer.headers
        assert said in answer.text
    with pytest.raises(ValueError, match=said):
        await sign.sandbox.authorize(url)


async def test_parameters_that_are_not_known_are_ignored(sign: SignIn) -> None:
    odd = {"scopes": "dm.read", "token": "z", "response_mode": "fragment", "unheard": "of"}
    code = await sign.code(**odd)
    answer = await sign.exchange(code, **odd)
    assert answer.json["scope"] == " ".join(SCOPES)
    assert (await sign.refresh(answer.json["refresh_token"], **odd)).status == 200


async def test_a_parameter_given_twice_or_badly_encoded_is_not_redirected(sign: SignIn) -> None:
    url = sign.authorize_url()
    for bad in (f"{url}&state=other", f'{url}&x="', f"{url}&%zz=1"):
        assert (await sign.send("GET", bad)).status == 400


async def test_a_state_of_500_characters_comes_back_as_it_was(sign: SignIn) -> None:
    state = (string.punctuation + " +é\r\n" + "x" * 500)[:500]
    await sign.code(state=state)


async def test_every_loopback_address_is_taken_and_must_come_back_exactly(sign: SignIn) -> None:
    for uri in (
        "http://127.0.0.1:1/",
        "http://localhost:65535/a/b?c=d",
        "http://127.0.0.1",
        "http://localhost/cb",
    ):
        code = await sign.code(redirect_uri=uri)
        for other in (uri + "/", uri.replace("127.0.0.1", "localhost") + "x", CALLBACK, None):
            answer = await sign.exchange(code, redirect_uri=other)
            assert answer.error == REQUEST
        assert (await sign.exchange(code, redirect_uri=uri)).status == 200


async def test_redirect_uris_that_are_listed_are_the_only_ones(clock: ManualClock) -> None:
    listed = "https://example.com/callback"
    async with signing_in(Sandbox(clock=clock, redirect_uris=[listed]), clock) as sign:
        code = await sign.code(redirect_uri=listed)
        assert (await sign.exchange(code, redirect_uri=listed)).status == 200
        for other in (CALLBACK, listed + "/", listed + "?a=b"):
            answer = await sign.send("GET", sign.authorize_url(redirect_uri=other))
            assert answer.status == 400


async def test_a_code_used_twice_ends_what_it_was_exchanged_for(sign: SignIn) -> None:
    code = await sign.code()
    first = (await sign.exchange(code)).json
    renewed = (await sign.refresh(first["refresh_token"])).json
    bystander = await sign.sign_in()
    assert (await sign.exchange(code)).error == GRANT
    for token in (first, renewed):
        assert not await sign.works(token["access_token"])
    assert (await sign.refresh(renewed["refresh_token"])).error == GRANT
    assert await sign.works(bystander["access_token"])


async def test_a_code_lives_thirty_seconds(sign: SignIn) -> None:
    early, late = await sign.code(), await sign.code()
    sign.clock.advance(29.9)
    assert (await sign.exchange(early)).status == 200
    sign.clock.advance(0.1)
    answer = await sign.exchange(late)
    assert answer.error == GRANT
    assert answer.json["error_description"] == (
        "Value passed for the authorization code was invalid."
    )


async def test_how_long_codes_and_tokens_live_can_be_chosen(clock: ManualClock) -> None:
    sandbox = Sandbox(clock=clock, code_lifetime=5, token_lifetime=60.5)
    async with signing_in(sandbox, clock) as sign:
        code = await sign.code()
        clock.advance(5)
        assert (await sign.exchange(code)).error == GRANT
        token = await sign.sign_in()
        assert token["expires_in"] == 60
        clock.advance(60.4)
        assert await sign.works(token["access_token"])
        clock.advance(0.1)
        assert not await sign.works(token["access_token"])


async def test_a_wrong_verifier_gets_nothing_and_spoils_nothing(sign: SignIn) -> None:
    code = await sign.code()
    assert (await sign.exchange(code, code_verifier=VERIFIER + "x")).error == GRANT
    assert (await sign.exchange(code, code_verifier=None)).error == REQUEST
    assert (await sign.exchange(code)).status == 200


async def test_a_code_that_never_was_is_refused(sign: SignIn) -> None:
    assert (await sign.exchange("never")).error == REQUEST
    assert (await sign.exchange("")).error == REQUEST


async def test_a_code_is_good_for_the_client_it_was_given_to(sign: SignIn) -> None:
    public, confidential = sign.sandbox.client, sign.sandbox.confidential
    for owner, thief in ((public, confidential), (confidential, public)):
        code = await sign.code(owner)
        assert (await sign.exchange(code, thief)).error == REQUEST
        assert (await sign.exchange(code, owner)).status == 200


async def test_a_client_that_does_not_show_who_it_is_gets_nothing(sign: SignIn) -> None:
    public, confidential = sign.sandbox.client, sign.sandbox.confidential
    secret = confidential.client_secret or ""
    code = await sign.code(confidential)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    attempts: list[tuple[dict[str, str], dict[str, str]]] = [
        ({}, {}),
        ({}, {"client_id": "unknown"}),
        ({}, {"client_id": confidential.client_id}),
        ({}, {"client_id": confidential.client_id, "client_secret": secret}),
        (basic(confidential.client_id, "wrong"), {}),
        (basic("wrong", secret), {}),
        (basic(public.client_id, ""), {}),
        (basic(confidential.client_id, secret), {"client_id": public.client_id}),
        ({"Authorization": "Basic %%%"}, {}),
        ({"Authorization": "Basic bm9jb2xvbg=="}, {}),
        ({"Authorization": f"Bearer {sign.sandbox.oauth2.access_token}"}, {}),
    ]
    for headers, more in attempts:
        answer = await sign.send("POST", "/2/oauth2/token", headers, form | more)
        assert answer.error == CLIENT
        assert answer.json["error_description"] == "Missing valid authorization header"
    assert (await sign.exchange(code, confidential)).status == 200


async def test_other_grants_and_bodies_that_are_no_form_are_refused(sign: SignIn) -> None:
    assert (await sign.token(grant_type="password", username="a", password="b")).error == (
        400,
        "unsupported_grant_type",
    )
    assert (await sign.token()).error == REQUEST
    as_json = {"Content-Type": "application/json"}
    answer = await sign.send("POST", "/2/oauth2/token", as_json, '{"grant_type":"refresh_token"}')
    assert answer.error == REQUEST
    # What opens something has no place in an address.
    query = f"?grant_type=refresh_token&refresh_token={sign.sandbox.oauth2.refresh_token}"
    assert (await sign.send("POST", "/2/oauth2/token" + query)).error == REQUEST


async def test_a_token_opens_what_was_allowed_and_nothing_else(sign: SignIn) -> None:
    token = await sign.sign_in(scope="tweet.read users.read")
    assert "refresh_token" not in token
    assert await sign.works(token["access_token"])
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    path = f"/2/users/{sign.sandbox.me.user_id}/retweets"
    answer = await sign.send("POST", path, bearer, '{"tweet_id": "20"}')
    assert answer.status == 403
    # Scopes that no endpoint here asks for are known all the same.
    more = await sign.sign_in(scope="like.read tweet.read tweet.read")
    assert more["scope"] == "like.read tweet.read"
    assert (await sign.me(more["access_token"])).status == 403


async def test_an_access_token_lives_two_hours(sign: SignIn) -> None:
    token = (await sign.sign_in())["access_token"]
    sign.clock.advance(7199.9)
    assert await sign.works(token)
    sign.clock.advance(0.1)
    assert not await sign.works(token)
    # The one that the sandbox comes with does not expire by itself.
    sign.clock.advance(10_000_000)
    assert await sign.works(sign.sandbox.oauth2.access_token or "")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_a_wrong_method_is_not_allowed(sign: SignIn, method: str) -> None:
    answer = await sign.send(method, sign.authorize_url())
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
    answer = await sign.send("GET", "/2/oauth2/token")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@given(uri=st.text(st.sampled_from("htp:/.127.0localhost@\\#?[]%&= é\n"), max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_address_beyond_loopback_passes_for_one(uri: str) -> None:
    app = Accounts(seed=0).registration
    for prefix in ("", "http://127.0.0.1", "http://localhost"):
        if app.may_redirect(prefix + uri):
            rest = prefix + uri
            for host in ("http://127.0.0.1", "http://localhost"):
                rest = rest.removeprefix(host)
            assert rest == "" or rest[0] in ":/?"
            assert rest[:1] != ":" or rest[1].isdigit()
            assert not set(rest) & set("\\#\n é")
