"""A menu as a picture: what is on offer, who is bunched and tempted, who earns a rent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.drawn import drawn
from contracts.display.numbers import column
from contracts.display.palette import (
    GREY,
    INK,
    MIDDLE,
    PALETTE,
    PAPER,
    axes,
    colour_bar,
    is_dark,
    name_points,
    norm,
    shades,
)
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, Indices
from contracts.menu.offers import BINDING, OUTSIDE
from contracts.menu.text import ShownMenu, headline, readings_of
from contracts.problem.domains import is_lottery
from contracts.problem.reading import Reading

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_BARS = 24  # types or options that a bar chart can name
SHOWN_CURVES = 12
CURVE = ": indifference curve"  # what the line of a type is called
CHARACTER, HANDLE = 0.06, 0.5  # inches that a letter of a legend takes, and what stands before the words
CURVE_POINTS = 200  # of an indifference curve that a change of variables bends
SHOWN_NAMES = 25  # points that can carry a name
SHOWN_ARROWS = 150
NAMED_SHARE = 0.06  # of a bar, above which a segment says its share
SEEN_SHARE = 0.005  # of a bar, below which a good never earns a colour of its own


def plot_menu(menu: ShownMenu, ax: Axes | None = None, *, kind: str = "auto") -> Axes:
    """Draw a menu on `ax`, or on new axes, and return them.

    Parameters
    ----------
    kind : "menu" draws what is on offer: tariff and indifference curves for one good, options with their prices for two
        goods, shares of every type's lottery, else the amounts of every good; "types" draws the types, coloured by
        option, with the incentive constraints that bind; "rents" draws what private information earns; "auto" draws
        the menu, or the types where there are many in two dimensions

    Raises
    ------
    ProblemError
        If the kind is unknown.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from contracts import Quadratic, solve_menu
    >>> menu = solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), goods=("quality",))
    >>> ax = plot_menu(menu, Figure().subplots(), kind="menu")
    >>> ax.get_xlabel(), ax.get_ylabel()
    ('quality', 'transfer (money)')
    """
    if kind != "auto" and kind not in KINDS:
        raise ProblemError(f"kind is {kind!r}: use 'auto', {', '.join(map(repr, KINDS))}")
    ax = axes(ax, figsize=(7.0, 4.4), layout="constrained")
    KINDS[_suited(menu) if kind == "auto" else kind](menu, ax)
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def binding_pairs(menu: ShownMenu) -> tuple[Indices, Indices, Array]:
    """Types tempted by another contract, the type whose contract it is, and the price; highest prices first.

    Of several types that share the tempting contract the one with the highest price stands for it.
    """
    pairs = menu.ic_multipliers.tocoo()
    tempted, tempter = (np.asarray(index, dtype=np.intp) for index in pairs.coords)
    price = np.asarray(pairs.data, dtype=np.float64)
    option = menu.option_of_type
    kept = np.flatnonzero((price > BINDING * menu.problem.weights[tempted]) & (option[tempted] != option[tempter]))
    kept = kept[np.argsort(-price[kept], kind="stable")]
    _, first = np.unique(np.column_stack([tempted[kept], option[tempter[kept]]]), axis=0, return_index=True)
    kept = kept[np.sort(first)]
    return tempted[kept], tempter[kept], price[kept]


def type_positions(menu: ShownMenu) -> tuple[Array, tuple[str, str]]:
    """Where the types lie in a plane, and what its axes mean; (n_types, 2).

    One good: valuation and allocation. Two goods: the valuations. More: their two main directions of difference, after
    taking a constant off each type's valuations where only a lottery over the goods is sold, since it moves no choice.
    """
    problem = menu.problem
    if problem.n_goods == 1:
        good = problem.goods[0]
        position = np.column_stack([problem.valuations[:, 0], menu.allocation[:, 0]])
        of_good = _axes_of(menu)[0]
        position[:, 1] = of_good.of(menu.allocation, menu.transfer)
        return position, (f"valuation of {_good(good)} ({_money(menu)} per unit)", _reading_name(menu, of_good))
    if problem.n_goods == 2 and not _sells_lotteries(menu):
        x, y = (f"valuation of {_good(good)} ({_money(menu)} per unit)" for good in problem.goods)
        return np.array(problem.valuations), (x, y)
    differences = problem.valuations - (problem.valuations.mean(axis=1, keepdims=True) if _sells_lotteries(menu) else 0)
    differences = differences - problem.weights @ differences
    _, _, directions = np.linalg.svd(differences * np.sqrt(problem.weights)[:, np.newaxis], full_matrices=False)
    position = np.zeros((problem.n_types, 2))
    position[:, : len(directions[:2])] = differences @ directions[:2].T
    spread = problem.weights @ differences**2
    shares = problem.weights @ position**2 / max(float(spread.sum()), np.finfo(np.float64).tiny)
    x, y = (f"{nth} direction of valuations ({s:.0%})" for nth, s in zip(("1st", "2nd"), shares, strict=True))
    return position, (x, y)


# ---- what is on offer ----


def _suited(menu: ShownMenu) -> str:
    many = menu.problem.n_types > SHOWN_NAMES
    return "types" if many and menu.problem.n_goods == 2 and not _sells_lotteries(menu) else "menu"


def _draw_menu(menu: ShownMenu, ax: Axes) -> None:
    if _sells_lotteries(menu):
        _draw_lotteries(menu, ax)
    elif menu.problem.n_goods == 1:
        _draw_tariff(menu, ax)
    elif menu.problem.n_goods == 2:
        _draw_price_map(menu, ax)
    else:
        _draw_amounts(menu, ax)


def _draw_tariff(menu: ShownMenu, ax: Axes) -> None:
    """Money against the good: contracts, and the indifference curve on which each type's contract lies."""
    problem = menu.problem
    of_good, of_money = _axes_of(menu)
    order = np.argsort(problem.valuations[:, 0], kind="stable")
    shown = order[np.unique(np.linspace(0, problem.n_types - 1, SHOWN_CURVES).round().astype(np.intp))]
    offered, outside = menu.options.allocations[:, 0], problem.outside_contract
    ends = np.concatenate([offered, menu.allocation[:, 0], [] if outside is None else outside])
    margin = 0.12 * (float(np.ptp(ends)) or max(abs(float(ends[0])), 1.0))
    low, high = float(ends.min()) - margin, float(ends.max()) + margin
    low = max(low, 0.0) if ends.min() >= 0 else low

    def place(amount: Any, transfer: Any) -> Array:
        """Contracts as points of the picture; (n, 2)."""
        amount, transfer = np.asarray(amount, dtype=np.float64)[:, np.newaxis], np.asarray(transfer, dtype=np.float64)
        return np.column_stack([of_good.of(amount, transfer), of_money.of(amount, transfer)])

    steps = np.linspace(0.0, 1.0, 2 if of_good.power == 1 else CURVE_POINTS)
    along = low + (high - low) * steps ** (1 / of_good.power)  # even steps of what is read
    for colour, k in zip(shades(len(shown)), shown, strict=True):
        curve = place(along, problem.valuations[k, 0] * along - menu.utility[k])
        label = f"{drawn(problem.labels[k])}{CURVE}" if len(shown) <= 6 else "_nolegend_"
        ax.plot(*curve.T, color=colour, lw=1.2, alpha=0.8, zorder=1, label=label)
    points = place(offered, menu.options.transfers)
    ax.plot(*points.T, "o", color=INK, ms=7 if len(points) <= SHOWN_NAMES else 3, zorder=3, label="options")
    paid = np.concatenate([points[:, 1], place(menu.allocation[:, 0], menu.transfer)[:, 1]])
    if outside is not None:
        left = place(outside, np.zeros(1))
        ax.plot(*left.T, "o", mfc=PAPER, mec=INK, ms=8, zorder=2, label="outside option")
        paid = np.append(paid, left[:, 1])
    if len(points) <= SHOWN_CURVES:  # to the left, where no indifference curve runs
        name_points(ax, points, [_takers(menu, k) for k in range(len(points))], left=True)
    _mark_pools(menu, ax, points, np.full(len(points), 49.0 if len(points) <= SHOWN_NAMES else 9.0))
    height = float(np.ptp(paid)) or max(float(np.abs(paid).max()), 1.0)
    ax.set_ylim(float(paid.min()) - 0.15 * height, float(paid.max()) + 0.2 * height)
    left_end, right_end = np.sort(place([low, high], [0.0, 0.0])[:, 0])
    ax.set_xlim(left_end - ((right_end - left_end) / 40 if low == 0 else 0.0), right_end)
    ax.set_xlabel(_reading_name(menu, of_good))
    ax.set_ylabel(f"{drawn(of_money.name)} (money)")
    ax.set_title(headline(menu), fontsize=10)
    if len(shown) > 6:
        valuations = problem.valuations[:, 0]
        colour_bar(ax, norm(valuations), f"valuation ({_money(menu)} per unit)")
    _legend_below(ax)


