"""A Pareto front of menus: what can be had together, and how much better any other menu could be.

A point of an exact front maximises a weighted sum of its objectives, with positive weights, so nothing dominates it;
the bound that proves this cuts a half-space off for every menu there is. All half-spaces together are the outer
polyhedron of `contracts.front.sandwich`, and `gap` is its distance from mixtures of the points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from contracts.display.table import Table, Tabular
from contracts.errors import ProblemError
from contracts.front.goals.goal import measured
from contracts.front.goals.objectives import Concave, Sense
from contracts.front.sandwich import Sandwich, volumes
from contracts.inputs.annotations import function_of
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import limit, one_of, position
from contracts.menu.files import menu_from_dict
from contracts.menu.menu import Menu
from contracts.problem.objectives import WeightedSum
from contracts.problem.records import Saved, built_from_document, from_record, to_record
from contracts.problem.screening import ScreeningProblem
from contracts.readable import readable

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "menuwright/front/1"


@checked
@dataclass(frozen=True, eq=False)
class FrontPoint:
    """One menu of a front, and what it is worth by every objective.

    Examples
    --------
    >>> from contracts import Profit, Quadratic, ScreeningProblem, TotalSurplus, pareto_front
    >>> problem = ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    >>> point = pareto_front(problem, [Profit(), TotalSurplus()], gap=0.1).point(0)
    >>> {name: round(value, 3) for name, value in point.values.items()}, point.menu.certificate.holds
    ({'profit': 0.667, 'total surplus': 0.834}, True)
    """

    index: int  # into the points and menus of the front
    values: dict[str, float]
    menu: Menu

    def __str__(self) -> str:
        worth = ", ".join(f"{readable(name)} {value:.6g}" for name, value in self.values.items())
        return f"menu {self.index} of the front: {worth}\n{self.menu}"

    __repr__ = __str__


@checked(own=("limits",))
@dataclass(frozen=True, eq=False, repr=False)
class Front(Tabular, Saved):
    """Menus none of which is better than another in everything.

    Attributes
    ----------
    problem : what all menus are for; each menu's own problem has the objective that the menu maximises
    names, senses : of the objectives, "max" or "min"
    points : (n_points, n_objectives) what every menu is worth, in the objectives' own units and senses
    menus : one Menu per point, with its certificate
    weights : (n_points, n_objectives) the sum of normalised objectives that each menu maximises; 0 where searched for
    ideal, nadir : (n_objectives,) best and worst value on the front; objectives are normalised by their distance
    unit : (n_objectives,) that distance, or a natural size where an objective is in no conflict with others
    support_weights, support_bounds : half-spaces weights . (sense * point) <= bound that no menu leaves; own units
    requested_gap : the gap that was asked for; infinite for a front that was searched for
    is_finished : False where a time limit or an interrupt stopped it
    method : "exact" or "search"
    forms : the concave forms of the objectives, None for other functions of a menu
    """

    problem: ScreeningProblem
    names: tuple[str, ...]
    senses: tuple[Sense, ...]
    points: Array
    menus: tuple[Menu, ...]
    weights: Array
    ideal: Array
    nadir: Array
    unit: Array
    support_weights: Array
    support_bounds: Array
    requested_gap: float
    is_finished: bool
    method: str
    forms: tuple[Concave | None, ...]

    def __len__(self) -> int:
        return len(self.menus)

    # ---- how good it is ----

    @cached_property
    def normalised(self) -> Array:
        """Points where every objective is to be maximised, 1 at the ideal and 0 one unit below it; (n_points, m).

        That is the nadir, unless the objective is in no conflict with the others.
        """
        return np.asarray(1.0 - self._signs * (self.ideal - self.points) / self.unit)

    @cached_property
    def gap(self) -> float:
        """How much better a menu off the front could be in every objective at once, as a share of ideal less nadir.

        For every menu of the problem there is a mixture of the front's menus that is at least as good in all
        objectives, up to `gap` units of each. Infinite for fronts that were searched for: nothing is proven there.
        """
        if not len(self.support_bounds):
            return np.inf
        return max(float(self._sandwich.distances().amounts[0]), 0.0)

    @property
    def holds(self) -> bool:
        """Whether the gap is within what was asked, and the certificate of every menu holds."""
        certified = all(menu.certificate.holds for menu in self.menus)
        return certified and (self.gap <= self.requested_gap or self.method == "search")

    @cached_property
    def hypervolume(self) -> float:
        """Share of the box from nadir to ideal that the points dominate; it ends one unit below the ideal."""
        from pymoo.indicators.hv import Hypervolume

        return float(Hypervolume(ref_point=np.zeros(len(self.names)))(-np.maximum(self.normalised, 0.0)))

    @cached_property
    def hypervolume_interval(self) -> tuple[float, float]:
        """What the whole front, every menu there is, dominates of that box: proven bounds from below and above.

        From below by mixtures of the menus found, which are dominated by menus because the objectives are concave.
        """
        if not len(self.support_bounds):
            return self.hypervolume, np.inf
        sandwich = self._sandwich
        return volumes(np.maximum(sandwich.points, 0.0), sandwich.weights, sandwich.bounds)

    # ---- asking it ----

    def point(self, index: int) -> FrontPoint:
        """The menu of this number with its values."""
        position("index", index, len(self), "menus")
        return FrontPoint(
            int(index), dict(zip(self.names, self.points[index].tolist(), strict=True)), self.menus[index]
        )

    def best(self, name: str) -> FrontPoint:
        """The menu that is best by one objective."""
        return self.point(int(np.argmax(self.normalised[:, self._column(name)])))

    def knee(self) -> FrontPoint:
        """The menu that bulges most: farthest above the plane through the ends of the front (Das 1999)."""
        ends = self.normalised[self.normalised.argmax(axis=0)]
        try:
            direction = np.linalg.solve(ends, np.ones(len(self.names)))
        except np.linalg.LinAlgError:
            direction = np.ones(len(self.names))
        if not np.all(direction > 0):  # the ends of more than two objectives may span no plane that faces the ideal
            direction = np.ones(len(self.names))
        return self.point(int(np.argmax(self.normalised @ direction)))

    def closest(self, target: Any) -> FrontPoint:
        """The menu closest to wanted values, in normalised units.

        Parameters
        ----------
        target : {name: value} for some of the objectives, or one value per objective, in their own units
        """
        if not isinstance(target, Mapping):
            wanted = finite("target", target)
            if wanted.shape != (len(self.names),):
                raise ProblemError(f"target has shape {wanted.shape}; expected one value for each of {self.names}")
            target = dict(zip(self.names, wanted.tolist(), strict=True))
        if not target:
            raise ProblemError("target names no objective: give a value for at least one, such as {'profit': 1.0}")
        columns = [self._column(name) for name in target]
        aim = np.array([number(f"target[{name!r}]", value) for name, value in target.items()])
        away = (self.points[:, columns] - aim) / self.unit[columns]
        return self.point(int(np.argmin((away**2).sum(axis=1))))

    def filter(self, limits: Mapping[str, tuple[float | None, float | None]] | Callable[[FrontPoint], bool]) -> Front:
        """The front of the menus within limits, {name: (lowest, highest)}, or of those that a function accepts.

        Ideal, nadir and half-spaces stay what they are, so the gap of what is left is larger.
        """
        if isinstance(limits, Mapping):
            kept = np.ones(len(self), dtype=bool)
            for name, pair in limits.items():
                if not (isinstance(pair, tuple | list) and len(pair) == 2):
                    raise ProblemError(
                        f"the limits of {name!r} are {pair!r}: give (lowest, highest), None for no limit"
                    )
                values = self.points[:, self._column(name)]
                kept &= values >= (-np.inf if pair[0] is None else limit(f"the lower limit of {name!r}", pair[0]))
                kept &= values <= (np.inf if pair[1] is None else limit(f"the upper limit of {name!r}", pair[1]))
        else:
            accepts = function_of(1).take("limits", limits)
            kept = np.array([bool(accepts(self.point(k))) for k in range(len(self))])
        if not kept.any():
            raise ProblemError("no menu of the front is within these limits: widen them, or ask for closest(...)")
        menus = tuple(menu for menu, keep in zip(self.menus, kept, strict=True) if keep)
        return replace(self, points=self.points[kept], menus=menus, weights=self.weights[kept])

    # ---- showing it ----

    def _table(self) -> Table:
        from contracts.front.text import front_table

        return front_table(self)

    def to_frame(self) -> pd.DataFrame:
        """One row per menu: its objectives, the weights it maximises, its number of options, if it is certified."""
        pd = pandas()
        columns: dict[str, Any] = {name: self.points[:, k] for k, name in enumerate(self.names)}
        columns |= {f"weight of {name}": self.weights[:, k] for k, name in enumerate(self.names)}
        columns["options"] = [len(menu.options.transfers) for menu in self.menus]
        columns["certificate holds"] = [menu.certificate.holds for menu in self.menus]
        return pd.DataFrame(columns, index=pd.RangeIndex(len(self), name="menu"))

    def plot(self, ax: Any = None, *, kind: str = "auto") -> Any:
        """Draw the front; kinds are '2d', '3d', 'parallel', 'matrix' and 'auto'. Returns the axes."""
        from contracts.front.picture import plot_front

        return plot_front(self, ax, kind=kind)

    def _explorer_html_(self) -> str:
        """The front to look into on a web page, as HTML: points that say which menu they are."""
        from contracts.front.page import front_html

        return front_html(self)

    # ---- keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; floats survive to the bit. The problem stands once, for all menus."""
        return {
            "schema": SCHEMA,
            "method": self.method,
            "names": list(self.names),
            "senses": list(self.senses),
            "gap": _number(self.gap),
            "requested_gap": _number(self.requested_gap),
            "is_finished": self.is_finished,
            "holds": self.holds,
            "hypervolume": self.hypervolume,
            "hypervolume_interval": [_number(limit) for limit in self.hypervolume_interval],
            "points": self.points.tolist(),
            "weights": self.weights.tolist(),
            "ideal": self.ideal.tolist(),
            "nadir": self.nadir.tolist(),
            "unit": self.unit.tolist(),
            "support_weights": self.support_weights.tolist(),
            "support_bounds": self.support_bounds.tolist(),
            "forms": [form and {"sum": to_record(form.sum), "constant": form.constant} for form in self.forms],
            "problem": to_record(self.problem),
            "menus": [_without_problem(menu) for menu in self.menus],
        }

    # ---- inside ----

    @property
    def _signs(self) -> Array:
        return signs(self.senses)

    @property
    def _sandwich(self) -> Sandwich:
        weights = self.support_weights * self.unit
        bounds = self.support_bounds - self.support_weights @ (self._signs * self.ideal - self.unit)
        size = weights.sum(axis=1)
        return Sandwich(self.normalised, weights / size[:, np.newaxis], bounds / size)

    def _column(self, name: str) -> int:
        return one_of("objective", name, self.names, "objectives")


