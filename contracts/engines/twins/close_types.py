"""Types so close that a solver takes the rows between them for noise: their utilities stated in steps from one to next.

The IC rows of types i and j at a distance s say u_i - u_j >= s e . x_j, with e of length one, and -s e . x_i the other
way round. A solver keeps rows to about 1e-9, so that what they say of x drowns where s is not much larger: it leaves
amounts to the one type that would tempt the other, and prices the rows by noise. So utilities are measured along a tree
that joins every type to the closest one, u_i = u_parent + s z_i, and rows are divided by the largest number in them:
z_i >= e . x_parent, and z_i <= e . x_i, are rows like any other. Exact twins have one utility, and no rows.

Prices come back as p / s, and close the flow to the solver's digits over s. What is missing at a type is handed on
along the tree, which costs the step times the amount: rounding alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import block_diag, csr_array, eye_array
from scipy.sparse.csgraph import breadth_first_order, minimum_spanning_tree

from contracts.engines.program import Program, Rows
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.frozen import dataclass
from contracts.problem.costs.basic import power_of_two
from contracts.problem.participation import tastes
from contracts.problem.screening import ScreeningProblem
from contracts.proof.multipliers import Multipliers

CLOSE = 1e-3  # of the largest valuation, up to which types are joined
FEW_TYPES = 200  # whose pairs are looked at


@dataclass(frozen=True, eq=False)
class Tree:
    """Every type's closest type on the way to the root of those it is close to."""

    parent: Indices  # (n_types,) itself for roots
    distance: Array  # (n_types,) to the parent: the largest difference of valuations, 0 for roots
    order: Indices  # (n_types,) parents before children


def tree_of(problem: ScreeningProblem) -> Tree | None:
    """The shortest tree that joins types which are close, and can mimic one another; None if no two are."""
    n_types = problem.n_types
    if n_types > FEW_TYPES or problem.valuation_sets is not None:
        return None
    taste = tastes(problem.domain, problem.valuations)
    apart = np.abs(taste[:, np.newaxis] - taste).max(axis=2)
    joined = np.triu(apart <= CLOSE * np.abs(problem.valuations).max(), 1)
    if problem.mimics is not None:
        joined &= problem.mimics & problem.mimics.T
    if not joined.any():
        return None
    return tree_over(np.where(joined, np.maximum(apart, np.finfo(np.float64).tiny), 0.0), apart)


def tree_over(length: Array, apart: Array | None = None) -> Tree:
    """The shortest trees over edges of some length, (n_types, n_types); zeros are no edges.

    Distances are those in `apart`, or the lengths.
    """
    n_types, apart = len(length), length if apart is None else apart
    tree = minimum_spanning_tree(csr_array(length))
    parent, order = np.arange(n_types), np.zeros(0, dtype=np.intp)
    for root in range(n_types):
        if root not in order:
            reached, before = breadth_first_order(tree, root, directed=False)
            parent[reached[1:]] = before[reached[1:]]
            order = np.append(order, reached)
    return Tree(parent, apart[np.arange(n_types), parent], order)


def in_steps(program: Program, tree: Tree) -> Program:
    """The program over allocations and steps of utility."""
    n_allocation, n_types = program.problem.valuations.size, program.problem.n_types
    per_money = program.units.allocation / program.units.money
    basis = np.zeros((n_types, n_types))
    for one in tree.order.tolist():
        if tree.parent[one] == one:
            basis[one, one] = 1.0
            continue
        basis[one] = basis[tree.parent[one]]
        if tree.distance[one] > 0:
            basis[one, one] = power_of_two(float(tree.distance[one]) * per_money)
    basis = basis[:, basis.any(axis=0)]
    steps = csr_array(block_diag([eye_array(n_allocation), basis]))
    ic, ic_size = _divided(program.ic, steps)
    side, side_size = _divided(program.side, steps)
    says_something = ic_size > 0
    tempted, tempter = program.tempted[says_something], program.tempter[says_something]
    return replace(
        program,
        tempted=tempted,
        tempter=tempter,
        ic=Rows(ic.matrix[says_something], ic.limit[says_something]),
        ic_size=ic_size[says_something],
        side=side,
        side_size=program.side_size * np.where(side_size > 0, side_size, 1.0),
        basis=csr_array(basis),
        ir=_over(program.ir, steps),
        lowest=_over(program.lowest, steps),
        highest=_over(program.highest, steps),
    )


def _over(rows: Rows, steps: csr_array) -> Rows:
    """Rows over steps, as they are."""
    return replace(rows, matrix=csr_array(rows.matrix @ steps))


def _divided(rows: Rows, steps: csr_array) -> tuple[Rows, Array]:
    """Rows over steps, divided by powers of two near the largest number in each; those, 0 where nothing is left."""
    matrix = csr_array(rows.matrix @ steps)
    matrix.eliminate_zeros()
    largest = abs(matrix).max(axis=1).toarray().reshape(-1) if matrix.nnz else np.zeros(len(rows))
    size = np.array([power_of_two(float(one)) if one > 0 else 0.0 for one in largest])
    each = 1.0 / np.where(size > 0, size, 1.0)
    scaled = matrix.multiply(each[:, np.newaxis]).tocsr() if len(rows) else matrix
    return replace(rows, matrix=csr_array(scaled), limit=rows.limit * each), size


def flow_base(problem: ScreeningProblem, given: Multipliers) -> Array:
    """What each type's utility costs before IC and IR, (n_types,); with a welfare function, what these prices say."""
    terms = problem.terms
    if terms.function is not None:
        ic = given.ic.toarray()
        return np.asarray(given.ir + ic.sum(axis=1) - ic.sum(axis=0))
    base = problem.weights * (terms.profit_weight + given.profit - terms.utility_weights) + given.transfer
    if terms.worst_off_weight:
        base = base - terms.worst_off_weight * given.worst_off / max(float(given.worst_off.sum()), 1e-300)
    return np.asarray(base + given.side @ problem.side_rows.utility)


def handed_on(problem: ScreeningProblem, given: Multipliers, tree: Tree, base: Array | None = None) -> Multipliers:
    """Multipliers with what flows into a type and not out of it handed on to its parent, and the other way round.

    `base`, (n_types,), is what comes in besides IC: the `flow_base` of these prices, unless others are given.
    """
    base = flow_base(problem, given) if base is None else base
    ic = np.maximum(given.ic.toarray(), 0.0)
    np.fill_diagonal(ic, 0.0)
    net = ic - np.minimum(ic, ic.T)
    left = base + net.sum(axis=0) - net.sum(axis=1) - np.maximum(given.ir, 0.0)
    for one in tree.order[::-1].tolist():
        parent = tree.parent[one]
        if parent == one:
            continue
        ic[one, parent] += max(left[one], 0.0)
        ic[parent, one] += max(-left[one], 0.0)
        left[parent] += left[one]
    return replace(given, ic=csr_array(ic))
