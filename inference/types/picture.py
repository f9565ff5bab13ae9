"""Beliefs as pictures: posteriors of users, weights of a population as choices arrive, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.display.drawn import drawn
from contracts.display.palette import GREY, INK, PALETTE, axes
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from inference.types.draws import PopulationDraws
from inference.types.text import ShownPosterior

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZE: Any = {"figsize": (7.0, 4.4), "layout": "constrained"}
SHOWN_BARS = 40  # users that a bar chart can name
SHOWN_NAMES = 25  # users or types that a picture can name
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])  # of the triangle of three types


class ShownCalibration(Protocol):
    """What the picture asks of a calibration."""

    @property
    def predicted(self) -> Array: ...

    @property
    def frequency(self) -> Array: ...

    @property
    def n_predictions(self) -> NDArray[np.int64]: ...

    @property
    def lower(self) -> Array: ...

    @property
    def upper(self) -> Array: ...


def plot_posterior(posterior: ShownPosterior, ax: Axes | None = None) -> Axes:
    """Every user's posterior on `ax`, or on new axes: one bar each for two types, a triangle for three, else shades.

    Users who cannot be named any more are sorted by their posterior.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from contracts import ScreeningProblem
    >>> from inference import Logit, choice_set, infer_types
    >>> offer = choice_set(ScreeningProblem([1.0, 2.0], labels=("low", "high")), [1.0, 2.0], [0.5, 2.0])
    >>> ax = plot_posterior(infer_types(offer, [[0, 0], [1, 1]], choice_model=Logit(0.5)), Figure().subplots())
    >>> ax.get_xlabel()
    "probability of 'high'"
    """
    ax = axes(ax, **SIZE)
    n_types = len(posterior.labels)
    (_draw_bars if n_types == 2 else _draw_triangle if n_types == 3 else _draw_shades)(posterior, ax)
    ax.spines[["top", "right"]].set_visible(False)
    ax.set_title(f"{len(posterior.users)} users, {int(posterior.n_choices.sum())} choices", fontsize=10)
    return ax


def plot_population(
    draws: Sequence[PopulationDraws], rounds: Any = None, ax: Axes | None = None, *, level: float = 0.9
) -> Axes:
    """Population weights as rounds arrive: posterior means, with bands of this credible level.

    Parameters
    ----------
    draws : one PopulationDraws per point in time
    rounds : (n_times,) where they lie on the axis, such as the choices seen of each user; by default 1, 2, ...

    Raises
    ------
    ProblemError
        If draws are of different types, or rounds do not match.
    """
    times = np.arange(1, len(draws) + 1) if rounds is None else np.asarray(rounds, dtype=np.float64)
    if not draws or times.shape != (len(draws),):
        raise ProblemError(f"rounds has shape {times.shape} for {len(draws)} draws: give at least one, and a time each")
    labels = tuple(draws[0].labels)
    if any(tuple(one.labels) != labels for one in draws):
        raise ProblemError("draws are about different types: draw one population at a time")
    ax = axes(ax, **SIZE)
    mean = np.array([one.mean for one in draws])
    band = np.array([one.interval(level).T for one in draws])  # (n_times, 2, n_types)
    for k, (label, colour) in enumerate(zip(labels, _colours(len(labels)), strict=True)):
        ax.fill_between(times, band[:, 0, k], band[:, 1, k], color=colour, alpha=0.2, linewidth=0)
        ax.plot(
            times, mean[:, k], color=colour, marker="o" if len(times) <= SHOWN_NAMES else "", ms=4, label=drawn(label)
        )
    ax.set_ylim(0, 1)
    ax.set_xlabel("rounds")
    ax.set_ylabel(f"population weight, {level:.0%} credible")
    ax.spines[["top", "right"]].set_visible(False)
    if len(labels) <= SHOWN_NAMES:
        ax.legend(fontsize=8, frameon=False)
    return ax


def plot_calibration(calibration: ShownCalibration, ax: Axes | None = None) -> Axes:
    """Frequency against predicted probability, with 95 % intervals; points on the diagonal are well calibrated."""
    ax = axes(ax, **SIZE)
    ax.plot([0, 1], [0, 1], color=GREY, lw=1, zorder=1, label="perfect calibration")
    below, above = calibration.frequency - calibration.lower, calibration.upper - calibration.frequency
    ax.errorbar(
        calibration.predicted,
        calibration.frequency,
        yerr=np.maximum([below, above], 0.0),
        fmt="o",
        color=PALETTE[0],
        ms=5,
        capsize=3,
        label=f"{calibration.n_predictions.sum()} predictions, 95 % intervals",
    )
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_xlabel("predicted probability")
    ax.set_ylabel("frequency")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, loc="upper left", frameon=False)
    return ax


# ---- posteriors ----


def _draw_bars(posterior: ShownPosterior, ax: Axes) -> None:
    """Two types: one bar per user, its length the probability of the second type."""
    share = posterior.probabilities[:, 1]
    label = posterior.labels[1]
    if len(share) <= SHOWN_BARS:
        place = np.arange(len(share))
        ax.barh(place, share, color=PALETTE[0], height=0.7)
        ax.set_yticks(place, [drawn(str(user)) for user in posterior.users.tolist()], fontsize=8)
        ax.invert_yaxis()
        ax.set_ylabel("user")
    else:
        ax.fill_betweenx(np.linspace(0, 1, len(share)), np.sort(share), step="mid", color=PALETTE[0], linewidth=0)
        ax.set_ylim(0, 1)
        ax.set_ylabel("share of users, least probable first")
    ax.axvline(float(np.atleast_2d(posterior.prior).mean(axis=0)[1]), color=INK, lw=1, ls="--", label="prior")
    ax.set_xlim(0, 1)
    ax.set_xlabel(f"probability of '{drawn(label)}'")
    ax.legend(fontsize=8, loc="lower right")


def _draw_triangle(posterior: ShownPosterior, ax: Axes) -> None:
    """Three types: every user a point in the triangle whose corners are the types."""
    place = posterior.probabilities @ CORNERS
    edge = CORNERS[[0, 1, 2, 0]]
    ax.plot(edge[:, 0], edge[:, 1], color=INK, lw=1)
    colour = [PALETTE[k] for k in posterior.probabilities.argmax(axis=1)]
    many = len(place) > SHOWN_NAMES
    ax.scatter(place[:, 0], place[:, 1], c=colour, s=10 if many else 40, alpha=0.5 if many else 1.0, zorder=3)
    prior = np.atleast_2d(posterior.prior).mean(axis=0) @ CORNERS
    ax.plot(prior[:1], prior[1:], "x", color=INK, ms=8, label="prior")
    for k, (x, y) in enumerate(CORNERS.tolist()):
        side = ("right", "left", "center")[k]
        ax.text(
            x, y + (0.03 if k == 2 else -0.03), drawn(posterior.labels[k]), ha=side, va="bottom" if k == 2 else "top"
        )
    if not many:
        for (x, y), names in _named_places(place, posterior.users.tolist()).items():
            ax.annotate(names, (x, y), (6, 5), textcoords="offset points", fontsize=8)
    ax.set_ylim(-0.12, 1.0)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.legend(fontsize=8, loc="upper right", frameon=False)


def _named_places(place: Array, users: list[Any]) -> dict[tuple[float, float], str]:
    """Names by point, those of users whose points touch together."""
    together: dict[tuple[float, float], list[str]] = {}
    for user, (x, y) in zip(users, place.tolist(), strict=True):
        together.setdefault((round(x, 2), round(y, 2)), []).append(drawn(str(user)))
    return {
        point: ", ".join(names[:3]) + (f", +{len(names) - 3}" if len(names) > 3 else "")
        for point, names in together.items()
    }


def _draw_shades(posterior: ShownPosterior, ax: Axes) -> None:
    """Many types: a table of shades, one row per user, sorted by the most probable type where users are many."""
    p = posterior.probabilities
    named = len(p) <= SHOWN_NAMES
    order = np.arange(len(p)) if named else np.lexsort((-p.max(axis=1), p.argmax(axis=1)))
    image = ax.imshow(p[order], aspect="auto", cmap="cividis", vmin=0.0, vmax=1.0, interpolation="nearest")
    if named:
        ax.set_yticks(np.arange(len(p)), [drawn(str(user)) for user in posterior.users.tolist()], fontsize=8)
    ax.set_ylabel("user" if named else "users, by most probable type")
    if p.shape[1] <= SHOWN_NAMES:
        ax.set_xticks(np.arange(p.shape[1]), list(map(drawn, posterior.labels)), rotation=30, ha="right")
    ax.set_xlabel("type")
    if (figure := ax.get_figure()) is not None:
        figure.colorbar(image, ax=ax, label="probability")


def _colours(count: int) -> list[Any]:
    """Colours told apart with any colour vision, or shades where there are more types than such colours."""
    if count <= len(PALETTE):
        return list(PALETTE[:count])
    from matplotlib import colormaps

    shades: Array = np.asarray(colormaps["viridis"](np.linspace(0.0, 0.9, count)))
    return list(shades)
