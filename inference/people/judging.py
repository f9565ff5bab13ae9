"""What policies are worth to people, by the answers they gave.

A policy is an amount x_j of change on every item. Somebody with answers y_j enjoys y . x, and it costs |x|^2 / 2: the
best policy for somebody is the own answers. Where money is only moved between items, x sums to zero. Nothing is made up
for what somebody did not answer: benefit and cost are counted over the items that were answered, the policy balanced
within them, and scaled up to all items.

Or a policy is a mixture of finished programmes, each with fixed amounts of change, and x_k the chance of programme k.
Then the answers are turned into what everybody enjoys of every programme, and a mixture costs temperature times its
Kullback-Leibler divergence from equal chances.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax, xlogy

from contracts.inputs.arrays import Array

Indices = NDArray[np.intp]


class Panel(NamedTuple):
    """People's answers, zero where there is none, and what was answered."""

    values: Array  # (n_people, n_items)
    known: Array  # the same, 1 if answered, else 0
    balanced: bool  # whether policies move money between items and add none
    temperature: float | None = None  # of mixtures of programmes; None where policies are amounts

    @classmethod
    def of(cls, answers: Array, *, balanced: bool) -> Panel:
        """From answers with NaN."""
        known = ~np.isnan(answers)
        return cls(np.where(known, answers, 0.0), known.astype(np.float64), balanced)

    def of_people(self, rows: Indices) -> Panel:
        """Some people."""
        return self._replace(values=self.values[rows], known=self.known[rows])

    def of_programmes(self, programmes: Array, temperature: float) -> Panel:
        """What people enjoy of programmes, (n_programmes, n_items), by the part of each that they answered."""
        size = np.abs(programmes)
        answered = self.known @ size.T
        part = size.sum(axis=1) / np.where(answered > 0, answered, np.inf)  # nobody enjoys what nothing was said of
        worth = part * benefit(self, programmes) / self.scale
        return Panel(worth, np.ones_like(worth), balanced=False, temperature=temperature)

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


def best(wanted: Array, temperature: float | None) -> Array:
    """The best policies for those who want so much of every item or programme; one row each."""
    if temperature is None:
        return wanted
    if temperature == 0:
        return np.eye(wanted.shape[-1])[wanted.argmax(axis=-1)]
    return np.asarray(softmax(wanted / temperature, axis=-1))


def divergence(policies: Array) -> Array:
    """Kullback-Leibler divergence of mixtures from equal chances, in nats; (n_policies,)."""
    return np.asarray(xlogy(policies, policies * policies.shape[-1]).sum(axis=-1))


def cost(panel: Panel, policies: Array) -> Array:
    """What each policy costs, on the items that everybody answered; (n_people, n_policies)."""
    if panel.temperature is not None:
        return np.tile(panel.temperature * divergence(policies), (len(panel.values), 1))
    square = panel.known @ (policies**2).T
    if panel.balanced:
        square = square - (panel.known @ policies.T) ** 2 / panel.asked
    return np.asarray(panel.scale * square / 2)


def welfare(panel: Panel, policies: Array) -> Array:
    """Benefit less cost; (n_people, n_policies)."""
    return benefit(panel, policies) - cost(panel, policies)


def own_welfare(panel: Panel) -> Array:
    """Welfare of everybody with a policy of the own: half the square of amounts, or the best mixture; (n_people,)."""
    if panel.temperature is not None:
        own = best(panel.values, panel.temperature)
        return np.asarray((panel.values * own).sum(axis=1) - panel.temperature * divergence(own))
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
