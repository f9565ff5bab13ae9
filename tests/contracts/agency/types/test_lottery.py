"""Lotteries over actions: what drawing earns, that types obey every draw, and where there is no best."""

import numpy as np
import pytest

from contracts import AgencyProblem, ProblemError, SolverError, SquareRoot, solve_contract, solve_lottery
from contracts.agency.lotteries import solve_lottery as of_one_type
from contracts.agency.problem import MoralHazardProblem

TWO = [[0.75, 0.25], [0.25, 0.75]]


def test_of_one_type_it_is_the_lottery_over_its_contracts():
    terms = (TWO, [0.0, 20.0], [0.0, 1.0])
    alone = of_one_type(MoralHazardProblem(*terms, SquareRoot(), 4.125))
    lottery = solve_lottery(AgencyProblem(*terms, None, SquareRoot(), 4.125))
    assert lottery.value == pytest.approx(alone.value, abs=1e-6)
    assert lottery.chances == pytest.approx(np.array([[0.5, 0.5]]), abs=1e-3)
    assert "Lotteries for 1 type: value -11.7656" in str(lottery)


def test_types_obey_every_draw_and_prefer_their_own_lottery():
    rng = np.random.default_rng(4)
    problem = AgencyProblem(
        rng.dirichlet(np.ones(4), (3, 3)), rng.uniform(0, 9, 4), rng.uniform(0, 0.4, (3, 3)), wages=(0.0, 20.0),
        reservation_utility=0.4,
    )  # fmt: skip
    lottery, menu = solve_lottery(problem), solve_contract(problem)
    assert lottery.certificate.is_exact
    assert lottery.gain_over(menu) >= -1e-6 * menu.certificate.scale
    assert lottery.upper_bound >= lottery.value
    offered = np.nan_to_num(lottery.wages)
    worth = np.einsum("ibo,jao->ijab", problem.outcome_probabilities, offered) - problem.effort_cost[:, None, None]
    reached = (lottery.chances * worth.max(axis=3)).sum(axis=2)
    obeyed = (lottery.chances * np.einsum("ijaa->ija", worth)).sum(axis=2)
    assert np.all(np.diag(obeyed)[:, np.newaxis] >= reached - 1e-12)
    assert np.all(np.diag(obeyed) >= 0.4 - 1e-12)


def test_where_ever_rarer_draws_at_ever_higher_wages_earn_more_there_is_no_best():
    rng = np.random.default_rng(0)
    terms = (rng.dirichlet(np.ones(3), (2, 3)), rng.uniform(0, 10, 3), np.sort(rng.uniform(0, 0.3, (2, 3)), axis=1))
    with pytest.raises(SolverError, match=r"ever more rarely.* Limit wages, such as to at most 3e\+02"):
        solve_lottery(AgencyProblem(*terms, wages=(0.0, np.inf)))
    limited = [solve_lottery(AgencyProblem(*terms, wages=(0.0, most))).value for most in (30.0, 300.0)]
    assert limited[0] < limited[1]


def test_a_gap_that_is_none_is_refused():
    with pytest.raises(ProblemError, match=r"gap is 0.0: give a relative gap between 0 and 1"):
        solve_lottery(AgencyProblem(TWO, [0.0, 1.0], [0.0, 0.1]), gap=0.0)
