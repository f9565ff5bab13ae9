"""Are published mechanisms what they are said to be? Four libraries of others', put to the question as they are.

None of them is needed by this one. Install those you want to ask, beside it:

    pip install --no-deps sold matching matching-algorithms pulp socialchoicekit preflibtools networkx

Every agent ranks all alternatives; rankings are all orders of three, so that what is found holds for every profile.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.testing import Inspection, check_mechanism

SCHOOLS = "XYZ"
RANKINGS = {"".join(order): "".join(order) for order in itertools.permutations(SCHOOLS)}
STUDENTS = {"Ann": RANKINGS, "Bob": RANKINGS, "Cid": RANKINGS}
PRIORITIES = {"X": ["Bob", "Ann", "Cid"], "Y": ["Ann", "Cid", "Bob"], "Z": ["Ann", "Bob", "Cid"]}
WORTH = (3, 1, 0)  # of the first, second and third choice
NEARLY_AS_GOOD = (10, 9, 0)  # where an agent does not care much which of its first two it gets


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


def deferred_acceptance(who_proposes: str) -> Callable[[list[str]], dict[str, str]]:
    """The rule of Gale & Shapley (1962) in the words of matching."""
    games = importlib.import_module("matching.games")

    def rule(rankings: list[str]) -> dict[str, str]:
        one_place_each = dict.fromkeys(SCHOOLS, 1)
        game = games.HospitalResident.create_from_dictionaries(students(rankings), PRIORITIES, one_place_each)
        return {one.name: school.name for school, ones in game.solve(optimal=who_proposes).items() for one in ones}

    return rule


def resident_optimal() -> Inspection:
    """Deferred acceptance, students proposing: no student gains by a lie, and it need not be efficient for them."""
    return matched(deferred_acceptance("resident"), "IC", "efficiency")


def hospital_optimal() -> Inspection:
    """Deferred acceptance, schools proposing: students can gain."""
    return matched(deferred_acceptance("hospital"), "IC")


def schools(seats: dict[str, int]) -> dict[str, dict[str, Any]]:
    """Schools in the words of matching-algorithms."""
    return {name: {"priorities": PRIORITIES[name], "capacity": count} for name, count in seats.items()}


def boston() -> Inspection:
    """Immediate acceptance: manipulable (Abdulkadiroglu & Sonmez 2003)."""
    rule = importlib.import_module("matching_algorithms.main").boston_mechanism
    one_each = dict.fromkeys(SCHOOLS, 1)
    return matched(lambda rankings: rule(students(rankings), schools(one_each)), "IC", "efficiency")


def trading_cycles() -> Inspection:
    """Top trading cycles: strategy-proof and efficient (Abdulkadiroglu & Sonmez 2003)."""
    rule = importlib.import_module("matching_algorithms.main").top_trading_cycles
    one_each = dict.fromkeys(SCHOOLS, 1)
    return matched(lambda rankings: rule(students(rankings), schools(one_each)), "IC", "efficiency")


def trading_cycles_of_two_seats() -> Inspection:
    """Top trading cycles again, where one of two schools has two seats, so that there is one for everybody."""
    rule = importlib.import_module("matching_algorithms.main").top_trading_cycles
    seats, orders = {"X": 2, "Y": 1}, {"XY": "XY", "YX": "YX"}
    return check_mechanism(
        lambda rankings: rule(students(rankings), schools(seats)), dict.fromkeys(STUDENTS, orders), utility=worth,
        properties=["IC"],
    )  # fmt: skip


def sealed_bids(pay: str, types: list[list[int]]) -> Inspection:
    """An auction of sold: the item by its allocation rule, money by one of its payment rules."""
    allocate, payment = importlib.import_module("sold.allocate"), importlib.import_module("sold.pay")

    def rule(bids: list[int]) -> tuple[Any, Any]:
        return allocate.first_price(bids), getattr(payment, pay)(bids)

    return check_mechanism(rule, types, properties=("IC", "IR", "no deficit"))


def second_price() -> Inspection:
    """The second price, of bidders who never tie: truth is a dominant strategy (Vickrey 1961)."""
    return sealed_bids("second_price", [[1, 3, 5], [2, 4, 6]])


def first_price() -> Inspection:
    """The first price, of the same bidders: they gain by bidding less."""
    return sealed_bids("first_price", [[1, 3, 5], [2, 4, 6]])


def second_price_of_three() -> Inspection:
    """The second price, of three bidders, of whom two may tie."""
    return sealed_bids("second_price", [[1, 2, 3], [2, 3], [1]])


def second_price_of_equals() -> Inspection:
    """The second price, of bidders who may all tie."""
    return sealed_bids("second_price", [[1, 2], [1, 2]])


def ranks(rankings: list[str]) -> Any:
    """Rankings in the words of socialchoicekit: 1 is the best."""
    profile = importlib.import_module("socialchoicekit.profile_utils").StrictProfile
    places = [[ranking.index(school) + 1.0 for school in SCHOOLS] for ranking in rankings]
    return profile.of(np.array(places))


def expected(ranking: str, chances: Any, agent: int) -> float:
    """The worth of a lottery over schools."""
    return float(sum(NEARLY_AS_GOOD[ranking.index(school)] * chances[agent, k] for k, school in enumerate(SCHOOLS)))


def probabilistic_serial() -> Inspection:
    """Eating at equal speed: envy-free, not strategy-proof (Bogomolnaia & Moulin 2001). Its lotteries, exactly."""
    rule = importlib.import_module("socialchoicekit.randomized_allocation").ProbabilisticSerial(zero_indexed=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return check_mechanism(
            lambda rankings: rule.bistochastic(ranks(rankings)), STUDENTS, utility=expected,
            properties=["IC", "anonymity"], tolerance=1e-9,
        )  # fmt: skip


def random_dictators() -> Inspection:
    """Random serial dictatorship, which draws an order: nobody gains more than 0.3 by a lie, on average."""
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
    "sold": (second_price, first_price, second_price_of_three, second_price_of_equals),
    "matching": (resident_optimal, hospital_optimal),
    "matching-algorithms": (boston, trading_cycles, trading_cycles_of_two_seats),
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
    main()
