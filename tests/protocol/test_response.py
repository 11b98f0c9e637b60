"""From a reply to a value or an error."""

import time
from datetime import UTC, datetime

import pytest

from tests.protocol.replies import codes, problem, reply
from twretweet import errors as e
from twretweet.errors import APIError
from twretweet.protocol.response import (
    already_retweeted,
    error_of,
)

HOSTS = ["https://api.x.com", "https://api.twitter.com"]
HTML = b"<!DOCTYPE html><html><body>Over capacity</body></html>"


PLAIN = {"title": "Unauthorized", "type": "about:blank", "detail": "Unauthorized"}
ROWS = [
    (
        400,
        {"title": "Invalid Request", "errors": [{"message": "m", "parameters": {}}]},
        e.InvalidRequest,
    ),
    (401, PLAIN, e.Unauthorized),
    (402, {"title": "CreditsDepleted"}, e.CreditsDepleted),
    (403, {"title": "Forbidden", "type": "about:blank"}, e.Forbidden),
    (403, {"title": "SpendCapReached"}, e.SpendCapReached),
    (404, {"title": "Not Found Error"}, e.NotFound),
    (429, codes(88), e.TooManyRequests),
    (429, {"title": "Too Many Requests", "type": "about:blank"}, e.TooManyRequests),
    (429, {"title": "UsageCapExceeded"}, e.UsageCapExceeded),
    (418, {"title": "Teapot"}, APIError),
    (409, b"", APIError),
    (500, b"", e.ServerError),
    (502, HTML, e.ServerError),
    (503, {"title": "Service Unavailable"}, e.ServerError),
    (504, b"\xff\xfe\x00", e.ServerError),
    (599, b"null", e.ServerError),
]


@pytest.mark.parametrize(("status", "body", "kind"), ROWS)
def test_each_row_of_the_table_is_its_own_error(status, body, kind):
    error = error_of(reply(status, body, x_transaction_id="abc"))
    assert type(error) is kind
    assert error.status == status
    assert error.request_id == "abc"
    assert str(error).startswith(str(status))


KINDS = [
    (402, "credits", e.CreditsDepleted),
    (402, "credits-depleted", e.CreditsDepleted),
    (403, "credits", e.SpendCapReached),
    (403, "client-forbidden", e.ClientForbidden),
    (403, "unsupported-authentication", e.UnsupportedAuthentication),
    (403, "oauth1-permissions", e.PermissionDenied),
    (403, "not-authorized-for-resource", e.PermissionDenied),
    (403, "something-new", e.Forbidden),
    (404, "resource-not-found", e.NotFound),
    (429, "rate-limit-exceeded", e.TooManyRequests),
    (429, "usage-capped", e.UsageCapExceeded),
    (400, "invalid-request", e.InvalidRequest),
]


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("status", "kind", "expected"), KINDS)
def test_problem_types_are_told_by_the_last_part_of_their_address(
    status, kind, expected, host, nested
):
    body = problem(kind, host)
    error = error_of(reply(status, {"errors": [body]} if nested else body))
    assert type(error) is expected
    assert error.problem_type == kind
    assert error.detail == "d"
    assert "T" in str(error)
    assert "d" in str(error)


CODES = {
    e.Unauthorized: [32, 89, 135, 215],
    e.NotFound: [34, 144, 421, 422],
    e.AccountRestricted: [63, 64, 226, 326],
    e.TooManyRequests: [88],
    e.ServerError: [130, 131],
    e.PermissionDenied: [136, 179, 261, 328],
    e.UpdateLimitReached: [185],
    e.ClientForbidden: [453],
}


@pytest.mark.parametrize(
    ("kind", "code"), [(kind, code) for kind, numbers in CODES.items() for code in numbers]
)
def test_codes_of_v1_tell_the_error(kind, code):
    error = error_of(reply(403, codes(code)))
    assert type(error) is kind
    assert error.codes == (code,)
    assert error.detail == f"m{code}"


