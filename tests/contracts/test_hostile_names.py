"""Names are whatever people type: shown safely in terminals, pages and pictures, kept as they are in files."""

import io
import itertools
import json
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import contracts as c
import inference
from contracts.cli.problem_files import read_problem
from contracts.display.drawn import drawn
from contracts.display.report import Report
from contracts.display.table import Column, Table, names
from contracts.readable import readable, readable_lines, width
from inference.cli import app

HOSTILE = {
    "dollars": "costs $5 to $10",
    "formula": r"$\frac{1}{0$",
    "one dollar": "$",
    "TeX": r"a_b^c \alpha {x}",
    "escape": "\x1b[31mred\x1b[0m",
    "title": "\x1b]0;owned\x07",
    "newline": "two\nlines",
    "return": "over\rwritten",
    "tab": "a\tb",
    "null": "nul\x00l",
    "delete": "back\x08space\x7f",
    "c1": "\x9b2J",
    "bidi": "\u202egnp.exe",
    "isolate": "\u2066a\u2069",
    "zero width": "a\u200bb",
    "byte order mark": "\ufeffa",
    "line separator": "a\u2028b\u2029c",
    "script": "<script>alert(1)</script>",
    "comment": "--><b>&amp;\"'",
    "markup": "[red]a[/red] [bold",
    "wide": "\u4f4e\u6536\u5165",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "composed": "\u00e9",
    "decomposed": "e\u0301",
    "stack": "a" + "\u0336" * 40,
    "long": "x" * 5000,
    "empty": "",
    "blank": " ",
    "led by a blank": " low",
    "underscore": "_hidden",
    "equals": "=1+1",
    "format": "{0} %s %(a)s {label!r}",
    "quote": 'it\'s "so"',
    "private": "\ue000",
}
MOVES = re.compile(r"[^\n\x20-\x7e\xa1-\U0010ffff]|[\u200b-\u200f\u2028-\u202f\u2066-\u2069\ufeff\ud800-\udfff]")
FORMS = pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
DRAWN = ("dollars", "formula", "one dollar", "TeX", "escape", "newline", "wide", "emoji", "long", "empty", "underscore")
QUICK = ("formula", "escape")  # a dozen pictures each
SHOWN = {HOSTILE[kind] for kind in (*DRAWN, "script")}  # on a page of the command line, too
PICTURED = pytest.mark.parametrize(
    "name", [pytest.param(HOSTILE[kind], marks=[pytest.mark.slow] * (kind not in QUICK), id=kind) for kind in DRAWN]
)


def menu_of(name, other="plain"):
    labels, goods = (name, other), (f"{name}", "speed")
    values = [[1.0, 1.0], [2.0, 2.0]]
    return c.solve_menu(values, [0.75, 0.25], cost=c.Quadratic(), domain=c.Box(0.0, 3.0), labels=labels, goods=goods)


def assert_harmless(text, lines=None):
    assert not MOVES.search(text), repr(text)
    text.encode("utf-8")
    if lines is not None:
        assert text.count("\n") == lines


@FORMS
def test_a_name_is_shown_on_one_line_and_kept_as_it_is(name, tmp_path):
    menu = menu_of(name)
    plain = menu_of("other")
    assert_harmless(str(menu), str(plain).count("\n"))
    assert max(map(width, str(menu).splitlines())) < 300
    again = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert tuple(again.problem.labels) == (name, "plain")
    assert str(again) == str(menu)
    assert list(menu.to_frame().index) == [name, "plain"]
    assert_harmless(str(c.verify(menu.problem, menu.allocation, menu.transfer + 1.0)))
    assert_harmless(str(c.verify(menu.problem, menu.allocation[::-1], menu.transfer)))


@FORMS
def test_a_page_shows_a_name_and_runs_none(name, tmp_path):
    menu = menu_of(name)
    front = c.pareto_front(menu.problem, [c.Profit(), c.Access(group=[name])], gap=0.5)
    page = Report(f"A menu for {name}").section(name).text(f"For {name}.").table([name], [[name]], caption=name)
    page = page.menu(menu).front(front).verbatim(name).figure(menu.plot(_axes()), caption=name)
    text = page.write(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<b>" not in text
    assert text.count("<script") == 2, "those of the front"
    assert_harmless(re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL))
    assert_harmless(menu._repr_html_())
    assert_harmless(str(front))


