"""What is no problem of hidden action is refused at the door, in the user's words."""

import numpy as np
import pandas as pd
import pytest

from contracts import CARA, CRRA, Log, MoralHazardProblem, ProblemError, RiskNeutral, SquareRoot

CHANCES = [[0.75, 0.25], [0.25, 0.75]]
UTILITIES = [RiskNeutral(), Log(50.0), SquareRoot(2.0), CRRA(2.0), CRRA(0.3, wealth=1.0), CRRA(1.0, 3.0), CARA(0.5)]


def problem(**changes):
    fields = {"outcome_probabilities": CHANCES, "output": [0.0, 20.0], "effort_cost": [0.0, 1.0]}
    return MoralHazardProblem(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outcome_probabilities": [[0.75, 0.2], [0.25, 0.75]]}, "sum to 0.95, not 1: divide every row by its sum"),
        ({"outcome_probabilities": [[1.25, -0.25], [0.25, 0.75]]}, "no probability is negative"),
        ({"outcome_probabilities": [0.5, 0.5]}, r"expected \(n_actions, n_outcomes\)"),
        ({"outcome_probabilities": [[0.5, np.nan], [0.5, 0.5]]}, "every entry must be a finite number"),
        ({"effort_cost": [0.0]}, "effort_cost has 1 entries for 2 actions: give one per action"),
        ({"output": [0.0, 1.0, 2.0]}, "output has 3 entries for 2 outcomes: give one per outcome"),
        ({"actions": ("work", None)}, r"actions\[1\] is None: give every action a name"),
        ({"actions": ("work", "work")}, "actions repeats 'work'"),
        ({"actions": ("work", " ")}, r"actions\[1\] is ' ', which is blank: give every action a name"),
        (
            {"outcome_probabilities": pd.DataFrame(CHANCES, index=["work", None])},
            r"index\[1\] is (None|nan): give every",
        ),
        ({"outcome_probabilities": pd.DataFrame(CHANCES, index=["work", "work"])}, "index repeats 'work'"),
        ({"wages": (5.0, 1.0)}, "the lowest must not exceed the highest"),
        ({"wages": 3.0}, "wages are no pair of limits"),
        ({"utility": SquareRoot(), "wages": (-1.0, 5.0)}, "not defined: keep them above 0, or give the agent more"),
        ({"utility": Log(), "wages": (-np.inf, 0.0)}, "not defined"),
        ({"utility": CARA(1.0), "reservation_utility": 0.0}, "lower reservation_utility or raise the highest wage"),
        ({"wages": (0.0, 5.0), "reservation_utility": 9.0}, "no wages within the limits are worth more than 5"),
        ({"utility": "log"}, r"use RiskNeutral\(\), Log\(\), SquareRoot\(\), CRRA\(g\) or CARA\(a\)"),
    ],
)
def test_what_is_no_problem_is_named_with_its_place_and_its_remedy(changes, words):
    with pytest.raises(ProblemError, match=words):
        problem(**changes)


def test_frames_name_actions_and_outcomes():
    frame = pd.DataFrame(CHANCES, index=["shirk", "work"], columns=["failure", "success"])
    named = problem(outcome_probabilities=frame)
    assert (list(named.actions), list(named.outcomes)) == (["shirk", "work"], ["failure", "success"])
    with pytest.raises(ProblemError, match="in another order"):
        problem(outcome_probabilities=frame, effort_cost=pd.Series([1.0, 0.0], index=["work", "shirk"]))


def test_rounding_in_a_row_is_divided_out_and_what_is_left_of_it_is_known():
    thirds = problem(outcome_probabilities=[[1 / 3, 1 / 3, 1 / 3], [0.1, 0.2, 0.7]], output=[0.0, 1.0, 2.0])
    from fractions import Fraction

    for row, rest in zip(thirds.outcome_probabilities, thirds.remainders, strict=True):
        assert sum(map(Fraction, [*row.tolist(), *rest.tolist()])) == 1


@pytest.mark.parametrize("utility", UTILITIES, ids=repr)
def test_utility_its_inverse_and_its_price_belong_together(utility):
    wage = np.array([0.5, 1.0, 4.0, 30.0])
    value = utility.value(wage)
    assert utility.inverse(value) == pytest.approx(wage, rel=1e-12)
    step = 1e-5
    marginal = (utility.value(wage + step) - utility.value(wage - step)) / (2 * step)
    assert utility.price(wage) == pytest.approx(1 / marginal, rel=1e-6)
    if not isinstance(utility, RiskNeutral):
        price = utility.price(wage)
        assert utility.wage_at(price) == pytest.approx(wage, rel=1e-10)
        best, off = utility.conjugate(price)
        assert np.all(np.abs(best - (price * value - wage)) <= off + 1e-12 * np.abs(best))
        apart = utility.value(utility.wage_at(price * 1.0001)) - utility.value(utility.wage_at(price * 0.9999))
        assert utility.response(price) == pytest.approx(apart / (0.0002 * price), rel=1e-3)


@pytest.mark.parametrize("utility", UTILITIES, ids=repr)
def test_intervals_hold_the_utility_that_fifty_digits_say(utility):
    import mpmath

    def exact(wage):
        with mpmath.workdps(50):
            w = mpmath.mpf(wage)
            if isinstance(utility, RiskNeutral):
                return w
            if isinstance(utility, CARA):
                return -mpmath.exp(-mpmath.mpf(utility.risk_aversion) * w)
            wealth = mpmath.mpf(utility.wealth) + w
            if isinstance(utility, SquareRoot):
                return mpmath.sqrt(wealth)
            aversion = mpmath.mpf(getattr(utility, "risk_aversion", 1.0))
            return mpmath.log(wealth) if aversion == 1 else wealth ** (1 - aversion) / (1 - aversion)

    wages = np.random.default_rng(0).lognormal(0, 3, 300)
    low, high = utility.interval(wages)
    for wage, least, most in zip(wages.tolist(), low.tolist(), high.tolist(), strict=True):
        assert least <= exact(wage) <= most
    assert np.all(high - low <= 1e-13 * np.maximum(np.abs(high), 1.0))


def test_utility_is_refused_where_it_is_not_defined():
    with pytest.raises(ProblemError, match="wage -3 has no utility under"):
        SquareRoot(2.0).value(np.array([-3.0]))
    with pytest.raises(ProblemError, match="is worth no wage"):
        CARA(1.0).inverse(np.array([0.5]))
    with pytest.raises(ProblemError, match="for none use RiskNeutral"):
        CRRA(0.0)
