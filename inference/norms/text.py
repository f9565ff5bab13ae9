"""Elicited norms as the table an economist would draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from contracts.display.numbers import plural
from contracts.display.table import Column, Table
from contracts.inputs.arrays import Array
from contracts.inputs.extras import pandas
from contracts.readable import readable
from inference.norms.pooling import Pooling

if TYPE_CHECKING:
    import pandas as pd

SHOWN_POLICIES = 20
Unconnected = tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]  # groups, and the parts their policies fall into


class ShownNorms(Protocol):
    """What a table or a picture asks of norms."""

    @property
    def groups(self) -> tuple[str, ...]: ...

    @property
    def policies(self) -> tuple[str, ...]: ...

    @property
    def utilities(self) -> Array: ...

    @property
    def standard_errors(self) -> Array: ...

    @property
    def common(self) -> Array: ...

    @property
    def has_reservation_utility(self) -> bool: ...

    @property
    def reservation_utility(self) -> Array: ...

    @property
    def reservation_se(self) -> Array: ...

    @property
    def pooling(self) -> Pooling: ...

    @property
    def member_sd(self) -> Array: ...

    @property
    def separated(self) -> Unconnected: ...

    @property
    def one_sided(self) -> Unconnected: ...

    @property
    def n_flat_raters(self) -> int: ...

    @property
    def at_bound(self) -> tuple[str, ...]: ...

    @property
    def n_answers(self) -> int: ...

    def interval(self) -> Array: ...


def norms_table(norms: ShownNorms) -> Table:
    """Utilities with standard errors, one row per policy, one column per group."""
    order = np.argsort(-norms.common, kind="stable")
    shown, hidden = order[:SHOWN_POLICIES], max(len(order) - SHOWN_POLICIES, 0)
    heads = [readable(norms.policies[k]) for k in shown]
    values, errors = norms.utilities[:, shown].T, norms.standard_errors[:, shown].T
    rows = [list(map(_with_error, *row)) for row in zip(values, errors, strict=True)]
    if norms.has_reservation_utility:
        heads.append("could live with, from")
        rows.append(list(map(_with_error, norms.reservation_utility, norms.reservation_se)))
    if norms.member_sd.any():
        heads.append("members' spread (sd)")
        rows.append([f"{sd:.3f}" for sd in norms.member_sd])
    columns = [
        Column(group, cells, heading=readable(group), left=False)
        for group, *cells in zip(norms.groups, *rows, strict=True)
    ]
    pooling = f"sd of policies {norms.pooling.common_sd:.3g}"
    if len(norms.groups) > 1:
        pooling += f", of groups around what is common {norms.pooling.group_sd:.3g}"
    size = f"{plural(len(norms.groups), 'group')}, {len(norms.policies)} policies, {norms.n_answers:,} answers"
    return Table(
        [Column("", heads), *columns],
        f"Norms: {size}; utility in logits (standard error)",
        [pooling, *remarks(norms)],
        between={SHOWN_POLICIES: f"... {hidden} more"} if hidden else {},
    )


def remarks(norms: ShownNorms) -> list[str]:
    """What the reader must know about the answers."""
    said = list(norms.at_bound)
    for group, parts in norms.separated:
        said.append(f"{readable(group)}: no answers connect {_parts(parts)}; only pooling compares them")
    for group, parts in norms.one_sided:
        said.append(
            f"{readable(group)}: answers between {_parts(parts)} all go one way; only pooling keeps utilities finite"
        )
    if norms.n_flat_raters:
        said.append(
            f"{norms.n_flat_raters} members rated everything alike: their ratings order nothing and are set aside"
        )
    return said


def norms_frame(norms: ShownNorms) -> pd.DataFrame:
    """One row per group and policy."""
    pd = pandas()
    interval = norms.interval()
    index = pd.MultiIndex.from_product([norms.groups, norms.policies], names=["group", "policy"])
    return pd.DataFrame(
        {
            "utility": norms.utilities.ravel(),
            "standard_error": norms.standard_errors.ravel(),
            "lower": interval[..., 0].ravel(),
            "upper": interval[..., 1].ravel(),
        },
        index=index,
    ).reset_index()


def _with_error(value: float, error: float) -> str:
    return f"{value + 0.0:.3f} ({error:.3f})"


def _parts(parts: tuple[tuple[str, ...], ...]) -> str:
    return " and ".join("{" + ", ".join(part) + "}" for part in parts)
