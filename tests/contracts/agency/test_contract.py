"""A contract answers questions, is judged by anybody, and comes back from files as it was."""

import json

import matplotlib as mpl
import numpy as np
import pytest

from contracts import (
    CARA,
    ContractMultipliers,
    InfeasibleMenuError,
    Log,
    MoralHazardProblem,
    ProblemError,
    RiskNeutral,
    SolverError,
    SquareRoot,
    load_contract,
    solve_contract,
    verify_contract,
)
from contracts.agency.bound import cost_bounds, multipliers_of
from contracts.agency.verify import preferred_action
from tests.contracts.agency.oracle import least_cost

mpl.use("agg")


def hidden(**changes):
    fields = {"outcome_probabilities": [[0.75, 0.25], [0.25, 0.75]], "output": [0.0, 20.0], "effort_cost": [0.0, 1.0],
              "utility": SquareRoot(), "reservation_utility": 1.0, "actions": ("shirk", "work"),
              "outcomes": ("failure", "success")}  # fmt: skip
    return MoralHazardProblem(**(fields | changes))


def liable(**changes):
    return hidden(**({"utility": RiskNeutral(), "reservation_utility": 0.0, "wages": (0.0, np.inf)} | changes))


# ---- the checker is checked ----


@pytest.mark.parametrize(
    ("utility", "wage", "remedy", "follow"),
    [
        (SquareRoot(), -1.0, r"pay at least 0$", 0.0),
        (SquareRoot(2.0), -3.0, r"pay at least -2$", -2.0),
        (Log(), 0.0, r"pay more than 0$", 1e-9),
        (CARA(1.0), -1e6, r"pay more than -1e\+06$", -10.0),
    ],
)
def test_wages_without_utility_are_refused_with_the_least_that_has_one(utility, wage, remedy, follow):
    problem = hidden(utility=utility, reservation_utility=-5.0)
    with pytest.raises(ProblemError, match=remedy):
        verify_contract(problem, [wage, 5.0])
    assert np.isfinite(verify_contract(problem, [follow, 5.0]).value)


def test_wages_that_pay_too_little_for_work_fail_by_what_the_agent_gains():
    certificate = verify_contract(liable(), [0.0, 1.5], action="work")
    assert not certificate.holds
    assert str(certificate.deviation) == "work -> shirk gains 0.25"


def test_wages_that_do_not_keep_the_agent_fail_by_what_it_lacks():
    certificate = verify_contract(hidden(), [0.25, 4.0], action="shirk")
    assert certificate.participation_slack == pytest.approx(0.75 * 0.5 + 0.25 * 2.0 - 1.0)
    assert "IR fails: the agent falls short by 0.125" in str(certificate)


def test_wages_beyond_their_limits_are_named():
    certificate = verify_contract(liable(wages=(0.0, 1.75)), [-1.0, 1.0], action="shirk")
    assert certificate.violations[0].what == "limits of wages (outcome 'failure')"
    assert certificate.violations[0].amount == 1.0


def test_a_last_digit_decides_for_a_risk_neutral_agent():
    problem = liable(outcome_probabilities=[[0.7, 0.3], [0.4, 0.6]], effort_cost=[0.0, 0.3])
    wages = [0.0, 1.0]
    from fractions import Fraction

    chances = problem.outcome_probabilities
    rests = problem.remainders

    def worth(action):
        exact = sum(Fraction(p) * Fraction(w) for p, w in zip(chances[action].tolist(), wages, strict=True))
        likeliest = int(np.argmax(chances[action]))
        exact += sum(map(Fraction, rests[action].tolist())) * Fraction(wages[likeliest])
        return exact - Fraction(float(problem.effort_cost[action]))

    gain = verify_contract(problem, wages, action="work").deviation.gain
    assert np.sign(gain) == np.sign(worth(0) - worth(1))
    assert gain == float(worth(0) - worth(1))


def test_at_wages_that_are_the_same_whatever_happens_the_agent_takes_the_least_effort_exactly():
    thirds = [[1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7]]
    for utility in (RiskNeutral(), Log(1.0)):
        problem = MoralHazardProblem(thirds, [0.0, 1.0, 2.0], [0.5, 0.5], utility)
        certificate = verify_contract(problem, [1e6, 1e6, 1e6], action=1)
        assert certificate.deviation.gain == 0
        assert preferred_action(problem, np.full(3, 1e6)) == 1  # a tie, for the principal


def test_without_an_action_the_agent_takes_what_it_prefers_ties_for_the_principal():
    certificate = verify_contract(liable(), [0.0, 2.0])
    assert certificate.deviation.tempted == "work"
    assert verify_contract(liable(), [0.0, 1.9]).deviation.tempted == "shirk"


def test_any_prices_prove_a_bound_and_none_is_above_what_the_oracle_says_it_costs():
    rng = np.random.default_rng(3)
    problem = MoralHazardProblem(rng.dirichlet(np.ones(4), 3), rng.uniform(0, 9, 4), [0.0, 0.2, 0.5], Log(2.0), 0.7)
    costs = np.array([least_cost(problem, action) for action in range(3)])
    for _ in range(50):
        prices = rng.exponential(1.0, (3, 3)) * (1 - np.eye(3)) * rng.integers(0, 2, (3, 3))
        bounds = cost_bounds(problem, multipliers_of(rng.exponential(3.0, 3), prices))
        assert np.all(bounds <= costs + 1e-6)


