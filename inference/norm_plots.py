"""Norms and responders as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from contracts.drawn import drawn
from contracts.plotting import GREY, INK, PALETTE
from inference.norms import Norms
from inference.responders import Responders

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_norms(norms: Norms, ax: Axes | None = None) -> Axes:
    """Utilities with 95% intervals, one row per policy, one colour per group; dashes where a group could live with it.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from inference.elicitation import Comparisons
    >>> from inference.norms import elicit_norms
    >>> norms = elicit_norms(Comparisons(["a"] * 3, ["tea", "tea", "milk"], ["milk", "milk", "tea"]))
    >>> ax = plot_norms(norms, Figure().subplots())
    >>> ax.get_xlabel(), [label.get_text() for label in ax.get_yticklabels()]
    ('utility (logits)', ['milk', 'tea'])
    """
    ax = _axes(ax)
    order = np.argsort(norms.common, kind="stable")
    rows = np.arange(len(order))
    interval = norms.interval()
    offsets = np.linspace(-0.25, 0.25, len(norms.groups)) if len(norms.groups) > 1 else [0.0]
    for g, (group, offset) in enumerate(zip(norms.groups, offsets, strict=True)):
        colour = PALETTE[g % len(PALETTE)]
        centre = norms.utilities[g, order]
        around = np.stack([centre - interval[g, order, 0], interval[g, order, 1] - centre])
        ax.errorbar(centre, rows + offset, xerr=around, fmt="o", markersize=4, color=colour, label=drawn(group))
        if norms.has_reservation_utility:
            ax.axvline(norms.reservation_utility[g], color=colour, linestyle="--", linewidth=1)
    ax.set_yticks(rows, [drawn(norms.policies[k]) for k in order])
    ax.set_xlabel("utility (logits)")
    ax.axvline(0.0, color=GREY, linewidth=0.8, zorder=0)
    ax.legend(frameon=False)
    return ax


def plot_rejection(responders: Responders, ax: Axes | None = None) -> Axes:
    """Rejection by offer: the population with its 95% band, the middle 80% of people, and the observed shares."""
    ax = _axes(ax)
    offers = np.linspace(0.02, 0.5, 97)
    band = responders.rejection_curve(offers)
    ax.fill_between(offers, band.least, band.most, color=GREY, alpha=0.35, linewidth=0, label="middle 80% of people")
    ax.fill_between(offers, band.lower, band.upper, color=PALETTE[0], alpha=0.35, linewidth=0, label="95% confidence")
    ax.plot(offers, band.mean, color=PALETTE[0], label="population")
    answers = responders.answers
    asked = (answers.accepted + answers.rejected).sum(axis=0)
    ax.plot(answers.offers, answers.rejected.sum(axis=0) / asked, "o", color=INK, markersize=4, label="observed")
    ax.set_xlabel("share offered to the responder")
    ax.set_ylabel("share of people who reject")
    ax.set_ylim(0, 1)
    ax.legend(frameon=False)
    return ax


def _axes(ax: Axes | None) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots()[1]
