"""Problem and menu files: what is read, and what is refused in which words."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from contracts import (
    Box,
    Entropy,
    LinearConstraint,
    ProblemError,
    Quadratic,
    ScreeningProblem,
    Simplex,
    Welfare,
    solve_menu,
)
from contracts.cli.menu_files import certify_file, read_menu
from contracts.cli.problem_files import read_problem
from contracts.problem.records import KINDS, to_record

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "broadband.toml"
TABLE = "segment, share, speed, storage, harm, outside\nhome,0.25,1.5,0.5,-1,0.1\noffice,0.75,2.5,3.5,-2,0.2\n"
TYPES = """
[types]
file = "types.csv"
labels = "segment"
weights = "share"
valuations = ["speed", "storage"]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "types.csv").write_text(TABLE)
    return tmp_path


def problem_from(text, name="problem.toml"):
    Path(name).write_text(text, encoding="utf-8")
    return read_problem(name)


def refusal(text, name="problem.toml"):
    with pytest.raises(ProblemError) as refused:
        problem_from(text, name)
    assert str(refused.value).startswith(name)
    return str(refused.value)


# ---- problems that are read ----


def test_types_come_from_the_columns_of_a_table(folder):
    problem = problem_from(TYPES + "reservation_utility = 'outside'\nprincipal_values = ['harm', 'harm']\n")
    assert problem.labels == ("home", "office")
    assert problem.goods == ("speed", "storage")
    assert problem.weights.tolist() == [0.25, 0.75]
    assert problem.valuations.tolist() == [[1.5, 0.5], [2.5, 3.5]]
    assert problem.reservation_utility.tolist() == [0.1, 0.2]
    assert problem.principal_values.tolist() == [[-1.0, -1.0], [-2.0, -2.0]]


def test_the_table_lies_next_to_the_problem_file_not_where_the_user_stands(folder, tmp_path_factory, monkeypatch):
    problem_from(TYPES)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert read_problem(folder / "problem.toml").labels == ("home", "office")


def test_parquet_holds_the_same_problem_as_csv(folder):
    import pandas as pd

    pd.read_csv("types.csv", skipinitialspace=True).to_parquet("types.parquet")
    from_csv, from_parquet = problem_from(TYPES), problem_from(TYPES.replace(".csv", ".parquet"))
    assert to_record(from_csv) == to_record(from_parquet)


def test_numbers_in_a_table_are_the_closest_floats(folder):
    # pandas' default parser misses the last bit of such numbers
    awkward = ["0.1234567890123456789", "9.8765432109876543e99", "5e-324", "2.2250738585072011e-308", "-0.0"]
    rows = "".join(f"type{k},{number}\n" for k, number in enumerate(awkward))
    (folder / "types.csv").write_text("name,value\n" + rows)
    problem = problem_from("[types]\nfile = 'types.csv'\nlabels = 'name'\nvaluations = 'value'\n")
    assert problem.valuations[:, 0].tolist() == [float(number) for number in awkward]


def test_segments_named_like_missing_values_keep_their_names(folder):
    (folder / "types.csv").write_text('name,value\nNA,1\nnull,2\n"Smith, Jones",3\nnan,4\n007,5\n')
    problem = problem_from("[types]\nfile = 'types.csv'\nlabels = 'name'\nvaluations = ['value']\n")
    assert problem.labels == ("NA", "null", "Smith, Jones", "nan", "007")


def test_a_byte_order_mark_is_no_part_of_the_file(folder):
    (folder / "types.csv").write_text("\ufeff" + TABLE, encoding="utf-8")
    assert problem_from("\ufeff" + TYPES).labels == ("home", "office")


def test_a_number_in_types_is_taken_as_it_stands_and_goods_may_be_renamed(folder):
    problem = problem_from("goods = ['Mbit/s', 'TB']\n" + TYPES + "reservation_utility = 0.5\n")
    assert problem.reservation_utility.tolist() == [0.5, 0.5]
    assert problem.goods == ("Mbit/s", "TB")


@pytest.mark.parametrize("heading", ["", "[types]\n"])
def test_inline_arrays_work_as_well(folder, heading):
    problem = problem_from(heading + "valuations = [[1.0], [2]]\nweights = [0.75, 0.25]\nlabels = ['low', 'high']\n")
    assert problem.valuations.tolist() == [[1.0], [2.0]]
    assert problem.weights.tolist() == [0.75, 0.25]
    assert problem.labels == ("low", "high")


