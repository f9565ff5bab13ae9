r"""Chances of winning goods and utilities of types that are best, by a program that learns which rows it needs.

    maximise    sum_t n_t [ (w_r + w_s) (v_t - c) . Q_t - w_r u_t ]      n_t bidders of type t are expected
    such that   u_a >= u_b + (v_a - v_b) . Q_b,   u >= 0,        a, b types of one bidder,
                sum_{t in S} n_t Q_tj <= g(S)              for every set S of types and every good j (Border).

For values that add up, a rule is possible iff it is for every good by itself: goods are then given away one by one. So
the second kind of rows is separated by sorting, the first by looking at all pairs, both without rounding: a program
that knows few rows has a best point, and what that breaks is added, until nothing is broken. Its prices prove the
bound.
"""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from contracts.errors import SolverError
from contracts.exact.rationals import as_integers, binary_places
from contracts.mechanisms.numbers import Rational, in_lowest_terms, whole
from contracts.mechanisms.program.lies import near_types
from contracts.mechanisms.reduced.border import AlikeRule, UnlikeRule, units_for
from contracts.mechanisms.reduced.goods_problem import AdditiveAuctionProblem
from contracts.mechanisms.reduced.unlike import Bidders, broken_by
from contracts.numerics.basis import Index, LinearProgram, Vertex, dual_bound, is_feasible, is_priced, vertex_at
from contracts.numerics.exact_solve import Sparse, Whole
from contracts.numerics.folding import best_point
from contracts.numerics.pivots import improved
from contracts.numerics.vertex import Ended

ALL_LIES = 40  # types, all of whose lies a program knows from the start
MOST_ROUNDS = 200
MOST_FLOATS = 1000  # rounds in which floats look for rows
FINE = 1 << 40  # parts in which chances and utilities of floats are looked at
MISSED = 1e-9  # of a unit, by which floats may miss a row


class Rows(NamedTuple):
    """Which rows a program has, or which of them have a price."""

    lies: tuple[tuple[int, int], ...]  # true and told type
    sets: tuple[tuple[int, tuple[int, ...]], ...]  # a good, and types of whose bidders at most one wins it


class Interim(NamedTuple):
    """What types expect, and the prices that prove that nothing is better."""

    wins: Rational  # (n_types, n_goods)
    utilities: Rational  # (n_types,)
    rows: Rows
    prices: Rational


class Money(NamedTuple):
    """Values and costs as whole numbers, in parts of 2**digits, and the digits of a utility's unit in these."""

    values: Whole  # (n_types, n_goods)
    cost: Whole  # (n_goods,)
    digits: int
    shift: int


def money_of(problem: AdditiveAuctionProblem) -> Money:
    """The numbers of a problem without rounding."""
    digits = max(binary_places(problem.table), binary_places(problem.cost))
    largest = int(np.frexp(float(np.abs(problem.table).max()))[1])
    return Money(
        as_integers(problem.table, digits), as_integers(problem.cost, digits), digits, max(digits + largest, 0)
    )


def best_interim(problem: AdditiveAuctionProblem) -> Interim:
    """What types expect of the best auction.

    Raises
    ------
    SolverError
        If rows did not come to an end, or there is no exact vertex where the solver says.
    """
    money, n_types = money_of(problem), problem.n_types
    every = tuple(range(n_types))
    near = np.zeros((n_types, n_types), dtype=bool)
    for types in problem.members:
        own, size = slice(types.start, types.stop), len(types)
        near[own, own] = near_types(problem.table[own]) if size > ALL_LIES else ~np.eye(size, dtype=bool)
    goods = range(problem.n_goods)
    rows = Rows(
        tuple((int(a), int(b)) for a, b in np.argwhere(near)),
        tuple((j, own) for j in goods for own in (every, *((t,) for t in every if n_types > 1 and problem.is_alike))),
    )
    rows, basis = _learned(problem, money, rows)
    for _ in range(MOST_ROUNDS):
        program = program_of(problem, money, rows)
        found = (None if basis is None else _vertex_at(program, basis)) or best_point(program)
        basis = None
        if isinstance(found, Ended):
            raise SolverError(f"the program of types ended with: {found.words}; measure in other units", ("linear",))
        size = n_types * problem.n_goods
        wins = in_lowest_terms(found.x[:size].reshape(n_types, -1), found.unit)
        shift = money.shift - money.digits
        utilities = in_lowest_terms(found.x[size:] * (1 << max(shift, 0)), found.unit << max(-shift, 0))
        broken = _broken(problem, money, wins, utilities)
        if not broken.lies and not broken.sets:
            kept = np.flatnonzero(found.prices != 0)
            at = len(rows.lies)
            priced = Rows(
                tuple(rows.lies[k] for k in kept if k < at), tuple(rows.sets[k - at] for k in kept if k >= at)
            )
            return Interim(wins, utilities, priced, Rational(found.prices[kept], found.price_unit))
        rows = Rows((*rows.lies, *broken.lies), (*rows.sets, *broken.sets))
    raise SolverError(f"after {MOST_ROUNDS} rounds some set of types still wins too much", ("linear",))


