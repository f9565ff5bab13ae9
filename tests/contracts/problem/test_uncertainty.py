"""Uncertain valuations: robust IC and IR hold at every valuation, exactly; closed forms, pooling, bounds."""

import functools
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts
from contracts import Box, Ellipsoid, Entropy, Interval, Noise, ProblemError, Quadratic, ScreeningProblem, Simplex
from contracts.engines import reference, robust
from contracts.proof.bound import upper_bound
from contracts.repair.certified import certified_menu
from contracts.repair.pooling import robust_mixture_needed
from tests.strategies import examples

GAP = 1e-6

SETS = {"box": Interval(0.03), "ball": Ellipsoid(0.04), "noise": Noise(0.01), "wide": Ellipsoid(0.3)}


def taste(seed, n_types=5, n_goods=2):
    rng = np.random.default_rng(seed)
    return rng.uniform(1, 2, (n_types, n_goods)), rng.dirichlet(np.full(n_types, 3.0))


def corners_and_more(problem, rng):
    """Valuations of every type in its set: random ones and the corners of boxes; (n_draws, n_types, n_goods)."""
    sets = problem.valuation_sets
    raw = rng.normal(size=(64, *problem.valuations.shape))
    directions = np.sign(raw) if sets.norm == 1 else raw / np.linalg.norm(raw, axis=-1, keepdims=True)
    inside = directions * rng.choice([1.0, 1.0, 0.5], size=(64, 1, 1))
    return problem.valuations + np.einsum("ikl,nil->nik", sets.factors, inside)


@pytest.mark.parametrize("width", [0.0, 0.1, 0.2, 0.3, 0.5])  # at 0.5 the intervals touch: 1.5 must be indifferent
def test_two_types_on_an_interval_have_a_closed_form(width):
    """Types 1 and 2, cost x^2/2: all pay for the worst valuation, the high type's rent is for 2 - w against 1 - w.

    t_L = (1 - w) x_L and t_H = t_L + (2 - w)(x_H - x_L), so x_H = 2 - w, and x_L maximises
    (1 - w - p (2 - w)) x - (1 - p) x^2 / 2.
    """
    share = 0.25
    menu = contracts.solve_menu([1.0, 2.0], [1 - share, share], cost=Quadratic(), uncertainty=Interval(width))
    low = max(0.0, (1 - width - share * (2 - width)) / (1 - share))
    assert menu.allocation[:, 0] == pytest.approx([low, 2 - width], abs=1e-4)
    value = (1 - share) * low**2 / 2 + share * (2 - width) ** 2 / 2
    assert menu.value == pytest.approx(value, rel=GAP)
    assert menu.certificate.holds


def test_boxes_that_share_a_face_have_an_exact_menu():
    """Independent goods: each is screened by itself, and sold to its high type at 1.5 a unit only."""
    corners = [[1.0, 1.0], [1.0, 2.0], [2.0, 1.0], [2.0, 2.0]]
    menu = contracts.solve_menu(corners, cost=Quadratic(), uncertainty=Interval(0.5))
    assert menu.certificate.is_exact
    assert menu.value == pytest.approx(2 * 0.5 * 1.5**2 / 2, rel=GAP)


def test_sets_that_touch_at_a_number_of_many_digits_are_told_what_to_do():
    tenths = [0.1, 0.2, 0.3]
    with pytest.raises(contracts.SolverError, match="Make the sets a little narrower"):
        contracts.solve_menu(tenths, cost=Quadratic(), uncertainty=Interval(0.05))
    narrower = contracts.solve_menu(tenths, cost=Quadratic(), uncertainty=Interval(0.05 * (1 - 1e-7)))
    whole = contracts.solve_menu([1.0, 2.0, 3.0], cost=Quadratic(), uncertainty=Interval(0.5))
    assert narrower.value == pytest.approx(whole.value / 100, rel=2e-6)


@functools.cache
def two_known_types(second):
    values = [[0.8, -0.9], [0.8, -0.4]]
    return contracts.solve_menu([[2.75, 0.5], second], principal_values=values, cost=Quadratic())


@pytest.mark.parametrize("sets", [Interval(0.0), Ellipsoid([0.0, 0.0]), Ellipsoid(np.zeros((2, 2))), Noise(0.0)])
@pytest.mark.parametrize("second", [[2.75, 0.5], [np.nextafter(2.75, 3), np.nextafter(0.5, 1)], [3.5, 0.25]])
def test_sets_of_no_size_are_valuations_that_are_known(sets, second):
    """Twins and near twins whom the principal tells apart have repairs that ask for no room at all."""
    known = two_known_types(tuple(second))
    problem = replace(known.problem, uncertainty=sets)
    assert problem.valuation_sets is None
    menu = contracts.solve_menu(problem)
    assert menu.certificate.holds
    assert menu.certificate.rigorous
    assert menu.value == known.value


