"""Voluntary participation: types may be left with their outside option, by themselves or by a lottery."""

import dataclasses
from fractions import Fraction

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts as c
from tests.strategies import examples

SOLVED = 1e-5  # relative: twice the gap asked for, and what the oracle's solver misses


def oracle(valuations, weights, reservation, *, curvature=None, price=0.0, fixed=0.0, upper=None, lottery=False):
    """The program of lotteries over serving in cvxpy, all pairs, sharing no code with the library."""
    n, d = valuations.shape
    y, z, u = cp.Variable((n, d)), cp.Variable(n), cp.Variable(n)  # u above the reservation utility
    rows = [z >= 0, z <= 1, y >= 0, u >= 0]
    if upper is not None:
        rows += [y[:, k] <= upper * z for k in range(d)]
    if lottery:
        rows.append(cp.sum(y, axis=1) == z)
    surplus = []
    for i in range(n):
        spent = price * cp.sum(y[i]) + fixed * z[i]
        if curvature is not None:
            spent += curvature / 2 * cp.quad_over_lin(y[i], z[i])
        surplus.append(weights[i] * (valuations[i] @ y[i] - reservation[i] * z[i] - spent - u[i]))
        for j in range(n):
            if i != j:
                gain = (valuations[i] - valuations[j]) @ y[j] - (reservation[i] - reservation[j]) * z[j]
                rows.append(u[i] >= u[j] + gain)
    program = cp.Problem(cp.Maximize(sum(surplus)), rows)
    return program.solve(solver=cp.CLARABEL)


# ---- closed forms: two types, 1 and 2, cost x^2 / 2 ----


@pytest.mark.parametrize(
    ("reservation", "value", "excluded"),
    [
        (0.0, 2 / 3, [False, False]),
        (0.05, 2 / 3 - 0.05, [False, False]),
        (0.6, 0.25 * 1.4, [True, False]),  # one contract (2, 3.4) for the high type alone
        (1.9, 0.25 * 0.1, [True, False]),
        (3.0, 0.0, [True, True]),
    ],
)
def test_who_is_not_worth_the_reservation_utility_is_left_out(reservation, value, excluded):
    menu = c.solve_menu(c.models.mussa_rosen([1.0, 2.0], [0.75, 0.25], reservation_utility=reservation))
    assert menu.value == pytest.approx(value, abs=1e-6)
    assert menu.is_excluded.tolist() == excluded
    assert menu.certificate.is_exact
    assert menu.certificate.rigorous
    assert menu.utility[menu.is_excluded] == pytest.approx(reservation)
    assert (menu.payoff[menu.is_excluded] == 0).all()


def test_compulsory_participation_serves_everybody_at_a_loss():
    problem = c.models.mussa_rosen([1.0, 2.0], [0.75, 0.25], reservation_utility=3.0, participation="compulsory")
    menu = c.solve_menu(problem)
    assert menu.value == pytest.approx(2 / 3 - 3.0, abs=1e-6)
    assert not menu.is_excluded.any()


def test_a_serving_cost_leaves_out_whoever_does_not_bear_it():
    for cost, value, excluded in [(0.0, 2 / 3, 0), (0.05, 2 / 3 - 0.05, 0), (0.5, 0.25 * 1.5, 1), (2.5, 0.0, 2)]:
        menu = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), serving_cost=cost)
        assert menu.value == pytest.approx(value, abs=1e-6)
        assert menu.is_excluded.sum() == excluded


def test_where_nothing_is_no_contract_types_may_still_be_left_out():
    """Every policy harms the principal more than the first type would pay."""
    menu = c.solve_menu([[1.0, 0.0], [0.0, 4.0]], domain=c.Simplex(), principal_values=[-2.0, -2.0])
    assert menu.is_excluded.tolist() == [True, False]
    assert menu.value == pytest.approx(0.5 * 2.0)


def test_limits_on_transfers_that_exclude_zero_are_for_those_who_take_part():
    menu = c.solve_menu([1.0, 2.0], cost=c.Quadratic(), transfers=(1.5, 3.0))
    assert menu.is_excluded.tolist() == [True, False]
    assert 1.5 <= menu.transfer[1] <= 3.0
    assert menu.value == pytest.approx(0.5 * (3.0 - 1.5**2 / 2), abs=1e-6)  # x = 3 / 2 at the highest transfer


