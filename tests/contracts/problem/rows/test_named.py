"""Rows by name are the rows that one would write by hand, and their shadow prices are what their limits are worth."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import contracts as c
from contracts import Budget, Capacity, Coverage, EqualAccess, LinearConstraint, RentInequality, solve_menu
from contracts.cli.problem_files import read_problem
from contracts.problem.records import from_record, to_record

Q = c.Quadratic()
SHARES = [0.5, 0.3, 0.2]
LABELS = ("low", "middle", "high")
BASE = c.ScreeningProblem([1.0, 2.0, 3.0], SHARES, cost=Q, labels=LABELS)
CLOSED_FORM = 1e-6  # prices of a program of unit curvature that is solved to 1e-10
STEP = 1e-3  # of a limit, between kinks; the value is quadratic in it
SLOPE = 1e-4  # what is left of a slope by central differences of values proven to 1e-9


def row_of(problem, constraint):
    (row,) = replace(problem, constraints=constraint).rows
    return row


# ---- they are the rows that one would write ----


def test_a_capacity_counts_expected_amounts_and_keeps_the_limit_as_it_was_written():
    row = row_of(BASE, Capacity(0.1))
    assert row.allocation.ravel().tolist() == SHARES
    assert (row.utility, row.transfer, row.serving, row.lower, row.upper) == (None, None, None, None, 0.1)
    assert row.name == "capacity"


def test_a_capacity_of_many_agents_counts_what_all_of_them_take():
    row = row_of(BASE, Capacity(600.0, n_agents=1000))
    assert row.allocation.ravel().tolist() == [1000 * share for share in SHARES]
    assert row.upper == 600.0


def test_goods_are_named_by_name_or_number_alone_or_together():
    problem = c.ScreeningProblem(np.ones((2, 3)), cost=Q, goods=("tea", "rum", "oil"))
    for good, counted in (("rum", [0, 1, 0]), (1, [0, 1, 0]), (["tea", 2], [1, 0, 1])):
        assert (row_of(problem, Capacity(1.0, good=good)).allocation != 0).astype(int).tolist() == [counted, counted]
    assert row_of(problem, Capacity(1.0, good=1)).name == "capacity of rum"
    assert row_of(problem, Capacity(1.0, good=["tea", "oil"])).name == "capacity of tea and oil"


def test_a_budget_counts_expected_transfers():
    row = row_of(BASE, Budget(-0.1, n_agents=10))
    assert row.transfer.tolist() == [10 * share for share in SHARES]
    assert (row.lower, row.upper) == (-0.1, None)


def test_coverage_counts_everybody_or_the_average_of_some():
    assert row_of(BASE, Coverage(0.7)).allocation.ravel().tolist() == SHARES
    some = row_of(BASE, Coverage(0.7, types=["low", 1]))
    assert some.allocation.ravel().tolist() == [0.5 / 0.8, 0.3 / 0.8, 0.0]
    assert some.lower == 0.7
    assert row_of(BASE, Coverage(0.7, types="low")).allocation.ravel().tolist() == [1.0, 0.0, 0.0]


def test_equal_access_compares_averages_of_groups():
    row = row_of(BASE, EqualAccess([["low", "middle"], "high"], tolerance=0.2))
    assert row.allocation.ravel().tolist() == [0.5 / 0.8, 0.3 / 0.8, -1.0]
    assert (row.lower, row.upper) == (-0.2, 0.2)


def test_several_groups_are_compared_in_pairs_and_by_equations_with_the_first():
    within = replace(BASE, constraints=EqualAccess(LABELS, tolerance=0.2))
    assert [row.allocation.ravel().tolist() for row in within.rows] == [[1, -1, 0], [1, 0, -1], [0, 1, -1]]
    equal = replace(BASE, constraints=EqualAccess(LABELS))
    assert [row.allocation.ravel().tolist() for row in equal.rows] == [[1, -1, 0], [1, 0, -1]]
    assert all(row.lower == row.upper == 0 for row in equal.rows)


def test_inequality_of_rents_leaves_out_what_types_have_anyway():
    problem = replace(BASE, reservation_utility=[0.0, 0.5, 0.75])
    rents = row_of(problem, RentInequality(0.25, ["low", "high"]))
    assert rents.utility.tolist() == [1.0, 0.0, -1.0]
    assert (rents.lower, rents.upper) == (-1.0, -0.5)
    whole = row_of(problem, RentInequality(0.25, ["low", "high"], of="utility"))
    assert (whole.lower, whole.upper) == (-0.25, 0.25)


BY_HAND = {
    "capacity": (Capacity(0.6), {"allocation": [[0.5], [0.3], [0.2]], "upper": 0.6}),
    "budget": (Budget(0.75), {"transfer": SHARES, "lower": 0.75}),
    "coverage": (Coverage(0.9), {"allocation": [[0.5], [0.3], [0.2]], "lower": 0.9}),
    "equal access": (EqualAccess(["low", "high"]), {"allocation": [[1.0], [0.0], [-1.0]], "lower": 0.0, "upper": 0.0}),
    "rent inequality": (RentInequality(0.1, ["high", "low"]),
                        {"utility": [-1.0, 0.0, 1.0], "lower": -0.1, "upper": 0.1}),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_a_named_row_gives_the_menu_of_the_row_by_hand_to_the_bit(name):
    named, by_hand = BY_HAND[name]
    one, other = solve_menu(BASE, constraints=named), solve_menu(BASE, constraints=LinearConstraint(**by_hand))
    assert one.allocation.tolist() == other.allocation.tolist()
    assert one.transfer.tolist() == other.transfer.tolist()
    assert one.upper_bound == other.upper_bound
    assert one.certificate.holds
    assert c.verify(one.problem, one.allocation, one.transfer).is_exact


# ---- what they are worth ----


def test_the_price_of_capacity_is_the_marginal_surplus_that_it_cuts_off():
    """Virtual values v are (0.0, 4/3, 3) in place of theta: types get v - p above nothing, and p closes the market."""
    menu = solve_menu(BASE, constraints=Capacity(0.6))
    price = (0.3 * 4 / 3 + 0.2 * 3 - 0.6) / 0.5
    assert menu.shadow_prices["capacity"] == pytest.approx(price, abs=CLOSED_FORM)
    assert menu.allocation.ravel() == pytest.approx([0.0, 4 / 3 - price, 3 - price], abs=1e-4)


def test_the_price_of_capacity_for_all_agents_is_the_same_value_per_unit_of_them():
    one, many = (solve_menu(BASE, constraints=Capacity(0.6 * n, n_agents=n)) for n in (1, 1000))
    assert many.value == pytest.approx(one.value, rel=1e-9)
    assert 1000 * many.shadow_prices["capacity"] == pytest.approx(one.shadow_prices["capacity"], abs=CLOSED_FORM)


def test_a_limit_that_does_not_bind_is_worth_nothing():
    menu = solve_menu(BASE, constraints=[Capacity(9.0), Coverage(0.01), RentInequality(50.0, ["low", "high"])])
    assert list(menu.shadow_prices.values()) == pytest.approx([0.0, 0.0, 0.0], abs=1e-7)
    assert "capacity: 1 (at most 9), shadow price 0\n" in str(menu)


def test_a_budget_of_a_provider_who_values_users_more_costs_what_money_is_worth_to_them():
    """With weight 2 on utility a unit of money moved to everybody is worth 2 - 1."""
    menu = solve_menu(BASE, objective=c.Welfare(2.0), constraints=Budget(0.0))
    assert menu.shadow_prices["budget"] == pytest.approx(-1.0, abs=CLOSED_FORM)


def test_who_must_be_served_costs_what_serving_them_loses():
    """The low type costs 0.5 to serve and its rent-free surplus is v^2/2, v = 1 - (2 - 1) 0.25 / 0.75 = 2/3."""
    serve = {"weights": [0.75, 0.25], "cost": Q, "serving_cost": 0.5, "labels": ("low", "high")}
    free = solve_menu([1.0, 2.0], **serve)
    assert free.serving.tolist() == [0.0, 1.0]
    menu = solve_menu([1.0, 2.0], constraints=Coverage(0.75, of="serving"), **serve)
    assert menu.serving @ [0.75, 0.25] >= 0.75 - 1e-9
    assert menu.shadow_prices["coverage"] == pytest.approx((2 / 3) ** 2 / 2 - 0.5, abs=CLOSED_FORM)


KINDS = {
    "capacity": lambda limit: Capacity(limit),
    "capacity of all": lambda limit: Capacity(limit, n_agents=7),
    "budget": lambda limit: Budget(limit),
    "coverage": lambda limit: Coverage(limit, types=["low", "middle"]),
    "equal access": lambda limit: EqualAccess([["low", "middle"], ["high"]], tolerance=limit),
    "equal access of three": lambda limit: EqualAccess(["low", "middle", "high"], tolerance=limit),
    "rent inequality": lambda limit: RentInequality(limit, ["low", "middle", "high"]),
    "utility inequality": lambda limit: RentInequality(limit, [["low"], ["middle", "high"]], of="utility"),
    "serving": lambda limit: Coverage(limit, of="serving"),
    "equal serving": lambda limit: EqualAccess(["low", "high"], tolerance=limit, of="serving"),
}
LIMITS = {  # where they bind in BASE, one near and one far; of serving where it costs 0.6
    "capacity": (0.9, 0.3), "capacity of all": (6.0, 2.0), "budget": (3.0, 4.0), "coverage": (0.7, 1.5),
    "equal access": (2.0, 0.4), "equal access of three": (2.0, 0.4), "rent inequality": (1.1, 0.3),
    "utility inequality": (0.3, 0.1), "serving": (0.7, 0.9), "equal serving": (0.8, 0.3),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "limit"), [(kind, limit) for kind in KINDS for limit in LIMITS[kind]])
def test_a_shadow_price_is_the_slope_of_the_value_in_the_limit(kind, limit):
    wanted = c.Welfare(0.9) if kind == "budget" else c.Profit()
    problem = replace(BASE, serving_cost=0.6 if "serving" in kind else 0.0, objective=wanted)

    def solved(limit):
        return solve_menu(problem, constraints=KINDS[kind](limit), gap=1e-8)

    menu = solved(limit)
    (price,) = menu.shadow_prices.values()
    slope = (solved(limit + STEP).value - solved(limit - STEP).value) / (2 * STEP)
    assert abs(price) > 1e-3, "the limit should bind"
    assert price == pytest.approx(slope, abs=SLOPE)
    assert np.sign(price) == (-1 if kind in ("budget", "coverage", "serving") else 1)


@pytest.mark.parametrize(
    "groups", [[["low", "high"], ["middle"]], [["low"], ["middle", "high"]], ["low", "middle", "high"]]
)
def test_equality_is_priced_as_the_first_of_tolerance_or_more_where_ic_binds_as_well(groups):
    strict = solve_menu(BASE, constraints=EqualAccess(groups))
    eased = solve_menu(BASE, constraints=EqualAccess(groups, tolerance=STEP), gap=1e-9)
    slope, price = (eased.value - strict.value) / STEP, strict.shadow_prices["equal access"]
    if groups[1] == ["middle"]:  # all three differ
        assert price == pytest.approx(slope, abs=5e-3)
    else:  # monotone allocations whose averages are the same are the same
        assert price >= slope - 5e-3


def test_rows_of_coefficients_have_the_price_of_raising_their_limits():
    lower = LinearConstraint(allocation=[1.0, 0.0, 0.0], lower=0.25, name="universal service")
    upper = LinearConstraint(allocation=[-1.0, 0.0, 0.0], upper=-0.25, name="the same")
    one, other = (solve_menu(BASE, constraints=row).shadow_prices for row in (lower, upper))
    assert one["universal service"] == pytest.approx(-other["the same"], abs=CLOSED_FORM)
    assert one["universal service"] < -0.1


def test_shadow_prices_of_rows_with_one_name_are_numbered():
    row = LinearConstraint(allocation=[1.0, 0.0, 0.0], upper=9.0)
    assert list(solve_menu(BASE, constraints=[row, row, Capacity(9.0)]).shadow_prices) == [
        "side constraint", "side constraint (2)", "capacity",
    ]  # fmt: skip


# ---- nothing but what is stated matters ----


@pytest.mark.parametrize("kind", KINDS)
def test_units_of_money_scale_prices_and_nothing_else(kind):
    limit, money = LIMITS[kind][0], 2.0**20
    of_money = kind in ("budget", "rent inequality", "utility inequality")
    wanted = c.Welfare(0.9) if kind == "budget" else c.Profit()
    fee = 0.6 if "serving" in kind else 0.0
    one = solve_menu(BASE, serving_cost=fee, objective=wanted, constraints=KINDS[kind](limit))
    other = solve_menu(
        c.ScreeningProblem(
            BASE.valuations * money,
            SHARES,
            cost=c.Quadratic(money),
            labels=LABELS,
            serving_cost=fee * money,
            objective=wanted,
            constraints=KINDS[kind](limit * money if of_money else limit),
        )
    )
    assert other.value == pytest.approx(one.value * money, rel=1e-8)
    (here,), (there,) = one.shadow_prices.values(), other.shadow_prices.values()
    assert there == pytest.approx(here * (1.0 if of_money else money), rel=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_types_is_nothing_to_rows_that_name_them(kind):
    order = [2, 0, 1]
    fields = {
        "objective": c.Welfare(0.9) if kind == "budget" else c.Profit(),
        "serving_cost": 0.6 if "serving" in kind else 0.0,
        "constraints": KINDS[kind](LIMITS[kind][0]),
        "cost": Q,
    }
    one = solve_menu(BASE, **fields)
    other = solve_menu(BASE.valuations[order], BASE.weights[order], labels=[LABELS[k] for k in order], **fields)
    assert other.value == pytest.approx(one.value, rel=1e-8)
    assert list(other.shadow_prices.values()) == pytest.approx(list(one.shadow_prices.values()), abs=1e-4)


def test_new_labels_for_types_named_by_number_change_nothing():
    problem = replace(BASE, constraints=EqualAccess([0, 2], tolerance=0.5))
    renamed = replace(problem, labels=("a", "b", "c"))
    assert solve_menu(renamed).allocation.tolist() == solve_menu(problem).allocation.tolist()


def test_expectations_are_over_the_weights_that_are_given_whatever_is_the_worst_case():
    doubt = replace(BASE, ambiguity=c.TotalVariation(0.1), constraints=Capacity(0.6))
    menu = solve_menu(doubt)
    assert menu.certificate.holds
    assert float(BASE.weights @ menu.allocation[:, 0]) <= 0.6 + 1e-12
    assert menu.worst_case_weights.tolist() != SHARES


def test_regret_compares_menus_that_keep_the_same_rows():
    """So no other weights are a reason to be below nothing, whoever was counted when the limit was stated."""
    problem = replace(
        BASE, ambiguity=c.TotalVariation(0.2), constraints=[Capacity(0.6), EqualAccess(["low", "high"], 2.0)]
    )
    found = c.regret(solve_menu(problem), {"few high": [0.7, 0.2, 0.1], "many high": [0.3, 0.3, 0.4]})
    assert np.all(found.bound - found.value >= -1e-9)
    moved = problem.under(np.array([0.3, 0.3, 0.4]))
    assert moved.rows[0].allocation.ravel().tolist() == SHARES
    assert problem.under(problem.weights).constraints == problem.constraints


def test_a_front_keeps_them():
    problem = replace(BASE, constraints=[Capacity(0.6)])
    front = c.pareto_front(problem, [c.Profit(), c.TotalSurplus()], gap=0.1)
    for k in range(len(front)):
        assert float(BASE.weights @ front.point(k).menu.allocation[:, 0]) <= 0.6 + 1e-9


# ---- they are kept ----

EVERY = (
    Capacity(0.9, good=0, n_agents=2, name="rooms"),
    Budget(-0.1, n_agents=3),
    Coverage(0.2, good="quality", types=["low", 1]),
    EqualAccess([["low", 1], ["high"]], tolerance=2.0),
    RentInequality(4.0, ["low", "high"], of="utility", name="fair"),
    LinearConstraint(utility=[0.0, 0.0, 1.0], upper=9.0),
)
KEPT = replace(BASE, constraints=EVERY, goods=("quality",))


def test_problems_of_every_row_survive_records_pickles_and_replace():
    record = json.loads(json.dumps(to_record(KEPT)))
    assert [row.get("kind") for row in record["constraints"]] == [
        "capacity", "budget", "coverage", "equal_access", "rent_inequality", "linear_constraint",
    ]  # fmt: skip
    for other in (from_record(c.ScreeningProblem, record), pickle.loads(pickle.dumps(KEPT)), replace(KEPT)):
        assert to_record(other) == to_record(KEPT)


def test_a_saved_menu_has_its_prices_to_the_bit(tmp_path):
    menu = solve_menu(KEPT)
    loaded = c.load_menu(menu.save(tmp_path / "menu.json"))
    assert loaded.shadow_prices == menu.shadow_prices
    assert str(loaded) == str(menu)


def test_a_menu_shows_them_in_its_table_its_page_and_its_frame():
    menu = solve_menu(BASE, constraints=[Capacity(0.6, name="rooms"), EqualAccess(["low", "middle"], tolerance=0.5)])
    lines = [line for line in str(menu).splitlines() if "shadow price" in line]
    assert lines == [
        "rooms: 0.6 (at most 0.6), shadow price 0.8",
        "equal access: 0.5 (at most 0.5), shadow price 0.03",
    ] or lines[0].startswith("rooms: 0.6 (at most 0.6), shadow price ")
    assert all(line in menu._repr_html_() for line in lines)
    frame = menu.to_frame("constraints")
    assert frame.index.tolist() == ["rooms", "equal access"]
    assert frame["held"].tolist() == pytest.approx([0.6, 0.5])
    assert frame["shadow_price"].to_dict() == menu.shadow_prices
    assert menu.to_frame().index.tolist() == list(LABELS)


TOML = """
valuations = [1.0, 2.0, 3.0]
weights = [0.5, 0.3, 0.2]
labels = ["low", "middle", "high"]
cost = "quadratic"

