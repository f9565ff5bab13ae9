"""Nothing in the proof is there for decoration: each guard has a case that falls without it.

The exact numbers are rationals, or decimals of fifty digits; they share no code with the library.
"""

import dataclasses
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np
from scipy.sparse import csr_array

import contracts as c
from contracts.exact.best import best_options
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers


def priced_rows(prices, limits):
    """One type that is not worth serving, and rows on its allocation: the bound is the sum of price times limit."""
    rows = [
        c.LinearConstraint(allocation=[[1.0 if limit >= 0 else -1.0]], upper=limit, name=f"row {k}")
        for k, limit in enumerate(limits)
    ]
    problem = c.ScreeningProblem([1.0], cost=c.Linear(1e18), constraints=rows)
    return upper_bound(problem, dataclasses.replace(no_multipliers(problem), side=np.array(prices)))


def exact_sum(prices, limits):
    return sum(Fraction(price) * Fraction(limit) for price, limit in zip(prices, limits, strict=True))


def test_the_bound_is_rounded_up_where_its_own_rounding_underflows():
    """Products below the normal floats: EPS of their size is zero, and only the last step up is left."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        prices, limits = rng.uniform(1, 2, 1) * 1e-160, rng.uniform(1, 2, 1) * 1e-160
        bound = priced_rows(prices, limits)
        assert Fraction(bound.value) >= exact_sum(prices, limits)


def test_the_rounding_of_terms_that_cancel_is_in_the_bound():
    rng = np.random.default_rng(1)
    for _ in range(50):
        prices = rng.uniform(1, 2, 2) * 1e8
        limits = np.array([1.0, -prices[0] / prices[1]]) * rng.uniform(1, 2)
        bound = priced_rows(prices, limits)
        exact = exact_sum(prices, limits)
        assert abs(exact) < Fraction(1)  # of terms of 1e8
        assert Fraction(bound.value) >= exact


def test_what_underflows_is_compared_exactly():
    """Three products of 0.48 of the smallest float each round to nothing, and are worth more than that float."""
    smallest = float(np.finfo(np.float64).smallest_subnormal)
    valuations = np.full((1, 3), 2.0**-537)
    amounts = np.array([[0.0, 0.0, 0.0], np.full(3, 0.48 * 2.0**-537)])
    assert (valuations * amounts[1]).sum() == 0
    best = best_options(valuations, amounts, np.array([-smallest, 0.0]), payoff=lambda _, k: np.zeros(len(k)))
    assert best.option[0] == 1
    assert best.runner_up_gain[0] < 0


def test_cycles_that_floats_cannot_see_are_found():
    """Two types in one good: implementable iff the amounts rise with the types, decided in rationals."""
    rng = np.random.default_rng(2)
    wrong, falls = [], 0
    for _ in range(500):
        low = rng.uniform(0.1, 1.0)
        types = [low, low + rng.uniform(0.0, 1e-3)]
        amount = rng.uniform(100.0, 1000.0)
        amounts = [amount, amount + int(rng.integers(-2, 3)) * np.spacing(amount)]
        rise = (Fraction(types[1]) - Fraction(types[0])) * (Fraction(amounts[1]) - Fraction(amounts[0]))
        falls += rise < 0
        found = c.implementable(np.array(types)[:, np.newaxis], np.array(amounts)[:, np.newaxis])
        if found.holds != (rise >= 0):
            wrong.append((types, amounts))
    assert not wrong
    assert falls > 100


def charges_in_circles(problem, rng):
    """Types charge each other 1e8 in circles: hardly anything is left of what comes in less what goes out."""
    count = problem.n_types
    ic = np.zeros((count, count))
    for _ in range(2 * count):
        i, j, k = rng.permutation(count)[:3]
        around = 1e8 * rng.uniform(1, 2)
        for one, other in ((i, j), (j, k), (k, i)):
            ic[one, other] += around
    return dataclasses.replace(no_multipliers(problem), ic=csr_array(ic), ir=np.zeros(count))


def exact_flow(prices, i):
    """What comes in at type i less what goes out."""
    flow = prices.ic.toarray()
    return sum(Fraction(flow[j, i]) - Fraction(flow[i, j]) for j in range(len(flow)))


def exact_welfare(prices, shares):
    """sum_i f_i max over u of log u - pi_i u with the weights pi_i that the flow leaves, to fifty digits."""
    total = Decimal(0)
    with localcontext() as context:
        context.prec = 50
        for i, share in enumerate(map(Fraction, shares)):
            left = share - Fraction(prices.ir[i]) + exact_flow(prices, i)
            price = Decimal((left / share).numerator) / Decimal((left / share).denominator)
            total += Decimal(share.numerator) / Decimal(share.denominator) * (-price.ln() - 1)
    return total


def test_the_weight_that_a_flow_leaves_to_welfare_is_known_to_its_rounding_only():
    """What is left for the logarithms has lost half of its digits."""
    rng, count = np.random.default_rng(3), 6
    problem = c.ScreeningProblem(
        np.arange(1.0, count + 1),
        cost=c.Linear(1e12),
        objective=c.Welfare(function=c.Isoelastic(1.0), profit_weight=1.0),
        participation="compulsory",
    )
    judged = 0
    for _ in range(60):
        bound = upper_bound(problem, charges_in_circles(problem, rng))
        if np.isfinite(bound.value):
            judged += 1
            assert Decimal(bound.value) >= exact_welfare(bound.multipliers, problem.weights)
    assert judged > 30


def test_ir_prices_that_miss_the_flow_by_rounding_pay_for_it_in_reservation_utility():
    """Nobody is worth serving, so the exact bound is what IR prices that are on the flow say: -sum_i m_i r_i."""
    rng, count = np.random.default_rng(4), 6
    problem = c.ScreeningProblem(
        np.arange(1.0, count + 1),
        cost=c.Linear(1e12),
        reservation_utility=1e8 * rng.uniform(-1, 1, count),
        participation="compulsory",
    )
    for _ in range(20):
        bound = upper_bound(problem, charges_in_circles(problem, rng))
        assert bound.rigorous
        on_flow = [Fraction(problem.weights[i]) + exact_flow(bound.multipliers, i) for i in range(count)]
        assert min(on_flow) > 0
        assert Fraction(bound.value) >= -sum(
            m * Fraction(r) for m, r in zip(on_flow, problem.reservation_utility, strict=True)
        )


def test_a_bound_over_sets_of_valuations_is_called_numerical():
    menu = c.solve_menu([1.0, 2.0], cost=c.Quadratic(), uncertainty=c.Interval(0.05))
    assert menu.bound.multipliers.directions.size
    assert not menu.bound.rigorous
    assert "numerical" in str(menu.certificate)


def test_a_value_above_a_rigorous_bound_is_a_contradiction_and_does_not_hold():
    certificate = c.solve_menu([1.0, 2.0], cost=c.Quadratic()).certificate
    assert certificate.holds
    broken = dataclasses.replace(certificate, upper_bound=certificate.value * (1 - 1e-6))
    assert broken.is_contradictory
    assert not broken.holds
    assert "computed wrongly" in str(broken)
    assert not dataclasses.replace(broken, rigorous=False).is_contradictory


def test_whoever_is_charged_for_its_own_outside_option_would_rather_leave():
    problem = c.ScreeningProblem(
        [[1.0, 0.0], [0.0, 1.0]], domain=c.Simplex(), outside_option=[0.5, 0.5], labels=("left", "right")
    )
    charged = c.verify(problem, [[0.5, 0.5], [0.5, 0.5]], [1.0, 1.0])
    assert charged.participation_slack == -1.0
    assert not charged.holds
    assert c.verify(problem, [[0.5, 0.5], [0.5, 0.5]], [0.0, 0.0]).holds
