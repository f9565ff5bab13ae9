r"""The worst case over priors in a set: cuts, and the mixture of priors that proves the bound.

The principal alone is in doubt about the prior; what agents believe of each other is `probabilities`, and in dominant
strategies nobody asks. With u(theta) what the objective makes of profile theta,

    maximise z   such that   z <= sum_theta g(theta) u(theta)  for every prior g in the set,  and all constraints.

Some priors make a linear program, an upper bound; the worst prior for its mechanism is added until it is worth what the
program says (Kelley 1960). The prices of priors are a mixture of them, which lies in the set as it is convex: for the
principal who believes that mixture the prices of all other rows prove the bound, and the program with these prices is
an ordinary one (minimax). A list of priors is its own convex hull, and needs no cuts.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import SolverError
from contracts.exact.rationals import as_integers, binary_places
from contracts.mechanisms.interim import Tables
from contracts.mechanisms.numbers import Numbers, Rational, whole
from contracts.mechanisms.problem import MechanismProblem
from contracts.mechanisms.program.formulate import formulated
from contracts.mechanisms.program.layout import MechanismProgram
from contracts.mechanisms.program.payments import tables_of
from contracts.numerics.basis import LinearProgram, Vertex
from contracts.numerics.exact_solve import Sparse, Whole, sizes
from contracts.numerics.folding import best_point
from contracts.numerics.vertex import Ended

ROUNDS = 200  # of cuts
SHARE = 0.1  # of the gap that is asked for, at which cuts end


class WorstCase(NamedTuple):
    """A mechanism with the mixture of priors that proves a bound, and prices of the ordinary program under it."""

    tables: Tables
    prior: Whole  # (n_profiles,) in parts of their sum
    prices: Rational


def worth_at_worst(numbers: Numbers, tables: Tables) -> float | Fraction:
    """What a mechanism is worth under the worst prior of the set; for a list of priors without rounding."""
    problem, payoff = numbers.problem, payoffs(numbers, tables)
    if isinstance(problem.ambiguity, tuple):
        return min(_mean(prior, payoff) for prior in _listed(problem))
    return _worst(problem, payoff)[1]


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
    numbers = Numbers(problem)
    program = formulated(numbers)
    is_list = isinstance(problem.ambiguity, tuple)
    priors = _listed(problem) if is_list else [numbers.chances]
    for _ in range(ROUNDS):
        found = best_point(_with_priors(numbers, program, priors))
        if isinstance(found, Ended):
            return program, found
        tables = Tables(*tables_of(numbers, program, found))
        unit = found.unit * (numbers.weights()[3] << numbers.digits)
        reached = float(Fraction(int(found.x[-1]) << _digits(numbers), unit))
        if is_list:
            return _solved(program, tables, priors, found)
        prior, value = _worst(problem, payoffs(numbers, tables))
        if value >= reached - SHARE * gap * scale:
            return _solved(program, tables, priors, found)
        priors.append(prior)
    raise SolverError(
        f"after {ROUNDS} priors the worst case is still {reached - value:.2g} below its bound: ask for a larger gap",
        ("cuts",),
    )


def _solved(program: MechanismProgram, tables: Tables, priors: list[Whole], found: Vertex) -> WorstCase:
    count = program.program.rows.n_rows
    shares = -found.prices[count:]
    mixed = sum((share * prior for share, prior in zip(shares, priors, strict=True)), start=whole([0] * len(priors[0])))
    common = math.gcd(*mixed.tolist(), *found.prices[:count].tolist())
    return WorstCase(tables, np.asarray(mixed // common), Rational(found.prices[:count] // common, 1))


def _with_priors(numbers: Numbers, program: MechanismProgram, priors: list[Whole]) -> LinearProgram:
    """The program with one column more, which no prior's expectation may fall short of."""
    known, layout, problem = program.program, program.layout, numbers.problem
    goods, each, _ = numbers.goals()
    columns, worth = np.arange(layout.n_chances), goods.ravel()
    at = columns // problem.n_alternatives
    if layout.transfers >= 0:
        count = problem.n_agents * problem.n_profiles
        columns = np.concatenate([columns, layout.transfers + np.arange(count)])
        at = np.concatenate([at, np.arange(count) % problem.n_profiles])
        money = np.repeat(whole(list(each)), problem.n_profiles) * (1 << numbers.transfer_digits)
        worth = np.concatenate([worth, money])
    last = len(known.cost)
    size = 1 << _digits(numbers)
    sums = [(worth * prior[at], whole([-int(prior.sum()) * size])) for prior in priors]
    data = [known.rows.data, *(part for pair in sums for part in pair)]
    indices = [known.rows.indices, *(part for _ in priors for part in (columns, np.array([last])))]
    ends = known.rows.indptr[-1] + (len(columns) + 1) * np.arange(1, len(priors) + 1)
    matrix = Sparse(
        np.concatenate(data), np.concatenate(indices).astype(np.intp),
        np.concatenate([known.rows.indptr, ends]).astype(np.intp), last + 1,
    )  # fmt: skip
    kept = matrix.data != 0
    indptr = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr].astype(np.intp)
    matrix = Sparse(matrix.data[kept], matrix.indices[kept], indptr, last + 1)
    free: list[Any] = [math.inf] * len(priors)
    return LinearProgram(
        whole([0] * last + [1]),
        matrix,
        np.concatenate([known.low, whole([0] * len(priors))]),
        np.concatenate([known.high, whole(free)]),
        np.concatenate([known.least, whole([-math.inf])]),
        np.concatenate([known.most, whole([math.inf])]),
    )


def _digits(numbers: Numbers) -> int:
    """Binary digits of the unit of the worst case: that of values, so that solvers see entries of one size."""
    goods, each, _ = numbers.goals()
    return max(int(sizes(goods.ravel()).max()), int(sizes(whole(list(each))).max()) + numbers.transfer_digits)


def _worst(problem: MechanismProblem, payoff: list[Fraction]) -> tuple[Whole, float]:
    """The worst prior of a set around the problem's, in whole numbers, and what is proven of it."""
    weights = problem.joint.ravel() / problem.joint.sum()
    found = problem.ambiguity.worst_case(np.array([float(one) for one in payoff]), weights, problem.profile_values)
    clipped = np.maximum(found.weights, 0.0)
    return as_integers(clipped, binary_places(clipped)), float(found.value)


def _listed(problem: MechanismProblem) -> list[Whole]:
    return [as_integers(prior, binary_places(prior)).ravel() for prior in problem.ambiguity]


def _mean(prior: Whole, payoff: list[Fraction]) -> Fraction:
    return sum((Fraction(p) * u for p, u in zip(prior.tolist(), payoff, strict=True)), Fraction(0)) / int(prior.sum())