OVERLAPPING = ScreeningProblem(
    [0.75, 0.75, 0.0, 1.25, 2.0, 2.25, 0.750000001, 1.5],
    [0.1, 0.1, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1],
    cost=contracts.Power(2.0, 0.5),
    domain=contracts.Polyhedron([[1.0], [-1.0], [1.5], [-0.5]], [2.0, 0.0, 0.625, 0.375]),
    uncertainty=Ellipsoid([0.75, 0.25, 0.25, 0.75, 0.25, 0.5, 0.5, 0.25]),
)


@pytest.mark.parametrize("money", [1.0, 1e-5, 1e4])
def test_where_sets_overlap_so_that_nothing_can_be_sold_nothing_is_proven_best(money):
    """Prices of sets that overlap have no limit, and a bound loses digits with them: a low limit leaves it enough."""
    menu = contracts.solve_menu(
        OVERLAPPING.valuations * money,
        OVERLAPPING.weights,
        cost=contracts.Power(2.0, 0.5 * money),
        domain=OVERLAPPING.domain,
        uncertainty=Ellipsoid(np.array([0.75, 0.25, 0.25, 0.75, 0.25, 0.5, 0.5, 0.25]) * money),
    )
    assert menu.value == 0
    assert menu.certificate.holds


@pytest.mark.parametrize("price", [3.0, 30.0, 300.0])
def test_amounts_that_are_noise_make_no_problem_infeasible(price):
    """The constraints hold with nothing for everybody, in whatever unit."""
    found = robust.priced(OVERLAPPING, ic_price=price)
    assert np.abs(found.allocation).max() < 1e-6


def test_types_whose_sets_overlap_share_one_contract():
    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), uncertainty=Interval(0.6))
    assert menu.allocation[0].tolist() == menu.allocation[1].tolist()
    assert menu.transfer[0] == menu.transfer[1]
    assert menu.value == pytest.approx(0.4**2 / 2, rel=GAP)  # sold to both at what the low type may be worth least


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("seed", range(3))
def test_nobody_in_any_set_prefers_another_contract_or_leaving(name, seed):
    tastes, weights = taste(seed)
    problem = ScreeningProblem(tastes, weights, cost=Quadratic(), uncertainty=SETS[name])
    menu = contracts.solve_menu(problem)
    assert menu.certificate.holds
    assert menu.certificate.is_exact
    for valuations in corners_and_more(problem, np.random.default_rng(seed)):
        own = np.einsum("ij,ij->i", valuations, menu.allocation) - menu.transfer
        best = (valuations @ menu.allocation.T - menu.transfer).max(axis=1)
        assert np.all(own >= best - 1e-12)
        assert np.all(own >= -1e-12)


@given(st.integers(0, 10**6), st.sampled_from(["box", "ball"]), st.integers(2, 4), st.integers(1, 3))
@examples(15)
def test_robustness_costs_something_and_never_more_than_it_promises(seed, name, n_types, n_goods):
    tastes, weights = taste(seed, n_types, n_goods)
    problem = ScreeningProblem(tastes, weights, cost=Quadratic())
    known = contracts.solve_menu(problem)
    robust = contracts.solve_menu(problem, uncertainty=SETS[name])
    assert robust.certificate.holds
    assert robust.value <= known.upper_bound
    assert contracts.verify(problem, robust.allocation, robust.transfer).holds


def value_by_definition(tastes, weights, sets, highest):
    """The program as the document states it: quadratic cost, amounts up to `highest`, doubt in IC and IR."""
    cp = pytest.importorskip("cvxpy")
    n_types, amounts, utility = len(tastes), cp.Variable(tastes.shape, nonneg=True), cp.Variable(len(tastes))
    rules = [amounts <= highest]

    def doubt(who, difference):
        if isinstance(sets, Interval):
            return cp.norm1(cp.multiply(np.broadcast_to(sets.widths, tastes.shape)[who], difference))
        return cp.norm2(sets.factors[who].T @ difference)

    for i in range(n_types):
        rules.append(utility[i] >= doubt(i, amounts[i]))
        for j in set(range(n_types)) - {i}:
            truth = utility[j] + (tastes[i] - tastes[j]) @ amounts[j]
            rules.append(utility[i] >= truth + doubt(i, amounts[i] - amounts[j]))
    surplus = cp.sum(cp.multiply(tastes, amounts), axis=1) - cp.sum(cp.square(amounts), axis=1) / 2
    best = cp.Problem(cp.Maximize(weights @ (surplus - utility)), rules)
    best.solve(solver="CLARABEL")
    return best.value


