"""What held-out people gained by every mechanism, with intervals over people, and what that says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import one_of
from contracts.readable import readable
from inference.people.offers import AVERAGING, LABELS, MENU, OPEN, PRICED, ROBUST
from inference.people.picture import plot_gains

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Indices = NDArray[np.intp]
PLACEBO = "random"
LEVEL, POWER = 0.95, 0.8
REFIT_SPLITS = 2  # of every resample for which all is done anew: their difference shows what splits add
LEAST = 0.25  # of the variance by resampling that is left, whatever a few splits say
CLAIMS = (  # what is claimed of every grouping: words, first mechanism, second
    ("labels beat averaging", LABELS, AVERAGING),
    ("the menu beats averaging", MENU, AVERAGING),
    ("the menu beats labels", MENU, LABELS),
    ("incentive constraints cost something", OPEN, MENU),
    ("a robust menu beats the menu", ROBUST, MENU),
    ("the menu at cost beats the menu", PRICED, MENU),
)


@dataclass(frozen=True)
class Contrast:
    """How much more people gain by one mechanism than by another.

    Attributes
    ----------
    effect, interval : percent of what a policy of everybody's own would gain over averaging; 95% interval
    detectable : the least effect, in the same unit, that such an experiment would notice four times of five
    verdict : "holds" if the interval is above 0, "reversed" if below, else "undecided"
    """

    groups: str
    claim: str
    effect: float
    interval: tuple[float, float]
    detectable: float
    verdict: str


@dataclass(frozen=True, eq=False)
class Contrasts(Tabular):
    """Claims, judged; made by `PeopleStudy.verdicts`."""

    contrasts: tuple[Contrast, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per claim."""
        return self._table().to_frame()

    def _table(self) -> Table:
        rows = self.contrasts
        return Table(
            [
                names("groups", [one.groups for one in rows]),
                Column("claim", [one.claim for one in rows], left=True),
                Column("verdict", [one.verdict for one in rows], left=True),
                Column("effect", [one.effect for one in rows], "+.2f", "effect, %"),
                Column("low", [one.interval[0] for one in rows], "+.2f", "95% from"),
                Column("high", [one.interval[1] for one in rows], "+.2f", "to"),
                Column("detectable", [one.detectable for one in rows], ".2f"),
            ]
        )


