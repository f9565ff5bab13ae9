"""contracts infer: the library's posterior on files, with exit codes, for one menu and for several."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import contracts
import inference
from contracts.cli.problem_files import read_problem
from inference.cli import app

CHOICES = "user,option\nann,0\nann,-1\nbob,1\nbob,1\ncarla,1\ncarla,0\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    menu = contracts.solve_menu([1.0, 2.0], [0.75, 0.25], cost=contracts.Quadratic(), labels=("low", "high"))
    menu.save("menu.json")
    Path("choices.csv").write_text(CHOICES)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, ["infer", *map(str, arguments)], prog_name="contracts")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def expected(**options):
    menu = contracts.load_menu("menu.json")
    return inference.infer_types(menu, "choices.csv", **options)


def test_the_posterior_is_printed_and_saved_as_the_library_has_it(folder):
    result = run("menu.json", "choices.csv", "--temperature", "0.5", "--out", "posterior.json")
    posterior = expected(choice_model=inference.Logit(0.5))
    assert result.exit_code == 0
    assert result.stderr == "saved posterior.json\n"
    assert result.stdout == f"{posterior}\n\n{posterior.population}\n"
    assert json.loads(Path("posterior.json").read_text()) == posterior.to_dict()
    as_json = run("menu.json", "choices.csv", "--temperature", "0.5", "--json")
    assert as_json.stdout == Path("posterior.json").read_text()
    assert as_json.stderr == ""


def test_several_temperatures_are_a_grid(folder):
    record = json.loads(
        run("menu.json", "choices.csv", "--temperature", "0.1", "--temperature", "0.5", "--json").stdout
    )
    posterior = expected(choice_model=[inference.Logit(0.1), inference.Logit(0.5)])
    assert [one["model"] for one in record["choice_models"]] == ["Logit(temperature=0.1)", "Logit(temperature=0.5)"]
    np.testing.assert_array_equal(
        [one["probability"] for one in record["choice_models"]], posterior.model_probabilities
    )


def test_trembles_are_around_best_responses_or_logit(folder):
    steady = json.loads(run("menu.json", "choices.csv", "--tremble", "0.1", "--json").stdout)
    assert steady == expected(choice_model=inference.Tremble(0.1)).to_dict()
    noisy = json.loads(run("menu.json", "choices.csv", "--tremble", "0.1", "--temperature", "1", "--json").stdout)
    assert noisy == expected(choice_model=inference.Tremble(0.1, inference.Logit(1.0))).to_dict()


def test_the_next_problem_has_the_learned_weights(folder):
    result = run("menu.json", "choices.csv", "--temperature", "0.5", "--next", "next.json")
    assert result.stderr == "saved next.json\n"
    problem, old = read_problem("next.json"), contracts.load_menu("menu.json").problem
    learned = expected(choice_model=inference.Logit(0.5)).population.smoothed
    np.testing.assert_array_equal(problem.weights, learned)
    np.testing.assert_array_equal(problem.valuations, old.valuations)
    assert tuple(problem.labels) == ("low", "high")


def test_choices_from_several_menus_name_them(folder):
    first = contracts.load_menu("menu.json")
    second = contracts.solve_menu([1.0, 2.0], [0.2, 0.8], cost=contracts.Quadratic(), labels=("low", "high"))
    second.save("autumn.json")
    Path("choices.csv").write_text("user,option,menu\nann,0,menu\nann,0,autumn\nbob,-1,autumn\n")
    record = json.loads(run("menu.json", "autumn.json", "choices.csv", "--temperature", "0.5", "--json").stdout)
    menus = {"menu": first, "autumn": second}
    assert record == inference.infer_types(menus, "choices.csv", choice_model=inference.Logit(0.5)).to_dict()
    assert "say which row is whose" in error(folder, "menu.json", "autumn.json", choices=CHOICES)


def test_intervals_are_drawn_on_demand(folder):
    options = ("menu.json", "choices.csv", "--temperature", "0.5", "--intervals", "--seed", "4")
    draws = expected(choice_model=inference.Logit(0.5)).population.gibbs(rng=np.random.default_rng(4))
    assert run(*options).stdout.endswith(f"\n\n{draws}\n")
    record = json.loads(run(*options, "--json").stdout)["population"]["draws"]
    assert record["interval"] == draws.interval().tolist()
    assert record["mean"] == draws.mean.tolist()


def test_misfits_are_tested_on_demand(folder):
    rows = "".join(f"odd,{option}\n" * 15 for option in (0, 1, -1)) + "low,0\nlow,-1\n" * 15
    Path("choices.csv").write_text(f"user,option\n{rows}")
    options = ("menu.json", "choices.csv", "--temperature", "0.1", "--misfit")
    result = run(*options)
    assert "Misfit: no type explains 1 of 2 users (false discovery rate 0.05)" in result.stdout
    record = json.loads(run(*options, "--seed", "3", "--json").stdout)
    tested = expected(choice_model=inference.Logit(0.1)).misfit(rng=np.random.default_rng(3))
    assert record["misfit"]["p_value"] == tested.p_value.tolist()


def error(folder, *arguments, choices=None):
    """The message, once in plain text and once as JSON, with exit code 2."""
    if choices is not None:
        Path("choices.csv").write_text(choices)
        arguments = (*arguments, "choices.csv")
    plain = run(*arguments)
    assert (plain.exit_code, plain.stdout) == (2, "")
    as_json = run(*arguments, "--json")
    assert as_json.exit_code == 2
    document = json.loads(as_json.stdout)["error"]
    assert document["kind"] == "ProblemError"
    assert plain.stderr == f"Error: {document['message']}\n"
    return plain.stderr


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ("user,option\nann,7\n", "choices.csv: user ann took option 7 in row 1: the menu offers options 0 to 1"),
        ("user,choice\nann,0\n", "choices.csv has no column 'option'"),
        ("user,option\nann,first\n", "column 'option' is 'first' in row 1"),
        ("user,option\nann,1\nann,-1\n", "user ann took option -1, the outside option, in row 2, which no type does"),
    ],
)
def test_bad_choices_exit_2_and_name_the_place(folder, choices, words):
    assert words in error(folder, "menu.json", choices=choices)


def test_bad_options_exit_2(folder):
    assert "choices.csv is alone: name the menu file first" in error(folder, "choices.csv")
    assert "nothing.json" in error(folder, "nothing.json", "choices.csv")
    assert "temperature is -1.0" in error(folder, "menu.json", "choices.csv", "--temperature", "-1")
    assert "rate is 2.0" in error(folder, "menu.json", "choices.csv", "--tremble", "2")
    assert "--out x.csv is written as JSON" in error(folder, "menu.json", "choices.csv", "--out", "x.csv")
    assert "--next x.toml is written as JSON" in error(folder, "menu.json", "choices.csv", "--next", "x.toml")
    assert "two menu files have the same name" in error(folder, "menu.json", "./menu.json", "choices.csv")


def test_no_input_is_overwritten_and_every_result_has_its_own_file(folder):
    menu = Path("menu.json").read_text()
    given = ("menu.json", "choices.csv", "--temperature", "2")
    words = "is read as an input, and would be overwritten: name another file"
    assert f"--out menu.json {words}" in error(folder, *given, "--out", "menu.json")
    assert f"--next ./menu.json {words}".replace("./", "") in error(folder, *given, "--next", "./menu.json")
    same = error(folder, *given, "--out", "same.json", "--next", "same.json")
    assert "--next same.json is the file of --out too" in same
    assert Path("menu.json").read_text() == menu
    Path("log").mkdir()
    Path("log/part.parquet").touch()
    for choices in ("log", "log/*.parquet", "log/part.parquet"):
        assert f"--out log/part.parquet {words}" in error(folder, "menu.json", choices, "--out", "log/part.parquet")


# ---- large logs ----


def test_a_large_log_goes_to_parquet_and_its_bad_rows_are_shown(folder):
    pd = pytest.importorskip("pandas")
    Path("log.csv").write_text(CHOICES + "dan,7\ndan\n")
    result = run("menu.json", "log.csv", "--temperature", "0.5", "--out", "posteriors.parquet")
    posterior = expected(choice_model=inference.Logit(0.5))
    assert result.exit_code == 0, result.stderr
    assert result.stderr == "saved posteriors.parquet\n"
    assert "rows used                 6  3 users\nrows refused              2  25 %" in result.stdout
    table = pd.read_parquet("posteriors.parquet").set_index("user")
    assert table["most_probable"].tolist() == posterior.map.tolist()
    np.testing.assert_allclose(table["probability[low]"], posterior.probabilities[:, 0])
    record = json.loads(
        run("menu.json", "log.csv", "--temperature", "0.5", "--out", "posteriors.parquet", "--json").stdout
    )
    assert (record["log"]["rows_read"], record["log"]["rows_used"], record["n_users"]) == (8, 6, 3)
    assert {one["reason"]: one["rows"] for one in record["log"]["refused"]} == {
        "option not on the menu": 1,
        "wrong number of fields": 1,
    }
    assert record["log_evidence"] == pytest.approx(posterior.log_evidence)


def test_separators_of_a_log_are_settled_by_an_option(folder):
    pytest.importorskip("ibis")
    Path("log.csv").write_text('user,option\nann,0\nann,"1,000"\n')
    options = ("menu.json", "log.csv", "--temperature", "0.5", "--out", "posteriors.parquet")
    asked, settled = run(*options), run(*options, "--decimal", ",")
    assert "pass decimal=" in asked.stdout
    assert "rows used     2" in settled.stdout
    assert "decimal is ';'" in run(*options, "--decimal", ";").stderr
    assert "--decimal , is about logs" in run("menu.json", "choices.csv", "--decimal", ",").stderr


def test_a_seed_that_is_negative_is_refused(folder):
    result = run("menu.json", "choices.csv", "--temperature", "0.5", "--misfit", "--seed", "-1")
    assert result.exit_code == 2
    assert "--seed is -1: give a whole number that is not negative" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--next", "next.json"], "holds users only: for --next, --misfit or --intervals save to .json"),
        (["--misfit"], "holds users only"),
        (["--intervals"], "holds users only"),
        (["--temperature", "1"], "2 temperatures and --out posteriors.parquet: give one"),
    ],
)
def test_what_needs_all_users_at_once_is_refused_for_large_logs(options, message, folder):
    result = run("menu.json", "choices.csv", "--temperature", "0.5", "--out", "posteriors.parquet", *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("posteriors.parquet").exists()
