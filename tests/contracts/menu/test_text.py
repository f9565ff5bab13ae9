"""Tables say what people mean: the model's own columns, the first best beside the second, pools, one numbering."""

import json
from dataclasses import replace
from itertools import product

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import contracts as c
from contracts import models, solve_menu
from contracts.cli.menu_files import certify_file
from contracts.cli.problem_files import read_problem
from contracts.menu.first_best import first_best
from contracts.menu.text import WIDTH, readings_of
from inference.cli import app

mpl.use("Agg")

SOLVER = 1e-6  # allocations of menus that a solver found
CLOSED = 1e-12
SKILLS, SHARES = np.array([1.0, 1.5, 2.0, 3.0]), np.array([0.4, 0.3, 0.2, 0.1])
TAX = solve_menu(models.income_tax(SKILLS, SHARES, elasticity=0.5, labels=("a", "b", "c", "d")))
POOLED = solve_menu([1.0, 2.0, 2.1, 3.0], [0.1, 0.6, 0.1, 0.2], cost=c.Quadratic())


def header(menu):
    """Headings of the printed table; those of two words in one piece."""
    line = repr(menu).splitlines()[1]
    return [name for name in line.split("  ") if name.strip()]


def headings(menu):
    return [name.strip() for name in header(menu)]


def axes():
    return Figure(figsize=(7, 4.5), layout="constrained").subplots()


# ---- the model's own words ----


def test_an_income_tax_reads_as_earnings_consumption_and_tax():
    reading = TAX.reading
    assert list(reading) == ["earnings", "consumption", "tax"]
    assert reading["earnings"] == pytest.approx(-TAX.problem.cost.value(TAX.allocation), rel=CLOSED)
    assert reading["tax"] == pytest.approx(reading["earnings"] - reading["consumption"], abs=CLOSED)
    assert reading["tax"] == pytest.approx(TAX.payoff, abs=CLOSED)
    k = 3.0  # 1 + 1 / elasticity
    assert TAX.utility == pytest.approx(reading["consumption"] - (reading["earnings"] / SKILLS) ** k / k, rel=1e-9)
    names = headings(TAX)
    assert names[2:] == [
        "earnings", "first best", "distortion", "consumption", "tax", "rent", "option", "binding",
    ]  # fmt: skip
    assert "transfer" not in names
    assert "allocation" not in names


def test_a_tariff_reads_as_quantities_and_prices():
    # theta sqrt(q) at unit cost 1, theta in {2, 4}: q = (theta_v / 2)^2 with virtual types 4/3 and 4
    menu = solve_menu(models.maskin_riley([2.0, 4.0], [0.75, 0.25]))
    assert menu.reading["quantity"] == pytest.approx([4 / 9, 4.0], abs=SOLVER)
    assert menu.reading["price"] == pytest.approx(menu.transfer)
    assert headings(menu)[2:6] == ["quantity", "first best", "distortion", "price"]


def test_a_regulated_firm_reads_as_quantity_price_and_payment():
    menu = solve_menu(models.regulation([1.0, 2.0], demand_intercept=10.0, rent_weight=0.5))
    assert menu.reading["price"] == pytest.approx([1.0, 2.5], abs=SOLVER)  # virtual costs
    assert menu.reading["quantity"] == pytest.approx([9.0, 7.5], abs=SOLVER)
    rent = menu.reading["payment"] - np.array([1.0, 2.0]) * menu.reading["quantity"]
    assert rent == pytest.approx(menu.utility, abs=1e-9)
    assert {"quantity", "price", "payment"} <= set(headings(menu))


@pytest.mark.parametrize(
    ("problem", "columns"),
    [
        (models.mussa_rosen([1.0, 2.0]), ["quality", "price"]),
        (models.multiproduct([[2.0, 1.0], [1.0, 2.0]]), ["good 0", "good 1", "price"]),
        (models.multiproduct([[2.0, 1.0]], goods=["tea", "rum"]), ["tea", "rum", "price"]),
        (models.optimal_auction([0.2, 0.4]), ["probability", "price"]),
        (models.optimal_auction([[0.2, 0.4]], goods=["price", "weight"]), ["good price", "good weight", "price"]),
        (models.lotteries([[1.0, 0.0]]), ["outcome 0", "outcome 1", "payment"]),
        (models.lotteries([[1.0, 0.0]], transfers="none", outcomes=["go", "stay"]), ["go", "stay"]),
        (models.delegation([[1.0, 0.0]], policies=["help", "refuse"]), ["help", "refuse"]),
        (models.delegation([[1.0, 0.0]]), ["policy 0", "policy 1"]),
        (c.ScreeningProblem([1.0]), ["allocation", "transfer"]),
        (c.ScreeningProblem([1.0], goods=["quality"]), ["quality", "transfer"]),
        (c.ScreeningProblem([[1.0, 2.0]]), ["good 0", "good 1", "transfer"]),
        (c.ScreeningProblem([[1.0, 2.0]], goods=["tea", "rum"], transfers="none"), ["tea", "rum"]),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, list) else "",
)
def test_columns_are_called_what_they_hold(problem, columns):
    assert [reading.name for reading in readings_of(problem)] == columns


