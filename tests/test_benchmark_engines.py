"""The table of engines: every family that it names is built, solved and proven; small sizes."""

import pytest

from benchmarks import engines

SMALL = {"line": 30, "random-line": 30, "rochet-chone": 3, "auction": 3, "grid-3d": 2, "policies": 3, "three types": 2}


@pytest.mark.parametrize("name", [*engines.GROWING, *engines.OTHERS])
def test_every_family_is_certified(name):
    row = engines.measured(name, SMALL.get(name, 12))
    assert row["said"].startswith("certified"), row
    assert row["gap"] <= engines.GAP
    assert (row["floor"] is not None) == (name in {"line", "random-line"})


def test_sizes_beyond_the_largest_are_left_out():
    listed = list(engines.rows(["rochet-chone", "random-line"], 1000))
    assert [types for name, _, types in listed if name == "rochet-chone"] == [400, 900]
    assert 1_000_000 in [types for _, _, types in listed]