def _axes():
    from matplotlib.figure import Figure

    return Figure(figsize=(7, 4.5)).subplots()


def drawn_without_a_warning(ax):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax.get_figure().savefig(io.BytesIO(), format="svg")
        ax.get_figure().canvas.draw()
    return ax


@PICTURED
def test_a_picture_shows_a_name_and_reads_no_formula_in_it(name):
    from matplotlib.text import Text

    lottery = {"cost": c.Entropy([0.5, 0.5]), "domain": c.Simplex(), "transfers": "none"}
    menus = (
        menu_of(name),
        c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), labels=(name, "b"), goods=[name]),
        c.solve_menu([[1.0, 0.0], [0.0, 1.0]], **lottery, labels=(name, "b"), goods=(name, "b")),
    )
    if name.strip():
        read = (c.Reading(name, good=0, power=2.0), c.Reading(f"{name} of it", per_transfer=1.0))
        menus += (c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), readings=read),)
    for menu, kind in itertools.product(menus, ("menu", "types", "rents")):
        ax = drawn_without_a_warning(menu.plot(_axes(), kind=kind))
        for text in ax.findobj(Text):
            assert text._preprocess_math(text.get_text())[1] is False, "no formula"
        _, labels = ax.get_legend_handles_labels()  # without those that begin with an underscore
        if menu is menus[1] and kind == "menu":
            assert len([label for label in labels if label.endswith(": indifference curve")]) == 2


@PICTURED
def test_pictures_of_beliefs_and_fronts_show_names(name):
    menu = c.solve_menu([1.0, 2.0, 3.0], [0.4, 0.3, 0.3], cost=c.Quadratic(), labels=(name, "b", "c"))
    logit = inference.Logit(0.5)
    users = [name or " ann ", "bob"]  # whoever has no name is refused: all such would be one person
    posterior = inference.infer_types(menu, np.array([[0, 1], [1, 1]]), choice_model=logit, users=users)
    drawn_without_a_warning(posterior.plot(_axes()))
    assert_harmless(str(posterior), None)
    assert_harmless(str(posterior.population), None)
    two = c.solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), domain=c.Box(0.0, 3.0), labels=("a", name))
    drawn_without_a_warning(
        inference.infer_types(two, np.array([[0, 1], [1, 1]]), choice_model=logit, users=users).plot(_axes())
    )
    front = c.pareto_front(two.problem, [c.Profit(), c.Access(group=[name])], gap=0.5)
    for kind in ("2d", "parallel"):
        drawn_without_a_warning(front.plot(_axes(), kind=kind))


