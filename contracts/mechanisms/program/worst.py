r"""The worst case over priors in a set: cuts, and the mixture of priors that proves the bound.

The principal alone is in doubt about the prior; what agents believe of each other is `probabilities`, and in dominant
strategies nobody asks. With u(theta) what the objective makes of profile theta,

    maximise z   such that   z <= sum_theta g(theta) u(theta)  for every prior g in the set,  and all constraints.

Some priors make a linear program, an upper bound; the worst prior for its mechanism is added until it is worth what the
program says (Kelley 1960). The prices of priors are a mixture of them, which lies in the set as it is convex: for the
principal who believes that mixture the prices of all other rows prove the bound, and the program with these prices is
an ordinary one (minimax). A list of priors is its own convex hull, and needs no cuts.

Of several goals, each has a worst prior of its own, W_j(x) = min_g E_g[u_j]. Every W_j is concave in the mechanism, so
what they can be together has a concave front, and weighted sums of them find all of it:

    maximise sum_j w_j z_j   such that   z_j <= sum_theta g(theta) u_j(theta)  for every prior g and goal j.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import nnls

from contracts.errors import ProblemError, SolverError
from contracts.exact.rationals import as_integers, binary_places
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.mechanisms.interim import Tables
from contracts.mechanisms.numbers import Numbers, Rational, whole
from contracts.mechanisms.problem import MechanismProblem
from contracts.mechanisms.program.formulate import formulated
from contracts.mechanisms.program.layout import MechanismProgram
from contracts.mechanisms.program.payments import tables_of
from contracts.numerics.basis import Index, LinearProgram, Vertex
from contracts.numerics.exact_solve import Sparse, Whole, sizes
from contracts.numerics.folding import best_point
from contracts.numerics.vertex import Ended

ROUNDS = 200  # of cuts
SHARE = 0.1  # of the gap that is asked for, at which cuts end
DIGITS_OF_RATIOS = 48  # binary ones, of a chance over what it is in the prior that a set is around
OUTSIDE = 1e-9  # how far from a list's hull a prior of a file may lie by rounding
OUTSIDE_CURVED = 1e-6  # and from a set's border, to which the worst prior is found by search


class WorstCase(NamedTuple):
    """A mechanism with the mixture of priors that proves a bound, and prices of the ordinary program under it."""

    tables: Tables
    prior: Whole  # (n_profiles,) in parts of their sum
    prices: Rational


def worth_at_worst(numbers: Numbers, tables: Tables) -> float | Fraction:
    """What a mechanism is worth under the worst prior of the set; for a list of priors without rounding."""
    problem, payoff = numbers.problem, payoffs(numbers, tables)
    if isinstance(problem.ambiguity, tuple):
        return min(_mean(prior, payoff) for prior in listed_priors(problem))
    return _worst(numbers, payoff)[1]


def payoffs(numbers: Numbers, tables: Tables) -> list[Fraction]:
    """What the objective makes of every profile; (n_profiles,)."""
    goods, each, parts = numbers.goals()
    done = (goods * tables.outcome.numerators).sum(axis=1)
    paid = sum(weight * row for weight, row in zip(each, tables.transfers.numerators, strict=True))
    paid = np.broadcast_to(paid, done.shape)
    unit = (parts * tables.outcome.unit) << numbers.digits
    return [Fraction(int(a), unit) + Fraction(int(b), parts * tables.transfers.unit)
            for a, b in zip(done.tolist(), paid.tolist(), strict=True)]  # fmt: skip


def worst_case(problem: MechanismProblem, gap: float, scale: float) -> WorstCase | tuple[MechanismProgram, Ended]:
    """The best mechanism for the worst prior; or the program and how the search for it ended.

    Raises
    ------
    SolverError
        If cuts did not come to an end.
    """
    goal = Goal(Numbers(problem), Fraction(1))
    found = worst_cases(problem, [goal], gap, scale)
    if isinstance(found, tuple):
        return found
    count = found.program.program.rows.n_rows
    shares = -found.vertex.prices[count:]
    none = whole([0] * len(goal.priors[0]))
    mixed = sum((share * prior for share, prior in zip(shares, goal.priors, strict=True)), start=none)
    common = math.gcd(*mixed.tolist(), *found.vertex.prices[:count].tolist())
    prices = Rational(found.vertex.prices[:count] // common, 1)
    return WorstCase(found.tables, np.asarray(mixed // common), prices)


class Goal:
    """A goal that has a weight, and the priors that it is known to fear."""

    def __init__(self, numbers: Numbers, weight: Fraction) -> None:
        self.numbers = numbers
        self.weight = weight
        self.is_list = isinstance(numbers.problem.ambiguity, tuple)
        self.priors = listed_priors(numbers.problem) if self.is_list else [numbers.chances]

    @property
    def digits(self) -> int:
        """Binary digits of the unit of the worst case: that of values, so that solvers see entries of one size."""
        goods, each, _ = self.numbers.goals()
        return max(int(sizes(goods.ravel()).max()), int(sizes(whole(list(each))).max()) + self.numbers.transfer_digits)

    @property
    def unit(self) -> Fraction:
        """What a unit of the worst case's column is, in money."""
        return Fraction(1 << self.digits, self.numbers.weights()[3] << self.numbers.digits)


