"""Verdicts: what a claim says, what was measured, and a rule that was fixed before looking.

A claim is about one effect in every cell of a grid of channels, degrees of conflict and levels of noise. A cell
supports it if the 95% bootstrap interval of the effect's mean over replications lies wholly on the claimed side of a
bound. The claim **holds** if every cell supports it, **fails** if none does, and **holds in part** otherwise. Effects
are paired: both mechanisms meet the same societies, answers and noise, and whole replications are resampled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr, stdtrit

from contracts.display.table import Column, Table
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Seed
from inference.society.rounds import Course
from inference.society.scenarios import Cell

RESAMPLES, LEVEL = 4000, 0.95
STABLE_NOISE = 0.2  # of a standard deviation: what the source calls stable
COHERENT = 0.1  # total variation: a tenth of the probability may move
NEGLIGIBLE = 0.01  # logits of misalignment that are called no cost
NOTICED = 3  # rounds
CHANNELS = ("plain", "shared noise")  # independent noise on every group's signal, and the same on all
Side = Literal["above", "below"]


@checked
@dataclass(frozen=True, eq=False)
class Verdict:
    """One claim, judged.

    Attributes
    ----------
    effect, interval : mean over the cells of the grid, and its 95% interval
    supporting, against, cells : how many cells support the claim, how many contradict it, their interval being wholly
        on the other side, and of how many; the others are undecided
    not_in : the cells that do not support it, in words
    """

    claim: str
    verdict: str
    effect: float
    interval: tuple[float, float]
    replications: int
    unit: str
    rule: str
    supporting: int
    against: int
    cells: int
    not_in: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {**self.__dict__, "interval": list(self.interval), "not_in": list(self.not_in)}


@checked
@dataclass(frozen=True)
class Claim:
    """What is claimed of an effect: on which side of which bound it lies."""

    words: str
    unit: str
    rule: str
    bound: float = 0.0
    side: Side = "above"


@dataclass(frozen=True)
class GridClaim:
    """A claim with its effect per replication, and where in the sweep it is measured."""

    claim: Claim
    effect: Callable[[Cell, int], Array]  # cell and number of the noise level -> (n_replications,)
    where: Callable[[float, float], bool]  # conflict, noise


def gap(what: str, first: str, second: str) -> Callable[[Cell, int], Array]:
    """first less second by one measure."""

    def effect(cell: Cell, level: int) -> Array:
        return np.asarray(cell.values[first][what][level] - cell.values[second][what][level])

    return effect


def growth_gap(what: str, first: str, second: str) -> Callable[[Cell, int], Array]:
    """By how much more a measure grows with the noise for the first than for the second."""

    def effect(cell: Cell, level: int) -> Array:
        one, two = cell.values[first][what], cell.values[second][what]
        return np.asarray(one[level] - one[0] - (two[level] - two[0]))

    return effect


CLAIMS = (
    GridClaim(
        Claim(
            "Menus reduce misalignment against preference averaging",
            "logits: misalignment of averaging less that of the menu",
            "interval above 0 wherever groups conflict, at every level of noise",
        ),
        gap("misalignment", "averaging", "menu"),
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            "Menus help the worst-off group against preference averaging",
            "logits: misalignment of the worst group under averaging less that under the menu",
            "interval above 0 wherever groups conflict, at every level of noise",
        ),
        gap("worst_group", "averaging", "menu"),
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            "The menu stays coherent with up to 20% noise",
            "total variation between the policies that users get with and without noise",
            f"interval below {COHERENT:g} at every noise up to {STABLE_NOISE:g}",
            COHERENT,
            "below",
        ),
        lambda cell, level: cell.values["menu"]["coherence"][level],
        lambda conflict, noise: 0 < noise <= STABLE_NOISE,
    ),
    GridClaim(
        Claim(
            "Noise makes averaging worse than it makes the menu",
            "logits: growth of misalignment with noise, averaging less menu",
            "interval above 0 wherever groups conflict and there is noise",
        ),
        growth_gap("misalignment", "averaging", "menu"),
        lambda conflict, noise: conflict > 0 and noise > 0,
    ),
    GridClaim(
        Claim(
            "Noise makes averaging less coherent than the menu",
            "total variation, averaging less menu",
            "interval above 0 wherever groups conflict and there is noise",
        ),
        gap("coherence", "averaging", "menu"),
        lambda conflict, noise: conflict > 0 and noise > 0,
    ),
    GridClaim(
        Claim(
            "Averaging is hacked more than the menu",
            "logits: growth with noise of what is promised less what is delivered, averaging less menu",
            "interval above 0 wherever groups conflict and there is noise",
        ),
        growth_gap("hacking", "averaging", "menu"),
        lambda conflict, noise: conflict > 0 and noise > 0,
    ),
    GridClaim(
        Claim(
            "Types are inferred from the selection",
            "share of users whose group the choice from the menu reveals, less the share that guessing does",
            "interval above 0 wherever groups conflict, at every level of noise",
        ),
        lambda cell, level: cell.values["menu"]["recovered"][level] - cell.base_rate,
        lambda conflict, noise: conflict > 0,
    ),
    GridClaim(
        Claim(
            "The menu costs nothing where groups agree",
            "logits: misalignment of the menu less that of averaging",
            f"interval below {NEGLIGIBLE:g} at conflict 0, at every level of noise",
            NEGLIGIBLE,
            "below",
        ),
        gap("misalignment", "menu", "averaging"),
        lambda conflict, noise: conflict == 0,
    ),
    GridClaim(
        Claim(
            "Labels invite more lies than the menu",
            "logits that members gain by what is meant for another group, labels less menu",
            "interval above 0 at every conflict and noise",
        ),
        gap("misreporting", "labels", "menu"),
        lambda conflict, noise: True,
    ),
    GridClaim(
        Claim(
            "The robust menu is more coherent than the plain one",
            "total variation, menu less robust menu",
            "interval above 0 wherever there is noise",
        ),
        gap("coherence", "menu", "robust menu"),
        lambda conflict, noise: noise > 0,
    ),
)
PROOF = "Incentive compatibility and individual rationality hold"


@checked
def judged(cells: Iterable[Cell], *, seed: Seed) -> tuple[Verdict, ...]:
    """A verdict on every claim.

    Raises
    ------
    ProblemError
        If the cells hold none that a claim is about.
    """
    known = tuple(cells)
    found = [_judge(claim, known, np.random.default_rng([seed, number])) for number, claim in enumerate(CLAIMS)]
    return (*found, proof(known))


def proof(cells: Sequence[Cell]) -> Verdict:
    """IC and IR of every menu that was solved, by its exact certificate: a proof about each, no estimate."""
    count = sum(cell.certified[0] for cell in cells)
    exact = sum(cell.certified[1] for cell in cells)
    gain = max(max(cell.certified[2], 0.0) for cell in cells)
    shortfall = max(max(-cell.certified[3], 0.0) for cell in cells)
    largest = max(gain, shortfall)
    return Verdict(
        claim=PROOF,
        verdict="holds" if exact == count else "fails" if exact == 0 else "holds in part",
        effect=largest,
        interval=(largest, largest),
        replications=max(cell.n_replications for cell in cells),
        unit="logits: largest gain from another contract or shortfall from the reference, of every menu solved",
        rule="the exact certificate of every menu holds",
        supporting=exact,
        against=count - exact,
        cells=count,
        not_in=() if exact == count else (f"{count - exact} menus",),
    )


def _judge(about: GridClaim, cells: Sequence[Cell], rng: np.random.Generator) -> Verdict:
    effects = [
        (f"{cell.scenario}, conflict {cell.conflict:g}, noise {noise:g}", about.effect(cell, level))
        for cell in cells
        if cell.scenario in CHANNELS
        for level, noise in enumerate(cell.noises)
        if about.where(cell.conflict, noise)
    ]
    return _verdict(about.claim, effects, rng)


def _verdict(claim: Claim, effects: Sequence[tuple[str, Array]], rng: np.random.Generator) -> Verdict:
    """The rule, for one effect per cell with the cell's name."""
    if not effects:
        raise ProblemError(f"no cell is about the claim {claim.words!r}: run more degrees of conflict")
    missing, against = [], 0
    for where, effect in effects:
        low, high = interval(effect, rng)
        above, below = low > claim.bound, high < claim.bound
        if not (above if claim.side == "above" else below):
            against += below if claim.side == "above" else above
            missing.append(f"{where}: {effect.mean():+.3f} [{low:+.3f}, {high:+.3f}]")
    overall = np.mean([effect for _, effect in effects], axis=0)
    supporting = len(effects) - len(missing)
    return Verdict(
        claim=claim.words,
        verdict="holds" if not missing else "holds in part" if supporting else "fails",
        effect=float(overall.mean()),
        interval=interval(overall, rng),
        replications=len(overall),
        unit=claim.unit,
        rule=claim.rule,
        supporting=supporting,
        against=against,
        cells=len(effects),
        not_in=tuple(missing),
    )