[[constraints]]
kind = "capacity"
upper = 0.6

[[constraints]]
kind = "coverage"
lower = 0.1
types = ["low"]

[[constraints]]
kind = "equal_access"
between = [["low", "middle"], ["high"]]
tolerance = 1.5

[[constraints]]
kind = "rent_inequality"
between = ["low", "high"]
upper = 2
of = "rent"

[[constraints]]
kind = "budget"
lower = 0.25
name = "fees"

[[constraints]]
utility = [0.0, 0.0, 1.0]
upper = 9.0
"""


def test_problem_files_hold_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("problem.toml").write_text(TOML)
    problem = read_problem("problem.toml")
    assert [type(row) for row in problem.constraints] == [
        Capacity, Coverage, EqualAccess, RentInequality, Budget, LinearConstraint,
    ]  # fmt: skip
    assert list(solve_menu(problem).shadow_prices) == [
        "capacity", "coverage", "equal access", "rent inequality", "fees", "side constraint",
    ]  # fmt: skip


def test_types_of_weight_zero_leave_the_groups_they_are_in():
    rows = [EqualAccess([[0, 1], 2], tolerance=0.5), Coverage(0.1, types=[1, 2]), Capacity(0.9)]
    kept, dropped = c.without_zero_weights([1.0, 2.0, 3.0], [0.6, 0.0, 0.4], cost=Q, constraints=rows)
    assert dropped == ("1",)
    assert [row.allocation.ravel().tolist() for row in kept.rows] == [[1.0, -1.0], [0.0, 1.0], [0.6, 0.4]]


def test_a_group_of_weight_zero_is_refused():
    with pytest.raises(c.ProblemError, match="rent inequality counts type '1', whose weight is zero"):
        c.without_zero_weights([1.0, 2.0], [1.0, 0.0], cost=Q, constraints=RentInequality(0.5, [0, 1]))


# ---- what cannot be ----


def test_rows_that_conflict_are_named_as_the_user_named_them():
    rows = [Capacity(0.5, name="beds"), Coverage(0.75, types=["low", "middle"], name="basic care"), Budget(-9.0)]
    with pytest.raises(c.InfeasibleMenuError, match="no menu meets together") as caught:
        solve_menu(BASE, constraints=rows)
    assert set(caught.value.conflict) == {"'beds'", "'basic care'"}
    relaxed = [rows[0], replace(rows[1], lower=0.4), rows[2]]
    assert solve_menu(BASE, constraints=relaxed).certificate.holds


def test_a_row_that_no_menu_meets_is_named_alone():
    with pytest.raises(c.InfeasibleMenuError) as caught:
        solve_menu(BASE, constraints=[Capacity(-1.0), Budget(-50.0)])
    assert caught.value.conflict == ("'capacity'",)


def test_a_menu_that_breaks_one_is_told_which():
    problem = replace(BASE, constraints=Capacity(0.6, name="beds"))
    free = solve_menu(BASE)
    found = c.verify(problem, free.allocation, free.transfer)
    assert [broken.what for broken in found.violations] == ["beds"]
    assert found.violations[0].amount == pytest.approx(0.4, abs=1e-6)


TWO_GOODS = c.ScreeningProblem([[1.0, 2.0], [2.0, 1.0]], cost=Q, goods=("tea", "rum"))
REFUSED = {
    "good is missing": (TWO_GOODS, lambda: Capacity(1.0), "capacity names no good: give good= one of 'tea', 'rum'",
                        lambda: Capacity(1.0, good="tea")),
    "unknown good": (TWO_GOODS, lambda: Capacity(1.0, good="oil"), "is of good 'oil': the goods are 'tea'",
                     lambda: Capacity(1.0, good="rum")),
    "good out of range": (TWO_GOODS, lambda: Coverage(1.0, good=2), "is of good 2: the goods are .*, or 0 to 1",
                          lambda: Coverage(1.0, good=1)),
    "one good twice": (TWO_GOODS, lambda: Coverage(1.0, good=["tea", 0]), "names a good twice: leave one out",
                       lambda: Coverage(1.0, good=["tea"])),
    "unknown type": (BASE, lambda: Coverage(1.0, types=["lov"]), "of coverage names type 'lov': the types are 'low'",
                     lambda: Coverage(1.0, types=["low"])),
    "type out of range": (BASE, lambda: EqualAccess([0, 3]), r"between\[1\] of equal access names type 3: .*0 to 2",
                          lambda: EqualAccess([0, 2])),
    "type in two groups": (BASE, lambda: RentInequality(1.0, [["low", "high"], [2]]),
                           "has a type in two groups: leave it out of one", lambda: RentInequality(1.0, [[0], [2]])),
    "one type twice": (BASE, lambda: Coverage(0.1, types=["low", 0]), "names a type twice: leave one out",
                       lambda: Coverage(0.1, types=["low"])),
    "serving that costs nothing": (BASE, lambda: Coverage(0.5, of="serving"),
                                   r"coverage counts chances of being served.*count amounts of a good",
                                   lambda: Coverage(0.5, of="allocation")),
    "money where there is none": (replace(BASE, transfers="none", domain=c.Box(0.0, 1.0)), lambda: Budget(0.0),
                                  "budget counts transfers, but transfers is 'none'", lambda: Capacity(0.5)),
    "rents without reservation": (replace(BASE, reservation_utility=-np.inf), lambda: RentInequality(1.0, [0, 1]),
                                  "nobody has a reservation utility: compare of='utility'",
                                  lambda: RentInequality(1.0, [0, 1], of="utility")),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_rows_that_do_not_fit_the_problem_are_refused_with_a_remedy_that_works(case):
    problem, wrong, says, right = REFUSED[case]
    with pytest.raises(c.ProblemError, match=says):
        replace(problem, constraints=wrong())
    assert replace(problem, constraints=right()).rows


WRONG = [
    (lambda: Capacity("much"), "Capacity upper"),
    (lambda: Capacity(np.nan), "Capacity upper is nan"),
    (lambda: Capacity(1.0, n_agents=0), "n_agents is 0: give a whole number, at least 1"),
    (lambda: Capacity(1.0, good=[]), r"Capacity good is \[\]: give the name or number of a good, or a list of them"),
    (lambda: Capacity(1.0, good=True), "Capacity good is True"),
    (lambda: Capacity(1.0, good=1.0), "Capacity good is 1.0"),
    (lambda: Budget(np.inf), "Budget lower is inf"),
    (lambda: Budget(0.0, n_agents=-1), "n_agents is -1: give a whole number, at least 1"),
    (lambda: Coverage(1.5, of="serving"), "Coverage lower is 1.5: the share of agents served lies between 0 and 1"),
    (lambda: Coverage(0.5, of="people"), "Coverage of is 'people': use 'allocation' or 'serving'"),
    (lambda: Coverage(0.5, good=0, of="serving"), "Coverage is of serving, which counts no goods: leave its good out"),
    (lambda: Coverage(0.5, types=[]), r"Coverage types is \[\]: give the labels or numbers of types"),
    (lambda: EqualAccess("low"), "EqualAccess between is 'low': give two or more groups of types"),
    (lambda: EqualAccess(["low"]), "EqualAccess between has 1 group: give two or more groups"),
    (lambda: EqualAccess([["low", "low"], ["high"]]), r"EqualAccess between\[0\] names 'low' twice: leave one out"),
    (lambda: EqualAccess([0, 1], tolerance=-0.1), "EqualAccess tolerance is -0.1: it must not be negative"),
    (lambda: RentInequality(-0.1, [0, 1]), "RentInequality upper is -0.1: it must not be negative"),
    (lambda: RentInequality(0.1, [0, 1], of="money"), "RentInequality of is 'money': use 'rent' or 'utility'"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "says"), WRONG, ids=[says for _, says in WRONG])
def test_rows_that_say_nothing_are_refused_at_the_door(wrong, says):
    with pytest.raises(c.ProblemError, match=says):
        wrong()


def test_constraints_that_are_no_rows_are_refused_by_the_names_of_those_that_are():
    with pytest.raises(c.ProblemError, match=r"rows, or Capacity, .* RentInequality: give a list of them"):
        replace(BASE, constraints=[0.6])


def test_an_unknown_kind_of_row_in_a_file_is_refused_by_the_kinds_there_are(tmp_path):
    path = tmp_path / "problem.toml"
    path.write_text("valuations = [1.0]\n[[constraints]]\nkind = 'quota'\nupper = 1\n")
    with pytest.raises(c.ProblemError, match=r"constraints\[0\] has kind 'quota': known kinds are linear"):
        read_problem(path)
