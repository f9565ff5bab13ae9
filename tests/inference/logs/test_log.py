"""Logs are counted exactly, wherever they lie, and every row is used or refused with a reason."""

import gzip
import shutil
import sqlite3
import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import ProblemError
from contracts.inputs.names import WORDS_FOR_NOTHING
from inference.logs.cells import CONFLICTING, NO_EVENT, NO_USER, REPEATED, cells_of
from inference.logs.log import read_log
from inference.logs.options import (
    AMBIGUOUS,
    IMPOSSIBLE,
    MOST_COLUMNS,
    NO_MENU,
    NO_OPTION,
    NOT_INTEGER,
    NOT_OFFERED,
    OUTSIDE_LABEL,
    UNKNOWN_MENU,
    Column,
    is_ambiguous,
    offers,
    whole_number,
)
from inference.logs.sources import BROKEN_QUOTES, FIELD_COUNT, NOT_UTF8, TOO_LONG
from inference.logs.text import percent

ibis = pytest.importorskip("ibis", reason="needs the extra logs")

OFFERED = {"A": 3, "B": 2}
GOOD = [("ann", "A", 0), ("bob", "A", 1), ("bob", "A", 1), ("Smith, Ann", "A", 2), ("dan", "B", -1)]
BAD = {
    NO_USER: [(None, "A", 1), ("", "A", 1)],
    NO_MENU: [("ann", None, 1)],
    UNKNOWN_MENU: [("ann", "C", 1)],
    NO_OPTION: [("dan", "A", None)],
    NOT_INTEGER: [("eve", "A", "two"), ("eve", "A", "0.5")],
    IMPOSSIBLE: [("eve", "B", -2)],
    NOT_OFFERED: [("eve", "B", 2), ("eve", "A", 3), ("eve", "A", 10**30)],
}


def frame_of(rows):
    frame = pd.DataFrame(rows, columns=["user", "menu", "option"], dtype=object)
    return frame.map(lambda cell: None if cell is None else str(cell)).astype("string")


def summary(log):
    """What a log says, in plain Python: rows by user and option, and refused rows by reason."""
    counts = log.counts.tocoo()
    used = {
        (str(log.users[row]), log.columns[column].menu, log.columns[column].option): int(value)
        for row, column, value in zip(*counts.coords, counts.data, strict=True)
    }
    return used, {one.reason: one.rows for one in log.refused}


def expected(rows, reasons=()):
    used = Counter((user, menu, OUTSIDE_LABEL if option == -1 else str(option)) for user, menu, option in rows)
    return dict(used), dict(reasons)


def as_file(frame, folder, kind):
    """The same log written in one of the ways that logs are kept."""
    path = folder / f"log.{kind}"
    if kind == "parquet":
        frame.to_parquet(path)
    elif kind in ("csv", "csv.gz"):
        frame.to_csv(path, index=False)
    elif kind == "duckdb":
        connection = ibis.duckdb.connect(path)
        connection.con.register("frame", frame)
        connection.raw_sql("CREATE TABLE choices AS SELECT * FROM frame")
        connection.disconnect()
    elif kind == "sqlite":
        with sqlite3.connect(path) as connection:
            frame.to_sql("choices", connection, index=False)
        connection.close()
    return path


# ---- the same counts from everywhere ----


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv.gz", "duckdb", "sqlite"])
def test_every_row_is_used_or_refused_with_a_reason_wherever_the_log_lies(kind, tmp_path):
    bad = [row for rows in BAD.values() for row in rows]
    path = as_file(frame_of(GOOD + bad), tmp_path, kind)
    with read_log(path, options=OFFERED) as log:
        assert summary(log) == expected(GOOD, {reason: len(rows) for reason, rows in BAD.items()})
        assert (log.rows_read, log.rows_used, log.rows_refused) == (len(GOOD) + len(bad), len(GOOD), len(bad))
        assert log.n_users == len(log.users) == 4


