"""The highest transfers that keep types in place are shortest paths: SciPy's, to the last digit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array
from scipy.sparse.csgraph import NegativeCycleError, bellman_ford

from contracts.repair.repricing import _shortest

EIGHTHS = st.integers(-20, 60).map(lambda whole: (whole or 1) / 8)  # sums of which are exact; SciPy drops zeros


def by_scipy(room, ceiling):
    """Distances from a source whose edges are as long as the ceilings; None where a circle is of negative length."""
    count = len(ceiling)
    towards, origin = np.nonzero(np.isfinite(room))
    rows, columns = np.append(origin, np.full(count, count)), np.append(towards, np.arange(count))
    length = csr_array((np.append(room[towards, origin], ceiling), (rows, columns)), shape=(count + 1,) * 2)
    try:
        return bellman_ford(length, indices=count)[:count]
    except NegativeCycleError:
        return None


@st.composite
def rooms(draw):
    count = draw(st.integers(1, 9))
    room = draw(arrays(float, (count, count), elements=EIGHTHS | st.just(np.inf)))
    ceiling = draw(arrays(float, count, elements=EIGHTHS))
    np.fill_diagonal(room, np.inf)
    if draw(st.booleans()):  # differences of potentials: no circle is shorter than nothing
        room = np.abs(room) + ceiling[:, np.newaxis] - ceiling
        room[room == 0] = 1.0
    return room, ceiling


@given(rooms())
def test_they_are_the_shortest_paths_of_scipy(case):
    room, ceiling = case
    found, expected = _shortest(room, ceiling, np.inf, -1), by_scipy(room, ceiling)
    assert (found is None) == (expected is None)
    if found is not None:
        np.testing.assert_array_equal(found, expected)


@given(rooms(), st.data())
def test_one_that_is_fixed_is_not_moved(case, data):
    room, ceiling = case
    fixed = data.draw(st.integers(0, len(ceiling) - 1))
    found, free = (_shortest(room, ceiling, np.inf, which) for which in (fixed, -1))
    if free is not None and free[fixed] == ceiling[fixed]:
        np.testing.assert_array_equal(found, free)
    else:
        assert found is None


@pytest.mark.parametrize("way", [1, -1])
def test_a_shortage_goes_through_a_whole_line(way):
    count = 1000
    room = np.full((count, count), np.inf)
    room[np.arange(1, count), np.arange(count - 1)] = -0.5
    found = _shortest(room[::way, ::way], np.zeros(count), np.inf, -1)
    np.testing.assert_array_equal(found[::way], -0.5 * np.arange(count))