def test_every_part_of_a_problem_survives_json(folder):
    problem = ScreeningProblem(
        [[0.1, 0.7, 0.2], [0.3, 0.3, 1 / 3]],
        [0.3, 0.7],
        cost=Entropy([0.2, 0.3, 0.5], temperature=0.1),
        domain=Simplex(),
        outside_option=[0.2, 0.3, 0.5],
        transfers="none",
        objective=Welfare(weights=[0.4, 0.6]),
        constraints=[LinearConstraint(utility=[1.0, 1.0], lower=0.1, name="a floor")],
        labels=("carer", "critic"),
        goods=("refuse", "hedge", "answer"),
    )
    Path("problem.json").write_text(json.dumps(to_record(problem)))
    assert to_record(read_problem("problem.json")) == to_record(problem)


@pytest.mark.parametrize("limits", ["[-inf, 0.0]", '["-inf", 0.0]'])
def test_limits_may_be_infinite_as_toml_and_as_json_write_them(folder, limits):
    problem = problem_from(f"valuations = [-1.0, -2.0]\ntransfers = {limits}\n")
    assert problem.transfers == (-np.inf, 0.0)
    Path("problem.json").write_text(json.dumps(to_record(problem), allow_nan=False))
    assert read_problem("problem.json").transfers == (-np.inf, 0.0)


def test_parts_may_be_given_by_their_kind_alone(folder):
    problem = problem_from("valuations = [1.0, 2.0]\ncost = 'quadratic'\ndomain = 'box'\n")
    assert isinstance(problem.cost, Quadratic)
    assert isinstance(problem.domain, Box)


def test_the_example_is_the_problem_it_says():
    menu = solve_menu(read_problem(EXAMPLE))
    by_hand = ScreeningProblem(
        [[2, 1], [4, 2], [7, 2], [5, 5], [8, 8]],
        [0.3, 0.35, 0.15, 0.15, 0.05],
        cost=Quadratic([1, 2]),
        domain=Box(0, [10, 5]),
        labels=("light", "family", "gamer", "home office", "studio"),
        goods=("speed", "storage"),
    )
    assert to_record(menu.problem) == to_record(by_hand)
    assert menu.is_excluded.tolist() == [True, False, False, False, False]


# ---- problems that are refused ----

