"""A schedule as a table and as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from contracts.continuum.curves import Curve
from contracts.display.numbers import DIGITS, plural
from contracts.display.palette import DIM, GREY, PALETTE, axes
from contracts.display.table import Column, Table
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 11  # types in print
DRAWN = 401  # points of a line
EDGE = 0.001  # share of types that pictures of a support without an end leave out
SHOWN_POOLS = 3


class ShownSchedule(Protocol):
    """What a table or a picture asks of a schedule."""

    @property
    def curve(self) -> Curve: ...

    @property
    def types(self) -> Any: ...

    @property
    def exclusion_point(self) -> float: ...

    @property
    def pooling_intervals(self) -> Array: ...

    @property
    def value(self) -> float: ...

    @property
    def upper_bound(self) -> float: ...

    @property
    def quadrature_error(self) -> float: ...

    @property
    def share_served(self) -> float: ...

    def allocation(self, theta: Any) -> Array: ...

    def payment(self, theta: Any) -> Array: ...

    def utility(self, theta: Any) -> Array: ...

    def tariff(self, amount: Any) -> Array: ...

    def virtual_valuation(self, theta: Any) -> Array: ...

    def ironed_virtual_valuation(self, theta: Any) -> Array: ...


def _types(schedule: ShownSchedule, count: int) -> tuple[Array, Array]:
    """Types at equal chances, and the shares that are better off at most as they are; rising in these shares."""
    shares = (np.arange(count) + 0.5) / count
    sign = 1.0 if schedule.types == "values" else -1.0
    return shares, np.asarray(sign * schedule.curve.quantile(shares))


def schedule_columns(schedule: ShownSchedule, count: int) -> Table:
    """Types at equal chances, those first whom the contract is worth least, without a title."""
    shares, theta = _types(schedule, count)
    return Table(
        (
            Column("type", theta, DIGITS),
            Column("share", shares, 3),
            Column("virtual_valuation", schedule.virtual_valuation(theta), DIGITS),
            Column("ironed", schedule.ironed_virtual_valuation(theta), DIGITS),
            Column("allocation", schedule.allocation(theta), DIGITS),
            Column("payment", schedule.payment(theta), DIGITS),
            Column("utility", schedule.utility(theta), DIGITS),
        )
    )


def schedule_table(schedule: ShownSchedule) -> Table:
    """Some types, what the schedule is worth above them and what was proven below."""
    pools = schedule.pooling_intervals
    intervals = ", ".join(f"[{low:.6g}, {high:.6g}]" for low, high in pools[:SHOWN_POOLS])
    more = f" and {len(pools) - SHOWN_POOLS} more" if len(pools) > SHOWN_POOLS else ""
    gap = max(schedule.upper_bound - schedule.value, 0.0)
    served = f"types from {schedule.exclusion_point:.6g} {'up' if schedule.types == 'values' else 'down'} are served"
    return Table(
        schedule_columns(schedule, SHOWN).columns,
        f"Schedule for a continuum of {schedule.types}: value {schedule.value:.6g}, "
        f"proven bound {schedule.upper_bound:.6g}",
        [
            f"{served}, {schedule.share_served:.3g} of all" if schedule.share_served > 0 else "no type is served",
            f"{plural(len(pools), 'pooling interval')}: {intervals}{more}" if len(pools) else "no two types are pooled",
            f"gap {gap:.1e}, of which quadrature {schedule.quadrature_error:.1e}",
        ],
        kind="schedule",
    )


def plot_schedule(schedule: ShownSchedule, ax: Axes | None, against: str) -> Any:
    """The allocation by type beside what the ironed virtual valuation was ironed from, or the tariff by amount."""
    if against not in ("type", "amount"):
        raise ProblemError(f"against is {against!r}: give 'type' or 'amount'")
    ax = axes(ax)
    sign = 1.0 if schedule.types == "values" else -1.0
    low, high = (
        float(end if np.isfinite(end) else far)
        for end, far in zip(schedule.curve.ends, schedule.curve.quantile(np.array([EDGE, 1 - EDGE])), strict=True)
    )
    theta = np.sort(sign * np.linspace(low, high, DRAWN))
    if against == "amount":
        most = float(schedule.allocation(theta).max())
        amounts = np.linspace(0.0, most, DRAWN)
        ax.plot(amounts, schedule.tariff(amounts), color=PALETTE[0])
        ax.set_xlabel("amount")
        ax.set_ylabel("price" if schedule.types == "values" else "paid to the agent")
        return ax
    for lower, upper in schedule.pooling_intervals:
        ax.axvspan(max(lower, theta[0]), min(upper, theta[-1]), color=GREY, alpha=0.4, linewidth=0)
    if theta[0] < schedule.exclusion_point < theta[-1]:
        ax.axvline(schedule.exclusion_point, color=DIM, linestyle="--", linewidth=1.0)
    ax.plot(theta, schedule.allocation(theta), color=PALETTE[0])
    ax.set_xlabel("type" if schedule.types == "values" else "cost")
    ax.set_ylabel("allocation")
    return ax
