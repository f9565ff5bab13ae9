"""Rows that a problem states itself: kept exactly, priced, named where they contradict the rest, kept in files."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import contracts
from contracts import InfeasibleMenuError, LinearConstraint, MechanismProblem, ProblemError, solve_mechanism
from tests.contracts.mechanisms.oracle import best_value

VALUES = [[[0, 1, 0], [0, 2, 0]], [[0, 0, 1], [0, 0, 3]]]
SALE = MechanismProblem(VALUES, agents=("Ann", "Bob"), alternatives=("keep", "Ann", "Bob"))


def wins(agent: int, problem: MechanismProblem = SALE):
    """Coefficients of the chance that an agent wins."""
    return problem.joint[..., np.newaxis] * (np.arange(problem.n_alternatives) == agent + 1)


def test_a_share_of_sales_is_kept_exactly_and_has_a_price():
    plain = solve_mechanism(SALE)
    share = LinearConstraint(allocation=wins(0), lower=0.8, name="Ann's share")
    fair = solve_mechanism(replace(SALE, constraints=share))
    assert fair.certificate.is_exact
    assert fair.value < plain.value
    outcome, _ = fair.fractions()
    assert sum(outcome[..., 1].ravel()) / 4 == Fraction(0.8)
    assert "Ann's share" in fair.binding


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_rows_of_every_kind_agree_with_another_solver(seed):
    rng = np.random.default_rng(seed)
    sizes = [2, 2]
    values = [rng.integers(-2, 4, size=(size, 2)).astype(float) for size in sizes]
    joint = rng.random(sizes) + 0.1
    base = MechanismProblem(
        values, joint / joint.sum() if rng.random() < 0.5 else None, incentives=["bayesian", "dominant"][seed % 2],
        participation=["interim", "ex post"][seed // 2 % 2], budget=["none", "weak"][seed // 4 % 2],
    )  # fmt: skip
    rows = []
    for k in range(rng.integers(1, 3)):
        parts = {"allocation": (2, 2, 2), "transfer": (2, 2, 2), "utility": (2, 2, 2)}
        given = {name: rng.normal(size=shape) for name, shape in parts.items() if rng.random() < 0.6}
        given = given or {"allocation": rng.normal(size=(2, 2, 2))}
        rows.append(LinearConstraint(**given, upper=float(rng.normal()) + 1, name=f"row {k}"))
    problem = replace(base, constraints=rows)
    expected = best_value(problem)
    try:
        found = solve_mechanism(problem)
    except (InfeasibleMenuError, contracts.UnboundedMenuError):
        assert np.isnan(expected)
        return
    assert found.certificate.is_exact
    assert found.value == pytest.approx(expected, abs=1e-7, rel=1e-7)


def test_rows_that_cannot_be_kept_are_named():
    too_much = LinearConstraint(allocation=wins(0) + wins(1), lower=1.5, name="sold thrice in two")
    with pytest.raises(InfeasibleMenuError, match="sold thrice in two") as error:
        solve_mechanism(replace(SALE, constraints=too_much))
    assert "widen the limits of constraints" in str(error.value)


def test_a_row_that_incentives_forbid_is_named_with_them():
    """The low type may not win more often than the high one."""
    lows = np.zeros((2, 2, 3))
    lows[0, :, 1], lows[1, :, 1] = 0.5, -0.5
    upside_down = LinearConstraint(allocation=lows, lower=0.25, name="the low type first")
    with pytest.raises(InfeasibleMenuError, match="the low type first"):
        solve_mechanism(replace(SALE, constraints=[upside_down]))


def test_a_mechanism_from_elsewhere_is_held_to_the_rows():
    cap = LinearConstraint(transfer=np.stack([SALE.joint] * 2), upper=1.0, name="at most one")
    plain = solve_mechanism(SALE)
    certificate = contracts.verify_mechanism(replace(SALE, constraints=cap), *plain.fractions())
    assert [broken.what for broken in certificate.violations] == ["at most one"]
    assert certificate.violations[0].amount == pytest.approx(plain.revenue - 1)


def test_files_keep_rows(tmp_path):
    cap = LinearConstraint(utility=np.stack([SALE.joint] * 2), upper=0.25, name="little left")
    made = solve_mechanism(replace(SALE, objective="welfare", constraints=cap))
    again = contracts.load_mechanism(made.save(tmp_path / "made.json"))
    assert again.certificate == made.certificate
    assert again.problem.constraints[0].name == "little left"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (LinearConstraint(allocation=np.ones(3), lower=0), r"side constraint allocation has shape \(3,\)"),
        (LinearConstraint(transfer=np.ones((2, 2)), lower=0), "transfer has shape"),
        (LinearConstraint(serving=np.ones(2), lower=0), "serving"),
        ([1], "constraints is"),
    ],
)
def test_rows_of_another_shape_are_refused(given, words):
    with pytest.raises(ProblemError, match=words):
        replace(SALE, constraints=given)
