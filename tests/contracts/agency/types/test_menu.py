"""A menu of contracts answers questions, is judged by anybody, and comes back from files as it was."""

import json
from fractions import Fraction

import matplotlib as mpl
import numpy as np
import pytest

from contracts import (
    AgencyProblem,
    InfeasibleMenuError,
    Log,
    ProblemError,
    SolverError,
    SquareRoot,
    load_contract,
    solve_contract,
    verify_contract,
)
from contracts.agency.types.impossible import menu_impossibility
from contracts.agency.types.prices import no_prices
from contracts.agency.types.programs.assigned import Assignment
from contracts.agency.types.programs.scales import Scales

mpl.use("agg")

TWO = [[0.75, 0.25], [0.25, 0.75]]


def agency(**changes):
    fields = {"outcome_probabilities": TWO, "output": [0.0, 8.0], "effort_cost": [[0.0, 1.0], [0.0, 4.0]],
              "wages": (0.0, np.inf), "labels": ("able", "slow"), "actions": ("shirk", "work"),
              "outcomes": ("failure", "success")}  # fmt: skip
    return AgencyProblem(**(fields | changes))


# ---- the checker is checked ----


def test_a_lie_about_the_type_is_found_with_the_action_that_goes_with_it():
    """The slow's bonus of 8 is worth 3/4 x 8 - 1 = 5 to the able, their own 1/2; the slow have 2, and 1/2 as able."""
    certificate = verify_contract(agency(), [[0.0, 2.0], [0.0, 8.0]], actions="work")
    assert not certificate.holds
    assert str(certificate.deviation) == "able / work -> slow / work gains 4.5"
    slow = certificate.response("slow")
    assert (slow.tempting_report, slow.tempting_action, slow.gain) == ("slow", "shirk", 0.0)


def test_a_lie_is_found_that_only_pays_with_another_action():
    """The slow have 1/4 as they are; the able's contract is worth -2.5 to them if they work as asked, 1/2 if not."""
    certificate = verify_contract(agency(), [[0.0, 2.0], [0.25, 0.25]], actions=("work", "shirk"))
    assert str(certificate.deviation) == "slow / shirk -> able / shirk gains 0.25"
    assert certificate.response("able").gain == 0.0


def test_types_who_are_not_kept_are_named():
    certificate = verify_contract(agency(reservation_utility=[0.25, 1.0]), [0.0, 2.0], actions=("work", "shirk"))
    assert certificate.participation_slack == -0.5
    assert "IR fails: slow falls short by 0.5" in str(certificate)


def test_wages_beyond_their_limits_are_named():
    certificate = verify_contract(agency(wages=(0.0, 1.75)), [[0.0, 1.0], [-1.0, 1.0]])
    assert certificate.violations[0].what == "limits of wages (type 'slow', outcome 'failure')"
    assert certificate.violations[0].amount == 1.0


def test_without_actions_every_type_does_what_it_prefers_ties_for_the_principal():
    certificate = verify_contract(agency(), [[0.0, 2.0], [0.0, 0.0]])
    able, slow = certificate.responses
    assert (able.report, able.action) == ("able", "work")  # a tie
    assert (slow.report, slow.action) == ("able", "shirk")
    assert verify_contract(agency(), [[0.0, 1.9], [0.0, 0.0]]).response("able").action == "shirk"
    assert certificate.is_exact


def test_the_last_digit_decides():
    problem = agency(outcome_probabilities=[[0.7, 0.3], [0.4, 0.6]], effort_cost=[[0.0, 0.3], [0.0, 0.3]])
    wages = np.array([[0.0, 1.0], [0.1, 1.1]])
    chances, places = problem.exact_chances

    def worth(report, action):
        terms = zip(chances[0, action], wages[report], strict=True)
        total = sum(Fraction(int(p), 1 << places) * Fraction(float(w)) for p, w in terms)
        return total - Fraction(float(problem.effort_cost[0, action]))

    certificate = verify_contract(problem, wages, actions="work")
    best = max(worth(j, b) for j in (0, 1) for b in (0, 1) if (j, b) != (0, 1))
    assert certificate.response("able").gain == float(best - worth(0, 1))
    assert chances.sum(axis=2).tolist() == [[1 << places] * 2] * 2