@pytest.mark.parametrize("kind", ["pandas", "polars", "ibis table", "polars engine"])
def test_frames_and_tables_of_any_engine_are_counted_alike(kind):
    import polars as pl
    import pyarrow as pa

    frame = frame_of(GOOD + [row for rows in BAD.values() for row in rows])
    other = pl.from_arrow(pa.Table.from_pandas(frame))
    engine = ibis.polars.connect({"choices": other})
    sources = {"pandas": frame, "polars": other, "polars engine": engine, "ibis table": engine.table("choices")}
    with read_log(sources[kind], options=OFFERED) as log:
        assert summary(log) == expected(GOOD, {reason: len(rows) for reason, rows in BAD.items()})


USERS, MENUS = st.sampled_from(["ann", "bob", "eve", "", None]), st.sampled_from(["A", "B", "C", None])
OPTIONS = st.sampled_from(["0", "1", "2", "-1", "1.0", "-7", "x", " ", None])


def meaning(user, menu, option):
    """Row by row, what the engine does for all of them at once."""
    if not user:
        return None, NO_USER
    if not menu:
        return None, NO_MENU
    if menu not in OFFERED:
        return None, UNKNOWN_MENU
    if option is None or option == " ":
        return None, NO_OPTION
    if option == "x":
        return None, NOT_INTEGER
    number = int(float(option))
    if number < -1:
        return None, IMPOSSIBLE
    return ((user, menu, number), "") if number < OFFERED[menu] else (None, NOT_OFFERED)


@given(st.lists(st.tuples(USERS, MENUS, OPTIONS), max_size=30), st.lists(st.integers(1, 5), min_size=1, max_size=3))
def test_any_log_is_counted_as_row_by_row_and_in_batches_of_any_size(rows, sizes):
    read = [meaning(*row) for row in rows]
    reasons = Counter(reason for row, reason in read if row is None)
    with read_log(frame_of(rows), options=OFFERED) as log:
        assert summary(log) == expected([row for row, _ in read if row is not None], reasons)
        for size in sizes:
            parts = list(log.batches(size))
            assert all(len(part.users) == size for part in parts[:-1])
            together = [user for part in parts for user in part.users]
            assert together == list(log.users)
            assert sum(part.counts.sum() for part in parts) == log.rows_used
            for part in parts:
                rows_of = np.searchsorted(log.users.astype(str), part.users.astype(str))
                assert (part.counts != log.counts[rows_of]).nnz == 0
        assert np.array_equal(log.counts.sum(axis=0), log.population_counts)


def test_batches_are_cut_right_where_the_engine_hands_over_rows_in_pieces(monkeypatch):
    import pyarrow as pa

    rng = np.random.default_rng(1)
    user, option = np.sort(rng.integers(0, 40, 300)), rng.integers(0, 3, 300)
    with read_log(pd.DataFrame({"user": user, "option": option}), options=3, outside_option=None) as log:
        whole = pa.Table.from_batches(log.table.order_by("user", "option").to_pyarrow().to_batches())
        for piece in (1, 2, 7, 50):
            monkeypatch.setattr("inference.logs.log.streamed", lambda _, n=piece: whole.to_batches(max_chunksize=n))
            for size in (1, 3, 40, 100):
                parts = list(log.batches(size))
                assert np.concatenate([part.users for part in parts]).tolist() == np.unique(user).tolist()
                counts = np.vstack([part.counts.toarray() for part in parts])
                table = np.zeros((40, 3), dtype=int)
                np.add.at(table, (user, option), 1)
                assert np.array_equal(counts, table[np.unique(user)])


@pytest.mark.slow
def test_a_million_rows_are_counted_as_numpy_counts_them(tmp_path):
    rng = np.random.default_rng(0)
    user, menu, option = rng.integers(0, 50_000, 10**6), rng.integers(0, 2, 10**6), rng.integers(-1, 4, 10**6)
    frame = pd.DataFrame({"user": user, "menu": menu, "option": option})
    frame.to_parquet(tmp_path / "log.parquet")
    frame.to_csv(tmp_path / "log.csv", index=False)
    cell = user * 10 + menu * 5 + option % 5
    table = np.bincount(cell, minlength=500_000).reshape(50_000, 10)
    for name in ("log.parquet", "log.csv"):
        with read_log(tmp_path / name, options={0: 4, 1: 4}, memory="300MB", scratch=tmp_path) as log:
            assert log.rows_read == log.rows_used == 10**6
            order = np.argsort(log.users.astype(np.int64))
            assert np.array_equal(log.users.astype(np.int64)[order], np.flatnonzero(table.any(axis=1)))
            assert np.array_equal(log.counts.toarray()[order], table[table.any(axis=1)])
        assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []


