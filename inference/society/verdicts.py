"""Verdicts: what a claim says, what was measured, against bounds that were fixed before looking, and one word.

A claim is about one effect in every cell of a grid of channels, degrees of conflict and levels of noise. A cell is
**for** it if the 95% interval of the effect's mean over replications lies wholly on the claimed side of a bound,
**against** it if wholly on the other side, says **no difference** if it lies within a margin around the bound, and is
**open** otherwise. Every cell counts, so the claim

    holds           if every cell is for it;
    mixed           if some are for it and some against, one of them clearly; or some clearly for it, and others say
                    that there is no difference;
    reversed        if some cell is clearly against it and none for it, or all are against it;
    no difference   if all cells say so;
    undecided       otherwise: it is not shown, and not refuted.

That some cell is **clearly** for or against it means that one is at the level of all cells together (Bonferroni),
or that the mean over the cells is: of forty cells without any effect, one for and one against would be no
surprise. Beside each verdict stands the **least detectable effect**, which a test with these replications finds in four
cases of five, of the cell that sees least. Effects are paired: both mechanisms meet the same societies, answers and
noise, and whole replications are resampled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

from contracts.display.table import Column, Table
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked, formerly
from contracts.inputs.frozen import dataclass

RESAMPLES, LEVEL, POWER = 4000, 0.95, 0.8
MARGIN = 0.01  # logits, total variation or share: what is called no difference
ROUNDING = 1e-5  # the same units: menus are solved to a relative gap of 1e-6
Side = Literal["above", "below"]
Word = Literal["holds", "mixed", "reversed", "no difference", "undecided"]
Says = Literal["for", "against", "nil", "open"]


@checked
@dataclass(frozen=True, eq=False)
class Verdict:
    """One claim, judged.

    Attributes
    ----------
    verdict : "holds", "mixed" (for and against), "reversed", "undecided" (no power) or "no difference"
    effect, interval : mean over the cells of the grid, and its 95% interval
    detectable : the effect, as a distance from the claim's bound, that four experiments of five like this one would
        tell from it in every cell; None if a single replication can tell nothing
    n_supporting, n_against, n_nil, n_cells : how many cells are for the claim, how many against it, how many say that
        there is no difference, and of how many; the others are open
    not_in : the cells that are not for it, in words
    """

    claim: str
    verdict: str
    effect: float
    interval: tuple[float, float]
    detectable: float | None
    n_replications: int
    unit: str
    rule: str
    n_supporting: int
    n_against: int
    n_nil: int
    n_cells: int
    not_in: tuple[str, ...]
    replications = formerly("n_replications")
    supporting, against = formerly("n_supporting"), formerly("n_against")
    nil, cells = formerly("n_nil"), formerly("n_cells")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        said = {name.removeprefix("n_"): value for name, value in self.__dict__.items()}  # as files have it
        return {**said, "interval": list(self.interval), "not_in": list(self.not_in)}


@checked
@dataclass(frozen=True)
class Claim:
    """What is claimed of an effect: on which side of which bound it lies; a share counts replications, 0 or 1 each.

    Examples
    --------
    >>> claim = Claim("Menus reduce misalignment", "logits: averaging less menu", "interval above 0 in every cell")
    >>> gain = np.random.default_rng(1).normal(0.3, 0.1, size=20)
    >>> verdict = verdict_on(claim, [("conflict 1", gain)], np.random.default_rng(1))
    >>> verdict.verdict, verdict.interval[0] > 0
    ('holds', True)
    """

    words: str
    unit: str
    rule: str
    bound: float = 0.0
    side: Side = "above"
    is_share: bool = False


class Judged(NamedTuple):
    """What one cell says about a claim."""

    says: Says
    is_clear: bool  # at the level of all cells together
    low: float
    high: float
    detectable: float


def verdict_on(claim: Claim, effects: Sequence[tuple[str, Array]], rng: np.random.Generator) -> Verdict:
    """The rule, for one effect per cell with the cell's name."""
    if not effects:
        raise ProblemError(f"no cell is about the claim {claim.words!r}: run more degrees of conflict")
    found = [judged_cell(claim, effect, rng, len(effects)) for _, effect in effects]
    count = min(len(effect) for _, effect in effects)
    overall = np.mean([effect[:count] for _, effect in effects], axis=0)
    overall_interval = interval(overall, rng)
    # A mean that never varied is no evidence if it is of one replication, or of shares: none of ten may be one of ten.
    varies = float(np.ptp(overall)) > 0 or not claim.is_share
    together = _side(claim, *overall_interval) if count > 1 and varies else []
    said = [one.says for one in found]
    weakest = max(one.detectable for one in found)
    return Verdict(
        claim=claim.words,
        verdict=word_for(found, *together),
        effect=float(overall.mean()),
        interval=overall_interval,
        detectable=weakest if math.isfinite(weakest) else None,
        n_replications=len(overall),
        unit=claim.unit,
        rule=claim.rule,
        n_supporting=said.count("for"),
        n_against=said.count("against"),
        n_nil=said.count("nil"),
        n_cells=len(effects),
        not_in=tuple(
            f"{where}: {effect.mean():+.3f} [{one.low:+.3f}, {one.high:+.3f}], {WORDS[one.says]}"
            for (where, effect), one in zip(effects, found, strict=True)
            if one.says != "for"
        ),
    )


