"""The picture of a face: bars are its intervals, and what has no end leaves the picture."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from contracts import Box, ProblemError, Quadratic, Welfare, optimal_face, solve_menu


def face_of(values, **fields):
    return optimal_face(solve_menu(values, **fields), exact=False)


def spans(container):
    return np.array([(bar.get_y(), bar.get_y() + bar.get_height()) for bar in container])


def test_bars_are_intervals_of_a_good_and_of_money():
    menu = solve_menu([1.0, 2.0], [0.5, 0.5], domain=Box(0.0, 1.0), labels=("low", "high"), goods=("unit",))
    face = optimal_face(menu)
    for of, proven, reached in (
        (None, face.allocation_interval[:, 0], face.reached.allocation[:, 0]),
        ("unit", face.allocation_interval[:, 0], face.reached.allocation[:, 0]),
        ("transfer", face.transfer_interval, face.reached.transfer),
        ("utility", face.utility_interval, face.reached.utility),
    ):
        ax = face.plot(Figure().subplots(), of=of)
        assert ax.get_ylabel() == (of or "unit")
        assert np.allclose(spans(ax.containers[0]), proven)
        assert np.allclose(spans(ax.containers[1]), reached)
        assert [tick.get_text() for tick in ax.get_xticklabels()] == ["low", "high"]


def test_several_goods_are_drawn_one_by_one():
    face = face_of([[1.0, 2.0], [2.0, 1.0]], cost=Quadratic(), goods=("speed", "storage"))
    assert face.plot(Figure().subplots()).get_ylabel() == "transfer"
    assert face.plot(Figure().subplots(), of="storage").get_ylabel() == "storage"
    with pytest.raises(ProblemError, match="of is 'colour': use 'speed', 'storage', 'transfer', 'utility'"):
        face.plot(of="colour")


def test_many_types_have_a_band():
    ax = face_of(np.linspace(1.0, 2.0, 40), cost=Quadratic()).plot(Figure().subplots())
    assert not ax.containers
    assert len(ax.collections) == 2
    assert ax.get_xlabel() == "type"


def test_ends_that_nothing_is_proven_of_leave_the_picture():
    face = face_of([1.0, 2.0], cost=Quadratic(), objective=Welfare())
    assert not np.isfinite(face.utility_interval).all()
    ax = face.plot(Figure().subplots(), of="utility")
    low, high = ax.get_ylim()
    assert np.isfinite([low, high]).all()
    assert spans(ax.containers[0])[:, 1].max() > high
