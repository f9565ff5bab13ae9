"""Polyhedra around a convex front: vertices, facets, distances and volumes against linear programs and geometry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from contracts.front.sandwich import Sandwich, dominated, inner_facets, outer_vertices, volumes


def sphere(m, count, seed):
    """Points of the unit sphere in the positive orthant, with the tangent planes that prove them."""
    rng = np.random.default_rng(seed)
    points = np.vstack([np.eye(m), np.abs(rng.normal(size=(count, m)))])
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    return points, points / points.sum(axis=1, keepdims=True), 1 / points.sum(axis=1)


def distance(vertex, points):
    """Smallest e with vertex - e below a mixture of the points: the definition, as a linear program."""
    n, m = points.shape
    found = linprog(
        np.append(np.zeros(n), 1.0),
        A_ub=np.hstack([-points.T, -np.ones((m, 1))]),
        b_ub=-vertex,
        A_eq=np.append(np.ones(n), 0.0)[np.newaxis],
        b_eq=[1.0],
        bounds=[(0.0, None)] * n + [(None, None)],
    )
    return found.fun


@pytest.mark.parametrize("m", [2, 3, 4, 5])
def test_distances_are_those_of_the_linear_program(m):
    points, weights, bounds = sphere(m, 7, seed=m)
    found = Sandwich(points, weights, bounds).distances()
    assert np.all(np.diff(found.amounts) <= 0)
    for k in (0, len(found.amounts) // 2, -1):
        assert found.amounts[k] == pytest.approx(distance(found.vertices[k], points), abs=1e-9)


@given(st.integers(2, 4), st.integers(0, 9), st.integers(0, 10**6))
def test_no_point_of_the_outer_polyhedron_is_farther_than_its_farthest_vertex(m, count, seed):
    points, weights, bounds = sphere(m, count, seed)
    farthest = Sandwich(points, weights, bounds).distances().amounts[0]
    inside = np.random.default_rng(seed).normal(size=m)
    inside -= max(0.0, float(np.max((weights @ inside - bounds) / weights.sum(axis=1))))  # moved into every half-space
    assert distance(inside, points) <= farthest + 1e-9


@pytest.mark.parametrize("m", [2, 3, 4])
def test_vertices_lie_on_as_many_planes_as_there_are_dimensions(m):
    points, weights, bounds = sphere(m, 6, seed=3)
    vertices = outer_vertices(points, weights, bounds)
    slack = bounds - vertices @ weights.T
    assert slack.min() >= -1e-9
    assert np.all((np.abs(slack) < 1e-9).sum(axis=1) >= m)


@pytest.mark.parametrize("m", [2, 3, 4])
def test_facets_lie_above_all_points_and_touch_them(m):
    points = sphere(m, 9, seed=5)[0]
    weights, heights = inner_facets(points)
    below = heights - points @ weights.T
    assert below.min() >= -1e-9
    assert np.abs(below.min(axis=1)).max() < 1e-9
    assert weights.min() >= 0
    assert weights.sum(axis=1) == pytest.approx(1.0)


@pytest.mark.parametrize(("m", "ball"), [(2, np.pi / 4), (3, np.pi / 6), (4, np.pi**2 / 32)])
def test_volumes_enclose_that_of_the_ball(m, ball):
    few, many = (volumes(*sphere(m, count, seed=1)) for count in (5, 60))
    assert few[0] < many[0] < ball < many[1] < few[1]


def test_of_points_that_are_equal_the_first_is_kept():
    points = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.5, 0.0], [0.0, 1.0]])
    assert dominated(points).tolist() == [False, False, True, True, True]
