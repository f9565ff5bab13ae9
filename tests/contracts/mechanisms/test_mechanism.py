"""What a mechanism answers: tables, files, draws, and what comes of reports."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest

import contracts
from contracts import models
from contracts.numerics.exact_solve import Sparse, solve_exactly


@pytest.fixture(scope="module")
def trade():
    return models.bilateral_trade([0, 2], [0.25, 0.75], [1, 3], None, "gains")


@pytest.fixture(scope="module")
def auction():
    return models.myerson_auction([[1, 2], [1, 3]], [[0.5, 0.5], [0.25, 0.75]])


def test_expectations_are_those_of_the_tables(trade):
    chances = np.outer([0.25, 0.75], [0.5, 0.5])
    assert (chances * trade.transfers.sum(axis=0)).sum() == pytest.approx(trade.revenue, abs=1e-15)
    gains = np.array([[1, 3], [-1, 1]]) * trade.allocation[..., 1]
    assert trade.welfare == pytest.approx(float((chances * gains).sum()))
    seller = trade.transfers[0] @ [0.5, 0.5]
    assert trade.interim_payments[0] == pytest.approx(seller)
    assert min(map(np.min, trade.interim_utilities)) >= 0


def test_transfers_balance_without_rounding(trade):
    _, paid = trade.fractions()
    assert all(sum(column) == 0 for column in paid.reshape(2, -1).T)
    assert isinstance(paid.flat[0], Fraction)


def test_what_is_chosen_has_the_highest_virtual_value():
    problem = contracts.AuctionProblem([[1, 2, 4], [2, 3]]).tabulated("bayesian", "interim")
    mechanism = contracts.solve_mechanism(problem)
    virtual = mechanism.virtual_values
    chosen = (mechanism.allocation * virtual).sum(axis=-1)
    assert chosen == pytest.approx(virtual.max(axis=-1), abs=1e-12)


@pytest.mark.parametrize("kind", ["trade", "auction"])
def test_files_are_read_and_proven_again(kind, request, tmp_path):
    made = request.getfixturevalue(kind)
    again = contracts.load_mechanism(made.save(tmp_path / "made.json"))
    assert again.certificate == made.certificate
    assert str(again) == str(made)


def test_an_edited_file_loses_its_certificate(trade, tmp_path):
    path = trade.save(tmp_path / "trade.json")
    record = json.loads(path.read_text())
    record["transfers"]["numerators"][0] = str(int(record["transfers"]["numerators"][0]) + 1)
    path.write_text(json.dumps(record))
    assert not contracts.load_mechanism(path).certificate.holds
    path.write_text("{}")
    with pytest.raises(contracts.ProblemError, match="schema"):
        contracts.load_mechanism(path)


def test_draws_have_the_expectations_that_are_promised(trade, auction):
    drawn = trade.simulate(20_000, rng=np.random.default_rng(1))
    assert drawn.utilities.mean(axis=0).sum() == pytest.approx(trade.welfare, abs=0.03)
    assert np.array_equal(drawn.types, trade.simulate(20_000, rng=np.random.default_rng(1)).types)
    _, won, paid = auction.simulate(20_000, rng=np.random.default_rng(1))
    assert paid.sum(axis=1).mean() == pytest.approx(auction.revenue, abs=0.03)
    assert won.sum(axis=1).max() == 1
    first = trade.simulate(np.random.default_rng(2))
    assert first.types.shape == (1000, 2)


def test_tables_and_pages_say_what_was_found(trade, auction):
    assert "value" in str(trade)
    assert "IC and IR hold exactly" in str(trade)
    assert list(trade.to_frame("profiles").columns)[:2] == ["type of seller", "type of buyer"]
    assert len(trade.to_frame()) == 4
    assert "<table" in trade.to_html()
    assert "<table" in auction.to_html()
    assert len(auction.to_frame()) == 4
    assert len(auction.plot().lines) == 3
    assert len(trade.plot().lines) == 4


def test_reports_by_name_or_number(trade, auction):
    assert trade.play(["0", "3"]) == trade.play([0, 1])
    assert auction.play([2, 1]).allocations == (1, 0)
    for wrong in (["5", "3"], ["0"], "03", [True, 0]):
        with pytest.raises(contracts.ProblemError, match="report"):
            trade.play(wrong)
    with pytest.raises(contracts.ProblemError, match="report"):
        auction.play(["two", 1])


@pytest.mark.parametrize("size", [2, 6, 9])
def test_systems_are_solved_without_rounding(size):
    """Hilbert matrices, whose solutions floats get wrong digit by digit; a singular one is none."""
    scale = int(np.lcm.reduce(np.arange(1, 2 * size)))
    data = np.array([scale // (i + j + 1) for i in range(size) for j in range(size)], dtype=object)
    matrix = Sparse(data, np.tile(np.arange(size), size), np.arange(0, size * size + 1, size), size)
    wanted = np.array([Fraction(k + 1, 7) for k in range(size)], dtype=object)
    found = solve_exactly(matrix, matrix.times(wanted * 7))
    assert found is not None
    assert [Fraction(one, 7 * found[1]) for one in found[0]] == wanted.tolist()
    singular = Sparse(np.array([1, 1], dtype=object), np.array([0, 0]), np.array([0, 1, 2]), 2)
    assert solve_exactly(singular, np.array([1, 2], dtype=object)) is None


def test_long_solutions_are_found_as_well():
    """Eight equations between numbers of 2,096 digits, as of hundreds between floats that nobody rounded."""
    rng, size = np.random.default_rng(4), 8
    data = np.array([int(one, 16) for one in rng.bytes(size * size * 262).hex(" ", 262).split()], dtype=object)
    matrix = Sparse(data, np.tile(np.arange(size), size), np.arange(0, size * size + 1, size), size)
    right = np.arange(1, size + 1).astype(object)
    found = solve_exactly(matrix, right)
    assert found is not None
    assert found[1].bit_length() > 16_000
    assert np.array_equal(matrix.times(found[0]), right * found[1])
