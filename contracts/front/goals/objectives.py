"""What menus are compared by: objectives as data, each with a name, a sense and, where it is concave, its terms.

An objective is concave if, in the direction that is wanted, it is a `WeightedSum` of the allocations and utilities of
a menu, plus a constant. Fronts between concave objectives are exact; any other function of a menu is searched for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.problem.objectives import WeightedSum
from contracts.problem.screening import ScreeningProblem

if TYPE_CHECKING:
    from contracts.menu.menu import Menu

Sense = Literal["max", "min"]
Group = Any  # the label of one type or good, a list of several, or None for all


@dataclass(frozen=True, eq=False)
class Concave:
    """sense * objective = sum + constant: what to maximise, concave in allocations and utilities."""

    sum: WeightedSum
    constant: float = 0.0


@checked
@dataclass(frozen=True)
class Surplus:
    """Mean utility of the agents of a group: one type by its label, several, or everybody."""

    group: Group = None
    sense: ClassVar[Sense] = "max"

    @property
    def name(self) -> str:
        return _named("surplus", self.group)

    def concave(self, problem: ScreeningProblem) -> Concave:
        return Concave(WeightedSum(utility_weights=membership(problem, self.group, self.name)))


@checked
@dataclass(frozen=True)
class TotalSurplus:
    """Profit and everybody's utility together."""

    name: str = "total surplus"
    sense: ClassVar[Sense] = "max"

    def concave(self, problem: ScreeningProblem) -> Concave:
        return Concave(WeightedSum(profit_weight=1.0, utility_weights=1.0))


@checked
@dataclass(frozen=True)
class Misalignment:
    """How much better the allocation that a group likes best would be for it than what it gets; a mean, in money.

    max over y in X of a_i . y, less a_i . x_i: what is done counts, not what is paid. The domain must be bounded
    where the group wants more.

    Examples
    --------
    Where everybody has all that there is, a seller earns nothing, and where it earns most it denies much:

    >>> from contracts import Box, Profit, Quadratic, ScreeningProblem, pareto_front
    >>> problem = ScreeningProblem([1.0, 2.0], cost=Quadratic(), domain=Box(0.0, 2.0))
    >>> front = pareto_front(problem, [Profit(), Misalignment()], gap=0.2)
    >>> front.ideal.round(2) + 0.0, front.nadir.round(2) + 0.0
    (array([1., 0.]), array([0.  , 0.99]))
    """

    group: Group = None
    sense: ClassVar[Sense] = "min"

    @property
    def name(self) -> str:
        return _named("misalignment", self.group)

    def concave(self, problem: ScreeningProblem) -> Concave:
        share = membership(problem, self.group, self.name)
        best = problem.domain.support(problem.valuations)
        with np.errstate(invalid="ignore"):
            liked = np.where(problem.valuations == 0, 0.0, problem.valuations * best).sum(axis=1)
        if not np.isfinite(liked[share > 0]).all():
            raise ProblemError(
                f"{self.name} has no best allocation to compare with, the domain is unbounded: use a Box or a Simplex"
            )
        constant = -float(problem.weights @ np.where(share > 0, share * liked, 0.0))
        return Concave(WeightedSum(allocation_values=share[:, np.newaxis] * problem.valuations), constant)


@checked
@dataclass(frozen=True, eq=False)
class Harm:
    """Expected harm: what one unit of every good does, (n_goods,), or does with every type, (n_types, n_goods).

    Examples
    --------
    A good of which every unit pollutes: the best menu of a seller who does not care, and the cleanest one:

    >>> from contracts import Profit, Quadratic, ScreeningProblem, pareto_front
    >>> problem = ScreeningProblem([1.0, 2.0], cost=Quadratic())
    >>> front = pareto_front(problem, [Profit(), Harm([1.0], name="pollution")], gap=0.2)
    >>> front.names, front.ideal.round(2) + 0.0, front.nadir.round(2) + 0.0
    (('profit', 'pollution'), array([1., 0.]), array([0.  , 0.99]))
    """

    vector: Any
    name: str = "harm"
    sense: ClassVar[Sense] = "min"

    def __post_init__(self) -> None:
        object.__setattr__(self, "vector", finite(f"{self.name} vector", self.vector))

    def concave(self, problem: ScreeningProblem) -> Concave:
        shape = problem.valuations.shape
        if self.vector.shape not in (shape, shape[1:]):
            raise ProblemError(f"{self.name} has shape {self.vector.shape}; expected {shape[1:]} or {shape}")
        return Concave(WeightedSum(allocation_values=-self.vector))


@checked
@dataclass(frozen=True)
class Access:
    """Mean amount that the agents of a group get, of all goods together or of those that are named."""

    group: Group = None
    goods: Group = None
    sense: ClassVar[Sense] = "max"

    @property
    def name(self) -> str:
        return _named("access", self.group) + ("" if self.goods is None else f" to {_listed(self.goods)}")

    def concave(self, problem: ScreeningProblem) -> Concave:
        counted = _chosen(self.goods, problem.goods, "good", self.name)
        share = membership(problem, self.group, self.name)
        return Concave(WeightedSum(allocation_values=share[:, np.newaxis] * counted))


