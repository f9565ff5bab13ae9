"""Simple contracts and lotteries beside the best contract: theorems about what simplicity costs."""

import dataclasses
from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import norm

from contracts import (
    CARA,
    ContractMultipliers,
    InfeasibleMenuError,
    Log,
    MoralHazardProblem,
    ProblemError,
    RiskNeutral,
    SquareRoot,
    compare_contracts,
    load_contract,
    robust_share,
    solve_contract,
    solve_lottery,
    verify_contract,
)
from contracts.agency.bound import multipliers_of

LIABLE = (0.0, np.inf)


def venture(cost=0.04, n_actions=9, **changes):
    y = np.linspace(0, 10, 11)
    chances = norm.pdf(y, np.linspace(2, 6, n_actions)[:, np.newaxis], 2.0)
    chances /= chances.sum(axis=1, keepdims=True)
    return MoralHazardProblem(chances, y, cost * np.arange(n_actions) ** 2, **({"wages": LIABLE} | changes))


def test_limited_liability_and_monotone_shares_for_both_give_debt():
    """Innes (1990)."""
    comparison = compare_contracts(venture())
    debt, both = comparison.form("debt"), comparison.form("monotone in both")
    assert debt.value == pytest.approx(both.value, rel=1e-9)
    assert debt.wages == pytest.approx(both.wages, abs=1e-6)
    face = venture().output.max() - both.wages.max()
    assert both.wages == pytest.approx(np.maximum(venture().output - face, 0.0), abs=1e-6)
    assert debt.value == pytest.approx(both.certificate.upper_bound, rel=1e-8)  # proven: no such wages earn more


def test_more_freedom_earns_no_less_and_every_form_keeps_ic_and_ir():
    comparison = compare_contracts(venture())
    value = {form.name: form.value for form in comparison.forms}
    assert value["flat"] <= value["linear"] <= value["monotone in both"] + 1e-9
    assert value["debt"] <= value["monotone in both"] + 1e-9 <= value["monotone"] + 2e-9
    assert value["monotone"] <= value["best"] + 1e-9
    assert value["best"] <= comparison.first_best
    assert all(form.certificate.is_exact for form in comparison.forms)
    assert np.all(np.diff(comparison.form("monotone").wages) >= 0)


def test_without_limits_a_linear_contract_reaches_the_first_best():
    comparison = compare_contracts(venture(wages=(-np.inf, np.inf)))
    linear = comparison.form("linear")
    assert linear.value == pytest.approx(comparison.first_best, rel=1e-9)


def test_the_best_linear_contract_is_the_best_over_a_fine_grid_of_shares():
    problem = venture()
    shares = np.linspace(0, 1, 20_001)[:, np.newaxis]
    level = shares * problem.expected_output - problem.effort_cost
    chosen = level >= level.max(axis=1, keepdims=True) - 1e-12
    best = float(((1 - shares) * np.where(chosen, problem.expected_output, 0.0)).max())
    assert compare_contracts(problem).form("linear").value == pytest.approx(best, abs=2e-3)
    assert compare_contracts(problem).form("linear").value >= best - 1e-9


def test_the_best_contract_earns_at_most_the_number_of_actions_times_the_best_linear_one():
    """Duetting, Roughgarden & Talgam-Cohen (2019), and the instance on which the gap comes close to that number."""
    rng = np.random.default_rng(1)
    for _ in range(5):
        chances, effort = rng.dirichlet(np.ones(5), 4), np.append(0.0, rng.uniform(0, 2, 3))
        comparison = compare_contracts(MoralHazardProblem(chances, rng.uniform(0, 10, 5), effort, wages=LIABLE))
        assert comparison.form("best").value <= 4 * comparison.form("linear").value + 1e-9
    delta, n = 0.02, 3  # action k has outcome k for sure: worth delta^-k, of which its effort takes all but 1 each
    worth = delta ** -np.arange(n)
    effort = worth - np.arange(1, n + 1) + np.arange(n) * delta
    effort -= effort[0]
    nothing = np.zeros((n, 1))  # an outcome that never is, so that a share pays no fixed wage
    bad = MoralHazardProblem(np.hstack([nothing, np.eye(n)]), np.append(0.0, worth), effort, wages=LIABLE)
    comparison = compare_contracts(bad)
    assert comparison.form("best").value > 2.5 * comparison.form("linear").value