def _broken(
    problem: AdditiveAuctionProblem, money: Money, wins: Rational, utilities: Rational, missed: float = 0.0
) -> Rows:
    """Rows that a point breaks by more than is missed."""
    gained, unit = gains(problem, money, wins, utilities)
    lies = np.argwhere(np.asarray(gained > int(missed * FINE) * unit // FINE, dtype=bool))
    sets = [(j, own) for j in range(problem.n_goods) for own in broken_sets(problem, wins, j, missed)]
    return Rows(tuple((int(a), int(b)) for a, b in lies), tuple(sets))


def _learned(problem: AdditiveAuctionProblem, money: Money, rows: Rows) -> tuple[Rows, tuple[Index, Index] | None]:
    """Rows with which some best point breaks no other, as far as floats can tell, and what binds there.

    Best points are many, and another one would break other sets: so whole numbers begin where floats end.
    """
    import highspy

    highs: Any = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1), ("presolve", "off")):
        highs.setOptionValue(option, value)
    unit = float(np.ceil(np.abs(problem.table).max())) or 1.0
    values, n_types, n_goods = problem.table / unit, problem.n_types, problem.n_goods
    size, counts = n_types * n_goods, np.array([float(one) for one in problem.expected_bidders])
    first, second = problem.goal
    surplus = counts[:, np.newaxis] * (values - problem.cost / unit) * (first + second)
    highs.addVars(
        size + n_types, np.zeros(size + n_types), np.append(np.ones(size), np.full(n_types, highspy.kHighsInf))
    )
    every = np.arange(size + n_types, dtype=np.int32)
    highs.changeColsCost(len(every), every, np.append(-surplus, counts * first))
    known, added = list[tuple[Any, ...]](), rows
    for _ in range(MOST_FLOATS):
        for true, told in added.lies:
            columns = [size + true, size + told, *range(told * n_goods, (told + 1) * n_goods)]
            entries = np.array([1.0, -1.0, *(values[told] - values[true]).tolist()])
            highs.addRow(0.0, highspy.kHighsInf, len(columns), np.array(columns, dtype=np.int32), entries)
        for good, types in added.sets:
            there, parts = available(problem, types)
            at = np.array(types, dtype=np.int32) * n_goods + good
            highs.addRow(-highspy.kHighsInf, there / parts, len(types), at.astype(np.int32), counts[list(types)])
        known += [*added.lies, *added.sets]
        highs.run()
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return rows, None
        point = np.rint(np.maximum(highs.getSolution().col_value, 0.0) * float(FINE)).astype(np.int64).tolist()
        wins = Rational(whole([min(one, FINE) for one in point[:size]], (n_types, n_goods)), FINE)
        utilities = Rational(whole([one * int(unit) for one in point[size:]]), FINE)
        found = _broken(problem, money, wins, utilities, MISSED)
        seen = set(known)
        added = Rows(tuple(set(found.lies) - seen), tuple(set(found.sets) - seen))
        if not added.lies and not added.sets:
            break
    is_set = np.array([isinstance(one[1], tuple) for one in known])
    order = np.concatenate([np.flatnonzero(~is_set), np.flatnonzero(is_set)])
    basis = highs.getBasis()
    resting, tight = (np.array([int(one) for one in of], dtype=np.intp) for of in (basis.col_status, basis.row_status))
    lies, sets = (tuple(known[k] for k in np.flatnonzero(which)) for which in (~is_set, is_set))
    return Rows(lies, sets), (resting, tight[order])


def _vertex_at(program: LinearProgram, basis: tuple[Index, Index]) -> Vertex | None:
    """The best vertex, where a few steps lead there from what binds for floats."""
    found = vertex_at(program, *basis)
    found = None if found is None else improved(program, *basis, found)
    return found if found is not None and is_feasible(program, found) and is_priced(program, found) else None


