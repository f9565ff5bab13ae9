"""Types of equal valuations whom the principal likes to serve differently: the best menu leaves them indifferent."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from contracts.engines import reference
from contracts.proof.bound import upper_bound
from contracts.repair.indifference import doubles, in_whole_shares, indifferent

MENUS = {
    "quadratic": {"cost": c.Quadratic()},
    "box": {"cost": c.Quadratic(), "domain": c.Box(0.0, 1.5)},
    "lotteries": {"cost": c.Quadratic(), "domain": c.Simplex()},
    "goods": {"domain": c.Box(0.0, 1.0)},
}


@st.composite
def with_doubles(draw):
    """Valuations in quarters, the first two types alike, and a principal who tells them apart."""
    kind, seed = draw(st.sampled_from(sorted(MENUS))), draw(st.integers(0, 10_000))
    n_types, n_goods = draw(st.integers(2, 6)), draw(st.integers(1, 3))
    rng = np.random.default_rng(seed)
    taste = rng.integers(1, 9, (n_types, n_goods)) / 4
    taste[1] = taste[0]
    values = rng.normal(size=(n_types, n_goods)) * 0.3
    return c.ScreeningProblem(taste, principal_values=values, **MENUS[kind])


@given(with_doubles())
def test_types_the_principal_alone_tells_apart_are_served_as_well_as_can_be(problem):
    menu = c.solve_menu(problem)
    assert menu.certificate.holds
    assert menu.certificate.is_exact
    assert menu.value <= upper_bound(problem.program, reference.solve(problem.program).multipliers).value


def test_two_contracts_are_exactly_as_good_and_each_type_takes_the_principals_choice():
    taste, values = [[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]], [[0.0, 0.0], [0.5, 0.0], [0.0, 0.0]]
    menu = c.solve_menu(taste, cost=c.Quadratic(), principal_values=values)
    assert menu.value == pytest.approx(65 / 24, rel=1e-6)  # surplus |a + b|^2 / 2 of each, and no rents
    assert menu.allocation[:2] == pytest.approx(np.array([[1.0, 2.0], [1.5, 2.0]]), abs=1e-4)
    worth = [
        sum(Fraction(a) * Fraction(x) for a, x in zip((1, 2), allocation.tolist(), strict=True)) - Fraction(transfer)
        for allocation, transfer in zip(menu.allocation, menu.transfer.tolist(), strict=True)
    ]
    assert worth[0] == worth[1]


@pytest.mark.parametrize("field", [{}, {"transfers": (-100.0, 200.0)}, {"objective": c.Welfare(0.5)}])
def test_decimals_are_exactly_indifferent_where_amounts_next_to_nothing_have_digits_to_spare(field):
    """Differences of .1 and 2.9 are worth multiples of .1 but for last digits: two tiny amounts make up for those."""
    twins = [[0.1, 2.9, 1.0], [0.1, 2.9, 1.0]]
    values = [[-1.5, -1.25, 0.5], [0.5, -0.75, -1.5]]  # the first gets none of good 0, the second none of good 2
    menu = c.solve_menu(twins, principal_values=values, cost=c.Quadratic(0.1), **field)
    assert menu.value == pytest.approx(24.8875)
    exact = [[Fraction(float(x)) for x in row] for row in menu.allocation]
    worth = [sum(Fraction(v) * x for v, x in zip(twins[0], row, strict=True)) for row in exact]
    paid = [Fraction(float(t)) for t in menu.transfer]
    assert worth[0] - paid[0] == worth[1] - paid[1]


def test_lotteries_between_which_types_differ_by_a_constant_are_one_taste():
    taste = [[1.0, 2.0, 0.5], [2.0, 3.0, 1.5], [2.0, 0.0, 1.0]]
    values = [[0.5, 0.0, 0.0], [0.0, 0.25, 1.0], [0.0, 0.0, 0.0]]
    fields = {"cost": c.Quadratic(), "domain": c.Simplex(), "principal_values": values}
    assert doubles(c.ScreeningProblem(taste, **fields)).tolist()[0] == doubles(c.ScreeningProblem(taste, **fields))[1]
    assert doubles(c.ScreeningProblem(taste, **{**fields, "domain": c.Box(0.0, 1.0)})) is None
    assert c.solve_menu(taste, **fields).certificate.holds


def test_valuations_with_many_digits_are_an_error_that_names_cause_and_remedy():
    taste, values = [[0.1, 0.7], [0.1, 0.7], [0.9, 0.2]], [[0.0, 0.0], [0.5, 0.0], [0.0, 0.0]]
    with pytest.raises(c.SolverError, match=r"exactly indifferent.*whole numbers, or quarters") as raised:
        c.solve_menu(taste, cost=c.Quadratic(), principal_values=values)
    reached = raised.value.reached
    assert reached.certificate.is_exact
    assert not reached.certificate.holds
    in_tenths = c.solve_menu(np.multiply(taste, 10).round(), cost=c.Quadratic(), principal_values=values)
    assert in_tenths.certificate.holds


@pytest.mark.parametrize("scale", [2.0**-300, 1.0, 2.0**300])
def test_rounding_is_relative_to_the_units(scale):
    problem = c.ScreeningProblem(
        np.array([[1.0], [1.0]]) * scale, cost=c.Quadratic(scale), principal_values=np.array([[0.0], [0.3]]) * scale
    )
    allocation, utility = np.array([[1.0], [1.3]]), np.array([0.1, 0.1 + 1e-13]) * scale
    rounded, common = indifferent(problem, doubles(problem), allocation, utility)
    assert rounded == pytest.approx(allocation, rel=1e-12)
    assert common[0] == common[1] == pytest.approx(0.1 * scale, rel=1e-11)
    transfer = problem.valuations[:, 0] * rounded[:, 0] - common
    exact = [Fraction(scale) * Fraction(x) - Fraction(t) for x, t in zip(rounded[:, 0], transfer, strict=True)]
    assert exact[0] == exact[1] == Fraction(common[0])


@pytest.mark.parametrize("most", [0.1, 0.2, 0.3, 0.7, 1.0])
def test_at_the_edge_of_a_box_amounts_are_rounded_inwards(most):
    problem = c.ScreeningProblem([1.0, 1.0], domain=c.Box(0.0, most), principal_values=[[0.0], [0.3]])
    rounded, _ = indifferent(problem, doubles(problem), np.full((2, 1), most), np.zeros(2))
    assert problem.domain.violation(rounded).max() == 0
    assert rounded == pytest.approx(most, rel=1e-12)


def test_where_no_rounding_stays_inside_there_is_none():
    faces = c.Polyhedron([[1.0, 1.0], [-1.0, -1.0], [-1.0, 0.0], [0.0, -1.0]], [0.1, -0.1, 0.0, 0.0])
    problem = c.ScreeningProblem([[1.0 + 2.0**-22, 2.0]] * 2, domain=faces, principal_values=[[0.0, 0.0], [0.3, 0.0]])
    assert indifferent(problem, doubles(problem), np.full((2, 2), 0.05), np.zeros(2)) is None


def test_types_that_the_principal_values_alike_need_no_indifference():
    assert doubles(c.ScreeningProblem([1.0, 1.0, 2.0], principal_values=[[0.5], [0.5], [0.0]])) is None


@pytest.mark.parametrize("reservation", [0.0, 0.3])
@pytest.mark.parametrize("above", [0.0, 1.0])
def test_twins_who_may_stay_away_are_indifferent_between_the_lotteries_they_are_served(reservation, above):
    """What all outcomes are worth in common decides whether to come, not which lottery to take."""
    rng = np.random.default_rng(0)
    base = rng.uniform(0.0, 3.0, (3, 3))
    valuations = np.vstack([base, base[:2] + above])
    values = rng.uniform(-1.0, 1.0, (5, 3))
    menu = c.solve_menu(
        valuations, principal_values=values, cost=c.Quadratic(), domain=c.Simplex(), reservation_utility=reservation
    )
    assert menu.certificate.holds
    assert not np.array_equal(menu.allocation[0], menu.allocation[3])


@pytest.mark.parametrize("seed", range(12))
def test_who_likes_every_lottery_alike_takes_the_one_that_the_principal_means_for_them(seed):
    """Types without a taste, in every other case beside one with a taste; at home or not, and no money."""
    rng = np.random.default_rng(seed)
    n_types, n_outcomes = 2 + seed % 2, 2 + seed % 3
    valuations = np.repeat(rng.normal(size=(n_types, 1)), n_outcomes, axis=1)
    valuations[: seed % 2] = rng.normal(size=n_outcomes)
    menu = c.solve_menu(
        valuations,
        rng.dirichlet(np.ones(n_types)),
        cost=c.Quadratic(2.0),
        domain=c.Simplex(),
        principal_values=rng.normal(size=(n_types, n_outcomes)),
        transfers="none",
        outside_option=None if seed < 3 else rng.dirichlet(np.ones(n_outcomes)),
    )
    assert menu.certificate.holds


def test_who_likes_every_lottery_alike_is_not_kept_from_a_better_one_by_a_last_digit():
    """The second type was left at home, at -1.12 instead of -1.08: its lottery summed to one but for a last digit."""
    menu = c.solve_menu(
        [[0.9320638326866963] * 3, [1.599790571520194] * 3],
        [0.2191744443430348, 0.7808255556569651],
        participation="compulsory",
        cost=c.Quadratic(7.0),
        domain=c.Simplex(),
        principal_values=[[0.5, 0.25, -1.25], [0.25, -0.5, 0.5]],
        outside_option=[0.0, 0.4, 0.6],
        transfers="none",
    )
    assert menu.value == pytest.approx(-1.0798673214, abs=1e-9)


def test_shares_sum_to_one_or_to_the_next_digit_beside_what_those_at_home_sum_to():
    """The lower one for types to whom outcomes are worth less than nothing: nobody prefers another's sum."""
    rng = np.random.default_rng(0)
    lotteries, worth = rng.dirichlet(np.ones(3), 50), rng.normal(size=(50, 1))
    fields = {"domain": c.Simplex(), "cost": c.Quadratic(), "transfers": "none"}
    for outside in (None, [0.1, 0.2, 0.7], [0.0, 0.4, 0.6], [0.3, 0.6, 0.1 + 2.0**-54]):
        problem = c.ScreeningProblem(np.repeat(worth, 3, axis=1), outside_option=outside, **fields)
        rounded = in_whole_shares(problem, lotteries)
        assert np.abs(rounded - lotteries).max() < 1e-15
        total = Fraction(1 if outside is None else sum(map(Fraction, outside)))
        sums = [sum(map(Fraction, row)) for row in rounded.tolist()]
        dislikes = worth[:, 0] < 0
        assert {each for each, low in zip(sums, dislikes, strict=True) if low} == {Fraction(int(total * 2**53), 2**53)}
        assert len(set(sums)) == (1 if (total * 2**53).denominator == 1 else 2)
        assert all(each <= total if low else each >= total for each, low in zip(sums, dislikes, strict=True))