# ---- the oracle ----


@examples(40)
@given(st.integers(0, 10**6))
def test_random_problems_agree_with_a_program_that_shares_no_code(seed):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(2, 5)), int(rng.integers(1, 3))
    valuations = rng.integers(0, 5, (n, d)) / 2
    weights = rng.dirichlet(np.full(n, 3.0))
    reservation = rng.integers(0, 4, n) / 4 if seed % 2 else np.full(n, int(rng.integers(0, 4)) / 4)
    fixed = (0.0, 0.25)[seed // 2 % 2]
    kind = seed // 4 % 3
    if kind == 0:
        given, known = {"cost": c.Quadratic(0.75)}, {"curvature": 0.75}
    elif kind == 1:
        given, known = {"cost": c.Linear(0.5), "domain": c.Box(0.0, 1.5)}, {"price": 0.5, "upper": 1.5}
    else:
        given, known = {"cost": c.Quadratic(0.5), "domain": c.Simplex()}, {"curvature": 0.5, "lottery": True}
    menu = c.solve_menu(valuations, weights, reservation_utility=reservation, serving_cost=fixed, **given)
    best = oracle(valuations, weights, reservation, fixed=fixed, **known)
    assert menu.value == pytest.approx(best, rel=SOLVED, abs=1e-6)
    assert menu.certificate.is_exact


@pytest.mark.parametrize("cost", [c.Power(1.5), c.Power(3.0, 0.5), c.Quadratic([1.0, 2.0])], ids=str)
def test_perspectives_of_every_cost_close_the_gap(cost):
    menu = c.solve_menu(
        [[1.0, 2.0], [2.0, 1.0], [2.0, 2.5]], cost=cost, reservation_utility=[0.2, 0.6, 0.4], serving_cost=0.1
    )
    assert menu.certificate.holds
    assert menu.certificate.rigorous


def test_an_entropy_cost_leaves_out_types_without_money():
    """Without money a type is served only if some lottery is worth its reservation utility."""
    menu = c.solve_menu(
        [[1.0, 0.0], [0.0, 1.0]],
        cost=c.Entropy([0.5, 0.5], 0.5),
        domain=c.Simplex(),
        principal_values=[[1.0, 0.0], [0.0, 1.0]],
        transfers="none",
        reservation_utility=[0.2, 1.5],
    )
    assert menu.certificate.holds
    assert menu.serving[1] < 1e-6
    assert menu.utility[1] == pytest.approx(1.5)


class Own:
    """c(x) = x^2 / 2 by a user who knows nothing of perspectives."""

    def value(self, allocation):
        return (allocation**2).sum(axis=1) / 2

    def conjugate(self, valuation, domain):
        best = domain.clip(valuation)
        return (valuation * best).sum(axis=1) - self.value(best), best

    def expression(self, allocation):
        return cp.sum(cp.square(allocation), axis=1) / 2


def test_a_cost_of_the_users_own_is_known_when_types_are_left_out():
    fields = {"reservation_utility": [0.1, 0.6, 0.2], "domain": c.Box(0.0, 5.0)}
    own = c.solve_menu([1.0, 2.0, 3.0], cost=Own(), **fields)
    ours = c.solve_menu([1.0, 2.0, 3.0], cost=c.Quadratic(), **fields)
    assert own.value == pytest.approx(ours.value, rel=SOLVED)


# ---- lotteries over serving ----


def lottery_menu():
    valuations = [[1.0, 2.0], [2.0, 1.0], [2.0, 2.0], [3.0, 1.0]]
    return c.solve_menu(valuations, cost=c.Quadratic(), reservation_utility=[0.5, 1.0, 1.5, 0.2])


def test_a_chance_of_being_served_may_be_worth_more_than_certainty():
    menu = lottery_menu()
    assert 0 < menu.serving[1] < 1
    allocation, transfer = menu.allocation, menu.transfer
    own = (menu.problem.valuations * allocation).sum(axis=1) - transfer
    utility = own + (1 - menu.serving) * menu.problem.reservation_utility
    assert menu.utility == pytest.approx(utility)
    again = c.verify(
        menu.problem, allocation, transfer, serving=menu.serving, multipliers=menu.bound.multipliers, gap=1e-6
    )
    assert again.value == pytest.approx(menu.value)
    assert again.deviation.gain <= 1e-12


def test_types_choose_from_a_menu_with_lotteries_what_it_gives_them():
    menu = lottery_menu()
    reservation = menu.problem.reservation_utility
    assert menu.choose(menu.problem.valuations, reservation_utility=reservation).tolist() == [0, 1, 2, 3]
    likely = menu.choice_probabilities(menu.problem.valuations, temperature=1e-3, reservation_utility=reservation)
    assert likely.shape == (4, 5)
    utility = menu.option_utility
    assert np.diag(utility) == pytest.approx(menu.utility)


def test_menus_with_lotteries_are_kept_in_files(tmp_path):
    menu = lottery_menu()
    again = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert np.array_equal(again.serving, menu.serving)
    assert np.array_equal(again.allocation, menu.allocation)
    assert again.certificate.holds


# ---- verify ----


def test_verify_reads_rows_of_nothing_as_types_left_out():
    problem = c.models.mussa_rosen([1.0, 2.0], [0.75, 0.25], reservation_utility=0.6)
    typed = c.verify(problem, [0.0, 2.0], [0.0, 3.375])
    assert typed.holds
    assert typed.value == pytest.approx(0.25 * 1.375)
    charged = c.verify(problem, [0.0, 2.0], [0.0, 3.5])
    assert not charged.is_individually_rational


def test_verify_catches_whoever_is_left_out_and_wants_a_contract():
    problem = c.models.mussa_rosen([1.0, 2.0], [0.75, 0.25], reservation_utility=0.25)
    tempting = c.verify(problem, [0.0, 2.0], [0.0, 1.5])  # worth 0.5 to the low type, 0.25 more than its own
    assert tempting.deviation.gain == 0.25
    assert not tempting.holds


def test_serving_is_refused_where_nobody_can_be_left_out():
    problem = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic(), participation="compulsory", reservation_utility=0.5)
    with pytest.raises(c.ProblemError, match="participation='voluntary'"):
        c.verify(problem, [0.0, 2.0], [0.0, 3.0], serving=[0.0, 1.0])
    assert c.verify(
        dataclasses.replace(problem, participation="voluntary"), [0.0, 2.0], [0.0, 3.0], serving=[0.0, 1.0]
    ).is_exact


