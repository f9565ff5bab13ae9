"""Hidden action: what textbooks and papers say, and the library with a proof."""

import numpy as np
import pytest
from scipy.stats import norm

from contracts import CARA, InfeasibleMenuError, Log, MoralHazardProblem, RiskNeutral, SquareRoot, solve_contract

INF = np.inf


def grossman_hart(**changes):
    fields = {"outcome_probabilities": [[0.75, 0.25], [0.25, 0.75]], "output": [0.0, 20.0], "effort_cost": [0.0, 1.0],
              "utility": SquareRoot(), "reservation_utility": 1.0, "actions": ("shirk", "work")}  # fmt: skip
    return MoralHazardProblem(**(fields | changes))


def test_two_actions_two_outcomes_cost_four_and_three_quarters_and_four_if_seen():
    """Grossman & Hart (1983): v = (1/2, 5/2), as work must gain 1 by half a chance."""
    contract = solve_contract(grossman_hart())
    assert contract.wages.tolist() == [0.25, 6.25]
    assert (contract.expected_wage, contract.first_best_cost[1]) == (4.75, 4.0)
    assert contract.certificate.is_exact
    assert contract.certificate.relative_gap < 1e-9
    assert contract.multipliers.participation[1] == pytest.approx(4.0, rel=1e-6)  # E[2 v]
    assert contract.binding == ["IR", "IC -> shirk"]


def test_a_risk_neutral_agent_with_limited_liability_gets_a_bonus_of_two():
    contract = solve_contract(grossman_hart(utility=RiskNeutral(), reservation_utility=0.0, wages=(0.0, INF)))
    assert contract.wages.tolist() == [0.0, 2.0]
    assert contract.certificate.deviation.gain == 0  # a tie, exactly, for the principal
    assert contract.value == 13.5


def test_without_limits_a_risk_neutral_agent_buys_the_firm_and_the_first_best_is_reached():
    contract = solve_contract(grossman_hart(utility=RiskNeutral(), reservation_utility=0.25))
    assert contract.value == pytest.approx(15.0 - 1.0 - 0.25, rel=1e-12)
    assert contract.certificate.is_exact


def quickstart(extra=()):
    """u = log(50 + c), normal outcomes, 201 nodes: chances that the nodes do not hold are worth a utility of 0."""
    actions = np.sort(np.append(np.arange(101.0), extra))
    y = np.linspace(-30.0, 210.0, 201)
    weights = np.ones(201)
    weights[1:-1:2], weights[2:-1:2] = 4.0, 2.0
    density = norm.pdf(y, actions[:, np.newaxis], 10.0) * weights * (y[1] - y[0]) / 3
    missing = np.maximum(1 - density.sum(axis=1), 0.0)
    chances = np.column_stack([density, missing])
    return MoralHazardProblem(
        chances / chances.sum(axis=1, keepdims=True),
        np.append(y, 0.0),
        actions**2 / 30_000,
        utility=Log(wealth=50.0),
        reservation_utility=float(np.log(50.0)) - 5,
        wages=(np.append(np.zeros(201), -49.0), np.append(np.full(201, INF), -49.0)),
        actions=[f"{a:g}" for a in actions],
    )


def test_the_quickstart_of_the_published_solver():
    contract = solve_contract(quickstart([79.999, 80.001]), action="80")
    assert contract.expected_wage == pytest.approx(11.86989, abs=3e-5)  # printed to five digits
    assert contract.certificate.relative_gap < 1e-6
    assert float(contract.binding[0].removeprefix("IC -> ")) < 10  # far away: the first-order approach fails here


def test_the_quickstart_of_the_published_solver_chooses_the_highest_action():
    assert solve_contract(quickstart()).action_name == "100"
    best = solve_contract(quickstart([99.999]), action="100")  # the neighbour stands for the first-order condition
    assert best.value == pytest.approx(80.18629, abs=3e-4)


