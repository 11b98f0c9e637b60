"""Errors carry what a caller needs, wherever they are carried."""

import copy
import pickle

import pytest

from twretweet import errors
from twretweet.errors import (
    APIError,
    CheckpointMismatch,
    CredentialsError,
    DecodeError,
    Forbidden,
    ManagerClosed,
    PaginationError,
    QueryError,
    RateLimitExceeded,
    RequestTimeout,
    TransportError,
    TwretweetError,
    UsageCapExceeded,
)

API = {
    "status": 403,
    "problem_type": "usage-capped",
    "title": "T",
    "detail": "d",
    "codes": (88, 32),
    "reset_at": 12.5,
    "request_id": "r",
}
CLASSES = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, TwretweetError)
]


def attributes_of(kind: type[TwretweetError]) -> dict[str, object]:
    if issubclass(kind, APIError):
        return dict(API)
    if issubclass(kind, RateLimitExceeded):
        return {"bucket": "b", "reset_at": 3.5, "wait": 2.5, "ahead": 4}
    if issubclass(kind, TransportError):
        return {"sent": False}
    if issubclass(kind, DecodeError):
        return {"status": 200, "excerpt": "<html>", "request_id": "r", "transient": True}
    if issubclass(kind, PaginationError):
        return {"page_token": "abc"}
    return {}


@pytest.mark.parametrize(
    "carry", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy, copy.deepcopy]
)
@pytest.mark.parametrize("kind", CLASSES)
def test_errors_survive_pickling_and_copying_with_all_they_know(kind, carry):
    attributes = attributes_of(kind)
    error = kind("the message", **attributes)
    error.at(endpoint="GET /2/x", account="user 1", attempts=3)
    if isinstance(error, UsageCapExceeded):
        error.period, error.scope = attributes["period"], attributes["scope"] = "Daily", "Product"
    carried = carry(error)
    assert type(carried) is kind
    assert str(carried) == str(error)
    assert (carried.endpoint, carried.account, carried.attempts) == ("GET /2/x", "user 1", 3)
    assert {name: getattr(carried, name) for name in attributes} == attributes


def test_an_error_tells_what_was_called_as_whom_and_how_often():
    error = TwretweetError("no")
    assert str(error) == "no"
    error.at(endpoint="GET /2/x", account="user 1", attempts=1)
    assert str(error) == "no [GET /2/x as user 1]"
    error.at(endpoint="GET /2/x", account="user 1", attempts=4)
    assert str(error) == "no [GET /2/x as user 1, after 4 attempts]"


def test_a_decode_error_shows_the_body():
    assert str(DecodeError("bad", excerpt="<html>")) == "bad; the body reads '<html>'"


@pytest.mark.parametrize(
    ("kind", "also"),
    [
        (QueryError, ValueError),
        (CheckpointMismatch, QueryError),
        (CredentialsError, ValueError),
        (ManagerClosed, RuntimeError),
        (RequestTimeout, TimeoutError),
        (RequestTimeout, TransportError),
        (errors.ClientForbidden, Forbidden),
        (errors.SpendCapReached, Forbidden),
        (errors.NotFound, APIError),
    ],
)
def test_errors_are_caught_by_the_kind_they_are(kind, also):
    with pytest.raises(also):
        raise kind("x")


def test_all_errors_have_one_root_and_stand_in_the_tree_that_is_drawn():
    assert len(CLASSES) > 20
    assert errors.__doc__ is not None
    assert not [kind for kind in CLASSES if kind.__name__ not in errors.__doc__]
