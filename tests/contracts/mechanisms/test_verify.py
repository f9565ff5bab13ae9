"""The checker is checked on mechanisms that must fail, and says who, where and by how much."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import contracts
from contracts import MechanismProblem, ProblemError, models, solve_mechanism, verify_mechanism

VALUES = [[[0, 1, 0], [0, 2, 0]], [[0, 0, 1], [0, 0, 2]]]
BIDDERS = {"agents": ("Ann", "Bob"), "alternatives": ("keep", "Ann", "Bob"), "labels": [["low", "high"]] * 2}


def problem(**fields):
    return MechanismProblem(VALUES, **{**BIDDERS, "incentives": "dominant", "participation": "ex post", **fields})


WINNER = [[1, 2], [1, 1]]
SECOND_PRICE = [[[1, 0], [1, 2]], [[0, 1], [0, 0]]]


def test_a_right_mechanism_passes():
    certificate = verify_mechanism(problem(), WINNER, SECOND_PRICE)
    assert certificate.holds
    assert certificate.value == 1.25
    assert certificate.upper_bound == 1.75  # if values were known


def test_a_lie_is_named_with_what_the_others_are():
    first_price = [[[1, 0], [2, 2]], [[0, 2], [0, 0]]]
    certificate = verify_mechanism(problem(), WINNER, first_price)
    assert not certificate.is_incentive_compatible
    assert str(certificate.deviation) == "Ann 'high' beside Bob 'low' -> 'low' gains 1"


def test_the_least_excess_is_seen():
    """2**-60 is a gain, however small."""
    paid = np.array(SECOND_PRICE, dtype=object)
    paid[0][1][0] = 1 + Fraction(1, 2**60)
    certificate = verify_mechanism(problem(), WINNER, paid)
    assert certificate.deviation.gain == 2.0**-60
    assert not certificate.holds


def test_participation_names_the_profile():
    paid = [[[1.5, 0], [1.5, 2]], [[0, 1], [0, 0]]]
    certificate = verify_mechanism(problem(), WINNER, paid)
    assert certificate.participation_slack == -0.5
    assert certificate.participation_type == "Ann 'low', Bob 'low'"


def test_lotteries_must_be_lotteries():
    outcome = np.zeros((2, 2, 3))
    outcome[..., 0] = 0.5
    certificate = verify_mechanism(problem(), outcome)
    assert any("the sum of the lottery" in broken.what for broken in certificate.violations)
    outcome[..., 0], outcome[..., 1] = 1.25, -0.25
    assert any("the lottery at" in broken.what for broken in verify_mechanism(problem(), outcome).violations)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"budget": "balanced"}, "the budget (balanced)"),
        ({"budget": "balanced", "budget_holds": "in expectation"}, "in expectation"),
        ({"transfers": "none"}, "there are to be none"),
        ({"transfers": (0.0, 1.5)}, "the limits of transfers"),
        ({"outcome": [[0, 2], [1, 1]]}, "the outcome demanded at Ann 'low', Bob 'low'"),
    ],
)
def test_what_else_is_asked_is_looked_at(fields, words):
    certificate = verify_mechanism(problem(**fields), WINNER, SECOND_PRICE)
    assert any(words in broken.what for broken in certificate.violations)
    assert not certificate.holds


def test_a_bound_from_any_prices_is_one_and_wrong_ones_prove_nothing():
    asked = problem(incentives="bayesian", participation="interim")
    best = solve_mechanism(asked)
    prices = best.prices.fractions()
    exact = verify_mechanism(asked, *best.fractions(), prices=prices, gap=1e-9)
    assert exact.holds
    assert exact.upper_bound == 1.5
    shaken = prices.copy()
    shaken[-1] -= Fraction(1, 7)  # no longer a flow: transfers would be worth without limit
    assert verify_mechanism(asked, *best.fractions(), prices=shaken).upper_bound == np.inf
    assert verify_mechanism(asked, *best.fractions(), prices=prices * 0).upper_bound == np.inf


def test_floats_of_thirds_are_no_lottery_and_fractions_are():
    votes = models.facility_location([[0, 1, 2]] * 2, sites=[0, 2])
    thirds = np.full((3, 3, 3), Fraction(1, 3), dtype=object)
    three = MechanismProblem(
        [-np.ones((3, 3))] * 2, objective="welfare", incentives="dominant", participation=None, transfers="none"
    )
    assert verify_mechanism(three, thirds).holds
    assert not verify_mechanism(three, np.full((3, 3, 3), 1 / 3)).holds
    assert verify_mechanism(three, np.full((3, 3, 3), 1 / 3), tolerance=1e-15).holds
    assert votes.certificate.holds


BAD = [
    (lambda: MechanismProblem([[[0, 1]], [[0, 1, 2]]]), "values are of 2, 3 alternatives"),
    (lambda: MechanismProblem(VALUES, [[0.5, 0.4], [0.5, 0.5]]), r"probabilities\['0'\] sum to 0.9, not 1"),
    (lambda: MechanismProblem(VALUES, [[1.0, 0.0], [0.5, 0.5]]), "leave the type out"),
    (lambda: MechanismProblem(VALUES, np.array([[0.5, 0.5], [0.0, 0.0]])), "no chance"),
    (lambda: MechanismProblem(VALUES, incentives="truth"), "incentives is 'truth': give one of"),
    (lambda: MechanismProblem(VALUES, transfers=(2, 1)), "lowest must not exceed"),
    (lambda: MechanismProblem(VALUES, objective={"glory": 1}), "objective has a weight for 'glory'"),
    (lambda: MechanismProblem(VALUES, outcome=[[0, 9], [0, 0]]), "outcome names alternatives by numbers"),
    (lambda: MechanismProblem([np.zeros((2, 2, 3))] * 2, incentives="dominant"), "ask for 'ex post'"),
    (lambda: MechanismProblem(VALUES, labels=[["a", "a"], ["b", "c"]]), "repeats 'a'"),
    (lambda: contracts.AuctionProblem([[1, 1]]), "repeats 1"),
    (lambda: models.partnership([[1, 2]] * 2, shares=[0.5, 0.6]), "shares is"),
    (lambda: solve_mechanism("auction"), "give a MechanismProblem"),
]


@pytest.mark.parametrize(("make", "words"), BAD)
def test_bad_input_is_refused_in_words(make, words):
    with pytest.raises(ProblemError, match=words):
        make()


def test_unlimited_revenue_names_the_agent_and_the_remedy():
    with pytest.raises(contracts.UnboundedMenuError, match=r"Ann can be made to pay any amount.*'interim'"):
        solve_mechanism(problem(participation=None))
    with pytest.raises(contracts.UnboundedMenuError, match="utility of Ann weighs 2"):
        solve_mechanism(problem(objective={"revenue": 1, "utility": 2}))


def test_conflicts_are_named_and_the_remedy_works():
    high = problem(reservation_utility=[[0, 3], [0, 0]], transfers=(0.0, 2.0))
    with pytest.raises(contracts.InfeasibleMenuError, match="let transfers be free") as caught:
        solve_mechanism(high)
    assert any("IR of Ann 'high'" in name for name in caught.value.conflict)
    assert solve_mechanism(problem(reservation_utility=[[0, 3], [0, 0]])).certificate.holds


@pytest.mark.parametrize("number", [-1, 3])
def test_an_alternative_that_there_is_not_is_refused(number):
    with pytest.raises(ProblemError, match=rf"outcome is {number} at Ann 'low', Bob 'high': .* from 0 to 2"):
        verify_mechanism(problem(), [[0, number], [1, 1]])
