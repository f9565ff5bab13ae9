"""What costs say of themselves: a user's own that says the same as one of the library's is treated as that one."""

import dataclasses

import numpy as np
import pytest

import contracts as c
from contracts.problem.costs import (
    asymptotic_slopes,
    by_type,
    curves_everywhere,
    finite_faces,
    finite_range,
    index_of,
    is_a_sum_over_goods,
    is_closed_form,
    is_straight,
    least_curvature,
    rows_of,
)
from contracts.proof.bound import upper_bound

LEANING = np.array([[2.0, 0.5], [0.5, 1.0]])
PLANE = np.array([[1.0, 2.0], [2.0, 1.0], [2.5, 2.0]])


class Own:
    """A cost of the user's own that does what another does, and says of itself what it is told to."""

    def __init__(self, known, **says):
        self.known = known
        for name in ("value", "conjugate", "expression", "gradient", "hessian"):
            setattr(self, name, getattr(known, name))
        for name, value in says.items():
            setattr(self, name, value)


def said_by(known):
    return {
        "is_straight": is_straight(known),
        "is_a_sum_over_goods": is_a_sum_over_goods(known),
        "is_closed_form": is_closed_form(known),
        "curves_everywhere": curves_everywhere(known),
        "least_curvature": least_curvature(known),
    }


TABLE = [  # cost, straight, sum over goods, closed form, curves everywhere, least curvature
    (c.Linear(0.5), True, True, True, False, 0.0),
    (c.Quadratic(2.0), False, True, True, True, 2.0),
    (c.Quadratic([2.0, 3.0]), False, True, True, True, 2.0),
    (c.Quadratic(np.diag([2.0, 3.0])), False, False, True, True, 2.0),
    (c.Power(3.0), False, True, True, True, 0.0),
    (c.Entropy([0.5, 0.5]), False, False, False, True, 0.0),
    (c.ExponentialCost(), False, True, True, True, 0.0),
    (c.Logarithm(capacity=2.0), False, True, True, True, 0.0),
    (c.ShiftedPower(-1.0, offset=-2.0), False, True, True, True, 0.0),
    (c.Separable([c.Quadratic(), c.Power(3.0)]), False, True, True, True, 0.0),
    (c.Separable([c.Quadratic(), c.Linear(0.2)]), False, True, True, False, 0.0),
    (c.Total(c.Quadratic()), False, False, True, False, 0.0),
    (by_type([c.Quadratic(), c.Power(3.0)]), False, True, True, True, 0.0),
    (by_type([c.Quadratic(LEANING), c.Linear(0.2)]), False, False, True, False, 0.0),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: type(row[0]).__name__)
def test_the_librarys_costs_say_what_they_are(row):
    cost, *said = row
    found = said_by(cost)
    assert list(found.values())[:4] == said[:4]
    assert found["least_curvature"] == pytest.approx(said[4], rel=1e-12)
    assert found["least_curvature"] <= said[4]


def test_of_a_cost_that_says_nothing_nothing_is_assumed_but_that_it_curves():
    assert said_by(Own(c.Quadratic())) == {
        "is_straight": False,
        "is_a_sum_over_goods": False,
        "is_closed_form": False,
        "curves_everywhere": True,
        "least_curvature": 0.0,
    }
    assert [end.tolist() for end in finite_range(Own(c.Quadratic()), 1)] == [[-np.inf], [np.inf]]
    assert [slope.tolist() for slope in asymptotic_slopes(Own(c.Linear(1.0)), 1)] == [[np.inf], [np.inf]]


@pytest.mark.parametrize("domain", [c.NonNegative(), c.Box(0.0, 1.5), c.Box(-np.inf, np.inf)], ids=str)
@pytest.mark.parametrize("known", [c.Quadratic(2.0), c.Quadratic(LEANING)], ids=["scalar", "matrix"])
def test_a_cost_of_ones_own_that_says_the_same_is_bounded_to_the_bit_as_the_librarys(known, domain):
    options = {"cost": known, "domain": domain}
    menu = c.solve_menu(PLANE, method="reference", **options)
    own = c.ScreeningProblem(PLANE, cost=Own(known, **said_by(known)), domain=domain)
    silent = dataclasses.replace(own, cost=Own(known))
    bound = upper_bound(own, menu.bound.multipliers)
    assert bound.value == menu.bound.value
    assert bound.rigorous == menu.bound.rigorous
    assert bound.rigorous
    guarded = upper_bound(silent, menu.bound.multipliers)
    assert guarded.rigorous == domain.bounded  # by its gradient
    assert guarded.value == pytest.approx(bound.value, rel=1e-6)


def test_a_straight_cost_of_ones_own_is_decided_in_fractions_as_linear_is():
    """Virtual valuations that meet the price exactly: floats would say that the bound is infinite."""
    values, price, row = [0.7, 0.8, 0.9], 0.6, c.LinearConstraint(allocation=np.full((3, 1), 1 / 3), upper=1.0)
    known = c.ScreeningProblem(values, cost=c.Linear(price), constraints=[row])
    linear = c.Linear(price)
    own = dataclasses.replace(known, cost=Own(linear, **said_by(linear)))
    menu = c.solve_menu(known)
    bound = upper_bound(own, menu.bound.multipliers)
    assert np.isfinite(bound.value)
    assert bound.value == menu.bound.value
    solved = c.solve_menu(own)
    assert solved.certificate.rigorous
    assert solved.upper_bound == pytest.approx(menu.upper_bound, rel=1e-6)


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (Own(c.Quadratic(), is_straight=True), "is_straight, but curves"),
        (Own(c.Quadratic(), least_curvature=1.5), "least_curvature 1.5, but curves less"),
        (Own(c.Quadratic(LEANING), is_a_sum_over_goods=True), "what the first good costs depends on others"),
    ],
)
def test_what_a_costs_values_contradict_is_refused_and_leaving_it_out_helps(cost, words):
    with pytest.raises(c.ProblemError, match=words) as refused:
        c.ScreeningProblem(PLANE, cost=cost)
    assert "leave that out" in str(refused.value)
    c.ScreeningProblem(PLANE, cost=Own(cost.known))


def test_what_a_cost_says_is_true_or_false():
    """A method in its place would count as true."""
    cost = Own(c.Quadratic(LEANING), is_a_sum_over_goods=lambda: False)
    with pytest.raises(c.ProblemError, match="say True or False"):
        c.ScreeningProblem(PLANE, cost=cost)
    cost.is_a_sum_over_goods = False
    c.ScreeningProblem(PLANE, cost=cost)


def test_costs_by_type_answer_for_all_types_together():
    cost = by_type([c.Logarithm(capacity=2.0), c.Linear(0.5), c.Logarithm(capacity=3.0)])
    assert [end.tolist() for end in finite_range(cost, 1)] == [[-np.inf], [2.0]]
    assert [part.tolist() for part in finite_faces(cost, 1)] == [[[1.0], [1.0]], [2.0, 3.0]]
    down, up = asymptotic_slopes(cost, 1)
    assert down.ravel().tolist() == [0.0, -0.5, 0.0]
    assert up.ravel().tolist() == [np.inf, 0.5, np.inf]
    assert index_of(cost, 3).tolist() == [0, 1, 2]
    assert index_of(c.Linear(), 2).tolist() == [0, 0]
    assert rows_of(c.Linear(0.5), np.array([1])).value(np.ones((1, 1))).tolist() == [0.5]
