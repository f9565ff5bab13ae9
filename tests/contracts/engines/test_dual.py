"""The dual engine: menus of policies without money, against the reference engine, closed forms and Fractions."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

import contracts
from contracts.engines import dual, reference
from contracts.proof.bound import upper_bound


def policy_problem(seed, n_types, n_policies, *, conflict=1.0, welfare=None, temperature=0.5, profit_weight=1.0):
    """Groups with random tastes, a provider with its own, everybody free to keep the reference policy."""
    rng = np.random.default_rng(seed)
    default = rng.dirichlet(np.ones(n_policies)) * 0.9 + 0.1 / n_policies
    reference_policy = default / default.sum()
    return contracts.ScreeningProblem(
        rng.normal(size=(n_types, n_policies)),
        rng.dirichlet(np.ones(n_types)) * 0.9 + 0.1 / n_types,
        cost=contracts.Entropy(reference_policy, temperature),
        domain=contracts.Simplex(),
        transfers="none",
        outside_option=reference_policy,
        principal_values=conflict * rng.normal(size=n_policies),
        objective=contracts.Profit() if welfare is None else contracts.Welfare(welfare, profit_weight=profit_weight),
    )


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 8), st.sampled_from([0.0, 1.0, 5.0]), st.booleans())
def test_dual_and_reference_engines_agree(seed, n_types, n_policies, conflict, cares):
    welfare = 0.5 if cares else None
    problem = policy_problem(seed, n_types, n_policies, conflict=conflict, welfare=welfare, profit_weight=2.0)
    menu = contracts.solve_menu(problem, method="dual")
    bound = upper_bound(problem, reference.solve(problem).multipliers)
    assert menu.certificate.is_exact
    assert menu.certificate.rigorous
    stakes = float(np.abs(problem.valuations).max())
    assert menu.value <= bound.value
    assert menu.upper_bound == pytest.approx(bound.value, abs=1e-7 * stakes)  # the reference's own accuracy


def test_one_group_that_cannot_leave_gets_the_softmax_policy():
    utility, harm = np.array([[1.0, 0.2, -0.5]]), np.array([0.3, 0.0, 0.1])
    default = np.array([0.5, 0.3, 0.2])
    menu = contracts.solve_menu(
        utility,
        cost=contracts.Entropy(default, 0.7),
        domain=contracts.Simplex(),
        transfers="none",
        reservation_utility=-10.0,
        participation="compulsory",
        principal_values=-harm,
        objective=contracts.Welfare(),
        method="dual",
    )
    expected = softmax((utility[0] - harm) / 0.7 + np.log(default))
    assert menu.allocation[0] == pytest.approx(expected, abs=1e-12)


def test_a_binding_outside_option_leaves_the_group_indifferent_and_has_a_price():
    problem = policy_problem(3, 4, 6, conflict=5.0)
    menu = contracts.solve_menu(problem, method="dual")
    priced = menu.ir_multipliers > 1e-6
    assert priced.any()
    assert menu.information_rent[priced] == pytest.approx(0.0, abs=1e-6)


def test_prices_of_slack_constraints_vanish():
    problem = policy_problem(5, 5, 7)
    candidate = dual.solve(problem)
    prices = candidate.multipliers.ic.toarray()
    utility = problem.valuations @ candidate.allocation.T
    slack = np.diag(utility)[:, np.newaxis] - utility
    assert slack.min() >= -1e-9
    assert np.abs(prices * slack).max() <= 1e-9


def test_a_menu_without_money_is_exact_by_fractions():
    problem = policy_problem(11, 5, 4, conflict=3.0)
    menu = contracts.solve_menu(problem, method="dual")
    offers = [*menu.options.allocations, problem.outside_option]
    for who, taste in enumerate(problem.valuations):
        worth = [
            sum(Fraction(float(a)) * Fraction(float(x)) for a, x in zip(taste, offer, strict=True)) for offer in offers
        ]
        assert worth[menu.option_of_type[who]] == max(worth)


def test_auto_chooses_the_dual_for_policies_without_money():
    assert contracts.solve_menu(policy_problem(1, 3, 5)).engine == "dual"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"transfers": "free", "outside_option": None}, "without transfers"),
        ({"cost": contracts.Quadratic()}, "not an entropy"),
        ({"objective": contracts.Welfare(function=contracts.WorstOff())}, "not linear in utilities"),
    ],
)
def test_what_the_dual_engine_cannot_solve_it_refuses(change, reason):
    import dataclasses

    fields = {"reservation_utility": 0.0} if "outside_option" in change else {}
    problem = dataclasses.replace(policy_problem(1, 3, 5), **change, **fields)
    with pytest.raises(contracts.ProblemError, match=reason):
        contracts.solve_menu(problem, method="dual")


@pytest.mark.slow
def test_fifty_groups_over_a_thousand_policies_are_certified():
    menu = contracts.solve_menu(policy_problem(0, 50, 1000))
    assert menu.engine == "dual"
    assert menu.certificate.is_exact
    assert menu.certificate.rigorous
    assert menu.certificate.relative_gap <= 1e-6
