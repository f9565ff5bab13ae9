"""What is drawn is what was asked for, and shrinks to a few types with simple numbers, under the user's names."""

import subprocess
import sys
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

import contracts as c
from contracts.testing import (
    check_contract,
    check_mechanism,
    check_menu,
    mechanisms,
    menus,
    moral_hazard_problems,
    priors,
    problems,
)
from contracts.testing.screening import regular

NAMES = ("low", "middle", "high", "highest")


def never(**switches):
    """Problems without what is switched off, up to four types on up to two goods."""
    return problems(kinds=("line", "plain"), **switches)


def closest(problem):
    """The least distance between two types, relative to the largest value."""
    gaps = np.abs(problem.valuations[:, np.newaxis] - problem.valuations).max(axis=2)
    gaps[np.diag_indices(problem.n_types)] = np.inf
    return gaps.min() / max(np.abs(problem.valuations).max(), 1e-300)


@given(never(ties=False, near_ties=False))
def test_types_without_ties_are_apart(problem):
    assert closest(problem) > 0.05


@given(never(near_ties=False))
def test_types_without_near_ties_are_apart_or_equal(problem):
    assert closest(problem) == 0 or closest(problem) > 0.05


@given(problems(tiny_weights=False))
def test_weights_are_no_less_than_a_small_share_where_none_is_tiny(problem):
    assert problem.weights.min() >= 1 / 30


@given(problems(scales=False))
def test_money_has_one_unit_without_scales(problem):
    assert np.abs(problem.valuations).max() <= 3.0 + 1e-8


@given(never(reservation_utilities=False))
def test_nobody_has_anything_elsewhere_without_reservation_utilities(problem):
    assert np.all(problem.reservation_utility == 0)
    assert problem.outside_option is None


@given(problems(kinds=("line",), ironing=False, n_types=(1, 6)))
def test_regular_types_are_not_pooled(problem):
    order = np.argsort(problem.valuations[:, 0], kind="stable")
    types, weights = problem.valuations[order, 0], problem.weights[order]
    virtual = types - (1 - np.cumsum(weights)) / weights * np.append(np.diff(types), 0.0)
    assert np.all(np.diff(virtual) >= -1e-9 * np.abs(types).max())


def test_irregular_types_become_regular_by_as_little_as_it_takes():
    values = np.array([[1.0], [2.0], [3.0]])
    fine = regular(values, np.array([0.3, 0.4, 0.3]))
    assert fine["weights"].tolist() == [0.3, 0.4, 0.3]
    rare = regular(values, np.array([0.45, 0.05, 0.5]))
    assert rare["weights"].tolist() == [1 / 3] * 3
    assert rare["valuations"] is values


