"""A log of choices in print: what was read, what was refused and why, what was taken, and by whom."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, names
from contracts.inputs.arrays import Array
from inference.logs import options
from inference.logs.sources import Refusal

SHOWN_OPTIONS = 20
FEW_OPTIONS = 5  # that are listed one by one


class ShownLog(Protocol):
    """What a table asks of a log."""

    @property
    def source(self) -> str: ...

    @property
    def columns(self) -> tuple[options.Column, ...]: ...

    @property
    def refused(self) -> tuple[Refusal, ...]: ...

    @property
    def rows_read(self) -> int: ...

    @property
    def rows_used(self) -> int: ...

    @property
    def rows_refused(self) -> int: ...

    @property
    def n_users(self) -> int: ...

    @property
    def population_counts(self) -> NDArray[np.int64]: ...

    @property
    def population_shares(self) -> Array: ...


def percent(share: float) -> str:
    """A share in percent, in two digits; never all where some are left, nor none where some are.

    Examples
    --------
    >>> percent(1.0), percent(0.9999), percent(0.556), percent(1e-9)
    ('100 %', 'over 99 %', '56 %', 'under 0.01 %')
    """
    if share < 1e-4:
        return "under 0.01 %" if share else "0 %"
    if share >= 0.995:
        return "100 %" if share == 1 else "over 99 %"
    return f"{100 * share:.2g} %"


def log_tables(log: ShownLog) -> tuple[Table, Table]:
    """Rows by what became of them, and rows by the option that was taken."""
    share = log.rows_refused / max(log.rows_read, 1)
    rows = [
        ("rows read", log.rows_read, ""),
        ("rows used", log.rows_used, plural(log.n_users, "user")),
        ("rows refused", log.rows_refused, percent(share) if log.rows_refused else ""),
        *((f"  {one.reason}", one.rows, ", ".join(one.examples)) for one in log.refused),
    ]
    what, counts, remarks = zip(*rows, strict=True)
    shown, hidden = log.columns[:SHOWN_OPTIONS], len(log.columns) - SHOWN_OPTIONS
    taken = [
        names("option", [one.option for one in shown]),
        Column("rows", log.population_counts[:SHOWN_OPTIONS], ","),
        Column("share", log.population_shares[:SHOWN_OPTIONS], ".3f"),
    ]
    if any(one.menu for one in log.columns):
        taken = [names("menu", [one.menu for one in shown]), *taken]
    notes = [f"... {hidden:,} more options"] if hidden > 0 else []
    return (
        Table([Column("", what), Column("", counts, ","), Column("", remarks)], f"Choice log: {log.source}"),
        Table(taken, notes=[*notes, *_perhaps_from_one(log)]),
    )


def _perhaps_from_one(log: ShownLog) -> list[str]:
    """Numbers from 1 whose last option nobody took look like numbers from 0 whose first one nobody took: ask."""
    menus: dict[str, list[tuple[str, int]]] = {}
    for column, rows in zip(log.columns, log.population_counts.tolist(), strict=True):
        if column.option != options.OUTSIDE_LABEL:
            menus.setdefault(column.menu, []).append((column.option, rows))
    return [
        f"option 0{f' of menu {menu}' if menu else ''} was never taken: if options are numbered from 1, pass "
        f"options={list(range(1, len(taken) + 1)) if len(taken) <= FEW_OPTIONS else f'range(1, {len(taken) + 1})'}"
        for menu, taken in menus.items()
        if len(taken) > 1
        and [option for option, _ in taken] == [str(k) for k in range(len(taken))]
        and taken[0][1] == 0 < sum(rows for _, rows in taken)
    ]


class ShownPosteriors(Protocol):
    """What a table asks of the posteriors of a log."""

    @property
    def path(self) -> Path: ...

    @property
    def labels(self) -> Sequence[str]: ...

    @property
    def prior(self) -> Array: ...

    @property
    def expected_users(self) -> Array: ...

    @property
    def n_users(self) -> int: ...

    @property
    def n_choices(self) -> int: ...

    @property
    def log_evidence(self) -> float: ...


def posteriors_table(file: ShownPosteriors) -> Table:
    """How many users of each type are expected."""
    columns = [
        names("type", file.labels),
        Column("prior", file.prior, ".4f"),
        Column("expected users", file.expected_users, ",.1f"),
        Column("share", file.expected_users / max(file.n_users, 1), ".4f"),
    ]
    head = f"Types of {file.n_users:,} users: {file.n_choices:,} choices, log evidence {file.log_evidence:.6g}"
    return Table(columns, head, [f"posteriors in {file.path}"])
