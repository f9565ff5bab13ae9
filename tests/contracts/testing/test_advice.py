"""Advice of the kit can be followed: a call that fails, what it is told, and calls that do as they are told."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

import contracts as c
from contracts.testing import check_mechanism as check
from contracts.testing import (
    check_menu,
    mechanisms,
    menus,
    moral_hazard_problems,
    priors,
    problems,
    repeated_mechanism,
    samples_needed,
)

TASTES = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic())
MENU = c.solve_menu(TASTES)
UNIT = (0.0, 1.0)


class Advice(NamedTuple):
    """What the message says, the call that it answers, and calls that do what it says, one for each remedy."""

    says: str
    fails: object
    follow: tuple


def gift(report):
    return 0, 0


def gifts(reports):
    return [0] * len(reports), [0] * len(reports)


def echo(report):
    return report


def coin(report, rng):
    return rng.uniform() < 0.5, 0


def picky(report):
    return (1, 1 / (report - 1)) if report < 3 else (0, 0)


def luck(seed):
    rng = np.random.default_rng(seed)
    return lambda report: (0, rng.uniform())


def life(make, types=(1, 2), **options):
    few = settings(max_examples=3, stateful_step_count=3, derandomize=True, database=None)
    run_state_machine_as_test(repeated_mechanism(make, list(types), **options), settings=few)


ADVICE = [
    Advice(
        "return (allocation, transfer), or give utility=",
        lambda: check(echo, [1, 2]),
        (lambda: check(gift, [1, 2]), lambda: check(echo, [1, 2], utility=lambda own, said: own == said)),
    ),
    Advice(
        "return (allocations, transfers), 2 of each",
        lambda: check(gift, [[1], [2]]),
        (lambda: check(gifts, [[1], [2]]),),
    ),
    Advice(
        "mend it, or leave that type out",
        lambda: check(picky, [1, 2]),
        (lambda: check(picky, [2, 3], properties=["IC"]), lambda: check(picky, [2, 4])),
    ),
    Advice(
        "n_agents= says whose types are whose",
        lambda: check(lambda report: (report[0] - report[0], len(report.shape)), [[1, 2], [3, 4]]),
        (lambda: check(lambda report: ([0, 0], 0), [[1, 2], [3, 4]], n_agents=1),),
    ),
    Advice(
        "rng= adds a generator",
        lambda: check(coin, [1, 2], n_samples=5, payoff_range=(0, 2)),
        (lambda: check(coin, [1, 2], n_samples=5, payoff_range=(0, 2), rng=np.random.default_rng(0)),),
    ),
    Advice(
        "give a number or a tuple with one value per good, or utility=",
        lambda: check(gift, ["low", "high"]),
        (
            lambda: check(gift, {"low": 1, "high": 2}),
            lambda: check(lambda report: ((0, 0), 0), {"low": (1, 1), "high": (2, 1)}),
            lambda: check(gift, ["low", "high"], utility=lambda own, got: 0),
        ),
    ),
    Advice("return one amount per good", lambda: check(lambda r: ([1, 2], 0), [1]), (lambda: check(gift, [1]),)),
    Advice("give all one value per good", lambda: check(gift, [(1, 2), (1,)]), (lambda: check(gift, [(2,), (1,)]),)),
    Advice("give a finite number", lambda: check(lambda r: (0, np.nan), [1]), (lambda: check(gift, [1]),)),
    Advice("choose a larger unit", lambda: check(gift, [1e150]), (lambda: check(gift, [1.0]),)),
    Advice("give at least one type", lambda: check(gift, []), (lambda: check(gift, [1]),)),
    Advice(
        "give a list of types for each",
        lambda: check(gifts, [[1], [2]], n_agents=3),
        (lambda: check(gifts, [[1], [2], [3]], n_agents=3),),
    ),
    Advice("give one list per agent", lambda: check(gifts, [[1], [2]], lies=[[3]]),
           (lambda: check(gifts, [[1], [2]], lies=[[3], []]),)),
    Advice("give fewer types per agent", lambda: check(gifts, [list(range(400))] * 2),
           (lambda: check(gifts, [[1, 2]] * 2),)),
    Advice(
        "For one that draws give n_samples= or precision=, and payoff_range=; one that remembers is for "
        "repeated_mechanism",
        lambda: check(luck(0), [1, 2]),
        (
            lambda: check(luck(0), [1, 2], n_samples=5, payoff_range=(-1, 0)),
            lambda: check(luck(0), [1, 2], precision=0.5, payoff_range=(-1, 0)),
            lambda: life(lambda: luck(3)),
        ),
    ),
    Advice(
        "let make give each of them a generator with the same seed, and a past of its own",
        lambda: life(lambda: luck(None)),
        (lambda: life(lambda: luck(3)),),
    ),
    Advice("it is called with nothing", lambda: life(lambda: 1 / 0), (lambda: life(lambda: gift),)),
    Advice("return a function from reports to outcomes", lambda: life(lambda: 1), (lambda: life(lambda: gift),)),
    Advice(
        "give a number above 0, and at most 1",
        lambda: repeated_mechanism(lambda: gift, [1], discount=0.0),
        (lambda: repeated_mechanism(lambda: gift, [1], discount=0.9),),
    ),
    Advice(
        "a third argument is the number of the agent",
        lambda: check(gifts, [[1], [2]], utility=lambda own, got: got["agent"]),
        (lambda: check(gifts, [[1], [2]], utility=lambda own, got, agent: got[0][agent]),),
    ),
    Advice("it knows 'IC', 'IR'", lambda: check(gift, [1], properties=["truth"]),
           (lambda: check(gift, [1], properties=["IC"]),)),
    Advice("give some of 'IC', 'IR'", lambda: check(gift, [1], properties=[]),
           (lambda: check(gift, [1], properties=["IR"]),)),
    Advice(
        "leave it out, or give types per agent",
        lambda: check(gift, [1], properties=["IC", "anonymity"]),
        (lambda: check(gift, [1], properties=["IC"]), lambda: check(gifts, [[1], [1]], properties=["IC", "anonymity"])),
    ),
    Advice("give utility units, 0 for none", lambda: check(gift, [1], tolerance=-1.0),
           (lambda: check(gift, [1], tolerance=0.0),)),
    Advice("0 to ask for every outcome once", lambda: check(gift, [1], n_repeats=-2),
           (lambda: check(gift, [1], n_repeats=0),)),
    Advice(
        "give 'uniform', weights per agent, or an array of chances",
        lambda: check(gifts, [[1, 2], [1, 2]], prior="equal"),
        (
            lambda: check(gifts, [[1, 2], [1, 2]], prior="uniform"),
            lambda: check(gifts, [[1, 2], [1, 2]], prior=[[0.5, 0.5], [0.25, 0.75]]),
            lambda: check(gifts, [[1, 2], [1, 2]], prior=np.full((2, 2), 0.25)),
        ),
    ),
    Advice("divide it by its sum", lambda: check(gift, [1, 2], prior=[1.0, 3.0]),
           (lambda: check(gift, [1, 2], prior=np.array([1.0, 3.0]) / 4),)),
    Advice("give chances, none of them negative", lambda: check(gift, [1, 2], prior=[1.5, -0.5]),
           (lambda: check(gift, [1, 2], prior=[0.5, 0.5]),)),
    Advice(
        "leave it out, or give it one",
        lambda: check(gift, [1, 2], prior=[1.0, 0.0]),
        (lambda: check(gift, [1], prior=[1.0]), lambda: check(gift, [1, 2], prior=[0.9, 0.1])),
    ),
    Advice("give one per type", lambda: check(gift, [1, 2], prior=[1.0]),
           (lambda: check(gift, [1, 2], prior=[0.5, 0.5]),)),
    Advice(
        "give one list of weights per agent, or an array of shape (1, 2)",
        lambda: check(gifts, [[1], [1, 2]], prior=[1.0]),
        (
            lambda: check(gifts, [[1], [1, 2]], prior=[[1.0], [0.5, 0.5]]),
            lambda: check(gifts, [[1], [1, 2]], prior=np.array([[0.5, 0.5]])),
        ),
    ),
    Advice(
        "give one list of weights for each of ['x', 'y']",
        lambda: check(gifts, {"x": [1], "y": [1]}, prior={"x": [1]}),
        (lambda: check(gifts, {"x": [1], "y": [1]}, prior={"x": [1], "y": [1]}),),
    ),
    Advice("give one per type", lambda: check(gift, [1, 2], reservation_utility=[0]),
           (lambda: check(gift, [1, 2], reservation_utility=[0, 0]),)),
    Advice("give one per agent", lambda: check(gifts, [[1], [1]], reservation_utility=[0]),
           (lambda: check(gifts, [[1], [1]], reservation_utility=[0, [0]]),)),
    Advice(
        "give at least one, or leave it out",
        lambda: check(gift, [1], properties=["efficiency"], alternatives=[]),
        (
            lambda: check(gift, [1], properties=["efficiency"], alternatives=[0, 1]),
            lambda: check(gift, [1], properties=["efficiency"]),
        ),
    ),
    Advice(
        "give the allocations of all 2 agents, as fn answers it",
        lambda: check(gifts, [[1], [1]], properties=["efficiency"], alternatives=[0, 1]),
        (lambda: check(gifts, [[1], [1]], properties=["efficiency"], alternatives=[[0, 1], [1, 0]]),),
    ),
    Advice(
        "it is called with the allocations that fn answers",
        lambda: check(gifts, [[1], [1]], properties=["no deficit"], cost=lambda: 1),
        (lambda: check(gifts, [[1], [1]], properties=["no deficit"], cost=lambda allocations: sum(allocations)),),
    ),
    Advice(
        "give n_samples= or precision= too, or leave it out",
        lambda: check(gift, [1], rng=np.random.default_rng(0)),
        (
            lambda: check(coin, [1], n_samples=5, payoff_range=(0, 1), rng=np.random.default_rng(0)),
            lambda: check(coin, [1], precision=0.5, payoff_range=(0, 1), rng=np.random.default_rng(0)),
            lambda: check(gift, [1]),
        ),
    ),
    Advice("give n_samples= or precision= as well", lambda: check(gift, [1], payoff_range=(0, 1)),
           (lambda: check(gift, [1], payoff_range=(0, 1), n_samples=5),)),
    Advice(
        "give one, the other follows",
        lambda: check(gift, [1], payoff_range=UNIT, n_samples=5, precision=0.5),
        (
            lambda: check(gift, [1], payoff_range=UNIT, n_samples=5),
            lambda: check(gift, [1], payoff_range=UNIT, precision=0.5),
        ),
    ),
    Advice("give the lowest and highest", lambda: check(gift, [1], n_samples=5),
           (lambda: check(gift, [1], n_samples=5, payoff_range=UNIT),)),
    Advice("give at least 2", lambda: check(gift, [1], n_samples=1, payoff_range=UNIT),
           (lambda: check(gift, [1], n_samples=2, payoff_range=UNIT),)),
    Advice("give a range that no outcome leaves", lambda: check(gift, [1], n_samples=2, payoff_range=(1, 2)),
           (lambda: check(gift, [1], n_samples=2, payoff_range=UNIT),)),
    Advice("give the lowest and the highest utility, both finite",
           lambda: samples_needed(0.1, payoff_range=(1.0, 0.0), n_deviations=2),
           (lambda: samples_needed(0.1, payoff_range=UNIT, n_deviations=2),)),
    Advice("such as 0.95", lambda: samples_needed(0.1, payoff_range=UNIT, n_deviations=2, level=95.0),
           (lambda: samples_needed(0.1, payoff_range=UNIT, n_deviations=2, level=0.95),)),
    Advice("it was looked at IC, IR", lambda: check(gift, [1]).finding("efficiency"),
           (lambda: check(gift, [1]).finding("IR"),)),
    Advice("give gap=1e-6, say", lambda: check_menu(TASTES, MENU.allocation, MENU.transfer, properties=["optimality"]),
           (lambda: check_menu(TASTES, MENU.allocation, MENU.transfer, properties=["optimality"], gap=1e-6),)),
    Advice("give some of 'line', 'plain' and 'rich'", lambda: problems(kinds=["curved"]),
           (lambda: problems(kinds=["line"]),)),
    Advice("give the fewest and the most, at least 1", lambda: menus(n_options=(2, 1)),
           (lambda: menus(n_options=(1, 2)),)),
    Advice(
        "give 3, or leave n_types out",
        lambda: problems(labels=["a", "b"], n_types=(1, 3)),
        (lambda: problems(labels=["a", "b", "c"], n_types=(1, 3)), lambda: problems(labels=["a", "b"])),
    ),
    Advice("give at least one name, or leave it out", lambda: problems(labels=[]),
           (lambda: problems(labels=["a"]), problems)),
    Advice("let there be 2 or more, and names", lambda: mechanisms(broken=True, labels=["a"]),
           (lambda: mechanisms(broken=True, labels=["a", "b"]),)),
    Advice("give whole numbers from 1, one per agent", lambda: priors([2, 0]), (lambda: priors([2, 1]),)),
    Advice("give n_types as a list with one number per agent", lambda: priors(2, correlated=True),
           (lambda: priors([2, 2], correlated=True),)),
    Advice("give some of 'neutral', 'log'", lambda: moral_hazard_problems(utilities=[]),
           (lambda: moral_hazard_problems(utilities=["log"]),)),
]  # fmt: skip


@pytest.mark.parametrize("advice", ADVICE, ids=lambda advice: advice.says[:50])
def test_every_remedy_that_the_kit_names_works(advice):
    with pytest.raises(c.ProblemError) as refused:
        advice.fails()
    assert advice.says in str(refused.value)
    for follow in advice.follow:
        follow()


def test_an_open_finding_says_what_would_close_it_and_that_does():
    """Draws that vary: too few, then as many as it says, and a tolerance."""
    rng = np.random.default_rng(1)

    def raffle(report, drawn):
        return 0, drawn.uniform() * (1 + (report > 1))  # a higher report pays more

    asked = {"properties": ["IC"], "payoff_range": (-2, 0), "tolerance": 0.1}
    few = check(raffle, [1, 2], n_samples=10, rng=rng, **asked).finding("IC")
    assert few.verdict == "undecided"
    fails = check(raffle, [1, 2], n_samples=few.n_samples_needed, rng=rng, **asked).finding("IC")
    assert (fails.verdict, fails.labels) == ("fails", ("2", "1"))
    exact = check(gift, [1, 2], properties=["efficiency"]).finding("efficiency")
    assert "alternatives=" in exact.how
    assert check(gift, [1, 2], properties=["efficiency"], alternatives=[0, 1]).finding("efficiency").verdict == "fails"
