"""The model of X that the simulator judges by."""

import pytest

from benchmarks.simulate.x import Rule, X

USER = Rule("user:1", 2, 900.0)
APP = Rule("app:1", 3, 900.0)
OTHER = Rule("user:2", 2, 900.0)


def test_a_window_grants_its_limit_and_refuses_the_next():
    x = X()
    assert [x.count([USER], 1000.5 + at).granted for at in range(3)] == [True, True, False]
    assert (x.counted, x.refused) == (2, 1)


def test_a_window_ends_at_a_whole_second_rounded_up_and_then_all_is_back():
    x = X()
    for _ in range(2):
        assert x.count([USER], 1000.5).resets == (1901,)
    assert not x.count([USER], 1900.999).granted
    verdict = x.count([USER], 1901.0)
    assert verdict.granted
    assert verdict.remaining == (1,)
    assert verdict.resets == (2801,)


def test_a_request_takes_a_slot_in_each_window_or_in_none():
    x = X()
    for rules in ([USER, APP], [USER, APP], [OTHER, APP]):
        assert x.count(rules, 1000.0).granted
    refused = x.count([OTHER, APP], 1000.0)
    assert not refused.granted
    assert refused.remaining == (1, 0)


def test_a_refused_request_opens_no_window():
    x = X()
    for _ in range(3):
        assert x.count([APP], 1000.0).granted
    assert not x.count([USER, APP], 1500.0).granted
    assert x.count([USER], 1800.0).resets == (2700,)


def test_strangers_take_slots_and_their_refusals_are_not_ours():
    opened = []
    x = X(opened.append)
    x.count([USER], 1000.0, stranger=True)
    x.count([USER], 1000.0)
    assert not x.count([USER], 1000.0, stranger=True).granted
    assert not x.count([USER], 1000.0).granted
    [window] = opened
    assert (window.ours, window.strangers, window.refused) == (1, 1, 1)


@pytest.mark.parametrize("early", [0.001, 0.5])
def test_whoever_comes_before_the_reset_is_refused_however_little_it_is(early):
    x = X()
    for _ in range(2):
        x.count([USER], 1000.0)
    assert not x.count([USER], 1900.0 - early).granted
    assert x.count([USER], 1900.0).granted