def test_readings_change_no_number_of_the_menu():
    plain = solve_menu(replace(TAX.problem, readings=()))
    assert plain.allocation.tobytes() == TAX.allocation.tobytes()
    assert plain.transfer.tobytes() == TAX.transfer.tobytes()
    assert headings(plain)[2] == "effort"


def test_a_frame_holds_the_models_columns_and_the_arrays():
    frame = TAX.to_frame()
    for name, values in TAX.reading.items():
        assert frame[name].tolist() == values.tolist()
    assert frame["allocation"].tolist() == TAX.allocation[:, 0].tolist()
    assert frame["transfer"].tolist() == TAX.transfer.tolist()
    efficient = SKILLS ** (3 / 2)  # marginal disutility z^2 / theta^3 = 1
    assert frame["first_best[earnings]"].to_numpy() == pytest.approx(efficient, rel=CLOSED)
    assert frame["distortion[earnings]"].to_numpy() == pytest.approx(TAX.reading["earnings"] - efficient)
    plain = POOLED.to_frame()
    assert plain["first_best"].tolist() == [1.0, 2.0, 2.1, 3.0]
    assert plain["distortion"].tolist() == POOLED.distortion[:, 0].tolist()


def test_a_printed_frame_can_be_verified_again(tmp_path):
    for menu in (TAX, POOLED, solve_menu(models.mussa_rosen([1.0, 2.0]))):
        path = tmp_path / "menu.csv"
        menu.to_frame().to_csv(path, float_format="%.17g")
        certificate, written = certify_file(menu.problem, path)
        assert certificate.is_exact
        assert np.asarray(written.allocation).tobytes() == menu.allocation.tobytes()


def test_a_column_that_is_called_like_a_good_but_reads_another_number_is_not_taken_for_it(tmp_path):
    grams = c.Reading("tea", good=0, scale=1000.0)
    menu = solve_menu([1.0, 2.0], cost=c.Quadratic(), goods=["tea"], readings=[grams])
    path = tmp_path / "menu.csv"
    menu.to_frame().to_csv(path, float_format="%.17g")
    assert certify_file(menu.problem, path)[0].value == pytest.approx(menu.value)


def test_readings_go_with_the_menu_and_the_problem_into_files(tmp_path):
    again = c.load_menu(TAX.save(tmp_path / "menu.json"))
    assert again.problem.readings == TAX.problem.readings
    assert repr(again) == repr(TAX)
    record = json.loads((tmp_path / "menu.json").read_text())
    assert record["reading"]["tax"] == TAX.reading["tax"].tolist()
    (tmp_path / "problem.json").write_text(json.dumps(record["problem"]))
    assert read_problem(tmp_path / "problem.json").readings == TAX.problem.readings


def test_a_problem_file_may_name_its_columns_and_the_command_line_prints_them(tmp_path):
    from typer.testing import CliRunner

    path = tmp_path / "tariff.toml"
    path.write_text(
        'valuations = [2.0, 4.0]\nweights = [0.75, 0.25]\ncost = { kind = "power", exponent = 2.0 }\n'
        '[[readings]]\nname = "quantity"\ngood = 0\npower = 2.0\n[[readings]]\nname = "price"\nper_transfer = 1.0\n'
    )
    printed = CliRunner().invoke(app, ["solve", str(path)]).stdout
    assert " ".join(printed.splitlines()[1].split()[2:]) == "quantity first best distortion price rent option binding"
    assert printed.splitlines()[2].split()[2:6] == ["0.444", "1.000", "-0.556", "1.333"]
    record = json.loads(CliRunner().invoke(app, ["solve", str(path), "--json"]).stdout)
    assert record["reading"]["quantity"] == pytest.approx([4 / 9, 4.0])


def test_a_menu_is_the_menu_of_a_problem_however_either_is_shown(tmp_path):
    path = TAX.save(tmp_path / "menu.json")
    _, written = certify_file(replace(TAX.problem, readings=()), path)
    assert written.differs_in == ()


