"""Choices from frames, menus and parts: the same numbers whatever table they come in, clear words where none fits."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

import contracts
import inference
from contracts.errors import ProblemError
from inference import ChoiceData

LONG = {
    "who": ["bob", "bob", "ann", "ann", "ann", "bob", "bob"],
    "round": [2, 2, 1, 1, 1, 1, 1],
    "plan": ["b", "a", "a", "b", "c", "c", "b"],
    "price": [2.0, 1.0, 1.0, 2.0, 3.0, 30.0, 20.0],
    "speed": [5, 6, 7, 8, 9, 10, 11],
    "took": [False, True, False, False, True, True, False],
}
COLUMNS = {"person": "who", "occasion": "round", "chosen": "took"}


def kinds_of_frame(columns):
    return [columns, pd.DataFrame(columns), pl.DataFrame(columns)]


@pytest.mark.parametrize("frame", kinds_of_frame(LONG), ids=["mapping", "pandas", "polars"])
def test_a_long_frame_becomes_choices_aligned_by_option(frame):
    data = ChoiceData.from_frame(frame, option="plan", **COLUMNS)
    assert data.names == ("price", "speed")
    assert_array_equal(data.person, ["bob", "ann", "bob"])
    assert_array_equal(data.choice, [0, 2, 2])
    assert_array_equal(data.available, [[True, True, False], [True, True, True], [False, True, True]])
    assert_array_equal(data.attributes[0, :2], [[1.0, 6.0], [2.0, 5.0]])
    assert_array_equal(data.attributes[2, 1:], [[20.0, 11.0], [30.0, 10.0]])


def test_without_option_labels_options_are_numbered_in_the_order_of_rows():
    columns = {name: cells for name, cells in LONG.items() if name != "plan"}
    data = ChoiceData.from_frame(columns, attributes=["price"], **COLUMNS)
    assert_array_equal(data.choice, [1, 2, 0])
    assert_array_equal(data.attributes[:, :, 0], [[2, 1, 0], [1, 2, 3], [30, 20, 0]])
    assert_array_equal(data.available.sum(axis=1), [2, 3, 2])


def test_rows_in_any_order_describe_the_same_choices():
    order = np.random.default_rng(3).permutation(7)
    shuffled = {name: [cells[k] for k in order] for name, cells in LONG.items()}
    one, two = (ChoiceData.from_frame(frame, option="plan", **COLUMNS) for frame in (LONG, shuffled))
    rows = [sorted(map(str, zip(d.person, d.choice, d.attributes.tolist(), strict=True))) for d in (one, two)]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("kind", [dict, pd.DataFrame, pl.DataFrame])
def test_a_wide_frame_says_the_same_as_the_long_one(kind):
    long = {
        "person": [1, 1, 2, 2],
        "occasion": [1, 1, 1, 1],
        "price": [2.0, 3.0, 4.0, 5.0],
        "chosen": [1, 0, 0, 1],
    }
    wide = {"person": [1, 2], "p1": [2.0, 4.0], "p2": [3.0, 5.0], "choice": [0, 1]}
    one = ChoiceData.from_frame(kind(long))
    two = ChoiceData.from_wide_frame(kind(wide), attributes={"price": ["p1", "p2"]})
    assert_array_equal(one.attributes, two.attributes)
    assert_array_equal(one.choice, two.choice)
    assert_array_equal(one.person, two.person)


def changed(**cells):
    return {**LONG, **cells}


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (changed(took=[False] * 7), "who bob, round 2: 0 options are marked in 'took'; mark exactly one"),
        (changed(took=[True] * 7), "who bob, round 2: 2 options are marked"),
        (changed(took=[2.0] * 7), "column 'took' is 2.0 in row 0; expected 1 or 0"),
        (changed(plan=["b", "b", *LONG["plan"][2:]]), "who bob, round 2 has option b twice"),
        (changed(price=[None, *LONG["price"][1:]]), "column 'price' is empty in row 0"),
        (changed(price=["dear", *map(str, LONG["price"][1:])]), "column 'price' holds text"),
        (changed(who=[None, *LONG["who"][1:]]), "column 'who' is empty in row 0: every row needs a label"),
        (changed(who=[np.nan, *LONG["who"][1:]]), "column 'who' is empty in row 0: every row needs a label"),
        ({"who": LONG["who"]}, "no column"),
        ({name: [] for name in LONG}, "the frame has no rows"),
    ],
)
@pytest.mark.parametrize("kind", [dict, pd.DataFrame])
def test_frames_that_do_not_fit_are_refused_in_the_users_words(kind, frame, message):
    with pytest.raises(ProblemError, match=message):
        ChoiceData.from_frame(kind(frame), attributes=["price"], option="plan", **COLUMNS)


def test_choices_of_one_person_without_an_occasion_are_not_merged_in_silence():
    columns = {"person": [1, 1, 1, 1], "price": [1.0, 2.0, 1.0, 2.0], "chosen": [1, 0, 0, 1]}
    with pytest.raises(ProblemError, match="name the column that tells a person's choices apart, occasion="):
        ChoiceData.from_frame(columns, occasion=None)


def test_labels_of_two_kinds_are_refused():
    frame = pd.DataFrame({"person": ["1", 1], "price": [1.0, 2.0], "chosen": [1, 1]})
    with pytest.raises(ProblemError, match="mixes int, str: make all labels of one kind"):
        ChoiceData.from_frame(frame, occasion=None)


def test_something_that_is_no_frame_is_refused():
    with pytest.raises(ProblemError, match="list is no table in memory: pass a pandas or polars frame"):
        ChoiceData.from_frame([1, 2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attributes": {}}, "attributes names no column"),
        ({"attributes": {"price": ["p1", "p2"], "speed": ["p1"]}}, "expected a list of 2 columns"),
        ({"attributes": {"price": ["p1", "p2"]}, "options": ["x", "y"]}, "column 'choice' is 'z' in row 1"),
        ({"attributes": {"price": ["p1", "p2"]}, "options": ["x", "z"], "available": ["p1"]}, "available names 1"),
    ],
)
def test_wide_frames_that_do_not_fit_are_refused(options, message):
    frame = {"person": [1, 2], "p1": [2.0, 4.0], "p2": [3.0, 5.0], "choice": ["x", "z"]}
    with pytest.raises(ProblemError, match=message):
        ChoiceData.from_wide_frame(frame, **options)


# ---- menus ----


@pytest.fixture(scope="module")
def menu():
    return contracts.solve_menu([1.0, 2.0, 3.0], [0.3, 0.3, 0.4], cost=contracts.Quadratic(), goods=["quality"])


def test_choices_from_a_menu_describe_contracts_by_goods_and_transfer_with_leaving_last(menu):
    data = ChoiceData.from_menu(menu, [0, -1, 1], person=["ann", "ann", "bob"])
    allocations, transfers = menu.options
    assert data.names == ("quality", "transfer")
    assert_array_equal(data.choice, [0, len(transfers), 1])
    assert_array_equal(data.attributes[0, :-1], np.column_stack([allocations, transfers]))
    assert_array_equal(data.attributes[:, -1], np.zeros((3, 2)))


def test_an_outside_option_that_is_no_contract_needs_a_name(menu):
    kept = contracts.solve_menu([2.0, 3.0], [0.5, 0.5], cost=contracts.Quadratic(), reservation_utility=0.5)
    with pytest.raises(ProblemError, match="name an attribute for it, outside='outside'"):
        ChoiceData.from_menu(kept, [0])
    data = ChoiceData.from_menu(kept, [0, -1], outside="leave")
    assert data.names == ("0", "transfer", "leave")
    assert_array_equal(data.attributes[0, :, 2], [0] * len(kept.options.transfers) + [1])


def test_a_choice_that_the_menu_does_not_offer_is_refused(menu):
    with pytest.raises(ProblemError, match=r"choices\[1\] is 9"):
        ChoiceData.from_menu(menu, [0, 9])


def test_parts_of_different_width_are_joined_and_taken_apart(menu):
    one = ChoiceData.from_menu(menu, [0, -1], person=["ann", "bob"])
    two = ChoiceData(np.ones((1, 5, 2)), [4], ["ann"], names=one.names)
    both = ChoiceData.joined(one, two)
    assert (both.n_obs, both.n_options, both.n_people) == (3, 5, 2)
    assert_array_equal(both.available.sum(axis=1), [one.n_options, one.n_options, 5])
    ann = both.of_people([0])
    assert_array_equal(ann.person, ["ann", "ann"])
    assert_array_equal(both.of_people(np.array([False, True])).choice, [one.n_options - 1])


def test_a_list_of_parts_is_not_one_part():
    one = ChoiceData(np.ones((1, 2, 1)), [0])
    with pytest.raises(ProblemError, match=r"data set 0 is list: give ChoiceData, as in joined\(first, second\)"):
        ChoiceData.joined([one, one])


def test_parts_with_other_attributes_are_not_joined():
    one, two = ChoiceData(np.ones((1, 2, 1)), [0], names=["a"]), ChoiceData(np.ones((1, 2, 1)), [0], names=["b"])
    with pytest.raises(ProblemError, match=r"data set 1 has attributes \('b',\)"):
        ChoiceData.joined(one, two)


@pytest.mark.parametrize("took", [[1, 2, 1], [2, 2, 2]])
def test_numbers_that_may_count_from_one_are_asked_about(took):
    """Options 1 and 2 of three that count from 1, the last never taken, would shift by one without a word."""
    frame = {"person": [1, 2, 3], "choice": took, "a": [1.0, 2.0, 3.0], "b": [2.0, 1.0, 0.0], "c": [0.0, 0.0, 1.0]}
    wide = {"attributes": {"price": ["a", "b", "c"]}}
    with pytest.raises(ProblemError, match=r"column 'choice' is never 0: .*options=\[1, 2, 3\] from 1"):
        ChoiceData.from_wide_frame(frame, **wide)
    from_one = ChoiceData.from_wide_frame(frame, options=[1, 2, 3], **wide)
    from_zero = ChoiceData.from_wide_frame(frame, options=[0, 1, 2], **wide)
    assert from_one.choice.tolist() == [k - 1 for k in took]
    assert from_zero.choice.tolist() == took


# ---- what exports hold ----


def test_attributes_out_of_reach_may_be_anything_and_change_nothing():
    rng = np.random.default_rng(0)
    known = rng.normal(size=(200, 3, 2))
    reach = rng.random((200, 3)) < 0.7
    choice = np.where(reach.any(axis=1), reach.argmax(axis=1), 0)
    reach[np.arange(200), choice] = True
    choice = np.array([rng.choice(np.flatnonzero(row)) for row in reach])
    blank = np.where(reach[:, :, None], known, np.array([np.nan, np.inf]))
    data, same = (ChoiceData(each, choice, available=reach) for each in (blank, known))
    assert np.isfinite(data.attributes).all()
    fits = [inference.fit_mixed_logit(one, random={}, n_draws=8) for one in (data, same)]
    np.testing.assert_allclose(fits[0].log_likelihood, fits[1].log_likelihood, rtol=1e-9)
    hole = known.copy()
    row, option = np.argwhere(reach)[5]
    hole[row, option, 1] = np.nan
    with pytest.raises(ProblemError, match=rf"attributes\[{row}, {option}, 1\] is nan"):
        ChoiceData(hole, choice, available=reach)


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_empty_cells_of_options_out_of_reach_are_no_fault_of_a_wide_frame(make):
    wide = {"took": [0, 1], "p0": [1.0, 2.0], "p1": [None, 3.0], "a0": [1, 1], "a1": [0, 1]}
    how = {"attributes": {"price": ["p0", "p1"]}, "choice": "took", "person": None, "available": ["a0", "a1"]}
    assert_array_equal(ChoiceData.from_wide_frame(make(wide), **how).attributes[:, :, 0], [[1, 0], [2, 3]])
    with pytest.raises(ProblemError, match="column 'p1' is empty in row 0"):
        ChoiceData.from_wide_frame(make(wide | {"a1": [1, 1]}), **how)


@pytest.mark.parametrize(("yes", "no"), [("TRUE", "FALSE"), ("True", "False"), ("t", "f"), ("Yes", "No"), ("y", "n")])
def test_text_that_means_yes_or_no_is_refused_with_a_conversion_that_works(yes, no):
    for text in ([yes, no, yes], [no, no, no], [yes, yes, yes]):
        with pytest.raises(ProblemError, match="convert it first, by") as refusal:
            inference.answers_of([1, 2, 3], [0.1, 0.2, 0.3], text)
        operator, word = str(refusal.value).split("numpy.asarray(values) ")[1].split(" ")
        values = np.asarray(text)
        converted = values == word.strip("'") if operator == "==" else values != word.strip("'")
        assert converted.tolist() == [each == yes for each in text]


def test_an_error_never_lists_everybody():
    frame = {f"column {k}": [0, 1] for k in range(83)}
    with pytest.raises(ProblemError, match=r"'column 0', .* and 77 more$") as refusal:
        ChoiceData.from_wide_frame(frame, attributes={"price": ["p0", "p1"]}, choice="column 3")
    assert len(str(refusal.value)) < 200
    with pytest.raises(ProblemError, match=r"has no column 'user': .* and 77 more; pass user=") as refusal:
        inference.read_log(pd.DataFrame(frame))
    assert len(str(refusal.value)) < 200
    with pytest.raises(ProblemError, match="and 77 more; expected 2 different names"):
        ChoiceData(np.ones((1, 2, 2)), [0], names=list(frame))
