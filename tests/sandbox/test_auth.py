"""Who may do what, and how they show who they are."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oauthlib.oauth1 import Client

from tests.sandbox.http import Api
from twretweet.credentials import AppOnly, OAuth2
from twretweet.sandbox.accounts import Accounts
from twretweet.sandbox.signature import Signatures

pytestmark = pytest.mark.anyio
NOW = 1_700_000_000.0
UNAUTHORIZED = {
    "title": "Unauthorized",
    "type": "about:blank",
    "status": 401,
    "detail": "Unauthorized",
}


async def test_all_three_credentials_open_a_reading_endpoint(api: Api) -> None:
    sandbox = api.sandbox
    for who in (sandbox.oauth1, sandbox.oauth2, sandbox.app_only):
        assert (await api.get(f"{api.tweet}/retweets", who)).status == 200


async def test_an_access_token_begins_with_the_user_s_id(api: Api) -> None:
    for account in (api.sandbox.me, api.sandbox.new_account()):
        assert account.oauth1.access_token.startswith(f"{account.user_id}-")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic abc",
        "Bearer",
        "Bearer wrong",
        "OAuth",
        "OAuth nonsense",
        'OAuth oauth_token="x"',
        'OAuth oauth_token="a", oauth_token="b", oauth_signature="c"',
    ],
)
async def test_missing_or_bad_credentials_are_unauthorized(api: Api, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    reply = await api.send("GET", api.sandbox.url + "/2/users/me", headers)
    assert reply.status == 401
    assert reply.body == UNAUTHORIZED
    assert "x-rate-limit-limit" not in reply.headers


@pytest.mark.parametrize(
    "part", ["consumer_key", "consumer_secret", "access_token", "access_token_secret"]
)
async def test_each_of_the_four_keys_matters(api: Api, part: str) -> None:
    keys = replace(api.sandbox.oauth1, **{part: "wrong"})
    reply = await api.get("/2/users/me", keys)
    assert (reply.status, reply.body) == (401, UNAUTHORIZED)


async def test_the_token_of_one_account_does_not_go_with_the_secret_of_another(api: Api) -> None:
    other = api.sandbox.new_account().oauth1
    mixed = replace(api.sandbox.oauth1, access_token_secret=other.access_token_secret)
    assert (await api.get("/2/users/me", mixed)).status == 401


async def test_a_signature_covers_method_path_and_query_as_they_were_sent(api: Api) -> None:
    keys = api.sandbox.oauth1
    url = api.sandbox.url + "/2/users/me?user.fields=name%2Curl"

    def signed(method: str, url: str) -> dict[str, str]:
        return api.sign(method, url, keys)

    assert (await api.send("GET", url, signed("GET", url))).status == 200
    for method, other in (
        ("POST", url),
        ("GET", url.replace("2Curl", "2Cid")),
        ("GET", url.partition("?")[0]),
        ("GET", url.replace("/me", "/Me")),
        ("GET", url.replace("http:", "https:")),
    ):
        assert (await api.send("GET", url, signed(method, other))).status == 401
    # The same query written another way has the same signature base string (RFC 5849, 3.4.1.3).
    comma = url.replace("%2C", ",")
    assert (await api.send("GET", comma, signed("GET", url))).status == 200


async def test_a_signature_covers_the_fields_of_a_form(api: Api) -> None:
    path, keys = "/1.1/statuses/update.json", api.sandbox.oauth1
    url = api.sandbox.url + path
    headers = api.sign("POST", url, keys, body="status=one")
    reply = await api.send("POST", url, headers, data="status=two")
    assert (reply.status, reply.codes) == (401, [32])
    headers = api.sign("POST", url, keys, body="status=one")
    assert (await api.send("POST", url, headers, data="status=one")).status == 200


async def test_a_nonce_can_be_used_once_by_each_account(api: Api) -> None:
    url = api.sandbox.url + "/2/users/me"
    keys, other = api.sandbox.oauth1, api.sandbox.new_account().oauth1
    assert (await api.send("GET", url, api.sign("GET", url, keys, nonce="abc"))).status == 200
    assert (await api.send("GET", url, api.sign("GET", url, keys, nonce="abc"))).status == 401
    assert (await api.send("GET", url, api.sign("GET", url, other, nonce="abc"))).status == 200
    assert (await api.send("GET", url, api.sign("GET", url, keys, nonce="abd"))).status == 200


async def test_a_nonce_is_remembered_for_as_long_as_its_timestamp_is_good(api: Api) -> None:
    url, keys = api.sandbox.url + "/2/users/me", api.sandbox.oauth1
    early = api.sign("GET", url, keys, nonce="abc", timestamp=NOW + 300)
    assert (await api.send("GET", url, early)).status == 200
    for _ in range(6):
        api.clock.advance(100)
        assert (await api.send("GET", url, early)).status == 401
        assert (await api.get("/2/users/me")).status == 200


async def test_a_request_with_a_bad_signature_does_not_use_up_its_nonce(api: Api) -> None:
    url = api.sandbox.url + "/2/users/me"
    keys = api.sandbox.oauth1
    wrong = replace(keys, access_token_secret="wrong")
    assert (await api.send("GET", url, api.sign("GET", url, wrong, nonce="abc"))).status == 401
    assert (await api.send("GET", url, api.sign("GET", url, keys, nonce="abc"))).status == 200


@pytest.mark.parametrize(
    ("off", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)]
)
async def test_a_timestamp_may_be_five_minutes_off(api: Api, off: int, status: int) -> None:
    url, keys = api.sandbox.url + "/2/users/me", api.sandbox.oauth1
    headers = api.sign("GET", url, keys, timestamp=NOW + off)
    assert (await api.send("GET", url, headers)).status == status


async def test_only_hmac_sha1_is_taken(api: Api) -> None:
    url, keys = api.sandbox.url + "/2/users/me", api.sandbox.oauth1
    for method in ("HMAC-SHA256", "PLAINTEXT"):
        client = Client(
            keys.consumer_key,
            keys.consumer_secret,
            keys.access_token,
            keys.access_token_secret,
            signature_method=method,
            timestamp=str(int(NOW)),
        )
        _, headers, _ = client.sign(url)
        assert (await api.send("GET", url, headers)).status == 401


async def test_v1_says_what_is_wrong_by_number(api: Api) -> None:
    url = f"{api.sandbox.url}/1.1/statuses/retweet/{api.sandbox.tweet_id}.json"
    keys = api.sandbox.oauth1
    cases = {
        215: {},
        32: api.sign("POST", url, replace(keys, consumer_secret="wrong")),
        89: api.sign("POST", url, replace(keys, access_token="1-wrong")),
        135: api.sign("POST", url, keys, timestamp=NOW - 3600),
        220: {"Authorization": f"Bearer {api.sandbox.oauth2.access_token}"},
    }
    statuses = {215: 400, 32: 401, 89: 401, 135: 401, 220: 403}
    for code, headers in cases.items():
        reply = await api.send("POST", url, headers)
        assert (reply.status, reply.codes) == (statuses[code], [code])


async def test_the_app_itself_can_t_do_what_takes_a_user(api: Api) -> None:
    app, me = api.sandbox.app_only, api.sandbox.me.user_id
    for method, path in (
        ("GET", "/2/users/me"),
        ("GET", "/2/users/reposts_of_me"),
        ("POST", f"/2/users/{me}/retweets"),
        ("DELETE", f"/2/users/{me}/retweets/1"),
    ):
        reply = await api.call(method, path, who=app)
        assert reply.status == 403
        assert reply.problem == "unsupported-authentication"
        assert "OAuth 2.0 Application-Only is forbidden for this endpoint" in reply.body["detail"]


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "/2/users/me", {"tweet.read", "users.read"}),
        ("GET", "/2/users/reposts_of_me", {"tweet.read", "timeline.read"}),
        ("GET", "/2/tweets/20/retweets", {"tweet.read", "users.read"}),
        ("DELETE", "/2/users/{me}/retweets/20", {"tweet.read", "tweet.write", "users.read"}),
    ],
)
async def test_a_user_s_bearer_token_needs_every_scope(
    api: Api, method: str, path: str, needed: set[str]
) -> None:
    for missing in [None, *sorted(needed)]:
        account = api.sandbox.new_account(scopes=needed - {missing})
        reply = await api.call(method, path.format(me=account.user_id), who=account.oauth2)
        assert reply.status == (200 if missing is None else 403)
        if missing is not None:
            assert reply.body["title"] == "Forbidden"
        # A signature knows no scopes.
        signed = await api.call(method, path.format(me=account.user_id), who=account)
        assert signed.status == 200


async def test_an_unknown_scope_is_refused(api: Api) -> None:
    with pytest.raises(ValueError, match=r"tweet\.erase"):
        api.sandbox.new_account(scopes={"tweet.erase"})


async def test_every_account_has_secrets_of_its_own_that_are_not_printed(api: Api) -> None:
    accounts = [api.sandbox.me, *(api.sandbox.new_account() for _ in range(50))]
    assert len({account.oauth1.access_token for account in accounts}) == 51
    assert len({account.oauth1.access_token_secret for account in accounts}) == 51
    assert len({account.oauth2.access_token for account in accounts}) == 51
    assert accounts[3].oauth1.access_token_secret not in repr(accounts[3])
    assert str(accounts[3].oauth2.access_token) not in repr(accounts[3])


async def test_tokens_of_another_sandbox_open_nothing(api: Api) -> None:
    foreign = Accounts(seed=99)
    assert (await api.get(api.tweet, AppOnly(foreign.app_only.bearer_token))).status == 401
    token = foreign.new().oauth2.access_token
    assert (await api.get(api.tweet, OAuth2("x", access_token=token))).status == 401


printable = st.text(st.characters(codec="latin-1"), max_size=80)


@given(header=printable, target=printable, host=printable, body=printable)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_header_or_address_makes_the_check_of_signatures_fail(
    header: str, target: str, host: str, body: str
) -> None:
    signatures = Signatures(Accounts(seed=0))
    for authorization in (f"OAuth {header}", f'OAuth oauth_token="{header}",oauth_nonce="1"'):
        headers = {"authorization": authorization, "content-type": header}
        outcome = signatures.verify("GET", f"http://{host}/{target}", headers, body, NOW)
        assert outcome in {"malformed", "timestamp", "token", "signature"}