def program_of(problem: AdditiveAuctionProblem, money: Money, rows: Rows) -> LinearProgram:
    """The program with some of the rows: chances of winning first, type by type, then utilities."""
    n_types, n_goods = problem.n_types, problem.n_goods
    size, grown = n_types * n_goods, 1 << money.shift
    data: list[int] = []
    columns: list[int] = []
    indptr = [0]
    for true, told in rows.lies:
        data += [grown, -grown, *(-(money.values[true] - money.values[told])).tolist()]
        columns += [size + true, size + told, *range(told * n_goods, (told + 1) * n_goods)]
        indptr.append(len(data))
    ends: list[int] = []
    for good, types in rows.sets:
        there, unit = available(problem, types)
        data += [int(problem.expected_bidders[t] * unit) for t in types]
        columns += [t * n_goods + good for t in types]
        indptr.append(len(data))
        ends.append(there)
    first, second = (Fraction(one) for one in problem.goal)
    parts = first.denominator * second.denominator
    revenue, both = int(first * parts), int((first + second) * parts)
    weights = whole([int(one * _common(problem)) for one in problem.expected_bidders])
    matrix = Sparse(whole(data), np.array(columns, dtype=np.intp), np.array(indptr, dtype=np.intp), size + n_types)
    kept = matrix.data != 0
    bounds = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr].astype(np.intp)
    matrix = Sparse(matrix.data[kept], matrix.indices[kept], bounds, size + n_types)
    worth = ((money.values - money.cost) * weights[:, np.newaxis] * both).ravel()
    free, nothing = float("inf"), whole([0] * (size + n_types))
    return LinearProgram(
        np.concatenate([worth, -weights * revenue * grown]),
        matrix,
        whole([*([0] * len(rows.lies)), *([-free] * len(ends))]),
        whole([*([free] * len(rows.lies)), *ends]),
        nothing,
        whole([*([1] * size), *([free] * n_types)]),
    )


def bound_of(problem: AdditiveAuctionProblem, rows: Rows, prices: Rational) -> Fraction | None:
    """What no auction is worth more than, by any prices of some rows; None if they prove nothing."""
    money = money_of(problem)
    found = dual_bound(program_of(problem, money, rows), prices.numerators, prices.unit)
    if found is None:
        return None
    first, second = (Fraction(one) for one in problem.goal)
    parts = first.denominator * second.denominator
    return Fraction(found[0], found[1] * _common(problem) * (parts << money.digits))


def gains(problem: AdditiveAuctionProblem, money: Money, wins: Rational, utilities: Rational) -> tuple[Whole, int]:
    """What each type gains by each lie, in parts of a unit; (n_types, n_types) [true, told], 0 between bidders."""
    unit = (wins.unit * utilities.unit) << money.digits
    worth = (money.values @ wins.numerators.T) * utilities.unit
    had = utilities.numerators * (wins.unit << money.digits)
    found = np.asarray(worth - np.diagonal(worth) + had - had[:, np.newaxis])
    of = np.repeat(np.arange(len(problem.members)), [len(own) for own in problem.members])
    found[of[:, np.newaxis] != of] = 0
    return found, unit


# ---- which chances are possible ----


def available(problem: AdditiveAuctionProblem, types: tuple[int, ...]) -> tuple[int, int]:
    """Units that there are for a set of types, in expectation, in parts of the second number."""
    if problem.is_alike:
        (weights,), count = problem.weights, problem.n_agents
        total = sum(weights)
        return units_for(sum(weights[t] for t in types), total, count, problem.n_units), total**count
    bidders = _bidders(problem)
    inside = [
        sum(own[t - of.start] for t in types if t in of)
        for own, of in zip(problem.weights, problem.members, strict=True)
    ]
    return bidders.available(inside), bidders.unit


def rule_of(problem: AdditiveAuctionProblem, wins: Rational, good: int) -> AlikeRule | UnlikeRule:
    """The chances of winning one good."""
    own = wins.numerators[:, good]
    if problem.is_alike:
        (weights,) = problem.weights
        return AlikeRule(Rational(own, wins.unit), weights, problem.n_agents, problem.n_units, problem.names)
    bidders = _bidders(problem)
    units = [int(one * bidders.unit) * q for one, q in zip(problem.expected_bidders, own.tolist(), strict=True)]
    return UnlikeRule(bidders, [units[types.start : types.stop] for types in problem.members], wins.unit)


def _bidders(problem: AdditiveAuctionProblem) -> Bidders:
    return Bidders(tuple(map(tuple, problem.weights)), min(problem.n_units, problem.n_agents), problem.labels)


def _common(problem: AdditiveAuctionProblem) -> int:
    """The least number whose product with every type's expected bidders is whole."""
    return math.lcm(*(one.denominator for one in problem.expected_bidders))


def broken_sets(
    problem: AdditiveAuctionProblem, wins: Rational, good: int, missed: float = 0.0
) -> list[tuple[int, ...]]:
    """Sets of types that would win more of a good together than there is for them, by more than is missed."""
    rule = rule_of(problem, wins, good)
    if isinstance(rule, UnlikeRule):
        starts = [types.start for types in problem.members]
        return [
            tuple(start + t for start, own in zip(starts, types, strict=True) for t in own)
            for types, wanted, there in broken_by(*rule)
            if wanted - there > int(missed * FINE) * rule.bidders.unit * rule.per // FINE
        ]
    order = rule.order
    own, wanted = rule.chances.numerators, rule.wanted()
    sums = accumulate(wanted[t] for t in order)
    found = []
    for k, (asked, there) in enumerate(zip(sums, rule.available(order), strict=True)):
        is_end = k + 1 == len(order) or own[order[k]] > own[order[k + 1]]
        if asked > there and is_end:
            found.append(tuple(sorted(order[: k + 1])))
    return found