@pytest.mark.parametrize(
    ("transfer", "message"),
    [
        (5.0, r"transfer has shape \(\); expected \(n = 2\)"),
        ([5.0], r"transfer has shape \(1,\); expected \(n = 2\)"),
        ("5", "transfer"),
    ],
)
def test_a_reading_is_of_as_many_transfers_as_allocations(transfer, message):
    with pytest.raises(c.ProblemError, match=message):
        c.Reading("quantity", good=0, per_transfer=1.0).of(np.ones((2, 1)), transfer)


def test_a_reading_is_of_a_good_that_the_allocations_have():
    with pytest.raises(c.ProblemError, match=r"'hours' is of good 1, but the allocations have 1 columns: give one"):
        c.Reading("hours", good=1).of(np.ones((2, 1)), np.ones(2))


# ---- the first best ----


def test_distortion_is_what_hidden_types_do_to_allocations():
    # Mussa & Rosen: none at the top, less than is efficient below
    menu = solve_menu(models.mussa_rosen([1.0, 2.0], [0.75, 0.25]))
    assert menu.first_best_allocation.ravel() == pytest.approx([1.0, 2.0], abs=CLOSED)
    assert menu.distortion.ravel() == pytest.approx([-1 / 3, 0.0], abs=SOLVER)
    with pytest.raises(ValueError, match="read-only"):
        menu.first_best_allocation[0] = 0.0


@given(
    st.lists(st.floats(0.1, 10.0), min_size=2, max_size=6, unique=True),
    st.sampled_from([c.Quadratic(0.5), c.Power(1.5), c.Power(3.0, 2.0)]),
)
def test_no_type_on_a_line_is_served_more_than_efficiently_and_the_best_is_not_distorted(types, cost):
    menu = solve_menu(sorted(types), cost=cost)
    scale = np.abs(menu.first_best_allocation).max()
    assert np.all(menu.distortion <= SOLVER * scale)
    assert menu.distortion[-1, 0] == pytest.approx(0.0, abs=SOLVER * scale)


LIMITS = ("free", "none", (0.0, 0.5), (-0.2, 0.3), (0.1, np.inf))
CONCERNS = {"profit": c.Profit(), "half": c.Welfare(0.5), "double": c.Welfare(2.0)}
CURBED = [pair for pair in product(LIMITS, CONCERNS) if pair != ("free", "double")]  # else money is given away


@pytest.mark.parametrize(("transfers", "concern"), CURBED)
@pytest.mark.parametrize("cost", [c.Linear([0.1, 0.0, 0.2]), c.Entropy([0.2, 0.3, 0.5], 0.4)])
def test_the_first_best_is_the_best_menu_for_each_type_alone(transfers, concern, cost):
    """A second opinion: with one type there is nothing to screen, so the general engine finds it."""
    rng = np.random.default_rng(3)
    taste, own = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    floor = taste.mean(axis=1)
    shared = {"cost": cost, "domain": c.Simplex(), "transfers": transfers, "objective": CONCERNS[concern]}
    shared["participation"] = "compulsory"
    by_type = {"principal_values": own, "reservation_utility": floor}
    problem = c.ScreeningProblem(taste, **by_type, **shared)
    found = first_best(problem)
    terms, (lowest, highest) = problem.terms, problem.transfer_limits
    for k in range(4):
        own_part = {name: values[k : k + 1] for name, values in by_type.items()}
        alone = solve_menu(taste[k : k + 1], method="reference", **own_part, **shared)
        worth = taste[k] @ found[k]
        most = min(highest, worth - floor[k])
        assert most >= lowest - SOLVER
        paid = most if terms.profit_weight >= terms.utility_weights[k] else lowest
        value = own[k] @ found[k] - cost.value(found[k : k + 1])[0] + paid + terms.utility_weights[k] * (worth - paid)
        assert value == pytest.approx(alone.value, abs=1e-5)


@given(st.lists(st.floats(0.25, 4.0), min_size=1, max_size=4, unique=True), st.floats(-1.0, 4.0), st.floats(0.0, 2.0))
def test_who_costs_more_to_win_over_than_it_is_worth_keeps_the_outside_option_in_the_first_best(types, reserved, fixed):
    problem = c.ScreeningProblem(types, cost=c.Quadratic(), reservation_utility=reserved, serving_cost=fixed)
    surplus = np.array(types) ** 2 / 2 - reserved - fixed
    assume(np.all(np.abs(surplus) > 1e-9))
    np.testing.assert_allclose(first_best(problem).ravel(), np.where(surplus > 0, types, 0.0), rtol=1e-12)


