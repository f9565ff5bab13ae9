"""Outcomes on a line and actions on an interval: the published problem, cells, deviations far away."""

import dataclasses
import json

import matplotlib as mpl
import numpy as np
import pytest
import scipy.stats

from contracts import (
    CARA,
    ContinuousMoralHazardProblem,
    Log,
    ProblemError,
    load_contract,
    solve_continuous_contract,
    solve_contract,
)
from contracts.agency.wages.between import bounds_at

mpl.use("Agg")


def published(**changes):
    fields = {"distribution": lambda a: scipy.stats.norm(a, 10.0), "outcomes": (-30.0, 210.0), "actions": (0.0, 100.0),
              "effort_cost": lambda a: a**2 / 30_000, "utility": Log(50.0),
              "reservation_utility": float(np.log(50.0)) - 5, "wages": (0.0, np.inf)}  # fmt: skip
    return ContinuousMoralHazardProblem(**(fields | changes))


def test_the_published_problem_with_all_of_its_probability():
    """Within 1% of the published cost, 11.86989, which lets the agent lose what lies below the lowest node."""
    contract = solve_continuous_contract(published(), 80.0)
    assert contract.expected_wage == pytest.approx(11.978, abs=2e-3)
    assert contract.contract.certificate.holds
    assert contract.largest_gain <= 1e-6 * (100**2 / 30_000)
    assert not contract.is_first_order
    assert "the first-order approach is not valid" in str(contract)


def test_the_principal_chooses_the_highest_action_and_knows_what_no_other_earns():
    contract = solve_continuous_contract(published(n_outcomes=60, n_actions=26))
    assert contract.action == 100.0
    assert contract.value == pytest.approx(80.07, abs=0.03)
    assert contract.upper_bound - contract.value < 1e-5
    assert np.argmax(contract.searched.profit) == np.argmax(contract.searched.actions)


def test_actions_that_cannot_be_best_are_bounded_without_wages():
    """Seen, low actions would earn less than the best contract does, so no wages are looked for."""
    contract = solve_continuous_contract(published(n_outcomes=24, n_actions=41))
    actions, profit, bound = contract.searched
    idle = np.isneginf(profit)
    assert 0 < idle.sum() < len(actions)
    assert np.all(bound[idle] <= contract.value)
    for action, most in zip(actions[idle], bound[idle], strict=True):
        assert solve_continuous_contract(contract.problem, action).value <= most
    assert contract.value <= contract.upper_bound <= contract.numerical_bound


def test_finer_cells_cost_less_and_the_error_shrinks_fourfold():
    wages = [solve_continuous_contract(published(n_outcomes=n, n_actions=21), 80.0) for n in (24, 48, 96)]
    costs = [contract.expected_wage for contract in wages]
    assert costs[0] > costs[1] > costs[2]
    assert (costs[0] - costs[1]) / (costs[1] - costs[2]) == pytest.approx(4.0, rel=0.25)
    assert wages[1].discretisation_error == pytest.approx(costs[0] - costs[1], rel=0.05)


def test_the_first_order_approach_is_valid_where_outcomes_tell_less():
    noisy = published(distribution=lambda a: scipy.stats.norm(a, 60.0), outcomes=(-200.0, 300.0), n_outcomes=60)
    contract = solve_continuous_contract(noisy, 40.0)
    assert contract.is_first_order


def test_wages_of_any_outcome_are_those_of_its_cell():
    contract = solve_continuous_contract(published(n_outcomes=24, n_actions=11), 60.0)
    assert contract.wage([-1e9, 1e9]).tolist() == [contract.wages[0], contract.wages[-1]]
    assert contract.wage(contract.problem.middles) == pytest.approx(contract.wages)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"actions": (5.0, 1.0)}, r"give \(lowest, highest\)"),
        ({"n_outcomes": 7}, "give an even number of cells"),
        ({"effort_cost": lambda a: 1.0}, "let both work entry by entry"),
        ({"distribution": lambda a: 3.0}, "do not take an array of actions"),
        ({"distribution": lambda a: [][3]}, r"do not take an array of actions \(list index"),
        ({"effort_cost": lambda a: 1 / 0}, r"do not take an array of actions \(division by zero"),
    ],
)
def test_what_is_no_problem_is_refused(changes, words):
    with pytest.raises(ProblemError, match=words):
        published(**changes)