def test_the_robust_share_is_the_best_guarantee_of_a_grid():
    """Carroll (2015): with one action worth 16 that costs 4, half of output guarantees 4."""
    problem = MoralHazardProblem([[0.9, 0.1], [0.0, 1.0]], [0.0, 16.0], [0.0, 4.0], wages=LIABLE)
    shares = np.linspace(0.001, 0.999, 999)[:, np.newaxis]
    kept = (1 - shares) / shares * (shares * problem.expected_output - problem.effort_cost)
    found = robust_share(problem)
    assert (found.share, found.guarantee) == (0.5, 4.0)
    assert found.guarantee >= kept.max() - 1e-12
    with pytest.raises(ProblemError, match="for a risk neutral agent"):
        robust_share(venture(utility=Log(1.0)))


def test_risk_averse_agents_are_compared_too():
    comparison = compare_contracts(venture(cost=0.02, utility=Log(1.0)))
    names = [form.name for form in comparison.forms]
    assert names == ["flat", "linear", "debt", "monotone", "best"]
    assert max(form.value for form in comparison.forms) == comparison.form("best").value
    assert "below the best" in str(comparison)


def work(reserve):
    return MoralHazardProblem([[0.75, 0.25], [0.25, 0.75]], [0.0, 20.0], [0.0, 1.0], SquareRoot(), reserve)


def test_a_lottery_over_actions_earns_a_quarter_more_where_work_and_shirking_are_worth_the_same():
    """By hand: profits 5 - U^2 and 13.25 - U^2 - 2U have the common tangent from U = 4.625 to 3.625."""
    lottery = solve_lottery(work(4.125))
    assert lottery.certificate.holds
    assert lottery.gain == pytest.approx(0.25, abs=1e-6)
    assert sorted(lottery.probabilities) == pytest.approx([0.5, 0.5], abs=1e-5)
    assert lottery.upper_bound == pytest.approx(-11.765625, abs=1e-6)


def test_the_lottery_is_the_concave_hull_of_what_single_contracts_earn():
    reserves = np.linspace(2.0, 6.0, 41)
    single = np.array([solve_contract(work(float(r))).value for r in reserves])
    for r in (3.0, 3.8, 4.3, 5.0):
        low, high = reserves <= r, reserves >= r
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (reserves[high][:, np.newaxis] - r) / (reserves[high][:, np.newaxis] - reserves[low])
            chords = share * single[low] + (1 - share) * single[high][:, np.newaxis]
        hull = max(np.nanmax(chords), float(np.interp(r, reserves, single)))
        assert solve_lottery(work(r)).value == pytest.approx(hull, abs=2e-3)
        assert solve_lottery(work(r)).value >= hull - 1e-6


def test_a_lottery_gains_nothing_where_the_agent_stays_anyway_and_is_refused_without_risk_aversion():
    assert solve_lottery(venture(cost=0.02, utility=Log(1.0))).gain == 0
    with pytest.raises(ProblemError, match="strictly concave"):
        solve_lottery(venture(utility=RiskNeutral()))


def _rising_by_cvxpy(problem, utility, inverse):
    """The most that rising wages earn, by another formulation: promised utilities, rows between neighbours."""
    import cvxpy as cp

    chances, effort, best = problem.outcome_probabilities, problem.effort_cost, -np.inf
    order = np.argsort(problem.output, kind="stable")
    for action in range(problem.n_actions):
        v = cp.Variable(problem.n_outcomes)
        rows = [
            (chances[action] - other) @ v >= effort[action] - cost for other, cost in zip(chances, effort, strict=True)
        ]
        rows += [chances[action] @ v - effort[action] >= problem.reservation_utility]
        rows += [v >= utility(problem.lowest_wage), v <= utility(problem.highest_wage)]
        for k, after in pairwise(order):
            rows += [v[after] == v[k] if problem.output[after] == problem.output[k] else v[after] >= v[k]]
        found = cp.Problem(cp.Minimize(chances[action] @ inverse(v)), rows)
        found.solve(solver=cp.CLARABEL)
        if found.status == cp.OPTIMAL:
            best = max(best, float(chances[action] @ problem.output - found.value))
    return best