def test_the_first_best_of_who_is_left_out_is_what_the_outside_option_holds():
    problem = c.ScreeningProblem([[1.0, 0.0]], cost=c.Quadratic(), outside_option=[1.5, 0.0], serving_cost=1.0)
    np.testing.assert_allclose(first_best(problem), [[1.5, 0.0]])  # 1.5 - 1.125 is more than 0.5 - 1


def test_where_the_first_best_ties_types_together_it_is_refused_and_left_out_of_the_table():
    capacity = c.LinearConstraint(allocation=[[1.0], [1.0]], upper=0.5)
    menu = solve_menu([1.0, 2.0], cost=c.Quadratic(), constraints=capacity)
    with pytest.raises(c.ProblemError, match="not found type by type: side constraints tie the types together"):
        _ = menu.first_best_allocation
    assert "first best" not in repr(menu)
    assert "first_best" not in menu.to_frame()


def test_many_columns_leave_out_the_distortion_first_then_the_first_best():
    for n_goods in range(1, 9):
        menu = solve_menu(np.eye(n_goods) + 1.0, cost=c.Quadratic())
        lines = repr(menu).splitlines()[1:-1]
        names = headings(menu)
        assert ("distortion" in names) <= ("first best" in names)
        if "first best" in names:
            assert max(map(len, lines)) <= WIDTH
        assert menu.to_html().count("<th>first best</th>") == min(n_goods, 6)  # a page has room


def test_columns_that_do_not_fit_are_those_of_the_smallest_amounts():
    shares = np.zeros((2, 9))
    shares[0, 8] = shares[1, 7] = 1.0
    menu = solve_menu(models.delegation(shares))
    assert {"policy 7", "policy 8", "+3 goods"} <= set(headings(menu))