@checked
@dataclass(frozen=True, eq=False, repr=False)
class PeopleStudy(Tabular):
    """Held-out people under every mechanism for every way to group them; made by `people_study`.

    Every array by person is a mean over the splits, in each of which everybody is judged once.

    Attributes
    ----------
    groupings, mechanisms : names
    gain : (n_groupings, n_mechanisms, n_people) welfare above that of the averaged policy
    prefers, worse : the same; how often people get something notably better, or worse, than the averaged policy, by
        their own benefit (net of cost from the menu at cost): by a thousandth of what is attainable
    meant : the same; how often people take the option that is meant for their group
    attainable : (n_people,) what a policy of the own would gain over the averaged one
    declared : names and (n_people,) numbers of the groups that people declared
    explained : (n_groupings,) share of the variance of answers that groups explain, among held-out people
    bound : (n_groupings,) share of the menus that incentive compatibility or participation changed; NaN without menus
    incentive_cost : (n_groupings,) what they took from the welfare that the designer expected
    chance : (n_groupings, n_mechanisms) how often people would take what is meant for them if choices were unrelated
        to groups
    by_half : (n_splits, 2, n_groupings, n_mechanisms) mean gain of the people of the second half of every split, served
        by what the first half said, and of the first
    first : (n_splits, n_people) whether somebody is in the first half
    counts : (n_resamples, n_people) how often each resample has each person
    refits : (n_refits, 2, n_groupings, n_mechanisms) gains in percent of two splits of resamples for which groups were
        found, means elicited and menus made anew; None if they were not
    n_programmes : of which policies are mixtures; 0 where policies are amounts
    """

    groupings: tuple[str, ...]
    mechanisms: tuple[str, ...]
    n_splits: int
    unseen_items: bool
    reliability: float
    gain: Array
    prefers: Array
    worse: Array
    meant: Array
    attainable: Array
    declared: Mapping[str, Any]
    explained: Array
    bound: Array
    incentive_cost: Array
    chance: Array
    by_half: Array
    first: Any
    counts: Any
    refits: Any = None
    n_programmes: int = 0

    # ---- questions ----

    @property
    def n_people(self) -> int:
        """How many people were judged."""
        return len(self.attainable)

    def gain_of(self, grouping: str, mechanism: str) -> Array:
        """Everybody's gain over averaging, welfare; (n_people,).

        Raises
        ------
        ProblemError
            If there is no such grouping or mechanism.
        """
        return np.asarray(self.gain[self._at(grouping, mechanism)])

    def contrast(self, first: tuple[str, str], second: tuple[str, str], claim: str = "") -> Contrast:
        """How much more people gain by one (grouping, mechanism) than by another, the same people in both."""
        less, unit = self.gain_of(*first) - self.gain_of(*second), self.attainable.mean() / 100
        effect = float(less.mean() / unit)
        resampled = 100 * (self.counts @ less) / (self.counts @ self.attainable)
        by_half = self.by_half[:, :, *self._at(*first)] - self.by_half[:, :, *self._at(*second)]
        spread = float(resampled.std(ddof=1))
        if self.refits is None:
            variance = spread**2 + self._learning_variance(less, by_half) / unit**2
        else:
            variance = self._refit_variance(self._at(*first), self._at(*second))
        error = np.sqrt(max(variance, LEAST * spread**2))
        ends = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        away = (ends - effect) / spread if spread > 0 else ndtri([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        low, high = (float(effect + error * end) for end in away)
        detectable = float((ndtri((1 + LEVEL) / 2) + ndtri(POWER)) * error)
        verdict = "holds" if low > 0 else "reversed" if high < 0 else "undecided"
        return Contrast(
            first[0], claim or f"{first[1]} beats {second[1]} for {second[0]}", effect, (low, high), detectable, verdict
        )

    def verdicts(self) -> Contrasts:
        """The claims on every grouping, each also against random groups and the declared ones against the found."""
        found = [
            self.contrast((grouping, first), (grouping, second), words)
            for grouping in self.groupings
            for words, first, second in CLAIMS
            if {first, second} <= set(self.mechanisms)
        ]
        if MENU not in self.mechanisms:
            return Contrasts(tuple(found))
        if PLACEBO in self.groupings:
            found += [
                self.contrast((grouping, MENU), (PLACEBO, MENU), "the menu beats one for random groups")
                for grouping in self.groupings
                if grouping != PLACEBO
            ]
        real = [grouping for grouping in self.groupings if grouping not in self.declared and grouping != PLACEBO]
        found += [
            self.contrast((grouping, MENU), (name, MENU), f"the menu beats one for {name}")
            for grouping in real
            for name in list(self.declared)[:1]
        ]
        return Contrasts(tuple(found))

    def worst_group(self, grouping: str, mechanism: str) -> tuple[str, float, tuple[float, float]]:
        """The declared group that gains least: its name, its gain in percent of the attainable one, 95% interval.

        The group is the one that gains least here, so that its gain is an underestimate where several gain alike.

        Raises
        ------
        ProblemError
            If nobody declared a group.
        """
        if not self.declared:
            raise ProblemError("no declared groups were studied: name some in `groups`")
        gain, worst = self.gain_of(grouping, mechanism), ("", np.inf, np.zeros(0))
        unit = self.attainable.mean() / 100
        for name, (labels, number) in self.declared.items():
            for k, label in enumerate(labels):
                member = number == k
                mean = float(gain[member].mean() / unit)
                if mean < worst[1]:
                    counts = self.counts[:, member]
                    worst = (f"{name} {label}", mean, counts @ gain[member] / np.maximum(counts.sum(axis=1), 1) / unit)
        low, high = (float(end) for end in np.quantile(worst[2], [(1 - LEVEL) / 2, (1 + LEVEL) / 2]))
        return worst[0], worst[1], (low, high)

    # ---- showing it ----

    @cached_property
    def _rows(self) -> list[tuple[str, str]]:
        return [(one, other) for one in self.groupings for other in self.mechanisms if other != AVERAGING]

    def to_frame(self) -> pd.DataFrame:
        """One row per grouping and mechanism; shares and gains in percent."""
        return self._table().to_frame()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Gains over averaging with 95% intervals, one row per grouping, one colour per mechanism."""
        gains = {row: self.contrast(row, (row[0], AVERAGING)) for row in self._rows}
        return plot_gains(self.groupings, [name for name in self.mechanisms if name != AVERAGING], gains, ax)

    def _table(self) -> Table:
        rows, at = self._rows, [self._at(*row) for row in self._rows]
        gains = [self.contrast(row, (row[0], AVERAGING)) for row in rows]
        worst = [self.worst_group(*row) if self.declared else None for row in rows]
        chooses = [row[1] != LABELS for row in rows]
        percent = "{:.1f}".format
        by = ", judged on items that choices did not see" if self.unseen_items else ""
        by += f", answers of reliability {self.reliability:g}" if self.reliability < 1 else ""
        by += f", mixtures of {self.n_programmes} programmes" if self.n_programmes else ""
        lines = [
            f"{name}: groups explain {100 * share:.1f}% of the variance"
            for name, share in zip(self.groupings, self.explained, strict=True)
        ]
        if MENU in self.mechanisms:
            lines = [
                f"{line}; incentives change {bound:.0%} of menus, which costs "
                f"{100 * lost / self.attainable.mean():.2f}% as elicited"
                for line, bound, lost in zip(lines, self.bound, self.incentive_cost, strict=True)
            ]
        return Table(
            [
                names("groups", [row[0] for row in rows]),
                Column("mechanism", [row[1] for row in rows], left=True),
                Column("gain", [one.effect for one in gains], "+.2f", "gain, %"),
                Column("low", [one.interval[0] for one in gains], "+.2f", "95% from"),
                Column("high", [one.interval[1] for one in gains], "+.2f", "to"),
                Column("detectable", [one.detectable for one in gains], ".2f"),
                Column("prefer", [100 * self.prefers[k].mean() for k in at], percent, "better, %"),
                Column("worse", [100 * self.worse[k].mean() for k in at], percent, "worse, %"),
                Column(
                    "meant",
                    [100 * self.meant[k].mean() if free else None for k, free in zip(at, chooses, strict=True)],
                    percent,
                    "as meant, %",
                ),
                Column(
                    "chance",
                    [100 * self.chance[k] if free else None for k, free in zip(at, chooses, strict=True)],
                    percent,
                    "by chance, %",
                ),
                Column(
                    "worst_group",
                    [one and one[0] for one in worst],
                    lambda name: readable(name),
                    "gains least",
                    left=True,
                ),
                Column("worst", [one and one[1] for one in worst], "+.2f", "so much, %"),
            ],
            title=f"PeopleStudy: {self.n_people:,} people, {self.n_splits} splits in halves{by}\n"
            f"gain over one policy for the average, percent of what a policy of everybody's own would gain",
            notes=lines,
        )

    # ---- inside ----

    def _learning_variance(self, less: Array, by_half: Array) -> float:
        """What it adds to the variance of a mean gain that other people might have been learned from.

        A person moves the mean by being judged, p_i, which resampling shows, and by being learned from, h_i. Between
        the halves of a split A and B, gains differ by p(B) - p(A) and h(A) - h(B), where p(A) is a mean that we know.
        So every split shows one random contrast of h, whose mean square is the variance that h adds, and its product
        with the same contrast of p their covariance. The known p is a mean over splits that holds the split's own
        gains, which hides one part in n_splits of the contrast.
        """
        if self.n_splits < 2:
            return 0.0
        share = self.first / self.first.sum(axis=1, keepdims=True)
        other = ~self.first / (~self.first).sum(axis=1, keepdims=True)
        judged = (share - other) @ less / 2
        learned = ((by_half[:, 0] - by_half[:, 1]) / 2 + judged) * self.n_splits / (self.n_splits - 1)
        return float(np.mean(learned**2 + 2 * learned * judged))

    def _refit_variance(self, first: tuple[int, int], second: tuple[int, int]) -> float:
        """Variance of refits, with the share of it that is due to splits as small as in the study.

        Refits are few, so that it is made larger by the square of Student's t for the normal quantile.
        """
        differ = self.refits[:, :, *first] - self.refits[:, :, *second]
        by_split = float(((differ[:, 0] - differ[:, 1]) ** 2).mean() / 2)
        variance = differ.mean(axis=1).var(ddof=1) + by_split * (1 / self.n_splits - 1 / REFIT_SPLITS)
        tail = (1 + LEVEL) / 2
        return float(variance * (stdtrit(len(differ) - 1, tail) / ndtri(tail)) ** 2)

    def _at(self, grouping: str, mechanism: str) -> tuple[int, int]:
        place = one_of("grouping", grouping, self.groupings, "groupings")
        return place, one_of("mechanism", mechanism, self.mechanisms, "mechanisms")
