"""What policies are worth to people, by the answers they gave.

A policy is an amount x_j of change on every item. Somebody with answers y_j enjoys y . x, and it costs |x|^2 / 2: the
best policy for somebody is the own answers. Where money is only moved between items, x sums to zero. Nothing is made up
for what somebody did not answer: benefit and cost are counted over the items that were answered, the policy balanced
within them, and scaled up to all items.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Array

Indices = NDArray[np.intp]


class Panel(NamedTuple):
    """People's answers, zero where there is none, and what was answered."""

    values: Array  # (n_people, n_items)
    known: Array  # the same, 1 if answered, else 0
    balanced: bool  # whether policies move money between items and add none

    @classmethod
    def of(cls, answers: Array, *, balanced: bool) -> Panel:
        """From answers with NaN."""
        known = ~np.isnan(answers)
        return cls(np.where(known, answers, 0.0), known.astype(np.float64), balanced)

    def of_people(self, rows: Indices) -> Panel:
        """Some people."""
        return Panel(self.values[rows], self.known[rows], self.balanced)

    def restricted(self, kept: Array) -> Panel:
        """The same people with some of their answers only; (n_people, n_items) of True and False."""
        return Panel(self.values * kept, self.known * kept, self.balanced)

    @property
    def asked(self) -> Array:
        """How many items everybody answered; (n_people, 1)."""
        return np.asarray(self.known.sum(axis=1, keepdims=True))

    @property
    def scale(self) -> Array:
        """All items per item answered; (n_people, 1)."""
        return np.asarray(self.known.shape[1] / self.asked)


def benefit(panel: Panel, policies: Array) -> Array:
    """What people enjoy of each policy; (n_people, n_policies)."""
    worth = panel.values @ policies.T
    if panel.balanced:
        worth = worth - panel.values.sum(axis=1, keepdims=True) * (panel.known @ policies.T) / panel.asked
    return np.asarray(panel.scale * worth)


def cost(panel: Panel, policies: Array) -> Array:
    """What each policy costs, on the items that everybody answered; (n_people, n_policies)."""
    square = panel.known @ (policies**2).T
    if panel.balanced:
        square = square - (panel.known @ policies.T) ** 2 / panel.asked
    return np.asarray(panel.scale * square / 2)


def welfare(panel: Panel, policies: Array) -> Array:
    """Benefit less cost; (n_people, n_policies)."""
    return benefit(panel, policies) - cost(panel, policies)


def own_welfare(panel: Panel) -> Array:
    """Welfare of everybody with a policy of the own: half the square of the answers; (n_people,)."""
    square = (panel.values**2).sum(axis=1, keepdims=True)
    if panel.balanced:
        square = square - panel.values.sum(axis=1, keepdims=True) ** 2 / panel.asked
    return np.asarray(panel.scale * square / 2)[:, 0]


def item_means(panel: Panel, rows: Indices | None = None) -> Array:
    """Mean answer on every item of those who answered it, balanced; (n_items,)."""
    part = panel if rows is None else panel.of_people(rows)
    values = part.values
    if panel.balanced:
        values = (values - values.sum(axis=1, keepdims=True) / np.maximum(part.asked, 1)) * part.known
    mean = values.sum(axis=0) / np.maximum(part.known.sum(axis=0), 1)
    return np.asarray(mean - mean.mean() if panel.balanced else mean)