# ---- words for nothing, and blanks ----


@pytest.mark.parametrize("kind", ["parquet", "csv", "sqlite", "duckdb"])
@pytest.mark.parametrize("word", WORDS_FOR_NOTHING)
def test_words_for_nothing_are_no_user_no_menu_and_no_option(word, kind, tmp_path):
    if kind != "csv" and word not in WORDS_FOR_NOTHING[:4]:
        pytest.skip("one engine suffices for the rarer spellings")
    rows = [("ann", "A", "0"), (word, "A", "1"), (f" {word} ", "A", "1"), ("ann", word, "1"), ("ann", "A", word)]
    with read_log(as_file(frame_of(rows), tmp_path, kind), options={"A": 2}) as log:
        assert summary(log) == ({("ann", "A", "0"): 1}, {NO_USER: 2, NO_MENU: 1, NO_OPTION: 1})
        shown = next(one.examples for one in log.refused if one.reason == NO_USER)
        assert shown == (f"user {word!r}, menu 'A', option '1' (2 rows)",)
    if kind == "csv":
        frame = frame_of(rows).rename(columns={"user": "option", "option": "user"})
        with read_log(frame, options={"A": [word, "ann"]}) as log:  # declared, it is a label like any other
            assert summary(log)[0][("0", "A", "ann")] == 1
            assert summary(log)[0][("1", "A", word)] == 2


def test_a_word_for_nothing_is_no_event(tmp_path):
    frame = frame_of([("ann", "A", "0"), ("bob", "A", "1"), ("eve", "A", "1")]).assign(event=["NULL", "\\N", "7"])
    with read_log(frame, options={"A": 2}, event="event") as log:
        assert summary(log) == ({("eve", "A", "1"): 1}, {NO_EVENT: 2})


@pytest.mark.parametrize("kind", ["parquet", "csv", "sqlite", "duckdb", "polars"])
def test_blanks_around_a_user_do_not_make_another(kind, tmp_path):
    rows = [("ann", "A", 0), (" ann", "A", 0), ("ann\t ", "A", 1), ("Nan Goldin", "A", 1), ("nana", "A", 1)]
    frame = frame_of(rows)
    if kind == "polars":
        import polars as pl

        source = ibis.polars.connect({"choices": pl.DataFrame(frame.astype(object).to_dict("list"))})
    else:
        source = as_file(frame, tmp_path, kind)
    with read_log(source, options={"A": 2}) as log:
        assert sorted(log.users.tolist()) == ["Nan Goldin", "ann", "nana"]
        assert summary(log)[0][("ann", "A", "0")] == 2


def test_a_share_that_is_refused_reads_as_people_write_it():
    with read_log(pd.DataFrame({"user": [None] * 3, "option": [0] * 3}), options=2) as log:
        assert " 100 %" in str(log)
    assert [percent(x) for x in (0, 1e-7, 0.0123, 0.5, 0.994, 0.99999, 1)] == [
        "0 %", "under 0.01 %", "1.2 %", "50 %", "99 %", "over 99 %", "100 %"
    ]  # fmt: skip


# ---- lines of CSV ----


def test_lines_that_cannot_be_split_are_counted_and_shown(tmp_path):
    lines = ["user,option", "ann,0", '"Smith, Ann",1', '"O""Neil",1', "bob", "bob,1,1", '"bob,1', 'b"ob,1', "", "eve,0"]
    (tmp_path / "log.csv").write_text("\n".join(lines))
    with read_log(tmp_path / "log.csv", options=2) as log:
        assert summary(log)[0] == {(user, "", str(k)): 1 for user, k in
                                   [("ann", 0), ("Smith, Ann", 1), ('O"Neil', 1), ("eve", 0)]}  # fmt: skip
        assert {one.reason: (one.rows, one.examples) for one in log.refused} == {
            FIELD_COUNT: (2, ("'bob'", "'bob,1,1'")),
            BROKEN_QUOTES: (2, ("""'"bob,1'""", """'b"ob,1'""")),
        }


