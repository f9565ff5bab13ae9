"""What the page asks and is told: every drawing is the library's own answer, with its certificate."""

import csv
import io
import json
import math

import numpy as np
import pytest

import contracts
from contracts.cli.explore.answers import FORMS, TABS, download, draw
from contracts.cli.explore.command import WARM
from contracts.cli.explore.controls import values_of
from contracts.cli.explore.opened import opened_text, tab_of
from contracts.cli.explore.tabs import menus
from contracts.cli.problem_files import read_problem
from contracts.cli.start.templates import TEMPLATES
from contracts.errors import InfeasibleMenuError, ProblemError

HOSTILE = '<img src=x onerror="alert(1)">'


def panel(drawing, name):
    return next(one for one in drawing["panels"] if one["name"] == name)


def mark(drawing, name, label):
    return next(one for one in panel(drawing, name)["marks"] if one["label"].startswith(label))


def test_the_curve_is_the_textbook_menu():
    """Mussa & Rosen: uniform types 1 to 3, cost q^2/2, quality is the virtual valuation where that is positive."""
    drawing = draw({"tab": "menu", "values": {"types": 9, "skew": 0, "spread": 2}})
    theta = np.linspace(1, 3, 9)
    expected = np.maximum(theta - (8 - np.arange(9)) * 0.25, 0)
    np.testing.assert_allclose(mark(drawing, "map", "the menu")["y"], expected, atol=1e-6)
    np.testing.assert_allclose(mark(drawing, "map", "if types were known")["y"], theta, atol=1e-9)
    assert drawing["proof"]["holds"]
    assert "IC and IR hold exactly" in drawing["proof"]["lines"][0]


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_comes_with_its_proof_as_plain_json(tab):
    drawing = draw({"tab": tab, "values": {"types": 4} if tab in ("menu", "front") else {}})
    assert json.loads(json.dumps(drawing, allow_nan=False)) == drawing
    assert drawing["proof"]["holds"]
    assert drawing["panels"]
    assert drawing["table"]["rows"]


@pytest.mark.parametrize(
    ("values", "check"),
    [
        ({"capacity": 0.2}, lambda menu: menu["value"] >= 0),
        ({"cap": 0.5}, lambda menu: max(menu["transfer"]) <= 0.5 + 1e-9),
        ({"outside": 1.0}, lambda menu: min(menu["utility"]) >= 1.0 - 1e-9),
    ],
)
def test_sliders_state_what_they_say(values, check):
    record = json.loads(download({"tab": "menu", "values": {"types": 6, **values}}, "json")[1])
    assert check({**record, "value": record["certificate"]["value"]})
    if "capacity" in values:
        weights = np.array(record["problem"]["weights"])
        assert weights @ np.array(record["allocation"])[:, 0] <= 0.2 + 1e-9


def test_bunched_types_are_ringed():
    drawing = draw({"tab": "menu", "values": {"types": 30, "middle": 0.9}})
    assert len(mark(drawing, "map", "bunched")["x"]) > 1
    assert mark(drawing, "tariff", "shared by several")["hollow"]


