"""Sweeps from files: the same rows as the library's, and refusals that name the place in the file."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

import contracts as c
from contracts.cli.app import app
from contracts.cli.commands import OPTIONS, in_options
from contracts.cli.grids.file import Even, read_sweep
from contracts.cli.start.templates import SWEEP

MODEL = "[model]\nname = 'mussa_rosen'\ntypes = [1.0, 2.0]\nweights = [0.75, 0.25]\n"
PROBLEM = "[problem]\nvaluations = [1.0, 2.0]\nweights = [0.75, 0.25]\ncost = {kind = 'quadratic', curvature = 1.0}\n"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def written(folder, text, name="sweep.toml"):
    (folder / name).write_text(text)
    return name


def rows(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["rows"]


def test_rows_are_those_of_menus_solved_one_by_one(run, tmp_path):
    written(tmp_path, PROBLEM + "[grid]\ncost.curvature = {start = 1, stop = 2, n = 3}\nserving_cost = [0.0, 0.25]\n")
    found = rows(run("sweep", "sweep.toml", "--json"))
    cells = [(curvature, serving) for curvature in (1.0, 1.5, 2.0) for serving in (0.0, 0.25)]
    assert [(row["cost.curvature"], row["serving_cost"]) for row in found] == cells
    for row, (curvature, serving) in zip(found, cells, strict=True):
        problem = c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(curvature), serving_cost=serving)
        menu = c.solve_menu(problem)
        assert (row["value"], row["upper_bound"]) == (menu.value, menu.upper_bound)
        assert row["gap"] == menu.certificate.relative_gap
        assert row["holds"]


def test_a_model_with_its_arguments_and_a_file_beside_are_swept_as_well(run, tmp_path):
    written(tmp_path, MODEL + "[grid]\ncurvature = [1.0, 2.0]\ntypes.1 = [2.0, 3.0]\n")
    of_model = rows(run("sweep", "sweep.toml", "--json"))
    assert of_model[0]["value"] == pytest.approx(2 / 3)
    assert of_model[2]["value"] == pytest.approx(1 / 3)
    (tmp_path / "types.csv").write_text("who,share,worth\nlow,0.75,1\nhigh,0.25,2\n")
    types = "types = {file = 'types.csv', weights = 'share', valuations = ['worth']}\ncost = {kind = 'quadratic'}\n"
    written(tmp_path, types, "problem.toml")
    written(tmp_path, "problem = 'problem.toml'\n[grid]\nserving_cost = [0.0]\n")
    assert rows(run("sweep", "sweep.toml", "--json"))[0]["value"] == pytest.approx(2 / 3)
    family, _, _ = read_sweep(tmp_path / "sweep.toml")
    assert family.record["weights"].tolist() == [0.75, 0.25]  # nothing is left to read where a worker has no such file


def test_hidden_action_and_auctions_are_swept(run, tmp_path):
    text = "[problem]\nkind = 'auction'\nvalues = [[1, 2], [1, 2]]\n[grid]\nvalues.1 = [[1, 2], [1, 3]]\n"
    written(tmp_path, text)
    assert [row["value"] for row in rows(run("sweep", "sweep.toml", "--json"))] == pytest.approx([1.5, 2.0])
    text = "[problem]\noutcome_probabilities = [[0.75, 0.25], [0.25, 0.75]]\noutput = [0, 20]\neffort_cost = [0, 1]\n"
    written(tmp_path, text + "[grid]\noutput.1 = [10.0, 20.0]\n")
    low, high = rows(run("sweep", "sweep.toml", "--json"))
    assert high["value"] == pytest.approx(low["value"] + 7.5)


def test_shares_known_from_people_are_drawn_by_cell(run, tmp_path):
    written(tmp_path, "people = 100\nreplications = 3\nseed = 5\n" + PROBLEM + "[grid]\nserving_cost = [0.0]\n")
    found = rows(run("sweep", "sweep.toml", "--json"))
    for cell, row in enumerate(found):
        rng = np.random.default_rng(np.random.SeedSequence(5).spawn(3)[cell])
        menu = c.solve_menu([1.0, 2.0], rng.dirichlet([75.0, 25.0]), cost=c.Quadratic())
        assert row["value"] == menu.value


def test_a_folder_goes_on_and_a_failed_cell_is_a_row_and_an_exit_code(run, tmp_path):
    written(tmp_path, MODEL + "[grid]\nweights = [[0.75, 0.25], [0.5, 0.6], [0.5, 0.5]]\n")
    for begins in ("0 of 3 cells were there", "3 of 3 cells were there"):
        result = run("sweep", "sweep.toml", "--out", "rows", "--parts", "jsonl", "--json")
        assert result.exit_code == 1
        assert result.stderr.startswith(begins)
        assert "1 cells failed, the first of them cell 1: ProblemError: sweep.toml: weights sum to 1.1" in result.stderr
        assert [row["error"] is None for row in json.loads(result.stdout)["rows"]] == [True, False, True]
    written(tmp_path, MODEL + "[grid]\nweights = [[0.75, 0.25]]\n")
    refused = run("sweep", "sweep.toml", "--out", "rows", "--parts", "jsonl")
    assert refused.exit_code == 2
    assert "holds another sweep" in refused.output


def test_a_dry_run_counts_a_grid_that_no_memory_holds(run, tmp_path):
    written(tmp_path, MODEL + "[grid]\ncurvature = {start = 1.0, stop = 2.0, n = 1_000_000_000}\n")
    told = run("sweep", "sweep.toml", "--dry-run", "--json", "--out", "rows")
    assert told.exit_code == 0
    assert json.loads(told.stdout)["n_cells"] == 10**9
    assert not (tmp_path / "rows").exists()
    assert run("sweep", "sweep.toml", "--out", "rows").exit_code == 2


def test_equal_steps_end_where_they_should():
    np.testing.assert_allclose(list(Even(0.1, 0.7, 7)), np.linspace(0.1, 0.7, 7), rtol=1e-15)
    assert Even(0.1, 0.7, 7)[6] == 0.7


def test_the_example_is_swept(run, tmp_path):
    result = run("new", "sweep")
    assert "then contracts sweep sweep.toml" in result.output
    found = rows(run("sweep", "sweep.toml", "--json"))
    assert len(found) == 6
    assert all(row["holds"] for row in found)
    for command in ("solve", "validate"):
        assert "use contracts sweep" in run(command, "sweep.toml").output
    loud = "\n".join(
        line.removeprefix("# ") if line.startswith(("# people", "# repl")) else line for line in SWEEP.split("\n")
    )
    written(tmp_path, loud)
    told = json.loads(run("sweep", "sweep.toml", "--dry-run", "--json").stdout)
    assert (told["n_cells"], told["errors"]) == (120, [])


@pytest.mark.parametrize(
    ("text", "words", "mended"),
    [
        (MODEL, "lacks a grid", MODEL + "[grid]\ncurvature = [1.0]\n"),
        ("[grid]\nx = [1]\n", "names neither", MODEL + "[grid]\ncurvature = [1.0]\n"),
        (MODEL + "[grid]\ncurvature = 2.0\n", "give a list", MODEL + "[grid]\ncurvature = [2.0]\n"),
        (MODEL + "[grid]\ncurvatur = [2.0]\n", "knows", MODEL + "[grid]\ncurvature = [2.0]\n"),
        (MODEL + "[grid]\ncurvature = []\n", "is empty", MODEL + "[grid]\ncurvature = [2.0]\n"),
        (PROBLEM + "[grid]\ncost.price = [1]\n", "with any value", PROBLEM + "[grid]\ncost.curvature = [1]\n"),
        (PROBLEM + "[grid]\ndomain.upper = [1]\n", "no table 'domain'",
         PROBLEM + "domain = {kind = 'box', upper = 1.0}\n[grid]\ndomain.upper = [2]\n"),
        ("colour = 1\n" + MODEL, "unknown key 'colour'", MODEL + "[grid]\ncurvature = [1]\n"),
        ("replications = 2\n" + MODEL + "[grid]\ncurvature = [1]\n", "add people",
         "people = 9\nreplications = 2\n" + MODEL + "[grid]\ncurvature = [1]\n"),
        ("seed = -1\n" + MODEL + "[grid]\ncurvature = [1]\n", "at least 0",
         "seed = 0\n" + MODEL + "[grid]\ncurvature = [1]\n"),
        (MODEL + "[grid]\ncurvature = {start = 1, n = 2}\n", "give start, stop and n",
         MODEL + "[grid]\ncurvature = {start = 1, stop = 2, n = 2}\n"),
        (MODEL + "[grid]\ncurvature = {start = 1, stop = inf, n = 2}\n", "give a finite number",
         MODEL + "[grid]\ncurvature = {start = 1, stop = 2, n = 2}\n"),
        (MODEL + "[grid]\nweights = [[2.0, 1.0]]\n", "weights sum to 3", MODEL + "[grid]\nweights = [[0.5, 0.5]]\n"),
        ("problem = 'sweep.toml'\n[grid]\nx = [1]\n", "this very file", MODEL + "[grid]\ncurvature = [1]\n"),
        ("people = 3\n[problem]\nkind = 'auction'\nvalues = [[1, 2]]\n[grid]\nvalues.0 = [[1, 2]]\n", "leave it out",
         "[problem]\nkind = 'auction'\nvalues = [[1, 2]]\n[grid]\nvalues.0 = [[1, 2]]\n"),
        ("gap = 0\n" + MODEL + "[grid]\ncurvature = [1]\n", "such as 1e-6",
         "gap = 1e-6\n" + MODEL + "[grid]\ncurvature = [1]\n"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_the_advice_works(run, tmp_path, text, words, mended):
    written(tmp_path, text)
    refused = run("sweep", "sweep.toml")
    assert refused.exit_code == 2, refused.output
    assert refused.stderr.startswith("Error: sweep.toml: ")
    assert words in refused.stderr
    written(tmp_path, mended)
    assert run("sweep", "sweep.toml").exit_code == 0


def test_workers_and_cluster_exclude_each_other(run, tmp_path):
    written(tmp_path, MODEL + "[grid]\ncurvature = [1.0]\n")
    refused = run("sweep", "sweep.toml", "--workers", "2", "--cluster", "tcp://127.0.0.1:9")
    assert refused.exit_code == 2
    assert "--workers and --cluster" in refused.stderr
    assert run("sweep", "sweep.toml", "--workers", "1").exit_code == 0


@pytest.mark.parametrize(
    ("counts", "arguments", "says"),
    [
        ((10_000, 20_000), ("--out", "rows"), "--dry-run says how long"),
        ((1_000, 2_000), (), "--out PATH writes them"),
    ],
)
def test_remedies_are_options_of_the_command(run, tmp_path, counts, arguments, says):
    first, second = ("{start = 0.5, stop = 1, n = %d}" % n for n in counts)  # noqa: UP031  (braces)
    written(tmp_path, PROBLEM + f"[grid]\ncost.curvature = {first}\nserving_cost = {second}\n")
    result = run("sweep", "sweep.toml", *arguments)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "=" not in result.stderr
    assert run("sweep", "sweep.toml", "--dry-run").exit_code == 0


def test_only_arguments_that_are_options_change_words():
    token = OPTIONS.set({"gap": ("--gap", False), "workers": ("--workers", False), "retry": ("--retry", True)})
    said = in_options("n_workers=1, parts='jsonl', retry=True or gap=1e-4; a label is 'gap=3', solve_menu(p, gap=2)")
    OPTIONS.reset(token)
    assert said == "--workers 1, parts='jsonl', --retry or --gap 1e-4; a label is 'gap=3', solve_menu(p, gap=2)"
