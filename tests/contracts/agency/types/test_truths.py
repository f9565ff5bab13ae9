"""Menus of contracts against closed forms, each derived where it stands."""

import itertools

import numpy as np
import pytest

from contracts import (
    AgencyProblem,
    Box,
    Linear,
    Log,
    MoralHazardProblem,
    RiskNeutral,
    ScreeningProblem,
    SquareRoot,
    solve_contract,
    solve_lottery,
    solve_menu,
)

LIABLE = (0.0, np.inf)
TWO = np.array([[0.75, 0.25], [0.25, 0.75]])  # failure and success, after shirking and after work


@pytest.mark.parametrize(("public_cost", "efficient"), [(1.0, 0.5), (1 / 3, 0.5), (1.0, 1 / 3)])
def test_regulation_with_effort_distorts_the_inefficient_firm_alone(public_cost, efficient):
    """Laffont & Tirole (1986). Costs are C = beta - e, effort e costs e^2 / 2, public money costs 1 + lambda.

    A firm is paid t above its cost, and welfare is S - (1 + lambda) C - e^2 / 2 - lambda t. The efficient firm, beta
    lower by d, can do with the effort e of the inefficient less d: its rent is Phi(e) = e^2 / 2 - (e - d)^2 / 2, which
    rises by d. So its own effort is the first best, e = 1, and that of the other 1 - lambda / (1 + lambda) x its
    weight over the other's x d. Firms choose a cost on a grid that holds both: outcomes are costs, without noise.
    """
    low, high, surplus = 2.0, 2.5, 10.0
    distorted = 1 - public_cost / (1 + public_cost) * efficient / (1 - efficient) * (high - low)
    costs = np.arange(0.5, 2.5 + 1e-9, 0.125)
    psi = np.array([np.maximum(beta - costs, 0.0) ** 2 / 2 for beta in (low, high)])
    problem = AgencyProblem(
        np.eye(len(costs)), (surplus - (1 + public_cost) * costs - psi) / public_cost, psi, [efficient, 1 - efficient],
        wages=LIABLE, labels=("efficient", "inefficient"),
    )  # fmt: skip
    menu = solve_contract(problem)
    assert costs[menu.actions].tolist() == [low - 1.0, high - distorted]
    rent = distorted**2 / 2 - (distorted - (high - low)) ** 2 / 2
    assert menu.rents == pytest.approx([rent, 0.0], abs=1e-8)
    assert menu.expected_wages == pytest.approx([0.5 + rent, distorted**2 / 2], abs=1e-8)
    welfare = efficient * (surplus - (1 + public_cost) * (low - 1) - 0.5 - public_cost * (0.5 + rent))
    welfare += (1 - efficient) * (
        surplus - (1 + public_cost) * (high - distorted) - (1 + public_cost) * distorted**2 / 2
    )
    assert public_cost * menu.value == pytest.approx(welfare, abs=1e-7)


@pytest.mark.parametrize(
    ("output", "actions"),
    [(1.0, ["shirk", "shirk"]), (3.9, ["shirk", "shirk"]), (7.0, ["work", "shirk"]), (20.0, ["work", "work"])],
)
def test_with_limited_liability_there_is_one_bonus_and_the_slow_work_only_if_output_is_worth_it(output, actions):
    """Success has chance p = 3/4 after work, q = 1/4 after shirking; work costs 1 or 4, d = p - q.

    Whoever is to work takes a bonus of its cost over d; any bonus on offer is taken by all, so menus cannot separate.
    The principal pays no bonus, that of the able, or that of the slow:
    q y, or (p + q) / 2 x (y - 1 / d), or p (y - 4 / d), with equal weights.
    """
    problem = AgencyProblem(TWO, [0.0, output], [[0.0, 1.0], [0.0, 4.0]], wages=LIABLE, actions=("shirk", "work"))
    menu = solve_contract(problem)
    assert menu.value == pytest.approx(max(0.25 * output, 0.5 * (output - 2), 0.75 * (output - 8)), abs=1e-9)
    assert list(menu.action_names) == actions
    assert menu.contract_of.tolist() == [0, 0]