def test_a_stray_quote_costs_its_own_line_and_no_other(tmp_path):
    lines = [f"user{k % 100},{k % 3},note" for k in range(400_000)]
    lines[150_000] = '"user,1,note'
    (tmp_path / "log.csv").write_text("user,option,note\n" + "\n".join(lines) + "\n")
    with read_log(tmp_path / "log.csv", options=3) as log:
        assert (log.rows_read, log.rows_used) == (400_000, 399_999)
        assert [(one.reason, one.rows) for one in log.refused] == [(BROKEN_QUOTES, 1)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_bytes_that_are_no_text_and_endless_lines_are_refused_with_their_file(end, tmp_path):
    content = b"user,option\nann,0\n\xff\xfe,1\n" + b"x" * 3_000_000 + b",1\nbob,1\n"
    (tmp_path / "log.csv").write_bytes(content.replace(b"\n", end))
    with read_log(tmp_path / "log.csv", options=2) as log:
        assert log.rows_used == 2
        refused = {one.reason: one for one in log.refused}
        assert {reason: one.rows for reason, one in refused.items()} == {NOT_UTF8: 1, TOO_LONG: 1}
        assert refused[NOT_UTF8].examples == ("log.csv: '??,1'",)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_delimiters_line_ends_and_byte_order_marks_do_not_matter(end, mark, start, tmp_path):
    lines = [mark.join(cells) for cells in [("user", "option"), ("ann", "0"), (f'"a{mark}b"', "1")]]
    (tmp_path / "log.csv").write_bytes((start + end.join(lines) + end).encode())
    with read_log(tmp_path / "log.csv", options=2) as log:
        assert summary(log) == ({("ann", "", "0"): 1, (f"a{mark}b", "", "1"): 1}, {})


@pytest.mark.parametrize("first", ["\n", "\r\n", "\r"])
def test_mixed_line_ends_lose_no_line_and_no_letter(first, tmp_path):
    rng = np.random.default_rng(0)
    users = [f"user{k}" for k in rng.integers(0, 1000, 20_000)]
    lines = [user + ",1" + end for user, end in zip(users, rng.choice(["\n", "\r\n", "\r"], 20_000), strict=True)]
    (tmp_path / "log.csv").write_bytes(("user,option" + first + "".join(lines)).encode())
    with read_log(tmp_path / "log.csv", options=2) as log:
        assert summary(log) == ({(user, "", "1"): count for user, count in Counter(users).items()}, {})


def test_files_with_columns_in_another_order_count_together(tmp_path):
    (tmp_path / "one.csv").write_text("user,option\nann,0\n")
    (tmp_path / "two.csv").write_text("note,option,user\nx,1,ann\n")
    with gzip.open(tmp_path / "three.csv.gz", "wt") as file:
        file.write("user;option\nbob;1\n")
    (tmp_path / "_SUCCESS").write_text("")
    for source in (
        tmp_path,
        tmp_path / "*.csv*",
        [tmp_path / "one.csv", tmp_path / "two.csv", tmp_path / "three.csv.gz"],
    ):
        with read_log(source, options=2) as log:
            assert summary(log) == ({("ann", "", "0"): 1, ("ann", "", "1"): 1, ("bob", "", "1"): 1}, {})


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_names_of_files_may_hold_quotes_and_marks_of_patterns(kind, tmp_path):
    folder = tmp_path / "o'dd [na]me*"
    folder.mkdir()
    path = as_file(frame_of(GOOD), folder, kind)
    for source in (folder, path):
        with read_log(source, options=OFFERED) as log:
            assert summary(log) == expected(GOOD)


def test_a_compressed_file_that_is_cut_off_or_damaged_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    text = "user,option\n" + "".join(f"user {k},{k % 2}\n" for k in rng.integers(0, 10**6, 20_000))
    whole = gzip.compress(text.encode())
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    for content in (whole[: len(whole) // 2], whole[:-8], bytes(damaged)):
        (tmp_path / "log.csv.gz").write_bytes(content)
        with pytest.raises(ProblemError, match=r"log\.csv\.gz"):
            read_log(tmp_path / "log.csv.gz", options=2)


def test_a_log_without_rows_has_no_users(tmp_path):
    (tmp_path / "log.csv").write_text("user,option\n")
    with read_log(tmp_path / "log.csv", options=2) as log:
        assert (log.rows_read, log.n_users, len(log.users), log.counts.shape) == (0, 0, 0, (0, 3))
        assert log.population_shares.tolist() == [0, 0, 0]
        assert "rows read     0" in str(log)


# ---- Parquet ----


def test_numbers_that_a_gap_has_turned_into_floats_are_still_options(tmp_path):
    option = np.array([0.0, 1.0, 1.5, np.nan, np.inf])
    pd.DataFrame({"user": [7.0, 7.0, 8.0, np.nan, 8.0], "option": option}).to_parquet(tmp_path / "log.parquet")
    with read_log(tmp_path / "log.parquet", options=2) as log:
        assert log.users.tolist() == [7.0]
        assert log.counts.toarray().tolist() == [[1, 1, 0]]
        assert summary(log)[1] == {NOT_INTEGER: 2, NO_USER: 1}


def test_folders_that_name_the_menu_are_read_as_a_column(tmp_path):
    for menu in ("A", "B"):
        (tmp_path / f"menu={menu}").mkdir()
        pd.DataFrame({"user": ["ann"], "option": [1]}).to_parquet(tmp_path / f"menu={menu}" / "part.parquet")
    with read_log(tmp_path, options=OFFERED) as log:
        assert summary(log) == expected([("ann", "A", 1), ("ann", "B", 1)])


def test_a_damaged_parquet_file_is_named(tmp_path):
    path = as_file(frame_of(GOOD), tmp_path, "parquet")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(ProblemError, match=r"log\.parquet.* cannot be read: .*Repair the file"):
        read_log(path, options=OFFERED)


# ---- events ----

EVENTS = [
    ("ann", "0", "1"),
    ("ann", "0", "1"),  # the same event again, twice
    ("ann", "0", "1"),
    ("bob", "1", "2"),
    ("bob", "0", "2"),  # the same event, another choice
    ("ann", "0", "3"),  # the same choice, another event
    ("cat", None, "4"),
    ("cat", None, "4"),
    ("dan", "1", "5"),
    ("dan", None, "5"),
    ("eve", "1", None),
    ("eve", "1", None),
]


@pytest.mark.parametrize("kind", ["frame", "csv", "sqlite"])
def test_rows_that_repeat_an_event_are_refused_and_contradictions_too(kind, tmp_path):
    frame = pd.DataFrame(EVENTS, columns=["user", "option", "id"]).astype("string")
    source = frame if kind == "frame" else as_file(frame, tmp_path, kind)
    with read_log(source, options=2, event="id") as log:
        assert summary(log) == ({("ann", "", "0"): 2}, {REPEATED: 3, CONFLICTING: 4, NO_OPTION: 1, NO_EVENT: 2})
        assert log.rows_read == len(EVENTS)
    with read_log(source, options=2) as log:
        assert summary(log)[0][("ann", "", "0")] == 4


# ---- what a cell means ----


def test_labels_name_options_and_the_outside_option_has_its_own_word():
    frame = pd.DataFrame({"user": list("aabbc"), "option": ["plus", " premium", "none", "Plus", "007"]})
    with read_log(frame, options=["plus", "premium", "007"], outside_option="none") as log:
        assert [column.option for column in log.columns] == ["plus", "premium", "007", OUTSIDE_LABEL]
        assert log.population_counts.tolist() == [1, 1, 1, 1]
        assert summary(log)[1] == {NOT_OFFERED: 1}


def test_without_options_whatever_the_log_names_is_one():
    frame = pd.DataFrame({"user": list("aaaa"), "option": [10, 2, -1, 2]})
    with read_log(frame) as log:
        assert log.columns == (Column("", "2"), Column("", "10"), Column("", OUTSIDE_LABEL))
        assert log.population_counts.tolist() == [2, 1, 1]


def test_a_menu_of_contracts_says_how_many_options_it_has():
    import contracts

    menu = contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic())
    with read_log(pd.DataFrame({"user": [1, 1, 1], "option": [0, 1, 2]}), options=menu) as log:
        n_options = len(menu.options.transfers)
        assert len(log.columns) == n_options + 1
        assert log.rows_used == min(3, n_options)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1, ""),
        (True, ""),
        ("01", ""),
        (" +1.0 ", ""),
        ("1e0", NOT_INTEGER),
        ("1,0", ""),
        ("1.5", NOT_INTEGER),
        ("1,5", NOT_INTEGER),
        ("1.000", AMBIGUOUS),
        ("1,000", AMBIGUOUS),
        ("1,234", AMBIGUOUS),
        ("1,234.0", NOT_OFFERED),
        ("1.234.567", NOT_OFFERED),
        ("1 234", NOT_OFFERED),
        ("12,34,567", NOT_INTEGER),
        ("1,23", NOT_INTEGER),
        (1.5, NOT_INTEGER),
        (float("nan"), NO_OPTION),
        (2, NOT_OFFERED),
        (-1, IMPOSSIBLE),
    ],
)
def test_cells_are_read_as_people_read_them(value, reason):
    column, why = offers(2, None).column(None, value, has_menu=False)
    assert why == reason
    assert (column == Column("", "1")) == (reason == "")


