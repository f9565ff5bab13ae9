"""The experiment from one call: the sweep, its verdicts, and a page that shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from contracts.display.report import Report
from contracts.display.table import Column, Table
from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.progress import reporter
from contracts.problem.records import write_document
from inference.society.claims import COHERENT, judged, judged_along, judged_over_time
from inference.society.frontier import Placement, placement
from inference.society.grid import SCALES, Scale, run_grid
from inference.society.probes.claims import judged_probes
from inference.society.probes.probe import Probed
from inference.society.rounds import DESIGNS, Course
from inference.society.scenarios import AXES, MEASURES, PLAIN, SCENARIOS, Cell, communities, worlds_of
from inference.society.verdicts import Verdict, cells_in_words, shown_effect, verdict_table

QUESTION = (
    "Three groups want different things of one assistant. Does a menu of policies, incentive compatible and with the "
    "reference always on offer, leave less misalignment than one policy for the averaged reward, and does it stay "
    "coherent when the reward signal is noisy? Every mechanism sees the same noisy answers of the community, and "
    "everything is evaluated under the true utilities, which no mechanism sees."
)
ROUNDS = 3  # at least, for one to be left after a drift half-way
SHOWN = ("misalignment", "total_variation", "kl", "utility_loss", "worst_group", "harm", "welfare", "participation")
SHOWN_UNDER_NOISE = ("misalignment", "coherence", "hacking", "misreporting", "sorting", "recovered")


@checked
@dataclass(frozen=True, eq=False)
class Study:
    """What was computed, and what it says."""

    scale: Scale
    seed: int
    cells: tuple[Cell, ...]
    courses: Mapping[float, Course]  # by conflict
    placed: Placement
    verdicts: tuple[Verdict, ...]
    probed: Probed | None = None  # where the scale asks such questions

    def __str__(self) -> str:
        head = (
            f"Societal alignment: scale {self.scale.name}, seed {self.seed}, {self.scale.n_replications} replications"
        )
        parts = [head, str(verdict_table(self.verdicts)), f"{PARTS}\n{parts_table(self.cells)}"]
        for conflict in self.scale.conflicts:
            cell = self.cell("plain", conflict)
            parts.append(f"conflict {conflict:g}, no noise\n{measures_table(cell, 0, SHOWN)}")
            level = closest(cell.noises, 0.2)
            noise = f"conflict {conflict:g}, noise {cell.noises[level]:g}"
            parts.append(f"{noise}\n{measures_table(cell, level, SHOWN_UNDER_NOISE)}")
        if along := along_table(self.cells, self.seed):
            parts.append(f"more and more trouble\n{along}")
        parts.append(f"other kinds of trouble\n{trouble_table(self.cells)}")
        parts += [
            f"over time, conflict {conflict:g}\n{course_table(course)}" for conflict, course in self.courses.items()
        ]
        parts.append(f"{PLACED}, noise {self.placed.noise:g}\n{self.placed}")
        parts += [] if self.probed is None else map(str, self.probed)
        return "\n\n".join(parts)

    def cell(self, scenario: str, conflict: float) -> Cell:
        """One cell of the sweep.

        Raises
        ------
        ProblemError
            If it was not computed at this scale.
        """
        for one in self.cells:
            if (one.scenario, one.conflict) == (scenario, conflict):
                return one
        raise ProblemError(f"no cell {scenario!r} at conflict {conflict:g} at scale {self.scale.name!r}")

    def to_dict(self) -> list[dict[str, Any]]:
        """The verdicts as plain JSON."""
        return [one.to_dict() for one in self.verdicts]

    def report(self) -> Report:
        """The study as one page."""
        from inference.society.plots import course_figure, front_figure, lines_figure, picks_figure

        page = Report("Societal alignment by menus of contracts").text(QUESTION)
        page = page.section("Verdicts").table(
            *verdict_rows(self.verdicts), caption=f"{self.scale.name}, seed {self.seed}"
        )
        page = page.text(
            "A cell is a degree of conflict, a level of noise, and one of two kinds of noise: independent on every "
            "group's signal, or the same on all. It is for a claim if the 95% interval lies on the claimed side, "
            "against it if wholly on the other, says no difference within 0.01 of the bound, and is open otherwise. A "
            "claim holds if all cells are for it; is mixed if some are for it and some against, one of them clearly "
            "(at the level of all cells together, or by their mean), or some clearly for it and others without a "
            "difference; reversed if some are clearly against it and none for it; else undecided: neither shown nor "
            "refuted. The detectable effect is what four experiments of five like this one would tell from the bound "
            "in every cell."
        )
        for verdict in self.verdicts:
            if verdict.not_in:
                page = page.text(f"{verdict.claim}: {verdict.rule}. Not in:").verbatim("\n".join(verdict.not_in))
        page = page.section("Which part of the gain is whose").text(PARTS_SAY).verbatim(parts_table(self.cells))
        for what, caption in CAPTIONS.items():
            for scenario in ("plain", "shared noise"):
                cells = [self.cell(scenario, conflict) for conflict in self.scale.conflicts]
                page = page.section(f"{caption[0]}: {scenario}").figure(lines_figure(cells, what), caption=caption[1])
        for conflict in self.scale.conflicts:
            cell = self.cell("plain", conflict)
            page = page.section(f"Every mechanism at conflict {conflict:g}")
            page = page.verbatim(measures_table(cell, 0, SHOWN))
            level = closest(cell.noises, 0.2)
            page = page.text(f"With noise of {cell.noises[level]:g} standard deviations:")
            page = page.verbatim(measures_table(cell, level, SHOWN_UNDER_NOISE))
        if along := along_table(self.cells, self.seed):
            page = page.section("More and more trouble").text(ALONG_SAYS).verbatim(along)
        page = page.section("Other kinds of trouble").verbatim(trouble_table(self.cells))
        for conflict, course in self.courses.items():
            page = page.section(f"Over time, conflict {conflict:g}").figure(course_figure(course), caption=COURSE)
        page = page.section("The front between the groups and safety").figure(front_figure(self.placed), caption=FRONT)
        page = page.verbatim(f"{PLACED}, noise {self.placed.noise:g}\n{self.placed}")
        page = page.section("Who picks what").figure(picks_figure(self.placed), caption=PICKS)
        for title, found in zip(PROBES, self.probed or (), strict=False):
            page = page.section(title).verbatim(str(found))
        return page


FRONT_CONFLICT, FRONT_NOISE = 0.5, 0.2  # of the one society whose front is traced
PARTS = "which part of the gain over averaging is that of several policies, and what IC and IR change"
PARTS_SAY = (
    "Labels are the same policies without incentive compatibility (IC) and individual rationality (IR); open labels "
    "have the reference on offer besides. What averaging loses to labels is the gain of several policies, what these "
    "lose to open labels that of the reference, and what those lose to the menu that of IC. IC changes a menu where "
    "some type, as elicited, prefers what labels give another; IR where it prefers the reference."
)
ALONG_SAYS = (
    "The variance of people's utilities that groups explain falls as members differ within them; shares of people are "
    "counted in groups not theirs. A gain is the share of the rival's misalignment that the menu avoids."
)
PROBES = ("Over-optimisation", "What fronts promise", "The provider as the agent")
PLACED = "utilities, safety cost, and room for improvement in everything at once: one society, conflict 0.5"
COURSE = (
    "Misalignment by round, mean over societies with 95% intervals. At the dashed line the last group begins to want "
    "something else. All designs see the same comparisons; nobody says which group he or she is from, except in polls."
)
FRONT = (
    "Expected safety cost and mean utility of menus on the front between the utility of every group and safety (grey), "
    "and of the mechanisms at noise 0.2. The front is between four objectives; this is its shadow."
)
VERDICT, REPORT = "verdict.json", "report.html"
PICKS = "Share of each group that takes each option of the menu at noise 0.2; the last option is the reference."
CAPTIONS = {
    "misalignment": (
        "Misalignment",
        "Surplus below that of everybody's own best policy, logits; mean over replications, 95% bootstrap intervals.",
    ),
    "coherence": (
        "Coherence",
        f"Total variation between what users get with and without noise; below {COHERENT:g} counts as coherent.",
    ),
    "hacking": ("Reward hacking", "What the mechanism expects above the reference, less what it delivers, logits."),
}


@checked
def societal_study(
    scale: str | Scale = "small",
    *,
    seed: int = 1,
    out: str | Path,
    n_workers: int = 1,
    progress: bool | Callable[[str], None] = False,
) -> Study:
    """Run the experiment, or what is left of it, and write verdict.json and report.html to the folder `out`.

    Parameters
    ----------
    scale : "small" (seconds), "default" (minutes), "full" (the whole grid), or a Scale
    out : folder; finished pieces of the sweep are kept in its subfolder `pieces`, and are not computed again
    n_workers : processes
    progress : True to print a line per finished piece to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If there is no such scale, a piece fails, or the folder holds pieces of another study.

    Examples
    --------
    >>> societal_study("huge", out="societal")
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: scale is 'huge': use one of small, default, full
    """
    report = reporter(progress)
    study = run_study(scale, seed=seed, out=out, n_workers=n_workers, progress=report)
    report("drawing")
    write_study(study, out)
    return study


def run_study(
    scale: str | Scale, *, seed: int, out: str | Path, n_workers: int, progress: Callable[[str], None]
) -> Study:
    """The study itself, whose finished pieces are kept; see `societal_study`."""
    chosen = scale if isinstance(scale, Scale) else SCALES.get(scale)
    if chosen is None:
        raise ProblemError(f"scale is {scale!r}: use one of {', '.join(SCALES)}")
    if seed < 0:
        raise ProblemError(f"seed is {seed}: give a whole number from 0 on")
    if chosen.n_rounds < ROUNDS:
        raise ProblemError(
            f"scale.n_rounds is {chosen.n_rounds}: give {ROUNDS} or more, norms drift half-way and are then followed"
        )
    target = Path(out)
    cells, courses, probes = run_grid(
        chosen, seed=seed, folder=target / "pieces", n_workers=n_workers, progress=progress
    )
    progress("the front")
    placed = placement(communities(PLAIN, FRONT_CONFLICT, range(1), seed=seed), noise=FRONT_NOISE, gap=chosen.gap)
    verdicts = [*judged(cells, seed=seed), *judged_along(cells, seed=seed), *judged_over_time(courses, seed=seed)]
    verdicts += () if probes is None else judged_probes(probes, seed=seed)
    return Study(chosen, seed, cells, courses, placed, tuple(verdicts), probes)


def write_study(study: Study, out: str | Path) -> None:
    """Write what a study says, as JSON and as a page."""
    write_document(Path(out) / VERDICT, study.to_dict())
    study.report().write(Path(out) / REPORT)


# ---- tables ----


def closest(noises: Sequence[float], wanted: float) -> int:
    """Number of the level of noise nearest to the one wanted."""
    return int(np.argmin(np.abs(np.array(noises) - wanted)))


def measures_table(cell: Cell, level: int, measures: Sequence[str]) -> str:
    """One line per mechanism, means over replications."""
    assert set(measures) <= set(MEASURES)
    means = {what: [of[what][level].mean() for of in cell.values.values()] for what in measures}
    return Table(
        [Column("", list(cell.values)), *(Column(what, values, ".3f") for what, values in means.items())]
    ).text()


def parts_table(cells: Sequence[Cell]) -> str:
    """One line per degree of conflict of the plain scenario and level of noise."""
    rows = [(cell, level) for cell in cells if cell.scenario == PLAIN.name for level in range(len(cell.noises))]
    steps = ("averaging", "labels", "open labels", "menu")
    lost = {name: np.array([cell.values[name]["misalignment"][level].mean() for cell, level in rows]) for name in steps}
    gains = [lost[first] - lost[second] for first, second in pairwise(steps)]
    columns = [
        Column("conflict", [cell.conflict for cell, _ in rows], "g"),
        Column("noise", [cell.noises[level] for cell, level in rows], "g"),
        *(Column(f"misalignment {name}", values, ".3f", name, over="misalignment") for name, values in lost.items()),
    ]
    for name, gain in zip(("several policies", "the reference", "IC"), gains, strict=True):
        columns.append(Column(f"gain {name}", gain, "+.4f", name, over="gained by"))
    for name, broken in (("IC", "tempted"), ("IR", "unwilling")):
        share = [cell.values["labels"][broken][level].mean() for cell, level in rows]
        columns.append(Column(f"changed {name}", share, ".0%", name, over="changed by"))
    return Table(columns).text()


def along_table(cells: Sequence[Cell], seed: int) -> str:
    """One line per value of an axis of trouble; empty if the scale has none."""
    known = {one.name: one for axis in AXES.values() for one in axis}
    rows = [(cell, level) for cell in cells if cell.scenario in known for level in range(len(cell.noises))]
    if not rows:
        return ""
    explained = [
        np.mean(
            [drawn.explained for drawn in worlds_of(known[cell.scenario], cell.conflict, cell.n_replications, seed)]
        )
        for cell, _ in rows
    ]
    lost = {
        name: np.array([cell.values[name]["misalignment"][level].mean() for cell, level in rows])
        for name in ("averaging", "labels", "open labels", "menu", "robust menu")
    }
    columns = [
        Column("", [cell.scenario for cell, _ in rows]),
        Column("conflict", [cell.conflict for cell, _ in rows], "g"),
        Column("noise", [cell.noises[level] for cell, level in rows], "g"),
        Column("explained", explained, ".0%"),
        *(Column(f"misalignment {name}", values, ".3f", name, over="misalignment") for name, values in lost.items()),
        *(
            Column(f"gain on {rival}", 1 - lost["menu"] / lost[rival], ".1%", rival, over="gain of the menu on")
            for rival in ("averaging", "labels", "open labels")
        ),
        Column("types recovered", [cell.values["menu"]["recovered"][level].mean() for cell, level in rows], ".2f"),
        Column("IC changes it", [cell.values["labels"]["tempted"][level].mean() for cell, level in rows], ".0%"),
    ]
    return Table(columns).text()


def trouble_table(cells: Sequence[Cell]) -> str:
    """One line per scenario and conflict at the noise nearest to 20%: averaging, the menu and the robust menu."""
    about = {one.name: one.what for one in SCENARIOS}
    cells = [cell for cell in cells if cell.scenario in about]
    levels = [closest(cell.noises, 0.2) for cell in cells]
    columns = [
        Column("", [cell.scenario for cell in cells]),
        Column("conflict", [cell.conflict for cell in cells], "g"),
        Column("noise", [cell.noises[level] for cell, level in zip(cells, levels, strict=True)], "g"),
    ]
    for what in ("misalignment", "coherence", "hacking"):
        for name in ("averaging", "menu", "robust menu"):
            means = [cell.values[name][what][level].mean() for cell, level in zip(cells, levels, strict=True)]
            columns.append(Column(f"{what} {name}", means, ".3f", name.removesuffix(" menu"), over=what))
    return Table([*columns, Column("what it is", [about[cell.scenario] for cell in cells])]).text()


def course_table(course: Course) -> str:
    """Misalignment by round."""
    lines = {name: course.misalignment[name].mean(axis=0) for name in DESIGNS}
    lines |= {"recognised": course.recognised.mean(axis=0), "alarms": course.alarms.mean(axis=0)}
    rounds = [Column(str(t + 1), values, ".3f") for t, values in enumerate(np.transpose(list(lines.values())))]
    return Table([Column("round", list(lines)), *rounds], notes=[f"drift in round {course.drift + 1}"]).text()


def verdict_rows(verdicts: Sequence[Verdict]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Header and rows of the verdict table."""
    header = (
        *("claim", "verdict", "effect", "95% interval", "detectable", "cells", "replications"),
        *("what the effect is", "rule"),
    )
    rows: list[Sequence[str]] = [
        (
            one.claim,
            one.verdict,
            f"{one.effect:+.4f}",
            f"[{one.interval[0]:+.4f}, {one.interval[1]:+.4f}]",
            shown_effect(one.detectable),
            cells_in_words(one),
            str(one.n_replications),
            one.unit,
            one.rule,
        )
        for one in verdicts
    ]
    return header, rows