@FORMS
def test_the_command_line_shows_names_and_verifies_what_it_saved(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    problem = {
        "valuations": [1.0, 2.0],
        "cost": {"kind": "quadratic"},
        "labels": [name, "plain"],
        "weights": [0.75, 0.25],
    }
    Path("problem.json").write_text(json.dumps(problem))
    for arguments in (
        ("solve", "problem.json", "--out", "menu.json", *(("--report", "page.html") if name in SHOWN else ())),
        ("verify", "problem.json", "menu.json"),
        ("infer", "menu.json", "choices.csv", "--temperature", "1"),
    ):
        Path("choices.csv").write_text("user,option\na,0\nb,1\n")
        result = CliRunner().invoke(app, arguments, prog_name="contracts")
        assert result.exit_code == 0, result.stderr
        assert_harmless(result.output)
    Path("problem.json").write_text(json.dumps(problem | {"weights": [-0.5, 1.5]}))
    refused = CliRunner().invoke(app, ("solve", "problem.json"), prog_name="contracts")
    assert refused.exit_code == 2
    assert_harmless(refused.output, 1)
    assert refused.stderr.startswith("Error: problem.json: weights[")


@pytest.mark.slow
def test_a_terminal_that_lacks_a_letter_is_shown_its_number(tmp_path):
    problem = {"valuations": [1.0, 2.0], "cost": {"kind": "quadratic"}, "labels": ["\u4f4e", "\u00e9"]}
    (tmp_path / "problem.json").write_text(json.dumps(problem))
    program = "from inference.cli import app; app(prog_name='contracts')"
    for encoding, shown in (("latin-1", b"\\u4f4e"), ("ascii", b""), ("utf-8", "\u4f4e".encode())):
        done = subprocess.run(
            [sys.executable, "-c", program, "solve", "problem.json"],
            cwd=tmp_path,
            env={"PYTHONIOENCODING": encoding, "PYTHONPATH": str(Path(c.__file__).parents[1])},
            capture_output=True,
            check=True,
        )
        assert shown in done.stdout


@pytest.mark.parametrize("half", ["\ud800", "low\udfff"])
def test_half_of_a_character_is_refused_at_the_door(half, tmp_path):
    for field in ("labels", "goods"):
        names = {"labels": ("a", "b"), "goods": ("a",)} | {field: (half, "b")[: 2 if field == "labels" else 1]}
        with pytest.raises(c.ProblemError, match=rf"{field}\[0\] holds '.ud[8f]\w\w', half a character: take it out"):
            c.ScreeningProblem([1.0, 2.0], **names)
    path = tmp_path / "problem.json"
    path.write_text(json.dumps({"valuations": [1.0, 2.0], "labels": [half, "b"]}))
    with pytest.raises(c.ProblemError, match="half a character"):
        read_problem(path)
    with pytest.raises(c.ProblemError, match="half a character"):
        c.ScreeningProblem([1.0], constraints=[c.LinearConstraint(utility=[1.0], upper=1.0, name=half)])


def test_names_that_look_alike_are_different_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    labels = ("\u00e9", "e\u0301", "a", " a", "a ", "A", "\u212b", "\u00c5", "1", "\u0661", "")
    menu = c.solve_menu(np.arange(1.0, 12.0), cost=c.Quadratic(), labels=labels)
    assert tuple(menu.problem.labels) == labels
    assert tuple(c.load_menu(menu.save("menu.json")).problem.labels) == labels
    shown = [line.split("  ")[0] for line in str(menu).splitlines()[2:-1]]
    assert "' a'" in shown
    assert "'a '" in shown
    assert "''" in shown
    with pytest.raises(c.ProblemError, match="labels repeats 'a'"):
        c.ScreeningProblem([1.0, 2.0], labels=("a", "a"))
    named = c.solve_menu([1.0, 2.0, 3.0], cost=c.Quadratic(), labels=("a", " a", "b"))
    named.to_frame().to_csv("menu.csv")
    Path("problem.json").write_text(
        json.dumps({"valuations": [1.0, 2.0, 3.0], "cost": {"kind": "quadratic"}, "labels": ["a", " a", "b"]})
    )
    result = CliRunner().invoke(app, ("verify", "problem.json", "menu.csv"), prog_name="contracts")
    assert result.exit_code == 0, result.stderr


def test_columns_line_up_whatever_is_in_them():
    table = Table(
        (names("type", ["\u4f4e\u6536\u5165", "e\u0301", "a\nb"]), Column("weight", ["0.5", "0.25", "1"], left=False))
    )
    assert {width(line) for line in table.text().splitlines()} == {14}
    assert readable("x" * 5000) == f"{'x' * 24}…{'x' * 23}"
    assert readable_lines("a\nb\t\x1b") == "a\nb\\t\\x1b"


def test_letters_that_no_font_has_are_drawn_as_their_numbers():
    assert drawn("\u4f4e") == r"\u4f4e"
    assert drawn("\u00e9 \u03b8") == "\u00e9 \u03b8"


def test_errors_say_names_without_moving_the_cursor():
    with pytest.raises(c.ProblemError) as refused:
        c.ScreeningProblem([1.0, 2.0], [0.5, -0.5], labels=("\x1b[2J", "\u202eb"))
    assert_harmless(str(refused.value))
    assert_harmless(str(c.SolverError("type \x1b[2J failed")))


def test_tex_reads_no_commands_in_names():
    from matplotlib import rc_context

    with rc_context({"text.usetex": True}):
        assert drawn(r"a_b $5 \input{x}") == r"a\_b \$5 \textbackslash{}input\{x\}"
    with rc_context({"text.parse_math": False}):
        assert drawn("$5 to $10") == "$5 to $10"


def test_what_is_said_while_work_goes_on_is_no_markup(monkeypatch):
    import rich.console
    from rich.markup import render

    from contracts.cli.commands import busy

    said = []

    class Watched(rich.console.Console):
        is_terminal = True

        def status(self, text, **_):
            said.append(render(text).plain)
            return super().status(text, **_)

    monkeypatch.setattr(rich.console, "Console", lambda **_: Watched(file=io.StringIO(), stderr=True))
    with busy("learning from [/red] a\x1b.csv"):
        pass
    assert said == ["learning from [/red] a\\x1b.csv"]
