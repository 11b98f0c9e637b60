"""The body of a refusal, in any of the forms that X is known to send.

v2 sends a problem, with or without a list of ``errors``; v1.1 a list of codes; OAuth an ``error``.
A member of an odd type must not cost the others, so nothing here is strict.

Source: https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec
from msgspec import Struct


class ErrorItem(Struct, frozen=True):
    """One of the ``errors``."""

    code: int | None = None
    message: str | None = None
    detail: str | None = None
    title: str | None = None
    type: str | None = None


class ErrorBody(Struct, frozen=True):
    """The members of all forms together."""

    title: str | None = None
    detail: str | None = None
    type: str | None = None
    reason: str | None = None
    period: str | None = None
    scope: str | None = None
    reset_date: str | None = None
    error: str | None = None
    error_description: str | None = None
    errors: tuple[ErrorItem, ...] = ()

    @property
    def codes(self) -> tuple[int, ...]:
        """The codes of v1.1."""
        return tuple(item.code for item in self.errors if item.code is not None)

    @property
    def kind(self) -> str | None:
        """The last part of the problem's type address."""
        kind = (self.type or next((item.type for item in self.errors if item.type), "")) or ""
        kind = kind.rstrip("/").rpartition("/")[2]
        return kind if kind and kind != "about:blank" else None

    @property
    def explanation(self) -> str | None:
        """The most specific sentence there is."""
        said = [item.message or item.detail for item in self.errors]
        specific = "; ".join(text for text in said if text)
        return specific or self.detail or self.error_description or self.error or self.title


def read_error_body(body: bytes) -> ErrorBody:
    """Read what can be read; a body that is no JSON object gives an empty one."""
    try:
        parsed: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # 5xx replies are often HTML or empty: then the status alone has to tell.
        return ErrorBody()
    if not isinstance(parsed, dict):
        return ErrorBody()
    fields = cast("dict[str, object]", parsed)
    errors = fields.pop("errors", None)
    if isinstance(errors, str):  # v1.1 has sent a sentence where a list is due
        errors = [{"message": errors}]
    items = cast("list[object]", errors) if isinstance(errors, list) else []
    return ErrorBody(
        **_texts(fields, ErrorBody),
        errors=tuple(_item(cast("dict[str, object]", i)) for i in items if isinstance(i, dict)),
    )


def _item(fields: dict[str, object]) -> ErrorItem:
    code = fields.pop("code", None)
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code)
    return ErrorItem(**_texts(fields, ErrorItem), code=code if isinstance(code, int) else None)


def _texts(fields: Mapping[str, object], kind: type[Struct]) -> dict[str, str]:
    """The members that ``kind`` knows; one of an odd type must not cost the others."""
    known = kind.__struct_fields__
    return {name: text for name, text in fields.items() if name in known and isinstance(text, str)}
