"""A menu as the table an economist would draw: as text, as HTML, as a frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from contracts.display.numbers import DIGITS, column, last_digit, plural
from contracts.display.table import Column, Table, names
from contracts.errors import ContractError
from contracts.inputs.arrays import Array, Indices
from contracts.inputs.extras import pandas
from contracts.inputs.names import given_names
from contracts.menu.first_best import first_best
from contracts.menu.offers import Options
from contracts.menu.rows import held_rows, row_lines
from contracts.problem.reading import Reading
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import Bound
from contracts.proof.certificate import Certificate, shown
from contracts.readable import readable

if TYPE_CHECKING:
    import pandas as pd
    from scipy.sparse import csr_array

SHOWN_TYPES = 20  # longer menus show their first and last types
SHOWN_GOODS = 6
RESOLVED = 1e-9  # of utilities: less is rounding
WIDTH = 110  # characters of a line of text


class ShownMenu(Protocol):
    """What a table or a picture asks of a menu."""

    @property
    def problem(self) -> ScreeningProblem: ...

    @property
    def options(self) -> Options: ...

    @property
    def option_of_type(self) -> Indices: ...

    @property
    def certificate(self) -> Certificate: ...

    @property
    def engine(self) -> str: ...

    @property
    def value(self) -> float: ...

    @property
    def upper_bound(self) -> float: ...

    @property
    def allocation(self) -> Array: ...

    @property
    def transfer(self) -> Array: ...

    @property
    def utility(self) -> Array: ...

    @property
    def information_rent(self) -> Array: ...

    @property
    def payoff(self) -> Array: ...

    @property
    def is_excluded(self) -> Indices: ...

    @property
    def is_bunched(self) -> Indices: ...

    @property
    def worst_case_weights(self) -> Array: ...

    @property
    def ic_multipliers(self) -> csr_array: ...

    @property
    def bound(self) -> Bound: ...

    @property
    def serving(self) -> Array: ...

    def binding(self, who: int) -> list[str]: ...


def digits_for(menu: ShownMenu) -> int:
    """Significant digits that the certificate supports, at most `DIGITS`."""
    gap = max(menu.certificate.relative_gap, 1e-16)
    return int(np.clip(math.floor(-math.log10(gap)), 2, DIGITS)) if math.isfinite(gap) else DIGITS


def noise(menu: ShownMenu) -> float:
    """Utility that is rounding beside what is at stake."""
    return RESOLVED * max(float(np.abs(menu.utility).max()), abs(menu.value))


def headline(menu: ShownMenu) -> str:
    """One line: size, value, bound."""
    digits = digits_for(menu)
    counts = (("bunched", int(menu.is_bunched.sum())), ("excluded", int(menu.is_excluded.sum())))
    left = "".join(f", {count} {what}" for what, count in counts if count)
    value, bound = (f"{shown(worth):.{digits}g}" for worth in (menu.value, menu.upper_bound))
    if abs(menu.upper_bound - menu.value) < 0.5 * last_digit(menu.value, digits):
        bound = value  # 2.8125 and a hair more are not 2.812 and 2.813
    types = plural(menu.problem.n_types, "type")
    options = plural(len(menu.options.transfers), "option")
    worth = "value" if menu.problem.ambiguity is None else "worst-case value"
    return f"Menu: {types}, {options}{left}, {worth} {value}, proven bound {bound}"


def footer(menu: ShownMenu) -> str:
    """What was proven, and by which engine it was found."""
    certificate = menu.certificate
    kind = "rigorous" if certificate.rigorous else "numerical"
    proof = str(certificate).splitlines()[0]
    return f"{proof}; {kind} gap {shown(max(certificate.relative_gap, 0.0)):.1e}; engine {menu.engine}"


def readings_of(problem: ScreeningProblem) -> tuple[Reading, ...]:
    """The columns in which a problem's contracts are shown: its own, or the amount of every good and the transfer."""
    if problem.readings:
        return tuple(reading for reading in problem.readings if problem.transfers != "none" or not reading.is_of_money)
    names = given_names(problem.goods)
    if names is None:
        names = ["allocation"] if problem.n_goods == 1 else [f"good {k}" for k in range(problem.n_goods)]
    money = () if problem.transfers == "none" else (Reading("transfer", per_transfer=1.0),)
    headings = [str(name) if str(name).strip() else readable(name) for name in names]  # blanks head nothing
    return (*(Reading(name, good=k) for k, name in enumerate(headings)), *money)


def first_best_of(problem: ScreeningProblem, who: Indices) -> Array | None:
    """The first best of some types, (n, n_goods); None where it is not found type by type, or not at all."""
    try:
        return first_best(problem, who)
    except ContractError:
        return None


