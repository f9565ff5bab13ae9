"""Observed choices from arrays, frames and files: one meaning, and every fault named by its place."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import ProblemError
from inference import ChoiceCounts, choice_set
from inference.choice.counts import count_choices, named_offers
from tests.inference.populations import choice_tables, goods_for, offers, revealing_offer

TWO = revealing_offer(2)
ONE = choice_set(goods_for(2), [1.0], [1.0])


def counted(choices, menu=TWO, users=None):
    return count_choices(named_offers(menu), choices, users)


@given(st.data())
def test_arrays_frames_and_brute_force_count_the_same(data):
    offer = data.draw(offers(2))
    table = data.draw(choice_tables(offer, 3))
    brute = np.zeros((3, offer.n_options + 1), dtype=int)
    rows = [(user, option) for user in range(3) for option in table[user].compressed().tolist()]
    for user, option in rows:
        brute[user, option] += 1
    np.testing.assert_array_equal(counted(table, offer).counts[""], brute)
    floats = np.where(np.ma.getmaskarray(table), np.nan, table.filled(0))
    np.testing.assert_array_equal(counted(floats, offer).counts[""], brute)
    if {user for user, _ in rows} == {0, 1, 2}:
        for frame in (pd.DataFrame, pl.DataFrame, dict):
            columns = {"user": [user for user, _ in rows], "option": [option for _, option in rows]}
            found = counted(frame(columns), offer)
            np.testing.assert_array_equal(found.counts[""], brute)
            assert found.users.tolist() == [0, 1, 2]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_files_are_read(tmp_path, suffix):
    path = tmp_path / f"choices.{suffix}"
    frame = pd.DataFrame({"user": ["ann", "bob", "ann"], "option": [0, 1, -1], "menu": ["b", "a", "b"], "note": "NA"})
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path, index=False)
    found = counted(path, {"a": TWO, "b": ONE})
    assert found.users.tolist() == ["ann", "bob"]
    np.testing.assert_array_equal(found.counts["a"], [[0, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(found.counts["b"], [[1, 1], [0, 0]])
    assert [tuple(taken) for taken in found.history(0)] == [("row 1", "b", 0), ("row 3", "b", -1)]
    np.testing.assert_array_equal(counted(str(path), {"a": TWO, "b": ONE}).n_choices, [2, 1])
    frame["user"] = ["NA", "bob", "NA"]
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path, index=False)
    with pytest.raises(ProblemError, match="column 'user' is 'NA' in row 1, which names nobody"):
        counted(path, {"a": TWO, "b": ONE})


def test_menus_by_round_count_each_round_for_its_menu():
    found = counted([[0, 1, -1], [-1, 0, 0]], [ONE, TWO, ONE])
    np.testing.assert_array_equal(found.counts["0"], [[1, 0], [0, 1]])
    np.testing.assert_array_equal(found.counts["1"], [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_array_equal(found.counts["2"], [[0, 1], [1, 0]])
    assert [tuple(taken) for taken in found.history(0)] == [
        ("round 0", "0", 0),
        ("round 1", "1", 1),
        ("round 2", "2", -1),
    ]


def test_one_choice_each_may_be_a_plain_list():
    np.testing.assert_array_equal(counted([0, -1, 1]).counts[""], [[1, 0, 0], [0, 0, 1], [0, 1, 0]])
    np.testing.assert_array_equal(counted([None, -1.0]).n_choices, [0, 1])


def test_counts_of_one_round_take_one_byte_each():
    assert counted([[0], [1]]).counts[""].dtype.itemsize == 1
    assert ChoiceCounts([[10**12, 0]]).n_choices[0] == 10**12


FRAME = {"user": ["ann", "bob"], "option": [0, 1]}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: counted([[0, 2]]), "choices[0, 1] is 2: the menu offers options 0 to 1, and option -1 is the outside"),
        (lambda: counted([[0, -2]]), "choices[0, 1] is -2"),
        (lambda: counted([[0.5]]), "choices[0, 0] is 0.5: options are whole numbers"),
        (lambda: counted([[0, np.inf]]), "choices[0, 1] is inf: options are whole numbers"),
        (lambda: counted(pl.LazyFrame(FRAME)), "LazyFrame is no table in memory: collect() it first"),
        (lambda: counted([[0, 1], [0]]), "choices is not a rectangular array"),
        (lambda: counted([["a"]]), "choices holds <U1, not the numbers of options"),
        (lambda: counted([[True]]), "choices holds bool"),
        (lambda: counted(np.zeros((2, 2, 2), dtype=int)), "choices has shape (2, 2, 2); expected (n_users, n_rounds)"),
        (lambda: counted([[0, 1]], [TWO, TWO, ONE]), "choices has 2 rounds, but menu names '0', '1', '2'"),
        (lambda: counted([[0, 1]], {"a": TWO, "b": ONE}), "menu names 'a', 'b': give one menu for all rounds"),
        (lambda: counted([[0]], users=["ann", "bob"]), "counts has 1 rows for users of shape (2,)"),
        (lambda: counted([[0], [1]], users=["ann", "ann"]), "users must be distinct"),
        (lambda: counted(FRAME, users=["ann", "bob"]), "users is given twice: the frame has a column 'user'"),
        (lambda: counted(ChoiceCounts([[1, 0, 0]]), users=["ann"]), "users is given twice"),
        (lambda: counted({"user": ["ann"]}), "the frame has no column 'option'"),
        (lambda: counted({"option": [1]}), "the frame has no column 'user'"),
        (lambda: counted({"user": ["ann", None], "option": [0, 1]}), "column 'user' is empty in row 1"),
        (lambda: counted({"user": ["ann", "bob"], "option": [0, None]}), "column 'option' is empty in row 1"),
        (lambda: counted({"user": ["ann", "bob"], "option": [0, 7]}), "user bob took option 7 in row 1"),
        (lambda: counted({"user": ["ann", "bob"], "option": [0, 0.5]}), "option is 0.5 in row 1"),
        (lambda: counted(FRAME, {"a": TWO}), "the frame has no column 'menu', but there are 1 menus"),
        (lambda: counted(FRAME | {"menu": ["a", "x"]}, {"a": TWO}), "menu 'x' in row 1 is not among 'a'"),
        (lambda: counted(FRAME | {"menu": ["a", "x"]}), "choices from the menus 'a', 'x', but one menu was given"),
        (lambda: counted(ChoiceCounts([[1, 0]])), "counts has 2 columns; expected 3"),
        (lambda: counted(ChoiceCounts({"b": [[1, 0, 0]]}), {"a": TWO}), "counts are of menu 'b', which is not"),
        (lambda: ChoiceCounts([[1, -1]]), "counts[0, 1] is -1: counts are whole"),
        (lambda: ChoiceCounts([[1, 0.5]]), "counts[0, 1] is 0.5"),
        (lambda: ChoiceCounts([1, 2]), "counts is int64 of shape (2,); expected whole numbers"),
        (lambda: ChoiceCounts({}), "counts names no menu"),
        (lambda: ChoiceCounts({"a": [[1, 0]], "b": [[1, 0], [2, 0]]}), "counts['b'] has 2 rows for users"),
        (lambda: named_offers("menu.json"), "menu is str: give a Menu"),
        (lambda: named_offers([]), "menu is empty"),
        (lambda: named_offers([TWO, revealing_offer(3)]), "is about the types 'low', 'middle', 'high', another about"),
    ],
)  # fmt: skip
def test_every_fault_is_named_by_its_place(make, words):
    with pytest.raises(ProblemError) as caught:
        make()
    assert words in str(caught.value)


def test_a_file_without_a_user_is_refused(tmp_path):
    path = tmp_path / "choices.csv"
    path.write_text("user,option\nann,0\n,1\n")
    with pytest.raises(ProblemError, match=r"choices.csv: column 'user' has an empty cell in row 2: say who chose"):
        counted(path)
    path.write_text("user,option\nann,0\nbob,nought\n")
    with pytest.raises(ProblemError, match=r"column 'option' is 'nought' in row 2"):
        counted(path)
