"""OAuth 1.0a signatures, held against X's worked example and against oauthlib."""

import random
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oauthlib.oauth1 import Client, RequestValidator, SignatureOnlyEndpoint

from twretweet.auth import account_of
from twretweet.auth.oauth1 import OAuth1Account
from twretweet.credentials import OAuth1
from twretweet.manager import normal_base_url
from twretweet.protocol.request import JSON_TYPE, Request, encode_params

# X's published example; the keys have long been invalid.
# https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/creating-a-signature
EXAMPLE = OAuth1(
    "xvz1evFS4wEEPTGEFPHBog",
    "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
)
FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")
HOSTS = [
    "https://api.x.com",
    "HTTPS://API.X.com:443/",
    "https://api.x.com:8443",
    "http://127.0.0.1:8080",
    "http://localhost:80/",
    "http://[::1]:9000",
    "https://proxy.example/some/way/",
    "https://proxy.example/a%20way/",
]
PATHS = [
    "/2/users/1/retweets",
    "/2/tweets/1228393702244134912/retweets",
    "/1.1/statuses/retweet/1.json",
    "/2/users/by/username/under_score",
]
SIGNS = "abzAZ09-._~ %&=+;,/?:@!$'()*#[]\\\"<>^`{|}\t\néßøñ漢字😀\u200b"


def fields_of(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    assert scheme == "OAuth"
    pairs = (part.strip().partition("=") for part in rest.split(","))
    return {name: unquote(value.strip('"')) for name, _, value in pairs}


def theirs(keys: OAuth1, request: Request, nonce: str, timestamp: str) -> str:
    client = Client(
        keys.consumer_key,
        keys.consumer_secret,
        keys.access_token,
        keys.access_token_secret,
        nonce=nonce,
        timestamp=timestamp,
    )
    # Given a JSON body, oauthlib adds oauth_body_hash, an extension that X's pages don't know; a
    # body is part of the signature only if it is a form (RFC 5849, 3.4.1.3.1).
    body, headers = None, {}
    if FORM_TYPE in request.headers and request.body is not None:
        body, headers = request.body.decode(), dict(request.headers)
    _, signed_headers, _ = client.sign(request.full_url, request.method, body, headers)
    return signed_headers["Authorization"]


def form_body(form: tuple[tuple[str, str], ...]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in form).encode()


def test_x_s_worked_example_comes_out_to_the_byte():
    form = encode_params({"status": "Hello Ladies + Gentlemen, a signed OAuth request!"})
    request = Request(
        "POST",
        "https://api.x.com/1.1/statuses/update.json",
        encode_params({"include_entities": "true"}),
        (FORM_TYPE,),
        form_body(form),
    )
    header = OAuth1Account(EXAMPLE).authorization(
        request,
        nonce="kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        timestamp=1318622958,
        form=form,
    )
    assert fields_of(header) == {
        "oauth_consumer_key": "xvz1evFS4wEEPTGEFPHBog",
        "oauth_nonce": "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
        "oauth_signature": "Ls93hJiZbQ3akF3HF3x1Bz8/zU4=",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1318622958",
        "oauth_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
        "oauth_version": "1.0",
    }
    assert 'oauth_signature="Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D"' in header


def test_ten_thousand_random_requests_are_signed_as_oauthlib_signs_them():
    chance = random.Random(20260801)

    def text(least: int = 0) -> str:
        return "".join(chance.choices(SIGNS, k=chance.randint(least, 8)))

    def params() -> dict[str, str]:
        names = [text(1) for _ in range(chance.randint(0, 5))]
        names += [name + chance.choice(["", "[]", ".x", "0", "=", "A"]) for name in names]
        return {name: text() for name in names[: chance.randint(0, 6)]}

    bases = [normal_base_url(host) for host in HOSTS]
    for number in range(10_000):
        if number % 50 == 0:
            keys = OAuth1(*(f"{chance.randrange(10**9)}-a+/=%&~{number}" for _ in range(4)))
            account = OAuth1Account(keys)
        url = chance.choice(bases) + chance.choice(PATHS)
        query, headers, body, form = encode_params(params()), (), None, ()
        method = chance.choice(["GET", "POST", "DELETE"])
        if method == "POST":
            if chance.random() < 0.5:
                headers, body = (JSON_TYPE,), b'{"tweet_id":"1","a=b&c":"%20"}'
            else:
                form = encode_params(params())
                headers, body = (FORM_TYPE,), form_body(form)
        request = Request(method, url, query, headers, body)
        nonce, stamp = f"{chance.getrandbits(64):x}", 1_700_000_000 + number
        ours = account.authorization(request, nonce=nonce, timestamp=stamp, form=form)
        assert fields_of(ours) == fields_of(theirs(keys, request, nonce, str(stamp))), request


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
        st.text(st.characters(exclude_categories=["Cs"])),
        max_size=5,
    ),
    st.lists(st.text("abc%&=+/~-é漢", min_size=1), min_size=4, max_size=4),
)
def test_any_text_is_signed_as_oauthlib_signs_it(params, secrets):
    keys = OAuth1(*secrets)
    request = Request("GET", "https://api.x.com/2/tweets/1/retweets", encode_params(params))
    ours = OAuth1Account(keys).authorization(request, nonce="abc", timestamp=1)
    assert fields_of(ours) == fields_of(theirs(keys, request, "abc", "1"))