@pytest.mark.parametrize("kind", ["csv", "frame"])
def test_separators_that_can_be_read_in_two_ways_are_asked_about(kind, tmp_path):
    frame = pd.DataFrame({"user": list("aabbc"), "option": ["1,000", "1.000", "2", "1.234,0", "1,234.0"]})
    source = frame if kind == "frame" else as_file(frame, tmp_path, kind)
    with read_log(source, options=1500) as log:
        assert summary(log)[1] == {AMBIGUOUS: 2}
        assert "pass decimal=" in str(log)
    with read_log(source, options=1500, decimal=".") as log:
        assert summary(log) == (
            {("a", "", "1000"): 1, ("a", "", "1"): 1, ("b", "", "2"): 1, ("c", "", "1234"): 1},
            {NOT_INTEGER: 1},
        )
    with read_log(source, options=1500, decimal=",") as log:
        assert summary(log) == (
            {("a", "", "1000"): 1, ("a", "", "1"): 1, ("b", "", "2"): 1, ("b", "", "1234"): 1},
            {NOT_INTEGER: 1},
        )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(-(10**9), 10**9),
    st.sampled_from([".", ","]),
    st.sampled_from(["", " ", "\u202f", "'", "other"]),
    st.integers(0, 4),
)
def test_a_number_is_read_as_its_country_writes_it(number, decimal, apart, zeros):
    other = "," if decimal == "." else "."
    text = f"{number:,}".replace(",", other if apart == "other" else apart) + (decimal + "0" * zeros if zeros else "")
    assert whole_number(text, decimal) == number
    assert whole_number(text) in (number, None)
    if whole_number(text) is None:
        assert is_ambiguous(text, None)
        assert not is_ambiguous(text, decimal)


