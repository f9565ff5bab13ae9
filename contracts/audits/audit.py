"""Examine a menu from anywhere: what is wrong, by how much, what it costs, and the smallest cure."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from contracts.audits.conflict import Conflict, conflict_of
from contracts.audits.cure import Norm
from contracts.audits.offer import LEAVES, Offer, list_offer, menu_offer
from contracts.audits.repaired import Repaired, repair
from contracts.audits.temptations import Binding, Domination, Envy, bindings, dominated, envies, idle_options
from contracts.display.numbers import plural
from contracts.display.table import Column, Table, Tabular, names
from contracts.engines.candidate import units_of
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.assembly import taken_apart
from contracts.menu.menu import Menu
from contracts.problem.participation import WithOutside
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import upper_bound
from contracts.proof.certificate import Certificate, Deviation
from contracts.proof.multipliers import no_multipliers
from contracts.proof.verify import participation_slacks_of, temptations
from contracts.readable import readable
from contracts.solve import solve_menu

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SHOWN = 10  # entries of a list that the text names


@checked
@dataclass(frozen=True, eq=False)
class Audit(Tabular):
    """What was found about a menu; see `audit`.

    Attributes
    ----------
    problem : what the menu is for
    certificate : of the contracts as they are meant, as `verify` finds it
    offer : the contracts, what is meant for whom and who takes what
    """

    problem: ScreeningProblem
    certificate: Certificate
    offer: Offer

    # ---- who wants what ----

    @property
    def holds(self) -> bool:
        """Whether everybody takes what is meant for it, and every other constraint holds too; exactly."""
        return self.certificate.holds

    @cached_property
    def deviations(self) -> tuple[Deviation, ...]:
        """Every type's best deviation, to another contract on offer or the outside contract; signs are exact."""
        program, offer = self.problem.program, self.offer
        tempting, gain = temptations(program, offer.contracts, offer.meant)
        called = [offer.names[k] if k >= 0 else "nothing else" for k in tempting]
        return tuple(map(Deviation, self.problem.labels, called, gain.tolist()))

    @cached_property
    def participation_slack(self) -> Array:
        """(n_types,) utility above the outside option, signs exact; infinite where there is no such constraint."""
        return participation_slacks_of(self.problem.program, *self.offer.of_types(self.offer.meant))

    @cached_property
    def envy(self) -> tuple[Envy, ...]:
        """Who gains by whose contract, the largest gains first."""
        return envies(self.problem.program, self.offer)

    def binding(self, within: float = 1e-9) -> tuple[Binding, ...]:
        """Constraints with no more room than a share `within` of what contracts are worth."""
        within = number("within", within)
        if within < 0:
            raise ProblemError(f"within is {within}: give a share of what contracts are worth, such as 1e-9")
        return bindings(self.problem.program, self.offer, within * units_of(self.problem.program).money)

    @property
    def taken(self) -> tuple[str, ...]:
        """What every type takes when it is free to choose, by the name of the contract; ties are left as meant."""
        return tuple("leaves" if k == LEAVES else self.offer.names[k] for k in self.offer.taken.tolist())

    @cached_property
    def dominated(self) -> tuple[Domination, ...]:
        """Options that nobody takes because another one is better for all types."""
        return dominated(self.problem.program, self.offer)

    @property
    def idle(self) -> tuple[str, ...]:
        """Options that nobody takes and that are meant for nobody."""
        return tuple(self.offer.names[k] for k in idle_options(self.problem.program, self.offer).tolist())

    @property
    def unserved(self) -> tuple[str, ...]:
        """Types that take nothing: they keep the outside option, or leave."""
        kept = np.append(self.problem.program.outside.is_kept(*self.offer.contracts), True)  # last, for LEAVES
        return tuple(self.problem.labels[i] for i in np.flatnonzero(kept[self.offer.taken]).tolist())

    # ---- what it is worth ----

    @property
    def value(self) -> float:
        """The objective if everybody took what is meant for it."""
        return self.certificate.value

    @cached_property
    def realised_value(self) -> float | None:
        """The objective when everybody takes what it likes best; None if somebody leaves to where nobody says what."""
        if (self.offer.taken == LEAVES).any():
            return None
        return self.problem.program.objective_value(*self.offer.of_types(self.offer.taken))

    @cached_property
    def best(self) -> Menu:
        """The best menu of the problem; solved when it is first asked for."""
        return solve_menu(self.problem)

    @property
    def money_left(self) -> tuple[float, float]:
        """How much more than this one the best menu is worth: at least, and at most, by its value and proven bound.

        Compared to what is realised; to what was meant, where nobody says what is realised.
        """
        mine = self.value if self.realised_value is None else self.realised_value
        return self.best.value - mine, self.best.upper_bound - mine

    # ---- the cure ----

    @cached_property
    def conflict(self) -> Conflict | None:
        """Why no transfers make these allocations incentive compatible and individually rational; None if some do."""
        if self.problem.valuation_sets is not None:
            return None
        program, allocation = self.problem.program, self.offer.of_types(self.offer.meant)[0]
        lowest, highest = self.problem.limits_by_type
        if isinstance(program.domain, WithOutside):  # then limits are of those who are served
            served = program.domain.served(allocation) == 1
            lowest, highest = np.where(served, lowest, -np.inf), np.where(served, highest, np.inf)
        return conflict_of(program, allocation, (lowest, highest))

    def repaired(self, *, norm: Norm = "l1", change: Literal["auto", "transfers", "allocation"] = "auto") -> Repaired:
        """The least change that makes the contracts incentive compatible and individually rational.

        Parameters
        ----------
        norm : "l1" for the sum over types of what changes, "linf" for the largest change of one type
        change : "transfers" leaves allocations as they are, "allocation" moves them as little as it can, and then
            transfers; "auto" moves them only where no transfers will do

        Raises
        ------
        InfeasibleMenuError
            If transfers alone do not suffice, though that was asked for; or nothing at all does.
        SolverError
            If no exact menu was found near the solver's.

        Examples
        --------
        >>> from contracts.problem.costs import Quadratic
        >>> problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], cost=Quadratic(), labels=("low", "high"))
        >>> cure = audit(problem, [1.0, 2.0], [1.0, 4.0]).repaired()
        >>> cure.transfer, cure.certificate.is_exact
        (array([1., 3.]), True)
        """
        if norm not in ("l1", "linf"):
            raise ProblemError(f"norm is {norm!r}: use 'l1' or 'linf'")
        if change not in ("auto", "transfers", "allocation"):
            raise ProblemError(f"change is {change!r}: use 'auto', 'transfers' or 'allocation'")
        return repair(self.problem, self.offer, self.conflict, norm, change)

    # ---- how it is shown ----

    def to_frame(self) -> pd.DataFrame:
        """One row per type: its contract, what it would rather have, what it takes."""
        return self._table().to_frame()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Who envies whom: an arrow from every type to the contract it would rather have, wider for a larger gain."""
        from contracts.audits.picture import plot_envy

        return plot_envy(self, ax)

    def report(self, path: str | Path, *, title: str = "Audit") -> Path:
        """Write one HTML page with everything that was found and the cure, and return where it is."""
        from contracts.audits.page import write_page

        return write_page(self, path, title)

    def _table(self) -> Table:
        problem, offer = self.problem, self.offer
        allocation, transfer = offer.of_types(offer.meant)
        deviations = self.deviations
        utility = problem.program.utility(allocation, transfer)
        columns = [names("type", problem.labels)]
        columns += [Column(good, allocation[:, k], ".6g", readable(good)) for k, good in enumerate(problem.goods)]
        columns += [
            Column("transfer", transfer, ".6g"),
            Column("utility", utility, ".6g"),
            names("best_deviation", [one.tempter for one in deviations]),
            Column("gain", [one.gain for one in deviations], ".6g"),
            Column("participation_slack", self.participation_slack, ".6g", "above leaving"),
            names("takes", self.taken),
        ]
        shown = (
            None if problem.n_types <= 2 * SHOWN else [*range(SHOWN), *range(problem.n_types - SHOWN, problem.n_types)]
        )
        between = {} if shown is None else {SHOWN: f"... {problem.n_types - 2 * SHOWN} more"}
        return Table(columns, "Audit", self._notes(), shown, between)

    def _notes(self) -> list[str]:
        """What there is to say, the worst first."""
        said = str(self.certificate).splitlines()
        if self.envy:
            said.append(
                f"{plural(len(self.envy), 'temptation')}: {_listed([f'{e.type} -> {e.envied}' for e in self.envy])}"
            )
        if self.realised_value is not None and (self.offer.taken != self.offer.meant).any():
            said.append(f"worth {self.realised_value:.6g} when everybody chooses, {self.value:.6g} as it is meant")
        if self.unserved:
            said.append(f"nothing for {_listed(self.unserved)}")
        if self.idle:
            said.append(f"nobody takes {_listed(self.idle)}")
        said += [f"{readable(one.option)} is dominated by {readable(one.by)}" for one in self.dominated[:SHOWN]]
        if self.conflict is not None:
            said += str(self.conflict).splitlines()
        return said


def _listed(labels: Any) -> str:
    more = len(labels) - SHOWN
    return ", ".join(map(readable, labels[:SHOWN])) + (f" and {more} more" if more > 0 else "")


@checked
def audit(
    problem: ScreeningProblem,
    allocation: Any,
    transfer: Any = None,
    *,
    serving: Any = None,
    rows: Literal["types", "options"] = "types",
) -> Audit:
    """Examine contracts from anywhere as a physician would: what is wrong, by how much, and the smallest cure.

    No solver is asked, unless for `best`, `money_left` or `repaired()`; who prefers what is decided exactly.

    Parameters
    ----------
    problem : what the contracts are for
    allocation : (n_types, n_goods) array, or (n_types,) for one good: what each type is meant to take
        A Menu may stand for allocation, transfer and serving
    transfer : (n_types,) array, positive from agent to principal; may be left out where there is no money
    serving : (n_types,) chance that each type is served, as for `verify`
    rows : "types" if row i is meant for type i; "options" for a price list, (n_options, n_goods) and (n_options,), of
        which everybody takes what it likes best

    Raises
    ------
    ProblemError
        If the contracts do not fit the problem.

    Examples
    --------
    >>> problem = ScreeningProblem([1.0, 2.0], [0.5, 0.5], labels=("low", "high"))
    >>> found = audit(problem, [1.0, 2.0], [1.0, 3.25])
    >>> found.holds, found.taken, found.envy
    (False, ('low', 'low'), (Envy(type='high', envied='low', gain=0.25),))
    >>> found.value, found.realised_value
    (2.125, 1.0)
    """
    if not isinstance(problem, ScreeningProblem):
        raise ProblemError(f"problem is {type(problem).__name__}: give the ScreeningProblem that the contracts are for")
    bound = upper_bound(problem.program, no_multipliers(problem.program))
    if isinstance(allocation, Menu) and rows != "types":
        raise ProblemError("allocation is a Menu, which says what is meant for whom: leave rows out")
    allocation, transfer, serving = taken_apart(allocation, transfer, serving)
    if rows == "types":
        offer = menu_offer(problem, allocation, transfer, serving, bound)
    elif rows != "options":
        raise ProblemError(f"rows is {rows!r}: use 'types' for a contract per type, 'options' for a price list")
    elif serving is not None:
        raise ProblemError("serving is for a contract per type: leave it out for a price list, rows='options'")
    else:
        offer = list_offer(problem, allocation, transfer, bound)
    return Audit(problem, offer.certificate, offer)
