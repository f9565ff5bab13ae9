"""Examples to begin with, files that name a model or hide an action, and what a file was understood to mean."""

import json
import re

import numpy as np
import pytest
from typer.testing import CliRunner

import contracts
from contracts.cli.app import METHODS, app
from contracts.cli.problem_files import read_problem
from contracts.cli.reading import read_any
from contracts.cli.start.templates import TEMPLATES
from contracts.cli.textbook import known_models
from contracts.solve import METHODS as KNOWN

SMALL = {  # arguments with which every model states a problem
    "countervailing": "marginal_costs = [1.0, 2.0]\nfixed_costs = [2.0, 1.0]\ndemand_intercept = 5.0",
    "credit_rationing": "success_probabilities = [0.9, 0.6]\nreturns = [2.0, 2.6]\nfunds = 1.0\ncollateral = 0.5",
    "damaged_goods": "values = [1.0, 3.0]\ndamaged_values = [0.9, 1.5]",
    "delegation": "utility_matrix = [[0.0, 1.0], [1.0, 0.0]]\nreference = [0.5, 0.5]\ntemperature = 0.5",
    "income_tax": "skills = [1.0, 2.0]\nwelfare_function = {kind = 'Isoelastic', aversion = 2.0}",
    "insurance": "loss_probabilities = [0.1, 0.4]\nwealth = 3.0\nloss = 2.0\nutility = 'log'",
    "lotteries": "utility_matrix = [[0.0, 1.0], [1.0, 0.5]]",
    "maskin_riley": "types = [1.0, 2.0]",
    "multiproduct": "types = [[1.0, 2.0], [2.0, 1.0]]\ngoods = ['left', 'right']",
    "mussa_rosen": "types = [1.0, 2.0]\nlabels = ['low', 'high']\nparticipation = 'compulsory'",
    "optimal_auction": "values = [[1.0, 2.0], [2.0, 1.0]]\ndemand = 'unit'",
    "persuasion_menu": "thresholds = [0.3, 0.6]\nstates = [0.0, 0.5, 1.0]",
    "random_participation": "types = [1.0, 2.0]\noutside_options = [0.0, 0.5]",
    "regulation": "marginal_costs = [1.0, 2.0]\ndemand_intercept = 5.0",
    "sequential_screening": "value_probabilities = [[0.5, 0.5], [0.2, 0.8]]\nvalues = [1.0, 2.0]\nunit_cost = 0.5",
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, arguments)


def written(folder, text, name="problem.toml"):
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("kind", TEMPLATES)
def test_every_example_is_a_problem_that_is_solved_with_a_proof(run, kind):
    assert run("new", kind).exit_code == 0
    said = run("validate", f"{kind}.toml")
    assert said.exit_code == 0, said.output
    solved = run("solve", f"{kind}.toml", "--json", "--report", "report.html")
    assert solved.exit_code == 0, solved.output
    assert json.loads(solved.stdout)["schema"]


def test_the_comments_of_the_screening_example_are_true(run, tmp_path):
    """What is commented out is read when it is not."""
    lines = TEMPLATES["screening"].splitlines()
    text = "\n".join(re.sub("^# (?=transfers|\\[\\[|kind|good|upper)", "", line) for line in lines)
    problem = read_problem(written(tmp_path, text))
    assert len(problem.constraints) == 1
    assert problem.transfers != "free"


def test_no_file_is_written_over_and_unknown_kinds_are_refused(run, tmp_path):
    written(tmp_path, "mine", "screening.toml")
    assert run("new", "screening").exit_code == 2
    assert (tmp_path / "screening.toml").read_text() == "mine"
    refused = run("new", "menu")
    assert refused.exit_code == 2
    assert "the kinds are screening" in refused.output


@pytest.mark.parametrize("name", known_models())
def test_every_model_can_be_named_and_is_what_the_function_states(tmp_path, name):
    found = read_problem(written(tmp_path, f"[model]\nname = '{name}'\n{SMALL[name]}\n"))
    assert isinstance(found, contracts.ScreeningProblem)
    assert found.n_types in (2, 4)  # random participation has a type for every taste and outside option