def test_prices_that_are_negative_or_of_another_problem_are_refused():
    contract = solve_contract(hidden())
    with pytest.raises(ProblemError, match="prices are >= 0"):
        verify_contract(hidden(), contract.wages, multipliers=multipliers_of([-1.0, 0.0]))
    with pytest.raises(ProblemError, match="give those of a contract of this problem"):
        verify_contract(hidden(), contract.wages, multipliers=multipliers_of([1.0, 1.0, 1.0]))
    assert isinstance(contract.multipliers, ContractMultipliers)


@pytest.mark.parametrize(
    ("wages", "words"),
    [
        ([1.0], "wages has 1 entries for 2 outcomes: give one per outcome"),
        ([-1.0, 1.0], r"wages\['failure'\] is -1, where SquareRoot"),
        ([np.nan, 1.0], "every entry must be a finite number"),
    ],
)
def test_wages_that_are_none_are_refused(wages, words):
    with pytest.raises(ProblemError, match=words):
        verify_contract(hidden(), wages)


# ---- failures that explain themselves ----


def test_what_cannot_be_solved_says_what_was_reached_and_what_to_do():
    with pytest.raises(ProblemError, match="action is 'rest': the actions are 'shirk', 'work'"):
        solve_contract(hidden(), "rest")
    with pytest.raises(ProblemError, match="action is 7: there are 2 actions"):
        solve_contract(hidden(), 7)
    with pytest.raises(InfeasibleMenuError, match="Ask for another action") as failure:
        solve_contract(hidden(outcome_probabilities=[[0.5, 0.5], [0.5, 0.5]]), "work")
    assert failure.value.conflict[0].startswith("no wages implement work: shirk has the same outcomes")


def test_work_that_high_wages_alone_would_pay_for_cannot_be_had_below_them():
    with pytest.raises(InfeasibleMenuError, match="within their limits"):
        solve_contract(liable(wages=(0.0, 1.5)), "work")
    assert solve_contract(liable(wages=(0.0, 1.5))).action_name == "shirk"


def test_an_action_as_good_as_a_mixture_of_others_is_not_promised_by_floats():
    problem = hidden(
        outcome_probabilities=[[0.5, 0.5], [0.4, 0.6], [0.3, 0.7]], effort_cost=[0.0, 0.1, 0.2], actions=None
    )
    with pytest.raises(SolverError, match="Lower its effort_cost a little"):
        solve_contract(problem, 1)
    lower = hidden(
        outcome_probabilities=[[0.5, 0.5], [0.4, 0.6], [0.3, 0.7]], effort_cost=[0.0, 0.09, 0.2], actions=None
    )
    assert solve_contract(lower, 1).certificate.holds


# ---- showing and keeping it ----


def test_the_table_is_what_an_economist_would_draw_in_every_format():
    contract = solve_contract(hidden())
    assert str(contract).splitlines()[0] == (
        "Contract: the agent takes work, expected wage 4.75, value 10.25, proven bound 10.25"
    )
    assert "<td>success</td>" in contract._repr_html_()
    assert r"\begin{tabular}" in contract.to_latex()
    frame = contract.to_frame()
    assert frame.loc["success", "wage"] == 6.25
    assert frame["likelihood_ratio"].tolist() == pytest.approx([3.0, 1 / 3])


def test_the_picture_shows_wages_against_the_likelihood_ratio_or_output():
    contract = solve_contract(hidden())
    axes = contract.plot()
    assert axes.get_lines()[0].get_xdata() == pytest.approx([1 / 3, 3.0])
    assert axes.get_lines()[0].get_ydata().tolist() == [6.25, 0.25]
    assert contract.plot(against="output").get_xlabel() == "output"
    with pytest.raises(ProblemError, match="give 'likelihood ratio' or 'output'"):
        contract.plot(against="time")


@pytest.mark.parametrize("demanded", [None, "work"])
def test_a_contract_that_was_saved_is_the_same_to_the_bit(tmp_path, demanded):
    for problem in (hidden(), liable(), hidden(utility=Log(3.0), wages=([0.0, 1.0], [np.inf, 50.0]))):
        contract = solve_contract(problem, demanded)
        again = load_contract(contract.save(tmp_path / "contract.json"))
        assert again.to_dict() == contract.to_dict()
        assert again.certificate == contract.certificate
        assert list(again.problem.actions) == ["shirk", "work"]


def test_a_file_is_not_believed(tmp_path):
    path = solve_contract(hidden()).save(tmp_path / "contract.json")
    record = json.loads(path.read_text())
    record["wages"] = [1.0, 1.0]
    path.write_text(json.dumps(record))
    with pytest.raises(ProblemError, match="at these wages the agent takes 'shirk', so the file was edited"):
        load_contract(path)
    path.write_text(json.dumps(record | {"problem": record["problem"] | {"utility": {"kind": "os.system"}}}))
    with pytest.raises(ProblemError, match="known kinds are risk_neutral, log"):
        load_contract(path)


def test_names_of_any_kind_are_shown_safely():
    contract = solve_contract(hidden(actions=("\x1b[31mshirk", "<b>work\n"), outcomes=("$a_b", "\u202eb")))
    assert "\x1b" not in str(contract)
    assert len(str(contract).splitlines()) == 6
    assert "<b>work" not in contract._repr_html_()
    contract.plot()