@pytest.mark.parametrize(
    ("options", "outside", "message"),
    [
        (0, -1, "options is 0: a menu has 1 to"),
        ([], -1, "give every option its own label"),
        (["a", "a"], -1, "give every option its own label"),
        (["a", "-1"], -1, "'-1', which stands for the outside option"),
        ("plus", -1, "give the number of options, their labels, or a Menu"),
        ({}, -1, "options is an empty mapping"),
        ({1: 2, "1": 2}, -1, "names the menu '1' twice"),
        ({"A": 2.5}, -1, r"options\['A'\] is 2.5"),
        (2, 0.5, "outside_option is 0.5"),
    ],
)
def test_offers_that_make_no_sense_are_refused(options, outside, message):
    with pytest.raises(ProblemError, match=message):
        offers(options, outside)


def test_a_column_of_junk_is_no_column_of_options():
    frame = pd.DataFrame({"user": 1, "option": [f"junk {k}" for k in range(MOST_COLUMNS + 1)]})
    with pytest.raises(ProblemError, match=r"names more than 10,000 options, such as 'junk .*': pass options="):
        read_log(frame)
    with read_log(frame, options=2) as log:
        assert summary(log)[1] == {NOT_INTEGER: MOST_COLUMNS + 1}


# ---- showing it ----


