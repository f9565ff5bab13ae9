"""Who works at night: whether shifts can be shared out better than by lot if nobody can be paid.

Three nurses share a day, an evening and a night shift. What a shift costs each of them (in hours off that would make
up for it) depends on their lives, which they alone know, and everybody would rather not work at night. Hospitals draw
lots, or let nurses choose one after the other in a random order; the latter is safe from lies. Is it also the best
that is safe from lies? Every rule below is held to giving nobody less than an equal lot would, in expectation.

    python examples/shifts.py
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

import contracts

NURSES, SHIFTS = ("Ann", "Bob", "Cem"), ("day", "evening", "night")
COSTS = {"early bird": [0, 3, 8], "night owl": [4, 2, 3], "parent": [1, 9, 5], "student": [6, 1, 4]}
CHANCES = [0.4, 0.2, 0.2, 0.2]
ORDERS = list(itertools.permutations(range(3)))  # the shift of each nurse, one after the other


def problem(**asked: Any) -> contracts.MechanismProblem:
    """Every way to share out the shifts is an alternative; an equal lot is what each nurse could insist on."""
    costs = np.array(list(COSTS.values()), dtype=float)
    return contracts.MechanismProblem(
        [-costs[:, [order[nurse] for order in ORDERS]] for nurse in range(3)],
        [CHANCES] * 3,
        objective="welfare",
        participation="interim",
        reservation_utility=[-costs.mean(axis=1)] * 3,
        labels=[list(COSTS)] * 3,
        alternatives=["-".join(SHIFTS[shift] for shift in order) for order in ORDERS],
        agents=NURSES,
        **asked,
    )


def by_turns(asked: contracts.MechanismProblem) -> Any:
    """Nurses choose in a random order: chances of every way to share out, at every profile of reports."""
    costs, found = list(COSTS.values()), np.full((*asked.n_types, len(ORDERS)), Fraction(0))
    for types in np.ndindex(*asked.n_types):
        for turn in itertools.permutations(range(3)):
            left, taken = set(range(3)), [0, 0, 0]
            for nurse in turn:
                taken[nurse] = min(left, key=lambda shift, own=costs[types[nurse]]: own[shift])
                left.remove(taken[nurse])
            found[*types, ORDERS.index((taken[0], taken[1], taken[2]))] += Fraction(1, 6)
    return found


def main() -> None:
    """Print what every rule costs together, what can be gained by lies, and what the best one does."""
    unpaid = problem(incentives="dominant", transfers="none")
    lot = contracts.verify_mechanism(unpaid, np.full((*unpaid.n_types, 6), Fraction(1, 6)))
    turns = contracts.verify_mechanism(unpaid, by_turns(unpaid))
    best = contracts.solve_mechanism(unpaid)
    trusting = contracts.solve_mechanism(replace(unpaid, incentives="bayesian"))
    paid = contracts.solve_mechanism(problem(incentives="bayesian", budget="balanced"))
    print("hours lost together, on average")
    print(f"  an equal lot: {-lot.value:.4f}")
    print(f"  by turns, in a random order: {-turns.value:.4f}, no lie ever gains: {turns.holds}")
    for name, found in (
        ("the best in which no lie ever gains, nobody is paid", best),
        ("the best in which no lie gains on average, nobody is paid", trusting),
        ("the best in which nurses pay each other", paid),
    ):
        exact = found.certificate.is_exact
        print(f"  {name}: {-found.value:.4f}, proven to be no less than {-found.upper_bound:.4f}, exact: {exact}")
    costs = -sum(table[unpaid.type_at[nurse]] for nurse, table in enumerate(unpaid.values))
    print(f"  if everything were known: {unpaid.joint.ravel() @ costs.min(axis=1):.4f}")
    print("what paying each other takes, by type: hours given (received if negative), on average")
    for name, hours in zip(COSTS, paid.interim_payments[0], strict=True):
        print(f"  {name}: {hours:+.3f}")
    print("an early bird's shifts by the best rule without money, if the others are a parent and a student")
    answer = best.play(["early bird", "parent", "student"])
    for k, shift in enumerate(SHIFTS):
        chance = sum(one for one, order in zip(answer.chances, ORDERS, strict=True) if order[0] == k)
        print(f"  {shift}: {chance}")


if __name__ == "__main__":
    main()