def signs(senses: tuple[Sense, ...]) -> Array:
    """+1 for objectives to be maximised, -1 for others."""
    return np.array([1.0 if sense == "max" else -1.0 for sense in senses])


@checked
def load_front(path: str | Path) -> Front:
    """Read a front that `Front.save` wrote. Certificates, and the values of concave objectives, are computed anew.

    Raises
    ------
    ProblemError
        If the file is not such a front, or was edited.

    Examples
    --------
    >>> import tempfile
    >>> from contracts import Profit, Quadratic, ScreeningProblem, TotalSurplus, pareto_front
    >>> problem = ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    >>> front = pareto_front(problem, [Profit(), TotalSurplus()], gap=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_front(front.save(Path(folder) / "front.json"))
    >>> bool((again.ideal == front.ideal).all()), len(again) == len(front)
    (True, True)
    """
    return built_from_document(path, SCHEMA, "Front.save", _front_from, "front")


def _front_from(record: dict[str, Any]) -> Front:
    problem = from_record(ScreeningProblem, record["problem"])
    menus = tuple(
        menu_from_dict({**menu, "problem": {**record["problem"], "objective": menu["objective"]}})
        for menu in record["menus"]
    )
    forms = tuple(
        form
        and Concave(from_record(WeightedSum, form["sum"], "forms").terms(problem.valuations.shape), form["constant"])
        for form in record["forms"]
    )
    count, senses = len(record["names"]), tuple(record["senses"])
    points = finite("points", record["points"]).reshape(len(menus), count)
    for k, form in enumerate(forms):
        if form is not None:
            known = np.array([measured(form, senses[k], menu) for menu in menus])
            if not np.array_equal(known, points[:, k]):
                raise ProblemError(f"points of {record['names'][k]!r} are not what the menus are worth: save it again")
    gap = record["requested_gap"]
    return Front(
        problem,
        tuple(record["names"]),
        senses,
        points,
        menus,
        finite("weights", record["weights"]).reshape(points.shape),
        finite("ideal", record["ideal"]).reshape(count),
        finite("nadir", record["nadir"]).reshape(count),
        finite("unit", record["unit"]).reshape(count),
        finite("support_weights", record["support_weights"]).reshape(-1, count),
        finite("support_bounds", record["support_bounds"]).reshape(-1),
        np.inf if gap is None else number("requested_gap", gap),
        bool(record["is_finished"]),
        record["method"],
        forms,
    )


def _without_problem(menu: Menu) -> dict[str, Any]:
    record = menu.to_dict()
    return {"objective": to_record(menu.problem.objective), **{k: v for k, v in record.items() if k != "problem"}}


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
