"""The example prints what is stored: the table's part everywhere, the rest where the answers of single people are."""

import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).with_suffix(".txt")  # MENUWRIGHT_STORE=1 writes it anew, to be read before it is committed
NUMBER = re.compile(r"[-+]?\d+(?:,\d{3})*(?:\.\d+)?")
ROUNDED = STORED.with_suffix(".rounded.txt")  # where a processor rounds otherwise, and climbs end elsewhere
WITH_DATA = "NATIONAL SPENDING"
LAST_DIGIT = 0.06  # percent: somebody near indifference may choose otherwise


@pytest.fixture(name="example")
def _example(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import real_groups

    yield real_groups
    sys.modules.pop("real_groups")


def compared(printed, stored):
    words = [" ".join(NUMBER.sub("#", re.sub(r"gap \S+;", "gap ...;", text)).split()) for text in (printed, stored)]
    assert words[0] == words[1]
    texts = (re.sub(r"gap \S+;", "", text) for text in (printed, stored))
    numbers = [[float(one.replace(",", "")) for one in NUMBER.findall(text)] for text in texts]
    np.testing.assert_allclose(*numbers, rtol=0, atol=LAST_DIGIT)


def test_the_published_table_is_enough_for_the_first_part(example, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(example, "DATA", tmp_path / "data")
    example.main()
    printed = capsys.readouterr().out
    first, rest = printed.split(WITH_DATA)
    assert rest.count("left out") == 2
    compared(first, STORED.read_text(encoding="utf-8").split(WITH_DATA)[0])


@pytest.mark.slow
def test_the_example_prints_what_is_stored(example, capsys):
    if not (example.DATA / "gss_spending").exists() or not (example.DATA / "polis_bowling_green").exists():
        pytest.skip("../shared/data/gss_spending and polis_bowling_green are not here: the example is not run")
    example.main(1)
    printed = capsys.readouterr().out
    if os.environ.get("MENUWRIGHT_STORE"):
        STORED.write_text(printed, encoding="utf-8")
    try:
        compared(printed, STORED.read_text(encoding="utf-8"))
    except AssertionError:
        compared(printed, ROUNDED.read_text(encoding="utf-8"))


def test_the_typed_table_is_that_of_the_survey(example):
    if not (example.DATA / "gss_spending").exists():
        pytest.skip("../shared/data/gss_spending/answers.parquet is not here: the table is not checked")
    survey = example.spending()
    told = np.all([survey.group(name)[1] >= 0 for name in survey.groups], axis=0)
    survey = survey.of_people(told)
    names, group = survey.group("party")
    assert [name + "s" for name in names] == list(example.PARTIES)
    np.testing.assert_array_equal(np.bincount(group), example.PEOPLE)
    means = [np.nanmean(survey.answers[group == k], axis=0) for k in range(3)]
    np.testing.assert_allclose(np.transpose(means), list(example.MEANS.values()), atol=6e-4)