def test_without_limits_hidden_action_adds_nothing_to_hidden_types():
    """Risk neutral agents; distributions that are independent of one another let wages name any expected payments.

    So a contract can make its action the only one worth taking for whoever reports the type: as if actions were seen.
    Then the only lie is to report another type and do what it does; with efforts k_i c(a), k rising, the rent of a
    type is that of the next less able one plus (k_next - k_own) c(a_next), and actions maximise virtual surplus
    f_i (y(a) - k_i c(a)) - F_{i-1} (k_i - k_{i-1}) c(a).
    """
    k, effort = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 3.0])
    chances = np.array([[0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]])
    output, weights = np.array([0.0, 6.0, 14.0]), np.array([0.25, 0.5, 0.25])
    problem = AgencyProblem(chances, output, np.outer(k, effort), weights)
    worth = chances @ output
    below = np.concatenate([[0.0], np.cumsum(weights)[:-1]]) * np.diff(k, prepend=k[0])
    virtual = weights[:, np.newaxis] * (worth - np.outer(k, effort)) - np.outer(below, effort)
    menu = solve_contract(problem)
    assert menu.actions.tolist() == virtual.argmax(axis=1).tolist() == [2, 1, 0]
    assert menu.value == pytest.approx(virtual.max(axis=1).sum(), abs=1e-8)
    assert menu.rents == pytest.approx([(k[1] - k[0]) * effort[1], 0.0, 0.0], abs=1e-8)


def test_types_whose_outcomes_differ_are_left_no_rent_where_wages_have_no_limits():
    """Cremer & McLean (1988): no type's outcomes are a mixture of others', so bets on outcomes tell types apart."""
    chances = np.array([[[0.6, 0.4]], [[0.3, 0.7]]])
    problem = AgencyProblem(chances, [[4.0, 4.0], [5.0, 7.0]], [[1.0], [2.0]], [0.3, 0.7])
    menu = solve_contract(problem)
    assert menu.value == pytest.approx(0.3 * 3.0 + 0.7 * (5 * 0.3 + 7 * 0.7 - 2.0), abs=1e-9)
    assert menu.rents == pytest.approx([0.0, 0.0], abs=1e-8)
    assert menu.first_best_value == pytest.approx(menu.value)


def test_what_a_type_between_others_needs_the_others_must_have():
    """One action, success with chance .2, .5 or .8, and only the middle type has a cost, of 1; wages have no limits.

    What types make of a menu, max_j w_j(failure) (1 - p) + w_j(success) p, is convex in p, and any convex function can
    be had. The middle type needs 1, so the others have 2 together: paid to the one that is rarer. No type's outcomes
    are the same as another's, so that only the mixture of both ends, which no float holds, proves it.
    """
    success = np.array([0.2, 0.5, 0.8])
    problem = AgencyProblem(
        np.stack([1 - success, success], axis=1)[:, np.newaxis], [10.0, 10.0], [[0.0], [1.0], [0.0]], [0.2, 0.5, 0.3]
    )
    menu = solve_contract(problem)
    assert menu.value == pytest.approx(10.0 - 0.5 * 1 - 0.2 * 2, abs=1e-8)
    assert menu.rents == pytest.approx([2.0, 0.0, 0.0], abs=1e-8)


def test_with_one_action_it_is_the_menu_that_screens_types():
    """One action leaves types to tell apart by what they think of wages: allocations in a box, without transfers."""
    rng = np.random.default_rng(5)
    chances = rng.dirichlet(np.ones(3), 3)
    weights, effort = np.array([0.5, 0.25, 0.25]), np.array([0.5, 1.0, 0.25])
    problem = AgencyProblem(chances[:, np.newaxis], [5.0, 6.0, 7.0], effort[:, np.newaxis], weights, wages=(0.0, 2.0))
    menu = solve_contract(problem)
    gross = weights @ (chances @ [5.0, 6.0, 7.0])
    screening = ScreeningProblem(
        chances, weights, cost=Linear(0.0), domain=Box(0.0, 2.0), principal_values=-chances, transfers="none",
        reservation_utility=effort, participation="compulsory",
    )  # fmt: skip
    assert menu.value == pytest.approx(gross + solve_menu(screening).value, abs=1e-5)