@dataclass(frozen=True, eq=False)
class WorstCases:
    """The best mechanism for the worst priors of all goals, what each goal is worth, and what the sum is at most."""

    tables: Tables
    worth: list[float]
    bound: float
    program: MechanismProgram
    vertex: Vertex


def worst_cases(
    problem: MechanismProblem, goals: list[Goal], gap: float, scale: float
) -> WorstCases | tuple[MechanismProgram, Ended]:
    """The best mechanism for a weighted sum of goals, each at the worst prior for itself.

    Raises
    ------
    SolverError
        If cuts did not come to an end.
    """
    numbers = Numbers(problem)
    program = formulated(numbers)
    for _ in range(ROUNDS):
        found = best_point(_with_priors(program, goals))
        if isinstance(found, Ended):
            return program, found
        tables = Tables(*tables_of(numbers, program, found))
        at = found.x[len(found.x) - len(goals) :].tolist()
        reached = [Fraction(one, found.unit) * goal.unit for one, goal in zip(at, goals, strict=True)]
        bound = float(sum((one * goal.weight for one, goal in zip(reached, goals, strict=True)), Fraction(0)))
        worth, missed, counted = list[float](), 0.0, [len(goal.priors) for goal in goals]
        for goal, one in zip(goals, reached, strict=True):
            if goal.is_list:
                worth.append(float(worth_at_worst(goal.numbers, tables)))
                continue
            prior, value = _worst(goal.numbers, payoffs(goal.numbers, tables))
            worth.append(value)
            short = float(one) - value
            missed += float(goal.weight) * max(short, 0.0)
            if short > 0:
                goal.priors.append(prior)
        if missed <= SHARE * gap * scale:
            for goal, count in zip(goals, counted, strict=True):
                del goal.priors[count:]
            return WorstCases(tables, worth, bound, program, found)
    raise SolverError(
        f"after {ROUNDS} priors the worst case is still {missed:.2g} below its bound: ask for a larger gap", ("cuts",)
    )


