"""Elicited norms as the table an economist would draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from contracts.display.table import plural
from contracts.inputs.arrays import Array
from contracts.readable import aligned, readable
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
    def flat_raters(self) -> int: ...

    @property
    def n_answers(self) -> int: ...

    def interval(self) -> Array: ...


def norms_text(norms: ShownNorms) -> str:
    """Utilities with standard errors, one row per policy, one column per group."""
    cells = [["", *map(readable, norms.groups)]]
    order = np.argsort(-norms.common, kind="stable")
    for k in order[:SHOWN_POLICIES]:
        cells.append(
            [readable(norms.policies[k]), *map(_with_error, norms.utilities[:, k], norms.standard_errors[:, k])]
        )
    if len(order) > SHOWN_POLICIES:
        cells.append([f"... {len(order) - SHOWN_POLICIES} more"] + [""] * len(norms.groups))
    if norms.has_reservation_utility:
        cells.append(["could live with, from", *map(_with_error, norms.reservation_utility, norms.reservation_se)])
    if norms.member_sd.any():
        cells.append(["members' spread (sd)", *(f"{sd:.3f}" for sd in norms.member_sd)])
    lines = aligned(cells, words={0})
    pooling = f"sd of policies {norms.pooling.common_sd:.3g}"
    if len(norms.groups) > 1:
        pooling += f", of groups around what is common {norms.pooling.group_sd:.3g}"
    size = f"{plural(len(norms.groups), 'group')}, {len(norms.policies)} policies, {norms.n_answers:,} answers"
    head = f"Norms: {size}; utility in logits (standard error)"
    return "\n".join([head, *lines, pooling, *remarks(norms)])


def remarks(norms: ShownNorms) -> list[str]:
    """What the reader must know about the answers."""
    said = []
    for group, parts in norms.separated:
        said.append(f"{readable(group)}: no answers connect {_parts(parts)}; only pooling compares them")
    for group, parts in norms.one_sided:
        said.append(
            f"{readable(group)}: answers between {_parts(parts)} all go one way; only pooling keeps utilities finite"
        )
    if norms.flat_raters:
        said.append(
            f"{norms.flat_raters} members rated everything alike: their ratings order nothing and are set aside"
        )
    return said


def norms_frame(norms: ShownNorms) -> pd.DataFrame:
    """One row per group and policy."""
    try:
        import pandas as pd
    except ImportError as exc:
        raise ImportError("to_frame needs pandas: pip install 'menuwright[frames]'") from exc
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