def _draw_price_map(menu: ShownMenu, ax: Axes) -> None:
    """Options in the plane of two goods, as large as the share that takes them, with their prices."""
    offered, share = menu.options.allocations, _option_shares(menu)
    money = _axes_of(menu)[1]
    transfers = money.of(offered, menu.options.transfers)
    priced = menu.problem.transfers != "none" and len(transfers) > 0
    size = 40 + 400 * share if len(transfers) <= SHOWN_NAMES else 12 + 400 * share
    colour: dict[str, Any] = (
        {"c": transfers, "cmap": "viridis", "norm": norm(transfers)} if priced else {"color": PALETTE[0]}
    )
    ax.scatter(
        offered[:, 0], offered[:, 1], s=size, edgecolors=INK, linewidths=0.6, zorder=3, label="options", **colour
    )
    outside = menu.problem.outside_contract
    if outside is not None:
        ax.plot(outside[:1], outside[1:2], "o", mfc=PAPER, mec=INK, ms=9, zorder=2, label="outside option")
    ax.plot([], [], "o", color=MIDDLE if priced else PALETTE[0], mec=INK, mew=0.6, ms=8, label="options")
    _mark_pools(menu, ax, offered, size)
    if len(transfers) <= SHOWN_NAMES:
        prices = _short(transfers) if priced else [f"option {k}" for k in range(len(transfers))]
        names = [f"{price} ({s:.0%})" for price, s in zip(prices, share, strict=True)]
        name_points(ax, offered, names, beyond=np.sqrt(size) / 2)
    if priced and np.ptp(transfers) > 0:
        colour_bar(ax, norm(transfers), f"{drawn(money.name)} (money)")
    _legend_below(ax)
    ax.margins(0.14)
    ax.set_xlabel(_allocation_name(menu, 0))
    ax.set_ylabel(_allocation_name(menu, 1))
    ax.set_title(headline(menu), fontsize=10)