@checked
def judged_over_time(courses: Mapping[float, Course], *, seed: Seed) -> tuple[Verdict, ...]:
    """Verdicts on menus that learn from choices; a cell is a degree of conflict, a replication a society."""
    return tuple(
        _verdict(
            Claim(words, unit, rule),
            [(f"conflict {conflict:g}", effect(course)) for conflict, course in courses.items()],
            np.random.default_rng([seed, 1000 + number]),
        )
        for number, (words, unit, rule, effect) in enumerate(OVER_TIME)
    )


def _less_than(design: str) -> Callable[[Course], Array]:
    def effect(course: Course) -> Array:
        after = slice(1, None) if design == "averaging" else slice(course.drift + 1, None)
        lost = course.misalignment[design] - course.misalignment["menu"]
        return np.asarray(lost[:, after].mean(axis=1))

    return effect


def _alarm_rate(course: Course) -> Array:
    """Share of rounds with an alarm from the drift on to NOTICED rounds later, less the share before; by society."""
    after = course.alarms[:, course.drift : course.drift + NOTICED].max(axis=1)
    return np.asarray(after - course.alarms[:, : course.drift].mean(axis=1) * NOTICED)


OVER_TIME: tuple[tuple[str, str, str, Callable[[Course], Array]], ...] = (
    (
        "Menus that learn from choices beat averaging on the same data",
        "logits: misalignment of averaging less that of the renewed menu, mean over the rounds after the first",
        "interval above 0 at every conflict above 0",
        _less_than("averaging"),
    ),
    (
        "A drift of a group's norm is followed",
        "logits: misalignment of the first menu less that of the renewed one, mean over the rounds after the drift",
        "interval above 0 at every conflict above 0",
        _less_than("menu never renewed"),
    ),
    (
        "A drift of a group's norm is noticed",
        f"share of societies with an alarm within {NOTICED} rounds of the drift, less what false alarms would give",
        "interval above 0 at every conflict above 0",
        _alarm_rate,
    ),
)


