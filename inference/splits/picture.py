"""Responders as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from contracts.display.palette import GREY, INK, PALETTE, axes
from contracts.inputs.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Band(Protocol):
    """A curve of shares with what lies around it."""

    @property
    def mean(self) -> Array: ...

    @property
    def lower(self) -> Array: ...

    @property
    def upper(self) -> Array: ...

    @property
    def least(self) -> Array: ...

    @property
    def most(self) -> Array: ...


class ShownDecisions(Protocol):
    """What was offered, and how often it was taken."""

    @property
    def offers(self) -> Array: ...

    @property
    def accepted(self) -> Array: ...

    @property
    def rejected(self) -> Array: ...


class ShownResponders(Protocol):
    """What the picture asks of responders."""

    @property
    def answers(self) -> ShownDecisions: ...

    def rejection_curve(self, offers: Array) -> Band: ...


def plot_rejection(responders: ShownResponders, ax: Axes | None = None) -> Axes:
    """Rejection by offer: the population with its 95% band, the middle 80% of people, and the observed shares."""
    ax = axes(ax)
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
