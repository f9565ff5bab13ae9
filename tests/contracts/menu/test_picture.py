"""What a picture of a menu shows is what the menu says."""

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.sparse import csr_array

from contracts import (
    Box,
    Linear,
    Menu,
    Options,
    ProblemError,
    Quadratic,
    ScreeningProblem,
    Simplex,
    Welfare,
    solve_menu,
)
from contracts.display.palette import PALETTE
from contracts.menu.assembly import assembled
from contracts.menu.picture import SHOWN_ARROWS, SHOWN_BARS, SHOWN_CURVES, binding_pairs, plot_menu, type_positions
from contracts.proof.bound import upper_bound
from contracts.proof.multipliers import no_multipliers

mpl.use("Agg")

SOLVER = 1e-6  # positions come from menus that a solver found
KINDS = ("auto", "menu", "types", "rents")


def axes():
    return Figure(figsize=(7, 4.5), layout="constrained").subplots()


def drawn(ax):
    """Draw it for good: whatever matplotlib would refuse, it refuses here."""
    ax.get_figure().canvas.draw()
    return ax


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def line(ax, label):
    (found,) = [line for line in ax.get_lines() if line.get_label() == label]
    return found


def arrows(ax):
    """(tail, head) of every arrow."""
    return [(text.xyann, text.xy) for text in ax.texts if getattr(text, "arrowprops", None)]


def names(ax):
    return {text.get_text(): text.xy for text in ax.texts if text.get_text() and hasattr(text, "xy")}


def by_hand(valuations, options, prices, tempted=(), tempter=(), **fields):
    """A menu of many types without a solver: everybody takes the best option, and these constraints have a price."""
    problem = ScreeningProblem(valuations, participation="compulsory", **fields)
    utility = problem.valuations @ np.transpose(options) - prices
    taken = utility.argmax(axis=1)
    if problem.outside_contract is not None:
        taken = np.where(utility.max(axis=1) > 0, taken, -1)
    bound = upper_bound(problem, no_multipliers(problem))
    price = np.full(len(tempted), 1.0 / problem.n_types)
    bound.multipliers.ic.resize((problem.n_types, problem.n_types))
    object.__setattr__(
        bound.multipliers, "ic", csr_array((price, (tempted, tempter)), shape=(problem.n_types, problem.n_types))
    )
    offered = Options(np.asarray(options, dtype=float), np.asarray(prices, dtype=float))
    return assembled(problem, offered, taken, bound, "hand", np.inf)


@pytest.fixture(scope="module")
def tariff():
    """Maskin & Riley (1984), quadratic cost: allocations 2/3 and 2, transfers 2/3 and 10/3."""
    return solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"), goods=("quality",))


@pytest.fixture(scope="module")
def bundle():
    """One bundle at price 3; who values it at 0.7 is excluded."""
    return solve_menu(
        [[1, 2], [2, 1], [0.3, 0.4], [1.5, 1.8]],
        [0.3, 0.3, 0.2, 0.2],
        cost=Linear(0.2),
        domain=Box(0, 1),
        labels=("voice", "data", "poor", "both"),
        goods=("data", "voice"),
    )


@pytest.fixture(scope="module")
def lotteries():
    """No money, three policies, a default one: both types take their favourite."""
    return solve_menu(
        [[3.0, 1.0, 0.0], [1.0, 3.0, 0.0]],
        cost=Linear(0.0),
        domain=Simplex(),
        transfers="none",
        outside_option=[0.25, 0.25, 0.5],
        objective=Welfare(),
        labels=("us", "them"),
        goods=("left", "right", "neither"),
    )


def crowd(n_types=3000):
    """Many types, two goods, three options; every type with a neighbour that tempts it."""
    valuations = np.random.default_rng(0).random((n_types, 2))
    tempted = np.arange(n_types)
    return by_hand(
        valuations,
        [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]],
        [0.62, 0.62, 0.9],
        tempted,
        np.roll(tempted, 7),
        domain=Box(0, 1),
    )


# ---- what is on offer ----