@pytest.mark.parametrize("size", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("kind", ["box", "ellipsoid"])
@pytest.mark.parametrize(("n_types", "n_goods"), [(3, 2), (5, 2), (4, 3)])
def test_robust_values_are_those_of_the_program_written_down_by_hand(n_types, n_goods, kind, size):
    tastes, weights = taste(n_types, n_types, n_goods)
    rng = np.random.default_rng(n_goods)
    widths, shapes = rng.uniform(0.5, 1.5, tastes.shape), rng.normal(size=(n_types, n_goods, n_goods))
    doubt = Interval(size * widths) if kind == "box" else Ellipsoid(size * shapes)
    menu = contracts.solve_menu(tastes, weights, cost=Quadratic(), domain=Box(0, 1.2), uncertainty=doubt)
    expected = value_by_definition(tastes, weights, doubt, 1.2)
    assert menu.value == pytest.approx(expected, rel=3 * GAP)
    assert menu.upper_bound == pytest.approx(expected, rel=3 * GAP)


@pytest.mark.parametrize("radius", [0.4, 0.51, 0.54, 0.6])
def test_wide_sets_leave_the_profit_that_is_required(radius):
    """Welfare is then sold to everybody alike: pooled at x = 2 (1 - r) it breaks even at the low type's worst."""
    menu = contracts.solve_menu(
        [1.0, 2.0],
        cost=Quadratic(),
        domain=Box(0, 3),
        objective=contracts.Welfare(1.0, minimum_profit=0.0),
        uncertainty=Ellipsoid(radius),
    )
    amount = 2 * (1 - radius)
    pooled = 1.5 * amount - amount**2 / 2
    assert menu.value == pytest.approx(1.25 if radius < 0.5 else pooled, rel=2 * GAP)
    assert menu.certificate.holds


def test_the_share_of_the_roomy_menu_makes_up_for_rows_over_all_types():
    """Profit misses 0.1 and the roomy menu has 0.2 to spare; the quota is missed by 1/2, with room for 1."""
    quota = contracts.LinearConstraint(allocation=[[1.0], [1.0]], upper=2.0)
    problem = ScreeningProblem(
        [1.0, 1.0], domain=Box(0, 3), objective=contracts.Welfare(minimum_profit=0.5), uncertainty=Interval(2.0**-60)
    )
    contract, ones = np.array([1, 1]), np.ones((2, 1))
    short, roomy = (ones, np.full(2, 0.4)), (ones, np.full(2, 0.7))
    assert robust_mixture_needed(problem, contract, short, roomy) == pytest.approx(1 / 3)
    limited = replace(problem, objective=contracts.Profit(), constraints=(quota,))
    large, small = (1.25 * ones, np.full(2, 0.1)), (0.5 * ones, np.full(2, 0.1))
    assert robust_mixture_needed(limited, contract, large, small) == pytest.approx(1 / 3)


def test_no_uncertainty_at_all_is_the_known_problem():
    tastes, weights = taste(3)
    known = contracts.solve_menu(tastes, weights, cost=Quadratic(), method="reference")
    for nothing in (Interval(0.0), Ellipsoid(0.0), Noise(0.0)):
        robust = contracts.solve_menu(tastes, weights, cost=Quadratic(), uncertainty=nothing)
        assert robust.value == pytest.approx(known.value, rel=GAP)


def test_wider_sets_are_worth_less():
    tastes, weights = taste(4)
    values = [
        contracts.solve_menu(tastes, weights, cost=Quadratic(), uncertainty=Ellipsoid(radius)).value
        for radius in (0.0, 0.02, 0.05, 0.1, 0.4)
    ]
    assert values == sorted(values, reverse=True)


def test_policies_without_money_are_robust_as_well():
    rewards = np.array([[1.0, 0.2, 0.0], [0.0, 0.3, 1.0], [0.1, 1.0, 0.1]])
    problem = ScreeningProblem(
        rewards,
        cost=Entropy(np.full(3, 1 / 3), 0.3),
        domain=Simplex(),
        transfers="none",
        objective=contracts.Welfare(),
        outside_option=np.full(3, 1 / 3),
        uncertainty=Ellipsoid(0.05),
    )
    menu = contracts.solve_menu(problem)
    assert menu.certificate.holds
    for valuations in corners_and_more(problem, np.random.default_rng(0)):
        utility = valuations @ menu.allocation.T
        assert np.all(np.diag(utility) >= utility.max(axis=1) - 1e-12)
        assert np.all(np.diag(utility) >= valuations.mean(axis=1) - 1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_pools_that_a_solver_leaves_apart_in_flat_directions_are_found(seed):
    """Eleven policies, sets that do not reach along the constant vector: the first two groups' sets overlap."""
    rng = np.random.default_rng(seed)
    rewards = rng.normal(size=(3, 11))
    rewards[1] = rewards[0] + 0.05 * rng.normal(size=11)
    spread = 0.1 * rng.normal(size=(3, 11, 11))
    reference = np.full(11, 1 / 11)
    problem = contracts.models.delegation(
        rewards, [0.5, 0.2, 0.3], reference=reference, temperature=0.2, outside_option=reference
    )
    menu = contracts.solve_menu(problem, uncertainty=Ellipsoid(spread - spread.mean(axis=1, keepdims=True)))
    assert menu.certificate.holds
    assert menu.certificate.is_exact


def policies(rewards):
    reference = np.full(rewards.shape[1], 1 / rewards.shape[1])
    return contracts.models.delegation(rewards, reference=reference, temperature=0.3, outside_option=reference)


@pytest.mark.parametrize("seed", range(4))
def test_a_best_menu_that_is_robust_as_it_is_needs_no_other(seed):
    rewards = np.random.default_rng(seed).normal(size=(3, 6)) + 3 * np.eye(3, 6)
    problem, doubt = policies(rewards), Ellipsoid(0.05)
    menu, known = contracts.solve_menu(problem, uncertainty=doubt), contracts.solve_menu(problem)
    assert menu.engine == known.engine == "dual"
    np.testing.assert_allclose(menu.allocation, known.allocation, rtol=1e-14)  # lotteries are scaled back to 1
    assert menu.certificate.is_exact
    assert menu.certificate.rigorous  # its bound is that of known valuations
    oracle = contracts.solve_menu(problem, uncertainty=doubt, method="reference")
    assert menu.value == pytest.approx(oracle.value, rel=2 * GAP)


def test_a_best_menu_that_is_not_robust_is_not_taken():
    rewards = np.array([[1.0, 0.9, 0.0, 0.0], [0.9, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]])
    menu = contracts.solve_menu(policies(rewards), uncertainty=Ellipsoid(0.2))
    assert menu.engine.startswith("reference")
    assert menu.allocation[0].tolist() == menu.allocation[1].tolist()
    assert menu.certificate.is_exact


@pytest.mark.parametrize("name", SETS)
def test_limited_prices_of_ic_rows_change_nothing_where_they_are_low(name):
    tastes, weights = taste(5)
    problem = ScreeningProblem(tastes, weights, cost=Quadratic(), uncertainty=SETS[name])
    menu = certified_menu(problem, robust.priced(problem), gap=GAP)
    assert menu.value == pytest.approx(contracts.solve_menu(problem).value, rel=2 * GAP)


def test_a_limit_below_the_prices_still_proves_a_bound():
    problem = ScreeningProblem([1.0, 2.0], cost=Quadratic(), uncertainty=Interval(0.2))
    candidate = reference.solve(problem, ic_price=0.1)
    assert upper_bound(problem, candidate.multipliers).value > contracts.solve_menu(problem).value + 0.01


def test_types_told_to_share_a_contract_do_and_those_told_to_leave_have_nothing():
    problem = ScreeningProblem([1.0, 2.0, 3.0], cost=Quadratic(), uncertainty=Interval(0.1))
    candidate = reference.solve(problem, contract=np.array([0, 1, 1]))
    assert candidate.allocation[:, 0] == pytest.approx([0.0, 1.9, 1.9], abs=1e-6)  # at the second type's worst
    assert candidate.utility == pytest.approx([0.0, 0.1 * 1.9, 1.1 * 1.9], abs=1e-6)


def test_gains_are_exact_where_floats_cannot_tell():
    """At t_H the high type's worst valuation is indifferent; one unit in the last place more and it leaves."""
    problem = ScreeningProblem([1.0, 2.0], uncertainty=Interval(0.25), labels=("low", "high"))
    fair = contracts.verify(problem, [1.0, 2.0], [0.75, 0.75 + 1.75])
    assert fair.deviation.gain == 0.0
    assert fair.holds
    dear = contracts.verify(problem, [1.0, 2.0], [0.75, np.nextafter(2.5, 3)])
    assert dear.deviation.gain > 0
    assert not dear.holds
    assert dear.deviation.tempted == "high"


def test_the_sign_of_an_ellipsoids_gain_is_decided_by_squares():
    sets = Ellipsoid([[3.0, 0.0], [0.0, 4.0]]).sets((1, 2))
    ones = [Fraction(1), Fraction(1)]
    assert sets.exact_gain(0, Fraction(-5), ones) == 0.0  # sqrt(9 + 16) = 5
    assert sets.exact_gain(0, Fraction(-5) - Fraction(1, 10**40), ones) < 0
    assert sets.exact_gain(0, Fraction(-5) + Fraction(1, 10**40), ones) > 0
    assert sets.exact_gain(0, Fraction(0), ones) == 5.0


def test_noise_covers_the_truth_as_often_as_it_says():
    sets = Noise(0.2, probability=0.9).sets((1, 3))
    noise = np.random.default_rng(0).normal(scale=0.2, size=(20_000, 3))
    inside = np.linalg.norm(noise @ np.linalg.inv(sets.factors[0]).T, axis=1) <= 1
    assert inside.mean() == pytest.approx(0.9, abs=0.01)


def test_a_robust_menu_survives_its_file(tmp_path):
    tastes, weights = taste(1, 3)
    menu = contracts.solve_menu(tastes, weights, cost=Quadratic(), domain=Box(0, 3), uncertainty=Noise([0.01, 0.02]))
    again = contracts.load_menu(menu.save(tmp_path / "menu.json"))
    assert again.certificate == menu.certificate
    assert again.bound.multipliers.directions.tolist() == menu.bound.multipliers.directions.tolist()


def test_both_kinds_of_doubt_at_once():
    tastes, weights = taste(2, 4)
    both = contracts.solve_menu(
        tastes, weights, cost=Quadratic(), uncertainty=Ellipsoid(0.02), ambiguity=contracts.TotalVariation(0.1)
    )
    only = contracts.solve_menu(tastes, weights, cost=Quadratic(), uncertainty=Ellipsoid(0.02))
    assert both.certificate.holds
    assert both.value <= only.value


def test_a_certificate_says_of_which_valuations_it_is():
    problem = contracts.ScreeningProblem([1.0, 2.0], cost=Quadratic(), uncertainty=Interval(0.1))
    certificate = contracts.solve_menu(problem).certificate
    assert str(certificate).startswith("IC and IR hold exactly at every valuation in the types' sets\n")
    loose = contracts.verify(problem, [1.0, 1.0], [0.95, 0.95], tolerance=0.1)
    assert str(loose).startswith("IC and IR hold to 1.0e-01 at every valuation in the types' sets\n")
    known = contracts.verify(replace(problem, uncertainty=None), [1.0, 1.0], [0.95, 0.95])
    assert str(known).startswith("IC and IR hold exactly\n")


def test_sets_too_wide_for_anybodys_participation_are_infeasible():
    with pytest.raises(contracts.InfeasibleMenuError, match="for every valuation in its set"):
        contracts.solve_menu(
            [[1.0], [2.0]],
            domain=Box(1.0, 2.0),
            transfers=(1.0, 5.0),
            uncertainty=Interval(0.6),
            labels=("a", "b"),
            participation="compulsory",
        )


@pytest.mark.parametrize(
    ("uncertainty", "message"),
    [
        (lambda: Interval(-0.1), "Interval widths holds -0.1: sizes must not be negative"),
        (lambda: Interval([0.1, 0.2, 0.3]), r"Interval widths has shape \(3,\); expected \(2, 2\)"),
        (lambda: Ellipsoid(np.ones((3, 3))), r"Ellipsoid factors has shape \(3, 3\)"),
        (lambda: Noise(0.1, probability=1.0), "strictly between 0 and 1"),
        (lambda: Interval, "the class Interval, not an object of it"),
        (lambda: 0.1, "uncertainty is float: use Interval"),
    ],
)
def test_what_is_no_uncertainty_is_refused(uncertainty, message):
    with pytest.raises(ProblemError, match=message):
        ScreeningProblem([[1.0, 2.0], [2.0, 1.0]], uncertainty=uncertainty())


@pytest.mark.parametrize("method", ["ironing", "cuts", "dual"])
def test_engines_for_known_valuations_refuse_uncertain_ones(method):
    with pytest.raises(ProblemError):
        contracts.solve_menu([1.0, 2.0], cost=Quadratic(), uncertainty=Interval(0.1), method=method)