@pytest.mark.parametrize(
    ("utility", "reserve", "wages"),
    [(RiskNeutral(), 0.0, LIABLE), (SquareRoot(), 1.0, (-np.inf, np.inf)), (Log(1.0), 0.5, (0.0, 40.0))],
)
def test_one_type_is_hidden_action_alone(utility, reserve, wages):
    rng = np.random.default_rng(2)
    chances = np.array([[0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.1, 0.3, 0.6]]) + 0.01 * rng.uniform(size=(3, 3))
    chances = chances / chances.sum(axis=1, keepdims=True)
    terms = ([0.0, 5.0, 12.0], [0.0, 0.2, 0.5])
    alone = solve_contract(MoralHazardProblem(chances, *terms, utility, reserve, wages))
    menu = solve_contract(AgencyProblem(chances, *terms, None, utility, reserve, wages))
    assert menu.actions.tolist() == [alone.action]
    assert menu.value == pytest.approx(alone.value, abs=1e-6 * alone.certificate.scale)
    assert menu.upper_bound == pytest.approx(alone.upper_bound, abs=1e-6 * alone.certificate.scale)
    assert menu.wages[0] == pytest.approx(alone.wages, abs=2e-3)
    every = [solve_contract(AgencyProblem(chances, *terms, None, utility, reserve, wages), actions=a) for a in range(3)]
    assert [one.expected_wages[0] for one in every] == pytest.approx(alone.implementation_cost, abs=1e-5)


def test_grossman_and_hart_to_the_digit():
    problem = AgencyProblem(TWO, [0.0, 20.0], [0.0, 1.0], None, SquareRoot(), 1.0)
    menu = solve_contract(problem)
    assert menu.expected_wages[0] == pytest.approx(4.75, abs=1e-6)
    assert menu.wages[0] == pytest.approx([0.25, 6.25], abs=1e-4)


def test_risk_averse_types_who_differ_in_effort_share_the_rent_of_what_the_other_is_asked_for():
    """u = sqrt(w), work costs 1 or 2; both work and the agent who finds it harder is kept at utility 1.

    Its contract has p . v = 3 and (p - q) . v >= 2, so v = (0, 4) with p = (1/4, 3/4): it holds with wages >= 0.
    The able get p . v - 1 = 2 from it, a rent of 1, and no contract of their own could cost less for that utility than
    one with less risk, (p - q) . v >= 1 and p . v = 3: v = (1.5, 3.5), at 1/4 x 2.25 + 3/4 x 12.25 = 9.75. The slow,
    under it, would have 1 if they work or (1.5 x 3 + 3.5) / 4 = 2 if they shirk: they would lie and shirk. To keep them
    at 1 from shirking under the able's contract asks for q . v <= 1; with p . v = 3 that is v = (0, 4): both pool.
    """
    problem = AgencyProblem(TWO, [0.0, 100.0], [[0.0, 1.0], [0.0, 2.0]], None, SquareRoot(), 1.0)
    menu = solve_contract(problem, actions=1)
    assert menu.wages == pytest.approx(np.array([[0.0, 16.0], [0.0, 16.0]]), abs=1e-4)
    assert menu.rents == pytest.approx([1.0, 0.0], abs=1e-5)
    assert menu.value == pytest.approx(75.0 - 12.0, abs=1e-4)


def test_drawing_what_to_ask_for_leaves_no_rent():
    """One type, bonus 2 for work costing 1, reservation 1/4: work leaves 1/2, idling nothing, half of each 1/4.

    Work earns 3/4 x 5/2 - 3/2 = 3/8 and so does idling for 1/4; drawn evenly, 3/8 and 5/8 make 1/2.
    """
    problem = AgencyProblem(TWO, [0.0, 2.5], [0.0, 1.0], None, RiskNeutral(), 0.25, LIABLE)
    lottery, menu = solve_lottery(problem), solve_contract(problem)
    assert (menu.value, lottery.value) == (pytest.approx(0.375), pytest.approx(0.5))
    assert lottery.gain_over(menu) == pytest.approx(0.125)
    assert lottery.chances == pytest.approx(np.array([[0.5, 0.5]]))
    assert not lottery.is_deterministic


def test_the_search_is_enumeration_without_the_work():
    rng = np.random.default_rng(11)
    problem = AgencyProblem(
        rng.dirichlet(np.ones(4), (3, 4)), rng.uniform(0, 10, 4), np.sort(rng.uniform(0, 0.5, (3, 4)), axis=1),
        wages=LIABLE, reservation_utility=0.3,
    )  # fmt: skip
    menu = solve_contract(problem)
    each = [solve_contract(problem, actions=actions) for actions in itertools.product(range(4), repeat=3)]
    best = max(each, key=lambda one: one.value)
    assert menu.value == pytest.approx(best.value, abs=1e-6 * menu.certificate.scale)
    assert menu.upper_bound >= best.value - 1e-12
    assert len(menu.proof.allowed) < len(each)