def test_an_action_beyond_the_interval_is_refused():
    with pytest.raises(ProblemError, match=r"stay within \(0.0, 100.0\)"):
        solve_continuous_contract(published(n_outcomes=24, n_actions=11), 120.0)


@pytest.mark.parametrize("steep", [30_000, 3_000])
def test_nothing_between_the_actions_looked_at_nor_finer_cells_earn_more_than_the_numerical_bound(steep):
    problem = published(n_outcomes=24, n_actions=21, effort_cost=lambda a: a**2 / steep)
    best = solve_continuous_contract(problem)
    finer = dataclasses.replace(problem, n_outcomes=120)
    near = best.action + np.array([-1.7, -0.6, -0.2, 0.0, 0.3, 1.1])
    for action in near[near <= 100.0]:
        assert solve_continuous_contract(finer, action).value <= best.numerical_bound
    assert best.upper_bound <= best.numerical_bound <= best.value + 3 * best.discretisation_error
    assert f"numerical bound over actions in between and finer cells {best.numerical_bound:.6g}" in str(best)


def test_the_numerical_bound_for_an_action_is_about_finer_cells():
    one = solve_continuous_contract(published(n_outcomes=24, n_actions=11), 60.0)
    finer = solve_continuous_contract(published(n_outcomes=192, n_actions=11), 60.0)
    assert one.value < finer.value <= one.numerical_bound <= finer.value + 0.05 * one.discretisation_error


def test_prices_prove_bounds_for_other_actions():
    """Weak duality at every pair: no cost below the bound that another action's prices prove."""
    problem = published(n_outcomes=24, n_actions=11)
    proofs = solve_continuous_contract(problem).proofs
    pairs = [(proof, action) for proof in proofs[::9] for action in (12.0, 47.3, 80.0)]
    bounds = bounds_at(problem.at, pairs, problem.actions, 1e-2)
    for action in (12.0, 47.3, 80.0):
        value = solve_continuous_contract(problem, action).value
        assert all(bound >= value - 1e-9 for bound, pair in zip(bounds, pairs, strict=True) if pair[1] == action)


def effort_on_a_line(**changes):
    fields = {"distribution": lambda a: scipy.stats.norm(a, 10.0), "outcomes": (-40.0, 150.0), "actions": (0.0, 100.0),
              "effort_cost": lambda a: a**2 / 100, "n_outcomes": 40, "n_actions": 11}  # fmt: skip
    return ContinuousMoralHazardProblem(**(fields | changes))


def test_without_limits_the_firm_is_sold_and_the_bound_is_the_first_best():
    """Output 50 less effort 25: no action of the interval is worth more."""
    best = solve_continuous_contract(effort_on_a_line())
    assert (best.action, best.is_first_order) == (50.0, True)
    assert best.value == pytest.approx(25.0, abs=1e-6)
    assert best.value - 1e-9 <= best.numerical_bound <= 25.0 + 1e-3


def test_limits_that_bind_leave_a_bound_between_actions():
    best = solve_continuous_contract(effort_on_a_line(wages=(0.0, 50.0)))
    assert best.value <= best.numerical_bound <= 25.0 + 1e-3


def test_where_prices_prove_nothing_for_finer_cells_the_first_best_bounds():
    """Mirrlees (1974): nothing limits punishment, and normal noise tells ever more in its tail."""
    best = solve_continuous_contract(
        ContinuousMoralHazardProblem(
            lambda a: scipy.stats.norm(a, 1.0), (-5.0, 8.0), (0.0, 1.5), lambda a: a**2 / 4, CARA(0.5), -1.0,
            n_outcomes=24, n_actions=7,
        )
    )  # fmt: skip
    action = np.linspace(0.0, 1.5, 1001)
    first_best = float((action + 2 * np.log(1 - action**2 / 4)).max())  # utility -1 + a^2 / 4, in money
    assert best.value <= best.numerical_bound <= first_best + 1e-2


