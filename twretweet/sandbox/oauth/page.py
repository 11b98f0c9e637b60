"""The pages that people see: one template, nothing from outside, nothing kept.

What is put in is escaped; the style is allowed by its hash, so that nothing else that might get
in could run or load. A browser follows the redirect after the form only to what ``form-action``
names, so the page names the origin of the redirect.
"""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from string import Template
from typing import Final
from urllib.parse import urlsplit

from twretweet.sandbox.reply import Reply

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --soft: #8883; --go: #1d5fd1; }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  font: 1rem/1.5 system-ui, sans-serif; background: Canvas; color: CanvasText; }
main { width: 100%; max-width: 30rem; border: 1px solid var(--line); border-radius: 1rem;
  padding: 1.75rem; }
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 .75rem; }
h2 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
p { margin: .5rem 0; }
ul { margin: .25rem 0; padding-left: 1.25rem; }
label { display: block; font-weight: 600; margin: 1.25rem 0 .25rem; }
select, button { font: inherit; width: 100%; padding: .65rem .9rem; border-radius: .6rem;
  border: 1px solid var(--line); background: Field; color: FieldText; }
button { margin-top: .75rem; font-weight: 600; cursor: pointer; border-radius: 2rem; }
#allow { margin-top: 1.5rem; background: var(--go); border-color: var(--go); color: #fff; }
#after { margin-top: 1.25rem; }
#deny { background: transparent; color: inherit; }
:focus-visible { outline: 3px solid var(--go); outline-offset: 2px; }
output { display: block; margin: 1rem 0; padding: .75rem; border-radius: .6rem; text-align: center;
  font: 600 2rem/1.2 ui-monospace, monospace; letter-spacing: .2em; background: var(--soft); }
code { overflow-wrap: anywhere; }
footer { margin-top: 1.5rem; font-size: .85rem; opacity: .8; }
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1>$title</h1>
$body
<footer>This is a sandbox on your own machine. Nothing here reaches X.</footer>
</main>
</body>
</html>
""")


def ask(
    app: str, wishes: Iterable[str], people: Iterable[tuple[str, str]], redirect: str | None
) -> Reply:
    """Return the page that asks a person to allow the app something.

    Args:
        app: the name of the app.
        wishes: what it asks for, a sentence each.
        people: who may answer: user ids and names, the first one chosen.
        redirect: where the answer is sent; ``None`` shows a PIN instead.
    """
    items = "\n".join(f"<li>{escape(wish)}</li>" for wish in wishes)
    options = "\n".join(
        f'<option value="{escape(user_id)}">@{escape(name)}</option>' for user_id, name in people
    )
    if redirect is None:
        after = "You will get a PIN to type into the app."
    else:
        after = f"You will be sent to <code>{escape(_origin(redirect))}</code>."
    body = f"""<p><strong>{escape(app)}</strong> wants to:</p>
<ul>
{items}
</ul>
<form method="post">
<label for="user">Sign in as</label>
<select id="user" name="user">
{options}
</select>
<button id="allow" name="decision" value="allow">Authorize app</button>
<button id="deny" name="decision" value="deny">Cancel</button>
</form>
<p id="after">{after}</p>"""
    return _page(200, f"Authorize {app} to access your account?", body, redirect)


def pin(app: str, number: str) -> Reply:
    """Return the page that shows a PIN."""
    body = f"""<p>Type this PIN into <strong>{escape(app)}</strong> to finish signing in:</p>
<output id="pin">{escape(number)}</output>"""
    return _page(200, "You have authorized the app", body)


def denied(app: str) -> Reply:
    """Return the page after a person said no, where there is nowhere to send them."""
    body = f'<p id="denied"><strong>{escape(app)}</strong> was not given access.</p>'
    return _page(200, "You have cancelled", body)


def wrong(what: str) -> Reply:
    """Return the page that says why nothing can be asked; nobody is sent anywhere from here."""
    body = f"""<p id="error">{escape(what)}</p>
<p>Go back to the app and try to sign in again.</p>"""
    return _page(400, "Something went wrong", body)


def _page(status: int, title: str, body: str, redirect: str | None = None) -> Reply:
    text = _PAGE.substitute(title=escape(title), style=_STYLE, body=body)
    targets = "'self'" if redirect is None else f"'self' {_origin(redirect)}"
    headers = {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": f"default-src 'none'; style-src 'sha256-{_HASH}';"
        f" form-action {targets}; base-uri 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
    }
    return Reply(status, text.encode(), headers)


def _origin(uri: str) -> str:
    """Return the scheme, host and port of an address; the scheme where there is no host."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