def test_the_table_shows_what_was_refused_and_why():
    with read_log(frame_of([*GOOD, *BAD[NOT_OFFERED], *BAD[NO_USER]]), options=OFFERED) as log:
        assert str(log) == "\n".join(
            [
                "Choice log: the frame",
                "rows read                 10",
                "rows used                  5  4 users",
                "rows refused               5  50 %",
                "  option not on the menu   3  menu 'A', option '1000000000000000000000000000000' (1 row), "
                "menu 'A', option '3' (1 row), menu 'B', option '2' (1 row)",
                "  no user                  2  menu 'A', option '1' (2 rows)",
                "menu  option   rows  share",
                "A     0           1  0.250",
                "A     1           2  0.500",
                "A     2           1  0.250",
                "A     outside     0  0.000",
                "B     0           0  0.000",
                "B     1           0  0.000",
                "B     outside     1  1.000",
            ]
        )
        frame = log.to_frame()
        assert frame.loc[1].tolist() == ["A", "1", 2, 0.5]
        tables = next(log.batches()).by_menu()
        assert {menu: table.sum(axis=0).tolist() for menu, table in tables.items()} == {
            "A": [1, 2, 1, 0],
            "B": [0, 0, 1],
        }


def test_strict_reading_names_every_reason():
    with pytest.raises(ProblemError, match=r"cannot be used: no user: 2 \(.*\); no menu: 1 .*pass strict=False"):
        read_log(frame_of([*GOOD, *BAD[NO_USER], *BAD[NO_MENU]]), options=OFFERED, strict=True)


def test_a_closed_log_keeps_what_was_asked_for_and_says_that_it_is_closed():
    asked, silent = (read_log(frame_of(GOOD), options=OFFERED) for _ in range(2))
    users = asked.users.tolist()
    asked.close()
    silent.close()
    assert asked.users.tolist() == users
    for question in (lambda: silent.users, lambda: silent.counts, lambda: silent.n_users, lambda: str(silent)):
        with pytest.raises(ProblemError, match="the log the frame is closed: ask for its users before, or read it"):
            question()


def test_progress_says_what_was_read():
    lines = []
    read_log(frame_of(GOOD), options=OFFERED, progress=lines.append).close()
    assert lines[-1] == "5 rows read"


# ---- what fails, and how ----


def test_missing_columns_are_named_with_what_there_is(tmp_path):
    for kind in ("csv", "parquet", "duckdb", "sqlite"):
        path = as_file(frame_of(GOOD).rename(columns={"option": "choice"}), tmp_path, kind)
        with pytest.raises(ProblemError, match=r"has no column 'option': .*choice.*; pass option= the one"):
            read_log(path, options=OFFERED)
        with read_log(path, options=OFFERED, option="choice") as log:
            assert log.rows_used == len(GOOD)


def test_sources_that_are_none_say_what_would_be(tmp_path):
    (tmp_path / "log.xlsx").write_text("")
    (tmp_path / "empty").mkdir()
    (tmp_path / "both").mkdir()
    as_file(frame_of(GOOD), tmp_path / "both", "csv")
    as_file(frame_of(GOOD), tmp_path / "both", "parquet")
    messages = {
        tmp_path / "log.csv": "does not exist",
        tmp_path / "*.csv": "holds no files",
        tmp_path / "empty": "holds no files",
        tmp_path / "log.xlsx": "is no choice log: use .parquet",
        tmp_path / "both": "holds both CSV and Parquet files",
        42: "int is no choice log",
    }
    for source, message in messages.items():
        with pytest.raises(ProblemError, match=message):
            read_log(source, options=2)


def test_databases_with_several_tables_ask_which(tmp_path):
    path = as_file(frame_of(GOOD), tmp_path, "sqlite")
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x INTEGER)")
    connection.close()
    with pytest.raises(ProblemError, match="holds several tables: pass table= one of 'choices', 'other'"):
        read_log(path, options=OFFERED)
    with pytest.raises(ProblemError, match="has no table 'third'"):
        read_log(path, options=OFFERED, table="third")
    with read_log(path, options=OFFERED, table="choices") as log:
        assert log.rows_used == len(GOOD)


