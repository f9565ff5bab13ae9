"""The face as a table: of every type what it gets and pays at least and at most."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.display.numbers import plural
from contracts.display.table import Column, Table, names
from contracts.faces.multiplied import Ends
from contracts.faces.slacks import Slacks
from contracts.inputs.arrays import Array
from contracts.menu.menu import Menu
from contracts.readable import readable

SHOWN = 20  # types in print
NAMED = 6  # constraints in print
NOTHING = 1e-6  # share of the largest end, below which one is shown as none


class ShownFace(Protocol):
    """What is asked of a face."""

    @property
    def menu(self) -> Menu: ...

    @property
    def gap(self) -> float: ...

    @property
    def tolerance(self) -> float: ...

    @property
    def proven(self) -> Ends: ...

    @property
    def reached(self) -> Ends: ...

    @property
    def menus(self) -> tuple[Menu, ...]: ...

    @property
    def unique(self) -> NDArray[np.bool_]: ...

    @property
    def always_binding(self) -> tuple[str, ...]: ...

    @property
    def sometimes_binding(self) -> tuple[str, ...]: ...

    @property
    def is_rigorous(self) -> bool: ...


def face_table(face: ShownFace) -> Table:
    """Least and most by type; below, what is unique and what binds."""
    problem, proven = face.menu.problem, face.proven
    columns = [names("type", problem.labels)]
    for k, good in enumerate(problem.goods):
        columns += _ends(str(good), proven.allocation[:, k], readable(good))
    columns += _ends("transfer", proven.transfer, "transfer") + _ends("utility", proven.utility, "utility")
    unique = face.unique
    kind = "proven" if face.is_rigorous else "proven to a solver's digits"
    notes = [
        f"{np.count_nonzero(unique)} of {plural(unique.size, 'allocation')} unique, to {face.tolerance:g} of the most",
        f"no room in any: {_listed(face.always_binding)}",
    ]
    if face.sometimes_binding:
        notes.append(f"room in some, none in others: {_listed(face.sometimes_binding)}")
    count = problem.n_types
    shown = np.r_[: SHOWN // 2, count - SHOWN // 2 : count].tolist() if count > SHOWN else None
    return Table(
        columns,
        f"Menus within {face.gap:.1e} of the proven bound: least and most, {kind}",
        notes,
        shown=shown,
        between={SHOWN // 2: f"... {count - SHOWN} more types ..."} if count > SHOWN else {},
    )


def _ends(name: str, interval: Array, heading: str) -> list[Column]:
    finite = np.abs(interval[np.isfinite(interval)])
    least = NOTHING * float(finite.max(initial=0.0))
    shown = np.where(np.abs(interval) <= least, 0.0, interval)
    return [
        Column(f"{name} {word}", interval[:, side], [f"{one:.6g}" for one in shown[:, side]], word, over=heading)
        for side, word in enumerate(("least", "most"))
    ]


def _listed(constraints: tuple[str, ...]) -> str:
    shown = ", ".join(map(readable, constraints[:NAMED])) if constraints else "none is known"
    return shown + (f", +{len(constraints) - NAMED}" if len(constraints) > NAMED else "")


def constraints_table(slacks: Slacks, here: Array) -> Table:
    """One row per constraint."""
    return Table(
        [
            names("constraint", slacks.names),
            Column("price", slacks.price, ".6g"),
            Column("room", here, ".3g"),
            Column("reached", slacks.reached, ".3g"),
            Column("at_most", slacks.at_most, ".3g"),
        ],
        "Room that menus leave to constraints",
    )
