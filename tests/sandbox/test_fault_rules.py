"""Which faults there may be, and the decision which request meets one."""

import contextlib
import re
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.sandbox import Fault, Faults
from twretweet.sandbox.core import _ENDPOINTS
from twretweet.sandbox.faults.faults import MOST_FAULTS, Met, Occasion, own_number, strikes
from twretweet.sandbox.faults.kinds import KINDS, ROWS, Trait
from twretweet.sandbox.faults.place import Place, check
from twretweet.sandbox.faults.text import read_fault

RETWEETS = "GET /2/tweets/{id}/retweets"
TRAITS = frozenset(get_args(Trait))


def meet(faults: Faults, endpoint: str = RETWEETS, account: str | None = "1") -> list[str]:
    """The kinds that one request meets, over all stages."""
    place = faults.place_of(endpoint)
    assert place is not None
    met = Met()
    for stage in ("wait", "gone", "refusal", "paging", "body", "headers", "wire"):
        faults.meet(met, stage, Occasion(place, account, TRAITS))
    return list(met.kinds)


def of(*faults: Fault) -> Faults:
    return Faults(_ENDPOINTS, faults)


def test_every_kind_can_be_made_without_choosing_anything():
    assert set(KINDS) == set(ROWS)
    for kind in KINDS:
        assert meet(of(Fault(kind))) == [kind]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"kind": "nonsense"}, "there is no fault 'nonsense'; there are latency, slow_body"),
        ({"kind": "latency", "status": 503}, "it takes seconds, not status"),
        ({"kind": "reset_before", "seconds": 1}, "it takes no parameters, not seconds"),
        ({"kind": "latency", "seconds": -1}, "must not be negative"),
        ({"kind": "latency", "seconds": float("nan")}, "must be a number"),
        ({"kind": "latency", "seconds": 10**10}, "up to 1000000000"),
        ({"kind": "latency", "count": 0}, "count is 0"),
        ({"kind": "latency", "after": -1}, "after is -1"),
        ({"kind": "latency", "probability": 1.5}, "probability is 1.5"),
        ({"kind": "latency", "probability": float("nan")}, "probability is nan"),
        ({"kind": "unavailable", "status": 404}, "between 500 and 599"),
        ({"kind": "error", "status": 200}, "between 400 and 599"),
        ({"kind": "error", "code": 0}, "code is 0"),
        ({"kind": "rate_limited_with_remaining", "remaining": 0}, "remaining is 0"),
        ({"kind": "late_headers", "requests": 0}, "requests is 0"),
        ({"kind": "usage_cap_exceeded", "period": "Yearly"}, "'Daily' or 'Monthly'"),
        ({"kind": "wrong_headers", "value": "a\r\nset-cookie: x"}, "printable characters"),
    ],
)
def test_a_fault_that_makes_no_sense_says_what_is_wrong(wrong, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        Fault(**wrong)


def test_a_clock_may_be_behind_as_well_as_ahead():
    assert Fault("skewed_date", seconds=-7200).number("seconds") == -7200


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", Place("", "")),
        ("GET /2/tweets/:id/retweets", Place("GET", "/2/tweets/{}/retweets")),
        ("get /2/tweets/{id}/retweets", Place("GET", "/2/tweets/{}/retweets")),
        ("/2/users/me", Place("", "/2/users/me")),
        ("POST", Place("POST", "")),
        ("/1.1/statuses/retweet/:id.json", Place("", "/1.1/statuses/retweet/{}.json")),
    ],
)
def test_a_place_is_a_method_a_path_or_both(text, place):
    assert Place.read(text) == place
    assert check(text, _ENDPOINTS) == place


@pytest.mark.parametrize("text", ["retweets", "GET retweets", "FETCH /2/users/me", "/x", "PUT"])
def test_a_place_where_nothing_is_is_refused(text):
    with pytest.raises(ValueError, match="endpoint"):
        of(Fault("latency", endpoint=text))


def test_a_fault_strikes_only_where_and_whom_it_is_bound_to():
    bound = of(Fault("latency", endpoint="GET /2/tweets/:id"), Fault("skewed_date", account="7"))
    assert meet(bound, "GET /2/tweets/{id}", "1") == ["latency"]
    assert meet(bound, "GET /2/tweets/{id}/retweets", "1") == []
    assert meet(bound, "GET /2/users/me", "7") == ["skewed_date"]
    assert meet(bound, "GET /2/users/me", None) == []


@given(after=st.integers(0, 5), count=st.none() | st.integers(1, 5))
def test_a_fault_spares_the_first_and_then_strikes_so_often(after, count):
    faults = of(Fault("latency", after=after, count=count))
    met = [bool(meet(faults)) for _ in range(12)]
    struck = 12 - after if count is None else count
    assert met == [False] * after + [True] * struck + [False] * (12 - after - struck)


def struck(fault, requests):
    """Of so many requests, which a fault strikes."""
    own = own_number(fault)
    return [strikes(fault, own, number, 0) for number in range(requests)]


