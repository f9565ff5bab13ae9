"""Several goods for like bidders, beside a program over all profiles and beside the closed form for one good."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import (
    AdditiveAuctionProblem,
    AuctionProblem,
    MechanismProblem,
    ProblemError,
    load_mechanism,
    solve_mechanism,
)
from contracts.mechanisms.reduced import goods_program

GRID = list(itertools.product([1, 2, 4], repeat=2))


def tabulated(problem: AdditiveAuctionProblem) -> MechanismProblem:
    """The same auction with a table of all profiles: who gets each good. Of one unit, or of one for everybody."""
    bidders = range(problem.n_bidders)
    alike = [range(problem.n_types)] * problem.n_bidders
    members = alike if problem.is_alike else problem.members
    owners = list(itertools.product((-1, *bidders), repeat=problem.n_goods))
    won = [np.array([[who == k for who in own] for own in owners], dtype=float) for k in bidders]
    tables = [problem.table[types] @ own.T for types, own in zip(members, won, strict=True)]
    sold = np.array([[who >= 0 for who in own] for own in owners], dtype=float)
    weights = dict(zip(("revenue", "welfare"), problem.goal, strict=True))
    return MechanismProblem(
        tables, [problem.chances[types] for types in members], principal_values=-sold @ problem.cost, objective=weights
    )


@st.composite
def problems(draw) -> AdditiveAuctionProblem:
    """Few bidders, so that the tables are small; values that repeat in a good, costs that exclude some."""
    n_bidders, n_goods = draw(st.sampled_from([(1, 3), (2, 2), (2, 1), (3, 1)]))
    amounts = st.tuples(*[st.integers(0, 6)] * n_goods)
    types = draw(st.lists(amounts, min_size=1, max_size=4, unique=True))
    weights = draw(st.lists(st.integers(1, 8), min_size=len(types), max_size=len(types)))
    objective = draw(st.sampled_from(["revenue", "welfare", {"revenue": 1.0, "welfare": 0.5}]))
    cost = draw(st.sampled_from([0.0, 1.5]))
    return AdditiveAuctionProblem(
        np.array(types, dtype=float), np.array(weights) / sum(weights), n_bidders, 1, cost, objective
    )


@given(problem=problems())
@settings(max_examples=25)
def test_auctions_are_exact_and_as_good_as_a_program_over_all_profiles_finds(problem):
    auction = solve_mechanism(problem)
    assert auction.certificate.is_exact
    assert auction.certificate.gap <= 1e-12
    assert auction.value == pytest.approx(solve_mechanism(tabulated(problem)).value, abs=1e-9)
    first, second = problem.goal
    assert first * auction.revenue + second * auction.welfare == pytest.approx(auction.value, abs=1e-12)
    wins = auction.fractions()[0]
    for good, lottery in enumerate(auction.lotteries):
        assert lottery.interim() == tuple(wins[:, good])


@st.composite
def unlike_problems(draw) -> AdditiveAuctionProblem:
    """Bidders with types and chances of their own."""
    n_bidders, n_goods = draw(st.sampled_from([(1, 2), (2, 2), (2, 1), (3, 1)]))
    amounts = st.tuples(*[st.integers(0, 6)] * n_goods)
    values, chances = [], []
    for _ in range(n_bidders):
        types = draw(st.lists(amounts, min_size=1, max_size=3, unique=True))
        weights = draw(st.lists(st.integers(1, 8), min_size=len(types), max_size=len(types)))
        values.append(np.array(types, dtype=float))
        chances.append(np.array(weights) / sum(weights))
    objective = draw(st.sampled_from(["revenue", "welfare", {"revenue": 1.0, "welfare": 0.5}]))
    cost = draw(st.sampled_from([0.0, 1.5]))
    return AdditiveAuctionProblem(values, chances, cost=cost, objective=objective)


@given(problem=unlike_problems())
@settings(max_examples=25, deadline=None)
def test_auctions_of_unlike_bidders_are_as_good_as_a_program_over_all_profiles_finds(problem):
    auction = solve_mechanism(problem)
    assert auction.certificate.is_exact
    assert auction.certificate.gap <= 1e-12
    assert auction.value == pytest.approx(solve_mechanism(tabulated(problem)).value, abs=1e-9)
    first, second = problem.goal
    assert first * auction.revenue + second * auction.welfare == pytest.approx(auction.value, abs=1e-12)
    wins = auction.fractions()[0]
    for good, lottery in enumerate(auction.lotteries):
        assert sum(lottery.interim(), ()) == tuple(wins[:, good])


@pytest.mark.parametrize("n_units", [1, 2])
def test_one_good_of_unlike_bidders_is_the_auction_in_closed_form(n_units):
    rng = np.random.default_rng(6)
    values = [np.sort(rng.choice(60, size, replace=False)).astype(float) for size in (3, 5, 4)]
    priors = [rng.dirichlet(np.ones(len(own))) for own in values]
    closed = solve_mechanism(AuctionProblem(values, priors, n_units, 3.0))
    found = solve_mechanism(AdditiveAuctionProblem([own[:, np.newaxis] for own in values], priors, None, n_units, 3.0))
    assert found.value == pytest.approx(closed.value, rel=1e-12)
    assert sum(found.lotteries[0].interim(), ()) == tuple(found.fractions()[0][:, 0])


def test_like_bidders_that_are_named_are_worth_what_they_are_worth_unnamed():
    alike = solve_mechanism(AdditiveAuctionProblem(GRID, n_bidders=2))
    named = solve_mechanism(AdditiveAuctionProblem([GRID, GRID], bidders=["Ann", "Bob"]))
    assert named.value == alike.value


@pytest.mark.parametrize("n_units", [1, 2])
def test_one_good_is_the_auction_in_closed_form(n_units):
    rng = np.random.default_rng(5)
    values, prior = np.sort(rng.choice(60, 9, replace=False)).astype(float), rng.dirichlet(np.ones(9))
    closed = solve_mechanism(AuctionProblem([values] * 5, [prior] * 5, n_units, 3.0))
    found = solve_mechanism(AdditiveAuctionProblem(values[:, np.newaxis], prior, 5, n_units, 3.0))
    assert found.value == pytest.approx(closed.value, rel=1e-12)
    assert found.revenue == pytest.approx(closed.value, rel=1e-12)  # both less what units cost


def test_welfare_gives_every_good_to_whom_it_is_worth_most():
    problem = AdditiveAuctionProblem(GRID, n_bidders=3, objective="welfare")
    highest = sum(max(three) for three in itertools.product([1, 2, 4], repeat=3)) / 27
    assert solve_mechanism(problem).value == pytest.approx(2 * highest, rel=1e-12)


def test_another_bidder_never_lowers_what_is_earned_and_bundling_needs_few():
    """The more bidders compete, the less is left to be earned by selling goods together."""
    shares = []
    earned = 0.0
    for n_bidders in (1, 2, 4, 8):
        both = solve_mechanism(AdditiveAuctionProblem(GRID, n_bidders=n_bidders)).value
        alone = 2 * solve_mechanism(AuctionProblem([[1, 2, 4]] * n_bidders)).value
        assert both >= max(earned, alone) - 1e-12
        earned = both
        shares.append(alone / both)
    assert shares == sorted(shares)


def test_few_lies_and_sets_lead_to_the_same_worth(monkeypatch):
    problem = AdditiveAuctionProblem(GRID, np.arange(1, 10) / 45, n_bidders=4)
    every = solve_mechanism(problem)
    monkeypatch.setattr(goods_program, "ALL_LIES", 0)
    assert solve_mechanism(problem).value == every.value


def test_relabelling_goods_and_types_permutes_the_auction():
    rng = np.random.default_rng(2)
    values, prior = rng.integers(1, 9, size=(6, 2)).astype(float), np.arange(1, 7) / 21
    order = rng.permutation(6)
    first = solve_mechanism(AdditiveAuctionProblem(values, prior, 3))
    second = solve_mechanism(AdditiveAuctionProblem(values[order][:, ::-1], prior[order], 3))
    assert second.value == pytest.approx(first.value, rel=1e-14)
    thousand = solve_mechanism(AdditiveAuctionProblem(values * 1e6, prior, 3))
    assert thousand.value == pytest.approx(1e6 * first.value, rel=1e-12)


@pytest.fixture(scope="module")
def auction():
    names = [f"{a}-{b}" for a, b in GRID]
    return solve_mechanism(AdditiveAuctionProblem(GRID, n_bidders=3, cost=[0.0, 0.5], labels=names, goods=["A", "B"]))


def test_draws_are_what_is_expected(auction):
    types, won, paid = auction.simulate(1500, rng=np.random.default_rng(0))
    assert won.sum(axis=1).max() == 1
    assert won[types == 8].mean(axis=0) == pytest.approx(auction.interim_allocation[8], abs=0.05)
    earned = paid.sum(axis=1).mean() - won.sum(axis=1).mean(axis=0) @ auction.problem.cost
    assert earned == pytest.approx(auction.revenue, abs=0.2)
    sold = auction.play(["1-1", "4-4", "2-2"], rng=np.random.default_rng(0))
    assert sold == auction.play([0, 8, 4], rng=np.random.default_rng(0))
    assert sold.transfers[1] == auction.interim_payments[8]


def test_files_are_read_and_proven_again(auction, tmp_path):
    path = auction.save(tmp_path / "auction.json")
    again = load_mechanism(path)
    assert again.certificate == auction.certificate
    assert str(again) == str(auction)
    assert again.binding == auction.binding
    record = json.loads(path.read_text())
    record["utilities"]["numerators"][-1] = "0"
    path.write_text(json.dumps(record))
    assert load_mechanism(path).certificate.deviation.gain > 0


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda record: record["sets"].append([0, [99]]), "that there are not"),
        (lambda record: record["sets"][0][1].append(record["sets"][0][1][0]), "or twice"),
        (lambda record: record["wins"]["numerators"].__setitem__(0, "-1"), "no chance"),
        (lambda record: record["problem"].update(colour="red"), "unknown key 'colour'"),
        (lambda record: record.pop("lies"), "incomplete or damaged"),
    ],
)
def test_a_damaged_file_is_refused_in_words(auction, edit, words, tmp_path):
    path = auction.save(tmp_path / "auction.json")
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))
    with pytest.raises(ProblemError, match=words):
        load_mechanism(path)


def test_a_rule_that_gives_too_much_breaks_a_condition_by_name(auction, tmp_path):
    path = auction.save(tmp_path / "auction.json")
    record = json.loads(path.read_text())
    record["wins"]["numerators"] = [record["wins"]["denominator"]] * len(record["wins"]["numerators"])
    path.write_text(json.dumps(record))
    violations = load_mechanism(path).certificate.violations
    assert [one.what.split(" for ")[0] for one in violations] == [
        "Border's condition of good 'A'", "Border's condition of good 'B'",
    ]  # fmt: skip
    assert violations[0].amount == pytest.approx(2.0)


def test_tables_and_pictures(auction):
    assert "2 goods" in str(auction)
    assert list(auction.to_frame().columns)[:4] == ["type", "probability", "value of A", "value of B"]
    assert "<table" in auction.to_html()
    assert [points.get_label() for points in auction.plot().collections] == ["A", "B"]


@pytest.fixture(scope="module")
def unlike():
    return solve_mechanism(
        AdditiveAuctionProblem(
            [[[1, 1], [2, 4]], [[3, 0], [1, 5], [2, 2]]],
            [[0.25, 0.75], [0.5, 0.25, 0.25]],
            bidders=["Ann", "Bob"],
            labels=[["low", "high"], ["north", "south", "both"]],
            goods=["A", "B"],
        )
    )


def test_unlike_bidders_play_by_their_own_names(unlike):
    types, won, paid = unlike.simulate(2000, rng=np.random.default_rng(0))
    assert types.max(axis=0).tolist() == [1, 2]
    assert won.sum(axis=1).max() == 1
    assert won[types[:, 1] == 1, 1].mean(axis=0) == pytest.approx(unlike.interim_allocation[3], abs=0.05)
    assert paid.sum(axis=1).mean() == pytest.approx(unlike.revenue, abs=0.2)
    sold = unlike.play(["high", "south"], rng=np.random.default_rng(0))
    assert sold.transfers == (unlike.interim_payments[1], unlike.interim_payments[3])
    assert "south of Bob" in str(unlike)
    assert "2 bidders, 2 goods" in str(unlike)


def test_files_of_unlike_bidders_are_read_and_proven_again(unlike, tmp_path):
    path = unlike.save(tmp_path / "auction.json")
    again = load_mechanism(path)
    assert again.certificate == unlike.certificate
    assert str(again) == str(unlike)
    record = json.loads(path.read_text())
    record["wins"]["numerators"] = [record["wins"]["denominator"]] * len(record["wins"]["numerators"])
    path.write_text(json.dumps(record))
    assert "low of bidder 0" in load_mechanism(path).certificate.violations[0].what


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AdditiveAuctionProblem([1, 2]), r"expected \(n_types, n_goods\)"),
        (lambda: AdditiveAuctionProblem([[1, 2], [1, 2]]), "repeats those of type '0'"),
        (lambda: AdditiveAuctionProblem([[1, 2], [2, 2]], [0.5, 0.6]), "sum to 1.1"),
        (lambda: AdditiveAuctionProblem([[1, 2], [2, 2]], [1.0, 0.0]), "leave the type out"),
        (lambda: AdditiveAuctionProblem([[1, 2]], cost=[1, 2, 3]), "one per good"),
        (lambda: AdditiveAuctionProblem([[1, 2]], objective="glory"), "objective is 'glory'"),
        (lambda: AdditiveAuctionProblem([[1, np.nan]]), "finite"),
        (lambda: AdditiveAuctionProblem([[[1, 2]], [[1]]]), "1 goods, the first bidder's 2"),
        (lambda: AdditiveAuctionProblem([[[1, 2]], [[1, 2], [1, 2]]]), r"values\['1'\] repeats those of type '0'"),
        (lambda: AdditiveAuctionProblem([[[1, 2]], [[1, 2]]], n_bidders=3), "leave n_bidders out"),
        (lambda: AdditiveAuctionProblem([[[1, 2]], [[1, 2]]], [[1.0]]), "an array for each of 2 bidders"),
        (lambda: AdditiveAuctionProblem([[[1, 2]], [3]]), r"values\['1'\] has shape"),
        (lambda: AdditiveAuctionProblem([[1, 2]], bidders=["Ann", "Bob"]), "bidders have names"),
        (lambda: solve_mechanism(AdditiveAuctionProblem([[1, 2]])).play([0]), "a type for each of 2"),
    ],
)
def test_bad_input_is_refused_in_words(make, words):
    with pytest.raises(ProblemError, match=words):
        make()


def test_a_type_that_values_nothing_and_a_single_type():
    assert solve_mechanism(AdditiveAuctionProblem([[0.0, 0.0]])).value == 0
    alone = solve_mechanism(AdditiveAuctionProblem([[1.0, 2.0]], n_bidders=3))
    assert alone.value == pytest.approx(3.0)
    assert replace(alone.problem, n_bidders=1).n_bidders == 1