def _draw_lotteries(menu: ShownMenu, ax: Axes) -> None:
    """One stacked bar per type, or per option where types are many, and one for a default policy."""
    problem = menu.problem
    names, lotteries = _bars(menu)
    if problem.outside_option is not None:
        names, lotteries = [*names, "outside option"], np.vstack([lotteries, problem.outside_option])
    most = lotteries.max(axis=0)
    coloured = np.flatnonzero(most >= SEEN_SHARE)
    coloured = np.sort(coloured[np.argsort(-most[coloured], kind="stable")][: len(PALETTE)])
    parts = [(drawn(problem.goods[k]), PALETTE[n], lotteries[:, k]) for n, k in enumerate(coloured)]
    rest = np.delete(lotteries, coloured, axis=1)
    if rest.shape[1]:
        parts.append((f"{rest.shape[1]} others", GREY, rest.sum(axis=1)))
    place, left = np.arange(len(names)), np.zeros(len(names))
    for name, colour, share in parts:
        ax.barh(place, share, left=left, color=colour, label=name, edgecolor=PAPER, linewidth=0.6, height=0.72)
        for row in np.flatnonzero(share >= NAMED_SHARE).tolist() if len(names) <= SHOWN_CURVES else ():
            ink = PAPER if is_dark(colour) else INK
            ax.text(
                left[row] + share[row] / 2, row, f"{share[row]:.0%}", ha="center", va="center", color=ink, fontsize=8
            )
        left = left + share
    ax.set_yticks(place, names, fontsize=9 if len(names) <= 12 else 7)
    ax.invert_yaxis()
    ax.set_xlim(0, 1)
    ax.set_xlabel("probability")
    ax.set_title(headline(menu), fontsize=10)
    _legend_below(ax)


