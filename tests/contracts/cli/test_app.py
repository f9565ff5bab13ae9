"""The command line: results on stdout, messages on stderr, exit codes that say whose fault it is."""

import doctest
import importlib
import json
import math
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import contracts
from contracts.cli.commands import answering
from contracts.errors import UnwrittenError
from inference.cli import app, main

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "command-line.md"
TWO_TYPES = """
valuations = [[1.0], [2.0]]
weights = [0.75, 0.25]
labels = ["low", "high"]

[cost]
kind = "quadratic"
"""
INFEASIBLE = """
valuations = [[1.0], [2.0]]
reservation_utility = 5.0
participation = "compulsory"
transfers = [0.0, 10.0]
domain = "box"
"""
UNBOUNDED = "valuations = [1.0, 2.0]"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "problem.toml").write_text(TWO_TYPES)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="contracts")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def write_menu(folder, transfer, name="menu.json"):
    (folder / name).write_text(json.dumps({"allocation": [[1.0], [2.0]], "transfer": transfer}))
    return name


# ---- solve ----


def test_solve_prints_the_table_of_the_textbook_menu(folder):
    result = run("solve", "problem.toml")
    assert result.exit_code == 0
    assert result.stdout.startswith("Menu: 2 types, 2 options, value 0.6667, proven bound 0.6667\n")
    assert re.search(
        r"^high +0\.250 +2\.000 +2\.000 +0\.000 +3\.333 +0\.667 +\d +IC -> low$", result.stdout, re.MULTILINE
    )
    assert "IC and IR hold exactly" in result.stdout
    assert result.stderr == ""


def test_solve_saves_what_it_prints_to_the_bit(folder):
    result = run("solve", "problem.toml", "--json", "--out", "menu.json")
    assert result.exit_code == 0
    assert result.stderr == "saved menu.json\n"
    assert json.loads(result.stdout) == contracts.load_menu("menu.json").to_dict()
    assert result.stdout == Path("menu.json").read_text(encoding="utf-8")


def test_solve_passes_gap_and_method_on(folder):
    loose = json.loads(run("solve", "problem.toml", "--gap", "0.01", "--method", "reference", "--json").stdout)
    assert loose["certificate"]["requested_gap"] == 0.01
    assert loose["engine"].startswith("reference")


def test_solve_offers_no_more_options_than_asked_for(folder):
    (folder / "problem.toml").write_text(TWO_TYPES.replace("[0.75, 0.25]", "[0.8, 0.2]"))
    short = json.loads(run("solve", "problem.toml", "--max-options", 1, "--json", "--out", "menu.json").stdout)
    assert len(short["options"]["transfers"]) == 1
    assert short["certificate"]["among"] == "menus of at most 1 option"
    assert short["certificate"]["upper_bound"] == pytest.approx(0.5)
    assert run("verify", "problem.toml", "menu.json").exit_code == 0
    refused = run("solve", "problem.toml", "--max-options", 3)
    assert refused.exit_code == 2
    assert "give at most 2" in refused.stderr


