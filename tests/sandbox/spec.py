"""X's OpenAPI files, and a check of replies against their schemas."""

import re
from typing import Any

import msgspec

from tests.support.described import described, reference_page
from twretweet.vocabulary import Vocabulary

_FILES: dict[Vocabulary, str] = {
    "tweet": "openapi-2.159-tweet-vocabulary.json",
    "post": "openapi-2.167-post-vocabulary.json",
}
# What the lists of fields, the reference page or recordings have, and the schemas lack.
_UNDESCRIBED: dict[Vocabulary, set[str]] = {
    "tweet": {
        *("article", "card_uri", "media_metadata", "alt_text", "public_metrics", "media_count"),
        *("is_identity_verified", "parody", "subscription", "verified_followers_count"),
        *("engagements", "url_link_clicks", "user_profile_clicks"),
        *("parameter", "resource_id", "value"),
    },
    "post": {"annotations", "previous_token"},
}
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def load(vocabulary: Vocabulary) -> "Spec":
    content = described(_FILES[vocabulary]).read_bytes()
    return Spec(msgspec.json.decode(content), _UNDESCRIBED[vocabulary])


class Spec:
    def __init__(self, content: dict[str, Any], undescribed: set[str]) -> None:
        self.content = content
        self.undescribed = undescribed

    def enum(self, parameter: str) -> set[str]:
        """The values of a parameter that is a list of words."""
        schema = self.content["components"]["parameters"][parameter]["schema"]
        return set(schema["items"]["enum"])

    def parameters(self, method: str, path: str) -> set[str]:
        """The names of the query parameters of an endpoint."""
        rows = self.content["paths"][path][method]["parameters"]
        resolved = [self._resolve(row) for row in rows]
        return {row["name"] for row in resolved if row["in"] == "query"}

    def describes(self, method: str, path: str) -> bool:
        """Whether there is such an endpoint."""
        return method in self.content["paths"].get(path, {})

    def scopes(self, method: str, path: str) -> tuple[set[str] | None, bool]:
        """The scopes that a user's token needs, and whether the app may call as itself."""
        security = self.content["paths"][path][method]["security"]
        scopes = [set(row["OAuth2UserToken"]) for row in security if "OAuth2UserToken" in row]
        return (scopes[0] if scopes else None), any("BearerToken" in row for row in security)

    def check(self, method: str, path: str, body: object) -> list[str]:
        """What in the body of a reply with status 200 the schema does not allow."""
        content = self.content["paths"][path][method]["responses"]["200"]["content"]
        found: list[str] = []
        schema = content["application/json"]["schema"]
        self._check(schema, body, "$", found)
        self._name(schema, body, "$", found)
        return found

    def problem_types(self, method: str, path: str) -> set[str]:
        """The content types in which an endpoint tells of problems."""
        content = self.content["paths"][path][method]["responses"]["default"]["content"]
        problem = self.content["components"]["schemas"]["Problem"]
        return {kind for kind, row in content.items() if self._resolve(row["schema"]) is problem}

    def check_problem(self, body: dict[str, Any]) -> list[str]:
        """What in the body of an error the schema does not allow."""
        schema = self.content["components"]["schemas"]["Problem"]
        if body.get("type") in schema["discriminator"]["mapping"]:
            found: list[str] = []
            self._check(schema, body, "$", found)
            return found
        # The newer description leaves out these, which X answers all the same (facts, "Errors").
        kind = str(body.get("type")).rpartition("/")[2]
        known = kind in {"about:blank", "blank", "unsupported-authentication"}
        texts = all(isinstance(body.get(name), str) for name in ("title", "detail", "type"))
        return [] if known and texts else [f"$: {body} is no problem"]

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self.content
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _check(self, schema: dict[str, Any], value: object, at: str, found: list[str]) -> None:
        schema = self._resolve(schema)
        if "discriminator" in schema and isinstance(value, dict):
            row = schema["discriminator"]
            kind = value.get(row["propertyName"])
            if kind not in row["mapping"]:
                found.append(f"{at}: {kind} is no known kind")
                return
            target = self._resolve({"$ref": row["mapping"][kind]})
            # A kind repeats its base in allOf; following that again would not end.
            parts = target.get("allOf", [target])
            for part in parts:
                inner = {k: v for k, v in self._resolve(part).items() if k != "discriminator"}
                self._check(inner, value, at, found)
            return
        for part in schema.get("allOf", []):
            self._check(part, value, at, found)
        if len(schema.get("oneOf", [])) == 1:
            self._check(schema["oneOf"][0], value, at, found)
        if "type" in schema:
            types = _TYPES[schema["type"]]
            if not isinstance(value, types) or (value is True or value is False) != (
                schema["type"] == "boolean"
            ):
                found.append(f"{at}: {value!r} is no {schema['type']}")
                return
        if "enum" in schema and value not in schema["enum"]:
            found.append(f"{at}: {value!r} is not one of {schema['enum']}")
        if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
            found.append(f"{at}: {value!r} does not match {schema['pattern']}")
        if isinstance(value, list):
            self._check_list(schema, value, at, found)
        if isinstance(value, dict):
            self._check_object(schema, value, at, found)

    def _name(self, schema: dict[str, Any], value: object, at: str, found: list[str]) -> None:
        """Object to names that the schema does not have."""
        schema = self._resolve(schema)
        if isinstance(value, list):
            for number, item in enumerate(value):
                self._name(schema.get("items", {}), item, f"{at}[{number}]", found)
        if isinstance(value, dict) and (named := self._properties(schema, value)):
            known = {*named, *self.undescribed}
            found += [f"{at}: no {name} is known" for name in value if name not in known]
            for name, inner in named.items():
                if name in value:
                    self._name(inner, value[name], f"{at}.{name}", found)

    def _properties(self, schema: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
        """The properties of an object, of all that it is composed of; none if any will do."""
        schema = self._resolve(schema)
        properties = dict(schema.get("properties", {}))
        parts = list(schema.get("allOf", []))
        if len(schema.get("oneOf", [])) == 1:
            parts += schema["oneOf"]
        if "discriminator" in schema:
            row = schema["discriminator"]
            kind = self._resolve({"$ref": row["mapping"][value[row["propertyName"]]]})
            for part in kind.get("allOf", [kind]):
                properties |= self._resolve(part).get("properties", {})
        for part in parts:
            properties |= self._properties(part, value)
        return properties

    def _check_list(
        self, schema: dict[str, Any], value: list[Any], at: str, found: list[str]
    ) -> None:
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            found.append(f"{at}: {len(value)} items")
        for number, item in enumerate(value):
            self._check(schema.get("items", {}), item, f"{at}[{number}]", found)

    def _check_object(
        self, schema: dict[str, Any], value: dict[str, Any], at: str, found: list[str]
    ) -> None:
        found += [
            f"{at}: lacks {name}" for name in schema.get("required", []) if name not in value
        ]
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                self._check(inner, value[name], f"{at}.{name}", found)


def reference(parameter: str) -> set[str]:
    """The values that the reference page of GET retweets names for a parameter."""
    pattern = rf"^{re.escape(parameter)} Optional \| enum \(([^)]*)\)"
    match = re.search(pattern, reference_page().read_text(), re.MULTILINE)
    assert match is not None, f"the page does not describe {parameter}"
    return {word.strip() for word in match[1].split(",")}
