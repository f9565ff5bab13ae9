"""What was found about a menu: who is tempted by what, what is broken, how far the value is from the best."""

from __future__ import annotations

import math
from dataclasses import field
from pathlib import Path
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.records import write_document
from contracts.proof.record import Evidence
from contracts.proof.scale import NO_MONEY
from contracts.readable import one_line, readable

CONTRADICTION = 1e-8  # relative; rounding and what equations are forgiven take a value less far above a proven bound


@checked
@dataclass(frozen=True)
class Deviation:
    """The most tempting untruth: `tempted` gains `gain` by taking the contract of `tempter`.

    Examples
    --------
    Too high a price for what is meant for the second type:

    >>> import contracts
    >>> problem = contracts.ScreeningProblem([1.0, 2.0], cost=contracts.Quadratic(), labels=("low", "high"))
    >>> print(contracts.verify(problem, [[0.5], [2.0]], [0.5, 3.75]).deviation)
    high -> low gains 0.25
    """

    tempted: str
    tempter: str
    gain: float  # utility; its sign is exact

    def __str__(self) -> str:
        return f"{readable(self.tempted)} -> {readable(self.tempter)} gains {self.gain:.6g}"


@dataclass(frozen=True)
class Violation:
    """A constraint other than IC and IR that the menu breaks most."""

    what: str
    amount: float