def test_a_signal_that_says_nothing_about_effort_is_not_used():
    """Holmstrom (1979): wages depend on a signal only if it says something that output does not."""
    for utility, reserve in ((Log(1.0), 0.5), (SquareRoot(), 1.0), (CARA(0.5), -0.8)):
        chances = np.array([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]])
        noise = np.array([0.25, 0.75])
        both = np.einsum("ao,s->aos", chances, noise).reshape(2, 6)
        contract = solve_contract(
            MoralHazardProblem(both, np.repeat([0.0, 5.0, 20.0], 2), [0.0, 0.1], utility, reserve), action=1
        )
        wages = contract.wages.reshape(3, 2)
        assert np.abs(wages[:, 0] - wages[:, 1]).max() <= 1e-12 * np.abs(wages).max()
        alone = solve_contract(MoralHazardProblem(chances, [0.0, 5.0, 20.0], [0.0, 0.1], utility, reserve), action=1)
        assert contract.expected_wage == pytest.approx(alone.expected_wage, rel=1e-9)


def test_a_signal_that_says_something_is_used_and_lowers_the_cost():
    chances = np.array([[0.5, 0.5], [0.3, 0.7]])
    told = np.array([[0.6, 0.4], [0.4, 0.6]])  # whether the agent was seen at work
    both = np.einsum("ao,as->aos", chances, told).reshape(2, 4)
    problem = MoralHazardProblem(both, np.repeat([0.0, 20.0], 2), [0.0, 0.1], SquareRoot(), 1.0)
    alone = MoralHazardProblem(chances, [0.0, 20.0], [0.0, 0.1], SquareRoot(), 1.0)
    informed = solve_contract(problem, 1)
    assert informed.expected_wage < solve_contract(alone, 1).expected_wage
    assert informed.wages[1] > informed.wages[0]


def test_wages_fall_in_the_likelihood_ratio():
    contract = solve_contract(quickstart(), action="60")
    order = np.argsort(contract.likelihood_ratio[:-1], kind="stable")
    assert np.all(np.diff(contract.wages[:-1][order]) <= 1e-9)


def test_an_action_with_the_outcomes_of_a_cheaper_one_is_not_implemented_and_the_proof_says_so():
    problem = MoralHazardProblem(
        [[0.5, 0.5], [0.5, 0.5], [0.3, 0.7], [0.4, 0.6]], [0.0, 20.0], [0.0, 0.2, 0.2, 0.15],
        SquareRoot(), 1.0, actions=("a", "b", "c", "d"),
    )  # fmt: skip
    contract = solve_contract(problem)
    assert np.isinf(contract.implementation_cost).tolist() == [False, True, False, True]
    proofs = contract.impossibilities
    assert str(proofs["b"]) == "no wages implement b: a has the same outcomes and saves 0.2"
    assert proofs["d"].mixture == pytest.approx([0.5, 0.0, 0.5, 0.0], abs=1e-9)
    assert proofs["d"].saving == pytest.approx(0.05)
    with pytest.raises(InfeasibleMenuError, match="no wages implement b: a has the same outcomes"):
        solve_contract(problem, "b")


def test_the_principal_is_not_bounded_by_an_action_that_nothing_implements():
    """Its first best would be worth more than what can be had, and no bound may count it."""
    problem = MoralHazardProblem(
        [[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]], [0.0, 60.0], [0.0, 0.31, 0.6], SquareRoot(), 1.0, wages=(0.0, 60.0)
    )
    contract = solve_contract(problem)
    assert np.isinf(contract.implementation_cost[1])
    assert contract.certificate.relative_gap < 1e-6


def test_who_is_paid_more_for_a_less_likely_failure_needs_no_risk_where_the_bad_news_is_impossible():
    """An outcome that the action never has is punished; the agent then bears no risk (Mirrlees)."""
    contract = solve_contract(
        MoralHazardProblem([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]], [10.0, 20.0, 0.0], [0.3, 0.0], Log(), 0.0), action=0
    )
    assert contract.expected_wage == pytest.approx(np.exp(0.3), rel=1e-9)
    assert contract.wages[0] == pytest.approx(contract.wages[1], rel=1e-9)
    assert contract.wages[2] < contract.wages[0]
