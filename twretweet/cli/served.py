"""What ``twretweet sandbox`` tells of what it serves, to people and to programs."""

import shlex
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from twretweet.sandbox import Sandbox

LOOPBACK = "127.0.0.1"


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a program needs to talk to a sandbox: its address, a tweet, and keys made up for it."""

    url: str
    tweet_id: str
    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str
    bearer_token: str
    client_id: str
    user_id: str
    oauth2_access_token: str
    ca_file: str | None = None


def facts_of(served: "Sandbox") -> Facts:
    """What others need to know of a sandbox that listens."""
    from twretweet.sandbox.testing import keys  # noqa: PLC0415

    return Facts(
        url=served.url,
        tweet_id=served.tweet_id,
        **keys(served),
        user_id=served.me.user_id,
        oauth2_access_token=served.oauth2.access_token or "",
        ca_file=None if served.ca_file is None else str(served.ca_file),
    )


def describe(facts: Facts, host: str = LOOPBACK) -> str:
    """The same for a person, to be copied into another terminal."""
    from twretweet.sandbox.admin.guard import is_loopback  # noqa: PLC0415

    # Set for the command alone: it would be in the place of all that OpenSSL believes.
    believing = "" if facts.ca_file is None else f"SSL_CERT_FILE={shlex.quote(facts.ca_file)} "
    there = f"{believing}TWRETWEET_BASE_URL={facts.url}"
    tweet = facts.tweet_id
    audience = "for this machine only" if is_loopback(host) else f"and for others at {host}"
    curl = "curl" if facts.ca_file is None else f"curl --cacert {shlex.quote(facts.ca_file)}"
    json = "-H 'Content-Type: application/json'"
    admin = f"{curl} {json} {facts.url}/__sandbox__"
    return "\n".join(
        [
            f"An X API listens on {facts.url}, {audience}. Ctrl-C ends it.",
            f"Its tweet is {tweet}. The keys below open nothing but this.",
            f"Watch it, and break it, in a browser: {facts.url}/",
            "",
            "In another terminal:",
            "",
            *_exports(facts),
            f"{believing}twretweet retweet {tweet}",
            f"{believing}twretweet retweets {tweet} --author verified --limit 5",
            "",
            "Or sign in to it as to X, in a browser, in a terminal without these keys:",
            "",
            f"{there} twretweet login --client-id {facts.client_id}",
            "",
            "Or without twretweet, as the app itself:",
            "",
            f"{curl} -H 'Authorization: Bearer {facts.bearer_token}' \\",
            f"  '{facts.url}/2/tweets/{tweet}/retweets?max_results=5'",
            "",
            "And as its user, by OAuth 2.0:",
            "",
            f"{curl} -H 'Authorization: Bearer {facts.oauth2_access_token}' {json} \\",
            f'  {facts.url}/2/users/{facts.user_id}/retweets -d \'{{"tweet_id": "{tweet}"}}\'',
            *_as_x(facts, curl),
            "",
            "Let the next two requests fail, or move its clock on by 15 minutes:",
            "",
            f'{admin}/faults -d \'{{"kind": "unavailable", "count": 2}}\'',
            f"{admin}/clock -d '{{\"advance\": 900}}'",
        ]
    )


def _exports(facts: Facts) -> list[str]:
    from twretweet.sandbox.testing import variables  # noqa: PLC0415

    named = variables(facts.url, msgspec.structs.asdict(facts))
    return [f"export {name}={shlex.quote(value)}" for name, value in named.items()]


def _as_x(facts: Facts, curl: str) -> list[str]:
    """How a client gets here whose host is fixed."""
    if facts.ca_file is None:
        return []
    there = facts.url.removeprefix("https://")
    return [
        "",
        f"It has a certificate for api.x.com and api.twitter.com, by {facts.ca_file}",
        "which clients have to believe; those over OpenSSL are told by SSL_CERT_FILE, and then",
        "believe nobody else. As if it were X:",
        "",
        f"{curl} --connect-to ::{there} -H 'Authorization: Bearer {facts.bearer_token}' \\",
        f"  'https://api.x.com/2/tweets/{facts.tweet_id}/retweets?max_results=5'",
    ]


def kinds() -> str:
    """What can go wrong, a line each."""
    from twretweet.sandbox.faults.kinds import ROWS  # noqa: PLC0415

    lines: list[str] = []
    for kind, row in ROWS.items():
        parameters = ",".join(
            f"{name}={value}" for name, value in row.parameters.items() if value is not None
        )
        lines.append(f"{kind}{':' if parameters else ''}{parameters}\n    {row.summary}")
    return "\n".join(
        [
            *lines,
            "",
            "Where and when, for each of them: endpoint=GET /2/tweets/:id/retweets, account=ID,",
            "count=2, after=10, probability=0.1, seed=1.",
        ]
    )