@pytest.mark.parametrize("seed", range(4))
def test_rising_wages_of_a_risk_averse_agent_are_the_best_there_are(seed):
    """Outcomes in any order, some of them of equal output, some that an action never has."""
    import cvxpy as cp

    rng = np.random.default_rng(seed)
    n_actions, n_outcomes = int(rng.integers(2, 4)), int(rng.integers(3, 7))
    chances = rng.dirichlet(np.full(n_outcomes, 0.7), n_actions)
    chances[rng.random(chances.shape) < 0.2 * (seed % 2)] = 0.0
    chances /= chances.sum(axis=1, keepdims=True)
    output = 4.0 * rng.permutation(n_outcomes)
    output[0] = output[1] if seed > 1 else output[0]
    effort = np.append(0.0, rng.uniform(0, 0.4, n_actions - 1))
    known, utility, inverse = (SquareRoot(), np.sqrt, cp.square) if seed % 2 else (Log(), np.log, cp.exp)
    problem = MoralHazardProblem(chances, output, effort, utility=known, reservation_utility=0.5, wages=(1e-4, 20.0))
    form = compare_contracts(problem).form("monotone")
    assert form.certificate.is_exact
    assert np.all(np.diff(form.wages[np.argsort(output, kind="stable")]) >= 0)
    assert form.value == pytest.approx(_rising_by_cvxpy(problem, utility, inverse), rel=1e-6)


def _most_by_linear_programs(problem, *, both):
    """The most that a risk neutral agent's rising wages earn, in money and with rows between neighbours."""
    from scipy.optimize import linprog

    chances, effort, best = problem.outcome_probabilities, problem.effort_cost, -np.inf
    order = np.argsort(problem.output, kind="stable")
    rise = np.zeros((problem.n_outcomes - 1, problem.n_outcomes))
    each = np.arange(len(rise))
    rise[each, order[1:]], rise[each, order[:-1]] = 1.0, -1.0
    step = np.diff(problem.output[order])
    most = step if both else np.where(step == 0, 0.0, np.inf)
    for action in range(problem.n_actions):
        rows = [chances - chances[action], -chances[[action]], -rise, rise[np.isfinite(most)]]
        limits = [effort - effort[action], [-effort[action] - problem.reservation_utility], 0 * step]
        found = linprog(
            chances[action], np.vstack(rows), np.concatenate([*limits, most[np.isfinite(most)]]),
            bounds=list(zip(problem.lowest_wage, problem.highest_wage, strict=True)),
        )  # fmt: skip
        if found.x is not None:
            best = max(best, problem.expected_output[action] - found.fun)
    return best


