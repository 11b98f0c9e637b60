"""The standard library's JSON, for the comparison of decoders."""

from __future__ import annotations

import json
from typing import Any

from benchmarks.speed.variant import Take, Variant


class Dicts(Variant):
    def decode(self, body: bytes) -> Any:
        return json.loads(body)

    def look(self, page: Any, take: Take) -> None:
        users = {user["id"]: user for user in page["includes"]["users"]}
        for tweet in page["data"]:
            take(tweet["id"], tweet["text"], users[tweet["author_id"]]["username"])
