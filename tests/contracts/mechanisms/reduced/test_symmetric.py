"""Auctions of like bidders under rows, beside a program over all profiles, and beside the closed form without rows."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from contracts import (
    AuctionProblem,
    InfeasibleMenuError,
    LinearConstraint,
    ProblemError,
    SymmetricAuctionProblem,
    feasible_interim,
    load_mechanism,
    solve_mechanism,
)
from contracts.mechanisms.reduced.auction import sold_by


def best_value(problem: SymmetricAuctionProblem) -> float:
    """Bayesian incentives within groups, interim participation, allocations of all profiles, in floats."""
    size, count = problem.n_types, problem.n_bidders
    profiles = list(itertools.product(range(size), repeat=count))
    n_x = len(profiles) * count
    q, u = n_x + np.arange(size), n_x + size + np.arange(size)
    f, v = problem.chances, problem.values
    equal, right, above, limits = [], [], [], []
    for i, t in itertools.product(range(count), range(size)):  # every bidder's chances are Q
        row = np.zeros(n_x + 2 * size)
        for k, profile in enumerate(profiles):
            if profile[i] == t:
                row[k * count + i] = np.prod([f[s] for j, s in enumerate(profile) if j != i])
        row[q[t]] = -1
        equal.append(row)
        right.append(0.0)
    for k in range(len(profiles)):
        row = np.zeros(n_x + 2 * size)
        row[k * count : (k + 1) * count] = 1
        above.append(row)
        limits.append(problem.n_units)
    for t, s in itertools.permutations(range(size), 2):  # u_t >= u_s + (v_t - v_s) Q_s
        if problem.groups[t] == problem.groups[s]:
            row = np.zeros(n_x + 2 * size)
            row[[u[t], u[s], q[s]]] = -1, 1, v[t] - v[s]
            above.append(row)
            limits.append(0.0)
    revenue = np.zeros(n_x + 2 * size)
    revenue[q], revenue[u] = count * f * (v - problem.cost), -count * f
    welfare = revenue.copy()
    welfare[u] = 0
    for row in problem.constraints:
        own = np.zeros(n_x + 2 * size)
        own[q] = row.allocation
        for end, side in ((row.upper, 1), (row.lower, -1)):
            if end is not None:
                above.append(side * own)
                limits.append(side * end)
    if problem.minimum_revenue is not None:
        above.append(-revenue)
        limits.append(-problem.minimum_revenue)
    of = problem.objective if isinstance(problem.objective, dict) else {problem.objective: 1.0}
    goal = of.get("revenue", 0.0) * revenue + of.get("welfare", 0.0) * welfare
    found = linprog(-goal, above, limits, equal, right, [(0, 1)] * (n_x + size) + [(0, None)] * size)
    return float(-found.fun) if found.status == 0 else float("nan")


@st.composite
def problems(draw: Any) -> SymmetricAuctionProblem:
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    size, count = int(rng.integers(1, 5)), int(rng.integers(1, 4))
    rows = []
    for k in range(draw(st.integers(0, 2))):
        own = rng.integers(-2, 3, size=size).astype(float)
        low = None if rng.random() < 0.5 else float(rng.uniform(-0.5, 0.3))
        high = float(rng.uniform(-0.1, 0.6)) if low is None or rng.random() < 0.3 else None
        if low is not None and high is not None and low > high:
            low = high
        rows.append(LinearConstraint(allocation=own, lower=low, upper=high, name=f"row {k}"))
    return SymmetricAuctionProblem(
        rng.choice(10, size=size, replace=False).astype(float),
        rng.dirichlet(np.ones(size)),
        count,
        int(rng.integers(1, 3)),
        float(rng.integers(0, 3)),
        draw(st.sampled_from(["revenue", "welfare", {"revenue": 0.5, "welfare": 0.25}])),
        None if rng.random() < 0.5 else rng.choice(["east", "west"], size=size).tolist(),
        rows,
    )


@settings(max_examples=40, deadline=None)
@given(problems())
def test_lotteries_are_exact_and_as_good_as_a_program_over_all_profiles_finds(problem):
    expected = best_value(problem)
    try:
        auction = solve_mechanism(problem)
    except InfeasibleMenuError:
        assert np.isnan(expected)
        return
    certificate = auction.certificate
    assert certificate.holds
    assert certificate.is_exact
    assert certificate.gap <= 1e-13
    assert auction.value == pytest.approx(expected, abs=1e-7)
    assert sum(rule.chance for rule in auction.rules) == 1
    assert len(auction.rules) <= len(problem.rows) + 1
    exact = auction.fractions()
    assert (
        feasible_interim(
            np.array(exact, dtype=object), problem.chances, n_bidders=problem.n_bidders, n_units=problem.n_units
        ).excess
        <= 1e-12
    )  # chances were rounded
    for row in problem.constraints:
        total = sum(Fraction(a) * q for a, q in zip(row.allocation.tolist(), exact, strict=True))
        assert row.upper is None or total <= Fraction(row.upper)
        assert row.lower is None or total >= Fraction(row.lower)
    earned = (
        problem.n_bidders * problem.chances @ (auction.interim_payments - problem.cost * auction.interim_allocation)
    )
    assert auction.revenue == pytest.approx(earned, abs=1e-9)


def test_rules_give_what_they_say_and_winners_pay_thresholds():
    """Every profile, every order, every rule: chances, payments, and no lie that gains."""
    cap = LinearConstraint(allocation=[0, 0, 1, 0], upper=0.5, name="cap")
    problem = SymmetricAuctionProblem(
        [1, 2, 4, 3], [0.25, 0.25, 0.25, 0.25], 3, 1, groups=["a", "a", "a", "b"], constraints=cap, objective="welfare"
    )
    auction = solve_mechanism(problem)
    assert len(auction.rules) == 2
    assert auction.binding == ["cap"]
    won, paid = np.zeros(4), np.zeros(4)
    orders = list(itertools.permutations(range(3)))
    for rule in auction.rules:
        for types in itertools.product(range(4), repeat=3):
            for order in orders:
                w, p = sold_by(problem, rule.tiers, np.array(types), np.array(order))
                assert w.sum() <= 1
                chance = float(rule.chance) / len(orders) / 16
                won[types[0]] += chance * w[0]
                paid[types[0]] += chance * p[0]
                for lie in range(4):
                    if problem.groups[lie] == problem.groups[types[0]]:
                        other, price = sold_by(problem, rule.tiers, np.array((lie, *types[1:])), np.array(order))
                        value = problem.values[types[0]]
                        assert value * w[0] - p[0] >= value * other[0] - price[0]
                        assert value * w[0] >= p[0]
    assert won == pytest.approx(auction.interim_allocation)
    assert paid == pytest.approx(auction.interim_payments)
    assert auction.interim_allocation[2] == pytest.approx(0.5)


@pytest.mark.parametrize("n_units", [1, 2])
def test_without_rows_it_is_the_auction_of_like_bidders(n_units):
    rng = np.random.default_rng(3)
    values, prior = np.sort(rng.choice(50, 12, replace=False)), rng.dirichlet(np.ones(12))
    closed = solve_mechanism(AuctionProblem([values] * 4, [prior] * 4, n_units, 2.0))
    alike = solve_mechanism(SymmetricAuctionProblem(values, prior, 4, n_units, 2.0))
    assert alike.value == pytest.approx(closed.value, rel=1e-12)
    assert len(alike.rules) == 1


def test_a_share_for_small_bidders_costs_what_its_price_says():
    """A third of sales to a group that values less: the slope of the value in the limit is the price."""
    chances = np.array([0.25, 0.25, 0.25, 0.25])
    groups = ["large", "large", "small", "small"]
    share = 3 * chances * (np.array([g == "small" for g in groups]) - 0.5)

    def solved(by):
        row = LinearConstraint(allocation=share, lower=by, name="share")
        return solve_mechanism(
            SymmetricAuctionProblem([4, 8, 1, 2], chances, 3, groups=groups, constraints=row, objective="welfare")
        )

    base, more = solved(0.0), solved(0.01)
    assert base.binding == ["share"]
    assert base.value - more.value == pytest.approx(0.01 * base.prices["share"], rel=1e-6)
    assert base.value < solve_mechanism(replace(base.problem, constraints=())).value


def test_welfare_and_revenue_compete():
    """A front by minimum_revenue: from the efficient auction to the one that earns most."""
    problem = SymmetricAuctionProblem(range(1, 11), n_bidders=2, objective="welfare")
    efficient, richest = solve_mechanism(problem), solve_mechanism(replace(problem, objective="revenue"))
    between = solve_mechanism(replace(problem, minimum_revenue=(efficient.revenue + richest.revenue) / 2))
    assert richest.welfare < between.value < efficient.value
    assert between.revenue == pytest.approx((efficient.revenue + richest.revenue) / 2)
    assert len(between.rules) == 2
    with pytest.raises(InfeasibleMenuError, match="minimum_revenue") as caught:
        solve_mechanism(replace(problem, minimum_revenue=richest.revenue + 0.01))
    assert caught.value.conflict == ("minimum_revenue",)


def test_draws_are_what_is_expected():
    cap = LinearConstraint(allocation=[0, 0, 1], upper=0.5, name="cap")
    auction = solve_mechanism(SymmetricAuctionProblem([1, 2, 4], None, 3, constraints=cap, labels=("a", "b", "c")))
    types, won, paid = auction.simulate(np.random.default_rng(0))
    assert won[types == 2].mean() == pytest.approx(0.5, abs=0.06)
    assert paid.sum(axis=1).mean() == pytest.approx(auction.revenue, abs=0.1)
    sale = auction.play(["a", "b", "c"], rng=np.random.default_rng(0))
    assert sale == auction.play([0, 1, 2], rng=np.random.default_rng(0))
    assert "lottery over 2 rules" in str(auction)
    assert list(auction.to_frame().columns)[:3] == ["type", "group", "value"]


@pytest.fixture(scope="module")
def shared():
    """An auction of two rules, by a share that some group must have."""
    share = LinearConstraint(allocation=np.array([-1, -1, 1, 1]) / 4, lower=0.0, name="share")
    groups = ["large", "large", "small", "small"]
    return solve_mechanism(SymmetricAuctionProblem([4, 8, 1, 2], [0.25] * 4, 3, groups=groups, constraints=share))


def test_files_are_read_and_proven_again(shared, tmp_path):
    again = load_mechanism(shared.save(tmp_path / "auction.json"))
    assert again.rules == shared.rules
    assert again.certificate == shared.certificate
    assert again.prices == shared.prices
    assert str(again) == str(shared)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda record: record["rules"].pop(), "no lottery"),
        (lambda record: record["rules"][0]["tiers"][0].append(9), "none of 4 types"),
        (lambda record: record["row_prices"].append("1"), "no prices of 1 rows"),
        (lambda record: record["problem"].update(colour="red"), "unknown key 'colour'"),
        (lambda record: record.pop("rules"), "incomplete or damaged"),
    ],
)
def test_a_damaged_file_is_refused_in_words(shared, edit, words, tmp_path):
    path = shared.save(tmp_path / "auction.json")
    record = json.loads(path.read_text())
    edit(record)
    path.write_text(json.dumps(record))
    with pytest.raises(ProblemError, match=words):
        load_mechanism(path)


def test_an_edited_file_loses_its_certificate(shared, tmp_path):
    """Prices of nothing prove less, and one rule alone misses the row."""
    path = shared.save(tmp_path / "auction.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "row_prices": ["0"]}))
    assert load_mechanism(path).upper_bound > shared.upper_bound
    path.write_text(json.dumps({**record, "rules": [{**record["rules"][0], "chance": "1"}]}))
    assert [one.what for one in load_mechanism(path).certificate.violations] == ["share"]


def test_a_picture_has_a_line_per_group(shared):
    lines = {line.get_label(): line for line in shared.plot().lines}
    assert set(lines) == {"large", "small"}
    assert lines["small"].get_xdata().tolist() == [1, 2]
    assert lines["small"].get_ydata() == pytest.approx(shared.interim_allocation[2:])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SymmetricAuctionProblem([[1, 2]]), r"expected \(n_types,\)"),
        (lambda: SymmetricAuctionProblem([1, 1]), "repeats 1"),
        (lambda: SymmetricAuctionProblem([1, 2], [0.5, 0.6]), "sum to 1.1"),
        (lambda: SymmetricAuctionProblem([1, 2], groups=["a"]), "a group for each of 2 types"),
        (lambda: SymmetricAuctionProblem([1, 2], objective="glory"), "objective is 'glory'"),
        (lambda: SymmetricAuctionProblem([1, 2], constraints=3), "give a LinearConstraint"),
        (
            lambda: SymmetricAuctionProblem([1, 2], constraints=LinearConstraint(utility=[1, 1], lower=0)),
            "coefficients of utility",
        ),
        (lambda: SymmetricAuctionProblem([1, 2], constraints=LinearConstraint(allocation=[1], lower=0)), "shape"),
        (lambda: solve_mechanism(SymmetricAuctionProblem([1, 2])).play([0]), "a type for each of 2"),
    ],
)
def test_bad_input_is_refused_in_words(make, words):
    with pytest.raises(ProblemError, match=words):
        make()
