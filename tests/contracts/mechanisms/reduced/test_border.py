"""Border's conditions beside the program of all allocations, and lotteries beside the sum over all of their coins."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import contracts
from contracts import InfeasibleMenuError, ProblemError, feasible_interim, interim_lottery
from contracts.mechanisms.reduced.lottery import Priorities, winners

FEW = settings(max_examples=25, deadline=None)


def most_of(chances: list[Any], priors: list[Any], n_units: int = 1) -> float:
    """The largest factor by which some auction can multiply the chances, from a table of all profiles."""
    sizes = list(map(len, chances))
    profiles = list(itertools.product(*map(range, sizes)))
    count = len(sizes)
    n_x = len(profiles) * count
    equal, supply = [], []
    for i in range(count):
        for t in range(sizes[i]):
            row = np.zeros(n_x + 1)
            for k, profile in enumerate(profiles):
                if profile[i] == t:
                    row[k * count + i] = np.prod([priors[j][s] for j, s in enumerate(profile) if j != i])
            row[-1] = -chances[i][t]
            equal.append(row)
    for k in range(len(profiles)):
        row = np.zeros(n_x + 1)
        row[k * count : (k + 1) * count] = 1
        supply.append(row)
    goal = np.zeros(n_x + 1)
    goal[-1] = -1
    found = linprog(goal, supply, [n_units] * len(supply), equal, [0] * len(equal), [(0, 1)] * n_x + [(0, None)])
    return float(-found.fun) if found.status == 0 else np.inf  # nobody wins anything


@FEW
@given(st.integers(0, 10**6))
def test_sorting_finds_what_a_program_over_all_profiles_finds(seed):
    """Bidders who differ in everything, one or two units: scaled to the limit and beyond."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, size=rng.integers(1, 4))
    n_units = int(rng.integers(1, 3))
    chances = [rng.integers(0, 8, size=n) / 8 for n in sizes]
    priors = [rng.dirichlet(np.ones(n)) for n in sizes]
    factor = most_of(chances, priors, n_units)
    verdict = feasible_interim(chances, priors, n_units=n_units)
    if factor < np.inf and abs(factor - 1) > 1e-6:
        assert verdict.holds == (factor > 1)
    scaled = [np.minimum(part * factor * 0.999, 1) for part in chances] if factor < np.inf else chances
    assert feasible_interim(scaled, priors, n_units=n_units).holds
    if 0 < factor < np.inf and max(part.max() for part in chances) * factor * 1.001 <= 1:
        over = feasible_interim([part * factor * 1.001 for part in chances], priors, n_units=n_units)
        assert not over.holds
        assert over.excess > 0


@FEW
@given(st.integers(0, 10**6))
def test_like_bidders_and_several_units(seed):
    rng = np.random.default_rng(seed)
    n_types, n_bidders = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    n_units = int(rng.integers(1, 3))
    chances, prior = rng.integers(0, 9, size=n_types) / 8, rng.dirichlet(np.ones(n_types))
    factor = most_of([chances] * n_bidders, [prior] * n_bidders, n_units)
    verdict = feasible_interim(chances, prior, n_bidders=n_bidders, n_units=n_units)
    if abs(factor - 1) > 1e-6:
        assert verdict.holds == (factor > 1)


def expected(lottery: Any) -> list[Fraction]:
    """Chances of winning, summed over types, places, orders of bidders and the last coin."""
    rule = lottery.rule
    size, count = len(rule.weights), rule.n_bidders
    start = {t: place for place, t in enumerate(rule.order)}
    ways: dict[int, dict[int, Fraction]] = {}
    for t in range(size):
        chance = {start[t]: Fraction(1)}
        for high, low, down, up in lottery.exchanges:
            at_high, at_low = chance.get(high, Fraction(0)), chance.get(low, Fraction(0))
            chance[high], chance[low] = at_high * (1 - down) + at_low * up, at_low * (1 - up) + at_high * down
        ways[t] = chance
    found = [Fraction(0)] * size
    orders = list(itertools.permutations(range(count)))
    for types in itertools.product(range(size), repeat=count):
        others = Fraction(1)
        for t in types[1:]:
            others *= Fraction(rule.weights[t], rule.total)
        for places in itertools.product(range(size), repeat=count):
            chance = others
            for t, place in zip(types, places, strict=True):
                chance *= ways[t].get(place, Fraction(0))
            if not chance:
                continue
            for served, coin in ((lottery.n_served + 1, lottery.last), (lottery.n_served, 1 - lottery.last)):
                for order in orders:
                    table = np.array(places)[:, np.newaxis]
                    drawn = Priorities(table, served, np.array(order))
                    won = winners(drawn, np.zeros(count, dtype=int), rule.n_units)
                    found[types[0]] += chance * coin * int(won[0]) / len(orders)
    return found


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_the_lottery_gives_every_type_its_chance_without_rounding(seed):
    """All coins, all profiles, all orders: not what the lottery says of itself."""
    rng = np.random.default_rng(seed)
    n_types, n_bidders, n_units = int(rng.integers(1, 4)), int(rng.integers(1, 4)), int(rng.integers(1, 3))
    weights = [Fraction(int(w)) for w in rng.integers(1, 6, size=n_types)]
    prior = np.array([w / sum(weights) for w in weights], dtype=object)
    chances = np.array([Fraction(int(q), 12) for q in rng.integers(0, 13, size=n_types)], dtype=object)
    while not feasible_interim(chances, prior, n_bidders=n_bidders, n_units=n_units).holds:
        chances = chances * Fraction(7, 8)
    lottery = interim_lottery(chances, prior, n_bidders=n_bidders, n_units=n_units)
    assert list(lottery.interim()) == chances.tolist()
    assert expected(lottery) == chances.tolist()
    assert len(lottery.exchanges) < n_types
    for _, _, down, up in lottery.exchanges:
        assert 0 <= down <= 1
        assert 0 <= up <= 1


