"""The least change of contracts, against linear programs that share no code."""

import itertools

import numpy as np
import pytest
from scipy.optimize import linprog

from contracts import Box, ScreeningProblem, audit
from tests.contracts.audits.test_audit import random_menu


def least_moves(problem, allocation, transfer, norm="l1", shared=()):
    """The least change of allocations, by another solver; the pairs `shared` have one contract.

    The two IC rows of a pair add up to a row that is divided by the distance of the two types: the solver sees it.
    """
    values, (n, d) = problem.valuations, allocation.shape
    size, count = n * d, 2 * n * d + n + 1  # allocations, transfers, sizes of changes, the largest change of a type
    rows, limits = [], []

    def add(limit, *terms):
        row = np.zeros(count)
        for place, share in terms:
            row[place] += share
        rows.append(row)
        limits.append(limit)

    own = [slice(d * i, d * i + d) for i in range(n)]
    for i, j in itertools.permutations(range(n), 2):
        add(0.0, (own[j], values[i]), (own[i], -values[i]), (size + i, 1.0), (size + j, -1.0))
        apart = values[i] - values[j]
        if apart.any():
            apart /= np.abs(apart).max()
            add(0.0, (own[j], apart), (own[i], -apart))
    for i in range(n):
        add(0.0, (own[i], -values[i]), (size + i, 1.0))
    for k, sign in itertools.product(range(size), (1.0, -1.0)):
        add(sign * allocation.ravel()[k], (k, sign), (size + n + k, -1.0))
    worth, moved = problem.weights @ np.abs(values), slice(size + n, 2 * size + n)
    if norm == "linf":
        for i in range(n):
            add(0.0, (slice(moved.start + d * i, moved.start + d * i + d), worth), (count - 1, -1.0))
    n_least = len(rows)
    for i, j in shared:
        for k in range(d):
            add(0.0, (d * i + k, 1.0), (d * j + k, -1.0))
        add(0.0, (size + i, 1.0), (size + j, -1.0))
    goal = np.zeros(count)
    goal[moved if norm == "l1" else count - 1] = np.tile(worth, n) if norm == "l1" else 1.0
    equal = {"A_eq": np.array(rows[n_least:]), "b_eq": np.array(limits[n_least:])} if shared else {}
    bounds = [(0, 1)] * size + [(None, None)] * n + [(0, None)] * (size + 1)
    found = linprog(goal, np.array(rows[:n_least]), np.array(limits[:n_least]), bounds=bounds, method="highs", **equal)
    return found.fun


def nearly_alike(seed, n, d, distance):
    """Contracts for tastes of which two have another one that is beside them."""
    rng = np.random.default_rng(seed)
    tastes = rng.uniform(0.2, 3.0, (n, d))
    beside = tastes[:2] * (1 + distance * rng.uniform(-1, 1, (2, d)))
    values = np.vstack([tastes, beside])
    problem = ScreeningProblem(values, rng.dirichlet(np.ones(n + 2)), domain=Box(0.0, 1.0))
    allocation = rng.uniform(0, 1, (n + 2, d))
    return problem, allocation, (values * allocation).sum(axis=1) * rng.uniform(0.4, 1.1, n + 2)


# ---- what is found ----


@pytest.mark.parametrize("seed", range(6))
def test_where_transfers_cannot_do_it_allocations_move_as_little_as_they_can(seed):
    n, d = 4, 2
    problem, allocation, transfer = random_menu(seed, n, d)
    cure = audit(problem, allocation, transfer).repaired()
    assert cure.changed == "allocation"
    assert cure.conflict is not None
    assert cure.certificate.is_exact
    least = least_moves(problem, allocation, transfer)
    assert cure.least[0] == pytest.approx(least, abs=1e-6)
    assert cure.size[0] == pytest.approx(least, abs=1e-4)


@pytest.mark.parametrize("norm", ["l1", "linf"])
@pytest.mark.parametrize("distance", [1e-6, 1e-3])
@pytest.mark.parametrize("seed", range(6))
def test_types_that_are_nearly_alike_have_a_cure_that_is_the_least(seed, distance, norm):
    problem, allocation, transfer = nearly_alike(seed, 3, 1, distance)
    cure = audit(problem, allocation, transfer).repaired(norm=norm, change="allocation")
    least = least_moves(problem, allocation, transfer, norm)
    assert cure.certificate.is_exact
    assert cure.least[0] == pytest.approx(least, abs=1e-6)
    assert cure.size[0] == pytest.approx(least, abs=1e-5)


@pytest.mark.parametrize("norm", ["l1", "linf"])
@pytest.mark.parametrize("distance", [0.0, 1e-15, 1e-12])
@pytest.mark.parametrize("seed", range(4))
def test_copies_of_a_taste_share_the_contract_that_moves_them_least(seed, distance, norm):
    problem, allocation, transfer = nearly_alike(seed, 3, 2, distance)
    cure = audit(problem, allocation, transfer).repaired(norm=norm, change="allocation")
    least = least_moves(problem, allocation, transfer, norm, shared=[(0, 3), (1, 4)])
    assert cure.certificate.is_exact
    assert cure.size[0] <= least * (1 + 1e-6) + 1e-6


def test_many_copies_on_a_line_and_in_several_goods():
    for n, d in ((30, 1), (8, 2)):
        rng = np.random.default_rng(n)
        tastes = rng.uniform(0.2, 3.0, (n, d))
        values = np.vstack([tastes, tastes, tastes])
        problem = ScreeningProblem(values, domain=Box(0.0, 1.0))
        allocation = rng.uniform(0, 1, (3 * n, d))
        transfer = 0.8 * (values * allocation).sum(axis=1)
        cure = audit(problem, allocation, transfer).repaired(change="allocation")
        shared = [(i, i + k * n) for i in range(n) for k in (1, 2)]
        assert cure.certificate.is_exact
        assert cure.size[0] <= least_moves(problem, allocation, transfer, shared=shared) * (1 + 1e-6) + 1e-6
