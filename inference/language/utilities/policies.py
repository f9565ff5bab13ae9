"""From weights of attributes to valuations of policies, and to one problem for several groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, eager, finite, is_frame, number
from contracts.inputs.names import column_names, type_names
from inference.language.utilities.demands import Lined, rows_of_lines

if TYPE_CHECKING:
    from contracts.problem.screening import ScreeningProblem


class Weighed(Lined, Protocol):
    """What a reading says of weights, a row per text."""

    @property
    def log_mean(self) -> Array:
        """(n_texts, n_attributes)."""

    @property
    def log_covariance(self) -> Array:
        """(n_texts, n_attributes, n_attributes)."""

    @property
    def weights(self) -> Array:
        """(n_texts, n_attributes)."""

    @property
    def covariance(self) -> Array:
        """Of the weights, (n_texts, n_attributes, n_attributes)."""


class PolicyTable(NamedTuple):
    """Levels of attributes, (n_policies, n_attributes), and names of the policies if somebody gave them."""

    levels: Array
    names: tuple[str, ...] | None


def policy_table(policies: Any, attributes: tuple[str, ...]) -> PolicyTable:
    """A table of policies by attributes from an array, a frame or a mapping, its columns in this order.

    Raises
    ------
    ProblemError
        If a policy lacks an attribute, or shapes do not fit.

    Examples
    --------
    >>> policy_table({"strict": {"speed": 0.2, "price": 1}}, ("price", "speed"))
    PolicyTable(levels=array([[1. , 0.2]]), names=('strict',))
    """
    names: tuple[str, ...] | None = None
    if isinstance(policies, Mapping):
        names = tuple(map(str, policies))
        levels = _of_mapping(policies, attributes)
    elif is_frame(policies):
        columns = column_names(policies) or ()
        for attribute in attributes:
            if attribute not in columns:
                raise ProblemError(f"policies lack the column {attribute!r}; they have {', '.join(columns)}")
        frame = eager(policies)
        levels = np.column_stack([finite(f"policies {a}", frame[a].to_numpy()) for a in attributes])
        names = type_names(policies)
    else:
        levels = finite("policies", policies)
    if levels.ndim != 2 or levels.shape[1] != len(attributes) or not len(levels):
        raise ProblemError(
            f"policies has shape {levels.shape}; expected a row per policy and {len(attributes)} attributes"
        )
    return PolicyTable(finite("policies", levels), names)


def _of_mapping(policies: Mapping[Any, Any], attributes: tuple[str, ...]) -> Array:
    rows = []
    for name, levels in policies.items():
        if not isinstance(levels, Mapping):
            raise ProblemError(
                f"policies[{name!r}] is {levels!r}: give its level of each attribute, {{attribute: level}}"
            )
        for attribute in attributes:
            if attribute not in levels:
                raise ProblemError(
                    f"policies[{name!r}] lacks {attribute!r}: give every policy a level of every attribute"
                )
        for attribute in levels:
            if attribute not in attributes:
                raise ProblemError(f"policies[{name!r}] has {attribute!r}, which is not among the attributes")
        rows.append([number(f"policies[{name!r}][{a!r}]", levels[a]) for a in attributes])
    return np.array(rows).reshape(len(rows), len(attributes))


def problem_of_reading(
    reading: Weighed,
    policies: Any,
    weights: Any,
    scale: float,
    level: float,
    veto_level: float | None,
    design: dict[str, Any],
) -> ScreeningProblem:
    """Groups as types; goods are the policies, or the attributes themselves."""
    from contracts.problem.screening import ScreeningProblem
    from contracts.problem.uncertainty import Ellipsoid

    scale = number("scale", scale)
    if not scale > 0:
        raise ProblemError(f"scale is {scale}: give the money, or reward, that all attributes together are worth")
    level = number("level", level)
    if not 0 <= level < 1:
        raise ProblemError(f"level is {level}: give a probability below 1, or 0 to take words at their mean")
    table = PolicyTable(np.eye(len(reading.attributes)), reading.attributes)
    if policies is not None:
        table = policy_table(policies, reading.attributes)
    if level and "uncertainty" not in design:
        design = {**design, "uncertainty": Ellipsoid(factors(reading, table.levels, level) * scale)}
    if table.names is not None:
        design = {"goods": table.names, **design}
    if veto_level is not None:
        rows = rows_of_lines(reading, None if policies is None else table.levels, number("veto_level", veto_level))
        design = {**design, "constraints": (*design.get("constraints", ()), *rows)}
    valuations = scale * reading.weights @ table.levels.T
    return ScreeningProblem(valuations, weights, **{"labels": reading.labels, **design})


def factors(reading: Weighed, levels: Array, level: float) -> Array:
    """Matrices L of the ellipsoids {L z : |z| <= 1} that hold a group's valuations with this probability.

    The weights' covariance is taken as that of a normal; sizes of weights sum to one, so it has a direction less than
    there are attributes. (n_texts, n_goods, n_goods)
    """
    from scipy.stats import chi2

    covariance = levels @ reading.covariance @ levels.T
    values, vectors = np.linalg.eigh(covariance)
    rank = min(len(reading.attributes) - 1, len(levels))
    radius = float(np.sqrt(chi2.ppf(level, rank)))
    return np.asarray(radius * (vectors * np.sqrt(np.maximum(values, 0.0))[:, np.newaxis, :]))
