"""Thousands of random histories of one window against an exact model of X's."""

import random

import pytest

from tests.limits.world import World


def storm(
    seed: int,
    *,
    latency: float = float("inf"),
    loss: bool = False,
    headerless: bool = False,
    told: bool = True,
    straddling: bool = False,
    steps: int = 70,
) -> None:
    """Live through one history; fails on the first request that X refuses."""
    chance = random.Random(seed)
    world = World(
        chance.randint(1, 5),
        chance.choice([2.0, 5.0, 10.0]),
        chance.uniform(-300, 300),
        latency=latency,
    )
    for _ in range(steps):
        step(world, chance, loss=loss, headerless=headerless, told=told)
        assert world.refusals == 0, "X refused a request"
        world.check_sanity()
        if told and not loss and not headerless and (straddling or not world.straddled):
            world.check_exact()
            world.check_nothing_wasted(uncertainty=1.01 + min(latency, 200.0))


def step(world: World, chance: random.Random, *, loss: bool, headerless: bool, told: bool) -> None:
    kind = chance.random()
    if kind < 0.25:
        if chance.random() < 0.5:
            world.until_end(chance.choice([-0.01, 0.0, 0.01, 0.3, 1.0, 1.2]))
        else:
            world.pass_time(chance.choice([0.0, 0.01, 0.2, chance.uniform(0, 3)]))
    elif kind < 0.55:
        while chance.random() < 0.7 and world.send():
            pass
    elif world.flights:
        flight = chance.choice(world.flights)
        if kind < 0.75:
            if not flight.answered:
                world.arrive(flight)
        elif loss and chance.random() < 0.15:
            world.lose(flight)
        elif loss and not flight.answered and chance.random() < 0.1:
            world.give_back(flight)
        elif flight.answered:
            world.receive(flight, headers=told and not (headerless and chance.random() < 0.15))


def test_alone_nothing_is_refused_and_nothing_wasted_while_answers_take_half_a_second():
    for seed in range(8000):
        storm(seed, latency=0.5)


@pytest.mark.parametrize("told", [True, False])
def test_a_request_that_is_never_sent_costs_nothing(told):
    world = World(3, 900.0)
    for _ in range(3):
        assert world.send()
        [flight] = world.flights
        world.give_back(flight)
        world.check_sanity()
    for _ in range(1 if told else 2):  # after the second in a row it is known to be silent
        assert world.send()
        world.arrive(world.flights[0])
        world.receive(world.flights[0], headers=told)
    assert world.window.room(world.now) == (2 if told else 1)


@pytest.mark.parametrize("seed", [*range(1700, 1750), 1937, 4879])
def test_a_request_overtaken_by_the_window_s_end_wastes_no_slot_of_the_next(seed):
    storm(seed, latency=0.5, straddling=True)


@pytest.mark.parametrize("seed", range(50, 160))
def test_alone_nothing_is_refused_in_a_window_that_no_header_speaks_of(seed):
    storm(seed, latency=0.5, told=False)


@pytest.mark.parametrize("seed", [*range(100), 5689, 7633, 9615])
def test_alone_nothing_is_refused_when_answers_are_lost_around_the_window_s_end(seed):
    storm(seed, latency=0.5, loss=True, headerless=True)