@pytest.mark.parametrize("tab", TABS)
def test_the_code_makes_the_same_result(tab, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = {"tab": tab, "values": {"types": 4} if tab in ("menu", "front") else {}}
    names = {}
    program = download(state, "py")[1].split("\nprint(")[0]
    exec(compile(program, "downloaded", "exec"), names)
    record = json.loads(download(state, "json")[1])
    found = {"menu": "menu", "policies": "menu", "hidden": "contract", "auction": "auction", "front": "front"}[tab]
    menus = names[found].menus if tab == "front" else [names[found]]
    assert any(math.isclose(menu.value, record["certificate"]["value"], rel_tol=1e-9) for menu in menus)


@pytest.mark.parametrize("kind", ["screening", "policies", "pricing", "hidden-action", "auction"])
def test_files_that_new_writes_are_opened_as_solve_reads_them(kind):
    opened = opened_text(f"{kind}.toml", TEMPLATES[kind])
    state = {"tab": tab_of(opened)}
    drawing = draw(state, opened)
    assert drawing["opened"] == f"{kind}.toml"
    assert drawing["proof"]["holds"]
    names = {}
    exec(compile(download(state, "py", opened)[1].split("\nprint(")[0], "downloaded", "exec"), names)
    found = names.get("menu") or names.get("contract") or names.get("auction")
    record = json.loads(download(state, "json", opened)[1])
    assert math.isclose(found.value, record["certificate"]["value"], rel_tol=1e-9)


def test_the_downloaded_table_is_one_that_verify_reads(tmp_path):
    from contracts.cli.menu_files import certify_file

    (tmp_path / "problem.toml").write_text(TEMPLATES["screening"])
    (tmp_path / "menu.csv").write_text(
        download({"tab": "menu"}, "csv", opened_text("problem.toml", TEMPLATES["screening"]))[1]
    )
    certificate, _ = certify_file(read_problem(tmp_path / "problem.toml"), tmp_path / "menu.csv")
    assert certificate.holds
    assert certificate.is_exact


def test_types_by_hand_are_those_that_are_solved():
    edits = {"weights": [3, 1], "valuations": [[1.0], [2.0]]}
    drawing = draw({"tab": "menu", "values": {"types": 2}, "edits": edits})
    menu = contracts.solve_menu([1.0, 2.0], [0.75, 0.25], cost=contracts.Quadratic())
    np.testing.assert_allclose(mark(drawing, "map", "the menu")["y"], menu.allocation[:, 0])


def test_names_stay_text_in_drawings():
    text = f"valuations = [1.0, 2.0]\nlabels = ['{HOSTILE}', 'high']\ncost = 'quadratic'\n"
    rows = list(csv.reader(io.StringIO(download({"tab": "menu"}, "csv", opened_text("a.toml", text))[1])))
    assert rows[1][0] == HOSTILE


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "a state is an object"),
        ({"tab": "menus"}, "the tabs are menu, policies"),
        ({"tab": ["menu"]}, "the tabs are"),
        ({"tab": "menu", "path": "/etc/passwd"}, "a state is an object"),
        ({"tab": "menu", "values": []}, "give an object"),
        ({"tab": "menu", "values": {"type": 3}}, "unknown control 'type'"),
        ({"tab": "menu", "values": {"types": 1e9}}, "give a number from 2 to 60"),
        ({"tab": "menu", "values": {"types": 2.5}}, "whole number"),
        ({"tab": "menu", "values": {"types": True}}, "give a number"),
        ({"tab": "menu", "values": {"spread": float("nan")}}, "give a number"),
        ({"tab": "menu", "values": {"spread": "2"}}, "give a number"),
        ({"tab": "menu", "edits": {"weights": [1]}}, "give both"),
        ({"tab": "menu", "values": {"types": 2}, "edits": {"weights": [1], "valuations": [[1]]}}, "one for each"),
        ({"tab": "menu", "values": {"types": 2}, "edits": {"weights": [0, 0], "valuations": [[1], [2]]}}, "nothing"),
        ({"tab": "menu", "values": {"types": 2}, "edits": {"weights": ["", 2], "valuations": [[1], [2]]}}, "no number"),
        ({"tab": "menu", "values": {"types": 2}, "edits": {"weights": [1, 2], "valuations": [[1], [2, 3]]}}, "one for"),
    ],
)  # fmt: skip
def test_states_that_make_no_sense_are_refused_in_words(state, words):
    with pytest.raises(ProblemError, match=words.replace("(", r"\(")):
        draw(state)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "valuations = [", "not TOML"),
        ("a.json", "[1, 2]", "expected an object"),
        ("a.txt", "valuations = [1.0]", "neither .toml nor .json"),
        ("a.toml", "", "is empty"),
        ("a.toml", "valuations = [1.0, nan]", "valuations"),
        ("a.toml", "[types]\nfile = '/etc/passwd'\n", "a page reads only the file that is opened"),
        ("a.toml", "[types.words]\nfile = 'x'\n", "a page reads only the file that is opened"),
        ("../../a.toml", "valuations = ", "^a.toml"),
        ("a.toml", TEMPLATES["trade"], "use contracts mechanism"),
        ("a.json", "[" * 5000, "nested|not JSON"),
        (3, "x", "give both as text"),
    ],
)
def test_bad_files_are_refused_in_words(name, text, words):
    with pytest.raises(ProblemError, match=words):
        opened_text(name, text)


def test_a_file_without_a_menu_is_opened_and_says_why():
    text = "valuations = [1.0, 2.0]\nreservation_utility = 5.0\nparticipation = 'compulsory'\n"
    text += "transfers = [0, 10]\ndomain = 'box'\n"
    with pytest.raises(InfeasibleMenuError):
        draw({"tab": "menu"}, opened_text("a.toml", text))


def test_forms_are_known():
    assert FORMS == ("json", "csv", "py")
    with pytest.raises(ProblemError, match="use json"):
        download({"tab": "menu"}, "exe")


def test_what_is_solved_before_the_first_drag_loads_the_slowest_solver():
    values = values_of(menus.LINE, WARM)
    assert menus.solved(menus.stated(values, None)).engine.startswith("reference")
