"""Replies drawn at random from X's OpenAPI files: whatever the schemas allow.

A schema leaves more open than it names. So a drawn object may have members that no schema knows,
and a string with a list of values may have one that is not listed, as X adds both without notice.
"""

import json
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeAlias, cast

from hypothesis import strategies as st

from tests.support.described import described

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"
Schema: TypeAlias = Mapping[str, object]

TWEET_FILE = "openapi-2.159-tweet-vocabulary.json"
POST_FILE = "openapi-2.167-post-vocabulary.json"
FILES = (TWEET_FILE, POST_FILE)

_DIGITS = string.digits
_TEXTS = ("", "x", 'a "quoted" word', "\\", "naïve 🐦", '"referenced_posts":', "line\nbreak\u2028")
_SPAN = {"int32": 2**31 - 1, "int64": 2**63 - 1}


@cache
def load(path: Path) -> "Spec":
    return Spec(json.loads(path.read_text(encoding="utf-8")))


def spec(name: str) -> "Spec":
    return load(described(name))


@dataclass(frozen=True, eq=False)
class Spec:
    """One OpenAPI file."""

    document: Mapping[str, object]

    def at(self, reference: str) -> Schema:
        """What a ``$ref`` leads to."""
        here: object = self.document
        for step in reference.removeprefix("#/").split("/"):
            here = cast("Mapping[str, object]", here)[step]
        return cast("Schema", here)

    def schema(self, name: str) -> Schema:
        return self.at(f"#/components/schemas/{name}")

    def flat(self, schema: Schema) -> Schema:
        """``schema`` with its references followed and its ``allOf`` joined into one object."""
        if "$ref" in schema:
            return self.flat(self.at(cast("str", schema["$ref"])))
        if "allOf" not in schema:
            return schema
        parts = [self.flat(part) for part in cast("list[Schema]", schema["allOf"])]
        properties: dict[str, object] = {}
        required: list[object] = []
        for part in parts:
            properties |= cast("dict[str, object]", part.get("properties", {}))
            required += cast("list[object]", part.get("required", []))
        return {"type": "object", "properties": properties, "required": required}

    def operations(self) -> Iterator[tuple[str, str, Mapping[str, object]]]:
        """Method, path and description of every operation."""
        paths = cast("Mapping[str, Mapping[str, Mapping[str, object]]]", self.document["paths"])
        for path, methods in paths.items():
            for method, operation in methods.items():
                if method in {"get", "post", "delete"}:
                    yield method, path, operation

    def reply(self, method: str, path: str, status: str, mime: str = "application/json") -> Schema:
        """The schema of a reply."""
        here: object = self.document["paths"]
        for step in (path, method, "responses", status, "content", mime, "schema"):
            here = cast("Mapping[str, object]", here)[step]
        return cast("Schema", here)

    def names(self, parameter: str) -> set[str]:
        """What a parameter of the components may list."""
        here = self.at(f"#/components/parameters/{parameter}/schema/items")
        return set(cast("list[str]", here["enum"]))

    def draws(self, schema: Schema) -> st.SearchStrategy[JSON]:
        """Replies of ``schema``."""
        return st.randoms(use_true_random=True).map(lambda rng: _Draw(self, rng).value(schema, 0))