@checked
@dataclass(frozen=True)
class Inequality:
    """Gini coefficient of information rents: 0 if all agents gain the same, near 1 if few gain everything.

    Examples
    --------
    Of two equally many types only one has a rent:

    >>> from contracts import Quadratic, solve_menu
    >>> menu = solve_menu([2.0, 3.0], [0.5, 0.5], cost=Quadratic())
    >>> menu.information_rent.round(6), round(Inequality().value(menu), 6)
    (array([0., 1.]), 0.5)
    """

    name: str = "inequality"
    sense: ClassVar[Sense] = "min"

    def value(self, menu: Menu) -> float:
        weights, rents = menu.problem.weights, menu.information_rent
        order = np.argsort(rents, kind="stable")
        share, rent = weights[order] / weights.sum(), np.maximum(rents[order], 0.0)  # IR is exact, its float is not
        mean = float(share @ rent)
        if mean == 0:
            return 0.0
        below = np.cumsum(share) - share / 2  # E|r - r'| = 2 sum_i f_i r_i (2 F_i - 1)
        return float((share * rent) @ (2 * below - 1)) / mean


@checked
@dataclass(frozen=True)
class Information:
    """Mutual information between an agent's type and its choice from the menu, in nats.

    How much a choice tells about who chose. `choice_model` is any object with `probabilities(utility)` or
    `log_likelihood(utility)`, (n_types, n_options) to the same shape, such as the choice models of `inference`; the
    outside option is one of the options.

    Examples
    --------
    Everybody takes the own contract nearly always, or errs often:

    >>> from contracts import Quadratic, solve_menu
    >>> from inference import Logit
    >>> menu = solve_menu([2.0, 3.0], [0.5, 0.5], cost=Quadratic())
    >>> [round(Information(Logit(temperature)).value(menu), 3) for temperature in (0.1, 1.0)]
    [0.346, 0.116]
    """

    choice_model: Any
    name: str = "information"
    sense: Sense = "max"

    def __post_init__(self) -> None:
        known = hasattr(self.choice_model, "probabilities") or hasattr(self.choice_model, "log_likelihood")
        if isinstance(self.choice_model, type) or not known:
            raise ProblemError(
                "Information needs a choice model, an object with probabilities(utility) or log_likelihood(utility): "
                "pass inference.Logit(temperature=...)"
            )

    def value(self, menu: Menu) -> float:
        if menu.problem.mimics is not None:
            raise ProblemError("Information is for types who choose from one list of options: leave mimics out")
        utility = np.column_stack([menu.option_utility, menu.problem.reservation_utility])
        if hasattr(self.choice_model, "probabilities"):
            chosen = np.asarray(self.choice_model.probabilities(utility))
        else:
            chosen = np.exp(self.choice_model.log_likelihood(utility))
        joint = chosen * (menu.problem.weights / menu.problem.weights.sum())[:, np.newaxis]
        independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0)
        positive = joint > 0
        return max(float(np.sum(joint[positive] * np.log(joint[positive] / independent[positive]))), 0.0)


@checked
@dataclass(frozen=True)
class NumberOfOptions:
    """How many contracts the menu offers, the outside option not counted: simple menus are better."""

    name: str = "number of options"
    sense: ClassVar[Sense] = "min"

    def value(self, menu: Menu) -> float:
        return float(len(menu.options.transfers))


@checked(own=("function",))
@dataclass(frozen=True)
class Criterion:
    """Any function of a menu as an objective.

    Examples
    --------
    >>> Criterion("lowest transfer", lambda menu: float(menu.transfer.min()), sense="min").name
    'lowest transfer'
    """

    name: str
    function: Callable[[Menu], float]
    sense: Sense = "max"

    def __post_init__(self) -> None:
        check_sense(self)
        if not callable(self.function):
            raise ProblemError(f"objective {self.name!r} has function {self.function!r}: give a function of a menu")

    def value(self, menu: Menu) -> float:
        found = self.function(menu)
        try:
            return float(found)
        except (TypeError, ValueError) as exc:
            raise ProblemError(f"objective {self.name!r} is {found!r} at a menu: give a function to numbers") from exc


def check_sense(objective: Any) -> None:
    """Refuse a sense that is none."""
    if objective.sense not in ("max", "min"):
        raise ProblemError(f"objective {objective.name!r} has sense {objective.sense!r}: use 'max' or 'min'")


def membership(problem: ScreeningProblem, group: Group, what: str) -> Array:
    """1 / (share of the group) for its types, 0 for others: turns a sum over all into the group's mean; (n_types,)."""
    inside = _chosen(group, problem.labels, "type", what)
    return np.asarray(inside / float(problem.weights @ inside))


def _chosen(names: Group, known: Sequence[str], noun: str, what: str) -> Array:
    if names is None:
        return np.ones(len(known))
    wanted = [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        shown = ", ".join(repr(name) for name in list(known)[:8])
        missing = f"no {noun} {unknown[0]!r}" if unknown else f"an empty group of {noun}s"
        raise ProblemError(f"objective {what!r} names {missing}: there are {shown}")
    return np.array([float(name in wanted) for name in known])


def _named(what: str, group: Group) -> str:
    return what if group is None else f"{what} of {_listed(group)}"


def _listed(group: Any) -> str:
    return " and ".join(map(str, group)) if isinstance(group, Iterable) and not isinstance(group, str) else str(group)
