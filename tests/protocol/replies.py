"""Replies to be read."""

import json

from twretweet.protocol.response import Reply


def reply(status: int, body: object = b"", **headers: str) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, sent, content)


def problem(kind: str, host: str = "https://api.x.com", **more: object) -> dict[str, object]:
    return {"type": f"{host}/2/problems/{kind}", "title": "T", "detail": "d", **more}


def codes(*numbers: int) -> dict[str, object]:
    return {"errors": [{"code": number, "message": f"m{number}"} for number in numbers]}