def test_the_same_contract_under_another_name_never_tempts():
    for utility in (SquareRoot(), Log(1.0)):
        problem = agency(utility=utility, wages=(0.0, np.inf), effort_cost=[[0.0, 0.1], [0.0, 0.2]])
        certificate = verify_contract(problem, [[1 / 3, 20.0], [1 / 3, 20.0]], actions="work")
        assert certificate.response("able").gain == 0.0
        assert certificate.response("able").tempting_report == "slow"


def test_what_is_found_is_a_table():
    frame = verify_contract(agency(), [0.0, 8.0], actions="work").to_frame()
    assert frame.loc["slow", "tempting"] == "slow / shirk" or frame.loc["slow", "gain"] == 0.0
    assert frame.loc["able", "above_reservation"] == 5.0


@pytest.mark.parametrize(
    ("wages", "words"),
    [
        ([0.0, 1.0, 2.0], r"wages has shape \(2, 3\); expected \(2, 2\), a contract per type, or \(2,\), one for all"),
        ([[0.0, 1.0]] * 3, r"wages has shape \(3, 2\)"),
        ([[0.0, np.nan], [0.0, 1.0]], "every entry must be a finite number"),
    ],
)
def test_wages_that_are_none_are_refused(wages, words):
    with pytest.raises(ProblemError, match=words):
        verify_contract(agency(), wages)


def test_wages_without_utility_are_refused_by_type():
    with pytest.raises(ProblemError, match=r"of type 'slow': wages\['failure'\] is -1, .* pay at least 0"):
        verify_contract(agency(utility=SquareRoot()), [[0.0, 1.0], [-1.0, 1.0]])


def test_prices_of_another_problem_are_refused():
    menu = solve_contract(agency())
    with pytest.raises(ProblemError, match="give those of a menu of this problem"):
        verify_contract(agency(), menu.wages, multipliers=no_prices(3))
    with pytest.raises(ProblemError, match="prices are >= 0"):
        verify_contract(agency(), menu.wages, multipliers=no_prices(2, -1.0))
    demanded = solve_contract(agency(), actions="work")
    with pytest.raises(ProblemError, match=r"give menu.proof of a menu for these actions"):
        verify_contract(agency(), menu.wages, multipliers=demanded.proof)
    with pytest.raises(ProblemError, match=r"give menu.proof of this problem"):
        verify_contract(agency(outcome_probabilities=[*TWO, [0.5, 0.5]], effort_cost=[[0.0, 1.0, 2.0]] * 2,
                               actions=None), menu.wages, multipliers=menu.proof)  # fmt: skip


# ---- questions ----


def test_a_menu_says_who_gets_what():
    menu = solve_contract(agency())
    assert menu.action_names == ("work", "shirk")
    assert menu.wages.tolist() == [[0.0, 2.0], [0.0, 2.0]]
    assert menu.expected_wages.tolist() == [1.5, 0.5]
    assert menu.expected_output.tolist() == [6.0, 2.0]
    assert menu.rents.tolist() == menu.agent_utility.tolist() == [0.5, 0.5]
    assert menu.contract_of.tolist() == [0, 0]
    assert menu.first_best_value == 0.5 * 5.0 + 0.5 * 2.0
    assert menu.choice("slow") == ("slow", "shirk")
    assert menu.contract("slow").tolist() == [0.0, 2.0]
    assert menu.binding == ["able -> able / shirk", "slow -> able / shirk"]


def test_menus_print_as_tables():
    menu = solve_contract(agency())
    assert str(menu).splitlines()[0] == "Menu of 1 contract for 2 types: value 3, proven bound 3"
    assert "IC and IR hold exactly" in str(menu)
    assert r"\begin{tabular}" in menu.to_latex()
    assert "<table" in menu._repr_html_()
    assert menu.to_frame().loc["able", "wage success"] == 2.0
    assert menu.plot().get_ylabel() == "wage"


