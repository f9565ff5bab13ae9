"""The verdict on one answer of the library: kept, worth and proven as it says, or what is wrong with it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from benchmarks.fuzz.cases import Case
from benchmarks.fuzz.menus import feasible_menus, has_fixed_transfers, is_strictly_feasible
from benchmarks.fuzz.oracle import broken
from benchmarks.fuzz.payoffs import exact_profit, worth
from benchmarks.fuzz.program import Optimum, formulated, optimum, room
from benchmarks.fuzz.twins import pools_beyond_floats
from benchmarks.fuzz.units import Fields, objective_unit, scaled

Array = np.ndarray
GRAVE = ("raw exception", "crash", "IC violation", "IR violation", "other violation", "bound refuted")
FAILED = (
    *GRAVE,
    "wrong value",
    "short",
    "solver error",
    "wrong infeasible",
    "wrong unbounded",
    "slow",
    "uncertified",
    "refused",
)
MISSED = ("missed infeasible", "missed unbounded", "infeasible, raw", "unbounded, raw")  # there is nothing to certify
BEYOND = "beyond floats"  # nearly no two floats between which twins are indifferent, and the best without: see twins.py
FINE = ("ok", "ok infeasible", "ok unbounded", "undecided", BEYOND)
GAP = 1e-6  # relative: what the library is asked for
SHORT = 1e-5  # relative to what menus are worth; solvers of the oracle reach 1e-7
SOLVER = 3e-7  # of one unit of money
LAST_BITS = 1e-11  # relative to the size of the terms: a value summed in another order
MANY = 1e-6  # relative: the library's own search for the worst distribution


@dataclass(frozen=True, eq=False)
class Outcome:
    """What the library answered: plain data, from another process; with a SolverError also the menu it reached."""

    kind: str  # "menu", "error", "raw", "crash" or "slow"
    seconds: float = 0.0
    error: str = ""  # name of the exception
    message: str = ""
    allocation: Array | None = None  # (n_types, n_goods)
    transfer: Array | None = None
    offered: list[tuple[Array, float]] = field(default_factory=list)
    value: float = math.nan
    bound: float = math.inf
    rigorous: bool = False
    holds: bool = False
    engine: str = ""


@dataclass(frozen=True)
class Verdict:
    """What is wrong, if anything, in one line; `solvable` if there is a best menu, None where nobody knows."""

    verdict: str
    detail: str = ""
    solvable: bool | None = None
    oracle: float = math.nan

    @property
    def is_grave(self) -> bool:
        """Wrong answers and tracebacks, of which there must be none."""
        return self.verdict in GRAVE


def judged(case: Case, outcome: Outcome) -> Verdict:
    """Hold the library's answer against the oracle."""
    fields = case.fields
    with np.errstate(all="ignore"):
        if outcome.allocation is not None:
            wrong = wrong_on_its_own(fields, outcome)
            if wrong is not None and outcome.kind == "menu":
                return Verdict(wrong[0], wrong[1], solvable=True, oracle=outcome.value)
            if wrong is not None and wrong[0] != "other violation":  # what was reached keeps IC and IR, and no more
                return Verdict(wrong[0], f"the menu that was reached: {wrong[1]}", oracle=outcome.value)
        best = optimum(fields, case.money, case.amount)
        if outcome.kind != "menu":
            return _without_menu(case, outcome, best)
        return _against_oracle(case, outcome, best)


def wrong_on_its_own(fields: Fields, outcome: Outcome) -> tuple[str, str] | None:
    """What exact arithmetic alone says against a menu: broken constraints, a wrong value, a value above the bound."""
    assert outcome.allocation is not None
    assert outcome.transfer is not None
    menu = (outcome.allocation, outcome.transfer)
    names = {"IC": "IC violation", "IR": "IR violation"}
    for fault in broken(fields, *menu, outcome.offered):
        return names.get(fault.kind, "other violation"), f"{fault.what} (by {fault.amount:.3g})"
    if outcome.kind == "menu" and not outcome.holds:
        return "uncertified", "the certificate of a menu that was returned does not hold"
    value, size = worth(fields, *menu)
    off = MANY if fields.get("ambiguity") else LAST_BITS
    if not abs(value - outcome.value) <= off * size:
        return "wrong value", f"says {outcome.value:.12g}, is {value:.12g}"
    if outcome.rigorous:
        return refuted(fields, outcome.bound, menu, outcome.offered)
    return None


def refuted(
    fields: Fields, bound: float, menu: tuple[Array, Array], offered: list[tuple[Array, float]]
) -> tuple[str, str] | None:
    """Whether a menu that keeps every constraint is worth more than a bound that is said to be rigorous."""
    exact = exact_profit(fields, *menu) if is_strictly_feasible(fields, menu, offered) else None
    if exact is not None:
        above = math.isfinite(bound) and exact > Fraction(bound)
        return ("bound refuted", f"{bound!r} is below {float(exact)!r}, exactly") if above else None
    value, size = worth(fields, *menu)
    excused = (
        1e-8
        if fields.get("constraints") or has_fixed_transfers(fields)
        else 1e-6
        if fields.get("ambiguity")
        else LAST_BITS
    )
    if value > bound + excused * size:
        return "bound refuted", f"{bound!r} is below {value!r}"
    return None