class _Server(RequestValidator):
    """A server that knows one user of one app."""

    enforce_ssl = False
    nonce_length = 20, 40
    timestamp_lifetime = 10**12

    def __init__(self, keys: OAuth1) -> None:
        super().__init__()
        self.keys = keys

    def check_client_key(self, client_key):
        return bool(client_key)

    def check_access_token(self, request_token):
        return bool(request_token)

    @property
    def dummy_client(self):
        return "dummy"

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, **_tokens):
        return bool(nonce) and timestamp == "1700000000"

    def validate_client_key(self, client_key, request):
        return client_key == self.keys.consumer_key

    def get_client_secret(self, client_key, request):
        return self.keys.consumer_secret

    def get_access_token_secret(self, client_key, token, request):
        return self.keys.access_token_secret


def accepts(keys: OAuth1, request: Request) -> bool:
    body = None if request.body is None else request.body.decode()
    valid, _ = SignatureOnlyEndpoint(_Server(keys)).validate_request(
        request.full_url, request.method, body, dict(request.headers)
    )
    return valid


def signed(keys: OAuth1, request: Request) -> Request:
    return account_of(keys).sign(request, 1_700_000_000.9)


@pytest.mark.parametrize("host", HOSTS)
def test_oauthlib_s_server_accepts_what_is_sent(host):
    url = normal_base_url(host) + PATHS[0]
    read = Request("GET", url, encode_params({"tweet.fields": "a,b c", "max_results": "100"}))
    write = Request("POST", url, (), (JSON_TYPE,), b'{"tweet_id":"1"}')
    assert accepts(EXAMPLE, signed(EXAMPLE, read))
    assert accepts(EXAMPLE, signed(EXAMPLE, write))


def test_oauthlib_s_server_refuses_what_was_changed_on_the_way():
    request = signed(EXAMPLE, Request("GET", "https://api.x.com/2/users/me", (("a", "b"),)))
    altered = Request("GET", request.url, (("a", "c"),), request.headers)
    stranger = OAuth1(EXAMPLE.consumer_key, "s", EXAMPLE.access_token, "t")
    assert accepts(EXAMPLE, request)
    assert not accepts(EXAMPLE, altered)
    assert not accepts(stranger, request)


def test_no_nonce_is_used_twice():
    request = Request("GET", "https://api.x.com/2/users/me")
    seen = {fields_of(signed(EXAMPLE, request).headers[-1][1])["oauth_nonce"] for _ in range(99)}
    assert len(seen) == 99
    assert all(nonce.isalnum() for nonce in seen)


def test_signing_adds_a_header_and_leaves_the_rest_of_the_request_alone():
    request = Request("POST", "https://api.x.com/2", (("a", "b"),), (JSON_TYPE,), b"{}")
    sent = account_of(EXAMPLE).sign(request, 0.0)
    assert (sent.method, sent.url, sent.params, sent.body) == (
        "POST",
        request.url,
        (("a", "b"),),
        b"{}",
    )
    assert [name for name, _ in sent.headers] == ["Content-Type", "Authorization"]