def test_solve_offers_whole_goods_only(folder):
    (folder / "whole.toml").write_text(TWO_TYPES + '\n[domain]\nkind = "box"\nlower = 0.0\nupper = 1.0\n')
    whole = json.loads(run("solve", "whole.toml", "--deterministic", "--json").stdout)
    assert whole["options"]["allocations"] == [[1.0]]
    assert run("solve", "problem.toml", "--deterministic").exit_code == 2


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (INFEASIBLE, "InfeasibleMenuError", "no menu meets together: IR of type '1'"),
        (UNBOUNDED, "UnboundedMenuError", "without limit"),
    ],
)
def test_a_problem_without_a_best_menu_exits_1_and_says_why(folder, problem, kind, words):
    (folder / "problem.toml").write_text(problem)
    result = run("solve", "problem.toml", "--out", "menu.json")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert words in result.stderr
    assert not Path("menu.json").exists()
    as_json = run("solve", "problem.toml", "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["error"]["kind"] == kind
    assert words in json.loads(as_json.stdout)["error"]["message"]
    assert as_json.stderr == ""


def test_a_gap_that_nobody_can_certify_exits_1_with_what_was_reached(folder):
    result = run("solve", "problem.toml", "--gap", "1e-300")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "no menu within a relative gap of 1.0e-300 was certified" in result.stderr
    assert "value 0.666666" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--gap", "2"), "gap is 2.0: give a relative gap between 0 and 1"),
        (("--gap", "nan"), "gap is nan"),
        (("--method", "magic"), "method is 'magic': use one of auto"),
        (("--out", "menu.csv"), "--out menu.csv is written as JSON: end the name in .json"),
        (("--out", "nowhere/menu.json"), "--out nowhere/menu.json lies in nowhere, which is not a folder"),
        (("--report", "page.pdf"), "--report page.pdf is written as HTML: end the name in .html"),
        (("--out", "folder.json"), "--out folder.json is a folder: name a file"),
    ],
)
def test_options_that_make_no_sense_exit_2(folder, arguments, words):
    (folder / "folder.json").mkdir()
    result = run("solve", "problem.toml", *arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    as_json = run("solve", "problem.toml", *arguments, "--json")
    assert as_json.exit_code == 2
    error = json.loads(as_json.stdout)["error"]
    assert error["kind"] == "ProblemError"
    assert words in error["message"]


def test_solve_writes_a_report_that_needs_no_network(folder):
    result = run("solve", "problem.toml", "--report", "page.html")
    assert result.exit_code == 0
    assert result.stderr == "wrote page.html\n"
    page = Path("page.html").read_text(encoding="utf-8")
    assert "<title>problem</title>" in page
    assert page.count("<svg ") == 2
    assert "IC and IR hold exactly" in page
    assert "http" not in page


def test_a_place_that_cannot_be_written_exits_2_before_the_work(folder, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)  # whoever runs the tests may well write everywhere
    result = run("solve", "problem.toml", "--out", "menu.json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: --out menu.json cannot be written: choose a place where you may write\n"


def test_no_command_writes_over_its_input_or_two_results_into_one_file(folder):
    problem = folder / "self.json"
    problem.write_text(json.dumps({"valuations": [1.0, 2.0], "cost": {"kind": "quadratic"}}))
    (folder / "linked.json").hardlink_to(problem)
    kept = problem.read_text()
    pareto = ("pareto", "self.json", "--objectives", "profit,total-surplus")
    for command in (("solve", "self.json"), pareto):
        for name in ("self.json", "./self.json", problem, "linked.json"):
            result = run(*command, "--out", name)
            assert (result.exit_code, result.stdout) == (2, "")
            assert "is read as an input, and would be overwritten: name another file" in result.stderr
    assert problem.read_text() == kept


@pytest.mark.parametrize("as_json", [False, True])
def test_an_output_that_is_full_exits_2_and_says_what_is_full(capsys, as_json):
    with pytest.raises(typer.Exit) as stopped, answering(as_json=as_json):
        raise OSError(28, "No space left on device")  # as standard output does: without a file's name
    assert stopped.value.exit_code == 2
    message = "Error: the output cannot be written: No space left on device; choose another place\n"
    assert capsys.readouterr() == ("", message)


def test_a_reader_that_has_read_enough_is_no_error():
    with pytest.raises(BrokenPipeError), answering(as_json=False):
        raise BrokenPipeError(32, "Broken pipe")


def test_a_disk_that_fails_exits_2_and_the_answer_is_printed(folder, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, "No space left on device", "menu.json")

    monkeypatch.setattr("contracts.menu.menu.Menu.save", fail)
    result = run("solve", "problem.toml", "--out", "menu.json", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["option_of_type"] == [0, 1], "one document: the menu, which is not lost"
    assert result.stderr == "Error: menu.json: No space left on device; choose another place\n"


# ---- verify ----


def test_a_saved_menu_is_verified_with_its_bound(folder):
    run("solve", "problem.toml", "--out", "menu.json", "--gap", "1e-5")
    result = run("verify", "problem.toml", "menu.json")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "IC and IR hold exactly"
    certificate = json.loads(run("verify", "problem.toml", "menu.json", "--json").stdout)
    assert certificate == contracts.load_menu("menu.json").certificate.to_dict()
    assert certificate["requested_gap"] == 1e-5
    assert certificate["relative_gap"] <= 1e-5


def test_a_saved_menu_fails_a_gap_it_does_not_keep(folder):
    run("solve", "problem.toml", "--out", "menu.json")
    result = run("verify", "problem.toml", "menu.json", "--gap", "1e-300")
    assert result.exit_code == 1
    assert "exceeds the 1.0e-300 asked for" in result.stderr


def test_a_menu_saved_for_other_weights_is_checked_and_the_difference_named(folder):
    run("solve", "problem.toml", "--out", "menu.json")
    (folder / "problem.toml").write_text(TWO_TYPES.replace("0.75, 0.25", "0.5, 0.5"))
    result = run("verify", "problem.toml", "menu.json")
    assert result.exit_code == 0
    assert "menu.json was solved for a problem with other weights" in result.stderr
    certificate = json.loads(run("verify", "problem.toml", "menu.json", "--json").stdout)
    assert certificate["requested_gap"] is None
    assert certificate["upper_bound"] == pytest.approx(1.25)  # first best: 1/2 (1/2 + 2)


def test_one_unit_in_the_last_place_breaks_incentive_compatibility(folder):
    # high is indifferent at a transfer of 3: 2 * 2 - 3 = 2 * 1 - 1
    holds = run("verify", "problem.toml", write_menu(folder, [1.0, 3.0]))
    assert holds.exit_code == 0
    assert holds.stdout.startswith("IC and IR hold exactly\n")
    result = run("verify", "problem.toml", write_menu(folder, [1.0, math.nextafter(3.0, 4.0)]))
    assert result.exit_code == 1
    assert result.stdout.startswith("IC fails: high -> low gains 4.44089e-16\n")
    assert result.stderr == (
        "menu.json fails: IC and IR are compared exactly; if it is typed with few digits, pass --tolerance 4.9e-16\n"
    )
    as_json = run("verify", "problem.toml", "menu.json", "--json")
    assert as_json.exit_code == 1
    certificate = json.loads(as_json.stdout)
    assert certificate["holds"] is False
    assert certificate["deviation"] == {"tempted": "high", "tempter": "low", "gain": math.ulp(3.0)}
    assert run("verify", "problem.toml", "menu.json", "--tolerance", "4.9e-16").exit_code == 0


def test_one_unit_in_the_last_place_breaks_participation(folder):
    result = run("verify", "problem.toml", write_menu(folder, [math.nextafter(1.0, 2.0), 3.0]))
    assert result.exit_code == 1
    assert "IR fails: low falls short by 2.22045e-16" in result.stdout


def test_a_menu_outside_the_domain_fails(folder):
    (folder / "problem.toml").write_text(TWO_TYPES + '[domain]\nkind = "box"\nupper = 1.5\n')
    result = run("verify", "problem.toml", write_menu(folder, [1.0, 3.0]))
    assert result.exit_code == 1
    assert "domain (type 'high') is broken by 0.5" in result.stdout
    assert "a constraint besides IC and IR is broken" in result.stderr


def test_a_typed_menu_is_asked_about_the_gap_only_on_request(folder):
    name = write_menu(folder, [1.0, 3.0])
    assert run("verify", "problem.toml", name).exit_code == 0
    result = run("verify", "problem.toml", name, "--gap", "1e-6")
    assert result.exit_code == 1
    assert "exceeds the 1.0e-06 asked for" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tolerance", "-1"), "tolerance is -1.0"),
        (("--tolerance", "nan"), "tolerance is nan"),
        (("--tolerance", "inf"), "tolerance is inf"),
        (("--gap", "nan"), "gap is nan"),
    ],
)
def test_standards_that_make_no_sense_exit_2(folder, arguments, words):
    result = run("verify", "problem.toml", write_menu(folder, [1.0, 3.0]), *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


# ---- demo ----


class Study:
    """What the demo returns, without its work."""

    def __init__(self, holds):
        self.holds = holds

    def __str__(self):
        return "the study"

    def to_dict(self):
        return {"holds": self.holds}


@pytest.mark.parametrize(("holds", "exit_code"), [(True, 0), (False, 1)])
def test_demo_prints_the_study_and_exits_by_its_certificates(folder, monkeypatch, holds, exit_code):
    asked = []
    monkeypatch.setattr(
        "contracts.demo.three_demographics.three_demographics", lambda out: asked.append(out) or Study(holds)
    )
    result = run("demo", "--out", "there")
    assert (result.exit_code, result.stdout) == (exit_code, "the study\n")
    assert ("fails" in result.stderr) is not holds
    assert json.loads(run("demo", "--json").stdout) == {"holds": holds}
    assert asked == [Path("there"), Path("out")]


def test_demo_prints_the_study_though_its_report_cannot_be_written(folder, monkeypatch):
    def full(out):
        raise UnwrittenError("out/page.html cannot be written: No space left on device", reached=Study(holds=True))

    monkeypatch.setattr("contracts.demo.three_demographics.three_demographics", full)
    result = run("demo")
    assert (result.exit_code, result.stdout) == (2, "the study\n")
    assert result.stderr == "Error: out/page.html cannot be written: No space left on device\n"


@pytest.mark.slow
def test_the_study_of_a_report_that_cannot_be_written_is_reached(folder, monkeypatch):
    from contracts.demo.three_demographics import three_demographics

    Path("file").write_text("")
    with pytest.raises(UnwrittenError, match=r"file/three_demographics.html cannot be written") as failed:
        three_demographics("file")
    assert failed.value.reached.holds


def test_demo_refuses_a_file_as_its_folder(folder):
    result = run("demo", "--out", "problem.toml")
    assert result.exit_code == 2
    assert result.stderr == "Error: --out problem.toml is a file: name a folder\n"


# ---- bad input ----

TABLED = '[types]\nfile = "types.csv"\nlabels = "segment"\nweights = "share"\nvaluations = ["speed"]\n'
TABLE = "segment,share,speed\nhome,0.5,1.0\noffice,0.5,2.0\n"
BAD_FILES = {
    "unknown key": (TABLED + "[cost]\nkind = 'quadratic'\ncurvture = 1.0\n", TABLE, "unknown key 'curvture' in cost"),
    "missing column": (TABLED, TABLE.replace("share", "part"), "types.csv has no column 'share': it has 'segment'"),
    "NaN": (TABLED, TABLE.replace("2.0", "NaN"), "types.csv: column 'speed' of type 'office' is 'NaN' in row 2"),
    "empty cell": (TABLED, TABLE.replace("2.0", ""), "types.csv: column 'speed' of type 'office' is empty in row 2"),
    "weights": (TABLED, TABLE.replace("home,0.5", "home,0.7"), "types in types.csv: weights sum to 1.2, not 1"),
    "labels": (TABLED, TABLE.replace("office", "home"), "column 'segment' repeats 'home' in rows 1 and 2"),
    "not TOML": ("valuations = = 1", TABLE, "problem.toml is not TOML"),
    "empty file": ("", TABLE, "problem.toml is empty"),
    "empty table": (TABLED, "", "types.csv is not a readable csv table"),
}


@pytest.mark.parametrize(("problem", "table", "words"), BAD_FILES.values(), ids=BAD_FILES)
@pytest.mark.parametrize("command", [("solve",), ("verify", "menu.json")], ids=["solve", "verify"])
def test_bad_files_exit_2_and_name_the_place(folder, command, problem, table, words):
    (folder / "problem.toml").write_text(problem)
    (folder / "types.csv").write_text(table)
    verb, *rest = command
    result = run(verb, "problem.toml", *rest)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: problem.toml")
    assert words in result.stderr
    as_json = run(verb, "problem.toml", *rest, "--json")
    assert as_json.exit_code == 2
    assert json.loads(as_json.stdout) == {
        "error": {"kind": "ProblemError", "message": result.stderr[len("Error: ") : -1]}
    }


def test_missing_files_and_folders_exit_2(folder):
    (folder / "folder.toml").mkdir()
    assert "nothing.toml cannot be read: No such file or directory" in run("solve", "nothing.toml").stderr
    assert "folder.toml cannot be read: Is a directory" in run("solve", "folder.toml").stderr
    assert "folder.toml is not a menu that can be read" in run("verify", "problem.toml", "folder.toml").stderr
    for arguments in (("solve", "nothing.toml"), ("solve", "folder.toml"), ("verify", "problem.toml", "nothing.csv")):
        assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [("solve",), ("bake",), ("solve", "problem.toml", "--gap", "small"), ("--nope",)])
def test_a_command_line_that_cannot_be_understood_exits_2_on_stderr(folder, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage: contracts" in result.stderr


# ---- as a program ----


def test_the_installed_program_has_the_commands_of_both_packages():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    module, function = scripts["contracts"].split(":")
    assert getattr(importlib.import_module(module), function) is main
    assert {"solve", "verify", "demo", "infer"} <= set(commands())


def program(*arguments, **options):
    command = [sys.executable, "-m", "contracts", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **options)


def test_the_program_solves_the_example(tmp_path):
    done = program("solve", str(ROOT / "examples" / "broadband.toml"), "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    menu = json.loads(done.stdout)
    assert menu["labels"] == ["light", "family", "gamer", "home office", "studio"]
    assert menu["certificate"]["holds"] is True
    assert list(tmp_path.iterdir()) == []


def test_the_program_exits_1_and_2(folder):
    failing = program("verify", "problem.toml", write_menu(folder, [1.0, 3.5]), cwd=folder)
    assert failing.returncode == 1
    assert failing.stdout.startswith("IC fails: high -> low gains 0.5\n")
    missing = program("solve", "nothing.toml", cwd=folder)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr == "Error: nothing.toml cannot be read: No such file or directory\n"


def test_help_and_version_load_no_solver(folder):
    heavy = {"cvxpy", "pandas", "pyarrow", "sympy", "matplotlib"}
    code = (
        "import sys, inference.cli\ntry: inference.cli.main()\n"
        f"finally: print('loaded', *({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    for option, start in (("--help", "Usage: contracts"), ("--version", f"contracts {contracts.__version__}")):
        done = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True, check=True)
        assert start in done.stdout
        assert done.stderr == "loaded\n"


# ---- the page ----


IN_TESTS_OF_THEIR_OWN = {"simulate societal", "explore"}  # what they print takes too long here, or never ends


def commands():
    """Commands by name; those of a group by both words."""
    found = {}
    for name, command in typer.main.get_command(app).commands.items():
        inner = getattr(command, "commands", None)
        found |= {name: command} if inner is None else {f"{name} {verb}": one for verb, one in inner.items()}
    return found


def test_every_command_and_option_is_documented():
    page = PAGE.read_text(encoding="utf-8")
    for name, command in commands().items():
        assert f"\n## `contracts {name}`\n" in page
        section = page.split(f"\n## `contracts {name}`\n")[1].split("\n## ")[0]
        for option in (option for parameter in command.params for option in parameter.opts if option.startswith("--")):
            assert option in section, f"contracts {name} {option} is not documented"


def test_every_command_shows_an_example_in_its_help():
    for name in commands():
        result = run(*name.split(), "--help")
        assert result.exit_code == 0
        assert f"Example: contracts {name} " in result.stdout


FILE = re.compile(r"`([\w-]+\.(?:csv|toml|json))`[^`]*\n\n```(?:csv|toml|json)\n(.*?)```", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
ENGINE = re.compile(r"gap \d\.\de-(?:0[6-9]|\d\d)(?:; engine .*)?")  # how close, and which engine: not promised


@pytest.mark.slow
def test_the_page_is_true(tmp_path, monkeypatch):
    page = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    files = dict(FILE.findall(page))
    assert len(files) == len(re.findall(r"```(?:csv|toml|json)\n", page))
    for name, content in files.items():
        Path(name).write_text(content, encoding="utf-8")
        if (ROOT / "examples" / name).exists():
            assert (ROOT / "examples" / name).read_text(encoding="utf-8") == content
    exit_code, ran = None, set()
    for block in CONSOLE.findall(page):
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, expected = step.partition("\n")
            if line == "echo $?":
                assert f"{exit_code}\n" == expected
                continue
            program_name, *arguments = shlex.split(line)
            assert program_name == "contracts"
            result = run(*arguments)
            exit_code = result.exit_code
            ran |= {arguments[0], " ".join(arguments[:2])}
            shown, printed = ENGINE.sub("gap", expected), ENGINE.sub("gap", result.output)
            if not doctest.OutputChecker().check_output(shown, printed, doctest.ELLIPSIS):
                assert shown == printed, line
    assert ran | IN_TESTS_OF_THEIR_OWN >= set(commands())


# ---- audit ----


def test_audit_says_what_is_wrong_and_saves_the_cure(folder):
    write_menu(folder, [1.0, 3.25])
    result = run("audit", "menu.json", "--problem", "problem.toml", "--repaired", "cure.json", "--report", "audit.html")
    assert result.exit_code == 1
    assert "gains 0.25" in result.stdout
    assert result.stderr.startswith("saved cure.json\nwrote audit.html\n")
    assert run("verify", "problem.toml", "cure.json").exit_code == 0
    assert "The smallest cure" in Path("audit.html").read_text(encoding="utf-8")
    told = json.loads(run("audit", "menu.json", "--problem", "problem.toml", "--json").stdout)
    assert told["repaired"]["transfer"] == [1.0, 3.0]
    assert told["envy"][0]["gain"] == 0.25


def test_a_price_list_needs_prices_and_may_need_no_names(folder):
    (folder / "list.csv").write_text("amount\n1\n2\n")
    result = run("audit", "list.csv", "--problem", "problem.toml")
    assert result.exit_code == 2
    assert "add a column 'price'" in result.stderr
    good = contracts.cli.problem_files.read_problem("problem.toml").goods[0]
    (folder / "list.csv").write_text(f"{good},price\n1,1\n2,3\n")
    assert run("audit", "list.csv", "--problem", "problem.toml").exit_code == 0


def test_columns_of_a_table_are_named_as_people_name_them(folder):
    problem = 'valuations = [1.0, 2.0]\nlabels = ["low", "high"]\ngoods = ["speed"]\n[cost]\nkind = "quadratic"\n'
    (folder / "plans.toml").write_text(problem)

    def audited(table):
        (folder / "list.csv").write_text(table)
        return run("audit", "list.csv", "--problem", "plans.toml")

    rows = "low,0.5,0.5\nhigh,2,3.75\n"
    plain = audited(f"type,speed,transfer\n{rows}")
    assert plain.exit_code == 1
    for head in ("Type, SPEED ,Transfer", "TYPE,speed,Price", "who,speed,price"):
        again = audited(f"{head}\n{rows}")
        assert (again.exit_code, again.stdout) == (plain.exit_code, plain.stdout), head
    for table, reason in (
        ("plan,speed,transfer,price\nbasic,1,1,2\n", "says in two ways what is paid, by 'transfer' and 'price'"),
        ("plan,speed,worth\nbasic,1,1\n", "add a column 'price'; it has 'plan', 'speed', 'worth'"),
        (
            "plan,speed,List Price,Sale Price\nbasic,1,1,1\n",
            "'List Price', 'Sale Price': call the one that is paid 'price'",
        ),
        ("plan,size,price\nbasic,1,1\n", "has no column 'speed': it has 'plan', 'size', 'price'"),
        ("plan,SPEED,Speed,price\nbasic,1,1,1\n", "has no column 'speed'"),  # which of the two?
        ("type,speed,cost\nlow,1,1\nhigh,1,1\n", "has no column 'transfer'"),
    ):
        found = audited(table)
        assert found.exit_code == 2, table
        assert reason in found.stderr
    assert audited("plan,speed,transfer,Price\nbasic,1,1.0,1\n").exit_code == 0  # the same, twice


@pytest.mark.parametrize(
    "table",
    [
        "plan,speed,Monthly Price\nbasic,0.5,0.5\nplus,1,1250\n",
        'plan,speed,monthly_fee_usd\nbasic,0.5,$0.50\nplus,1,"$1,250.00"\n,,\n',
        "plan;speed;Preis\nbasic;0,5;€ 0,50\nplus;1;€ 1.250,00\n",
        "plan,GB,price\nbasic,0.5,0.50 EUR\nplus,1,1250 EUR\n",
    ],
)
def test_price_lists_are_read_as_people_have_them(folder, table):
    problem = 'valuations = [1.0, 4000.0]\nlabels = ["low", "high"]\n[cost]\nkind = "quadratic"\n'
    (folder / "plans.toml").write_text(problem)
    (folder / "list.csv").write_text(table)
    result = run("audit", "list.csv", "--problem", "plans.toml", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["takes"] == {"low": "basic", "high": "plus"}
    assert found["value"] == pytest.approx(0.5 * (0.5 - 0.125) + 0.5 * (1250 - 0.5))


def test_amounts_of_a_good_without_a_name_are_not_guessed(folder):
    (folder / "plans.toml").write_text("valuations = [1.0, 2.0]\n[cost]\nkind = 'quadratic'\n")
    (folder / "list.csv").write_text("plan,speed,storage,price\nbasic,1,1,1\n")
    result = run("audit", "list.csv", "--problem", "plans.toml")
    assert result.exit_code == 2
    assert "may be in any of 'speed', 'storage': call it '0'" in result.stderr


# ---- mechanism ----


def test_mechanism_solves_saves_and_names_conflicts(folder):
    (folder / "auction.toml").write_text('kind = "auction"\nvalues = [[1, 2], [1, 2]]\n')
    result = run("mechanism", "auction.toml", "--out", "auction.json")
    assert result.exit_code == 0
    assert "value 1.5, proven bound 1.5" in result.stdout
    assert json.loads((folder / "auction.json").read_text())["certificate"]["holds"]
    trade = 'budget = "balanced"\nvalues = [[[0, 0], [0, -4]], [[0, 1], [0, 5]]]\n'
    (folder / "trade.toml").write_text(trade + 'outcome = [[1, 1], [0, 1]]\nagents = ["seller", "buyer"]\n')
    result = run("mechanism", "trade.toml", "--json")
    assert result.exit_code == 1
    assert "the budget (balanced)" in json.loads(result.stdout)["error"]["message"]
    (folder / "odd.toml").write_text(trade + "colour = 1\n")
    result = run("mechanism", "odd.toml")
    assert result.exit_code == 2
    assert "unknown key 'colour'" in result.stderr


def test_an_auction_for_bidders_who_are_alike_is_solved_saved_and_described(folder):
    asked = 'kind = "symmetric auction"\nvalues = [1, 2]\nn_bidders = 2\n'
    row = '[[constraints]]\nkind = "linear"\nallocation = [0, 1]\nupper = 0.5\nname = "cap"\n'
    (folder / "alike.toml").write_text(asked + row)
    result = run("mechanism", "alike.toml", "--out", "alike.json")
    assert result.exit_code == 0, result.output
    assert "value 1, proven bound 1" in result.stdout
    assert contracts.load_mechanism("alike.json").prices.keys() == {"cap"}
    assert "bidders who are alike" in run("validate", "alike.toml").stdout
    assert run("solve", "alike.toml", "--report", "alike.html").exit_code == 0
    (folder / "odd.toml").write_text(asked + "colour = 1\n")
    result = run("mechanism", "odd.toml")
    assert result.exit_code == 2
    assert "unknown key 'colour'" in result.stderr


def test_an_auction_of_several_goods_is_solved_saved_and_described(folder):
    asked = 'kind = "additive auction"\nvalues = [[1, 1], [1, 2], [2, 1], [2, 2]]\nn_bidders = 2\n'
    (folder / "goods.toml").write_text(asked)
    result = run("mechanism", "goods.toml", "--out", "goods.json")
    assert result.exit_code == 0, result.output
    assert "value 3.188, proven bound 3.188" in result.stdout
    assert contracts.load_mechanism("goods.json").value == 3.1875
    assert "an auction of several goods" in run("validate", "goods.toml").stdout


# ---- face ----


def test_face_says_what_the_best_menus_share_and_saves_the_agents_best(folder):
    ties = 'valuations = [1.0, 2.0]\nlabels = ["low", "high"]\n[domain]\nkind = "box"\nlower = 0.0\nupper = 1.0\n'
    (folder / "ties.toml").write_text(ties)
    assert run("solve", "ties.toml", "--out", "menu.json").exit_code == 0
    result = run("face", "menu.json", "--agents", "kind.json")
    assert result.exit_code == 0
    assert result.stderr == "saved kind.json\n"
    assert "no room in any: IC high -> low, IR low" in result.stdout
    assert contracts.load_menu("kind.json").transfer == pytest.approx([1.0, 1.0])
    told = json.loads(run("face", "menu.json", "--json").stdout)
    assert told["unique"] == [[False], [True]]
    assert run("face", "menu.json", "--gap", "-1").exit_code == 2
    assert run("face", "ties.toml").exit_code == 2
    assert run("face", "menu.json", "--agents", "menu.json").exit_code == 2


# ---- pareto ----


def test_pareto_prints_saves_and_reports_the_front(folder):
    arguments = ("pareto", "problem.toml", "--objectives", "profit,total-surplus", "--gap", "0.02")
    result = run(*arguments, "--out", "front.json", "--report", "report.html", "--json")
    assert result.exit_code == 0
    assert result.stderr == "saved front.json\nwrote report.html\n"
    front = contracts.load_front("front.json")
    assert json.loads(result.stdout) == front.to_dict()
    assert front.gap <= 0.02
    page = Path("report.html").read_text(encoding="utf-8")
    assert page.count("<circle") == len(front)
    assert "http" not in page.replace('xmlns="http', "")
    data = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    assert data["points"] == front.points.tolist()
    assert data["said"] == [str(front.point(k)) for k in range(len(front))]


def test_pareto_says_when_time_ran_out(folder):
    result = run("pareto", "problem.toml", "--objectives", "profit,total-surplus", "--time-limit", "1e-9")
    assert result.exit_code == 1
    assert "stopped early" in result.stdout
    assert "not certified to the gap" in result.stderr
    searched = run("pareto", "problem.toml", "--objectives", "profit,number-of-options", "--time-limit", "1e-9")
    assert searched.exit_code == 1
    assert "search, stopped early" in searched.stdout
    assert searched.stderr == "the front was stopped early\n"


def test_pareto_searches_where_it_must(folder):
    arguments = ("pareto", "problem.toml", "--objectives", "profit,number-of-options", "--time-limit", "1e-9")
    result = run(*arguments, "--checkpoint", "search.npz", "--json")
    front = json.loads(result.stdout)
    assert front["method"] == "search"
    assert front["gap"] is None
    assert Path("search.npz").exists()


@pytest.mark.parametrize(
    ("objectives", "message"),
    [
        ("profit", "objectives has 1 entries"),
        ("profit,joy", "no objective 'joy': there are profit, total-surplus, worst-off"),
        ("profit,surplus:nobody", "names no type 'nobody': there are 'low', 'high'"),
        ("profit,harm:joy=1", "names no good 'joy': there are '0'"),
        ("profit,harm:0=much", "the harm of '0' is 'much': give a number"),
        ("profit,surplus:low+high", "is unbounded on the feasible set"),
    ],
)
def test_pareto_refuses_objectives_that_make_no_sense(folder, objectives, message):
    result = run("pareto", "problem.toml", "--objectives", objectives)
    assert result.exit_code == 2
    assert message in result.stderr
