"""The demonstration told: three cultures and one assistant, as text, as JSON, as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.demo.moral_machine import (
    AMCE,
    ATTRIBUTES,
    CONTRAST,
    COUNTRIES,
    CULTURES,
    LIABILITY,
    PERSONAL,
    POLICIES,
    POSITIONS,
    SAFETY_COST,
    SHARES,
    TEMPERATURE,
    Comparison,
    compare,
)
from contracts.display.palette import INK, PALETTE
from contracts.display.report import Report
from contracts.display.table import Column, Table
from contracts.errors import ProblemError, UnwrittenError
from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STRETCHED = 4.0  # contrast of the what-if
SENSITIVITY = tuple((contrast, temperature) for contrast in (1.0, 2.0, 4.0) for temperature in (1.0, 2.0, 4.0))
HARDLY = 0.5  # points: a gain below half a percentage point is called small
NOTHING = 1e-6  # points: below the precision of the menu
WIDTH = 100  # of a line of text


@dataclass(frozen=True, eq=False)
class ThreeDemographics:
    """The study: published figures, a stretched what-if, other assumptions, and where the report is."""

    published: Comparison
    stretched: Comparison
    sensitivity: tuple[Comparison, ...]
    path: Path

    @property
    def holds(self) -> bool:
        """Whether every menu's certificate holds."""
        return all(case.menu.certificate.holds for case in (self.published, self.stretched, *self.sensitivity))

    def __str__(self) -> str:
        parts = [textwrap.fill(QUESTION, WIDTH)]
        for title, case in self._cases():
            parts += [title.upper(), str(case.menu)]
            parts += [f"{heading}:\n{text_table(header, rows)}" for heading, header, rows in tables(case)]
            parts += [textwrap.fill(verdict(case), WIDTH)]
        header, rows = sensitivity_table(self.sensitivity)
        parts += [f"{SENSITIVITY_TITLE}:\n{text_table(header, rows)}", f"Report: {self.path.as_posix()}"]
        return "\n\n".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: the two menus and what was said about them."""
        return {
            "report": self.path.as_posix(),
            "holds": self.holds,
            "cases": [
                {
                    "contrast": case.contrast,
                    "menu": case.menu.to_dict(),
                    "averaged_policy": case.averaged.tolist(),
                    "gain": case.gain.tolist(),
                    "averaged_value": case.averaged_value,
                    "full_information_value": case.full_information,
                    "safety_cost": dict(zip(("averaged", "menu"), case.safety_cost, strict=True)),
                    "verdict": verdict(case),
                }
                for case in (self.published, self.stretched)
            ],
        }

    def _cases(self) -> tuple[tuple[str, Comparison], ...]:
        return (
            ("The published figures", self.published),
            (f"What if the cultures differed {self.stretched.contrast:g} times as much?", self.stretched),
        )

    def report(self) -> Report:
        """The study as one page."""
        page = Report("Three cultures, one assistant: a menu of policies or an average?").text(QUESTION)
        page = page.section("What people answered").figure(effects_figure(), caption=EFFECTS_CAPTION)
        page = page.table(("", "countries", *ATTRIBUTES), effects_rows(), caption="Effects (AMCE), percentage points")
        page = page.section("What the assistant could do").text(ASSUMPTIONS)
        page = page.table(("policy", *ATTRIBUTES, "safety cost"), position_rows(), caption="Positions of the policies")
        for title, case in self._cases():
            page = page.section(title).menu(case.menu)
            for kind, caption in CAPTIONS.items():
                page = page.figure(menu_figure(case.menu, kind), caption=caption)
            for heading, header, rows in tables(case):
                page = page.table(header, rows, caption=heading)
            page = page.text(verdict(case)).verbatim(str(case.menu.certificate))
        header, rows = sensitivity_table(self.sensitivity)
        return page.section("Does it depend on the assumptions?").table(header, rows, caption=SENSITIVITY_TITLE)


def three_demographics(out_dir: str | Path = "out") -> ThreeDemographics:
    """Run the study and write its report to `out_dir`/three_demographics.html.

    Raises
    ------
    UnwrittenError
        If the report cannot be written; the study is its `reached`.
    """
    path = Path(out_dir) / "three_demographics.html"
    sensitivity = tuple(compare(contrast, temperature) for contrast, temperature in SENSITIVITY)
    study = ThreeDemographics(compare(CONTRAST), compare(STRETCHED), sensitivity, path)
    try:
        study.report().write(path)
    except ProblemError as exc:
        raise UnwrittenError(str(exc), reached=study) from exc
    return study


QUESTION = (
    "The Moral Machine experiment (Awad et al. 2018, Nature 563, 59-64) found three clusters of countries whose "
    "ethical preferences differ. Should an assistant that serves them all follow the averaged preferences, or offer a "
    "menu of policies, without money, from which everybody takes what they like best?"
)
ASSUMPTIONS = (
    "Utility is a policy's position times the culture's effects (AMCE), in percentage points of agreement. Under the "
    "published figures nothing is rescaled; in the what-if the deviations of each culture from the mean over countries "
    f"are multiplied by {STRETCHED:g} and the mean is kept. Attributes collide in a dilemma, so the eight that compare "
    "humans share one unit of emphasis. Humans come before pets in every policy: that is a constant per culture, and "
    "no choice turns on it, although it is where the Southern cluster stands out most.\n\n"
    f"These are assumptions of this demonstration, not findings of the study: the policies; a safety cost of "
    f"{LIABILITY:g} points, borne by the provider, per unit of emphasis on a personal feature ({', '.join(PERSONAL)}); "
    f"a uniform reference over the policies, and {TEMPERATURE:g} points per nat for leaving it; cultures weighted by "
    "their number of countries. The averaged policy, KL-regularised for the averaged reward, stays on offer to all, so "
    "nobody can lose by the menu."
)
EFFECTS_CAPTION = "Effects by culture, as deviations from the mean over countries, in percentage points."
SENSITIVITY_TITLE = "Gains in points under other assumptions"
CAPTIONS = {
    "menu": "What each culture takes, and the averaged policy (outside option) that it could have kept.",
    "types": "Cultures by their preferences over policies; an arrow points to the contract that tempts.",
    "rents": "What each culture gains over the averaged policy, in points of true utility.",
}

Tabled = tuple[str, Sequence[str], list[Sequence[str]]]


def tables(case: Comparison) -> tuple[Tabled, ...]:
    """Who gains, who is far from its own best, and what that costs the provider; as text."""
    menu = case.menu
    at_average = menu.problem.reservation_utility
    regret = case.regret(case.averaged), case.regret(menu.allocation)
    distance = case.distance(case.averaged), case.distance(menu.allocation)
    who: list[Sequence[str]] = [
        (
            name,
            points(at_average[k]),
            points(menu.utility[k]),
            points(case.gain[k], "+"),
            favourites(menu.allocation[k]),
        )
        for k, name in enumerate(CULTURES)
    ]
    who.append(("averaged policy", "", "", "", favourites(case.averaged)))
    far: list[Sequence[str]] = [
        (name, *(points(measure[k]) for measure in (*regret, *distance))) for k, name in enumerate(CULTURES)
    ]
    before, after = case.safety_cost
    worth: list[Sequence[str]] = [
        ("averaged policy for all", points(case.averaged_value), points(before)),
        ("menu (best under IC and IR)", points(menu.value), points(after)),
        ("cultures known, nobody worse off (IR, no IC)", points(case.full_information), ""),
        ("bound without IC and IR", points(case.bound_without_constraints), ""),
    ]
    return (
        ("Who gains, in true utility", ("culture", "averaged", "menu", "gain", "takes"), who),
        (
            "How far from its own best policy",
            ("culture", "regret averaged", "regret menu", "distance averaged", "distance menu"),
            far,
        ),
        ("What it is worth", ("", "value", "safety cost"), worth),
    )


def verdict(case: Comparison) -> str:
    """The numbers in words, small gains called small."""
    said = []
    for name, gain in zip(CULTURES, case.gain, strict=True):
        small = f", less than {HARDLY:g}" if gain < HARDLY else ""
        said.append(f"{name} gains nothing" if gain <= NOTHING else f"{name} gains {points(gain)} points{small}")
    total = case.menu.value - case.averaged_value
    agree = " Under these assumptions the cultures agree more than they differ: averaging is nearly as good."
    before, after = case.safety_cost
    certificate = case.menu.certificate
    return (
        f"{'; '.join(said)}; nobody loses. Net of what it costs the provider, the menu is worth {points(total)} points "
        f"more than averaging.{agree if total < HARDLY else ''} The expected safety cost goes from {points(before)} to "
        f"{points(after)} points. Not knowing who is who (incentive compatibility) costs "
        f"{points(case.cost_of_privacy)} points. {str(certificate).splitlines()[0]}; the certificate "
        f"{'holds' if certificate.holds else 'FAILS'}."
    )


def points(amount: float, sign: str = "") -> str:
    """A number of points to three decimals, where what is below a solver's precision is zero."""
    return f"{round(float(amount), 3) + 0.0:{sign}.3f}"


