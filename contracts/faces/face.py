"""optimal_face: what all menus that are worth as much have in common, and where they differ."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from contracts.display.table import Table, Tabular
from contracts.errors import ProblemError, SolverError, UnboundedMenuError
from contracts.faces.ends import Sizes, certified, contracts_of, reached_by, refined
from contracts.faces.identity import spare_of
from contracts.faces.multiplied import Ends, allocation_ends, money_ends
from contracts.faces.picture import plot_face
from contracts.faces.program import Direction, FaceProgram
from contracts.faces.slacks import Slacks, slacks_of
from contracts.faces.text import constraints_table, face_table
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.menu.menu import Menu
from contracts.problem.mimicry import type_numbers
from contracts.problem.participation import WithOutside
from contracts.problem.screening import ScreeningProblem
from contracts.solve import has_few_rows

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Truths = NDArray[np.bool_]

LEAST_GAP = 1e-9  # relative, of a face that nobody said the gap of
ROOM = 4.0  # times the menu's own gap: room for others beside it
AIM = 0.25  # share of the gap that a solver keeps for repairs
NARROW = 1e-3  # share of the largest amount
FEW_TYPES = 40  # whose ends have programs of their own unless something is said
MOST_TYPES, MOST_ON_A_LINE = 150, 2000  # that programs are for; on a line there are few rows


@checked
@dataclass(frozen=True, eq=False, repr=False)
class OptimalFace(Tabular):
    """Every IC and IR menu worth at least `floor`: what is proven of all of them, and what some reach.

    Attributes
    ----------
    menu : the menu that was asked about, one of them
    gap : how far below the proven bound they may be, relative to what menus are worth
    floor : what they are worth at least, in units of the objective
    tolerance : width of an interval, as a share of the largest amount of the good (or of the largest rent or worth of
        an allocation), up to which it counts as one point
    proven, reached : intervals that contain all of them, and those that `menus` span, which are within
    menus : menus with certificates that come near to the ends, `menu` first
    is_rigorous : whether the bound, and so the intervals, account for every rounding
    slacks : constraints one by one, see `constraints_frame`
    sizes : what widths are compared with
    """

    menu: Menu
    gap: float
    floor: float
    tolerance: float
    proven: Ends
    reached: Ends
    menus: tuple[Menu, ...]
    is_rigorous: bool
    slacks: Slacks
    sizes: Sizes

    # ---- where they are ----

    @property
    def allocation_interval(self) -> Array:
        """The least and the most that a type gets of a good in any of them, proven; (n_types, n_goods, 2)."""
        return self.proven.allocation

    @property
    def transfer_interval(self) -> Array:
        """The least and the most that a type pays, proven; (n_types, 2)."""
        return self.proven.transfer

    @property
    def utility_interval(self) -> Array:
        """The least and the most that a type's utility is, proven; (n_types, 2)."""
        return self.proven.utility

    # ---- what they have in common ----

    @property
    def unique(self) -> Truths:
        """Whether all of them give a type the same of a good, up to the tolerance; proven; (n_types, n_goods)."""
        return np.asarray(_width(self.proven.allocation) <= self.tolerance * self.sizes.amounts)

    @property
    def unique_transfer(self) -> Truths:
        """Whether a type pays the same in all of them, up to the tolerance; proven; (n_types,)."""
        return np.asarray(_width(self.proven.transfer) <= self.tolerance * self.sizes.money)

    @property
    def unique_utility(self) -> Truths:
        """Whether a type is as well off in all of them, up to the tolerance; proven; (n_types,)."""
        return np.asarray(_width(self.proven.utility) <= self.tolerance * self.sizes.money)

    @property
    def always_binding(self) -> tuple[str, ...]:
        """Constraints to which none of them leaves any room, up to the tolerance; proven.

        'IC high -> low' is that type high must not want the contract of type low, 'IR low' that low must not want to
        leave; limits on transfers and rows have their names.
        """
        return self._named(self.slacks.at_most <= self._no_room)

    @property
    def sometimes_binding(self) -> tuple[str, ...]:
        """Constraints without room in one of the menus found, to which another one of them leaves some."""
        least = self._rooms.min(axis=1, initial=np.inf)
        return self._named((least <= self._no_room) & (self.slacks.reached > self._no_room))

    def constraints_frame(self) -> pd.DataFrame:
        """One row per constraint that has a price, or no room here: its price, room here, most reached, most proven."""
        return constraints_table(self.slacks, self._rooms[:, 0]).to_frame(index=False)

    # ---- the best of them for somebody ----

    def agents_best(self, weights: Any = None) -> Menu:
        """The one that agents like best of those found, exactly IC and IR, and worth at least the floor.

        Parameters
        ----------
        weights : (n_types,) what a unit of each type's utility counts for, or the label of the one type that counts; by
            default the shares of the types

        Raises
        ------
        ProblemError
            If there are too many types for a program, or weights do not fit.
        UnboundedMenuError
            If agents can be given any amount of money at no loss.

        Examples
        --------
        At a price of 1 or of 2 sales are worth the same, so agents can be left the lower one:

        >>> from contracts import Box, solve_menu
        >>> menu = solve_menu([1.0, 2.0], [0.5, 0.5], domain=Box(0.0, 1.0), labels=("low", "high"))
        >>> menu.transfer, optimal_face(menu).agents_best().transfer
        (array([0., 2.]), array([1., 1.]))
        """
        return self._best_for(weights)[0]

    def agents_most(self, weights: Any = None) -> float:
        """The most that the weighted sum of utilities is in any of them, proven; `weights` as for `agents_best`."""
        return self._best_for(weights)[1]

    def _best_for(self, weights: Any) -> tuple[Menu, float]:
        problem = self.menu.problem
        counted = _counted(problem, weights)
        program = _program(self.menu, self.floor)
        end = program.end(Direction(np.zeros(problem.program.valuations.shape), counted))
        if end is None and program.is_endless:
            raise UnboundedMenuError(
                "agents can be given any amount of money at no loss to the objective: limit transfers, ask for a "
                "minimum profit, or count profit for more than utilities",
                direction="utility",
            )
        if end is None:
            raise SolverError("no solver found the menu that agents like best: ask for a larger gap")
        another = certified(self.menu, program, end, self.gap)
        known = self.menus if another is None else (*self.menus, another)
        ends = np.where(counted >= 0, self.proven.utility[:, 1], self.proven.utility[:, 0])
        by_type = math.fsum(float(count * most) for count, most in zip(counted, ends, strict=True) if count != 0)
        return max(known, key=lambda menu: float(counted @ menu.utility)), min(end.most, by_type)

    # ---- how it is read ----

    def to_frame(self) -> pd.DataFrame:
        """One row per type: the least and the most of every good, of the transfer and of the utility; proven."""
        return self._table().to_frame()

    def plot(self, ax: Axes | None = None, *, of: str | None = None) -> Axes:
        """A bar per type from the least to the most, proven; inside it what some menus reach, and the menu itself.

        Parameters
        ----------
        of : the name of a good, "transfer" or "utility"; by default the good where there is one, else the transfer

        Raises
        ------
        ProblemError
            If there is nothing of that name.

        Examples
        --------
        >>> from matplotlib.figure import Figure
        >>> from contracts import Box, solve_menu
        >>> menu = solve_menu([1.0, 2.0], [0.5, 0.5], domain=Box(0.0, 1.0), labels=("low", "high"))
        >>> ax = optimal_face(menu).plot(Figure().subplots(), of="transfer")
        >>> ax.get_ylabel(), [text.get_text() for text in ax.get_xticklabels()]
        ('transfer', ['low', 'high'])
        """
        return plot_face(self, ax, of=of)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON; ends that nothing is proven of are None."""
        parts = {"interval": self.proven, "reached": self.reached}
        return {
            "labels": list(self.menu.problem.labels),
            "goods": list(self.menu.problem.goods),
            "gap": self.gap,
            "floor": self.floor,
            "upper_bound": self.menu.upper_bound,
            "tolerance": self.tolerance,
            "rigorous": self.is_rigorous,
            **{f"{name}_{what}": _listed(getattr(ends, name)) for what, ends in parts.items() for name in Ends._fields},
            "unique": self.unique.tolist(),
            "always_binding": list(self.always_binding),
            "sometimes_binding": list(self.sometimes_binding),
        }

    def _table(self) -> Table:
        return face_table(self)

    # ---- inside ----

    @cached_property
    def _rooms(self) -> Array:
        """What each menu found leaves to each constraint; (n_constraints, n_menus)."""
        program = self.menu.problem.program
        return np.column_stack([self.slacks.at(program, *contracts_of(menu)) for menu in self.menus])

    @cached_property
    def _no_room(self) -> Array:
        """Room that counts as none; (n_constraints,)."""
        return self.tolerance * self.slacks.sizes(self.sizes.money)

    def _named(self, chosen: Truths) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.slacks.names[k] for k in np.flatnonzero(chosen).tolist()))


@checked(own=("exact",))
def optimal_face(
    menu: Menu, *, gap: float | None = None, exact: bool | None = None, tolerance: float = NARROW
) -> OptimalFace:
    """All menus worth as much as a menu that is (nearly) best: what they share, proven, and what some of them do.

    Parameters
    ----------
    menu : as solve_menu returns it
    gap : how far below the proven bound the others may be, relative to what menus are worth; by default four times the
        menu's own gap, and 1e-9 at least
    exact : whether ends that the menu's prices leave wide are looked for by programs, one each; False: the prices alone
        prove what they prove, in seconds for ten thousand types. By default programs are for up to 40 types
    tolerance : share of the largest amount, or sum of money, up to which an interval counts as a point

    Raises
    ------
    ProblemError
        If valuations are in doubt, the bound is on some menus alone, or the gap is smaller than the menu's own.

    Examples
    --------
    Two types who want one unit. Whoever sells to both at 1, or to the keener at 2, earns 1 from every second of them:

    >>> from contracts import Box, solve_menu
    >>> face = optimal_face(solve_menu([1.0, 2.0], [0.5, 0.5], domain=Box(0.0, 1.0), labels=("low", "high")))
    >>> face.allocation_interval.round(6)[:, 0]
    array([[0., 1.],
           [1., 1.]])
    >>> face.unique.T, face.always_binding
    (array([[False,  True]]), ('IC high -> low', 'IR low'))
    """
    problem = menu.problem
    _check_covered(menu)
    if exact is not None and not isinstance(exact, bool | np.bool_):
        raise ProblemError(f"exact is {type(exact).__name__}: give True, False, or leave it out")
    own = menu.certificate.relative_gap
    gap = max(LEAST_GAP, ROOM * own) if gap is None else number("gap", gap)
    if not 0 < gap <= 1 or gap < own:
        raise ProblemError(
            f"gap is {gap:g}: give a relative gap above 0 and at most 1, no smaller than the menu's own, "
            f"{max(own, 0.0):.1e}; or solve for a menu with a smaller one"
        )
    if not 0 < tolerance < 1:
        raise ProblemError(f"tolerance is {tolerance:g}: give a share between 0 and 1, such as {NARROW:g}")
    floor = menu.upper_bound - gap * menu.certificate.scale
    spare = spare_of(problem.program, menu.bound.multipliers, floor)
    sizes = _sizes(menu)
    onto, worth = _goods(problem), menu.certificate.scale
    allocation = allocation_ends(spare, onto, sizes.amounts, worth)
    utility, transfer = money_ends(spare, sizes.money, worth)
    proven, reached = Ends(allocation, utility, transfer), reached_by([menu])
    menus: tuple[Menu, ...] = (menu,)
    slacks = slacks_of(menu, spare, *contracts_of(menu), tolerance * sizes.money)
    slacks = slacks._replace(at_most=slacks.within(problem.program, proven, slacks.at_most))
    if problem.n_types <= FEW_TYPES if exact is None else exact:
        program = _program(menu, floor)
        proven, reached, slacks, menus = refined(menu, program, onto, proven, slacks, sizes, tolerance, gap)
    proven, reached = (Ends(*(part + 0.0 for part in ends)) for ends in (proven, reached))  # nothing is minus nothing
    return OptimalFace(menu, gap, floor, tolerance, proven, reached, menus, spare.rigorous, slacks, sizes)


def _check_covered(menu: Menu) -> None:
    if menu.problem.valuation_sets is not None:
        raise ProblemError(
            "optimal_face is for known valuations: leave uncertainty out, or solve the problem without it and compare"
        )
    if not menu.bound.among.is_every_menu:
        raise ProblemError(
            f"the bound is on {menu.bound.among} alone, and says nothing of others: ask about a menu of any kind"
        )
    if not math.isfinite(menu.upper_bound):
        raise ProblemError("nothing is proven of the menu's bound: solve the problem with solve_menu first")


def _program(menu: Menu, floor: float) -> FaceProgram:
    """The program of all menus on the face; refused where it would be too large."""
    problem = menu.problem
    most = MOST_ON_A_LINE if has_few_rows(problem.program) else MOST_TYPES
    if problem.n_types > most:
        raise ProblemError(
            f"{problem.n_types} types are too many for the programs that ends are looked for by, which are for up to "
            f"{most}: leave exact=False, and read what the prices prove"
        )
    program = problem.program
    if program.ambiguity is not None:  # no menu's worst case is better than its value at any one distribution
        program = program.under(menu.bound.multipliers.weights)
    return FaceProgram(program, floor, floor + AIM * max(menu.upper_bound - floor, 0.0))


def _goods(problem: ScreeningProblem) -> Array:
    """The problem's goods from those of its program, which may have one more for the outside option."""
    domain = problem.program.domain
    if not isinstance(domain, WithOutside):
        return np.eye(problem.n_goods)
    return np.column_stack([np.eye(problem.n_goods), problem.outside.allocation / domain.total])


