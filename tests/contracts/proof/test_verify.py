"""The checker is checked: menus that must fail, by one unit in the last place, and menus that must not."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers
from contracts.testing.parts import moved
from contracts.testing.screening import plain_problems, random_menu

LOW_HIGH = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), labels=("low", "high"))
BEST = ([2 / 3, 2.0], [2 / 3, 2 / 3 + 2 * (2.0 - 2 / 3)])


def exactly(problem, allocation, transfer):
    """(largest deviation gain, smallest participation slack) in rationals, from the definitions."""
    allocation = np.reshape(allocation, (problem.n_types, -1))

    def utility(i, j):
        pairs = zip(problem.valuations[i], allocation[j], strict=True)
        return sum(Fraction(a) * Fraction(x) for a, x in pairs) - Fraction(float(transfer[j]))

    n_types = problem.n_types
    gains = [utility(i, j) - utility(i, i) for i in range(n_types) for j in range(n_types) if i != j]
    slacks = [utility(i, i) - Fraction(problem.reservation_utility[i]) for i in range(n_types)]
    return max(gains, default=Fraction(-1)), min(slacks)


@st.composite
def menus(draw):
    """A problem with a menu that is IC and IR, or misses either by a few units in the last place."""
    problem = draw(plain_problems())
    allocation, transfer = random_menu(problem, np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
    transfer = transfer.copy()
    who, ulps = draw(st.integers(0, problem.n_types - 1)), draw(st.integers(-2, 2))
    kind = draw(st.sampled_from(["as it is", "indifferent", "no rent"]))
    if kind == "indifferent":
        other = draw(st.integers(0, problem.n_types - 1))
        transfer[who] = problem.valuations[who] @ (allocation[who] - allocation[other]) + transfer[other]
    if kind == "no rent":
        transfer[who] = problem.valuations[who] @ allocation[who] - problem.reservation_utility[who]
    transfer[who] = moved(float(transfer[who]), ulps)
    return problem, allocation, transfer


@given(menus())
def test_the_verdict_is_that_of_rational_arithmetic(menu):
    problem, allocation, transfer = menu
    certificate = c.verify(problem, allocation, transfer)
    gain, slack = exactly(problem, allocation, transfer)
    same = np.column_stack([allocation, transfer])
    if len(np.unique(same, axis=0)) > 1:
        assert certificate.is_incentive_compatible == (gain <= 0)
    assert certificate.is_individually_rational == (slack >= 0)
    assert np.sign(certificate.participation_slack) == (slack > 0) - (slack < 0)
    assert certificate.is_exact == (gain <= 0 and slack >= 0)


def test_the_textbook_menu_passes():
    certificate = c.verify(LOW_HIGH, *BEST)
    gain, slack = exactly(LOW_HIGH, *BEST)
    assert (certificate.deviation.gain <= 0) == (gain <= 0)
    assert (certificate.participation_slack >= 0) == (slack >= 0)
    assert certificate.value == pytest.approx(0.75 * (2 / 3 - 2 / 9) + 0.25 * (BEST[1][1] - 2.0), rel=1e-14)
    assert certificate.upper_bound == pytest.approx(0.75 * 0.5 + 0.25 * 2.0)  # full information


def test_ic_fails_by_one_ulp_and_names_who_wants_what():
    fair = c.verify(LOW_HIGH, [1.0, 2.0], [1.0, 3.0])
    assert fair.holds
    assert fair.deviation.gain == 0.0
    greedy = c.verify(LOW_HIGH, [1.0, 2.0], [1.0, moved(3.0, 1)])
    assert not greedy.holds
    assert not greedy.is_incentive_compatible
    assert greedy.deviation.gain == moved(3.0, 1) - 3.0
    assert (greedy.deviation.tempted, greedy.deviation.tempter) == ("high", "low")
    assert str(greedy).splitlines()[0] == "IC fails: high -> low gains 4.44089e-16"
    assert c.verify(LOW_HIGH, [1.0, 2.0], [1.0, moved(3.0, 1)], tolerance=1e-15).holds


def test_ir_fails_by_one_ulp_and_names_who_would_leave():
    problem = c.ScreeningProblem([0.1], reservation_utility=0.0, labels=["picky"], cost=c.Quadratic())
    assert c.verify(problem, [1.0], [0.1]).holds
    short = c.verify(problem, [1.0], [moved(0.1, 1)])
    assert not short.holds
    assert short.participation_slack == 0.1 - moved(0.1, 1)
    assert str(short).splitlines()[0] == "IR fails: picky falls short by 1.38778e-17"


def test_ir_against_a_subnormal_reservation_utility():
    least = float(np.finfo(np.float64).smallest_subnormal)
    problem = c.ScreeningProblem([1.0], reservation_utility=least, cost=c.Quadratic())
    assert not c.verify(problem, [1.0], [1.0]).is_individually_rational
    assert c.verify(problem, [1.0], [moved(1.0, -1)]).is_individually_rational


def test_a_default_policy_is_compared_as_a_policy_not_as_a_rounded_number():
    # 0.1 * 0.3 + 0.2 * 0.7 rounds; keeping the default itself must never count as a loss.
    problem = c.ScreeningProblem([[0.1, 0.2]], outside_option=[0.3, 0.7], domain=c.Box(), transfers="none")
    assert c.verify(problem, [[0.3, 0.7]], [0.0]).participation_slack == 0.0
    assert c.verify(problem, [[0.3, moved(0.7, 1)]], [0.0]).participation_slack > 0
    assert c.verify(problem, [[0.3, moved(0.7, -1)]], [0.0]).participation_slack < 0


@pytest.mark.parametrize(
    ("fields", "allocation", "transfer", "what", "amount"),
    [
        ({}, [-moved(0.0, 1), 2.0], [0.0, 0.0], "domain (type 'low')", moved(0.0, 1)),
        ({"domain": c.Box(0.0, 1.5)}, [1.0, 2.0], [0.0, 0.0], "domain (type 'high')", 0.5),
        ({"transfers": (-1.0, 1.0)}, [1.0, 2.0], [1.0, moved(1.0, 1)], "transfer limits (type 'high')", 2.0**-52),
        ({"transfers": (-1.0, np.inf)}, [1.0, 2.0], [-1.5, 0.0], "transfer limits (type 'low')", 0.5),
        ({"transfers": "none"}, [1.0, 1.0], [0.0, moved(0.0, 1)], "transfer limits (type 'high')", moved(0.0, 1)),
        (
            {"constraints": c.LinearConstraint(allocation=[[1.0], [1.0]], upper=2.0, name="capacity")},
            [1.0, 2.0],
            [1.0, 3.0],
            "capacity",
            1.0,
        ),
        (
            {"constraints": c.LinearConstraint(utility=[1.0, 0.0], lower=0.5, name="floor")},
            [1.0, 2.0],
            [1.0, 3.0],
            "floor",
            0.5,
        ),
        ({"objective": c.Welfare(minimum_profit=1.0)}, [1.0, 2.0], [1.0, 2.0], "minimum profit", 0.625),
    ],
)
def test_other_constraints_fail_by_name_and_amount(fields, allocation, transfer, what, amount):
    problem = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), labels=("low", "high"), **fields)
    certificate = c.verify(problem, allocation, transfer)
    assert not certificate.holds
    assert [broken.what for broken in certificate.violations] == [what]
    assert certificate.violations[0].amount == pytest.approx(amount, rel=1e-12)
    assert f"{what} is broken by" in str(certificate)


def test_an_inequality_forgives_rounding_only_an_equation_solver_precision():
    row = {"allocation": [[0.1], [0.2]], "name": "row"}
    for constraint, excess, holds in (
        (c.LinearConstraint(**row, upper=0.5), 0.0, True),
        (c.LinearConstraint(**row, upper=0.5), 1e-12, False),
        (c.LinearConstraint(**row, lower=0.5, upper=0.5), 1e-12, True),
        (c.LinearConstraint(**row, lower=0.5, upper=0.5), 1e-7, False),
    ):
        problem = c.ScreeningProblem([1.0, 1.0], cost=c.Quadratic(), constraints=[constraint])
        assert c.verify(problem, [1.0 + 10 * excess, 2.0], [0.0, 1.0], tolerance=10.0).holds == holds


def test_a_lottery_may_miss_one_by_rounding_only():
    problem = c.ScreeningProblem([[1.0, 2.0, 3.0]], domain=c.Simplex())
    tenths = [0.1, 0.2, 0.7]
    assert c.verify(problem, [tenths], [0.0]).holds
    assert not c.verify(problem, [[0.1, 0.2, 0.7 + 1e-13]], [0.0]).holds


def test_a_gap_is_asked_for_and_measured():
    assert c.verify(LOW_HIGH, *BEST).requested_gap == np.inf
    loose = c.verify(LOW_HIGH, [0.5, 2.0], [0.5, 3.5], gap=0.5)
    assert loose.holds
    assert loose.relative_gap == pytest.approx((0.875 - loose.value) / 0.875)
    assert not c.verify(LOW_HIGH, [0.5, 2.0], [0.5, 3.5], gap=0.1).holds
    optimal = c.solve_menu(LOW_HIGH).bound.multipliers
    assert c.verify(LOW_HIGH, [0.5, 2.0], [0.5, 3.5], gap=0.1, multipliers=optimal).holds


def test_an_infinite_stake_does_not_excuse_any_menu():
    # Without a limit on allocations the full-information surplus is infinite: it must not become the yardstick.
    rows = c.LinearConstraint(allocation=[[0.5], [0.5]], upper=1.0)
    problem = c.ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=c.Linear(0.25), constraints=rows)
    certificate = c.verify(problem, [0.0, 0.0], [0.0, 0.0], gap=1e-6)
    assert certificate.upper_bound == np.inf
    assert np.isfinite(certificate.scale)
    assert certificate.scale < 10.0
    assert not certificate.holds


def test_types_with_one_contract_tempt_nobody():
    certificate = c.verify(LOW_HIGH, [1.0, 1.0], [1.0, 1.0])
    assert certificate.holds
    assert certificate.deviation.gain == -np.inf
    assert certificate.to_dict()["deviation"]["gain"] is None


def test_a_certificate_as_json_is_plain_and_finite():
    import json

    problem = c.ScreeningProblem([1.0], cost=c.Quadratic(), objective=c.Welfare(1.0, c.Isoelastic()))
    certificate = c.verify(problem, [1.0], [1.0])  # log of no utility: worth minus infinity
    assert certificate.value == -np.inf
    record = json.loads(json.dumps(certificate.to_dict(), allow_nan=False))
    assert record["value"] is None
    assert record["holds"] is True


@pytest.mark.parametrize(
    ("allocation", "transfer", "words"),
    [
        ([1.0, 2.0, 3.0], [1.0, 3.0], r"allocation has shape \(3, 1\); expected \(2, 1\), one row per type"),
        ([1.0, 2.0], [1.0], r"transfer has shape \(1,\); expected \(2,\)"),
        ([1.0, float("nan")], [1.0, 3.0], r"allocation\['high'\] is nan: every entry must be a finite number"),
        ([1.0, 2.0], [float("-inf"), 3.0], r"transfer\['low'\] is -inf"),
        ([[1.0], [2.0, 3.0]], [1.0, 3.0], r"allocation is not a rectangular array of numbers"),
    ],
)
def test_contracts_that_do_not_fit_are_refused(allocation, transfer, words):
    with pytest.raises(c.ProblemError, match=words):
        c.verify(LOW_HIGH, allocation, transfer)


@pytest.mark.parametrize(
    ("standards", "words"),
    [
        ({"tolerance": "a"}, "tolerance holds text"),
        ({"tolerance": -1.0}, "tolerance is -1.0: give utility units, 0 for none"),
        ({"tolerance": float("nan")}, "tolerance is nan"),
        ({"tolerance": float("inf")}, "tolerance is inf"),
        ({"gap": "x"}, "gap holds text"),
        ({"gap": -1.0}, "gap is -1.0: give a relative gap"),
        ({"gap": float("nan")}, "gap is nan"),
        ({"multipliers": c.solve_menu(LOW_HIGH)}, r"multipliers is Menu: give menu\.bound\.multipliers"),
        (
            {"multipliers": c.solve_menu([1.0, 2.0, 3.0], cost=c.Quadratic()).bound.multipliers},
            r"multipliers\.ic has shape \(3, 3\); expected \(2, 2\): give those of a menu of this problem",
        ),
    ],
)
def test_standards_and_prices_that_make_no_sense_are_refused(standards, words):
    with pytest.raises(c.ProblemError, match=words):
        c.verify(LOW_HIGH, *BEST, **standards)


def test_transfers_may_be_left_out_only_where_there_is_no_money():
    policies = c.ScreeningProblem([[1.0, 0.0], [0.0, 1.0]], domain=c.Simplex(), transfers="none")
    assert c.verify(policies, np.eye(2)) == c.verify(policies, np.eye(2), [0.0, 0.0])
    with pytest.raises(c.ProblemError, match="transfer is left out: give one per type"):
        c.verify(LOW_HIGH, [1.0, 2.0])


def test_the_bound_of_a_certificate_is_that_of_its_multipliers():
    certificate = c.verify(LOW_HIGH, *BEST)
    assert certificate.upper_bound == upper_bound(LOW_HIGH, no_multipliers(LOW_HIGH)).value
    assert certificate.rigorous