def favourites(lottery: Array, count: int = 3) -> str:
    """The likeliest policies, as long as they have at least one percent."""
    order = np.argsort(-lottery, kind="stable")[:count]
    return ", ".join(f"{lottery[k]:.0%} {POLICIES[k]}" for k in order if lottery[k] >= 0.01)


def sensitivity_table(cases: Sequence[Comparison]) -> tuple[Sequence[str], list[Sequence[str]]]:
    """One row per contrast and temperature."""
    header = ("contrast", "temperature", *(f"gain {name}" for name in CULTURES), "total", "cost of IC", "safety cost")
    rows: list[Sequence[str]] = [
        (
            f"{case.contrast:g}",
            f"{case.temperature:g}",
            *(points(gain) for gain in case.gain),
            points(case.menu.value - case.averaged_value),
            points(case.cost_of_privacy),
            f"{case.safety_cost[0]:.2f} -> {case.safety_cost[1]:.2f}",
        )
        for case in cases
    ]
    return header, rows


def effects_rows() -> list[Sequence[str]]:
    """The published figures; one row per culture."""
    return [
        (name, str(COUNTRIES[k]), *(f"{100 * effect[k]:.2f}" for effect in AMCE.values()))
        for k, name in enumerate(CULTURES)
    ]


def position_rows() -> list[Sequence[str]]:
    """One row per policy."""
    return [
        (name, *(f"{place:g}" if place else "" for place in POSITIONS[k]), f"{SAFETY_COST[k]:g}")
        for k, name in enumerate(POLICIES)
    ]


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns aligned: the first and the last to the left where they hold words, numbers to the right.

    Examples
    --------
    >>> print(text_table(("type", "gain"), [("low", "0.5"), ("highest", "12.0")]))
    type     gain
    low       0.5
    highest  12.0
    """
    columns = []
    for name, *cells in zip(header, *rows, strict=True):
        columns.append(Column(name, cells, left=any(cell[:1].isalpha() or "%" in cell for cell in cells)))
    return Table(columns).text()


def effects_figure() -> Figure:
    """Deviations of each culture's effects from the mean over countries."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.5, 3.4), layout="constrained")
    ax = figure.subplots()
    effect = 100 * np.array(list(AMCE.values()))
    deviation = effect - (effect @ SHARES)[:, np.newaxis]
    place = np.arange(len(ATTRIBUTES))
    for k, name in enumerate(CULTURES):
        ax.bar(place + 0.27 * (k - 1), deviation[:, k], width=0.25, color=PALETTE[k], label=name)
    ax.axhline(0.0, color=INK, lw=0.8)
    named = [f"{attribute}\n(mean {mean:.0f})" for attribute, mean in zip(ATTRIBUTES, effect @ SHARES, strict=True)]
    ax.set_xticks(place, named, fontsize=7.5)
    ax.set_ylabel("deviation (percentage points)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=8, frameon=False)
    return figure


def menu_figure(menu: Menu, kind: str) -> Figure:
    """One picture of a menu, on a figure of its own."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.5, 4.0), layout="constrained")
    menu.plot(figure.subplots(), kind=kind)
    return figure
