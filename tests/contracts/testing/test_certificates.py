"""Menus and wages from anywhere, as findings: what `verify` says, no more and no less."""

import numpy as np
import pytest

import contracts as c
from contracts.testing import check_contract, check_mechanism, check_menu

TASTES = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), labels=("low", "high"))
OPTIMAL = ([2 / 3, 2.0], [2 / 3, 10 / 3])
ALL = ("IC", "IR", "constraints", "monotonicity", "no positive cycle")
WORK = c.MoralHazardProblem(
    [[0.75, 0.25], [0.25, 0.75]], [0.0, 20.0], [0.0, 1.0], wages=(0.0, np.inf), actions=("shirk", "work"),
    outcomes=("bad", "good"),
)  # fmt: skip


def test_a_solved_menu_passes_with_its_multipliers_and_without_them_nobody_knows_how_good_it_is():
    menu = c.solve_menu(TASTES)
    given = {"multipliers": menu.bound.multipliers, "gap": 1e-6}
    found = check_menu(TASTES, menu.allocation, menu.transfer, properties=ALL, **given)
    assert found.holds
    assert found.finding("optimality").verdict == "holds"
    without = check_menu(TASTES, menu.allocation, menu.transfer, gap=1e-6)
    assert without.finding("optimality").verdict == "undecided"
    assert "give multipliers" in without.finding("optimality").how
    assert not without.holds


def test_a_menu_stands_for_its_contracts_its_chances_and_its_multipliers():
    """Types who may be left out have outside options of their own: no allocation, and still nobody envies anybody."""
    problem = c.ScreeningProblem([1.0, 2.0, 3.0], [0.2, 0.3, 0.5], cost=c.Quadratic(), serving_cost=0.5,
                                 reservation_utility=[0.0, 0.5, 0.25])  # fmt: skip
    menu = c.solve_menu(problem)
    assert check_menu(problem, menu, properties=ALL, gap=1e-6).holds
    with pytest.raises(c.ProblemError, match="leave them out"):
        check_menu(problem, menu, menu.transfer)


@pytest.mark.parametrize("participation", ["voluntary", "compulsory"])
def test_who_keeps_an_outside_option_that_is_a_contract_is_not_served_either(participation):
    problem = c.ScreeningProblem([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=c.Quadratic(), participation=participation)
    menu = c.solve_menu(problem)
    assert menu.serving.tolist() == [0.0, 1.0, 1.0]
    assert check_menu(problem, menu, properties=ALL, gap=1e-6).holds
    for serving in ([0.0, 0.0, 1.0], [0.5, 1.0, 1.0]):  # the second has a contract; nobody is drawn by lot
        with pytest.raises(c.ProblemError, match="nobody needs to be left out"):
            c.verify(problem, menu.allocation, menu.transfer, serving=serving)


def test_a_contract_stands_for_its_wages_and_its_action():
    contract = c.solve_contract(WORK)
    assert check_contract(WORK, contract).holds
    with pytest.raises(c.ProblemError, match=r"leave action out, or give contract\.wages"):
        check_contract(WORK, contract, action="work")
    assert check_contract(WORK, contract.wages, action="work").holds


def test_what_is_said_of_wages_is_about_one_agent_and_its_remedy_is_there_to_be_had():
    found = check_contract(WORK, [0.0, 2.0], action="work", gap=1e-6)
    assert found.finding("IR").how.startswith("the agent compared with what it has elsewhere")
    assert found.finding("optimality").verdict == "undecided"
    assert found.finding("optimality").how.endswith("compare with solve_contract(problem).upper_bound")
    assert c.solve_contract(WORK).upper_bound >= c.verify_contract(WORK, [0.0, 2.0], action="work").value


def test_findings_are_those_of_the_certificate():
    allocation, transfer = [1.0, 2.0], [1.25, 3.5]
    certificate = c.verify(TASTES, allocation, transfer)
    found = check_menu(TASTES, allocation, transfer)
    assert (found.finding("IC").gain, found.finding("IR").gain) == (certificate.deviation.gain, 0.25)
    assert found.finding("IR").labels == (certificate.participation_type,)
    assert found.finding("IC").interval == (certificate.deviation.gain,) * 2


def test_a_menu_typed_with_few_digits_passes_where_a_tolerance_says_so():
    assert not check_menu(TASTES, [0.667, 2.0], [0.6671, 3.333]).holds
    found = check_menu(TASTES, [0.667, 2.0], [0.6671, 3.333], tolerance=1e-3)
    assert found.holds
    assert "0.001 is forgiven" in found.finding("IR").how


def test_a_menu_that_nobody_could_price_names_the_types():
    found = check_menu(TASTES, [2.0, 1.0], [2.0, 1.0], properties=ALL)
    assert found.finding("monotonicity").verdict == "fails"
    assert found.finding("monotonicity").gain == 1  # (2 - 1)(2 - 1)
    assert found.finding("no positive cycle").labels == ("low", "high")
    mechanism = check_mechanism({1: (2, 2), 2: (1, 1)}.get, {"low": 1, "high": 2}, properties=["monotonicity"])
    assert mechanism.finding("monotonicity").gain == found.finding("monotonicity").gain


def test_domains_limits_and_rows_are_named():
    problem = c.ScreeningProblem(
        [1.0, 2.0], [0.5, 0.5], cost=c.Quadratic(), domain=c.Box(0.0, 1.0), transfers=(0.0, 1.0),
        labels=("low", "high"),
        constraints=[c.LinearConstraint(allocation=[[0.5], [0.5]], upper=0.5, name="capacity")],
    )  # fmt: skip
    found = check_menu(problem, [0.5, 1.5], [0.5, 2.0]).finding("constraints")
    assert found.verdict == "fails"
    assert found.labels == ("domain (type 'high')", "transfer limits (type 'high')", "capacity")
    assert found.gain == 1.0


def test_who_cannot_mimic_leaves_the_allocation_alone_undecided():
    problem = c.ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=c.Quadratic(), mimics=[[True, False], [False, True]])
    found = check_menu(problem, [2.0, 1.0], [2.0, 2.0], properties=("IC", "monotonicity", "no positive cycle"))
    assert [one.verdict for one in found.findings] == ["holds", "undecided", "undecided"]
    assert "cannot mimic" in found.finding("monotonicity").how


