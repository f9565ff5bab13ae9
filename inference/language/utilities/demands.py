"""Lines that groups draw in words, as rows of the problem: floors, ceilings, and what is never given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from contracts.inputs.arrays import Array

if TYPE_CHECKING:
    from contracts.problem.rows import LinearConstraint


class Lined(Protocol):
    """What a reading says of lines, a row per text."""

    @property
    def labels(self) -> tuple[str, ...]:
        """(n_texts,)."""

    @property
    def attributes(self) -> tuple[str, ...]:
        """(n_attributes,)."""

    @property
    def signs(self) -> Array:
        """(n_texts, n_attributes)."""

    @property
    def statements(self) -> tuple[tuple[Any, ...], ...]:
        """By text, each with `kind`, `attributes` and `level`."""


def levels_asked(reading: Lined, veto_level: float) -> list[tuple[int, str, float, bool]]:
    """(text, attribute, level, whether at least) for every line; the strictest where several writers draw one.

    A veto of what is unwanted asks for at most 1 - `veto_level`, on a scale from 0 to 1.
    """
    asked: dict[tuple[int, str, bool], list[float]] = {}
    open_lines: set[tuple[int, str]] = set()
    for k, own in enumerate(reading.statements):
        for one in own:
            for name in one.attributes:
                if one.kind in ("floor", "ceiling") and not np.isnan(one.level):
                    asked.setdefault((k, name, one.kind == "floor"), []).append(one.level)
                elif one.kind in ("veto", "need"):
                    open_lines.add((k, name))
    for k, name in sorted(open_lines):
        wanted = bool(reading.signs[k, reading.attributes.index(name)] > 0)
        asked.setdefault((k, name, wanted), [veto_level if wanted else 1 - veto_level])
    return [(k, name, (max if least else min)(levels), least) for (k, name, least), levels in asked.items()]


def rows_of_lines(reading: Lined, levels: Array | None, veto_level: float) -> list[LinearConstraint]:
    """One row per line: of the good itself where attributes are goods, else of the mean level of the policies given.

    With policies p of level l_p, "at least L" is sum_p x_p (l_p - L) >= 0: it holds for any amount of them, and for
    policies whose chances sum to 1 it says that the attribute is expected to be at least L.
    """
    from contracts.problem.rows import LinearConstraint

    rows = []
    for k, name, level, least in levels_asked(reading, veto_level):
        n = len(reading.attributes) if levels is None else len(levels)
        coefficients, at = np.zeros((len(reading.labels), n)), reading.attributes.index(name)
        coefficients[k] = np.eye(n)[at] if levels is None else levels[:, at] - level
        limit = level if levels is None else 0.0
        title = f"{reading.labels[k]}: {name} {'at least' if least else 'at most'} {level:g}"
        bounds = {"lower": limit} if least else {"upper": limit}
        rows.append(LinearConstraint(allocation=coefficients, name=title, **bounds))
    return rows