# ---- no participation constraint ----


@pytest.mark.parametrize("method", ["auto", "reference"])
def test_minus_infinity_is_no_participation_constraint(method):
    """A tax authority: nobody can leave, and log utility keeps everybody from ruin."""
    objective = c.Welfare(function=c.Exponential(1.0), profit_weight=0.0, minimum_profit=0.0)
    fields = {"cost": c.Quadratic(), "objective": objective, "method": method}
    none = c.solve_menu([1.0, 2.0], reservation_utility=-np.inf, **fields)
    low = c.solve_menu([1.0, 2.0], reservation_utility=-50.0, participation="compulsory", **fields)
    assert none.value == pytest.approx(low.value, rel=SOLVED)
    assert none.certificate.participation_slack == np.inf
    assert not none.is_excluded.any()


def test_without_participation_constraint_profit_is_unbounded():
    with pytest.raises(c.UnboundedMenuError):
        c.solve_menu([1.0, 2.0], cost=c.Quadratic(), reservation_utility=-np.inf)


def test_without_participation_constraint_the_rents_that_a_linear_cost_leaves_are_bounded():
    """Everybody pays the most that is allowed, for nothing."""
    menu = c.solve_menu([1.0, 2.0, 3.0], cost=c.Linear(0.5), reservation_utility=-np.inf, transfers=(-0.5, 0.5))
    assert menu.certificate.holds
    assert menu.value == pytest.approx(0.5, rel=SOLVED)


def test_without_participation_constraint_equal_types_are_made_exactly_indifferent():
    """A floor under the average utility alone: both get what is efficient, and .3."""
    value, harm = np.array([2.1, 1.3]), np.array([[0.0, 0.0], [-1.0, -1.0]])
    floor = c.LinearConstraint(utility=[0.5, 0.5], lower=0.3)
    menu = c.solve_menu(
        [value, value], principal_values=harm, cost=c.Quadratic(), reservation_utility=-np.inf, constraints=[floor]
    )
    assert menu.certificate.holds
    assert menu.value == pytest.approx(((value + harm) ** 2).sum() / 4 - 0.3, rel=SOLVED)