def test_fifty_bidders_of_many_types():
    """Halfway between the most selective rule and one that is the same for all."""
    rng = np.random.default_rng(0)
    size, count = 60, 50
    prior = rng.dirichlet(np.ones(size))
    exact = [Fraction(w) for w in prior]
    total, behind, chances = sum(exact), Fraction(1), []
    for w in exact:
        ahead = behind - w / total
        chances.append((behind**count - ahead**count) / (count * w / total) / 2 + Fraction(1, 2 * count))
        behind = ahead
    lottery = interim_lottery(np.array(chances, dtype=object), prior, n_bidders=count)
    assert list(lottery.interim()) == chances
    chances[0] += Fraction(1, 2**70)
    more = feasible_interim(np.array(chances, dtype=object), prior, n_bidders=count)
    assert not more.holds
    assert len(more.names) == size  # everything is sold, so a hair more is too much
    with pytest.raises(InfeasibleMenuError, match="lower the chances") as caught:
        interim_lottery(np.array(chances, dtype=object), prior, n_bidders=count)
    assert caught.value.conflict == more.names


def test_draws_are_deterministic_allocations_with_the_right_chances():
    lottery = interim_lottery([0.25, 0.5, 0.5], [0.5, 0.25, 0.25], n_bidders=2, labels=("a", "b", "c"))
    rng = np.random.default_rng(1)
    types = rng.choice(3, size=(4000, 2), p=[0.5, 0.25, 0.25])
    won = np.array([lottery.play(row.tolist(), rng=rng) for row in types])
    assert won.sum(axis=1).max() == 1
    for t, chance in enumerate([0.25, 0.5, 0.5]):
        assert won[types == t].mean() == pytest.approx(chance, abs=0.04)
    assert lottery.play(["a", "c"], rng=np.random.default_rng(0)) == lottery.play([0, 2], rng=np.random.default_rng(0))


def random_rule(rng: np.random.Generator, n_bidders: int, most_types: int, n_units: int) -> tuple[Any, Any]:
    """A mean of a few rankings of unlike bidders' types, and their priors: on the border, often on corners of it."""
    weights = [rng.integers(1, 8, size=rng.integers(1, most_types + 1)).tolist() for _ in range(n_bidders)]
    priors = [[Fraction(w, sum(own)) for w in own] for own in weights]
    everybody = [(k, t) for k, own in enumerate(weights) for t in range(len(own))]
    chances = [[Fraction(0)] * len(own) for own in weights]
    count = int(rng.integers(1, 4))
    for _ in range(count):
        ahead: list[list[Fraction]] = [[] for _ in weights]  # of each bidder, chances of types ranked so far
        for k, t in (everybody[j] for j in rng.permutation(len(everybody))):
            fewer = Fraction(0)
            others = [sum(own, Fraction(0)) for j, own in enumerate(ahead) if j != k]
            for there in itertools.product((0, 1), repeat=len(others)):
                if sum(there) < n_units:
                    odds = (p if here else 1 - p for p, here in zip(others, there, strict=True))
                    fewer += math.prod(odds, start=Fraction(1)) / count
            chances[k][t] += fewer
            ahead[k].append(priors[k][t])
    return chances, priors


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_rankings_give_every_type_of_unlike_bidders_its_chance_without_rounding(seed):
    """Every ranking is played at every profile: not what the lottery says of itself."""
    rng = np.random.default_rng(seed)
    n_units = int(rng.integers(1, 3))
    chances, priors = random_rule(rng, int(rng.integers(1, 4)), 3, n_units)
    if seed % 2:
        chances = [[one * Fraction(int(rng.integers(0, 3)), 2) for one in own] for own in chances]
    chances = [[min(one, Fraction(1)) for one in own] for own in chances]
    while not feasible_interim(chances, priors, n_units=n_units).holds:
        chances = [[one * Fraction(3, 4) for one in own] for own in chances]
    lottery = interim_lottery(chances, priors, n_units=n_units)
    assert lottery.interim() == tuple(map(tuple, chances))
    assert sum(one.chance for one in lottery.rankings) == 1
    assert min(one.chance for one in lottery.rankings) > 0
    assert len(lottery.rankings) <= sum(map(len, chances)) + 1
    won = [[Fraction(0)] * len(own) for own in chances]
    for chance, ranking in lottery.rankings:
        assert len(set(ranking)) == len(ranking)
        for profile in itertools.product(*(range(len(own)) for own in chances)):
            odds = math.prod((priors[k][t] for k, t in enumerate(profile)), start=Fraction(1))
            for k, t in [one for one in ranking if one in set(enumerate(profile))][:n_units]:
                won[k][t] += chance * odds / priors[k][t]
    assert won == chances