def test_the_first_code_that_is_known_tells_the_error_and_all_are_kept():
    error = error_of(reply(403, codes(999_999, 185, 32)))
    assert type(error) is e.UpdateLimitReached
    assert error.codes == (999_999, 185, 32)
    assert error.detail == "m999999; m185; m32"


def test_the_reason_of_the_cap_is_kept():
    body = problem("usage-capped", period="Monthly", scope="Product", title="UsageCapExceeded")
    error = error_of(reply(429, body))
    assert isinstance(error, e.UsageCapExceeded)
    assert (error.period, error.scope) == ("Monthly", "Product")


def test_a_cap_is_a_cap_even_with_slots_remaining():
    headers = {
        "x_rate_limit_limit": "40000",
        "x_rate_limit_remaining": "39999",
        "x_rate_limit_reset": "1700000900",
    }
    assert type(error_of(reply(429, problem("usage-capped"), **headers))) is e.UsageCapExceeded
    assert type(error_of(reply(429, b"", **headers))) is e.TooManyRequests


# -- when to come again ---------------------------------------------------------------------

WINDOW = {
    "x_rate_limit_limit": "75",
    "x_rate_limit_remaining": "0",
    "x_rate_limit_reset": "1700000900",
}


@pytest.mark.parametrize("skew", [0.0, 300.0, -17.5])
def test_the_reset_is_given_in_the_local_clock(skew):
    error = error_of(reply(429, codes(88), **WINDOW), clock_offset=skew)
    assert isinstance(error, APIError)
    assert error.reset_at == 1_700_000_900 - skew


def test_without_headers_no_reset_is_made_up():
    assert error_of(reply(429, codes(88))).reset_at is None
    assert error_of(reply(500, b"", **WINDOW)).reset_at is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-09-01T00:00:00Z", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-09-01T00:00:00.000Z", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-09-01T00:00:00", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-09-01", datetime(2026, 9, 1, tzinfo=UTC)),
        ("2026-08-31T16:00:00-08:00", datetime(2026, 9, 1, tzinfo=UTC)),
    ],
)
def test_the_date_of_a_spending_cap_is_read_with_or_without_a_time_zone(text, moment):
    body = problem("credits", title="SpendCapReached", reset_date=text)
    error = error_of(reply(403, body), clock_offset=10.0)
    assert type(error) is e.SpendCapReached
    assert error.reset_at == moment.timestamp() - 10


def test_a_date_without_a_time_zone_is_utc_wherever_the_machine_is(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        error = error_of(reply(403, {"title": "SpendCapReached", "reset_date": "2026-09-01"}))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert isinstance(error, APIError)
    assert error.reset_at == datetime(2026, 9, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["soon", "", "2026-13-01", "99999-01-01"])
def test_a_date_that_is_none_is_no_reset(text):
    assert error_of(reply(403, {"title": "SpendCapReached", "reset_date": text})).reset_at is None


# -- already retweeted ----------------------------------------------------------------------

SENTENCE = "You cannot retweet a Tweet that you have already retweeted."


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, codes(327)),
        (403, {"errors": [{"code": 327, "message": "You have already retweeted this Tweet."}]}),
        (400, {"title": "Invalid Request", "detail": SENTENCE}),
        (400, {"errors": [{"message": SENTENCE}], "title": "Invalid Request", "detail": "One"}),
        (400, {"errors": [{"detail": SENTENCE.upper()}]}),
        (403, {"detail": SENTENCE, "type": "about:blank", "title": "Forbidden"}),
        (400, SENTENCE.encode()),
    ],
)
def test_a_retweet_made_before_is_told_in_all_its_forms(status, body):
    error = error_of(reply(status, body))
    assert isinstance(error, APIError)
    assert already_retweeted(error)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, codes(328)),
        (400, {"title": "Invalid Request", "detail": "The id is off"}),
        (429, {"detail": SENTENCE}),
        (500, {"detail": SENTENCE}),
        (404, b""),
    ],
)
def test_other_refusals_are_not_taken_for_it(status, body):
    error = error_of(reply(status, body))
    assert isinstance(error, APIError)
    assert not already_retweeted(error)


# -- bodies that can't be read --------------------------------------------------------------
