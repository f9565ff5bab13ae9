"""Surveys: gaps, groups, and the variance that groups explain."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from contracts.errors import ProblemError
from inference import SurveyAnswers

SPENDING = Path(__file__).resolve().parents[4] / "shared" / "data" / "gss_spending" / "answers.parquet"


def test_groups_that_mean_nothing_explain_nothing_on_average():
    rng = np.random.default_rng(1)
    shares = [
        SurveyAnswers(rng.normal(size=(60, 5)), groups={"coin": rng.integers(3, size=60)}).explained_by("coin")
        for _ in range(200)
    ]
    assert np.mean(shares) == pytest.approx(0, abs=4 * np.std(shares) / np.sqrt(200))


def test_variance_explained_is_that_of_an_analysis_of_variance():
    rng = np.random.default_rng(2)
    group = rng.integers(3, size=50)
    answers = rng.normal(size=(50, 4)) + group[:, np.newaxis]
    within = sum(((answers[group == k] - answers[group == k].mean(axis=0)) ** 2).sum() for k in range(3)) / 47
    total = ((answers - answers.mean(axis=0)) ** 2).sum() / 49
    survey = SurveyAnswers(answers, groups={"three": group})
    assert survey.explained_by("three") == pytest.approx(1 - within / total)


def test_frames_bring_names_and_gaps():
    frame = pd.DataFrame({"a": [1, 0, 1], "b": [0, None, 1], "c": [1, 1, 1], "d": [0, 0, 1], "e": [1, -1, 1]})
    survey = SurveyAnswers(frame, groups={"side": ["x", None, "y"]})
    assert survey.items == ("a", "b", "c", "d", "e")
    assert survey.group("side")[0] == ("x", "y")
    assert survey.group("side")[1].tolist() == [0, -1, 1]
    assert np.isnan(survey.answers).sum() == 1
    assert survey.answered_by_at_least(3).items == ("a", "c", "d", "e")
    assert survey.of_people([True, False, True]).n_people == 2
    assert "93.3% answered; side (x 1, y 1)" in repr(survey)


@pytest.mark.parametrize(
    ("answers", "groups", "words"),
    [
        ([[1, 0, 1, "no"]], None, "expected numbers"),
        ([[1, 0, 1, np.inf]], None, "infinity"),
        ([1, 0, 1, 1], None, "shape"),
        ([[1, 0, 1, np.nan]], None, "leave them out"),
        ([[1, 0, 1, 1, np.nan]], None, "leave the item out"),
        ([[1, 0, 1, 1]] * 2, {"side": ["a"]}, "2 labels"),
        ([[1, 0, 1, 1]] * 2, {"side": ["a", "a"]}, "all the same"),
        ([[1, 0, 1, 1]] * 2, {"side": "ab"}, "one label a person"),
        ([[1, 0, 1, 1]] * 2, ["a", "b"], "dictionary"),
    ],
)
def test_what_is_no_survey_is_refused(answers, groups, words):
    with pytest.raises(ProblemError, match=words):
        SurveyAnswers(answers, groups=groups)


def test_party_explains_three_percent_of_what_americans_want():
    if not SPENDING.exists():
        pytest.skip("../shared/data/gss_spending/answers.parquet is not here: nothing is reproduced")
    people = pd.read_parquet(SPENDING)
    items = [name for name in people.columns if name.startswith("nat")]
    people = people[people[items].notna().sum(axis=1) >= 9]
    party = people["partyid"].map({0: "D", 1: "D", 2: "I", 3: "I", 4: "I", 5: "R", 6: "R"})
    survey = SurveyAnswers(people[items], groups={"party": party})
    assert survey.explained_by("party", balanced=True) == pytest.approx(0.030, abs=0.001)
