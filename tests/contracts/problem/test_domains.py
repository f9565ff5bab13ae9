"""Domains of the user's own: who says its faces gets what the library knows of boxes and polyhedra."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import contracts as c
from contracts.problem.domains import ends_of, is_lottery, is_orthant, known_domain

EVERY = [
    (c.NonNegative(), 3),
    (c.Box(-1.0, 2.0), 3),
    (c.Box([-np.inf, 0.0], [1.0, np.inf]), 2),
    (c.Simplex(), 3),
    (c.Simplex(free_disposal=True), 3),
    (c.Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0]), 2),
]


@dataclass(frozen=True, eq=False)
class Own:
    """Another domain with methods of one's own, as a user would write them: nothing that isinstance could see."""

    inner: Any
    asked: list[str] = field(default_factory=list)

    @property
    def bounded(self):
        return self.inner.bounded

    def separable_maximiser(self, value, inverse_marginal):
        """None: the user knows no closed form."""
        self.asked.append("maximiser")

    def __getattr__(self, name):
        if name in ("check", "constraints", "support", "violation", "clip", "interior", "magnitude", "scaled"):
            return getattr(self.inner, name)
        raise AttributeError(name)


@dataclass(frozen=True, eq=False)
class Told(Own):
    """The same, which says its faces."""

    def faces(self, n_goods):
        return self.inner.faces(n_goods)


@pytest.mark.parametrize(("domain", "n_goods"), EVERY)
def test_faces_hold_what_the_domain_holds_and_nothing_else(domain, n_goods):
    normals, limits = domain.faces(n_goods)
    points = np.random.default_rng(0).normal(size=(200, n_goods))
    inside = domain.clip(points)
    assert (inside @ normals.T <= limits + 1e-12).all()
    outside = points[domain.violation(points) > 1e-9]
    assert (outside @ normals.T > limits + 1e-12).any(axis=1).all()


def test_the_orthant_is_the_orthant_whatever_it_is_called():
    assert is_orthant(c.NonNegative(), 2)
    assert is_orthant(c.Box(0.0, np.inf), 2)
    assert not is_orthant(c.Box(0.0, [1.0, np.inf]), 2)
    assert not is_orthant(c.Box(-np.inf, np.inf), 1)


def test_only_shares_that_sum_to_one_are_lotteries():
    assert is_lottery(c.Simplex())
    assert not is_lottery(c.Simplex(free_disposal=True))
    assert not is_lottery(c.Box())


@pytest.mark.parametrize("domain", [c.Box(0.0, 1.5), c.Box([0.1, -1.0], [0.9, 2.0]), c.NonNegative()])
def test_a_box_of_ones_own_that_says_its_faces_is_solved_and_proven_as_a_box(domain):
    values = [[1.0, 0.5], [1.5, 1.0], [2.0, 0.8]]
    known = c.solve_menu(values, cost=c.Quadratic(), domain=domain)
    own = c.solve_menu(values, cost=c.Quadratic(), domain=Told(domain))
    assert own.certificate.holds
    assert own.bound.rigorous
    assert own.engine == known.engine
    assert own.value == pytest.approx(known.value, rel=1e-9)


def test_without_faces_it_is_solved_all_the_same_but_not_proven_to_the_last_digit():
    values = [[1.0, 0.5], [1.5, 1.0], [2.0, 0.8]]
    known = c.solve_menu(values, cost=c.Quadratic(), domain=c.Box(0.0, 1.5))
    own = c.solve_menu(values, cost=c.Quadratic(), domain=Own(c.Box(0.0, 1.5)))
    assert own.certificate.holds
    assert not own.bound.rigorous
    assert own.value == pytest.approx(known.value, rel=1e-5)


def test_types_may_be_left_out_of_a_box_of_ones_own():
    shared = {"cost": c.Quadratic(), "reservation_utility": [0.1, 0.4]}
    known = c.solve_menu([1.0, 2.0], domain=c.Box(0.0, 1.0), **shared)
    own = c.solve_menu([1.0, 2.0], domain=Told(c.Box(0.0, 1.0)), **shared)
    assert own.value == pytest.approx(known.value, rel=1e-9)
    assert own.bound.rigorous


def test_other_faces_make_a_polyhedron():
    triangle = c.Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [1.0, 0.0, 0.0])
    assert isinstance(known_domain(Told(triangle), 2), c.Polyhedron)
    values = [[1.0, 0.5], [1.5, 1.0], [0.4, 1.8]]
    known = c.solve_menu(values, domain=triangle)
    own = c.solve_menu(values, domain=Told(triangle))
    assert own.engine == known.engine
    assert own.value == pytest.approx(known.value, rel=1e-6)


def test_several_faces_along_a_good_leave_the_tightest():
    @dataclass(frozen=True, eq=False)
    class Twice(Told):
        def faces(self, n_goods):
            return np.array([[2.0], [1.0], [-4.0], [-1.0]]), np.array([2.0, 7.0, 0.0, 3.0])

    assert [end.tolist() for end in ends_of(known_domain(Twice(c.Box(0.0, 1.0)), 1), 1)] == [[0.0], [1.0]]


def test_faces_that_say_something_else_than_the_domain_are_refused():
    @dataclass(frozen=True, eq=False)
    class Wrong(Told):
        def faces(self, n_goods):
            return np.array([[1.0], [-1.0]]), np.array([3.0, 0.0])

    with pytest.raises(c.ProblemError, match=r"Wrong reaches 1.0 in direction \[1.0\].* reach 3.0"):
        c.solve_menu([1.0, 2.0], cost=c.Quadratic(), domain=Wrong(c.Box(0.0, 1.0)))


def test_faces_of_the_wrong_shape_are_refused():
    @dataclass(frozen=True, eq=False)
    class Flat(Told):
        def faces(self, n_goods):
            return np.array([1.0]), np.array([1.0])

    with pytest.raises(c.ProblemError, match=r"give one normal per limit"):
        c.solve_menu([1.0, 2.0], cost=c.Quadratic(), domain=Flat(c.Box(0.0, 1.0)))


@pytest.mark.parametrize("size", [1.0, 1e15, 1e30, -1e30])
@pytest.mark.parametrize("cost", [c.Quadratic(2.0), c.Power(1.5), c.Entropy([0.3, 0.3, 0.4])])
def test_outcomes_that_are_worth_the_same_are_shared_however_much_they_are_worth(cost, size):
    """Beside 1e30 a bracket of 1 is nothing: shares were 0 of 0."""
    shares = cost.conjugate(np.full((2, 3), size), c.Simplex())[1]
    assert shares.sum(axis=1) == pytest.approx(1.0)
    if not isinstance(cost, c.Entropy):
        assert shares == pytest.approx(1 / 3)