def test_eight_unlike_bidders_and_the_hair_that_is_too_much():
    rng = np.random.default_rng(4)
    priors = [rng.dirichlet(np.ones(6)) for _ in range(8)]
    exact = [[Fraction(w) for w in own] for own in priors]
    priors = [np.array([w / sum(own) for w in own], dtype=object) for own in exact]
    behind, chances = [Fraction(1)] * 8, [[Fraction(0)] * 6 for _ in priors]
    for t in range(6):  # turns of bidders, tier by tier, mixed with the reverse order
        for order in (range(8), range(7, -1, -1)):
            left = list(behind)
            for k in order:
                chances[k][t] += math.prod(left[:k] + left[k + 1 :]) / 2
                left[k] -= priors[k][t]
        behind = left
    lottery = interim_lottery(chances, priors)
    assert lottery.interim() == tuple(map(tuple, chances))
    chances[3][2] += Fraction(1, 2**70)
    with pytest.raises(InfeasibleMenuError, match="lower the chances") as caught:
        interim_lottery(chances, priors)
    assert "type 2 of bidder 3" in caught.value.conflict
    assert "3 3" not in caught.value.conflict


def test_rankings_are_played_as_they_are_drawn():
    lottery = interim_lottery([[0.25, 0.75], [0.5]], labels=[("weak", "strong"), ("entrant",)])
    rng = np.random.default_rng(2)
    won = np.array([[lottery.play([t, "entrant"], rng=rng) for _ in range(2000)] for t in ("weak", "strong")])
    assert won.sum(axis=-1).max() == 1
    assert won[..., 0].mean(axis=1) == pytest.approx([0.25, 0.75], abs=0.04)
    assert won[..., 1].mean() == pytest.approx(0.5, abs=0.04)
    assert repr(lottery) == "RankingLottery(n_types=(2, 1), n_units=1, n_rankings=3)"
    assert lottery.draw(rng=np.random.default_rng(0)) in [one.types for one in lottery.rankings]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: feasible_interim([0.5, 0.5]), "n_bidders is left out"),
        (lambda: feasible_interim([0.5, 1.5], n_bidders=2), "from 0 to 1"),
        (lambda: feasible_interim([0.5, 0.5], [0.5, 0.6], n_bidders=2), "sum to 1.1, not 1"),
        (lambda: feasible_interim([0.5, 0.5], [1.0, 0.0], n_bidders=2), "leave the type out"),
        (lambda: feasible_interim([[0.5], [0.5]], n_bidders=3), "leave n_bidders out"),
        (lambda: feasible_interim("many", n_bidders=3), "give a chance of winning"),
        (lambda: interim_lottery([[0.5], [0.5]], n_bidders=3), "leave n_bidders out"),
        (lambda: interim_lottery([[0.5], [0.5]], [[1.0]]), "an array for each of 2 bidders"),
        (lambda: interim_lottery([[0.5], [0.25, 0.5]]).play([0, 2]), "2"),
        (lambda: interim_lottery([[0.5], [0.5]]).play([0]), "a type for each of 2 bidders"),
        (lambda: contracts.interim_lottery([0.5], n_bidders=1).play([3]), "3"),
    ],
)
def test_bad_input_is_refused_in_words(call, words):
    with pytest.raises(ProblemError, match=words):
        call()