def _draw_amounts(menu: ShownMenu, ax: Axes) -> None:
    """The amount of every good for every type, or option where types are many, as a table of shades."""
    names, amounts = _bars(menu)
    most = float(np.abs(amounts).max(initial=0.0)) or 1.0
    signed = bool(amounts.min(initial=0.0) < 0)
    ax.imshow(amounts, aspect="auto", cmap="PuOr" if signed else "cividis", vmin=-most if signed else 0.0, vmax=most)
    if amounts.size <= 200:
        for (row, good), amount in np.ndenumerate(amounts):
            faint = abs(amount) < 0.6 * most
            ink = PAPER if faint != signed else INK
            ax.text(good, row, column([amount], 3, most)[0], ha="center", va="center", color=ink, fontsize=8)
    goods = np.arange(menu.problem.n_goods)
    if len(goods) <= SHOWN_BARS:
        ax.set_xticks(
            goods,
            list(map(drawn, menu.problem.goods)),
            rotation=30 if len(goods) > 5 else 0,
            ha="right" if len(goods) > 5 else "center",
        )
    ax.set_yticks(np.arange(len(names)), names, fontsize=9 if len(names) <= 12 else 7)
    ax.set_xlabel("allocation, by good")
    ax.set_title(headline(menu), fontsize=10)


def _bars(menu: ShownMenu) -> tuple[list[str], Array]:
    """What to draw a bar for: every type while they can be named, else the options that most types take."""
    problem = menu.problem
    if problem.n_types <= SHOWN_BARS:
        return [_marked(menu, k) for k in range(problem.n_types)], np.asarray(menu.allocation)
    shares = _option_shares(menu)
    order = np.argsort(-shares, kind="stable")[:SHOWN_BARS]
    return [f"option {k} ({shares[k]:.1%})" for k in order], menu.options.allocations[order]


# ---- who they are ----


def _draw_types(menu: ShownMenu, ax: Axes) -> None:
    """Types where they lie: coloured by option, hollow if excluded, with arrows to the contracts that tempt them."""
    problem, option = menu.problem, menu.option_of_type
    position, axis_names = type_positions(menu)
    size = float(np.clip(4000 / problem.n_types, 6, 70))
    enlarged = max(1.0, float(np.sqrt(30 / size)))  # in the legend, where points of many types are too small to see
    served = option != OUTSIDE
    count = len(menu.options.transfers)
    edge: dict[str, Any] = {"edgecolors": INK, "linewidths": 0.4} if size > 20 else {"edgecolors": "none"}

    def points(who: Any, label: str, **look: Any) -> None:
        ax.scatter(position[who, 0], position[who, 1], s=size, zorder=3, label=label, **look)

    if count <= len(PALETTE):
        for k in range(count):
            points(option == k, _contract(menu, k), color=PALETTE[k], **edge)
    else:
        by_price = problem.transfers != "none"
        money = _axes_of(menu)[1]
        paid = money.of(menu.allocation, menu.transfer)
        scale = paid[served] if by_price else option[served].astype(np.float64)
        points(served, f"{count} options", c=scale, cmap="viridis", norm=norm(scale), edgecolors="none")
        colour_bar(ax, norm(scale), f"{drawn(money.name)} (money)" if by_price else "option")
    if not served.all():
        points(~served, "excluded", facecolors=PAPER, edgecolors=INK, linewidths=0.9 if size > 20 else 0.4)
    bunched = menu.is_bunched
    if bunched.any():  # rings around types that can be told apart, else a word
        ringed = position[bunched] if problem.n_types <= SHOWN_NAMES else np.zeros((0, 2))
        ring: Any = {"mfc": "none", "mec": INK, "ms": np.sqrt(size) + 5, "mew": 0.8}
        label = f"bunched ({bunched.sum()}): same colour, same option" if count <= len(PALETTE) else "bunched"
        ax.plot(*ringed.T, "o", zorder=4, label=label, **ring)
    tempted, tempter, _ = binding_pairs(menu)
    start, end = position[tempted[:SHOWN_ARROWS]], position[tempter[:SHOWN_ARROWS]]
    many = len(start) > SHOWN_NAMES
    arrow = {"arrowstyle": "-|>", "color": INK, "alpha": 0.45 if many else 0.9, "lw": 0.7 if many else 1.1}
    apart = {"shrinkA": np.sqrt(size) / 2 + 1, "shrinkB": np.sqrt(size) / 2 + 1, "mutation_scale": 6 if many else 10}
    for tail, head in zip(start, end, strict=True):
        ax.annotate("", (head[0], head[1]), (tail[0], tail[1]), arrowprops=arrow | apart, zorder=2)
    if len(start):
        named = f"{len(start)} of {len(tempted)}" if len(tempted) > len(start) else f"{len(tempted)}"
        ax.plot(
            [], [], color=INK, marker=">", ms=5 / enlarged, label=f"binding IC, towards the tempting contract ({named})"
        )
    if problem.n_types <= SHOWN_NAMES:
        name_points(ax, position, list(map(drawn, problem.labels)), left=problem.n_goods == 1)
    ax.margins(0.12)
    ax.set_xlabel(axis_names[0])
    ax.set_ylabel(axis_names[1])
    ax.set_title(headline(menu), fontsize=10)
    _legend_below(ax, columns=2, marker_scale=enlarged)


