"""What was found: property by property, with the worst case in labels, the gain, and how it was decided."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.readable import one_line

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = (-math.inf, math.inf)
Verdict = Literal["holds", "fails", "undecided"]


@checked
@dataclass(frozen=True)
class Finding:
    """One property, and what became of it.

    Attributes
    ----------
    property : such as "IC"
    verdict : "holds", "fails" or "undecided"
    worst_case : who gains most by what, or comes closest to it, in the labels of types and agents
    gain : by which the property is broken, in units of utility or money, or far from it if negative. A Fraction is
        exact; a float is an estimate, of which the interval is known; NaN where there is no number, -inf where nothing
        could break it
    interval : (lowest, highest) that the gain can be
    how : it was decided, or why it could not be
    labels : the names that the worst case is about, in its order: a type and its report, or the types of a cycle
    n_samples_needed : of each report, to decide what is undecided; None where no number of samples would

    Examples
    --------
    >>> from contracts.testing import check_mechanism
    >>> finding = check_mechanism(lambda bid: (1, bid), {"low": 1, "high": 3}).findings[0]
    >>> finding.verdict, finding.labels, finding.gain
    ('fails', ('high', 'low'), Fraction(2, 1))
    """

    property: str
    verdict: Verdict
    worst_case: str
    gain: Fraction | float
    interval: tuple[float, float]
    how: str
    labels: tuple[str, ...] = ()
    n_samples_needed: int | None = None

    def __str__(self) -> str:
        worst = f": {one_line(self.worst_case)}" if self.worst_case else ""
        return f"{self.property} {self.verdict}{worst} ({one_line(self.how)})"


@checked
@dataclass(frozen=True, repr=False)
class Inspection(Tabular):
    """The findings of one check; prints as a table.

    Examples
    --------
    A menu that asks the high type for all that its quality is worth:

    >>> from contracts.testing import check_mechanism

    >>> print(check_mechanism({1: (1, 1), 2: (2, 4)}.get, [1, 2], properties=["IC", "IR"]))
    IC fails; IR holds: 1 agent with 2 types
    property  verdict  gain  worst case
    IC        fails       1  '2' reports '1'
    IR        holds       0  '1' takes part
    IC: exact, 2 deviations compared as rational numbers
    IR: exact, 2 utilities compared as rational numbers
    """

    about: str
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        """Whether every property was shown to hold; what is undecided does not."""
        return all(finding.verdict == "holds" for finding in self.findings)

    def finding(self, name: str) -> Finding:
        """What was found about a property.

        Raises
        ------
        ProblemError
            If it was not looked at.
        """
        found = next((one for one in self.findings if one.property == name), None)
        if found is None:
            looked = ", ".join(one.property for one in self.findings)
            raise ProblemError(f"nothing was found about {name!r}: it was looked at {looked}")
        return found

    def assert_holds(self) -> None:
        """Pass if everything holds.

        Raises
        ------
        AssertionError
            If something fails or is undecided, with the table as its message.
        """
        if not self.holds:
            raise AssertionError(str(self))

    def to_frame(self) -> pd.DataFrame:
        """One row per property."""
        return self._table().to_frame()

    def _table(self) -> Table:
        rows = self.findings
        told = [_shown(one) for one in rows]
        ends = [Column(name, [one.interval[k] for one in rows], None) for k, name in enumerate(("lowest", "highest"))]
        needed = [one.n_samples_needed for one in rows]
        columns = [
            names("property", [one.property for one in rows]),
            Column("verdict", [one.verdict for one in rows]),
            Column("gain", [float(one.gain) for one in rows], told, left=False),
            *ends,
            Column("worst_case", [one.worst_case for one in rows], one_line, left=True),
            *([Column("samples_needed", needed, lambda n: f"{n:,}")] if any(needed) else []),
            Column("how", [one.how for one in rows], None),
        ]
        verdicts = [f"{one.property} {one.verdict}" for one in rows]
        notes = [f"{one.property}: {one_line(one.how)}" for one in rows]
        return Table(columns, f"{'; '.join(verdicts)}: {self.about}", notes)


def _shown(finding: Finding) -> str:
    """A gain to six digits, with its interval if it has one."""
    low, high = finding.interval
    if not math.isfinite(finding.gain):
        return "-"
    if low == high:
        return f"{float(finding.gain):.6g}"
    return f"{float(finding.gain):.4g} in [{low:.4g}, {high:.4g}]"


def exact(
    name: str, worst: str, gain: Fraction, n: int, things: str, labels: tuple[str, ...] = (), tolerance: float = 0.0
) -> Finding:
    """A finding by comparison of rational numbers."""
    forgiven = f", where {tolerance:g} is forgiven" if tolerance else ""
    counted = plural(n, things) if not things.endswith("utility") else f"{n:,} {'utility' if n == 1 else 'utilities'}"
    how = f"exact, {counted} compared as rational numbers{forgiven}"
    verdict: Verdict = "fails" if gain > Fraction(tolerance) else "holds"
    return Finding(name, verdict, worst, gain, (rounded(gain), rounded(gain)), how, labels)


def without_comparison(name: str, how: str) -> Finding:
    """A property that holds because there is nothing that could break it."""
    return Finding(name, "holds", "", -math.inf, (-math.inf, -math.inf), how)


def open_question(name: str, why: str) -> Finding:
    """A property that could not be decided."""
    return Finding(name, "undecided", "", math.nan, UNKNOWN, why)


def rounded(number: Fraction) -> float:
    """The nearest float, with the sign kept."""
    found = float(number)
    return found if found or not number else math.copysign(5e-324, number)