def test_a_named_model_is_the_problem_of_the_function(tmp_path):
    found = read_problem(written(tmp_path, f"[model]\nname = 'income_tax'\n{SMALL['income_tax']}\n"))
    stated = contracts.models.income_tax([1.0, 2.0], welfare_function=contracts.Isoelastic(2.0))
    assert contracts.solve_menu(found).value == contracts.solve_menu(stated).value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model = 'mussa_rosen'", "give a table with a name"),
        ("[model]\nname = 'mussa'", "model.name is 'mussa': the models are"),
        ("[model]\ntypes = [1.0]", "model.name is None"),
        (
            "[model]\nname = 'mussa_rosen'\ntypes = [1.0]\nskill = 2",
            "unknown key 'skill' in model",
        ),
        ("[model]\nname = 'mussa_rosen'", "model mussa_rosen lacks 'types'"),
        ("[model]\nname = 'mussa_rosen'\ntypes = ['a']", "types"),
        ("weights = [1.0]\n[model]\nname = 'mussa_rosen'\ntypes = [1.0]", "put arguments under [model]"),
        (
            "[model]\nname = 'income_tax'\nskills = [1.0]\nwelfare_function = {kind = 'log'}",
            "kinds are isoelastic",
        ),
        ("[model]\nname = 'insured_consumption'", "model.name is 'insured_consumption'"),
        ("outcome_probabilities = [[1.0]]\noutput = [1.0]", "effort_cost"),
        ("outcome_probabilities = [[1.0]]\noutput = ['1']\neffort_cost = [0.0]", "give a number, without quotes"),
        ("outcome_probabilities = [[1.0]]\noutput = [1.0]\neffort_cost = [0.0]\nmenu = 1", "unknown key 'menu'"),
        (
            "outcome_probabilities = [[1.0]]\noutput = [1.0]\neffort_cost = [0.0]\nutility = 'quadratic'",
            "known kinds are",
        ),
    ],
)
def test_files_that_make_no_sense_exit_2_and_name_the_place(run, tmp_path, text, words):
    written(tmp_path, text)
    for command in ("validate", "solve"):
        refused = run(command, "problem.toml")
        assert refused.exit_code == 2, refused.output
        assert "problem.toml: " in refused.output
        assert words in refused.output


def test_hidden_action_is_read_as_it_is_meant_and_refused_where_menus_are_meant(run, tmp_path):
    problem = read_any(written(tmp_path, TEMPLATES["hidden-action"]))
    assert problem.highest_wage.tolist() == [np.inf, np.inf]
    assert problem.actions == ("shirk", "work")
    for arguments in (
        ("pareto", "problem.toml", "--objectives", "profit,surplus"),
        ("verify", "problem.toml", "menu.csv"),
    ):
        refused = run(*arguments)
        assert refused.exit_code == 2
        assert "describes hidden action" in refused.output
    refused = run("solve", "problem.toml", "--max-options", "2")
    assert "--max-options is about menus" in refused.output


@pytest.mark.parametrize("spelled", ["non_negative", "NonNegative", "nonnegative", "non-negative", "Non Negative"])
def test_kinds_may_be_spelled_as_people_do(tmp_path, spelled):
    text = f"valuations = [[1.0]]\n[cost]\nkind = 'Quadratic'\n[domain]\nkind = '{spelled}'\n"
    assert isinstance(read_problem(written(tmp_path, text)).domain, contracts.NonNegative)


def test_quiet_leaves_the_answer_and_errors(run, tmp_path):
    written(tmp_path, TEMPLATES["pricing"])
    loud, quiet = (run(*arguments, "solve", "problem.toml", "--out", "m.json") for arguments in ((), ("--quiet",)))
    assert "saved m.json" in loud.stderr
    assert quiet.stderr == ""
    assert quiet.stdout == loud.stdout
    assert "cannot be read" in run("--quiet", "solve", "nowhere.toml").stderr


def test_the_methods_that_help_lists_are_those_there_are():
    assert tuple(METHODS.split("|")) == KNOWN