def test_one_verb_solves_it_too_and_the_result_shows_itself():
    line = published(n_outcomes=24, n_actions=11)
    best = solve_contract(line, 60.0)
    assert best.wages.tolist() == solve_continuous_contract(line, 60.0).wages.tolist()
    assert best.certificate.holds
    assert best.utilities == pytest.approx(np.log(50.0 + best.wages))
    assert list(best.to_frame().wage) == best.wages.tolist()
    assert best.plot().get_xlabel() == "output"
    with pytest.raises(ProblemError, match="actions are for agents of several types"):
        solve_contract(line, actions=[60.0])


# ---- files ----


@pytest.mark.parametrize("action", [None, 79.123456789])
def test_a_contract_for_an_interval_comes_back_from_a_file_with_its_proofs(tmp_path, action):
    contract = solve_contract(published(n_outcomes=24, n_actions=11), action)
    again = load_contract(contract.save(tmp_path / "line.json"), problem=published(n_outcomes=24, n_actions=11))
    assert str(again) == str(contract)
    assert again.action == contract.action
    assert np.array_equal(again.asked, contract.asked)
    assert np.array_equal(again.searched.profit, contract.searched.profit)
    assert again.searched.bound == pytest.approx(contract.searched.bound, rel=1e-9)
    assert again.upper_bound == pytest.approx(contract.upper_bound, rel=1e-12)
    assert again.numerical_bound == pytest.approx(contract.numerical_bound, rel=1e-9)
    assert again.certificate.holds


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    contract = solve_contract(published(n_outcomes=24, n_actions=11), 80.0)
    return contract.save(tmp_path_factory.mktemp("saved") / "line.json")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_actions": 12}, "n_actions is 12 in the problem and 11 in the file"),
        ({"utility": Log(51.0)}, "utility is"),
        ({"distribution": lambda a: scipy.stats.norm(a, 10.1)}, "distribution is another function"),
        ({"effort_cost": lambda a: a**2 / 30_001}, "effort_cost is another function"),
    ],
)
def test_a_file_is_refused_for_another_problem(saved, changes, message):
    with pytest.raises(ProblemError, match=message):
        load_contract(saved, problem=published(**{"n_outcomes": 24, "n_actions": 11} | changes))


def test_a_file_without_its_functions_says_what_to_give(saved):
    with pytest.raises(ProblemError, match="give the problem, load_contract"):
        load_contract(saved)


@pytest.mark.parametrize(
    ("part", "edit", "message"),
    [
        ("searched", lambda part: part | {"profit": [99.0]}, None),  # what wages earn is computed anew
        ("proofs", lambda part: [], "not about the same actions"),
        ("asked", lambda part: [81.0, *part[1:]], "action is not that of the wages"),
        ("contract", lambda part: part | {"wages": [w + 1 for w in part["wages"]]}, None),
    ],
)
def test_a_file_is_not_believed(saved, tmp_path, part, edit, message):
    record = json.loads(saved.read_text())
    record[part] = edit(record[part])
    path = tmp_path / "edited.json"
    path.write_text(json.dumps(record))
    known = published(n_outcomes=24, n_actions=11)
    if message is not None:
        with pytest.raises(ProblemError, match=message):
            load_contract(path, problem=known)
        return
    again, before = load_contract(path, problem=known), load_contract(saved, problem=known)
    assert again.searched.profit[0] == again.value
    assert again.value == pytest.approx(before.value - (part == "contract"))
    assert again.certificate.gap == pytest.approx(float(part == "contract"), abs=1e-5)


def test_a_contract_that_holds_its_own_problem_takes_no_other(tmp_path):
    contract = solve_contract(published(n_outcomes=24, n_actions=11).at([0.0, 80.0]))
    with pytest.raises(ProblemError, match="leave it out"):
        load_contract(contract.save(tmp_path / "contract.json"), problem=published())
