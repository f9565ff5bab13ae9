"""Problems of hidden types and actions are checked at the door, and say what is wrong of whom."""

import numpy as np
import pytest

from contracts import AgencyProblem, Log, ProblemError, SquareRoot, solve_contract

TWO = [[0.75, 0.25], [0.25, 0.75]]
EFFORT = [[0.0, 1.0], [0.0, 2.0]]


def agency(**changes):
    return AgencyProblem(
        **(
            {"outcome_probabilities": TWO, "output": [0.0, 8.0], "effort_cost": EFFORT, "labels": ("able", "slow")}
            | changes
        )
    )


def test_what_is_common_is_everybodys():
    problem = agency()
    assert problem.outcome_probabilities.shape == (2, 2, 2)
    assert problem.output.shape == problem.effort_cost.shape == (2, 2)
    assert problem.weights.tolist() == [0.5, 0.5]
    assert problem.reservation_utility.tolist() == [0.0, 0.0]
    assert problem.of_type("slow").effort_cost.tolist() == [0.0, 2.0]
    assert problem.of_type(-1).outcome_probabilities.tolist() == TWO
    assert repr(problem) == "AgencyProblem(n_types=2, n_actions=2, n_outcomes=2, utility=RiskNeutral())"


def test_how_many_types_there_are_is_said_by_whatever_has_one_row_each():
    assert AgencyProblem(TWO, [0.0, 1.0], [0.0, 1.0]).n_types == 1
    assert AgencyProblem(TWO, [0.0, 1.0], [0.0, 1.0], [0.2, 0.3, 0.5]).n_types == 3
    assert AgencyProblem(TWO, [[0.0, 1.0]] * 2, [0.0, 1.0]).n_types == 2
    assert AgencyProblem(TWO, [0.0, 1.0], [0.0, 1.0], reservation_utility=[0.0, 1.0]).n_types == 2
    assert AgencyProblem([TWO, TWO], [0.0, 1.0], [0.0, 1.0]).n_types == 2


def test_problems_are_frozen():
    problem = agency()
    with pytest.raises(ValueError, match="read-only"):
        problem.effort_cost[0, 0] = 5.0
    with pytest.raises(AttributeError):
        problem.output = np.zeros(2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": [0.2, 0.3, 0.5]}, "labels for 2: give one row per type|weights for 3"),
        ({"weights": [0.2, 0.3]}, "weights sum to 0.5, not 1: divide them by their sum"),
        ({"weights": [0.0, 1.0]}, r"weights\['able'\] is 0.0: every type needs a positive share"),
        ({"effort_cost": [[0.0, 1.0], [0.0, np.nan]]}, r"effort_cost\['slow', 1\] is nan: every entry must be"),
        ({"effort_cost": [[0.0, 1.0, 2.0]] * 2}, "effort_cost has 3 entries for 2 actions: give one per action"),
        ({"effort_cost": 1.0}, r"effort_cost has shape \(\); expected \(n_actions,\) or \(n_types, n_actions\)"),
        ({"output": [0.0, 1.0, 2.0]}, "output has 3 entries for 2 outcomes: give one per outcome"),
        ({"outcome_probabilities": [TWO, [[0.75, 0.2], [0.25, 0.75]]]},
         r"of type 'slow': outcome_probabilities\[0\] sum to 0.95, not 1: divide every row by its sum"),
        ({"outcome_probabilities": [[0.5, 0.5]] * 3}, "effort_cost has 2 entries for 3 actions"),
        ({"outcome_probabilities": [0.5, 0.5]}, r"expected \(n_actions, n_outcomes\) or \(n_types, n_actions, n_out"),
        ({"outcome_probabilities": [TWO] * 3}, "give one row per type"),
        ({"outcome_probabilities": [[1.5, -0.5], [0.5, 0.5]]}, "no probability is negative"),
        ({"reservation_utility": [0.0, np.inf]}, r"reservation_utility\['slow'\] is inf"),
        ({"reservation_utility": [[0.0]]}, r"has shape \(1, 1\); expected a number or \(n_types,\)"),
        ({"reservation_utility": [0.0, 5.0], "utility": Log(), "wages": (0.0, 10.0)},
         "of type 'slow': reservation_utility is 5, but no wages within the limits are worth more than 2.30259"),
        ({"wages": (3.0, 1.0)}, "the lowest must not exceed the highest"),
        ({"wages": (-3.0, 1.0), "utility": SquareRoot()}, "keep them above 0, or give the agent more wealth"),
        ({"wages": 3.0}, "give \\(lowest, highest\\)"),
        ({"labels": ("able", "able")}, "labels repeats 'able': give every type its own name"),
        ({"actions": ("work",)}, "actions has 1 names for 2 actions: give one per action"),
        ({"utility": "log"}, r"use RiskNeutral\(\), Log\(\)"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_the_users_words(changes, words):
    with pytest.raises(ProblemError, match=words):
        agency(**changes)


@pytest.mark.parametrize(
    ("actions", "words"),
    [
        ("rest", "actions is 'rest': the actions are '0', '1'"),
        ([0, 7], "actions is 7: there are 2 actions, numbered from 0"),
        ([0], "actions has 1 entries for 2 types: give one per type"),
        ({"able": 0}, "actions leaves out 'slow': give one action per type"),
        ({"able": 0, "slow": 1, "idle": 1}, "actions names 'idle', which is no type: give one action per type"),
        ([0, 0.5], "actions is 0.5: give the name or the number of one of the actions"),
        (2.5, "actions is float: give one name or number per type"),
    ],
)
def test_actions_that_are_none_are_refused(actions, words):
    with pytest.raises(ProblemError, match=words):
        solve_contract(agency(), actions=actions)


def test_each_verb_says_which_word_it_wants():
    with pytest.raises(ProblemError, match="give actions, one for all or one per type"):
        solve_contract(agency(), "1")
    with pytest.raises(ProblemError, match="actions are for agents of several types: give action"):
        solve_contract(agency().of_type(0), actions=[1])
    with pytest.raises(ProblemError, match=r"gap is 2.0: give a relative gap between 0 and 1"):
        solve_contract(agency(), gap=2.0)
    with pytest.raises(ProblemError, match="label is 'idle': the types are 'able', 'slow'"):
        agency().of_type("idle")