WORDS = {"against": "against", "nil": "no difference", "open": "open"}


def word_for(found: Sequence[Judged], *overall: Says) -> Word:
    """The verdict on a claim from what its cells say, and on which side their mean is, if on any."""
    said = {one.says for one in found}
    clear = {one.says for one in found if one.is_clear} | set(overall)
    if said == {"for"}:
        return "holds"
    if clear and {"for", "against"} <= said | clear:
        return "mixed"
    if "against" in clear or said == {"against"}:
        return "reversed"
    if "for" in clear and "nil" in said:
        return "mixed"
    return "no difference" if said == {"nil"} else "undecided"


def _side(claim: Claim, low: float, high: float) -> list[Says]:
    """Whether an interval is for or against a claim."""
    if low > claim.bound + ROUNDING:
        return ["for" if claim.side == "above" else "against"]
    if high < claim.bound - ROUNDING:
        return ["for" if claim.side == "below" else "against"]
    return []


def judged_cell(claim: Claim, effect: Array, rng: np.random.Generator, n_cells: int) -> Judged:
    """What one of `n_cells` cells says, by its replications of the effect."""
    count, mean = len(effect), float(effect.mean())
    low, high = share_interval(effect) if claim.is_share else interval(effect, rng)
    if count < 2:
        return Judged("open", is_clear=False, low=low, high=high, detectable=math.inf)
    guess = (effect.sum() + 2) / (count + 4)  # of a share, so that none of thirty does not look like a certainty
    error = math.sqrt(guess * (1 - guess) / count) if claim.is_share else float(effect.std(ddof=1)) / math.sqrt(count)
    df = count - 1
    detectable = error * float(stdtrit(df, (1 + LEVEL) / 2) + stdtrit(df, POWER))
    is_clear = abs(mean - claim.bound) > error * float(stdtrit(df, 1 - (1 - LEVEL) / 2 / n_cells)) + ROUNDING
    near: Says = "nil" if max(high - claim.bound, claim.bound - low) < MARGIN else "open"
    says = next(iter(_side(claim, low, high)), near)
    return Judged(says, is_clear, low, high, detectable)


def share_interval(ones: Array) -> tuple[float, float]:
    """Wilson's 95% interval of a share, which has a width also where all or none are ones.

    Examples
    --------
    >>> low, high = share_interval(np.zeros(30))
    >>> round(low, 3), round(high, 3)
    (0.0, 0.114)
    """
    count, z = len(ones), float(ndtri((1 + LEVEL) / 2))
    share, more = float(ones.mean()), z * z / len(ones)
    middle = (share + more / 2) / (1 + more)
    half = z / (1 + more) * math.sqrt(share * (1 - share) / count + more / (4 * count))
    return max(middle - half, 0.0), min(middle + half, 1.0)


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
    return Table(
        [
            Column("claim", [one.claim for one in verdicts]),
            Column("verdict", [one.verdict for one in verdicts]),
            Column("effect", [one.effect for one in verdicts], "+.4f"),
            Column("95% interval", ["[{:+.4f}, {:+.4f}]".format(*one.interval) for one in verdicts]),
            Column("detectable", [shown_effect(one.detectable) for one in verdicts]),
            Column("cells", [cells_in_words(one) for one in verdicts]),
        ]
    )


def shown_effect(detectable: float | None) -> str:
    """The least detectable effect for a table."""
    return "-" if detectable is None else f"{detectable:.4f}"


def cells_in_words(verdict: Verdict) -> str:
    """How many cells say what."""
    still_open = verdict.n_cells - verdict.n_supporting - verdict.n_against - verdict.n_nil
    more = ((verdict.n_against, "against"), (verdict.n_nil, "no difference"), (still_open, "open"))
    others = "".join(f", {count} {word}" for count, word in more if count)
    return f"{verdict.n_supporting} of {verdict.n_cells} for{others}"
