"""A menu as the table an economist would draw: as text, as HTML, as a frame."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.arrays import Array
from contracts.certificate import shown
from contracts.readable import aligned, readable

if TYPE_CHECKING:
    import pandas as pd

    from contracts.front import Front
    from contracts.menu import Menu

SHOWN_TYPES = 20  # longer menus show their first and last types
SHOWN_GOODS = 6
DIGITS = 4
SHOWN_MENUS = 12


def digits_for(menu: Menu) -> int:
    """Significant digits that the certificate supports, at most `DIGITS`."""
    gap = max(menu.certificate.relative_gap, 1e-16)
    return int(np.clip(math.floor(-math.log10(gap)), 2, DIGITS)) if math.isfinite(gap) else DIGITS


def column(values: Any, digits: int, scale: float | None = None) -> list[str]:
    """Numbers of one column with a common number of decimals, so that the largest shows `digits` digits.

    Examples
    --------
    >>> column([2 / 3, 10 / 3], 4)
    ['0.667', '3.333']
    """
    largest = float(np.max(np.abs(values), initial=0.0)) if scale is None else scale
    if largest == 0 or not 1e-4 <= largest < 1e7:
        return [f"{value + 0.0:.{digits - 1}g}" for value in values]
    largest = float(f"{largest:.{digits - 1}e}")  # 0.99996 is shown as 1
    decimals = max(0, digits - 1 - math.floor(math.log10(largest)))
    return [f"{0.0 if round(value, decimals) == 0 else value:.{decimals}f}" for value in values]


def headline(menu: Menu) -> str:
    """One line: size, value, bound."""
    digits = digits_for(menu)
    excluded = int(menu.is_excluded.sum())
    left = f", {excluded} excluded" if excluded else ""
    value, bound = (f"{shown(worth):.{digits}g}" for worth in (menu.value, menu.upper_bound))
    types = plural(menu.problem.n_types, "type")
    options = plural(len(menu.options.transfers), "option")
    worth = "value" if menu.problem.ambiguity is None else "worst-case value"
    return f"Menu: {types}, {options}{left}, {worth} {value}, proven bound {bound}"


def footer(menu: Menu) -> str:
    """What was proven, and by which engine it was found."""
    certificate = menu.certificate
    kind = "rigorous" if certificate.rigorous else "numerical"
    proof = str(certificate).splitlines()[0]
    return f"{proof}; {kind} gap {shown(max(certificate.relative_gap, 0.0)):.1e}; engine {menu.engine}"


def plural(count: int, noun: str) -> str:
    """How many of what."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def table(menu: Menu) -> tuple[list[str], list[list[str]], int]:
    """Header, rows of text for the types shown, and the number of types left out in the middle."""
    problem, digits = menu.problem, digits_for(menu)
    shown = np.arange(problem.n_types)
    if problem.n_types > SHOWN_TYPES:
        half = SHOWN_TYPES // 2
        shown = np.r_[shown[:half], shown[-half:]]
    goods = range(min(problem.n_goods, SHOWN_GOODS))
    names = ["allocation"] if problem.n_goods == 1 else [readable(problem.goods[k]) for k in goods]
    doubts = [] if problem.ambiguity is None else ["worst case"]
    header = ["type", "weight", *doubts, *names]
    largest = float(np.abs(menu.allocation[shown]).max(initial=0.0))
    columns = [[readable(problem.labels[k]) for k in shown], column(problem.weights[shown], 3)]
    columns += [column(menu.worst_case_weights[shown], 3) for _ in doubts]
    columns += [column(menu.allocation[shown, k], digits, largest) for k in goods]
    if problem.n_goods > SHOWN_GOODS:
        header.append(f"+{problem.n_goods - SHOWN_GOODS} goods")
        columns.append(["..."] * len(shown))
    money = float(max(np.abs(menu.transfer[shown]).max(), np.abs(menu.information_rent[shown]).max()))
    if problem.transfers != "none":
        header.append("transfer")
        columns.append(column(menu.transfer[shown], digits, money))
    header += ["rent", "option", "binding"]
    columns.append(column(menu.information_rent[shown], digits, money))
    columns.append(["outside" if menu.option_of_type[k] < 0 else str(menu.option_of_type[k]) for k in shown])
    columns.append([_binding(menu, int(k)) for k in shown])
    return header, [list(row) for row in zip(*columns, strict=True)], problem.n_types - len(shown)


def _binding(menu: Menu, who: int) -> str:
    binding = menu.binding(who)
    return ", ".join(map(readable, binding[:3])) + (f", +{len(binding) - 3}" if len(binding) > 3 else "")


def menu_text(menu: Menu) -> str:
    """The menu as plain text."""
    header, rows, hidden = table(menu)
    middle = len(rows) // 2
    if hidden:
        rows = [*rows[:middle], ["..."] + [""] * (len(header) - 1), *rows[middle:]]
    return "\n".join([headline(menu), *aligned([header, *rows], words={0, len(header) - 1}), footer(menu)])


