"""Are published mechanisms what they are said to be? Four libraries of others', put to the question as they are.

None of them is needed by this one. Install those you want to ask, beside it:

    pip install --no-deps sold matching matching-algorithms socialchoicekit preflibtools networkx

Every agent ranks all alternatives; rankings are all orders of three, so that what is found holds for every profile.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import itertools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.testing import Inspection, check_mechanism

SCHOOLS = "XYZ"
RANKINGS = {"".join(order): "".join(order) for order in itertools.permutations(SCHOOLS)}
STUDENTS = {"Ann": RANKINGS, "Bob": RANKINGS, "Cid": RANKINGS}
PRIORITIES = {"X": ["Bob", "Ann", "Cid"], "Y": ["Ann", "Cid", "Bob"], "Z": ["Ann", "Bob", "Cid"]}
WORTH = (3, 1, 0)  # of the first, second and third choice, in money or happiness


def worth(ranking: str, places: dict[str, str], agent: int) -> int:
    """What a student makes of the school that it got; nothing if it got none."""
    school = places.get(list(STUDENTS)[agent])
    return -1 if school is None else WORTH[ranking.index(school)]


def students(rankings: list[str]) -> dict[str, list[str]]:
    """Lists of schools by student."""
    return {name: list(ranking) for name, ranking in zip(STUDENTS, rankings, strict=True)}


def matched(rule: Callable[[list[str]], dict[str, str]], *properties: str) -> Inspection:
    """What is found about a rule that sends three students to three schools."""
    places = [dict(zip(STUDENTS, order, strict=True)) for order in itertools.permutations(SCHOOLS)]
    return check_mechanism(rule, STUDENTS, utility=worth, properties=properties, alternatives=places)


def resident_optimal() -> Inspection:
    """Deferred acceptance, students proposing (Gale & Shapley 1962): no student gains by a lie (Dubins & Freedman 1981)."""
    games = importlib.import_module("matching.games")

    def rule(rankings: list[str]) -> dict[str, str]:
        game = games.HospitalResident.create_from_dictionaries(students(rankings), PRIORITIES, dict.fromkeys(SCHOOLS, 1))
        return {one.name: school.name for school, ones in game.solve(optimal="resident").items() for one in ones}

    return matched(rule, "IC", "efficiency")


def hospital_optimal() -> Inspection:
    """The same, schools proposing: then students can gain."""
    games = importlib.import_module("matching.games")

    def rule(rankings: list[str]) -> dict[str, str]:
        game = games.HospitalResident.create_from_dictionaries(students(rankings), PRIORITIES, dict.fromkeys(SCHOOLS, 1))
        return {one.name: school.name for school, ones in game.solve(optimal="hospital").items() for one in ones}

    return matched(rule, "IC")


def schools() -> dict[str, dict[str, Any]]:
    """Schools in the words of matching-algorithms."""
    return {name: {"priorities": order, "capacity": 1} for name, order in PRIORITIES.items()}


def boston() -> Inspection:
    """Immediate acceptance: manipulable (Abdulkadiroglu & Sonmez 2003)."""
    library = importlib.import_module("matching_algorithms.main")
    return matched(lambda rankings: library.boston_mechanism(students(rankings), schools()), "IC", "efficiency")


def trading_cycles() -> Inspection:
    """Top trading cycles: strategy-proof and efficient, if they are run as written (Abdulkadiroglu & Sonmez 2003)."""
    library = importlib.import_module("matching_algorithms.main")
    return matched(lambda rankings: library.top_trading_cycles(students(rankings), schools()), "IC", "efficiency")


def sealed_bids(pay: str, n_bidders: int) -> Inspection:
    """An auction of sold: the item by its allocation rule, money by one of its payment rules."""
    allocate, payment = importlib.import_module("sold.allocate"), importlib.import_module("sold.pay")

    def rule(bids: list[int]) -> tuple[Any, Any]:
        return allocate.first_price(bids), getattr(payment, pay)(bids)

    distinct = [[1 + k + n_bidders * step for step in range(3)] for k in range(n_bidders)]
    types = distinct if n_bidders == 2 else [[1, 2, 3]] + [[1 + k, 3] for k in range(1, n_bidders)]
    return check_mechanism(rule, types, properties=("IC", "IR", "no deficit"))


def second_price_of_two() -> Inspection:
    """Two bidders who never tie: the second price."""
    return sealed_bids("second_price", 2)


def first_price_of_two() -> Inspection:
    """Two bidders who never tie, and pay their bids."""
    return sealed_bids("first_price", 2)


def second_price_of_three() -> Inspection:
    """Three bidders, of whom two may bid the same."""
    return sealed_bids("second_price", 3)


def ranks(rankings: list[str]) -> Any:
    """Rankings in the words of socialchoicekit: 1 is the best."""
    profile = importlib.import_module("socialchoicekit.profile_utils").StrictProfile
    return profile.of(np.array([[ranking.index(school) + 1 for school in SCHOOLS] for ranking in rankings], dtype=float))


def expected(ranking: str, chances: Any, agent: int) -> float:
    """The worth of a lottery over schools."""
    return float(sum(WORTH[ranking.index(school)] * chances[agent, k] for k, school in enumerate(SCHOOLS)))


def probabilistic_serial() -> Inspection:
    """Eating at equal speed: envy-free, not strategy-proof (Bogomolnaia & Moulin 2001). Its lotteries, exactly."""
    rule = importlib.import_module("socialchoicekit.randomized_allocation").ProbabilisticSerial(zero_indexed=True)
    return check_mechanism(
        lambda rankings: rule.bistochastic(ranks(rankings)), STUDENTS, utility=expected, properties=["IC", "anonymity"],
        tolerance=1e-9,
    )  # fmt: skip


def random_dictators() -> Inspection:
    """Random serial dictatorship, which draws an order: strategy-proof. Shown by draws, up to a tenth of the best school."""
    rule = importlib.import_module("socialchoicekit.randomized_allocation").RandomSerialDictatorship(zero_indexed=True)

    def drawn(rankings: list[str], rng: np.random.Generator) -> Any:
        np.random.seed(int(rng.integers(2**32)))  # noqa: NPY002 - the library draws from the global generator
        return rule.scf(ranks(rankings))

    two = {name: {order: order for order in list(RANKINGS)[:2]} for name in STUDENTS}  # of six rankings, to save time
    return check_mechanism(
        drawn, two, utility=lambda ranking, items, agent: WORTH[ranking.index(SCHOOLS[int(items[agent])])],
        properties=["IC"], n_samples=600, payoff_range=(0, 3), tolerance=0.3, rng=np.random.default_rng(1),
    )  # fmt: skip


ASKED: dict[str, tuple[Callable[[], Inspection], ...]] = {
    "sold": (second_price_of_two, first_price_of_two, second_price_of_three),
    "matching": (resident_optimal, hospital_optimal),
    "matching-algorithms": (boston, trading_cycles),
    "socialchoicekit": (probabilistic_serial, random_dictators),
}


def main() -> None:
    """Ask every library that is there, and say which are not."""
    for library, checks in ASKED.items():
        try:
            importlib.import_module(library.replace("-", "_"))
            version = importlib.metadata.version(library)
        except ImportError as exc:
            print(f"{library}: skipped, {exc}. pip install --no-deps {library}\n")
            continue
        for check in checks:
            print(f"{library} {version}: {check.__doc__}")
            try:
                print(check())
            except ProblemError as exc:
                print(f"not checked: {exc}")
            print()


if __name__ == "__main__":
    sys.exit(main())