def test_names_come_from_frames():
    import pandas as pd

    effort = pd.DataFrame([[0.0, 1.0], [0.0, 4.0]], index=["able", "slow"], columns=["shirk", "work"])
    chances = pd.DataFrame(TWO, index=["shirk", "work"], columns=["failure", "success"])
    problem = AgencyProblem(chances, [0.0, 8.0], effort, wages=(0.0, np.inf))
    assert (tuple(problem.labels), tuple(problem.actions)) == (("able", "slow"), ("shirk", "work"))
    menu = solve_contract(problem, actions={"slow": "shirk", "able": "work"})
    assert menu.action_names == ("work", "shirk")
    with pytest.raises(ProblemError, match="effort_cost has the names of the actions in another order"):
        AgencyProblem(chances, [0.0, 8.0], effort[["work", "shirk"]])
    with pytest.raises(ProblemError, match="weights has the names of the types in another order"):
        AgencyProblem(
            chances, [0.0, 8.0], effort, pd.Series([0.5, 0.5], index=["slow", "able"]), labels=["able", "slow"]
        )


# ---- files ----


@pytest.mark.parametrize("changes", [{}, {"utility": SquareRoot(), "reservation_utility": [0.5, 0.75]}])
@pytest.mark.parametrize("actions", [None, "work"])
def test_menus_survive_files_to_the_bit(tmp_path, changes, actions):
    menu = solve_contract(agency(**changes), actions=actions)
    back = load_contract(menu.save(tmp_path / "menu.json"))
    assert back.wages.tobytes() == menu.wages.tobytes()
    assert back.certificate == menu.certificate
    assert (back.is_demanded, back.action_names) == (menu.is_demanded, menu.action_names)
    assert back.problem.labels == ("able", "slow")
    assert back.problem.utility == menu.problem.utility


def edited(tmp_path, change):
    path = solve_contract(agency()).save(tmp_path / "menu.json")
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))
    return path


def test_files_are_not_believed(tmp_path):
    with pytest.raises(ProblemError, match="actions are work, work, but at these wages types take work, shirk"):
        load_contract(edited(tmp_path, lambda record: record.update(actions=["work", "work"])))
    with pytest.raises(ProblemError, match="proof leaves out assignments of actions"):
        load_contract(edited(tmp_path, lambda record: record["proof"][0]["allowed"][0].pop()))
    with pytest.raises(ProblemError, match="is incomplete or damaged"):
        load_contract(edited(tmp_path, lambda record: record.pop("wages")))
    with pytest.raises(ProblemError, match="unknown key 'weight' in problem"):
        load_contract(edited(tmp_path, lambda record: record["problem"].update(weight=1)))
    lower = load_contract(edited(tmp_path, lambda record: record["certificate"].update(upper_bound=0.0)))
    assert lower.upper_bound == pytest.approx(3.0)
    weaker = load_contract(edited(tmp_path, lambda record: record["proof"][0].update(price=[], tempted=[], report=[],
                                  told=[], taken=[], honesty=[[0.0, 0.0], [0.0, 0.0]])))  # fmt: skip
    assert weaker.upper_bound > 3.1
    assert not weaker.certificate.holds


# ---- what cannot be done ----


def test_actions_that_nothing_implements_are_refused_with_the_lies_that_prove_it():
    """Whatever bonus makes the slow work makes the able work, too: each prefers the other's lot, by 3 in sum."""
    with pytest.raises(InfeasibleMenuError) as caught:
        solve_contract(agency(), actions=("shirk", "work"))
    assert str(caught.value).startswith(
        "no wages implement able: shirk, slow: work: "
        "0.5 able -> slow / work + 0.5 slow -> able / shirk gains at least 1.5."
    )


