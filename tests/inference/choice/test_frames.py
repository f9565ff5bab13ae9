"""Tables of choices name the people who chose, as they are written in files of all kinds."""

import csv

import numpy as np
import pytest

import contracts
from contracts.errors import ProblemError
from contracts.inputs.names import WORDS_FOR_NOTHING
from inference import ChoiceData, Logit, infer_types

WIDE = {"attributes": {"price": ["p1", "p2"]}, "choice": "plan", "options": ["a", "b"], "person": "who"}
LONG = {"person": "who", "occasion": "visit", "option": "plan", "chosen": "taken"}
SHAPES = {
    "wide": lambda who: {"who": who, "p1": [1.0, 2.0, 3.0], "p2": [2.0, 2.5, 2.0], "plan": ["a", "b", " a"]},
    "long": lambda who: {
        "who": np.repeat(who, 2).tolist(),
        "visit": [0, 0, 1, 1, 2, 2],
        "plan": ["a ", "b"] * 3,
        "price": [1.0, 2.0, 2.0, 2.5, 3.0, 2.0],
        "taken": [1, 0, 0, 1, 1, 0],
    },
}


def choices_of(shape, who, path):
    """The same three choices from a mapping of columns, or from a file."""
    columns = SHAPES[shape](who)
    if path is not None:
        with path.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(columns)
            rows.writerows(zip(*columns.values(), strict=True))
    given = columns if path is None else path
    return ChoiceData.from_wide_frame(given, **WIDE) if shape == "wide" else ChoiceData.from_frame(given, **LONG)


@pytest.fixture(params=["columns", "file"])
def path(request, tmp_path):
    return tmp_path / "choices.csv" if request.param == "file" else None


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("word", WORDS_FOR_NOTHING)
def test_words_for_nobody_are_no_person(shape, word, path):
    """All rows without an id would be one person, and errors clustered by people wrong without a word."""
    row = (1 if shape == "wide" else 2) + (path is not None)  # rows of files are counted from 1
    with pytest.raises(ProblemError, match=f"column 'who' is '.*' in row {row}, which names nobody.*Leave them out"):
        choices_of(shape, ["ann", word, "bob"], path)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("blank", ["", "  "])
def test_empty_cells_are_no_person(shape, blank, path):
    with pytest.raises(ProblemError, match=r"column 'who' is empty in row [123]: every row needs a label"):
        choices_of(shape, ["ann", blank, "bob"], path)


@pytest.mark.parametrize("shape", SHAPES)
def test_blanks_around_labels_make_no_other_people_or_options(shape, path):
    data = choices_of(shape, [" ann", "ann ", "bob"], path)
    assert (data.n_people, data.options, data.choice.tolist()) == (2, ("a", "b"), [0, 1, 0])


def test_blanks_around_users_of_menus_make_no_other_users():
    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic())
    posterior = infer_types(menu, {"user": ["ann", " ann "], "option": [0, -1]}, choice_model=Logit(0.5))
    assert posterior.users.tolist() == ["ann"]


EXPORT = """id;p1;p2;has1;has2;w;plan
 ann ;1,5;NULL;1;FALSE;1;1
 ann;2,5;2,5;1;TRUE;1;2
bob; 3,0;2,0;1;TRUE;2;1
"""


def test_exports_are_read_as_they_come(tmp_path):
    """Semicolons, decimals after a comma, words for nothing where an option was not there, true and false in words."""
    path = tmp_path / "export.csv"
    path.write_text(EXPORT)
    read = {
        "attributes": {"price": ["p1", "p2"]},
        "choice": "plan",
        "person": "id",
        "available": ["has1", "has2"],
        "weights": "w",
    }
    for options in (["1", "2"], [1, 2]):
        data = ChoiceData.from_wide_frame(path, options=options, **read)
        assert data.attributes[:, :, 0].tolist() == [[1.5, 0.0], [2.5, 2.5], [3.0, 2.0]]
        assert data.available.tolist() == [[True, False], [True, True], [True, True]]
        assert (data.choice.tolist(), data.n_people, data.options) == ([0, 1, 0], 2, ("1", "2"))
    path.write_text(path.read_text().replace("2,0", "n.a."))
    with pytest.raises(ProblemError, match="column 'p2' holds text, not numbers"):
        ChoiceData.from_wide_frame(path, options=[1, 2], **read)


def test_numbered_options_of_a_long_file_keep_their_names(tmp_path):
    path = tmp_path / "long.csv"
    path.write_text("who,visit,plan,price,taken\n7,1,1,2.0,TRUE\n7,1,2,1.0,FALSE\n8,1,1,1.0,FALSE\n8,1,2,NULL,TRUE\n")
    with pytest.raises(ProblemError, match="column 'price' is empty in row 4"):
        ChoiceData.from_frame(path, **LONG)
    path.write_text(path.read_text().replace("NULL", "2"))
    assert ChoiceData.from_frame(path, **LONG).options == ("1", "2")
    path.write_text(path.read_text().replace("TRUE", "FALSE"))
    with pytest.raises(ProblemError, match="who 7, visit 1: 0 options are marked"):
        ChoiceData.from_frame(path, **LONG)