def _sizes(menu: Menu) -> Sizes:
    """The largest amount of every good, and the largest rent or worth of an allocation; others where they are none."""
    problem = menu.problem
    amounts = np.abs(menu.allocation).max(axis=0)
    most = np.broadcast_to(problem.domain.magnitude(problem.n_goods), amounts.shape)
    amounts = np.where(amounts > 0, amounts, np.where(np.isfinite(most) & (most > 0), most, 1.0))
    rents = menu.information_rent[np.isfinite(menu.information_rent)]
    worth = np.abs((problem.valuations * menu.allocation).sum(axis=1))
    money = max(float(np.abs(rents).max(initial=0.0)), float(worth.max()))
    return Sizes(amounts, money if money > 0 else menu.certificate.scale)


def _counted(problem: ScreeningProblem, weights: Any) -> Array:
    """What a unit of each type's utility counts for; (n_types,)."""
    if weights is None:
        return np.asarray(problem.weights)
    if isinstance(weights, str):
        return np.asarray(np.arange(problem.n_types) == type_numbers("weights", weights, problem.labels, 1)[0], float)
    given = finite("weights", weights, problem.labels)
    if given.shape != (problem.n_types,):
        raise ProblemError(f"weights has shape {given.shape}; expected {(problem.n_types,)}, or the label of a type")
    if not given.any():
        raise ProblemError("weights are all zero: give some type a weight")
    return given


def _width(interval: Array) -> Array:
    with np.errstate(invalid="ignore"):
        return np.asarray(interval[..., 1] - interval[..., 0])


def _listed(values: Array) -> Any:
    """Nested lists, with None for what is infinite."""
    return np.where(np.isfinite(values), values.astype(object), None).tolist()  # type: ignore[call-overload]