REFUSED = {
    "unknown key": (
        "valuations = [1.0]\nweight = [1.0]",
        "unknown key 'weight' in the problem file, did you mean 'weights'? known are types, ",
    ),
    "unknown key of a part": ("valuations = [1.0]\ncost = {kind = 'linear', prize = 1}", "unknown key 'prize' in cost"),
    "unknown kind": ("valuations = [1.0]\ncost = 'cubic'", "cost has kind 'cubic': known kinds are linear, quadratic"),
    "unknown key of types": (TYPES + "share = 'share'", "unknown key 'share' in types: known are file, labels"),
    "no valuations": ("weights = [1.0]", "lacks 'valuations'"),
    "no valuations column": (TYPES.replace("valuations", "principal_values"), "types lacks 'valuations': name the col"),
    "counts and weights": (TYPES + "counts = [1, 2]\n", "types gives counts, but weights are given as well"),
    "no such agents": ("[types]\nvaluations = [1.0, 2.0]\ncounts = [3, 0]", r"types.counts[1] is 0: leave out types"),
    "counts in words": ("[types]\nvaluations = [1.0, 2.0]\ncounts = [3, true]", "counts[1] is true: give a number"),
    "given twice": ("weights = [1.0]\n" + TYPES, "weights is given twice, in types and outside"),
    "types no table": ("types = 3", "types is int, expected a table of fields"),
    "file no path": ("[types]\nfile = 3", "types.file is 3: give the path of a table"),
    "columns without file": ("[types]\nvaluations = ['speed']", "types names no file with such columns"),
    "several columns": (TYPES.replace('"share"', '["share", "harm"]'), "types.weights names 2 columns of types.csv"),
    "labels inline": (TYPES.replace('"segment"', "3"), "types.labels is 3: name one column of types.csv"),
    "mixed columns": (TYPES.replace('"speed"', "1.0"), "mixes column names and numbers"),
    "missing column": (
        TYPES.replace("storage", "memory"),
        "has no column 'memory': it has 'segment', 'share', 'speed'",
    ),
    "missing table": (TYPES.replace("types.csv", "no.csv"), "no.csv cannot be read: No such file or directory"),
    "not a table": (TYPES.replace("types.csv", "types.xlsx"), "is not a table that can be read: use .csv or .parquet"),
    "text for a number": ("valuations = ['1.0']", "valuations[0] is '1.0': give a number, without quotes"),
    "text in a part": ("valuations = [1.0]\n[domain]\nkind='box'\nupper='2'", "domain.upper is '2': give a number"),
    "true for a number": ("valuations = [true]", "valuations[0] is true: give a number"),
    "number for a switch": (
        "valuations = [1.0]\n[domain]\nkind = 'simplex'\nfree_disposal = 1",
        "domain.free_disposal is 1: give true or false",
    ),
    "text for names": ("valuations = [1.0, 2.0]\nlabels = 'ab'", "labels is 'ab': give a list of names"),
    "limits in words": ("valuations = [1.0]\ntransfers = ['low', 'high']", "transfers[0] is 'low': give a number"),
    "ragged rows": ("valuations = [[1.0], [1.0, 2.0]]", "valuations is not a rectangular array"),
    "not a number": ("valuations = [1.0, nan]\nlabels = ['a', 'b']", "valuations['b'] is nan"),
    "huge integer": (f"valuations = [1{'0' * 400}]", "valuations[0] has 401 digits"),
    "weights that do not match": ("valuations = [1.0, 2.0]\nweights = [1.0]", "weights has 1 entries for 2 types"),
    "weights off one": (TYPES.replace("share", "harm"), "weights['office'] is -2.0: every type needs a positive share"),
    "not TOML": ("valuations: 1", "problem.toml is not TOML"),
    "empty": (" \n", "problem.toml is empty"),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_a_problem_file_that_makes_no_sense_is_refused_in_words(folder, text, words):
    assert words in refusal(text)


TABLES_REFUSED = {
    "words": (TABLE.replace("2.5", "fast"), "column 'speed' of type 'office' is 'fast' in row 2"),
    "NaN": (TABLE.replace("2.5", "nan"), "column 'speed' of type 'office' is 'nan' in row 2"),
    "infinity": (TABLE.replace("2.5", "inf"), "column 'speed' of type 'office' is 'inf' in row 2"),
    "decimal comma": (TABLE.replace("2.5", '"2,5"'), "is '2,5' in row 2: every cell must be a finite number, decimals"),
    "digit groups": (TABLE.replace("2.5", "2_5"), "is '2_5' in row 2"),
    "empty number": (TABLE.replace("2.5", ""), "column 'speed' of type 'office' is empty in row 2"),
    "empty label": (TABLE.replace("office", " "), "column 'segment' is empty in row 2: give every row a name"),
    "same label": (TABLE.replace("office", "home"), "column 'segment' repeats 'home' in rows 1 and 2"),
    "same column": (TABLE.replace("storage", "speed"), "repeats the column 'speed': rename or drop one"),
    "one or a thousand": (
        TABLE.replace(",", ";").replace(".", ",").replace("2,5", "2,500"),
        "is '2,500' in row 2: every",
    ),
    "points among commas": (
        TABLE.replace(",", ";").replace("1.5", "1,5"),
        "'2.5' in row 2: every cell must be a finite number, decimals after a point, or after a comma in the whole",
    ),
    "row too long": (TABLE.replace("2.5", "2.5,2.5"), "types.csv is not a readable csv table"),
    "no rows": (TABLE.split("\n")[0] + "\n", "types.csv has no rows below its header"),
    "empty": ("", "types.csv is not a readable csv table"),
    "weights sum": (TABLE.replace("0.75", "0.5"), "problem.toml, types in types.csv: weights sum to 0.75, not 1"),
}


@pytest.mark.parametrize(("table", "words"), TABLES_REFUSED.values(), ids=TABLES_REFUSED)
def test_a_table_that_makes_no_sense_is_refused_by_cell(folder, table, words):
    (folder / "types.csv").write_text(table)
    assert words in refusal(TYPES)


def test_what_belongs_to_the_whole_problem_is_sent_there(folder):
    (folder / "types.csv").write_text(TABLE)
    assert "goods is in types, and belongs to the whole problem: write it above [types]" in refusal(
        TYPES.replace("[types]", '[types]\ngoods = ["speed"]')
    )


@pytest.mark.parametrize("mark", [";", "\t"])
def test_tables_may_have_semicolons_or_tabs_and_decimals_after_a_comma(folder, mark):
    (folder / "types.csv").write_text(TABLE)
    (folder / "problem.toml").write_text(TYPES)
    plain = read_problem("problem.toml")
    (folder / "types.csv").write_text(TABLE.replace(",", mark).replace(".", ","))
    again = read_problem("problem.toml")
    assert np.array_equal(again.valuations, plain.valuations)
    assert np.array_equal(again.weights, plain.weights)
    assert again.labels == plain.labels


def test_only_what_a_table_says_is_blamed_on_it(folder):
    (folder / "types.csv").write_text(TABLE)
    assert refusal(TYPES + "[cost]\ncurvature = 1.0\n").startswith("problem.toml: cost has no kind: known kinds are")


@pytest.mark.parametrize(("word", "encoding"), [("office", "latin-1"), ("harm", "latin-1"), ("office", "utf-16")])
def test_text_that_is_not_utf8_is_refused_with_the_remedy(folder, word, encoding):
    (folder / "types.csv").write_bytes(TABLE.replace(word, "Büro").encode(encoding))
    assert "save it as UTF-8 text" in refusal(TYPES)


@pytest.mark.parametrize("cells", [[1.0, None], [True, False], [[1.0], [2.0]]], ids=["null", "bool", "list"])
def test_parquet_cells_that_are_no_numbers_are_refused(folder, cells):
    import pandas as pd

    pd.DataFrame({"name": ["a", "b"], "value": pd.Series(cells, dtype=object)}).to_parquet("types.parquet")
    text = "[types]\nfile = 'types.parquet'\nlabels = 'name'\nvaluations = 'value'\n"
    assert "column 'value' of type" in refusal(text)


def test_a_damaged_parquet_file_is_refused(folder):
    (folder / "types.parquet").write_bytes(b"PAR1 and then nothing of the kind PAR1")
    assert "types.parquet is not a readable parquet table" in refusal(TYPES.replace(".csv", ".parquet"))


def test_without_pyarrow_the_error_is_the_install_line(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "reading types.csv needs pyarrow: pip install 'menuwright[frames]'" in refusal(TYPES)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[1, 2]", "holds list"), ("{", "is not JSON"), ("", "is empty"), ("[" * 100_000, "is not JSON")],
)
def test_json_that_is_no_problem_is_refused(folder, text, words):
    assert words in refusal(text, "problem.json")


def test_other_files_are_refused_by_name(folder):
    Path("binary.xlsx").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProblemError, match=r"binary\.xlsx is neither \.toml nor \.json"):
        read_problem("binary.xlsx")


# ---- menus ----


@pytest.fixture
def problem():
    return ScreeningProblem(
        [[1.0, 2.0], [3.0, 1.0]], [0.5, 0.5], cost=Quadratic(), labels=("low", "high"), goods=("speed", "storage")
    )


def test_rows_of_a_table_are_matched_by_label(folder, problem):
    Path("menu.csv").write_text("storage,transfer,type,speed\n4,5,high,3\n2,0.1,low,1\n")
    written = read_menu("menu.csv", problem)
    assert written.allocation.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert written.transfer.tolist() == [0.1, 5.0]
    Path("menu.csv").write_text("segment,speed,storage,transfer,note\nhigh,3,4,5,x\nlow,1,2,0.1,\n")
    assert read_menu("menu.csv", problem).allocation.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_frame_of_a_menu_is_a_menu_file(folder, problem, suffix):
    for solved in (solve_menu(problem), solve_menu([1.0, 2.0], cost=Quadratic())):
        frame = solved.to_frame()
        frame.to_csv("menu.csv") if suffix == "csv" else frame.to_parquet("menu.parquet")
        certificate, written = certify_file(solved.problem, f"menu.{suffix}")
        assert certificate.holds
        assert certificate.is_exact
        assert np.array_equal(written.allocation, solved.allocation)
        assert np.array_equal(written.transfer, solved.transfer)


def test_typed_json_is_matched_by_label_or_taken_in_order(folder, problem):
    typed = {"allocation": [[3, 4], [1, 2]], "transfer": [5, 0.1], "labels": ["high", "low"]}
    Path("menu.json").write_text(json.dumps(typed))
    assert read_menu("menu.json", problem).allocation == [[1, 2], [3, 4]]
    del typed["labels"]
    Path("menu.json").write_text(json.dumps(typed))
    assert read_menu("menu.json", problem).transfer == [5, 0.1]


def test_without_money_transfers_may_be_left_out(folder):
    policies = ScreeningProblem([[1.0, 0.0], [0.0, 1.0]], domain=Simplex(), transfers="none", goods=("say", "hint"))
    Path("menu.csv").write_text("type,say,hint\n0,1,0\n1,0,1\n")
    Path("menu.json").write_text('{"allocation": [[1, 0], [0, 1]]}')
    for name in ("menu.csv", "menu.json"):
        certificate, written = certify_file(policies, name)
        assert certificate.is_exact
        assert list(written.transfer) == [0.0, 0.0]


MENUS_REFUSED = {
    "no label column": ("menu.csv", "speed,storage,transfer\n1,2,3\n3,4,5\n", "add a column 'type' of labels"),
    "no transfer": ("menu.csv", "type,speed,storage\nlow,1,2\nhigh,3,4\n", "has no column 'transfer'"),
    "no good": ("menu.csv", "type,speed,transfer\nlow,1,2\nhigh,3,4\n", "has no column 'storage'"),
    "missing type": ("menu.csv", "type,speed,storage,transfer\nlow,1,2,3\n", "lacks a contract for 'high'"),
    "other type": (
        "menu.csv",
        "type,speed,storage,transfer\nlow,1,2,3\nhihg,1,2,3\n",
        "lacks a contract for 'high', but has 'hihg'",
    ),
    "extra type": (
        "menu.csv",
        "type,speed,storage,transfer\nlow,1,2,3\nhigh,1,2,3\nmid,1,2,3\n",
        "has a contract for 'mid', not a type of the problem",
    ),
    "type twice": ("menu.csv", "type,speed,storage,transfer\nlow,1,2,3\nlow,1,2,3\n", "repeats 'low' in rows 1 and 2"),
    "NaN": (
        "menu.csv",
        "type,speed,storage,transfer\nlow,1,2,3\nhigh,1,NaN,3\n",
        "column 'storage' of type 'high' is 'NaN' in row 2",
    ),
    "unknown key": (
        "menu.json",
        '{"allocations": []}',
        "unknown key 'allocations' in the menu, did you mean 'allocation'? known are labels, allocation",
    ),
    "no transfer in JSON": ("menu.json", '{"allocation": [[1, 2], [3, 4]]}', "the menu lacks 'transfer'"),
    "wrong shape": ("menu.json", '{"allocation": [[1, 2]], "transfer": [1]}', "allocation has shape (1, 2); expected"),
    "text": ("menu.json", '{"allocation": [["1", 2], [3, 4]], "transfer": [1, 2]}', "allocation[0][0] is '1'"),
    "NaN in JSON": ("menu.json", '{"allocation": [[1, 2], [3, 4]], "transfer": [1, NaN]}', "transfer['high'] is nan"),
    "labels twice": (
        "menu.json",
        '{"labels": ["low", "high", "low"], "allocation": [[1, 2], [3, 4], [1, 2]], "transfer": [1, 2, 1]}',
        "labels repeats a label",
    ),
    "labels no list": ("menu.json", '{"labels": "ab", "allocation": [], "transfer": []}', "labels is not a list"),
    "labels too many": (
        "menu.json",
        '{"labels": ["low", "high"], "allocation": [[1, 2]], "transfer": [1, 2]}',
        "allocation does not have the 2 entries that labels has",
    ),
    "other schema": ("menu.json", '{"schema": "elsewhere/2"}', "schema is 'elsewhere/2', expected 'menuwright/menu/1'"),
    "damaged": ("menu.json", '{"schema": "menuwright/menu/1"}', "incomplete or damaged"),
    "not JSON": ("menu.json", "type,speed", "menu.json is not JSON"),
    "other file": ("menu.txt", "", "menu.txt is not a menu that can be read: use .json, .csv or .parquet"),
}


@pytest.mark.parametrize(("name", "text", "words"), MENUS_REFUSED.values(), ids=MENUS_REFUSED)
def test_a_menu_file_that_does_not_fit_is_refused_in_words(folder, problem, name, text, words):
    Path(name).write_text(text)
    with pytest.raises(ProblemError) as refused:
        certify_file(problem, name)
    assert str(refused.value).startswith(name)
    assert words in str(refused.value)


def test_a_saved_menu_that_was_edited_is_not_believed(folder, problem):
    menu = solve_menu(problem)
    record = menu.to_dict()
    record["transfer"][0] += 1.0
    Path("menu.json").write_text(json.dumps(record))
    with pytest.raises(ProblemError, match="transfer is not what options and option_of_type say"):
        certify_file(problem, "menu.json")
    cheap = menu.to_dict()
    cheap["options"]["transfers"] = [price - 1e-3 * k for k, price in enumerate(cheap["options"]["transfers"])]
    cheap["transfer"] = [cheap["options"]["transfers"][k] for k in cheap["option_of_type"]]
    cheap["certificate"] |= {"value": 100.0, "upper_bound": 100.0, "holds": True}
    Path("menu.json").write_text(json.dumps(cheap))
    certificate, _ = certify_file(problem, "menu.json")
    assert not certificate.holds
    assert certificate.value < menu.value


@pytest.mark.parametrize("price", [10**400, "dear", None, [1.0]])
def test_a_damaged_saved_menu_is_refused(folder, problem, price):
    record = solve_menu(problem).to_dict()
    record["options"]["transfers"][0] = price
    Path("menu.json").write_text(json.dumps(record))
    with pytest.raises(ProblemError, match=r"^menu\.json: "):
        certify_file(problem, "menu.json")


def test_an_untaken_option_that_tempts_is_found(folder, problem):
    menu = solve_menu(problem)
    record = menu.to_dict()
    record["options"]["allocations"].append([5.0, 5.0])
    record["options"]["transfers"].append(0.0)
    Path("menu.json").write_text(json.dumps(record))
    certificate, _ = certify_file(problem, "menu.json")
    assert not certificate.holds
    assert certificate.deviation.tempted == "high"  # 3 * 5 + 1 * 5 for nothing
    assert certificate.deviation.gain == pytest.approx(20.0 - menu.utility[1])


def test_a_saved_menu_of_reordered_types_is_matched_by_label(folder, problem):
    menu = solve_menu(problem)
    menu.save("menu.json")
    turned = ScreeningProblem(
        problem.valuations[::-1], problem.weights, cost=Quadratic(), labels=("high", "low"), goods=problem.goods
    )
    certificate, written = certify_file(turned, "menu.json")
    assert certificate.is_exact
    assert written.differs_in == ("valuations", "labels")
    assert np.array_equal(written.allocation, menu.allocation[::-1])


def test_a_saved_menu_of_other_goods_is_refused(folder, problem):
    solve_menu(problem).save("menu.json")
    other = ScreeningProblem(problem.valuations, cost=Quadratic(), labels=problem.labels, goods=("speed", "colour"))
    with pytest.raises(ProblemError, match="the menu is about the goods 'speed', 'storage', the problem about"):
        certify_file(other, "menu.json")


def test_doubts_about_weights_and_valuations_are_written_in_problem_files(tmp_path):
    path = tmp_path / "doubtful.toml"
    path.write_text(
        'valuations = [1.0, 2.0]\ncost = { kind = "quadratic" }\n'
        'ambiguity = { kind = "wasserstein", radius = 0.1, metric = "cityblock" }\n'
        'uncertainty = { kind = "interval", widths = 0.05 }\n'
    )
    problem = read_problem(path)
    assert problem.ambiguity.metric == "cityblock"
    assert problem.valuation_sets.factors.tolist() == [[[0.05]], [[0.05]]]


@pytest.mark.parametrize("part", KINDS)
def test_the_command_lines_document_names_every_kind_and_key(part):
    document = Path(__file__).parents[3].joinpath("docs", "command-line.md").read_text(encoding="utf-8")
    told = "".join(line for line in document.splitlines() if f"`[{part}]`" in line or f"`{part}`" in line)
    told = told or next(line for line in document.splitlines() if f"`[[{part}]]`" in line)
    for kind, made in KINDS[part].items():
        keys = [field.name for field in dataclasses.fields(made)]
        if part == "function":
            assert f"`{kind}`" in told
        else:
            assert all(f"`{name}`" in told for name in (keys if part == "constraints" else [kind, *keys]))


def test_counts_of_agents_become_shares(folder):
    problem = problem_from("[types]\nvaluations = [1.0, 2.0]\ncounts = [30, 10]\n")
    assert problem.weights.tolist() == [0.75, 0.25]
    folder.joinpath("people.csv").write_text("who,taste,people\nlow,1.0,6\nhigh,2.0,2\n")
    table = "[types]\nfile = 'people.csv'\nlabels = 'who'\nvaluations = 'taste'\ncounts = 'people'\n"
    assert problem_from(table).weights.tolist() == [0.75, 0.25]
    folder.joinpath("people.csv").write_text("who,taste,people\nlow,1.0,6\nhigh,2.0,-2\n")
    with pytest.raises(ProblemError, match=r"types.counts\['high'\] is -2: leave out"):
        problem_from(table)
