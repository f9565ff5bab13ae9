"""Menus over time: what is learned, when a change is noticed, and where mechanisms lie beside the front."""

import numpy as np
import pytest
from scipy.special import expit

from contracts.errors import ProblemError
from inference.society import placement, run_course
from inference.society.frontier import room
from inference.society.rounds import Heard, poll, shortfall
from inference.society.scenarios import PLAIN, communities
from inference.society.world import synthetic_society


@pytest.fixture(scope="module")
def placed():
    return placement(communities(PLAIN, 0.7, range(1), seed=2), noise=0.0, gap=0.1)


@pytest.fixture(scope="module")
def course():
    return run_course(conflict=1.0, n_societies=3, n_rounds=6, seed=1)


def test_the_renewed_menu_learns_and_recovers_from_a_drift(course):
    lost = {name: each.mean(axis=0) for name, each in course.misalignment.items()}
    assert lost["menu"][course.drift - 1] < lost["menu"][0], "it learns from choices"
    assert lost["menu"][-1] < lost["menu"][course.drift], "it follows the drift"
    assert lost["menu"][-1] < lost["menu never renewed"][-1]
    assert np.all(lost["menu"] < lost["averaging"])
    np.testing.assert_array_equal(course.misalignment["menu"][:, 0], course.misalignment["menu never renewed"][:, 0])


def test_choices_say_who_users_are_until_the_drift(course):
    assert course.recognised[:, : course.drift].mean() > 0.9
    assert course.recognised[:, course.drift].mean() < course.recognised[:, : course.drift].mean()


def test_the_same_seed_gives_the_same_course(course):
    again = run_course(conflict=1.0, n_societies=3, n_rounds=6, seed=1)
    for name, each in course.misalignment.items():
        np.testing.assert_array_equal(again.misalignment[name], each)


def test_the_shortfall_is_standard_where_the_estimates_are_right_and_large_where_they_are_not():
    """By definition of the log score: mean 0 and variance 1 over data drawn from the estimates themselves."""
    rng = np.random.default_rng(1)
    wanted = np.array([[1.0, 0.0, -1.0], [-0.5, 1.5, -1.0]])
    scores, wrong = [], []
    for _ in range(1500):
        kind, first = rng.integers(2, size=300), rng.integers(3, size=300)
        second = (first + rng.integers(1, 3, size=300)) % 3
        prefers = rng.random(300) < expit(wanted[kind, first] - wanted[kind, second])
        heard = Heard(kind, np.where(prefers, first, second), np.where(prefers, second, first))
        scores.append(shortfall(heard, wanted))
        wrong.append(shortfall(heard, -wanted))
    assert np.mean(scores, axis=0) == pytest.approx([0.0, 0.0], abs=0.1)
    assert np.std(scores, axis=0) == pytest.approx([1.0, 1.0], abs=0.06)
    assert np.min(wrong) > 3


def test_a_poll_asks_groups_by_weight():
    world = synthetic_society(rng=np.random.default_rng(1), conflict=0.5, weights=[0.6, 0.3, 0.1])
    kind = poll(world, np.random.default_rng(2)).kind
    np.testing.assert_allclose(np.bincount(kind) / len(kind), world.weights, atol=0.01)


def test_a_course_needs_rounds():
    with pytest.raises(ProblemError, match="1 rounds of 2 societies"):
        run_course(conflict=0.5, n_societies=2, n_rounds=1, seed=1)
    with pytest.raises(ProblemError, match="drift is 3: name a round after the first, from 1 to 2"):
        run_course(conflict=0.5, n_societies=2, n_rounds=3, drift=3, seed=1)


# ---- the front ----


def test_menus_on_the_front_have_no_room_and_worse_points_have_as_much_as_they_are_worse(placed):
    front = placed.front
    sign = np.array([1.0, 1.0, 1.0, -1.0])
    for point in front.points:
        assert room(front, point) == pytest.approx(0.0, abs=front.gap + 1e-9)
        worse = point - 0.2 * sign * front.unit
        assert room(front, worse) == pytest.approx(0.2, abs=front.gap + 1e-9)


def test_the_menu_is_nearer_the_front_than_averaging_and_no_menu_is_beyond_it(placed):
    assert placed.room["menu"] < placed.room["averaging"]
    assert placed.room["menu"] > -placed.front.gap - 0.05, "members scatter around the groups that the front is for"
    assert set(placed.room) == set(placed.points)
    np.testing.assert_allclose(placed.taken.sum(axis=1), 1.0)
    assert "full information" in str(placed)
