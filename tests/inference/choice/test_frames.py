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
    row = 1 if shape == "wide" else 2
    with pytest.raises(ProblemError, match=f"column 'who' is '.*' in row {row}, which names nobody.*Leave them out"):
        choices_of(shape, ["ann", word, "bob"], path)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("blank", ["", "  "])
def test_empty_cells_are_no_person(shape, blank, path):
    with pytest.raises(ProblemError, match=r"column 'who' is empty in row [12]: every row needs a label"):
        choices_of(shape, ["ann", blank, "bob"], path)


@pytest.mark.parametrize("shape", SHAPES)
def test_blanks_around_labels_make_no_other_people_or_options(shape, path):
    data = choices_of(shape, [" ann", "ann ", "bob"], path)
    assert (data.n_people, data.options, data.choice.tolist()) == (2, ("a", "b"), [0, 1, 0])


def test_blanks_around_users_of_menus_make_no_other_users():
    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic())
    posterior = infer_types(menu, {"user": ["ann", " ann "], "option": [0, -1]}, choice_model=Logit(0.5))
    assert posterior.users.tolist() == ["ann"]
