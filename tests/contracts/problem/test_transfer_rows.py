"""Rows that count transfers, limits on the transfers of some types, and rows of one good."""

import numpy as np
import pytest

import contracts as c
from contracts.cli.problem_files import read_problem

CLOSE = 2e-6
BASE = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), labels=("low", "high"))


def test_a_limit_on_what_one_type_pays_binds_that_type_alone():
    menu = c.solve_menu(BASE, transfers=(-np.inf, [np.inf, 2.0]))
    # t = x_l + 2 (x_h - x_l) <= 2 makes x_h = 1 + x_l / 2, and .75 (x_l - x_l^2 / 2) + .25 (2 - x_h^2 / 2) is best
    # at x_l = 10 / 13.
    low = 10 / 13
    np.testing.assert_allclose(menu.allocation.ravel(), [low, 1 + low / 2], atol=1e-5)
    assert menu.transfer[1] <= 2.0
    assert menu.certificate.rigorous


def test_a_lowest_transfer_of_one_type_is_kept():
    menu = c.solve_menu(BASE, transfers=([-np.inf, 3.6], np.inf))
    assert menu.transfer[1] >= 3.6
    assert menu.certificate.holds
    assert menu.value < c.solve_menu(BASE).value


def test_the_same_limits_for_all_are_limits_for_all():
    one, each = (c.solve_menu(BASE, transfers=limits) for limits in ((0.0, 2.0), ([0.0, 0.0], [2.0, 2.0])))
    assert each.value == one.value
    assert each.problem.transfers == (0.0, 2.0)


@pytest.mark.parametrize("seed", range(4))
def testlimits_of_single_types_are_worth_what_the_program_by_hand_says(seed):
    import cvxpy as cp

    rng = np.random.default_rng(seed)
    taste, high = np.sort(rng.uniform(1.0, 4.0, 4)), rng.uniform(0.5, 4.0, 4)
    menu = c.solve_menu(taste, cost=c.Quadratic(), transfers=(0.0, high))
    x, t = cp.Variable(4, nonneg=True), cp.Variable(4, nonneg=True)
    rows = [t <= high, cp.multiply(taste, x) - t >= 0]
    rows += [taste[i] * x[i] - t[i] >= taste[i] * x[j] - t[j] for i in range(4) for j in range(4) if i != j]
    by_hand = cp.Problem(cp.Maximize(cp.sum(t - cp.square(x) / 2) / 4), rows)
    by_hand.solve(solver=cp.CLARABEL)
    assert menu.value == pytest.approx(by_hand.value, rel=1e-5)
    assert np.all(menu.transfer <= high)


def test_a_row_of_transfers_is_one_of_allocations_less_utilities():
    revenue = c.LinearConstraint(transfer=[0.75, 0.25], lower=1.5, name="revenue")
    same = c.LinearConstraint(allocation=[0.75, 0.5], utility=[-0.75, -0.25], lower=1.5, name="revenue")
    menu, other = (c.solve_menu(BASE, constraints=[row]) for row in (revenue, same))
    # Revenue .75 x_l + .25 (2 x_h - x_l) = 1.5 at least cost: x_l = 3/4, x_h = 9/4 have marginal revenues 1/2 and 1/2.
    np.testing.assert_allclose(menu.allocation.ravel(), [0.75, 2.25], atol=1e-4)
    assert BASE.weights @ menu.transfer >= 1.5 - 1e-12
    assert menu.value == pytest.approx(other.value, rel=CLOSE)


def test_a_row_of_one_good_needs_no_second_bracket():
    flat, nested = (
        c.solve_menu(BASE, constraints=[c.LinearConstraint(allocation=given, upper=0.5)])
        for given in ([0.75, 0.25], [[0.75], [0.25]])
    )
    assert flat.value == nested.value
    np.testing.assert_allclose(flat.allocation.ravel(), [1 / 6, 1.5], atol=1e-4)


def test_verify_names_the_type_whose_limit_is_broken():
    problem = c.ScreeningProblem([1.0, 2.0], labels=("low", "high"), transfers=(0.0, [5.0, 1.5]))
    certificate = c.verify(problem, [1.0, 2.0], [1.0, 3.0])
    assert [broken.what for broken in certificate.violations] == ["highest transfer of type 'high'"]
    assert certificate.violations[0].amount == 1.5


def test_limits_and_rows_come_back_from_files_to_the_bit(tmp_path):
    revenue = c.LinearConstraint(transfer=[0.75, 0.25], lower=0.1, name="revenue")
    menu = c.solve_menu(BASE, transfers=([-np.inf, 0.0], [np.inf, 2.0]), constraints=[revenue])
    again = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert (again.value, again.upper_bound) == (menu.value, menu.upper_bound)
    path = tmp_path / "limits.toml"
    path.write_text("valuations = [1.0, 2.0]\ntransfers = [-inf, [inf, 2.0]]\n")
    lowest, highest = read_problem(path).limits_by_type
    assert (lowest.tolist(), highest.tolist()) == ([-np.inf, -np.inf], [np.inf, 2.0])


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"transfers": (0.0, [1.0, 2.0, 3.0])}, r"\(lowest, highest\), each a number or one per type"),
        ({"transfers": (0.0, [1.0, -2.0])}, r"transfers\['high'\] has lowest 0.0 above highest -2.0: swap"),
        ({"transfers": ([0.0, 1.0], 2.0), "outside_option": [0.0]}, "let the bounds include 0"),
        (
            {"constraints": [c.LinearConstraint(transfer=[1.0], upper=1.0)]},
            r"transfer has shape \(1,\); expected \(2,\)",
        ),
        (
            {"constraints": [c.LinearConstraint(transfer=[1.0, 1.0], upper=1.0)], "transfers": "none"},
            "counts transfers, but transfers is 'none': leave its transfer out",
        ),
    ],
)
def test_limits_and_rows_that_do_not_fit_are_refused(fields, message):
    with pytest.raises(c.ProblemError, match=message):
        c.ScreeningProblem([1.0, 2.0], labels=("low", "high"), **fields)


def test_limits_that_conflict_with_participation_are_named_by_type():
    with pytest.raises(c.InfeasibleMenuError, match="lowest transfer of type 'high'"):
        c.solve_menu(BASE, transfers=([0.0, 9.0], 10.0), domain=c.Box(0.0, 2.0), participation="compulsory")
