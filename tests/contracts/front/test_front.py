"""The front answers questions: knee, closest menu, limits, pictures; and it survives a file to the bit."""

import json
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

import contracts as c

mpl.use("Agg")
MONOPOLY = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), labels=("low", "high"))
TWO = c.pareto_front(MONOPOLY, [c.Profit(), c.TotalSurplus()], gap=0.01)
THREE = c.pareto_front(MONOPOLY, [c.Profit(), c.TotalSurplus(), c.Harm([1.0])], gap=0.05)


def test_points_are_in_own_units_and_senses():
    menu = THREE.menus[3]
    profit = menu.problem.weights @ menu.payoff
    harm = menu.problem.weights @ menu.allocation[:, 0]
    assert THREE.points[3] == pytest.approx([profit, profit + menu.problem.weights @ menu.utility, harm], rel=1e-12)
    assert THREE.senses == ("max", "max", "min")
    assert THREE.ideal[2] < THREE.nadir[2]
    assert THREE.normalised.max(axis=0) == pytest.approx(1.0)
    assert THREE.normalised.min(axis=0) == pytest.approx(0.0, abs=1e-12)


def test_the_best_menu_by_an_objective_is_an_end():
    assert TWO.best("profit").index == 0
    assert TWO.best("total surplus").index == len(TWO) - 1
    assert THREE.best("harm").values["harm"] == THREE.points[:, 2].min()


def test_the_knee_of_a_parabola_is_where_its_slope_is_that_of_the_chord():
    quality = (TWO.knee().values["total surplus"] - TWO.knee().values["profit"]) / 0.25
    ends = 1 - 0.25 / 0.75, 1.0  # the low type's quality; in between, slope and quality are linear in each other
    assert quality == pytest.approx(sum(ends) / 2, abs=0.02)


def test_the_closest_menu_is_measured_in_ranges():
    aim = {"profit": 0.65, "total surplus": 0.87}
    found = TWO.closest(aim)
    away = ((TWO.points - list(aim.values())) / (TWO.ideal - TWO.nadir)) ** 2
    assert found.index == away.sum(axis=1).argmin()
    assert TWO.closest([0.65, 0.87]).index == found.index
    assert TWO.closest({"profit": 10.0}).index == 0


def test_limits_leave_the_menus_within_them_and_a_larger_gap():
    some = TWO.filter({"profit": (0.64, None), "total surplus": (None, 0.87)})
    assert 1 < len(some) < len(TWO)
    assert some.points[:, 0].min() >= 0.64
    assert some.points[:, 1].max() <= 0.87
    assert some.gap > TWO.gap
    assert np.array_equal(some.ideal, TWO.ideal)
    assert len(TWO.filter(lambda point: point.index < 2)) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TWO.filter({"profit": (9.0, None)}), "no menu of the front is within these limits"),
        (lambda: TWO.filter({"profit": 9.0}), r"the limits of 'profit' are 9.0: give \(lowest, highest\)"),
        (lambda: TWO.filter({"joy": (0, 1)}), "objective is 'joy': the objectives are 'profit', 'total surplus'"),
        (lambda: TWO.closest({}), "target names no objective"),
        (lambda: TWO.closest([1.0]), r"target has shape \(1,\)"),
        (lambda: TWO.closest({"profit": np.nan}), "must be a finite number"),
        (lambda: TWO.best("joy"), "objective is 'joy'"),
        (lambda: TWO.plot("ax"), "ax is 'ax': give the axes"),
        (lambda: TWO.plot(kind="pie"), "kind is 'pie': use 'auto', '2d', '3d', 'parallel', 'matrix'"),
        (lambda: TWO.plot(kind="3d"), "needs three objectives"),
        (lambda: THREE.plot(Figure().subplots(), kind="3d"), "needs axes with projection='3d'"),
        (lambda: THREE.plot(Figure().subplots(), kind="matrix"), "leave ax out"),
    ],
)
def test_questions_without_an_answer_are_refused(call, message):
    with pytest.raises(c.ProblemError, match=message):
        call()


def test_it_prints_its_ends_its_knee_and_what_is_proven():
    text = str(TWO)
    assert text.startswith(f"Front: {len(TWO)} menus, 2 objectives, exact\n")
    assert "best profit" in text
    assert "best total surplus" in text
    assert "knee" in text
    assert f"no menu is more than {TWO.gap:.1e} of the ranges better than a mixture of these" in text


