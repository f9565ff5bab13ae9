"""Which types choices can tell apart: distances by hand, and Bayes' own error against its bound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ProblemError, Quadratic, ScreeningProblem, solve_menu
from inference import BestResponse, Logit, choice_set, identification, infer_types
from tests.inference.populations import goods_for, offers, revealing_offer, simulated


def test_types_that_like_the_same_option_are_named_in_pairs():
    problem = ScreeningProblem([1.0, 2.0, 2.5, 3.0], labels=("a", "b", "c", "d"))
    one = choice_set(problem, [1.0, 2.0], [0.5, 2.0])
    assert identification(one, BestResponse()).pairs == (("b", "c"), ("b", "d"), ("c", "d"))
    two = choice_set(problem, [1.0, 2.0], [0.5, 3.25])  # only d buys more for 2.75
    assert identification([one, two], BestResponse()).pairs == (("b", "c"),)


def test_bunched_types_of_a_menu_are_not_told_apart():
    """Few middle types: virtual values fall there, and low and middle are ironed into one contract."""
    menu = solve_menu([2.0, 2.5, 3.0], [0.45, 0.05, 0.5], cost=Quadratic(), labels=("low", "middle", "high"))
    assert menu.option_of_type[0] == menu.option_of_type[1]
    pairs = identification(menu, BestResponse()).pairs
    assert ("low", "middle") in pairs


@given(offers(4), st.sampled_from([Logit(0.3), BestResponse()]))
def test_distances_are_total_variation_and_hellinger(offer, model):
    found = identification(offer, model)
    p = model.probabilities(offer.utility)
    for i in range(4):
        for j in range(4):
            assert found.distance[i, j] == pytest.approx(np.abs(p[i] - p[j]).sum() / 2, abs=1e-14)
            assert found.hellinger[i, j] == pytest.approx(1 - np.sqrt(p[i] * p[j]).sum(), abs=1e-14)
    assert (np.diag(found.distance) == 0).all()
    assert np.isinf(np.diag(found.choices_needed())).all()


def test_as_many_choices_as_needed_suffice():
    """Bayes' rule errs less often than promised, on simulated users of two types."""
    offer, model, rng = revealing_offer(2), Logit(2.0), np.random.default_rng(0)
    needed = int(identification(offer, model).choices_needed(0.05)[0, 1])
    types = rng.integers(0, 2, 4000)
    posterior = infer_types(offer, simulated(offer, model, types, needed, rng), [0.5, 0.5], model)
    wrong = (posterior.probabilities.argmax(axis=1) != types).mean()
    assert wrong <= 0.05
    assert needed > 10


def test_another_menu_can_only_help():
    one, two = revealing_offer(3), choice_set(goods_for(3), [1.0], [2.5])
    alone, both = identification(one, Logit(1.0)), identification({"a": one, "b": two}, Logit(1.0))
    assert (both.distance >= alone.distance).all()
    assert (both.choices_needed() <= alone.choices_needed()).all()


@pytest.mark.parametrize("tolerance", [-0.1, 1.0, float("nan")])
def test_a_tolerance_is_a_distance(tolerance):
    with pytest.raises(ProblemError, match=rf"tolerance is {tolerance}: give a total variation"):
        identification(revealing_offer(2), Logit(1.0), tolerance=tolerance)


def test_the_answer_reads_well():
    problem = ScreeningProblem(np.full(5, 2.0), labels=tuple("abcde"))
    same = choice_set(problem, [1.0], [1.0])
    assert repr(identification(same, Logit(1.0))) == (
        "Not told apart (choice probabilities within 0.01): a ~ b, a ~ c, a ~ d, a ~ e, b ~ c, b ~ d and 4 more pairs"
    )
    assert repr(identification(revealing_offer(3), BestResponse())) == (
        "All 3 types choose differently (total variation above 0.01)"
    )
    assert identification(revealing_offer(3), BestResponse()).choices_needed()[0, 1] == 1
    with pytest.raises(ProblemError, match="error is 0"):
        identification(same, Logit(1.0)).choices_needed(0.5)
    with pytest.raises(ProblemError, match="choice_model is the class Logit"):
        identification(same, Logit)