@dataclass(frozen=True)
class _Draw:
    spec: Spec
    rng: Random

    def value(self, schema: Schema, depth: int) -> JSON:
        if schema.get("nullable") and self.rng.random() < 0.2:
            return None
        if "discriminator" in schema and depth >= 0:
            return self.variant(schema, depth)
        if "oneOf" in schema:
            return self.value(self.rng.choice(cast("list[Schema]", schema["oneOf"])), depth)
        if "$ref" in schema:
            return self.value(self.spec.at(cast("str", schema["$ref"])), depth)
        flat = self.spec.flat(schema)
        match flat.get("type"):
            case "object":
                return self.object(flat, depth)
            case "array":
                return self.array(flat, depth)
            case "integer":
                return self.integer(flat)
            case "number":
                low, high = flat.get("minimum", -1e6), flat.get("maximum", 1e6)
                number = self.rng.uniform(cast("float", low), cast("float", high))
                return self.rng.choice([number, round(number)])
            case "boolean":
                return self.rng.random() < 0.5
            case "string":
                return self.text(flat)
            case other:
                raise NotImplementedError(other)

    def variant(self, schema: Schema, depth: int) -> JSON:
        """One of a discriminator's kinds, which its ``type`` names, or the bare base."""
        mapping = cast("dict[str, dict[str, str]]", schema["discriminator"])["mapping"]
        kind = self.rng.choice([*mapping, ""])
        if not kind:
            if "oneOf" in schema:
                return self.value({"oneOf": schema["oneOf"]}, depth)
            bare = {name: part for name, part in schema.items() if name != "discriminator"}
            return self.value(bare, depth)
        drawn = self.object(self.spec.flat(self.spec.at(mapping[kind])), depth)
        return {**drawn, "type": kind}

    def object(self, schema: Schema, depth: int) -> dict[str, JSON]:
        properties = cast("dict[str, Schema]", schema.get("properties", {}))
        required = set(cast("list[str]", schema.get("required", [])))
        # Everything at once, little, or half of it; less the deeper.
        share = self.rng.choice([1.0, 0.5, 0.1]) if depth < 4 else 0.3
        names = [name for name in properties if name in required or self.rng.random() < share]
        self.rng.shuffle(names)
        drawn = {name: self.value(properties[name], depth + 1) for name in names}
        if "additionalProperties" in schema and schema["additionalProperties"] is not False:
            extra = cast("Schema", schema["additionalProperties"])
            drawn |= {name: self.value(extra, depth + 1) for name in ("id", "max_results")}
        elif not properties or self.rng.random() < 0.2:
            drawn |= {f"new_{self.rng.randrange(9)}": self.anything(2) for _ in range(2)}
        return drawn

    def array(self, schema: Schema, depth: int) -> JSON:
        least = cast("int", schema.get("minItems", 0))
        most = min(cast("int", schema.get("maxItems", least + 2)), least + 3)
        items = cast("Schema", schema["items"])
        drawn = [self.value(items, depth + 1) for _ in range(self.rng.randint(least, most))]
        if schema.get("uniqueItems"):
            drawn = [item for number, item in enumerate(drawn) if item not in drawn[:number]]
        return drawn

    def integer(self, schema: Schema) -> int:
        span = _SPAN.get(cast("str", schema.get("format", "")), 2**53)
        low = cast("int", schema.get("minimum", -span - 1))
        high = cast("int", schema.get("maximum", span))
        return self.rng.choice([low, high, self.rng.randint(low, high), max(low, min(high, 0))])

    def text(self, schema: Schema) -> str:
        if "enum" in schema:
            return self.rng.choice([*cast("list[str]", schema["enum"]), "a_value_of_tomorrow"])
        form, pattern = schema.get("format"), schema.get("pattern")
        match form or pattern:
            case "date-time":
                return self.timestamp()
            case "uri":
                return f"https://example.com/{self.rng.randrange(10**6)}?a=1&b=%20#c"
            case "^[0-9]{1,19}$":
                return "".join(self.rng.choices(_DIGITS, k=self.rng.randint(1, 19)))
            case "^([0-9]+)_([0-9]+)$":
                return f"{self.rng.randrange(20)}_{self.rng.randrange(10**18)}"
            case "^[A-Z]{2}$":
                return "".join(self.rng.choices(string.ascii_uppercase, k=2))
            case "^[A-Za-z0-9_]{1,15}$":
                letters = string.ascii_letters + _DIGITS + "_"
                return "".join(self.rng.choices(letters, k=self.rng.randint(1, 15)))
            case None:
                text = self.rng.choice(_TEXTS)
                least = cast("int", schema.get("minLength", 0))
                return (text or "y" * least)[: cast("int", schema.get("maxLength", 99))]
            case other:
                raise NotImplementedError(other)

    def timestamp(self) -> str:
        """A date-time as RFC 3339 writes it."""
        draw = self.rng.randint
        day = f"{draw(1, 9999):04}-{draw(1, 12):02}-{draw(1, 28):02}"
        clock = f"{draw(0, 23):02}:{draw(0, 59):02}:{draw(0, 59):02}"
        part = self.rng.choice(["", ".000", ".123456", ".5", ".123456789"])
        zone = self.rng.choice(["Z", "+00:00", "-08:00", "+05:45"])
        return f"{day}T{clock}{part}{zone}"

    def anything(self, depth: int) -> JSON:
        rng = self.rng
        leaves: list[JSON] = [None, True, 0, -1.5, "text", [], {}]
        if depth == 0 or rng.random() < 0.7:
            return rng.choice(leaves)
        return rng.choice([[self.anything(depth - 1)], {"posts": self.anything(depth - 1)}])