def _against_oracle(case: Case, outcome: Outcome, best: Optimum) -> Verdict:
    """Whether a menu that is right as far as it goes is the best, and its bound stands."""
    fields = case.fields
    assert outcome.allocation is not None
    assert outcome.transfer is not None
    known = [(outcome.allocation, outcome.transfer)]
    if best.status == "optimal" and best.allocation is not None and best.transfer is not None:
        known.append((best.allocation, best.transfer))
    if outcome.rigorous:
        rng = np.random.default_rng([case.seed, case.number])
        for menu in feasible_menus(fields, known, rng):
            wrong = refuted(fields, outcome.bound, menu, list(zip(*menu, strict=True)))
            if wrong is not None:
                return Verdict(*wrong, solvable=True, oracle=best.value)
    if best.status == "unbounded" and not outcome.rigorous:  # what is rigorous is refuted by menus, no solver's word
        return Verdict("bound refuted", f"{outcome.bound:.6g}, but the oracle knows no bound", solvable=True)
    if best.status != "optimal":  # the menu itself refutes "infeasible"
        return Verdict("ok", f"oracle: {best.status}", solvable=True, oracle=best.value)
    scale = measure(case, best, outcome.value)
    allowed = SHORT * scale + SOLVER * _unit(case)
    if best.value - outcome.value > allowed:
        again = optimum(fields, case.money, case.amount, solvers=("HiGHS", "SCS"))
        if again.status == "optimal" and again.value - outcome.value <= allowed:
            return Verdict(
                "ok", f"solvers disagree: {best.value:.8g}, {again.value:.8g}", solvable=True, oracle=best.value
            )
        share = (best.value - outcome.value) / scale
        kind = "bound refuted" if outcome.rigorous and best.value - outcome.bound > allowed else "short"
        return Verdict(
            kind,
            f"{outcome.value:.9g} (bound {outcome.bound:.9g}) where the oracle has {best.value:.9g}: {share:.1e}",
            solvable=True,
            oracle=best.value,
        )
    return Verdict("ok", solvable=True, oracle=best.value)


def _without_menu(case: Case, outcome: Outcome, best: Optimum) -> Verdict:
    """Whether an error is the right one."""
    solvable = {"optimal": True, "infeasible": False, "unbounded": False}.get(best.status)
    said = f"{outcome.error}: {outcome.message}"
    if outcome.kind in ("raw", "crash"):
        return Verdict("raw exception" if outcome.kind == "raw" else "crash", said, solvable, best.value)
    if outcome.kind == "slow":
        return Verdict("slow", f"more than {outcome.seconds:.0f} s of processor time", solvable, best.value)
    if outcome.error == "ProblemError":
        return Verdict("refused", said, solvable, best.value)
    claims = {"InfeasibleMenuError": "infeasible", "UnboundedMenuError": "unbounded"}
    if outcome.error in claims:
        claim = claims[outcome.error]
        if best.status == claim:
            return Verdict(f"ok {claim}", solvable=False)
        certain = best.status == "optimal" and not _is_borderline(case, best, claim)
        return Verdict(
            f"wrong {claim}" if certain else "undecided",
            f"{said} (oracle: {best.status} {best.value:.6g})",
            solvable if certain else None,
            best.value,
        )
    if best.status in ("infeasible", "unbounded"):
        return Verdict(f"missed {best.status}", said, solvable=False)
    if outcome.error == "SolverError" and best.status == "optimal" and is_beyond_floats(case, outcome, best):
        return Verdict(BEYOND, said, solvable, best.value)
    return Verdict("solver error", said, solvable, best.value)


def is_beyond_floats(case: Case, outcome: Outcome, best: Optimum) -> bool:
    """Whether floats keep twins from being told apart, and the menu that was reached is as good as any that does not.

    It is not if the best menu need not tell them apart either, or was reached: then it is the bound that falls short.
    """
    fields = case.fields
    pools = pools_beyond_floats(fields)
    if not pools or outcome.allocation is None or outcome.transfer is None:
        return False
    if broken(fields, outcome.allocation, outcome.transfer, outcome.offered):
        return False
    pooled = optimum(fields, case.money, case.amount, pools=pools)
    if pooled.status != "optimal":
        return False
    allowed = GAP * measure(case, best, pooled.value) + SOLVER * _unit(case)
    best_is_apart, is_apart = best.value - pooled.value > allowed, best.value - outcome.value > allowed
    return best_is_apart and is_apart and outcome.value >= pooled.value - allowed


def _is_borderline(case: Case, best: Optimum, claim: str) -> bool:
    """Whether a claim that the oracle contradicts may hold all the same, beyond a solver's digits."""
    assert best.allocation is not None
    assert best.transfer is not None
    if claim == "unbounded":
        return abs(best.value) > 1e5 * _unit(case)
    if room(formulated(scaled(case.base, 1.0, 1.0))) > 1e-7:
        return False
    rng = np.random.default_rng([case.seed, case.number])
    return not any(True for _ in feasible_menus(case.fields, [(best.allocation, best.transfer)], rng))


def measure(case: Case, best: Optimum, value: float) -> float:
    """What menus are worth: the larger of the values, or a thousandth of a unit of money where both are less."""
    return max(abs(best.value), abs(value), 1e-3 * _unit(case))


def _unit(case: Case) -> float:
    """The objective of one unit of money."""
    return objective_unit(case.base, case.money)


def summary_of(outcome: Outcome) -> dict[str, Any]:
    """The numbers of an outcome that are worth keeping."""
    return {"value": outcome.value, "bound": outcome.bound, "rigorous": outcome.rigorous, "engine": outcome.engine}