def _with_priors(program: MechanismProgram, goals: list[Goal]) -> LinearProgram:
    """The program with a column more for every goal, which no prior's expectation of that goal may fall short of."""
    known = program.program
    last = len(known.cost)
    data, indices, ends = [known.rows.data], [known.rows.indices], [known.rows.indptr]
    for k, goal in enumerate(goals):
        columns, worth, at = _payoff(program, goal.numbers)
        for prior in goal.priors:
            data += [worth * prior[at], whole([-int(prior.sum()) << goal.digits])]
            indices += [columns, np.array([last + k])]
            ends.append(ends[-1][-1:] + len(columns) + 1)
    matrix = Sparse(
        np.concatenate(data), np.concatenate(indices).astype(np.intp), np.concatenate(ends).astype(np.intp),
        last + len(goals),
    )  # fmt: skip
    kept = matrix.data != 0
    indptr = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr].astype(np.intp)
    matrix = Sparse(matrix.data[kept], matrix.indices[kept], indptr, last + len(goals))
    count = len(ends) - 1
    weighed = [goal.weight * goal.unit for goal in goals]
    parts = math.lcm(*(one.denominator for one in weighed))
    cost = [int(one * parts) for one in weighed]
    common = math.gcd(*cost) or 1
    free: list[Any] = [math.inf]
    return LinearProgram(
        whole([0] * last + [one // common for one in cost]),
        matrix,
        np.concatenate([known.low, whole([0] * count)]),
        np.concatenate([known.high, whole(free * count)]),
        np.concatenate([known.least, whole([-math.inf] * len(goals))]),
        np.concatenate([known.most, whole(free * len(goals))]),
    )


def _payoff(program: MechanismProgram, numbers: Numbers) -> tuple[Index, Whole, Index]:
    """Columns that a goal looks at, what a unit of each is worth to it, and the profiles at which it is."""
    layout, problem = program.layout, numbers.problem
    goods, each, _ = numbers.goals()
    columns, worth = np.arange(layout.n_chances), goods.ravel()
    at = columns // problem.n_alternatives
    if layout.transfers >= 0:
        count = problem.n_agents * problem.n_profiles
        columns = np.concatenate([columns, layout.transfers + np.arange(count)])
        at = np.concatenate([at, np.arange(count) % problem.n_profiles])
        money = np.repeat(whole(list(each)), problem.n_profiles) * (1 << numbers.transfer_digits)
        worth = np.concatenate([worth, money])
    return columns, worth, at


def _worst(numbers: Numbers, payoff: list[Fraction]) -> tuple[Whole, float]:
    """The worst prior of a set around the problem's, in whole numbers, and what is proven of it.

    Profiles that keep their chance keep it without rounding: rows that differ by rounding alone make a program whose
    best point is far away.
    """
    problem, weights = numbers.problem, _weights(numbers.problem)
    found = problem.ambiguity.worst_case(np.array([float(one) for one in payoff]), weights, problem.profile_values)
    ratios = np.round(np.maximum(found.weights, 0.0) / weights * (1 << DIGITS_OF_RATIOS))
    prior = numbers.chances * whole([int(one) for one in ratios.tolist()])
    prior[int(np.argmax(prior))] += (numbers.total << DIGITS_OF_RATIOS) - int(prior.sum())
    return prior, float(found.value)


def _weights(problem: MechanismProblem) -> Array:
    """The prior that a set is around; (n_profiles,)."""
    return np.asarray(problem.joint.ravel() / problem.joint.sum())


def listed_priors(problem: MechanismProblem) -> list[Whole]:
    """The priors of an ambiguity that is a list, each in parts of its sum; (n_profiles,)."""
    return [as_integers(prior, binary_places(prior)).ravel() for prior in problem.ambiguity]


def _mean(prior: Whole, payoff: list[Fraction]) -> Fraction:
    return sum((Fraction(p) * u for p, u in zip(prior.tolist(), payoff, strict=True)), Fraction(0)) / int(prior.sum())


def check_in_set(problem: MechanismProblem, prior: Whole) -> None:
    """Refuse a prior that proves nothing about the worst one of a set, because it is none of the set.

    Raises
    ------
    ProblemError
        If it is not, or of another size.
    """
    total = int(prior.sum())
    if prior.shape != (problem.n_profiles,) or problem.ambiguity is None or min(prior.tolist()) < 0 or total == 0:
        raise ProblemError(f"feared is no prior of {problem.n_profiles} profiles in a set: save the mechanism again")
    chances = np.array([one / total for one in prior.tolist()])
    if isinstance(problem.ambiguity, tuple):
        listed = np.array([[one / int(row.sum()) for one in row.tolist()] for row in listed_priors(problem)])
        excess = nnls(np.vstack([listed.T, np.ones(len(listed))]), np.append(chances, 1.0))[1]
    else:
        excess = problem.ambiguity.excess(chances, _weights(problem), problem.profile_values)
    if excess > (OUTSIDE if isinstance(problem.ambiguity, tuple) else OUTSIDE_CURVED):
        raise ProblemError(f"feared lies outside of the problem's ambiguity, by {excess:.2g}: save the mechanism again")