@checked
@dataclass(frozen=True)
class Certificate:
    """What `verify` found; no solver was asked.

    Gains and slacks are differences of exact rationals rounded once, so their signs are exact. `upper_bound` holds for
    every menu of the problem, or for those `among` which the menu was sought; `rigorous` says whether rounding and the
    conjugate are accounted for as well.
    """

    deviation: Deviation
    participation_slack: float  # smallest over types, utility units
    participation_type: str
    violations: tuple[Violation, ...]  # domain, transfers, side constraints; empty when all hold
    value: float
    upper_bound: float
    rigorous: bool
    scale: float  # what menus are worth, objective units: the relative gap is taken against it; see `gap_scale`
    requested_gap: float  # relative; infinite when only IC and IR were asked about
    tolerance: float  # utility units that IC and IR may miss; 0 means exact
    is_robust: bool = False  # IC and IR are judged at every valuation in the types' sets, not at one of each type
    among: str = ""  # which menus `upper_bound` is about, if not all: "menus of at most 2 options"
    is_stopped: bool = False  # a time limit or an interrupt ended the search: the menu has whatever gap it has
    evidence: Evidence | None = field(default=None, repr=False, compare=False)  # the menu and prices it is about

    @property
    def gap(self) -> float:
        """upper_bound - value, in money."""
        return self.upper_bound - self.value

    @property
    def relative_gap(self) -> float:
        """gap / scale."""
        return self.gap / self.scale if math.isfinite(self.gap) else math.inf

    @property
    def is_incentive_compatible(self) -> bool:
        return self.deviation.gain <= self.tolerance

    @property
    def is_individually_rational(self) -> bool:
        return self.participation_slack >= -self.tolerance

    @property
    def is_exact(self) -> bool:
        """IC and IR hold for the floats as rational numbers."""
        return self.deviation.gain <= 0 and self.participation_slack >= 0

    @property
    def is_contradictory(self) -> bool:
        """Whether a menu that keeps every constraint exactly is worth more than is proven of all of them.

        Then the bound is wrong, or the value is.
        """
        return self.rigorous and self.is_exact and not self.violations and self.relative_gap < -CONTRADICTION

    @property
    def holds(self) -> bool:
        """IC, IR and all other constraints hold, and the gap is within what was asked, and no less than none."""
        within = self.requested_gap == math.inf or self.relative_gap <= self.requested_gap
        within = within and not self.is_contradictory
        return self.is_incentive_compatible and self.is_individually_rational and not self.violations and within

    def __str__(self) -> str:
        lines = []
        everywhere = " at every valuation in the types' sets" if self.is_robust else ""
        if self.is_exact:
            lines.append(f"IC and IR hold exactly{everywhere}")
        elif self.is_incentive_compatible and self.is_individually_rational:
            lines.append(f"IC and IR hold to {self.tolerance:.1e}{everywhere}")
        if not self.is_incentive_compatible:
            lines.append(f"IC fails: {self.deviation}")
        if not self.is_individually_rational:
            lines.append(
                f"IR fails: {readable(self.participation_type)} falls short by {-self.participation_slack:.6g}"
            )
        lines += [f"{one_line(broken.what)} is broken by {broken.amount:.6g}" for broken in self.violations]
        if self.relative_gap > self.requested_gap:
            if self.is_stopped:
                lines[0] = f"{lines[0]}; gap {_percent(self.relative_gap)} (stopped)"
            lines.append(f"the gap is {self.relative_gap:.1e}, more than the {self.requested_gap:.1e} asked for")
        if self.is_contradictory:
            lines.append("the value exceeds what is proven of every menu: one of the two is computed wrongly")
        kind = "rigorous" if self.rigorous else "numerical"
        value, bound = shown(self.value), shown(self.upper_bound)
        among = f" on {self.among}" if self.among else ""
        lines.append(
            f"value {value:.10g}, {kind} bound{among} {bound:.10g}, relative gap {shown(self.relative_gap):.1e}"
        )
        return "\n".join(lines)

    def save(self, path: str | Path) -> Path:
        """Write the proof: problem, contracts, multipliers, value, bound and gap, every number to the bit.

        `python -m contracts.proof FILE` proves it again, and so does `contracts/proof/checker.py` alone, on a machine
        with nothing but Python. See the page "How to trust a menu".

        Raises
        ------
        ProblemError
            If the certificate is of no menu that it knows: take that of a menu, or of `contracts.verify`.
        """
        if self.evidence is None:
            raise ProblemError(
                "this certificate knows no menu: save menu.certificate, or what contracts.verify returns; contracts "
                "for hidden action have no proof files"
            )
        return write_document(path, self.evidence.to_dict(self.to_dict()))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, with the verdict."""
        return {
            "holds": self.holds,
            "exact": self.is_exact,
            "deviation": {
                "tempted": self.deviation.tempted,
                "tempter": self.deviation.tempter,
                "gain": _json_number(self.deviation.gain),
            },
            "participation": {"type": self.participation_type, "slack": _json_number(self.participation_slack)},
            "violations": [{"what": broken.what, "amount": broken.amount} for broken in self.violations],
            "value": _json_number(self.value),
            "upper_bound": _json_number(self.upper_bound),
            "gap": _json_number(self.gap),
            "relative_gap": _json_number(self.relative_gap),
            "requested_gap": _json_number(self.requested_gap),
            "stopped": self.is_stopped,
            "rigorous": self.rigorous,
            **({"among": self.among} if self.among else {}),
            "scale": self.scale,
            "tolerance": self.tolerance,
        }


def shown(number: float) -> float:
    """A number as people read it: 0 if it is less than any sum of money, such as a bound rounded up from nothing."""
    return 0.0 if abs(number) < NO_MONEY else number


def _percent(share: float) -> str:
    """A relative gap as people say it: 8%, 0.03%; its power of ten where percent say nothing."""
    return f"{100 * share:.2g}%" if 1e-5 <= share < 10 else f"{share:.1e}"


def _json_number(number: float) -> float | None:
    return number if math.isfinite(number) else None


def checked_gap(gap: float) -> float:
    """A relative gap that can be asked of a solver."""
    gap = number("gap", gap)
    if not 0 < gap < 1:
        raise ProblemError(f"gap is {gap}: give a relative gap between 0 and 1, such as 1e-6")
    return gap


def checked_standards(gap: Any, tolerance: Any) -> tuple[float, float]:
    """The relative gap, which may be infinite, and the tolerance that a certificate is asked for, as numbers."""
    gap = math.inf if isinstance(gap, float) and gap == math.inf else number("gap", gap)
    tolerance = number("tolerance", tolerance)
    if gap < 0:
        raise ProblemError(f"gap is {gap}: give a relative gap, such as 1e-6")
    if tolerance < 0:
        raise ProblemError(f"tolerance is {tolerance}: give utility units, 0 for none")
    return gap, tolerance
