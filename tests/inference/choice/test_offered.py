"""What types choose between: exact order, the outside option, and agreement with the menu's own answers."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import contracts
from contracts import ProblemError, Quadratic, ScreeningProblem, solve_menu
from contracts.testing.parts import tastes
from contracts.testing.screening import line_problems, random_menu, rich_problems
from inference import AcceptReject, BestResponse, ChoiceSet, Logit, choice_set


def textbook():
    return solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))


def test_the_textbook_menu_in_utilities_and_payoffs():
    offer = choice_set(textbook())
    np.testing.assert_allclose(offer.utility, [[0.0, -4 / 3, 0.0], [0.0, 0.0, -2 / 3]], atol=1e-9)
    np.testing.assert_allclose(offer.payoff, [[4 / 9, 4 / 3, 0.0]] * 2, atol=1e-6)
    assert (offer.n_types, offer.n_options, offer.labels) == (2, 2, ("low", "high"))


@given(line_problems(n_types=(1, 4)))
def test_every_type_likes_best_what_the_menu_gives_it(problem):
    menu = solve_menu(problem)
    offer = choice_set(menu)
    own = np.where(menu.option_of_type < 0, offer.n_options, menu.option_of_type)
    assert (offer.utility.max(axis=1) == 0).all()
    assert (offer.utility[np.arange(offer.n_types), own] == 0).all()


@given(rich_problems(), st.integers(0, 2**32 - 1))
def test_logit_agrees_with_the_menu(problem, seed):
    menu = random_menu(problem, np.random.default_rng(seed))
    offer = choice_set(problem, *menu)
    values = problem.valuations @ menu[0].T - menu[1]
    utility = np.column_stack([values, problem.reservation_utility])
    scale = np.abs(utility).max() + 1.0
    np.testing.assert_allclose(
        Logit(scale).log_likelihood(offer.utility), Logit(scale).log_likelihood(utility), atol=1e-12
    )


def test_choice_probabilities_are_those_of_the_menu():
    menu = textbook()
    np.testing.assert_allclose(
        Logit(0.5).probabilities(choice_set(menu).utility),
        menu.choice_probabilities(menu.problem.valuations, temperature=0.5),
        rtol=1e-14,
    )


@given(st.data())
def test_best_responses_are_exact(data):
    """Against fractions, on tables with ties and near-ties of one unit in the last place."""
    valuations = data.draw(tastes(3, 2)) * data.draw(st.sampled_from([1e-9, 0.1, 1e9]))
    allocations = data.draw(tastes(3, 2)) * 0.3
    transfers = (valuations[0] * allocations).sum(axis=1)  # type 0 is indifferent, but for rounding
    reservation = data.draw(st.sampled_from([0.0, 1e-17, 0.1]))
    problem = ScreeningProblem(valuations, reservation_utility=reservation)
    offer = choice_set(problem, allocations, transfers)
    for who in range(3):
        exact = [
            sum(Fraction(a) * Fraction(x) for a, x in zip(valuations[who].tolist(), row, strict=True)) - Fraction(paid)
            for row, paid in zip(allocations.tolist(), transfers.tolist(), strict=True)
        ]
        exact.append(Fraction(float(problem.reservation_utility[who])))
        best = [one == max(exact) for one in exact]
        np.testing.assert_array_equal(offer.utility[who] == 0, best)
        np.testing.assert_allclose(
            np.exp(BestResponse().log_likelihood(offer.utility[who])), np.array(best) / sum(best)
        )


def test_an_outside_policy_is_the_last_option():
    problem = ScreeningProblem(
        [[1.0, 0.0], [0.0, 1.0]], outside_option=[0.5, 0.5], domain=contracts.Simplex(), transfers="none",
        principal_values=[1.0, 3.0],
    )  # fmt: skip
    offer = choice_set(problem, [[1.0, 0.0]])
    np.testing.assert_array_equal(offer.utility, [[0.0, -0.5], [-0.5, 0.0]])
    np.testing.assert_array_equal(offer.payoff, [[1.0, 2.0]] * 2)


def test_types_may_differ_in_what_they_are_worth_outside():
    offer = choice_set(ScreeningProblem([1.0, 1.0], reservation_utility=[0.0, 0.75]), [1.0], [0.5])
    np.testing.assert_array_equal(offer.utility, [[0.0, -0.5], [-0.25, 0.0]])
    np.testing.assert_array_equal(AcceptReject().probabilities(offer.utility), [[1, 0], [0, 1]])


def test_equal_offers_have_one_key():
    problem = ScreeningProblem([1.0, 2.0])
    one, same, other = (choice_set(problem, [1.0], [paid]) for paid in (0.5, 0.5, 0.6))
    assert one.key == same.key != other.key


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: choice_set([1.0]), "menu is list: give a Menu"),
        (lambda: choice_set(textbook(), [1.0], [1.0]), "a menu has its own contracts"),
        (lambda: choice_set(ScreeningProblem([1.0])), "a problem alone offers nothing: pass a menu, or its contracts"),
        (lambda: choice_set(ScreeningProblem([1.0]), [[1.0, 2.0]], [0.0]), "allocations has shape (1, 2)"),
        (lambda: choice_set(ScreeningProblem([1.0]), [1.0], [0.0, 1.0]), "transfers has shape (2,)"),
        (lambda: ChoiceSet(np.zeros((2, 3)), np.zeros((2, 3)), ("a",)), "utility has shape (2, 3); expected (1, "),
        (lambda: ChoiceSet(np.zeros((1, 3)), np.zeros((1, 2)), ("a",)), "payoff (1, 2); make them one"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(make, words):
    with pytest.raises(ProblemError) as caught:
        make()
    assert words in str(caught.value)