def menu_html(menu: Menu) -> str:
    """The same table as HTML."""
    header, rows, hidden = table(menu)
    left_out = {len(rows) // 2: f"... {hidden} more types ..."} if hidden else {}
    return _html_table("menu", headline(menu), header, rows, left_out, footer(menu))


def _html_table(
    kind: str, caption: str, header: list[str], rows: list[list[str]], left_out: dict[int, str], foot: str
) -> str:
    """A table with its caption and foot; `left_out` says before which row what is not shown."""

    def cells(tag: str, row: list[str]) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"

    body = [cells("td", row) for row in rows]
    for place, words in left_out.items():
        body.insert(place, f'<tr><td colspan="{len(header)}">{words}</td></tr>')
    return (
        f"<table class='{kind}'><caption>{html.escape(caption)}</caption>"
        f"<thead>{cells('th', header)}</thead><tbody>{''.join(body)}</tbody>"
        f"<tfoot><tr><td colspan='{len(header)}'>{html.escape(foot)}</td></tr></tfoot></table>"
    )


def menu_frame(menu: Menu) -> pd.DataFrame:
    """One row per type, indexed by label."""
    try:
        import pandas as pd
    except ImportError as exc:
        raise ImportError("to_frame needs pandas: pip install 'menuwright[frames]'") from exc
    problem = menu.problem
    columns: dict[str, Any] = {"weight": problem.weights}
    if problem.ambiguity is not None:
        columns["worst_case_weight"] = menu.worst_case_weights
    for k in range(problem.n_goods):
        name = "allocation" if problem.n_goods == 1 else f"allocation[{problem.goods[k]}]"
        columns[name] = menu.allocation[:, k]
    columns |= {
        "transfer": menu.transfer,
        "utility": menu.utility,
        "information_rent": menu.information_rent,
        "payoff": menu.payoff,
        "option": menu.option_of_type,
        "binding": [", ".join(menu.binding(k)) for k in range(problem.n_types)],
    }
    return pd.DataFrame(columns, index=pd.Index(list(problem.labels), name="type"))


# ---- fronts ----


def front_table(front: Front) -> tuple[list[str], list[list[str]], int]:
    """Header, rows of text for its ends and menus spread between them, and how many are not shown."""
    knee, best = front.knee().index, front.normalised.argmax(axis=0)
    shown = sorted({*_spread(len(front), SHOWN_MENUS), knee, *map(int, best)})
    sizes = np.maximum(np.abs(front.points).max(axis=0), front.unit)  # a column of tiny numbers is one of zeros
    cells = [
        [f"{value + 0.0:.0f}" for value in values] if _are_counts(values) else column(values, DIGITS, size)
        for values, size in zip(front.points.T, sizes.tolist(), strict=True)
    ]
    named = [f"{readable(name)} ({sense})" for name, sense in zip(front.names, front.senses, strict=True)]
    rows = []
    for k in shown:
        notes = [f"best {readable(name)}" for name, winner in zip(front.names, best, strict=True) if winner == k]
        notes += ["knee"] if k == knee else []
        size = len(front.menus[k].options.transfers)
        rows.append([str(k), *(cell[k] for cell in cells), str(size), ", ".join(notes)])
    return ["menu", *named, "options", ""], rows, len(front) - len(shown)


def _are_counts(values: Array) -> bool:
    """Whether a column holds whole numbers only, such as numbers of options."""
    return bool(np.all(values == np.round(values)) and np.abs(values).max() < 1e7)


def front_text(front: Front) -> str:
    """The front as plain text."""
    header, rows, hidden = front_table(front)
    left = [f"... {hidden} more menus"] if hidden else []
    lines = aligned([header, *rows], words={len(header) - 1})
    return "\n".join([_front_headline(front), *lines, *left, _front_footer(front)])


def front_html(front: Front) -> str:
    """The same table as HTML."""
    header, rows, hidden = front_table(front)
    left_out = {len(rows): f"... {hidden} more menus"} if hidden else {}
    return _html_table("front", _front_headline(front), header, rows, left_out, _front_footer(front))


def _front_headline(front: Front) -> str:
    stopped = "" if front.is_finished else ", stopped early"
    return f"Front: {plural(len(front), 'menu')}, {len(front.names)} objectives, {front.method}{stopped}"


def _front_footer(front: Front) -> str:
    lower, upper = front.hypervolume_interval
    if math.isinf(upper):
        return (
            f"hypervolume {front.hypervolume:.4f}; searched for: IC and IR are exact, nothing proves the front complete"
        )
    ends = np.array([front.points.min(axis=0), front.points.max(axis=0)])
    is_whole = np.array_equal(ends, np.sort([front.nadir, front.ideal], axis=0))
    whole = "" if is_whole else " of the whole front"  # from which these menus were chosen
    return (
        f"no menu is more than {front.gap:.1e} of the ranges{whole} better than a mixture of these; "
        f"hypervolume of the whole front in [{lower:.5f}, {upper:.5f}]"
    )


def _spread(count: int, most: int) -> list[int]:
    return sorted({round(k * (count - 1) / max(min(count, most) - 1, 1)) for k in range(min(count, most))})