SWITCHES = {  # what may occur, does
    "ties": lambda problem: problem.n_types > 1 and closest(problem) == 0,
    "near_ties": lambda problem: problem.n_types > 1 and 0 < closest(problem) < 1e-8,
    "tiny_weights": lambda problem: problem.weights.min() < 1e-5,
    "scales": lambda problem: np.abs(problem.valuations).max() > 1e6,
    "reservation_utilities": lambda problem: np.ptp(problem.reservation_utility) > 0,
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_what_may_occur_does(switch):
    tries = settings(max_examples=3000, derandomize=True, phases=[Phase.generate])
    find(never(), SWITCHES[switch], settings=tries)


@given(problems(labels=NAMES, goods=("speed", "data")))
def test_problems_bear_the_names_they_are_given(problem):
    assert problem.labels == NAMES[: problem.n_types]
    assert problem.goods == ("speed", "data")[: problem.n_goods]


# ---- shrinking ----


def first_degree(problem):
    """Somebody's faulty solver: efficient amounts at the price that each type would just pay."""
    amounts = np.maximum(problem.valuations[:, 0], 0.0)
    return amounts[:, np.newaxis], problem.valuations[:, 0] * amounts


def test_a_faulty_solvers_counterexample_is_two_named_types_with_whole_values():
    def is_wrong(problem):
        return not check_menu(problem, *first_degree(problem), properties=["IC", "IR"]).holds

    smallest = find(problems(kinds=("line",), labels=NAMES), is_wrong, settings=settings(derandomize=True))
    assert smallest.labels == ("low", "middle")
    assert sorted(smallest.valuations[:, 0]) == [1.0, 2.0]
    assert smallest.weights.tolist() == [0.5, 0.5]
    found = check_menu(smallest, *first_degree(smallest)).finding("IC")
    assert set(found.labels) == {"low", "middle"}
    assert found.gain == 1.0  # the strong type takes what the weak one pays 1 for


def test_the_counterexample_is_in_the_message_of_the_failing_property():
    @settings(derandomize=True, database=None)
    @given(problems(kinds=("line",), labels=NAMES))
    def all_menus_hold(problem):
        check_menu(problem, *first_degree(problem)).assert_holds()

    with pytest.raises(AssertionError, match=r"'(low|middle)' takes the contract of '(low|middle)'"):
        all_menus_hold()


def test_a_broken_mechanism_shrinks_to_two_types_of_one_agent():
    smallest = find(mechanisms(labels=NAMES, broken=True), lambda _: True, settings=settings(derandomize=True))
    assert smallest.types == {"low": 1, "middle": 2}
    assert check_mechanism(smallest, smallest.types).finding("IC").labels == ("middle", "low")
    assert "middle" in repr(smallest)


def test_a_user_finds_the_smallest_auction_that_its_rule_gets_wrong():
    """A rule that forgets the reserve when nobody else bids: the counterexample is one bidder against one."""

    def forgets(bids):
        winner = bids.index(max(bids))
        return [k == winner for k in range(2)], [min(bids) * (k == winner) / 2 for k in range(2)]

    drawn = st.lists(st.sampled_from([1, 2, 3, 4, 5]), min_size=1, max_size=4, unique=True)
    smallest = find(st.tuples(drawn, drawn).map(list), lambda types: not check_mechanism(forgets, types).holds,
                    settings=settings(derandomize=True))  # fmt: skip
    assert sorted(map(len, smallest)) == [1, 2]
    assert max(map(max, smallest)) <= 3


# ---- menus, mechanisms, priors, hidden actions ----


@given(menus(labels=NAMES))
def test_drawn_menus_are_exactly_ic_and_ir(drawn):
    found = check_menu(drawn.problem, drawn.allocation, drawn.transfer, properties=["IC", "IR", "no positive cycle"])
    assert found.holds
    assert drawn.problem.labels == NAMES[: drawn.problem.n_types]


@given(st.data())
def test_menus_of_a_problem_are_for_it_and_worth_no_more_than_its_best(data):
    problem = c.ScreeningProblem([1.0, 2.0, 3.0], [0.5, 0.25, 0.25], cost=c.Quadratic())
    best = c.solve_menu(problem)
    drawn = data.draw(menus(problem))
    assert drawn.problem is problem
    assert problem.objective_value(drawn.allocation, drawn.transfer) <= best.upper_bound


@given(mechanisms(near_ties=True, scales=True, n_agents=(1, 3)))
def test_drawn_mechanisms_are_strategy_proof(mechanism):
    properties = ["IC", "IR", "monotonicity", "no positive cycle", "no deficit"]
    assert check_mechanism(mechanism, mechanism.types, properties=properties, n_repeats=0).holds


@given(mechanisms(broken=True))
def test_broken_mechanisms_are_not(mechanism):
    assert check_mechanism(mechanism, mechanism.types, n_repeats=0).finding("IC").verdict == "fails"


@given(mechanisms(n_agents=(2, 2), ties=False))
def test_bidders_without_ties_differ(mechanism):
    first, second = mechanism.types.values()
    assert not set(first.values()) & set(second.values())


@given(mechanisms(n_agents=(2, 2)), priors([3, 3]))
def test_dominant_strategies_are_bayesian_whatever_the_prior(mechanism, prior):
    """The one implies the other, so Bayesian findings have no more to complain of."""
    sizes = [len(row) for row in mechanism.types.values()]
    believed = [row[:size] / row[:size].sum() for row, size in zip(prior, sizes, strict=True)]
    assert check_mechanism(mechanism, mechanism.types, prior=believed, n_repeats=0).holds


@given(st.data())
def test_priors_sum_to_one_in_the_shape_that_was_asked_for(data):
    assert data.draw(priors(3)).sum() == pytest.approx(1)
    assert [len(row) for row in data.draw(priors([2, 3]))] == [2, 3]
    joint = data.draw(priors([2, 3], correlated=True))
    assert joint.shape == (2, 3)
    assert joint.sum() == pytest.approx(1)
    assert data.draw(priors(4, tiny_weights=False)).min() >= 1 / 30


@settings(max_examples=15)
@given(moral_hazard_problems(actions=("rest", "shirk", "work"), outcomes=("bad", "fair", "good"), n_outcomes=(2, 3)))
def test_solved_contracts_of_drawn_problems_pass(problem):
    try:
        contract = c.solve_contract(problem)
    except c.ContractError:
        return  # exact ties that floats cannot keep
    found = check_contract(problem, contract.wages, action=contract.action, gap=1.0)
    assert [found.finding(name).verdict for name in ("IC", "IR", "constraints")] == ["holds"] * 3
    assert set(found.finding("IC").labels) <= {"rest", "shirk", "work", "nothing else"}


MAY_OCCUR = {
    "near_ties": lambda problem: 0 < np.ptp(problem.effort_cost) < 1e-12,
    "tiny_weights": lambda problem: 0 < problem.outcome_probabilities[0, 0] < 1e-9,
    "scales": lambda problem: problem.output.max() > 1e6,
    "reservation_utilities": lambda problem: problem.reservation_utility == 0.25,
}


@pytest.mark.parametrize("switch", MAY_OCCUR)
def test_what_may_occur_with_hidden_actions_does_if_it_is_switched_on(switch):
    tries = settings(max_examples=2000, derandomize=True, phases=[Phase.generate])
    options = {"utilities": ("neutral",), "n_actions": (2, 3), "n_outcomes": (2, 3)}
    find(moral_hazard_problems(**{switch: True}, **options), MAY_OCCUR[switch], settings=tries)

    @settings(max_examples=20)
    @given(moral_hazard_problems(**options))
    def never(problem):
        assert not MAY_OCCUR[switch](problem)

    never()


def test_actions_of_equal_effort_are_ties():
    @given(moral_hazard_problems(ties=False))
    def differ(problem):
        assert len(set(problem.effort_cost)) == problem.n_actions

    differ()
    assert find(moral_hazard_problems(n_actions=(2, 2)), lambda p: p.effort_cost[0] == p.effort_cost[1]).n_actions == 2


# ---- a second opinion ----


@given(mechanisms(n_agents=(2, 2), broken=True))
def test_the_worst_lie_is_the_one_that_brute_force_finds(mechanism):
    rows = [list(row.values()) for row in mechanism.types.values()]
    worst = Fraction(-10)
    for who, truth, others, lie in product((0, 1), range(3), range(3), range(3)):
        if truth == lie or max(truth, lie) >= len(rows[who]) or others >= len(rows[1 - who]):
            continue
        own, said, other = rows[who][truth], rows[who][lie], rows[1 - who][others]
        gains = []
        for report in (said, own):
            x, t = mechanism([report, other] if who == 0 else [other, report])
            gains.append(own * x[who] - t[who])
        worst = max(worst, gains[0] - gains[1])
    assert check_mechanism(mechanism, mechanism.types).finding("IC").gain == worst


# ---- the door ----


REFUSED = {
    "range": (lambda: problems(n_types=(3, 2)), r"n_types is \(3, 2\): give the fewest and the most"),
    "no type": (lambda: problems(n_types=(0, 2)), "at least 1"),
    "too few names": (
        lambda: problems(n_types=(1, 3), labels=("a", "b")),
        "2 names for up to 3: give 3, or leave n_types out",
    ),
    "no names": (lambda: problems(labels=()), "labels is empty"),
    "kinds": (lambda: problems(kinds=("curved",)), r"kinds is \['curved'\]: give some of 'line', 'plain' and 'rich'"),
    "no kinds": (lambda: problems(kinds=()), "kinds is"),
    "switch": (lambda: problems(ties="yes"), "ties is 'yes': give True or False"),
    "honest with one type": (lambda: mechanisms(broken=True, n_types=(1, 1)), "a lie needs a second type"),
    "honest with one name": (lambda: mechanisms(broken=True, labels=("only",)), "and names"),
    "no options": (lambda: menus(n_options=(0, 0)), "n_options is"),
    "no prior": (lambda: priors(0), "give whole numbers from 1"),
    "correlated with nobody": (lambda: priors(3, correlated=True), "correlated needs several agents"),
    "utility": (lambda: moral_hazard_problems(utilities=("cubic",)), "give some of 'neutral', 'log'"),
    "few actions": (lambda: moral_hazard_problems(actions=("a",), n_actions=(1, 2)), "actions has 1 names for up to 2"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_in_words(name):
    call, words = REFUSED[name]
    with pytest.raises(c.ProblemError, match=words):
        call()


def test_names_decide_how_many_types_there_are_if_nobody_says():
    assert find(problems(labels=("a", "b")), lambda problem: problem.n_types > 1).labels == ("a", "b")


@pytest.mark.parametrize("how", ["import contracts.testing as t", "import contracts; t = contracts.testing"])
def test_checks_need_no_hypothesis_and_strategies_say_how_to_get_it(how):
    program = f"""
import sys
sys.modules["hypothesis"] = None  # as if it were not there
{how}
print(t.check_mechanism(lambda bid: (1, bid), [1, 3]).finding("IC").verdict)
for name in ("problems", "repeated_mechanism"):
    try:
        getattr(t, name)
    except ImportError as exc:
        print(exc)
print(hasattr(t, "nothing"))
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    install = "this needs hypothesis: pip install 'menuwright[testing]'"
    assert said == ["fails", install, install, "False"]