def test_a_cost_that_is_infinite_somewhere_can_be_left_out_of():
    """Served amounts end before the capacity: x = 1.5 is efficient for type 2, at a cost of log(4)."""
    menu = c.solve_menu([1.0, 2.0], cost=c.Logarithm(capacity=2.0), reservation_utility=[0.6, 0.0])
    assert menu.certificate.holds
    assert menu.is_excluded.tolist() == [True, False]
    assert menu.value == pytest.approx((2.0 * 1.5 - np.log(4.0)) / 2, rel=SOLVED)


def test_a_row_that_counts_transfers_may_make_it_worth_leaving_out_who_could_be_charged():
    """The high type pays .5 at most. Left out, it is worse off than with nothing, for which the low one pays 3."""
    cap = c.LinearConstraint(transfer=[0.0, 1.0], upper=0.5)
    problem = c.ScreeningProblem([1.5, 2.25], cost=c.Quadratic(), reservation_utility=-3.0, constraints=[cap])
    by_hand = c.verify(problem, np.zeros((2, 1)), [3.0, 0.0], serving=[1.0, 0.0])
    assert by_hand.is_exact
    assert not by_hand.violations
    menu = c.solve_menu(problem)
    assert by_hand.value == 1.5
    assert menu.value > by_hand.value
    assert c.solve_menu(problem, participation="compulsory").upper_bound < by_hand.value


def test_minus_infinity_for_some_types_only_is_refused():
    with pytest.raises(c.ProblemError, match="reservation_utility"):
        c.ScreeningProblem([1.0, 2.0], reservation_utility=[-np.inf, 0.0])


# ---- invariance ----


@pytest.mark.parametrize("money", [1e-6, 1e6])
@pytest.mark.parametrize("amount", [1e-5, 1e5])
def test_units_change_nothing(money, amount):
    valuations = np.array([[1.0, 2.0], [2.0, 1.0], [2.0, 2.0]])
    reservation = np.array([0.5, 1.0, 1.5])
    base = c.solve_menu(valuations, cost=c.Quadratic(), reservation_utility=reservation, serving_cost=0.2)
    other = c.solve_menu(
        valuations * money / amount,
        cost=c.Quadratic(money / amount**2),
        reservation_utility=reservation * money,
        serving_cost=0.2 * money,
    )
    assert other.value == pytest.approx(base.value * money, rel=SOLVED)


def test_an_unknown_word_for_participation_is_refused():
    with pytest.raises(c.ProblemError, match="voluntary"):
        c.ScreeningProblem([1.0], participation="optional")
    with pytest.raises(c.ProblemError, match="serving_cost"):
        c.ScreeningProblem([1.0], serving_cost=-1.0)


@pytest.mark.parametrize("seed", [0, 1, 2, 22, 27, 59])
def test_what_is_kept_of_an_outside_contract_is_compared_unrounded(seed):
    """A type left out with some chance has that share of the outside contract's goods, whatever floats make of it."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 5))
    valuations, outside = rng.uniform(0.5, 3.0, (n, 2)), rng.uniform(0.1, 2.5, 2)
    menu = c.solve_menu(
        valuations,
        cost=c.Quadratic(),
        domain=c.Box(0.0, 5.0),
        outside_option=outside,
        serving_cost=0.05,
        transfers=(-0.5, 0.5),
    )

    def utility(who, allocation, serving, transfer):
        worth = [Fraction(v) * Fraction(x) for v, x in zip(valuations[who].tolist(), allocation, strict=True)]
        instead = [Fraction(v) * Fraction(x) for v, x in zip(valuations[who].tolist(), outside.tolist(), strict=True)]
        return sum(worth) + (1 - Fraction(serving)) * sum(instead) - Fraction(transfer)

    lots = np.vstack([menu.contracts.allocations, np.zeros(3)])  # what is expected of being served; outside, nothing
    served = lots[menu.option_of_type][:, :-1]
    offers = list(zip(served.tolist(), menu.serving.tolist(), menu.transfer.tolist(), strict=True))
    for who in range(n):
        own = utility(who, *offers[who])
        assert own >= utility(who, [0.0, 0.0], 0.0, 0.0)
        assert all(own >= utility(who, *offer) for offer in offers)