def test_a_tariff_marks_options_the_outside_option_and_indifference_curves(tariff):
    ax = drawn(plot_menu(tariff, axes(), kind="menu"))
    np.testing.assert_allclose(line(ax, "options").get_xydata(), [(2 / 3, 2 / 3), (2, 10 / 3)], atol=SOLVER)
    np.testing.assert_array_equal(line(ax, "outside option").get_xydata(), [(0, 0)])
    low, high = (line(ax, f"{name}: indifference curve").get_xydata() for name in ("low", "high"))
    np.testing.assert_allclose(low[:, 1], low[:, 0] - 0.0, atol=SOLVER)  # utility 0 at valuation 1
    np.testing.assert_allclose(high[:, 1], 2 * high[:, 0] - 2 / 3, atol=SOLVER)  # rent 2/3 at valuation 2
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("quality", "transfer (money)")
    assert list(names(ax)) == ["low", "high"]
    assert ax.get_title() == "Menu: 2 types, 2 options, value 0.6667, proven bound 0.6667"


def test_a_tariff_for_many_types_shows_some_of_their_curves_by_a_scale_of_valuations():
    menu = by_hand(np.linspace(0.1, 2, 40), np.linspace(0.1, 1, 30)[:, np.newaxis], np.linspace(0.1, 1, 30))
    ax = drawn(plot_menu(menu, axes()))
    curves = [curve for curve in ax.get_lines() if curve.get_label() == "_nolegend_"]
    assert len(curves) == SHOWN_CURVES
    slopes = [np.ptp(y) / np.ptp(x) for x, y in (curve.get_data() for curve in curves)]
    assert (slopes[0], slopes[-1]) == pytest.approx((0.1, 2.0))
    scale = next(other for other in ax.get_figure().axes if other is not ax)
    assert scale.get_ylabel() == "valuation (money per unit)"
    assert scale.get_ylim() == pytest.approx((0.1, 2.0))


def test_every_point_of_a_tariff_is_inside_the_axes(tariff):
    ax = drawn(plot_menu(tariff, axes(), kind="menu"))
    points = np.vstack([line(ax, "options").get_xydata(), line(ax, "outside option").get_xydata()])
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    assert np.all((points > (left, bottom)) & (points < (right, top)))


def test_options_of_two_goods_lie_in_allocation_space_with_price_and_share(bundle):
    ax = drawn(plot_menu(bundle, axes(), kind="menu"))
    (offered,) = [points for points in ax.collections if points.get_label() == "options"]
    np.testing.assert_allclose(offered.get_offsets(), [(1, 1)], atol=SOLVER)
    assert list(names(ax)) == ["3 (80%)"]
    np.testing.assert_array_equal(line(ax, "outside option").get_xydata(), [(0, 0)])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("data", "voice")


def test_bars_of_lotteries_are_the_probabilities_and_end_with_the_default_policy(lotteries):
    ax = drawn(plot_menu(lotteries, axes()))
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["us", "them", "outside option"]
    share = {bars.get_label(): [bar.get_width() for bar in bars] for bars in ax.containers}
    expected = {"left": (1, 0, 0.25), "right": (0, 1, 0.25), "neither": (0, 0, 0.5)}
    assert share.keys() == expected.keys()
    for policy, widths in expected.items():
        np.testing.assert_allclose(share[policy], widths, atol=SOLVER)
    assert ax.get_xlim() == (0, 1)


def test_policies_beyond_the_palette_are_lumped_together_and_bars_stay_complete():
    chances = np.random.default_rng(1).dirichlet(np.ones(20), size=3)
    menu = by_hand(np.eye(20)[:3], chances, np.zeros(3), domain=Simplex(), transfers="none")
    ax = drawn(plot_menu(menu, axes()))
    assert legend(ax)[-1] == "12 others"
    assert len(ax.containers) == len(PALETTE) + 1
    widths = np.array([[bar.get_width() for bar in bars] for bars in ax.containers])
    np.testing.assert_allclose(widths.sum(axis=0), 1.0)


