"""Signing in to the sandbox by hand: aiohttp and the client side of oauthlib, nothing of ours."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from oauthlib.oauth1 import Client
from oauthlib.oauth2 import WebApplicationClient
from yarl import URL

from tests.sandbox.http import Api, Reply, serving
from tests.support.clock import ManualClock
from twretweet.credentials import OAuth1, OAuth2
from twretweet.sandbox import Account, Sandbox

CALLBACK = "http://127.0.0.1:8977/callback"
FORM = "application/x-www-form-urlencoded"
SCOPES = ("tweet.read", "users.read", "offline.access")
VERIFIER = "a-verifier-of-at-least-forty-three-characters.~_"
STATE = "a state"


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.text)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.text, strict_parsing=True))

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.json["error"]

    @property
    def code(self) -> tuple[int, int]:
        return self.status, self.json["errors"][0]["code"]


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def basic(name: str, secret: str) -> dict[str, str]:
    encoded = base64.b64encode(f"{name}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


class Page(HTMLParser):
    """What a browser would find on a page: texts by id, options, buttons, the form's method."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: dict[str, str] = {}
        self.options: list[str] = []
        self.attributes: dict[str, dict[str, str | None]] = {}
        self._open: list[str | None] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "option":
            self.options.append(found["value"] or "")
        self.attributes[found.get("id") or tag] = found
        if tag not in {"meta", "link", "input"}:
            self._open.append(found.get("id"))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._open and self._open[-1] is not None:
            self.ids[self._open[-1]] = self.ids.get(self._open[-1], "") + data.strip()


class SignIn:
    """Both kinds of signing in, a step at a time."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.sandbox = api.sandbox
        self.clock = api.clock

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | str | None = None,
    ) -> Answer:
        if url.startswith("/"):
            url = self.sandbox.url + url
        sent = dict(headers or {})
        data = urlencode(form) if isinstance(form, Mapping) else form
        if data is not None:
            sent.setdefault("Content-Type", FORM)
        async with self.api.http.request(
            method, URL(url, encoded=True), headers=sent, data=data, allow_redirects=False
        ) as reply:
            return Answer(reply.status, reply.headers, await reply.text())

    # OAuth 1.0a

    async def signed(
        self,
        path: str,
        keys: OAuth1 | None = None,
        *,
        token: tuple[str, str] | None = None,
        form: str | None = None,
        **more: Any,
    ) -> Answer:
        keys = keys or self.sandbox.oauth1
        more.setdefault("timestamp", str(int(self.clock.time())))
        client = Client(keys.consumer_key, keys.consumer_secret, *(token or ()), **more)
        headers = {"Content-Type": FORM} if form is not None else {}
        url, headers, _ = client.sign(self.sandbox.url + path, "POST", form, headers)
        return await self.send("POST", url, headers, form)

    async def request_token(self, callback: str = "oob", **more: Any) -> tuple[str, str]:
        answer = await self.signed("/oauth/request_token", callback_uri=callback, **more)
        assert answer.status == 200, answer.text
        form = answer.form
        assert form["oauth_callback_confirmed"] == "true"
        return form["oauth_token"], form["oauth_token_secret"]

    def page_of(self, token: tuple[str, str]) -> str:
        return f"{self.sandbox.url}/oauth/authorize?oauth_token={token[0]}"

    async def access_token(self, token: tuple[str, str], verifier: str, **more: Any) -> Answer:
        return await self.signed("/oauth/access_token", token=token, verifier=verifier, **more)

    async def sign_in_1(self, user: Account | None = None) -> OAuth1:
        token = await self.request_token()
        pin = await self.sandbox.authorize(self.page_of(token), user=user)
        form = (await self.access_token(token, pin)).form
        keys = self.sandbox.oauth1
        return OAuth1(
            keys.consumer_key,
            keys.consumer_secret,
            form["oauth_token"],
            form["oauth_token_secret"],
        )

    # OAuth 2.0

    def authorize_url(
        self, client: OAuth2 | None = None, *, path: str = "/2/oauth2/authorize", **changes: Any
    ) -> str:
        """The address of the page; a change to ``None`` leaves a parameter out."""
        web = WebApplicationClient((client or self.sandbox.client).client_id)
        given: dict[str, Any] = {
            "response_type": "code",
            "client_id": web.client_id,
            "redirect_uri": CALLBACK,
            "scope": " ".join(SCOPES),
            "state": STATE,
            "code_challenge": web.create_code_challenge(VERIFIER, "S256"),
            "code_challenge_method": "S256",
        }
        given = {name: value for name, value in (given | changes).items() if value is not None}
        return f"{self.sandbox.url}{path}?{urlencode(given)}"

    async def code(
        self, client: OAuth2 | None = None, user: Account | None = None, **changes: Any
    ) -> str:
        address = await self.sandbox.authorize(self.authorize_url(client, **changes), user=user)
        assert address.startswith(changes.get("redirect_uri", CALLBACK))
        answer = query_of(address)
        assert answer["state"] == changes.get("state", STATE)
        return answer["code"]

    def auth(self, client: OAuth2) -> tuple[dict[str, str], dict[str, str]]:
        """What a client adds to headers and form to say who it is."""
        if client.client_secret is None:
            return {}, {"client_id": client.client_id}
        return basic(client.client_id, client.client_secret), {}

    async def token(self, client: OAuth2 | None = None, **form: str | None) -> Answer:
        headers, who = self.auth(client or self.sandbox.client)
        sent = {name: value for name, value in (who | form).items() if value is not None}
        return await self.send("POST", "/2/oauth2/token", headers, sent)

    async def exchange(
        self, code: str, client: OAuth2 | None = None, **changes: str | None
    ) -> Answer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
        }
        return await self.token(client, **(form | changes))

    async def refresh(
        self, refresh_token: str | None, client: OAuth2 | None = None, **changes: str | None
    ) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return await self.token(client, **(form | changes))

    async def sign_in(
        self, client: OAuth2 | None = None, user: Account | None = None, **changes: Any
    ) -> dict[str, Any]:
        answer = await self.exchange(await self.code(client, user, **changes), client)
        assert answer.status == 200, answer.text
        return answer.json

    async def revoke(self, token: str, client: OAuth2 | None = None, **more: str) -> Answer:
        headers, who = self.auth(client or self.sandbox.client)
        return await self.send("POST", "/2/oauth2/revoke", headers, who | {"token": token} | more)

    # Trying what was given

    async def me(self, who: OAuth1 | str) -> Reply:
        if isinstance(who, str):
            return await self.api.get("/2/users/me", OAuth2("any", access_token=who))
        return await self.api.get("/2/users/me", who)

    async def works(self, who: OAuth1 | str) -> bool:
        reply = await self.me(who)
        assert reply.status in {200, 401}
        if reply.status == 401:
            assert reply.body["title"] == "Unauthorized"
        return reply.status == 200


@asynccontextmanager
async def signing_in(sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[SignIn]:
    async with serving(sandbox, clock) as api:
        yield SignIn(api)