def test_robust_problems_are_judged_at_every_valuation():
    problem = c.ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=c.Quadratic(), uncertainty=c.Interval(0.25))
    found = check_menu(problem, [1.0, 2.0], [0.5, 2.0], properties=("IC", "monotonicity"))
    assert "at every valuation" in found.finding("IC").how
    assert found.finding("monotonicity").verdict == "undecided"


def test_goods_in_several_dimensions_have_pairs_and_cycles():
    problem = c.ScreeningProblem([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5], cost=c.Quadratic(), labels=("a", "b"))
    swapped = check_menu(problem, [[0.0, 1.0], [1.0, 0.0]], [0.0, 0.0], properties=ALL)
    assert swapped.finding("monotonicity").gain == 2
    assert swapped.finding("no positive cycle").gain == 2
    straight = check_menu(problem, [[1.0, 0.0], [0.0, 1.0]], [0.5, 0.5], properties=ALL)
    assert straight.holds
    assert straight.finding("monotonicity").gain == -2


def test_one_type_and_no_participation_leave_nothing_to_break():
    single = c.ScreeningProblem([1.0], cost=c.Quadratic(), participation="compulsory")
    found = check_menu(single, [1.0], [0.5], properties=ALL)
    assert found.holds
    assert found.finding("IC").how == "there is nothing else to take"
    free = c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic(), reservation_utility=-np.inf, domain=c.Box(0, 1),
                              transfers=(0.0, 1.0))  # fmt: skip
    assert (
        check_menu(free, [1.0, 1.0], [1.0, 1.0]).finding("IR").how == "participation is no constraint of this problem"
    )


def test_wages_are_judged_as_the_agent_would():
    """A bonus of 2 makes work worth its cost of 1: the chance of success rises by a half."""
    assert check_contract(WORK, [0.0, 2.0], action="work").holds
    low = check_contract(WORK, [0.0, 1.5], action="work")
    assert (low.finding("IC").verdict, low.finding("IC").gain) == ("fails", 0.25)
    assert low.finding("IC").labels == ("work", "shirk")
    assert check_contract(WORK, [0.0, 1.5]).holds  # whatever the agent prefers
    fine = check_contract(WORK, [-1.0, 1.0], action="work")
    assert fine.finding("constraints").labels == ("limits of wages (outcome 'bad')",)
    assert check_contract(WORK, [-1.0, 1.0], action="work").finding("IR").gain == 0.5
    assert check_contract(WORK, [0.0, 2.0], action="work", gap=1e-6).finding("optimality").verdict == "undecided"


def test_utilities_that_are_not_rational_are_judged_within_bounds():
    problem = c.MoralHazardProblem([[0.75, 0.25], [0.25, 0.75]], [0.0, 20.0], [0.0, 0.1], c.Log(1.0))
    contract = c.solve_contract(problem)
    found = check_contract(problem, contract.wages, action=contract.action)
    assert found.holds
    assert "bounds on rounding" in found.finding("IC").how


REFUSED = {
    "shape": (lambda: check_menu(TASTES, [1.0], [1.0]), r"allocation has shape \(1, 1\)"),
    "nan": (lambda: check_menu(TASTES, [1.0, np.nan], [1.0, 1.0]), "allocation"),
    "property": (lambda: check_menu(TASTES, *OPTIMAL, properties=["budget"]), "properties has 'budget': it knows 'IC'"),
    "none": (lambda: check_menu(TASTES, *OPTIMAL, properties=[]), "properties is empty"),
    "how close": (lambda: check_menu(TASTES, *OPTIMAL, properties=["optimality"]), "give gap=1e-6"),
    "problem": (lambda: check_menu([1.0], *OPTIMAL), "problem is list: give the ScreeningProblem"),
    "wages": (lambda: check_contract(WORK, [1.0]), "wages has 1 entries for 2 outcomes"),
    "action": (lambda: check_contract(WORK, [1.0, 2.0], action="rest"), "rest"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises(c.ProblemError, match=words):
        call()