def interval(effect: Array, rng: np.random.Generator) -> tuple[float, float]:
    """Expanded percentile bootstrap interval of the mean over replications (Efron 1979; Hesterberg 2015).

    Percentiles are moved out as far as Student's t lies beyond the normal, and by the bias of the sample's variance:
    with few replications the plain ones are too narrow. No resampled mean lies beyond the largest value, so with five
    replications an interval covers 94% at most, with three 75%.

    References
    ----------
    Hesterberg (2015), What teachers should know about the bootstrap, The American Statistician 69.

    Examples
    --------
    >>> interval(np.ones(20), np.random.default_rng(1))
    (1.0, 1.0)
    """
    count = len(effect)
    drawn = rng.integers(count, size=(RESAMPLES, count))
    beyond = 0.0 if count < 2 else float(ndtr(np.sqrt(count / (count - 1)) * stdtrit(count - 1, (1 - LEVEL) / 2)))
    low, high = np.quantile(effect[drawn].mean(axis=1), [beyond, 1 - beyond])
    return float(low), float(high)


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """One row per claim."""
    against = [f", {one.against} against" if one.against else "" for one in verdicts]
    cells = [f"{one.supporting} of {one.cells}{more}" for one, more in zip(verdicts, against, strict=True)]
    return Table(
        [
            Column("claim", [one.claim for one in verdicts]),
            Column("verdict", [one.verdict for one in verdicts]),
            Column("effect", [one.effect for one in verdicts], "+.4f"),
            Column("95% interval", ["[{:+.4f}, {:+.4f}]".format(*one.interval) for one in verdicts]),
            Column("cells", cells),
        ]
    )