def test_more_goods_become_a_table_of_amounts():
    menu = by_hand(np.eye(4), np.diag([4.0, 3.0, 2.0, 1.0]), np.zeros(4), goods=list("abcd"))
    ax = drawn(plot_menu(menu, axes()))
    np.testing.assert_array_equal(ax.images[0].get_array(), menu.allocation)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == list("abcd")


def test_bars_beyond_what_can_be_named_show_the_most_popular_options():
    valuations = np.random.default_rng(2).dirichlet(np.ones(3), size=500)
    options = np.random.default_rng(3).dirichlet(np.ones(3), size=200)
    menu = by_hand(valuations, options, np.zeros(200), domain=Simplex(), transfers="none")
    shares = np.bincount(menu.option_of_type, minlength=200) / 500
    first = int(np.argmax(shares))
    ax = drawn(plot_menu(menu, axes()))
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    assert ticks[0] == f"option {first} ({shares[first]:.1%})"
    assert len(ticks) == SHOWN_BARS
    np.testing.assert_allclose([bars[0].get_width() for bars in ax.containers], options[first])


# ---- who they are ----


def test_types_lie_at_their_valuations_coloured_by_option_and_hollow_if_excluded(bundle):
    ax = drawn(plot_menu(bundle, axes(), kind="types"))
    points = {shown.get_label(): shown for shown in ax.collections}
    assert list(points) == ["(1, 1) for 3", "excluded"]
    served, excluded = points.values()
    np.testing.assert_array_equal(served.get_offsets(), [(1, 2), (2, 1), (1.5, 1.8)])
    np.testing.assert_array_equal(excluded.get_offsets(), [(0.3, 0.4)])
    assert to_hex(served.get_facecolors()[0]).upper() == PALETTE[0]
    assert to_hex(excluded.get_facecolors()[0]) == "#ffffff"
    assert names(ax).keys() == {"voice", "data", "poor", "both"}
    assert ax.get_xlabel() == "valuation of data (money per unit)"


def test_an_arrow_runs_from_the_tempted_type_to_the_tempter(tariff):
    ax = drawn(plot_menu(tariff, axes(), kind="types"))
    ((tail, head),) = arrows(ax)
    np.testing.assert_allclose(tail, (2.0, 2.0), atol=SOLVER)  # high: valuation 2, allocation 2
    np.testing.assert_allclose(head, (1.0, 2 / 3), atol=SOLVER)
    assert legend(ax)[-1] == "binding IC, towards the tempting contract (1)"


def test_arrows_are_the_priced_constraints_between_different_options():
    menu = by_hand([1.0, 1.1, 2.0, 2.1], [[1.0], [2.0]], [0.9, 2.2], tempted=[1, 2, 2, 3, 3], tempter=[0, 0, 1, 1, 2])
    assert menu.option_of_type.tolist() == [0, 0, 1, 1]
    tempted, tempter, price = binding_pairs(menu)  # 1 -> 0 and 3 -> 2 share a contract; 2 -> 0 and 2 -> 1 are one
    assert list(zip(tempted.tolist(), tempter.tolist(), strict=True)) == [(2, 0), (3, 1)]
    assert price.tolist() == [0.25, 0.25]
    position, _ = type_positions(menu)
    assert arrows(plot_menu(menu, axes(), kind="types")) == [
        (tuple(position[2]), tuple(position[0])),
        (tuple(position[3]), tuple(position[1])),
    ]


def test_arrows_of_a_solved_menu_are_its_ic_multipliers(tariff):
    tempted, tempter, price = binding_pairs(tariff)
    assert (tempted.tolist(), tempter.tolist()) == ([1], [0])
    np.testing.assert_allclose(price, [0.25], atol=SOLVER)  # the weight of the high type


def test_many_types_keep_a_readable_number_of_arrows_and_say_so():
    menu = crowd()
    total = len(binding_pairs(menu)[0])
    ax = drawn(plot_menu(menu, axes()))  # many types in two dimensions: the types
    assert len(arrows(ax)) == SHOWN_ARROWS < total
    assert legend(ax)[-1] == f"binding IC, towards the tempting contract ({SHOWN_ARROWS} of {total})"
    shown = [points for points in ax.collections if isinstance(points, PathCollection)]
    assert sum(len(points.get_offsets()) for points in shown) == menu.problem.n_types
    assert names(ax) == {}