def test_arguments_that_make_no_sense_are_refused(tmp_path):
    frame = frame_of(GOOD)
    with pytest.raises(ProblemError, match="each must be its own"):
        read_log(frame, user="option", options=2)
    with pytest.raises(ProblemError, match=r"scratch .* is not a folder"):
        read_log(frame, options=2, scratch=tmp_path / "nowhere")
    with pytest.raises(ProblemError, match="memory='lots'"):
        read_log(frame, options=2, memory="lots", scratch=tmp_path)
    assert list(tmp_path.iterdir()) == []
    with read_log(frame, options=OFFERED) as log, pytest.raises(ProblemError, match="at least 1"):
        next(log.batches(0))
    with pytest.raises(ProblemError, match=r"holds array|holds struct"):
        read_log(pd.DataFrame({"user": [[1, 2]], "option": [0]}), options=2)


@pytest.mark.parametrize("module", ["ibis", "duckdb", "pyarrow"])
def test_without_the_extra_the_line_that_installs_it_is_said(module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r'pip install "menuwright\[logs\]"'):
        read_log("log.parquet", options=2)


def test_a_table_that_has_grown_is_counted_again():
    connection = ibis.duckdb.connect()
    connection.raw_sql('CREATE TABLE choices AS SELECT 1 AS "user", 0 AS option')
    with read_log(connection, options=2) as before:
        connection.raw_sql("INSERT INTO choices VALUES (2, 1)")
        with read_log(connection, options=2) as after:
            assert (before.rows_used, after.rows_used) == (1, 2)
    assert connection.raw_sql("SELECT table_name FROM duckdb_tables()").fetchall() == [("choices",)]
    connection.disconnect()


# ---- distributed engines ----


@pytest.mark.parametrize("event", [False, True])
def test_the_expressions_compile_for_spark(event):
    columns = {"user": "int64", "option": "int32", "menu": "string"} | ({"event": "int64"} if event else {})
    sql = ibis.to_sql(cells_of(ibis.table(columns, name="choices")), dialect="pyspark")
    assert "GROUP BY" in sql
    assert sql.count("FROM `choices`") == 1  # one pass


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Spark's own: of pandas, and of sockets that it leaves open
def test_spark_counts_as_the_embedded_engine_does(tmp_path):
    pyspark = pytest.importorskip("pyspark", reason="needs the extra spark")
    if shutil.which("java") is None:
        pytest.skip("needs Java")
    path = as_file(frame_of(GOOD + [row for rows in BAD.values() for row in rows]), tmp_path, "parquet")
    settings = {"spark.ui.enabled": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    builder = pyspark.sql.SparkSession.builder.master("local[2]").config("spark.sql.shuffle.partitions", "2")
    session = builder.config(map=settings).getOrCreate()
    try:
        with read_log(ibis.pyspark.connect(session).read_parquet(path), options=OFFERED) as log:
            assert summary(log) == expected(GOOD, {reason: len(rows) for reason, rows in BAD.items()})
            assert sum(part.counts.sum() for part in log.batches(2)) == len(GOOD)
    finally:
        session.stop()


def test_numbers_that_may_be_from_one_are_asked_about():
    """Of three options numbered from 1, the last of which nobody took, each would count as the one before it."""
    frame = pd.DataFrame({"user": list("aabb"), "option": [1, 2, 2, 1]})
    with read_log(frame, options=3) as log:
        assert str(log).endswith("option 0 was never taken: if options are numbered from 1, pass options=[1, 2, 3]")
    with read_log(frame, options=[1, 2, 3]) as log:
        assert "numbered" not in str(log)
    with read_log(pd.DataFrame({"user": ["a", "b"], "option": [0, 1]}), options=3) as log:
        assert "numbered" not in str(log)
    by_menu = pd.DataFrame({"user": list("ab"), "menu": list("xy"), "option": [1, 0]})
    with read_log(by_menu, options={"x": 2, "y": 2}) as log:
        assert str(log).count("numbered") == str(log).count("option 0 of menu x") == 1
