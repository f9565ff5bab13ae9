"""Pruning by proof: no option that is best, second best, or within rounding of either is ever lost."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exact import relevance
from contracts.exact.best import best_options
from contracts.exact.rationals import utility_error
from contracts.testing.parts import MONEY, moved

GRID = st.integers(-4, 4).map(lambda k: k / 4)


@pytest.fixture(autouse=True)
def small_leaves(monkeypatch):
    """Prune even the smallest problems, down to cells of two types, in blocks of a few rows."""
    monkeypatch.setattr(relevance, "ALL_PAIRS", 0)
    monkeypatch.setattr(relevance, "LEAF_TYPES", 2)
    monkeypatch.setattr(relevance, "BLOCK", 12)


@st.composite
def tariffs(draw):
    """Valuations, allocations and transfers full of ties, duplicates and near-ties."""
    n_goods = draw(st.integers(1, 4))
    money = draw(st.sampled_from(MONEY))
    valuations = np.array(
        draw(st.lists(st.lists(GRID, min_size=n_goods, max_size=n_goods), min_size=1, max_size=12)), dtype=float
    )
    allocations = np.array(
        draw(st.lists(st.lists(GRID, min_size=n_goods, max_size=n_goods), min_size=1, max_size=12)), dtype=float
    )
    transfers = np.array([draw(GRID) for _ in allocations])
    if draw(st.booleans()):  # transfers that implement: every option is the best of somebody, with ties in between
        transfers = (allocations**2).sum(axis=1) / 2
    if draw(st.booleans()):
        who = draw(st.integers(0, len(transfers) - 1))
        transfers[who] = moved(transfers[who], draw(st.integers(-2, 2)))
        valuations[0, 0] = moved(valuations[0, 0], draw(st.integers(-2, 2)))
    return money * valuations, allocations, money * transfers


def blocks_of(valuations, allocations, transfers):
    error = utility_error(valuations, allocations, transfers)
    return error, list(relevance.relevant_blocks(valuations, allocations, transfers, error))


@given(tariffs())
def test_no_best_or_second_best_option_and_no_near_tie_is_lost(tariff):
    valuations, allocations, transfers = tariff
    error, blocks = blocks_of(*tariff)
    utility = valuations @ allocations.T - transfers
    ranked = np.sort(utility, axis=1)
    second = ranked[:, -min(2, utility.shape[1])]
    for types, options in blocks:
        wanted = utility[types] >= (second[types] - 2 * error[types])[:, np.newaxis]
        assert set(np.flatnonzero(wanted.any(axis=0))) <= set(options)


@given(tariffs())
def test_every_type_is_in_exactly_one_block(tariff):
    types = np.concatenate([types for types, _ in blocks_of(*tariff)[1]])
    assert sorted(types) == list(range(len(tariff[0])))


@given(tariffs())
def test_pruned_comparison_finds_what_comparing_all_pairs_finds(tariff):
    valuations, allocations, transfers = tariff

    def payoff(types, options):
        return transfers[options] - allocations[options].sum(axis=1) / 8

    pruned = best_options(valuations, allocations, transfers, payoff)
    with pytest.MonkeyPatch.context() as unpruned:
        unpruned.setattr(relevance, "ALL_PAIRS", 10**6)
        whole = best_options(valuations, allocations, transfers, payoff)
    everybody = np.arange(len(valuations))
    assert np.array_equal(payoff(everybody, pruned.option), payoff(everybody, whole.option))
    assert np.array_equal(np.sign(pruned.runner_up_gain), np.sign(whole.runner_up_gain))
    if len(transfers) > 1:  # values are right to rounding, which depends on the shape of a matrix product
        error = utility_error(valuations, allocations, transfers)
        assert np.all(np.abs(pruned.runner_up_gain - whole.runner_up_gain) <= 2 * error)


def test_on_a_large_grid_few_pairs_are_left(monkeypatch):
    monkeypatch.setattr(relevance, "LEAF_TYPES", 48)
    monkeypatch.setattr(relevance, "BLOCK", 4_000_000)
    axis = np.linspace(1, 2, 40)
    grid = np.array(np.meshgrid(axis, axis)).reshape(2, -1).T
    _, blocks = blocks_of(grid, grid, (grid**2).sum(axis=1) / 2)
    assert sum(len(types) * len(options) for types, options in blocks) <= 0.1 * len(grid) ** 2


def test_blocks_stay_small_where_all_types_are_alike():
    valuations = np.ones((50, 2))
    _, blocks = blocks_of(valuations, np.eye(2), np.zeros(2))
    assert len(blocks) > 1
    assert all(len(types) * len(options) <= relevance.BLOCK for types, options in blocks)


def test_row_blocks_cover_every_row_once():
    rows = [list(range(10))[block] for block in relevance.row_blocks(10, 5)]
    assert [row for block in rows for row in block] == list(range(10))
    assert max(map(len, rows)) * 5 <= relevance.BLOCK