def test_a_part_of_a_front_says_that_its_gap_is_in_ranges_of_the_whole():
    lowest = float(np.sort(TWO.points[:, 0])[1])
    part = TWO.filter({"profit": (lowest, None)})
    assert f"no menu is more than {part.gap:.1e} of the ranges of the whole front better" in str(part)
    assert str(TWO.filter({"profit": (0.0, None)})) == str(TWO)


def test_counts_print_as_whole_numbers():
    search = c.Search(n_options=2, n_population=10, n_generations=1)
    objectives = [c.Profit(), c.NumberOfOptions()]
    front = c.pareto_front(MONOPOLY, objectives, search=search, rng=np.random.default_rng(1))
    rows = str(front).splitlines()[2:-1]
    assert [row.split()[2] for row in rows] == [str(int(count)) for count in front.points[:, 1]]


def test_a_notebook_shows_the_same_table():
    page = THREE._repr_html_()
    for words in ("<table class='front'>", "Front: ", "<th>harm (min)</th>", "knee", "no menu is more than"):
        assert words in page
    assert page.count("<tr>") == len(str(THREE).splitlines()) - 1  # the headline is the caption


def test_numbers_far_below_the_range_of_their_column_print_as_zero():
    solvent = replace(MONOPOLY, objective=c.Welfare(minimum_profit=0.0))
    front = c.pareto_front(solvent, [c.Profit(), c.Surplus()], gap=0.05)
    assert 0 < abs(front.best("surplus").values["profit"]) < 1e-8
    assert "e-" not in str(front).rpartition("\n")[0]


def test_a_frame_has_one_row_per_menu():
    frame = THREE.to_frame()
    assert np.array_equal(frame[["profit", "total surplus", "harm"]].to_numpy(), THREE.points)
    assert frame["weight of harm"].to_numpy() == pytest.approx(THREE.weights[:, 2])
    assert frame["certificate holds"].all()


def test_pictures_show_every_menu():
    import matplotlib.pyplot as plt

    plane = TWO.plot(Figure().subplots())
    assert np.array_equal(plane.collections[0].get_offsets(), TWO.points)
    assert (plane.get_xlabel(), plane.get_ylabel()) == TWO.names
    assert {text.get_text() for text in plane.texts} >= {"0", str(len(TWO) - 1)}
    assert THREE.plot().get_zlabel() == "harm"
    assert len(THREE.plot(Figure().subplots(), kind="parallel").lines) == len(THREE)
    assert THREE.plot(kind="matrix").shape == (3, 3)
    plt.close("all")


def test_a_front_survives_a_file_to_the_bit(tmp_path):
    path = THREE.save(tmp_path / "front.json")
    again = c.load_front(path)
    assert np.array_equal(again.points, THREE.points)
    assert json.dumps(again.to_dict()) == json.dumps(THREE.to_dict())
    assert again.gap == THREE.gap
    assert [menu.certificate for menu in again.menus] == [menu.certificate for menu in THREE.menus]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda record: record["points"][0].__setitem__(0, 9.0), "points of 'profit' are not what the menus are worth"),
        (lambda record: record.update(schema="other"), "has schema 'other'; expected 'menuwright/front/1'"),
        (lambda record: record.pop("menus"), "incomplete or damaged"),
        (lambda record: record["menus"][0]["options"]["transfers"].__setitem__(0, 0.0), "the file was edited"),
    ],
)
def test_a_file_is_not_believed(tmp_path, edit, message):
    record = TWO.to_dict()
    edit(record := json.loads(json.dumps(record)))
    (tmp_path / "front.json").write_text(json.dumps(record))
    with pytest.raises(c.ProblemError, match=message):
        c.load_front(tmp_path / "front.json")


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(c.ProblemError, match=r"cannot be written: .*; make the folder .*nowhere first"):
        TWO.save(tmp_path / "nowhere" / "front.json")
    with pytest.raises(c.ProblemError, match="cannot be read: No such file or directory"):
        c.load_front(tmp_path / "nothing.json")


def test_a_page_holds_every_menu_and_no_name_ends_its_script():
    from contracts.front.page import front_html

    objectives = {"</script><b>": c.Profit(), "total": c.TotalSurplus()}
    page = front_html(c.pareto_front(MONOPOLY, objectives, gap=0.1))
    assert page.count("</script>") == 2  # the data and the program
    assert "<b>" not in page