def test_a_table_prints_as_many_digits_as_the_certificate_supports():
    rough = solve_menu([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic())
    certificate = replace(rough.certificate, upper_bound=rough.value * 1.05)
    shown = repr(replace(rough, certificate=certificate)).splitlines()[2].split()
    assert shown[2:5] == ["0.7", "1.0", "-0.3"]


def test_a_rent_that_is_a_solvers_rounding_is_printed_as_none():
    problem = models.lotteries(
        [[4.0, 0.0, 2.0], [0.0, 4.0, 2.0]],
        principal_values=[0.0, 0.0, 1.0],
        transfers="none",
        reservation_utility=2.5,
    )
    menu = solve_menu(problem)
    assert "e-" not in "".join(repr(menu).splitlines()[1:-1])


# ---- pools, and who stays out ----


def test_pools_are_marked_in_text_html_frame_and_headline():
    assert POOLED.is_bunched.tolist() == [False, True, True, False]
    lines = repr(POOLED).splitlines()
    assert lines[0].startswith("Menu: 4 types, 2 options, 2 bunched, 1 excluded, ")
    assert "outside" in lines[2]
    assert "0 bunched" in lines[3]
    assert "0 bunched" in lines[4]
    assert "bunched" not in lines[5]
    page = POOLED.to_html()
    assert page.count("<tr class='bunched'>") == 2
    assert page.count("<tr class='excluded'>") == 1
    frame = POOLED.to_frame()
    assert frame["is_bunched"].tolist() == [False, True, True, False]
    assert frame["is_excluded"].tolist() == [True, False, False, False]


def test_types_that_are_all_excluded_are_not_bunched():
    nobody = solve_menu([1.0, 1.5], cost=c.Linear(2.0))
    assert nobody.is_excluded.all()
    assert not nobody.is_bunched.any()


def test_pools_and_those_who_stay_out_are_marked_in_pictures():
    told = [text.get_text() for text in POOLED.plot(axes(), kind="menu").get_legend().get_texts()]
    assert {"shared by several types (bunched)", "excluded: 0"} <= set(told)
    told = [text.get_text() for text in POOLED.plot(axes(), kind="types").get_legend().get_texts()]
    assert any(text.startswith("bunched (2)") for text in told)
    ticks = [tick.get_text() for tick in POOLED.plot(axes(), kind="rents").get_xticklabels()]
    assert ticks == ["0\n(excluded)", "1\n(bunched)", "2\n(bunched)", "3"]
    agreed = models.delegation([[0.0, 1.0], [0.0, 0.9], [1.0, 0.0]])
    ticks = [tick.get_text() for tick in solve_menu(agreed).plot(axes()).get_yticklabels()]
    assert ticks == ["0 (option 0, bunched)", "1 (option 0, bunched)", "2"]


@pytest.mark.parametrize("menu", [TAX, POOLED], ids=["tax", "pooled"])
@pytest.mark.parametrize("kind", ["menu", "types", "rents"])
def test_no_legend_lies_over_the_data(menu, kind):
    ax = menu.plot(axes(), kind=kind)
    ax.get_figure().canvas.draw()
    if ax.get_legend() is not None:
        assert not ax.get_legend().get_window_extent().overlaps(ax.get_window_extent())


def test_the_picture_of_a_tax_is_in_earnings_and_consumption():
    ax = TAX.plot(axes(), kind="menu")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("earnings", "consumption (money)")
    (points,) = [line for line in ax.get_lines() if line.get_label() == "options"]
    assert points.get_xdata() == pytest.approx(TAX.reading["earnings"])
    assert points.get_ydata() == pytest.approx(TAX.reading["consumption"])
    for k, label in enumerate("abcd"):  # consumption on an indifference curve: u + (z / theta)^3 / 3
        (curve,) = [line for line in ax.get_lines() if line.get_label() == f"{label}: indifference curve"]
        earned, consumed = curve.get_data()
        assert consumed == pytest.approx(TAX.utility[k] + (earned / SKILLS[k]) ** 3 / 3)


# ---- one numbering ----


def test_types_goods_and_options_are_numbered_from_nought_everywhere(tmp_path):
    menu = solve_menu([[1.0, 2.0], [2.0, 1.0]], cost=c.Quadratic())
    assert list(menu.problem.labels) == list(menu.problem.goods) == ["0", "1"]
    assert menu.option_of_type.tolist() == [0, 1]
    assert [row.split()[0] for row in repr(menu).splitlines()[2:4]] == ["0", "1"]
    assert menu.to_frame().index.tolist() == ["0", "1"]
    assert c.load_menu(menu.save(tmp_path / "menu.json")).to_dict()["labels"] == ["0", "1"]
    with pytest.raises(c.ProblemError, match=r"weights\[1\] is 0.0"):
        c.ScreeningProblem([1.0, 2.0], [1.0, 0.0])
    with pytest.raises(c.ProblemError, match=r"valuations\[1\] is nan"):
        c.ScreeningProblem([1.0, np.nan])
    with pytest.raises(c.ProblemError, match=r"types\[1\] is -1.0"):
        models.mussa_rosen([1.0, -1.0])
    for call in (
        lambda: c.ScreeningProblem([1.0, 2.0], [1.0, 0.0], labels=("low", "high")),
        lambda: c.ScreeningProblem(pd.Series([1.0, 2.0], index=["low", "high"]), [1.0, 0.0]),
        lambda: c.ScreeningProblem([1.0, np.nan], labels=("low", "high")),
        lambda: models.mussa_rosen([1.0, -1.0], labels=("low", "high")),
        lambda: models.mussa_rosen(pd.Series([1.0, -1.0], index=["low", "high"])),
    ):
        with pytest.raises(c.ProblemError, match=r"\['high'\] is"):
            call()


# ---- policies without a temperature ----


@pytest.mark.parametrize("temperature", [None, 0, 0.0])
def test_without_a_temperature_policies_are_plain_lotteries(temperature):
    """Opposed users take their favourites; harm that a user's gain does not outweigh is left out."""
    favourites = solve_menu(models.delegation([[0.0, 1.0], [1.0, 0.0]], temperature=temperature))
    assert favourites.allocation == pytest.approx(np.array([[0.0, 1.0], [1.0, 0.0]]), abs=SOLVER)
    assert favourites.value == pytest.approx(1.0)
    harmful = models.delegation([[0.0, 1.0], [1.0, 0.0]], harm=[0.0, 3.0], temperature=temperature)
    assert solve_menu(harmful).allocation == pytest.approx(np.array([[1.0, 0.0], [1.0, 0.0]]), abs=SOLVER)


def test_little_temperature_is_nearly_none():
    rewards = np.random.default_rng(5).random((3, 4))
    plain = solve_menu(models.delegation(rewards))
    warm = solve_menu(models.delegation(rewards, reference=np.full(4, 0.25), temperature=1e-3))
    assert plain.value >= warm.value
    assert warm.value == pytest.approx(plain.value, abs=1e-3 * np.log(4))
    kept = models.delegation(rewards, outside_option=np.full(4, 0.25))
    assert np.all(solve_menu(kept).information_rent >= 0)