# ---- what private information earns ----


def _draw_rents(menu: ShownMenu, ax: Axes) -> None:
    """Rent per type with its utility; for many types both against the share of the population, poorest first."""
    problem, rent, utility = menu.problem, menu.information_rent, menu.utility
    if problem.n_types <= SHOWN_BARS:
        place = np.arange(problem.n_types)
        faces = [PAPER if excluded else PALETTE[0] for excluded in menu.is_excluded]
        bars = ax.bar(place, rent, color=faces, edgecolor=PALETTE[0], width=0.65)
        for bar, is_bunched in zip(bars, menu.is_bunched, strict=True):
            bar.set(hatch="//" if is_bunched else None, edgecolor=PAPER if is_bunched else PALETTE[0])
        for k, worth in enumerate(column(utility, 4)):
            ax.annotate(
                f"utility\n{worth}" if problem.n_types <= 10 else worth, (k, rent[k]), (0, 3), fontsize=8,
                textcoords="offset points", ha="center", va="bottom", rotation=0 if problem.n_types <= 10 else 90,
            )  # fmt: skip
        rotated = problem.n_types > 6
        marks = np.where(menu.is_excluded, "\n(excluded)", np.where(menu.is_bunched, "\n(bunched)", ""))
        names = [f"{drawn(label)}{mark}" for label, mark in zip(problem.labels, marks, strict=True)]
        ax.set_xticks(place, names, rotation=40 if rotated else 0, ha="right" if rotated else "center")
        ax.margins(y=0.25)
        ax.set_xlabel("type")
        ax.set_ylabel(f"information rent ({_money(menu)})")
    else:
        order = np.lexsort((rent, utility))
        share = np.cumsum(problem.weights[order])
        ax.step(share, utility[order], where="pre", color=PALETTE[1], lw=2.6, label="utility")
        ax.step(share, rent[order], where="pre", color=PALETTE[0], lw=1.3, label="information rent")
        ax.set_xlim(0, 1)
        ax.set_xlabel("share of the population, least utility first")
        ax.set_ylabel(f"utility and information rent ({_money(menu)})")
        _legend_below(ax)
    ax.set_title(headline(menu), fontsize=10)


KINDS: dict[str, Callable[[ShownMenu, Axes], None]] = {"menu": _draw_menu, "types": _draw_types, "rents": _draw_rents}


# ---- words and colours ----


def _sells_lotteries(menu: ShownMenu) -> bool:
    return is_lottery(menu.problem.domain)


def _money(menu: ShownMenu) -> str:
    return "money" if menu.problem.transfers != "none" else "utility units"


def _good(name: str) -> str:
    return f"good {name}" if name.isdigit() else drawn(name)


def _allocation_name(menu: ShownMenu, good: int) -> str:
    name = str(menu.problem.goods[good])
    if not name.isdigit():
        return drawn(name)
    return "allocation (units)" if menu.problem.n_goods == 1 else f"allocation of good {name} (units)"


def _axes_of(menu: ShownMenu) -> tuple[Reading, Reading]:
    """The columns in which a picture shows the first good and the money."""
    readings = readings_of(menu.problem)
    of_good = [reading for reading in readings if not reading.per_transfer] or [Reading("allocation", good=0)]
    of_money = [reading for reading in readings if reading.is_of_money] or [Reading("transfer", per_transfer=1.0)]
    return of_good[0], of_money[0]


