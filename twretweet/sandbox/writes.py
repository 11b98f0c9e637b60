"""The v2 endpoints that write.

Sources: https://docs.x.com/x-api/users/repost-post, https://docs.x.com/x-api/users/unrepost-post
"""

import re
from typing import Final

import msgspec

from twretweet.sandbox.call import Call, State
from twretweet.sandbox.fields import Names
from twretweet.sandbox.params import is_id
from twretweet.sandbox.reply import (
    Refused,
    Reply,
    invalid_request,
    problem,
    problem_with,
    resource_not_found,
)
from twretweet.sandbox.snowflake import first_id

ALREADY: Final = "You cannot retweet a Tweet that you have already retweeted."
_JSON_ONLY: Final = "Requests with bodies must have content-type of application/json."
_PROPERTY: Final = "tweet_id"
_PATTERN: Final = "^[0-9]{1,19}$"
_PLAIN: Final = re.compile(r"[ -~]*")


def retweet(state: State, call: Call) -> Reply:
    """POST /2/users/:id/retweets."""
    names, user_id = _check_path(call)
    text = _tweet_id_of(call.incoming.body, names)
    tweet = state.world.tweet(int(text))
    if tweet is None:
        entry = resource_not_found(
            names.problems, parameter=_PROPERTY, value=text, resource="tweet"
        )
        return problem_with(404, {**entry, "status": 404})
    made = state.world.retweet(user_id, tweet, first_id(call.incoming.now))
    if made is None:
        return invalid_request(names.problems, [{"message": ALREADY}], detail=ALREADY)
    state.updates.count(user_id, call.incoming.now)
    data: dict[str, object] = {"retweeted": True}
    if call.vocabulary == "post":
        data["rest_id"] = str(made.id)
    return Reply(200, {"data": data})


def undo(state: State, call: Call) -> Reply:
    """DELETE /2/users/:id/retweets/:source_tweet_id; succeeds also where there is no retweet."""
    _, user_id = _check_path(call)
    tweet = state.world.tweet(int(call.arguments["source_tweet_id"]))
    if tweet is not None:
        state.world.undo(user_id, tweet)
    return Reply(200, {"data": {"retweeted": False}})


def _check_path(call: Call) -> tuple[Names, int]:
    """Check the ids in the path, that the user's is the caller's own, and what the body is."""
    parameters = call.parameters()
    parameters.expect(())
    for name, value in call.arguments.items():
        parameters.id(name, value)
    parameters.settle()
    if call.incoming.body and call.incoming.kind != "application/json":
        raise Refused(_bad_body(call.names, [_JSON_ONLY]))
    given, own = call.arguments["id"], call.caller.label
    if given != own:
        detail = f"The `id` path parameter value [{given}] must match your own user ID [{own}]"
        raise Refused(problem(403, title="Forbidden", detail=detail))
    return call.names, int(own)


def _tweet_id_of(body: bytes, names: Names) -> str:
    """Read the only property that the body may have (OpenAPI, ``UsersRetweetsCreateRequest``)."""
    try:
        content = msgspec.json.decode(body, type=dict[str, object])
    except msgspec.ValidationError:
        raise Refused(_bad_body(names, ["$: object expected"])) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Refused(_bad_body(names, ["the request body is not valid JSON"])) from None
    wrong = [
        f"$.{_shown(name)}: is not defined in the schema and the schema does not allow additional"
        " properties"
        for name in content
        if name != _PROPERTY
    ]
    value = content.get(_PROPERTY)
    if value is None:
        wrong.append(f"$.{_PROPERTY}: is missing but it is required")
    elif not isinstance(value, str):
        wrong.append(f"$.{_PROPERTY}: string expected")
    elif not is_id(value):
        wrong.append(f"$.{_PROPERTY}: does not match the regex pattern {_PATTERN}")
    elif not wrong:
        return value
    raise Refused(_bad_body(names, wrong))


def _bad_body(names: Names, messages: list[str]) -> Reply:
    errors: list[dict[str, object]] = [
        {"parameters": {}, "message": message} for message in messages
    ]
    return invalid_request(names.problems, errors)


def _shown(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else ascii(name)