def test_limits_of_wages_are_part_of_the_proof():
    """Work at 1 takes a bonus of 2, and the largest is 1.9: the able would gain 1 - 1.9 / 2 by shirking."""
    with pytest.raises(InfeasibleMenuError, match=r"1 able -> able / shirk gains at least 0.05"):
        solve_contract(agency(wages=(0.0, 1.9)), actions=("work", "shirk"))


def test_a_proof_says_what_it_says():
    """Sums of weights are 1, and the gain in sum is what the lies bring whatever the wages, checked at random ones."""
    problem = agency(utility=Log(1.0))
    actions = np.array([0, 1])
    found = Assignment(problem, Scales(problem), actions, np.arange(2), 1e-9).solve()
    proof = menu_impossibility(problem, actions, found.prices)
    assert found.utilities is None
    assert sum(one.weight for one in proof.mixture) == pytest.approx(1.0)
    rng = np.random.default_rng(0)
    for wages in rng.exponential(5.0, (50, 2, 2)):
        worth = (
            np.einsum("ibo,jo->ijb", problem.outcome_probabilities, np.log(1 + wages)) - problem.effort_cost[:, None]
        )
        lies = 0.0
        for one in proof.mixture:
            who, report = problem.labels.index(one.label), problem.labels.index(one.report)
            gain = worth[who, report, problem.actions.index(one.action)] - worth[who, who, actions[who]]
            lies += one.weight * gain
        assert lies >= proof.gain - 1e-12


def test_nobody_can_be_kept_where_utilities_ask_too_much_together():
    """A type can be kept alone at any of these wages; both need the highest wage after opposite outcomes."""
    chances = [[[0.9, 0.1]], [[0.1, 0.9]]]
    problem = AgencyProblem(chances, [1.0, 1.0], [[0.0], [0.0]], None, reservation_utility=1.0, wages=(0.0, 1.0))
    menu = solve_contract(problem)
    assert menu.wages.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    with pytest.raises(ProblemError, match=r"of type '0': reservation_utility is 1.5"):
        AgencyProblem(chances, [1.0, 1.0], [[0.0], [0.0]], None, reservation_utility=1.5, wages=(0.0, 1.0))


def test_types_who_are_the_same_cannot_be_told_apart_by_floats():
    """Two types with the same tastes, of which the principal wants different actions: only an exact tie would do it."""
    chances, effort = [[1 / 3, 2 / 3], [5 / 7, 2 / 7]], [0.05, 0.35]
    same = {"output": [[8.0, 19.0], [19.0, 3.0]], "weights": [0.25, 0.75], "wages": (-5.0, np.inf)}
    with pytest.raises(SolverError, match=r"types or actions may be as good as one another. Change an effort_cost"):
        solve_contract(AgencyProblem(chances, effort_cost=effort, **same))
    nearly = [[0.05, 0.350001], [0.05, 0.35]]
    assert solve_contract(AgencyProblem(chances, effort_cost=nearly, **same)).action_names == ("0", "1")


def test_without_limits_a_bound_that_needs_more_than_floats_says_which_limits_to_set():
    """One type's outcomes are mixtures of the other's, so lies cancel; but not in floats, and there are 70 outcomes."""
    rng = np.random.default_rng(1)
    able = rng.dirichlet(np.ones(70), 4)
    slow = rng.dirichlet(np.ones(4), 4) @ able
    effort = np.linspace(0, 1, 4) ** 2
    chances = [able, slow / slow.sum(axis=1, keepdims=True)]
    terms = {"output": np.arange(70.0), "effort_cost": [0.5 * effort, effort]}
    with pytest.raises(SolverError, match=r"Limit wages, such as to wages=\(-\d+, \d+\) or within") as caught:
        solve_contract(AgencyProblem(chances, **terms), actions=(1, 2))
    assert caught.value.reached.certificate.is_exact
    far = float(str(caught.value).split("wages=(-")[1].split(",")[0])
    menu = solve_contract(AgencyProblem(chances, **terms, wages=(-far, far)), actions=(1, 2))
    assert menu.value == pytest.approx(caught.value.reached.value, abs=1e-6)
