"""What must hold of every contract: theorems, and a second opinion that shares no code."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from contracts import (
    ContractError,
    Log,
    MoralHazardProblem,
    RiskNeutral,
    SquareRoot,
    solve_contract,
    verify_contract,
)
from contracts.testing.drawn import moral_hazard_problems as problems
from tests.contracts.agency.oracle import least_cost
from tests.strategies import examples

CLOSE = 1e-5  # of the oracle's solver


def solved(problem):
    """The contract; None where exact ties leave nothing that floats could keep."""
    try:
        return solve_contract(problem)
    except ContractError:
        return None


@examples(12)
@given(problems())
def test_a_contract_is_certified_and_the_oracle_finds_no_better(problem):
    contract = solved(problem)
    costs = np.array([least_cost(problem, a) for a in range(problem.n_actions)])
    best = float((problem.expected_output - costs).max())
    if contract is None:
        assert not np.isfinite(best)
        return
    assert contract.certificate.holds
    assert contract.value == pytest.approx(best, abs=CLOSE * max(1.0, abs(best)))
    assert contract.upper_bound >= contract.value


@examples(25)
@given(problems(), st.randoms(use_true_random=False))
def test_permuting_actions_and_outcomes_permutes_the_contract(problem, random):
    rows, columns = list(range(problem.n_actions)), list(range(problem.n_outcomes))
    random.shuffle(rows)
    random.shuffle(columns)
    contract = solved(problem)
    other = solved(
        MoralHazardProblem(
            problem.outcome_probabilities[rows][:, columns], problem.output[columns], problem.effort_cost[rows],
            problem.utility, problem.reservation_utility, problem.wages,
        )
    )  # fmt: skip
    assert (contract is None) == (other is None)
    if contract is not None and other is not None:
        assert other.value == pytest.approx(contract.value, abs=2e-6 * contract.certificate.scale + 1e-9)


@examples(25)
@given(problems(utilities=("neutral",)), st.sampled_from([1e-9, 1e-3, 1e6, 1e9]))
def test_the_unit_of_money_changes_nothing_for_a_risk_neutral_agent(problem, unit):
    contract = solved(problem)
    low, high = problem.wages
    other = solved(
        MoralHazardProblem(
            problem.outcome_probabilities, problem.output * unit, problem.effort_cost * unit, RiskNeutral(),
            problem.reservation_utility * unit, (low * unit, high * unit),
        )
    )  # fmt: skip
    assert (contract is None) == (other is None)
    if contract is not None and other is not None:
        assert other.value == pytest.approx(
            unit * contract.value, abs=unit * (2e-6 * contract.certificate.scale + 1e-9)
        )


@examples(25)
@given(problems(utilities=("root", "log")), st.sampled_from([1e-6, 1e-3, 1e3, 1e6]))
def test_the_unit_of_money_changes_what_theory_says(problem, unit):
    """u(k w): for roots utility scales by sqrt k, for logarithms it shifts by log k."""
    contract = solved(problem)
    low, high = problem.wages
    if isinstance(problem.utility, SquareRoot):
        utility, times, shift = SquareRoot(), np.sqrt(unit), 0.0
    else:
        utility, times, shift = Log(unit), 1.0, np.log(unit)
    other = solved(
        MoralHazardProblem(
            problem.outcome_probabilities, problem.output * unit, problem.effort_cost * times, utility,
            problem.reservation_utility * times + shift, (low * unit, high * unit),
        )
    )  # fmt: skip
    assert (contract is None) == (other is None)
    if contract is not None and other is not None:
        assert other.value == pytest.approx(
            unit * contract.value, abs=unit * (3e-6 * contract.certificate.scale + 1e-9)
        )


@examples(12)
@given(problems(), st.integers(0, 3))
def test_splitting_an_outcome_in_two_changes_nothing(problem, which):
    which %= problem.n_outcomes
    chances, parts = problem.outcome_probabilities, np.array([0.25, 0.75])
    split = np.column_stack([np.delete(chances, which, axis=1), chances[:, [which]] * parts])
    output = np.append(np.delete(problem.output, which), [problem.output[which]] * 2)
    contract = solved(problem)
    other = solved(
        MoralHazardProblem(
            split, output, problem.effort_cost, problem.utility, problem.reservation_utility, problem.wages
        )
    )
    assert (contract is None) == (other is None)
    if contract is not None and other is not None:
        assert other.value == pytest.approx(contract.value, abs=2e-6 * contract.certificate.scale + 1e-9)


@pytest.mark.parametrize("limits", [(0.0, 1e9), (-0.5, np.inf), (-1e9, 1e9), (-1e9, np.inf)])
def test_limits_however_far_that_do_not_bind_cost_no_digits(limits):
    """A risk neutral agent: rounding in prices is multiplied by how far a limit is."""
    problem = MoralHazardProblem([[1 / 3, 2 / 3], [0.5, 0.5]], [0.0, 2.0], [0.2, 0.0], RiskNeutral(), 0.5, limits)
    assert solve_contract(problem).value == pytest.approx(4 / 3 - (0.8 if limits[0] == 0.0 else 0.7), abs=1e-6)


@examples(12)
@given(problems())
def test_limits_that_do_not_bind_change_nothing(problem):
    contract = solved(problem)
    if contract is None or contract.wages.max() >= 0.9 * problem.wages[1]:
        return
    wider = MoralHazardProblem(
        problem.outcome_probabilities, problem.output, problem.effort_cost, problem.utility,
        problem.reservation_utility, (problem.wages[0], max(1e9, problem.wages[1])),
    )  # fmt: skip
    other = solve_contract(wider)  # other actions may be had with higher wages, never fewer
    assert other.value >= contract.value - 2e-6 * contract.certificate.scale
    again = solve_contract(wider, contract.action)
    assert again.value == pytest.approx(contract.value, abs=4e-6 * contract.certificate.scale)


@examples(25)
@given(problems())
def test_hiding_the_action_never_helps_and_contracts_from_anywhere_are_judged_alike(problem):
    contract = solved(problem)
    if contract is None:
        return
    seen = problem.expected_output - contract.first_best_cost
    assert contract.value <= seen.max() + 1e-9 * max(1.0, abs(seen.max()))
    again = verify_contract(problem, contract.wages, multipliers=contract.multipliers, gap=1e-6)
    assert again.holds
    assert again.value == contract.value