def menu_table(menu: ShownMenu, width: float = math.inf) -> Table:
    """The types shown, the size of the menu above them and what was proven below.

    The first best and the distortion stand beside what they are about; where lines would be longer than `width`, the
    distortion is left out first, then the first best. Rows of types that are bunched or excluded say so as their class.
    """
    shown = shown_types(menu)
    hidden = menu.problem.n_types - len(shown)
    for beside in (("first best", "distortion"), ("first best",), ()):
        columns = _columns(menu, shown, beside)
        longest = [max(map(len, [one.title, *one.cells(range(len(shown)))])) for one in columns]
        if sum(longest) + 2 * (len(longest) - 1) <= width:
            break
    return Table(
        columns,
        headline(menu),
        [*row_lines(held_rows(menu), digits_for(menu)), footer(menu)],
        between={len(shown) // 2: "..." if math.isfinite(width) else f"... {hidden} more types ..."} if hidden else {},
        kinds=["excluded" if menu.is_excluded[k] else "bunched" * int(menu.is_bunched[k]) for k in shown],
        kind="menu",
    )


def _columns(menu: ShownMenu, shown: Indices, beside: tuple[str, ...]) -> list[Column]:
    problem, digits = menu.problem, digits_for(menu)
    columns = [names("type", [problem.labels[k] for k in shown]), Column("weight", problem.weights[shown], 3)]
    if problem.ambiguity is not None:
        columns.append(Column("worst case", menu.worst_case_weights[shown], 3))
    allocation, transfer = menu.allocation[shown], menu.transfer[shown]
    rent = np.where(np.abs(menu.information_rent) > noise(menu), menu.information_rent, 0.0)[shown]
    readings = readings_of(problem)
    money = max(
        float(np.abs(values).max(initial=0.0))
        for values in (rent, *(reading.of(allocation, transfer) for reading in readings if reading.per_transfer))
    )
    of_goods = [reading for reading in readings if not reading.per_transfer]
    best = first_best_of(problem, shown) if beside else None
    parts = [allocation] if best is None else [allocation, best]
    plain = max((_largest(reading, parts) for reading in of_goods if reading.is_plain), default=0.0)

    def number(name: str, values: Array, size: float) -> Column:
        return Column(name, values, column(values, digits, size), readable(name))

    for reading in _foremost(of_goods, allocation):
        size = plain if reading.is_plain else _largest(reading, parts)
        held = reading.of(allocation, transfer)
        columns.append(number(reading.name, held, size))
        if best is not None:
            efficient = reading.of(best, transfer)
            compared = {"first best": efficient, "distortion": held - efficient}
            columns += [number(name, values, size) for name, values in compared.items() if name in beside]
    if len(of_goods) > SHOWN_GOODS:
        columns.append(Column(f"+{len(of_goods) - SHOWN_GOODS} goods", ["..."] * len(shown), left=False))
    columns += [number(one.name, one.of(allocation, transfer), money) for one in readings if one.per_transfer]
    columns.append(number("rent", rent, money))
    columns.append(Column("option", [option_name(menu, int(k)) for k in shown]))
    return [*columns, Column("binding", [_binding(menu, int(k)) for k in shown])]


def shown_types(menu: ShownMenu) -> Indices:
    """The types that a table shows: all, or the first and the last of many."""
    everybody = np.arange(menu.problem.n_types)
    half = SHOWN_TYPES // 2
    return everybody if len(everybody) <= SHOWN_TYPES else np.r_[everybody[:half], everybody[-half:]]


def _foremost(readings: list[Reading], allocation: Array) -> list[Reading]:
    """As many as a table has room for: those of the largest amounts, in their own order."""
    nothing = np.zeros(len(allocation))
    most = [float(np.abs(reading.of(allocation, nothing)).max()) for reading in readings]
    return [readings[k] for k in np.sort(np.argsort(np.negative(most), kind="stable")[:SHOWN_GOODS])]


def _largest(reading: Reading, allocations: list[Array]) -> float:
    return max(float(np.abs(reading.of(held, np.zeros(len(held)))).max(initial=0.0)) for held in allocations)


def option_name(menu: ShownMenu, who: int) -> str:
    """What a type takes: the number of its option, marked where it is bunched with other types, or 'outside'."""
    option = int(menu.option_of_type[who])
    return "outside" if option < 0 else f"{option} bunched" if menu.is_bunched[who] else str(option)


def _binding(menu: ShownMenu, who: int) -> str:
    binding = menu.binding(who)
    return ", ".join(map(readable, binding[:3])) + (f", +{len(binding) - 3}" if len(binding) > 3 else "")


def menu_frame(menu: ShownMenu) -> pd.DataFrame:
    """One row per type, indexed by label."""
    pd = pandas()
    problem = menu.problem
    columns: dict[str, Any] = {"weight": problem.weights}
    if problem.ambiguity is not None:
        columns["worst_case_weight"] = menu.worst_case_weights
    best = first_best_of(problem, np.arange(problem.n_types))
    for reading in readings_of(problem) if problem.readings else ():
        held = columns[reading.name] = reading.of(menu.allocation, menu.transfer)
        if best is not None and not reading.per_transfer:
            efficient = reading.of(best, menu.transfer)
            columns |= {f"first_best[{reading.name}]": efficient, f"distortion[{reading.name}]": held - efficient}
    for k in range(problem.n_goods):
        whose = "" if problem.n_goods == 1 else f"[{problem.goods[k]}]"
        columns[f"allocation{whose}"] = menu.allocation[:, k]
        if best is not None and not problem.readings:
            columns[f"first_best{whose}"] = best[:, k]
            columns[f"distortion{whose}"] = menu.allocation[:, k] - best[:, k]
    columns |= {
        "transfer": menu.transfer,
        "utility": menu.utility,
        "information_rent": menu.information_rent,
        "payoff": menu.payoff,
        "option": menu.option_of_type,
        "is_bunched": menu.is_bunched,
        "is_excluded": menu.is_excluded,
        "binding": [", ".join(menu.binding(k)) for k in range(problem.n_types)],
    }
    return pd.DataFrame(columns, index=pd.Index(list(problem.labels), name="type"))
