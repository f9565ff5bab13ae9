"""What answers cannot say: policies that no chain of preferences connects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from inference.norms.coded import CodedAnswers

Connection = tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]


def connection(coded: CodedAnswers) -> tuple[Connection, Connection]:
    """Which policies a group's own answers cannot compare, and where they say "always", so that only pooling is finite.

    Utilities of a group are determined by its own answers iff every policy is connected with every other by a chain
    of policies each preferred to the next at least once, in both directions (Ford 1957).
    """
    from scipy.sparse.csgraph import connected_components

    names = [*map(str, coded.policies), *(["outside option"] if coded.has_outside_option else [])]
    separated, one_sided = [], []
    for group, count in zip(map(str, coded.groups), coded.preferred(), strict=True):
        n_parts, part = connected_components(count, directed=True, connection="weak")
        n_strong, strong = connected_components(count, directed=True, connection="strong")
        if n_parts > 1:
            separated.append((group, _sets(part, n_parts, names)))
        if n_strong > n_parts:
            one_sided.append((group, _sets(strong, n_strong, names)))
    return tuple(separated), tuple(one_sided)


def _sets(part: Any, n_parts: int, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(names[int(k)] for k in np.flatnonzero(part == p)) for p in range(n_parts))