@given(st.floats(0, 1), st.integers())
def test_a_probability_strikes_that_share_and_the_same_ones_for_the_same_seed(share, seed):
    fault = Fault("latency", probability=share, seed=seed)
    first = struck(fault, 400)
    assert first == struck(fault, 400)
    assert abs(sum(first) - 400 * share) < 80
    if share in {0, 1}:
        assert set(first) == {bool(share)}


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "skewed_date"},
        {"kind": "latency", "seconds": 5},
        {"kind": "latency", "endpoint": "GET /2/users/me"},
        {"kind": "latency", "account": "7"},
    ],
)
def test_faults_of_one_seed_that_do_different_things_strike_independently(other):
    ours = struck(Fault("latency", probability=0.1), 8000)
    theirs = struck(Fault(**other, probability=0.1), 8000)
    both = sum(a and b for a, b in zip(ours, theirs, strict=True))
    assert 40 < both < 140  # a tenth of a tenth is 80


def test_three_faults_left_to_their_seed_leave_as_many_requests_alone_as_chance_would():
    kinds = ("skewed_date", "unknown_fields", "slow_body")
    faults = of(*(Fault(kind, probability=0.1) for kind in kinds))
    met = [len(meet(faults)) for _ in range(8000)]
    assert abs(met.count(0) - 8000 * 0.9**3) < 200
    assert met.count(3) < 30


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_probability_strikes_the_same_ones_and_more(one, other):
    low, high = (
        struck(Fault("latency", probability=share), 200) for share in sorted((one, other))
    )
    assert all(b for a, b in zip(low, high, strict=True) if a)


def test_two_faults_of_one_stage_take_turns_like_a_script():
    faults = of(
        Fault("unavailable", count=1), Fault("reset_before", count=2), Fault("latency", count=1)
    )
    assert [meet(faults) for _ in range(4)] == [
        ["latency", "unavailable"],
        ["reset_before"],
        ["reset_before"],
        [],
    ]


def test_of_faults_that_can_all_happen_all_happen():
    faults = of(Fault("latency"), Fault("latency"), Fault("unknown_fields"), Fault("no_headers"))
    assert meet(faults) == ["latency", "latency", "unknown_fields", "no_headers"]


def test_a_fault_that_is_switched_off_counts_nothing_until_it_is_on_again():
    faults = of()
    fault = faults.add(Fault("latency", count=1))
    fault.enabled = False
    assert meet(faults) == []
    assert (fault.seen, fault.hits) == (0, 0)
    fault.enabled = True
    assert meet(faults) == ["latency"]


def test_faults_are_added_found_and_removed():
    faults = of(Fault("latency"))
    second = faults.add(Fault("no_headers"))
    assert [one.id for one in faults] == [1, 2]
    assert faults.get(2) is second
    assert faults.remove(1)
    assert not faults.remove(1)
    assert len(faults) == 1
    faults.clear()
    assert faults.add(Fault("latency")).id == 3
    for _ in range(MOST_FAULTS - 1):
        faults.add(Fault("latency"))
    with pytest.raises(ValueError, match="clear some"):
        faults.add(Fault("latency"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("latency", Fault("latency")),
        (" latency:seconds=2,count=3 ", Fault("latency", seconds=2, count=3)),
        (
            "lost_reply:endpoint=POST /2/users/:id/retweets",
            Fault("lost_reply", endpoint="POST /2/users/:id/retweets"),
        ),
        ("wrong_headers:value=", Fault("wrong_headers", value="")),
        ("error:status=403,code=326", Fault("error", status=403, code=326)),
        ('{"kind": "error", "detail": "no, no"}', Fault("error", detail="no, no")),
    ],
)
def test_a_fault_is_read_from_a_command_line(text, fault):
    assert read_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "there is no ''"),
        ("slow", "there are latency, slow_body"),
        ("latency:seconds", "is no NAME=VALUE"),
        ("latency:seconds=1,seconds=2", "seconds is there twice"),
        ("latency:kind=latency", "kind is there twice"),
        ("latency:seconds=soon", "seconds must be a number"),
        ("latency:colour=red", "colour"),
        ("latency:status=503", "not status"),
        ("{", "ends too early"),
        ('{"kind": "slow"}', "slow"),
        ("[]", "there is no '[]'"),
    ],
)
def test_what_is_no_fault_says_why_and_how_one_is_written(text, words):
    expected = f"{re.escape(words)}.*; write KIND or .* such as latency:seconds=2,count=3"
    with pytest.raises(ValueError, match=expected):
        read_fault(text)


@given(st.text())
def test_whatever_is_written_is_a_fault_or_a_value_error(text):
    with contextlib.suppress(ValueError):
        read_fault(text)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_survives_json(kind):
    fault = Fault(kind, count=3, **ROWS[kind].parameters)
    assert msgspec.json.decode(msgspec.json.encode(fault), type=Fault) == fault
