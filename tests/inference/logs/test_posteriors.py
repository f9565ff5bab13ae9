"""Posteriors written batch by batch are those of the whole log at once."""

import numpy as np
import pandas as pd
import pytest

import contracts
from contracts.errors import ProblemError
from inference import BestResponse, ChoiceCounts, Logit, Tremble, infer_types, infer_types_from_log, read_log

pytest.importorskip("ibis", reason="needs the extra logs")

ROUNDING = 1e-12  # sums of the same terms in another order
MENU = contracts.solve_menu([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=contracts.Quadratic(), labels=("low", "mid", "high"))
N_OPTIONS = len(MENU.options.transfers)


@pytest.fixture(scope="module")
def choices():
    rng = np.random.default_rng(3)
    return rng.integers(-1, N_OPTIONS, size=(57, 4))


def frame_of(choices, **columns):
    n_users, n_rounds = choices.shape
    names = np.repeat([f"user {k:02d}" for k in range(n_users)], n_rounds)
    return pd.DataFrame({"user": names, "option": choices.ravel(), **columns})


@pytest.mark.parametrize("batch", [1, 10, 57, 1000])
def test_the_file_holds_the_posteriors_of_the_whole_log(batch, choices, tmp_path):
    whole = infer_types(MENU, choices, choice_model=Logit(0.5))
    with read_log(frame_of(choices), options=MENU) as log:
        found = infer_types_from_log(log, MENU, tmp_path / "p.parquet", choice_model=Logit(0.5), n_at_once=batch)
    table = pd.read_parquet(tmp_path / "p.parquet")
    assert table["user"].tolist() == [f"user {k:02d}" for k in range(57)]
    np.testing.assert_allclose(table[[f"probability[{label}]" for label in whole.labels]], whole.probabilities)
    assert table["most_probable"].tolist() == whole.map.tolist()
    assert table["choices"].tolist() == [4] * 57
    np.testing.assert_allclose(table["entropy"], whole.entropy)
    np.testing.assert_allclose(found.expected_users, whole.probabilities.sum(axis=0), rtol=ROUNDING)
    assert found.log_evidence == pytest.approx(whole.log_evidence, rel=ROUNDING)
    assert (found.n_users, found.n_choices) == (57, 228)
    assert [path.name for path in tmp_path.iterdir()] == ["p.parquet"]


def test_menus_of_a_log_keep_their_options_apart(choices, tmp_path):
    other = contracts.solve_menu(MENU.problem, method="reference")
    one_contract = infer_menu = {"A": MENU, "B": other}
    menu = np.where(np.arange(choices.size) % 2, "A", "B")
    frame = frame_of(choices, menu=menu)
    whole = infer_types(infer_menu, frame, choice_model=Logit(1.0))
    with read_log(frame, options=one_contract) as log:
        found = infer_types_from_log(log, infer_menu, tmp_path / "p.parquet", choice_model=Logit(1.0), n_at_once=7)
    assert found.log_evidence == pytest.approx(whole.log_evidence, rel=ROUNDING)
    np.testing.assert_allclose(found.expected_users, whole.probabilities.sum(axis=0), rtol=ROUNDING)


def test_options_found_in_the_log_are_matched_by_number_and_labels_by_place(choices, tmp_path):
    frame, out = frame_of(choices), tmp_path / "p.parquet"
    names = [f"contract {k}" for k in range(N_OPTIONS)]
    named = frame.assign(option=[names[k] if k >= 0 else "none" for k in frame["option"]])
    with (
        read_log(frame) as numbers,
        read_log(named, options=names, outside_option="none") as labels,
        read_log(frame, options=MENU) as declared,
    ):
        evidence = {infer_types_from_log(log, MENU, out, choice_model=Logit(1.0)).log_evidence
                    for log in (numbers, labels, declared)}  # fmt: skip
    assert max(evidence) - min(evidence) <= ROUNDING * abs(max(evidence))


def test_an_empty_log_leaves_an_empty_file(tmp_path):
    (tmp_path / "log.csv").write_text("user,option\n")
    with read_log(tmp_path / "log.csv", options=MENU) as log:
        found = infer_types_from_log(log, MENU, tmp_path / "p.parquet")
    assert len(pd.read_parquet(found.path)) == found.n_users == 0
    assert found.log_evidence == 0.0


def test_choices_that_no_type_makes_are_refused_and_leave_no_file(tmp_path):
    frame = pd.DataFrame({"user": ["ann"] + ["bob"] * 2, "option": [0, 0, N_OPTIONS - 1]})
    with read_log(frame, options=MENU) as log:
        with pytest.raises(ProblemError, match="bob"):
            infer_types_from_log(log, MENU, tmp_path / "p.parquet", choice_model=BestResponse(), n_at_once=1)
        assert list(tmp_path.iterdir()) == []
        found = infer_types_from_log(log, MENU, tmp_path / "p.parquet", choice_model=Tremble(0.1), n_at_once=1)
        assert found.n_users == 2


def test_logs_and_menus_that_do_not_match_are_refused(choices, tmp_path):
    frame, out = frame_of(choices), tmp_path / "p.parquet"
    with read_log(frame, options=N_OPTIONS + 1) as log, pytest.raises(ProblemError, match="the menu has 0 to"):
        infer_types_from_log(log, MENU, out)
    with read_log(frame, options=MENU) as log:
        with pytest.raises(ProblemError, match="menu ''; pass it in menu, which has 'A'"):
            infer_types_from_log(log, {"A": MENU}, out)
        (tmp_path / "folder.parquet").mkdir()
        for name in ("p.csv", "folder.parquet", "nowhere/p.parquet"):
            with pytest.raises(ProblemError, match=r"name a \.parquet file in a folder that exists"):
                infer_types_from_log(log, MENU, tmp_path / name)


def test_the_table_shows_shares_before_and_after(choices, tmp_path):
    lines = []
    with read_log(frame_of(choices), options=MENU) as log:
        found = infer_types_from_log(log, MENU, tmp_path / "p.parquet", choice_model=Logit(0.5), progress=lines.append)
    counts = ChoiceCounts([[0] * (N_OPTIONS + 1)])
    assert str(found).startswith("Types of 57 users: 228 choices, log evidence ")
    assert str(found).splitlines()[1].split() == ["type", "prior", "expected", "users", "share"]
    np.testing.assert_allclose(found.prior, infer_types(MENU, counts).prior)
    assert lines == ["posteriors of 57 users"]