def _reading_name(menu: ShownMenu, reading: Reading) -> str:
    if menu.problem.readings or reading.good is None:
        return drawn(reading.name)
    return _allocation_name(menu, reading.good)


def _marked(menu: ShownMenu, who: int) -> str:
    """The label of a type, with what makes it special: bunched with others, or excluded."""
    label = drawn(menu.problem.labels[who])
    if menu.is_excluded[who]:
        return f"{label} (excluded)"
    return f"{label} (option {menu.option_of_type[who]}, bunched)" if menu.is_bunched[who] else label


def _mark_pools(menu: ShownMenu, ax: Axes, points: Array, size: Array) -> None:
    """Rings around options that several types share, and a word in the legend on the types that are excluded."""
    takers = np.bincount(menu.option_of_type[~menu.is_excluded], minlength=len(points))
    if (takers > 1).any():
        ring: dict[str, Any] = {"mfc": "none", "mec": INK, "mew": 0.9}
        for (across, up), area in zip(points[takers > 1], size[takers > 1], strict=True):
            ax.plot([across], [up], "o", ms=np.sqrt(area) + 6, zorder=2, **ring)
        ax.plot([], [], "o", ms=11, label="shared by several types (bunched)", **ring)
    if menu.is_excluded.any():
        ax.plot([], [], " ", label=f"excluded: {_takers(menu, OUTSIDE)}")


def _option_shares(menu: ShownMenu) -> Array:
    """Share of the population that takes each option; (n_options,)."""
    served = menu.option_of_type != OUTSIDE
    count = len(menu.options.transfers)
    shares = np.bincount(menu.option_of_type[served], menu.problem.weights[served], minlength=count)
    return np.asarray(shares, dtype=np.float64)


def _takers(menu: ShownMenu, option: int) -> str:
    """The types that take an option, in few words."""
    who = np.flatnonzero(menu.option_of_type == option)
    names = [drawn(menu.problem.labels[k]) for k in who[:3]]
    return ", ".join(names) + (f", +{len(who) - 3}" if len(who) > 3 else "")


def _contract(menu: ShownMenu, option: int) -> str:
    """The contract in the words of a legend."""
    if menu.problem.transfers == "none":
        return f"option {option} ({_option_shares(menu)[option]:.0%})"
    readings = readings_of(menu.problem)
    if not all(reading.is_plain or (reading.is_of_money and reading.per_transfer == 1) for reading in readings):
        parts = [(drawn(reading.name), _short(reading.of(*menu.options))[option]) for reading in readings[:3]]
        return ", ".join(f"{name} {value}" for name, value in parts)
    transfer = _short(menu.options.transfers)[option]
    if menu.problem.n_goods > 3:
        return f"option {option} for {transfer}"
    amounts = [_short(good)[option] for good in menu.options.allocations.T]
    return f"{amounts[0] if len(amounts) == 1 else '(' + ', '.join(amounts) + ')'} for {transfer}"


def _short(values: Array) -> list[str]:
    """Three digits at most, where what is small beside the others is zero."""
    least = 1e-6 * float(np.abs(values).max(initial=0.0))
    return [f"{value if abs(value) > least else 0.0:.3g}" for value in values]


def _legend_below(ax: Axes, columns: int = 4, marker_scale: float = 1.0) -> None:
    """A legend under the axes, where no data are, in as many columns as the axes are wide.

    Of several indifference curves one stands for all: the contracts that they run through carry the names.
    """
    handles, labels = ax.get_legend_handles_labels()
    drawn = dict(zip(labels, handles, strict=True))  # of two of one name the later, which has the size of a legend
    labels, handles = list(drawn), list(drawn.values())
    curves = [k for k, label in enumerate(labels) if label.endswith(CURVE)]
    kept = [k for k in range(len(labels)) if k not in curves[1:]]
    names = ["indifference curves" if k in curves[:1] and len(curves) > 1 else labels[k] for k in kept]
    figure: Any = ax.get_figure()
    across = ax.get_position().width * figure.get_figwidth()
    room = int(across / (CHARACTER * max(map(len, names), default=1) + HANDLE))
    ax.legend(
        [handles[k] for k in kept],
        names,
        fontsize=8,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.14),
        ncols=max(min(columns, len(names), room), 1),
        frameon=False,
        markerscale=marker_scale,
    )