def test_many_options_are_coloured_by_transfer():
    quality = np.linspace(0.1, 1, 30)
    menu = by_hand(np.linspace(0.2, 2, 60), quality[:, np.newaxis], quality * (1 + quality) / 2)
    ax = drawn(plot_menu(menu, axes(), kind="types"))
    served = menu.option_of_type >= 0
    np.testing.assert_array_equal(ax.collections[0].get_array(), menu.transfer[served])
    np.testing.assert_array_equal(ax.collections[1].get_offsets()[:, 0], menu.problem.valuations[~served, 0])


def test_types_of_many_goods_are_shown_where_they_differ_most():
    """Valuations on a line through R^4, and a constant that no lottery can feel."""
    steps = np.array([-1.0, 0.0, 2.0])
    valuations = steps[:, np.newaxis] * np.array([3.0, -3.0, 4.0, -4.0]) / np.sqrt(50) + np.array([[5.0], [6.0], [9.0]])
    menu = by_hand(valuations, np.eye(4)[:1], [0.0], domain=Simplex(), transfers="none")
    position, (first, second) = type_positions(menu)
    spread = np.abs(position[:, 0] - position[0, 0])
    np.testing.assert_allclose(spread, [0, 1, 3], atol=1e-12)
    np.testing.assert_allclose(position[:, 1], 0, atol=1e-12)
    assert (first, second) == ("1st direction of valuations (100%)", "2nd direction of valuations (0%)")


# ---- what private information earns ----


def test_rents_of_few_types_are_bars_with_the_utility_written_on_them(tariff):
    ax = drawn(plot_menu(tariff, axes(), kind="rents"))
    np.testing.assert_allclose([bar.get_height() for bar in ax.containers[0]], [0, 2 / 3], atol=SOLVER)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["low", "high"]
    assert [text.get_text() for text in ax.texts] == ["utility\n0.0000", "utility\n0.6667"]
    assert ax.get_ylabel() == "information rent (money)"


def test_rents_of_many_types_rise_along_the_population():
    menu = crowd()
    ax = drawn(plot_menu(menu, axes(), kind="rents"))
    share, rent = line(ax, "information rent").get_data()
    np.testing.assert_allclose(rent, np.sort(menu.information_rent))
    np.testing.assert_allclose(share[-1], 1.0)


def test_rents_without_money_are_in_units_of_utility(lotteries):
    assert plot_menu(lotteries, axes(), kind="rents").get_ylabel() == "information rent (utility units)"


# ---- the door ----


@pytest.mark.parametrize("kind", KINDS)
def test_plot_returns_the_axes_it_was_given(tariff, kind):
    ax = axes()
    assert tariff.plot(ax, kind=kind) is ax


def test_plot_makes_axes_when_given_none_and_shows_nothing(tariff, monkeypatch):
    import matplotlib.pyplot as plt

    monkeypatch.setattr(plt, "show", lambda: pytest.fail("a plot must leave showing to the user"))
    ax = tariff.plot()
    assert ax.get_ylabel() == "transfer (money)"
    plt.close(ax.get_figure())


def test_an_unknown_kind_is_refused_with_the_known_ones(tariff):
    with pytest.raises(ProblemError, match=r"kind is 'pie': use 'auto', 'menu', 'types', 'rents'"):
        tariff.plot(axes(), kind="pie")


def test_what_is_no_axes_is_not_drawn_on(tariff):
    with pytest.raises(ProblemError, match=r"ax is 'ax': give the axes that matplotlib's subplots\(\) made"):
        tariff.plot("ax")


@pytest.mark.parametrize("kind", KINDS)
def test_menus_of_one_type_and_menus_that_exclude_everybody_can_be_drawn(kind):
    single: Menu = solve_menu([1.0], cost=Quadratic())
    nobody = solve_menu([1.0, 1.5], cost=Linear(2.0))
    assert nobody.is_excluded.all()
    for menu in (single, nobody):
        assert drawn(plot_menu(menu, axes(), kind=kind)).has_data()