@pytest.mark.parametrize("seed", range(6))
def test_the_bounds_of_rising_wages_are_those_of_linear_programs(seed):
    """Ties in output, outcomes that an action never has, and actions that only falling wages implement."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.ones(5), 4)
    chances[1, seed % 5] = 0.0
    chances[1] /= chances[1].sum()
    output = np.array([1.0, 3.0, 3.0 + seed % 2, 5.0, 8.0])
    problem = MoralHazardProblem(chances, output, rng.uniform(0, 1, 4), wages=(0.0, (20.0, np.inf)[seed % 2]))
    comparison = compare_contracts(problem)
    for name, both in (("monotone", False), ("monotone in both", True)):
        form, truth = comparison.form(name), _most_by_linear_programs(problem, both=both)
        assert form.value == pytest.approx(truth, abs=1e-7)
        assert truth - 1e-9 <= form.certificate.upper_bound <= truth + 1e-7


def test_the_bound_of_rising_wages_of_a_risk_averse_agent_is_close():
    comparison = compare_contracts(venture(cost=0.02, utility=Log(1.0), n_actions=4))
    form = comparison.form("monotone")
    assert 0 <= form.certificate.upper_bound - form.value < 1e-7


# ---- as a field of the problem ----


def test_debt_is_what_limited_liability_and_rising_shares_of_both_ask_for():
    """Innes (1990), with prices from which the bound follows again."""
    problem = venture(monotone="both")
    contract = solve_contract(problem)
    face = problem.output.max() - contract.wages.max()
    assert contract.wages == pytest.approx(np.maximum(problem.output - face, 0.0), abs=1e-6)
    assert verify_contract(problem, contract.wages, multipliers=contract.multipliers, gap=1e-6).holds
    without = ContractMultipliers(contract.multipliers.participation, contract.multipliers.incentive)
    assert not verify_contract(problem, contract.wages, multipliers=without, gap=1e-6).holds


@pytest.mark.parametrize("utility", [RiskNeutral(), Log(1.0), SquareRoot(), CARA(1.0)])
def test_rising_wages_are_proven_kept_in_files_and_never_better_than_free_ones(tmp_path, utility):
    bottom = -np.inf if isinstance(utility, CARA) else 0.0
    free = venture(cost=0.03, utility=utility, reservation_utility=-0.5, wages=(bottom, np.inf))
    problem = dataclasses.replace(free, monotone=True)
    contract = solve_contract(problem)
    assert contract.certificate.holds
    assert np.all(np.diff(contract.wages) >= 0)
    assert contract.value <= solve_contract(free).upper_bound
    again = load_contract(contract.save(tmp_path / "contract.json"))
    assert (str(again), again.problem.monotone) == (str(contract), True)
    assert again.upper_bound == pytest.approx(contract.upper_bound, rel=1e-14)
    demanded = solve_contract(problem, action=1)
    assert demanded.certificate.holds
    assert np.all(np.diff(demanded.wages) >= 0)


def test_an_action_that_only_falling_wages_implement_is_answered_with_the_proof():
    chances, names = [[0.3, 0.7], [0.6, 0.4]], ("easy", "odd")
    problem = MoralHazardProblem(chances, [0.0, 1.0], [0.0, 0.1], wages=LIABLE, monotone=True, actions=names)
    assert list(solve_contract(problem).impossibilities) == ["odd"]
    with pytest.raises(InfeasibleMenuError, match="no wages that rise in output implement odd"):
        solve_contract(problem, "odd")
    assert solve_contract(dataclasses.replace(problem, monotone=False), "odd").certificate.holds


@pytest.mark.parametrize("monotone", [True, "both"])
@pytest.mark.parametrize("seed", range(4))
def test_no_prices_of_rising_wages_prove_more_than_wages_earn(seed, monotone):
    """Whatever the prices, ties in output and outcomes that an action never has."""
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.ones(5), 3)
    chances[1, seed] = 0.0
    chances[1] /= chances[1].sum()
    output = np.array([3.0, 1.0, 3.0 + seed % 2, 5.0, 8.0])
    problem = MoralHazardProblem(chances, output, rng.uniform(0, 1, 3), wages=(0.0, 20.0), monotone=monotone)
    best = _most_by_linear_programs(problem, both=monotone == "both")
    found = solve_contract(problem)
    assert found.value == pytest.approx(best, abs=1e-7)
    for _ in range(30):
        rising = rng.exponential(0.5, (3, 4)) * rng.choice([-1 if monotone == "both" else 0, 0, 1], (3, 4))
        prices = rng.exponential(0.5, (3, 3)) * rng.integers(0, 2, (3, 3))
        near = multipliers_of(
            found.multipliers.participation + 0.2 * rng.random(3),
            found.multipliers.incentive + prices * rng.choice([0.0, 1e-2, 1.0]),
            found.multipliers.rising + rising * rng.choice([0.0, 1e-2, 1.0]),
        )
        assert verify_contract(problem, found.wages, multipliers=near).upper_bound >= best - 1e-9


@pytest.mark.parametrize(
    ("wages", "monotone", "outcome", "amount"),
    [([0.0, 2.0, 1.0], True, "2", 1.0), ([0.0, 3.0, 3.0], "both", "1", 1.0), ([0.0, 0.0, 0.0], "both", None, 0.0)],
)
def test_wages_of_another_shape_are_told(wages, monotone, outcome, amount):
    problem = MoralHazardProblem([[0.2, 0.3, 0.5]], [0.0, 2.0, 4.0], [0.0], wages=LIABLE, monotone=monotone)
    violations = verify_contract(problem, wages).violations
    told = [(f"monotone wages (outcome {outcome!r})", amount)] if outcome else []
    assert [(one.what, one.amount) for one in violations] == told


def test_what_does_not_know_shapes_says_so():
    with pytest.raises(ProblemError, match="of a risk neutral agent only"):
        venture(utility=Log(1.0), monotone="both")
    with pytest.raises(ProblemError, match="leave monotone out"):
        solve_lottery(venture(utility=Log(1.0), monotone=True))
    with pytest.raises(ProblemError, match="set monotone=True"):
        verify_contract(venture(), np.zeros(11), multipliers=multipliers_of(np.zeros(9), None, np.ones((9, 10))))
    with pytest.raises(ProblemError, match="prices are >= 0"):
        verify_contract(
            venture(monotone=True), np.zeros(11), multipliers=multipliers_of(np.zeros(9), None, -np.ones((9, 10)))
        )


def test_actions_that_no_wages_are_enough_for_do_not_keep_the_best_from_being_proven():
    """Of a utility below zero nothing pays for an effort of 1; the bound rises with the price of participation."""
    contract = solve_contract(venture(utility=CARA(1.0), reservation_utility=-1.0, wages=(-np.inf, np.inf)))
    assert contract.certificate.holds
    assert np.isinf(contract.implementation_cost[5:]).all()
