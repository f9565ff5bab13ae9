"""The cure of an audit: the nearest exact menu, what it changes, and why no less would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.audits.conflict import Conflict
from contracts.audits.cure import Norm, least_change, nearest_exact, sizes
from contracts.audits.offer import Offer
from contracts.display.table import Column, Table, Tabular, names
from contracts.errors import InfeasibleMenuError, SolverError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.assembly import menu_of
from contracts.menu.menu import Menu
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import upper_bound
from contracts.proof.certificate import Certificate
from contracts.proof.multipliers import no_multipliers
from contracts.proof.verify import Contracts
from contracts.readable import readable
from contracts.solve import solve_menu

if TYPE_CHECKING:
    import pandas as pd

KINDS = {False: "transfers", True: "allocation"}


@checked
@dataclass(frozen=True, eq=False, repr=False)
class Repaired(Tabular):
    """The nearest contracts that are incentive compatible and individually rational.

    Attributes
    ----------
    menu : the repaired menu, with its exact certificate
    changed : what moved, "transfers" alone or "allocation" as well
    conflict : why transfers alone would not do, if so
    allocation_change, transfer_change : (n_types, n_goods) and (n_types,), new less old
    size : change of allocations and of transfers, money, by the norm asked for; goods count at what a unit is worth to
        the types on average
    least : the same as a solver found it, numerically: what `size` is above it is the price of exactness
    """

    menu: Menu
    changed: str
    conflict: Conflict | None
    allocation_change: Array
    transfer_change: Array
    size: tuple[float, float]
    least: tuple[float, float]

    @property
    def allocation(self) -> Array:
        """(n_types, n_goods)."""
        return self.menu.allocation

    @property
    def transfer(self) -> Array:
        """(n_types,)."""
        return self.menu.transfer

    @property
    def certificate(self) -> Certificate:
        """Of the repaired menu."""
        return self.menu.certificate

    def to_frame(self) -> pd.DataFrame:
        """One row per type: the new contract, and how it differs from the old one."""
        return self._table().to_frame()

    def _table(self) -> Table:
        problem = self.menu.problem
        columns = [names("type", problem.labels)]
        for kind, goods, paid in (
            ("new", self.allocation, self.transfer),
            ("change", self.allocation_change, self.transfer_change),
        ):
            columns += [
                Column(f"{kind} {good}", goods[:, k], ".6g", readable(good), over=kind)
                for k, good in enumerate(problem.goods)
            ]
            columns.append(Column(f"{kind} transfer", paid, ".6g", "transfer", over=kind))
        notes = [
            f"Change: {self.size[1]:.6g} in transfers"
            + (f", {self.size[0]:.6g} worth of allocations" if self.changed == "allocation" else "")
        ]
        if self.conflict is not None:
            notes += str(self.conflict).splitlines()
        return Table(columns, f"The least change of {self.changed}", [*notes, *str(self.certificate).splitlines()])


def repair(problem: ScreeningProblem, offer: Offer, conflict: Conflict | None, norm: Norm, change: str) -> Repaired:
    """The least change of an offer's contracts; see `Audit.repaired`."""
    program, before = problem.program, offer.of_types(offer.meant)
    bound = upper_bound(program, no_multipliers(program))
    stays = conflict is None and not program.domain.violation(before[0]).any()
    wanted = {"auto": [False, True], "transfers": [False], "allocation": [True]}[change]
    for moves in wanted if stays else [True] if True in wanted else []:
        cure = least_change(program, before, norm, allocations=moves)
        found = None if cure is None else nearest_exact(program, before, cure, norm, bound, allocations=moves)
        if cure is not None and found is not None:
            menu = menu_of(problem, found, bound, f"least change of {KINDS[moves]}")
            after = _by_type(program, menu)
            return Repaired(
                menu,
                KINDS[moves],
                conflict,
                (after[0] - before[0])[:, : problem.n_goods],
                after[1] - before[1],
                sizes(program, norm, before, after),
                cure.least,
            )
    if change == "transfers":
        why = "no transfers make these allocations keep every constraint" if conflict is None else conflict
        raise InfeasibleMenuError(f"{why}\nLet allocations move: repaired(change='allocation')")
    solve_menu(problem)  # says what conflicts, where nothing is feasible
    raise SolverError(
        "no exact menu was found near these contracts: solve the problem itself, with contracts.solve_menu",
        tried=("least change",),
    )


def _by_type(program: ScreeningProblem, menu: Menu) -> Contracts:
    """Every type's contract of a menu, in the goods of the program; (n_types, n_goods) and (n_types,)."""
    allocations, transfers = program.outside.beside(*menu.contracts)
    return allocations[menu.option_of_type], transfers[menu.option_of_type]
