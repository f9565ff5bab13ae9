"""From weights of attributes to valuations of policies, and to one problem for several groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, eager, finite, is_frame, number
from contracts.inputs.door import checked
from contracts.inputs.names import column_names, type_names
from inference.language.utilities.offline import read_utilities
from inference.language.utilities.reading import UtilityReader, UtilityReading

if TYPE_CHECKING:
    from contracts.problem.screening import ScreeningProblem


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
    reading: UtilityReading, policies: Any, weights: Any, scale: float, confidence: float, design: dict[str, Any]
) -> ScreeningProblem:
    """Groups as types; goods are the policies, or the attributes themselves."""
    from contracts.problem.screening import ScreeningProblem
    from contracts.problem.uncertainty import Ellipsoid

    scale = number("scale", scale)
    if not scale > 0:
        raise ProblemError(f"scale is {scale}: give the money, or reward, that all attributes together are worth")
    confidence = number("confidence", confidence)
    if not 0 <= confidence < 1:
        raise ProblemError(f"confidence is {confidence}: give a probability below 1, or 0 to take words at their mean")
    table = PolicyTable(np.eye(len(reading.attributes)), reading.attributes)
    if policies is not None:
        table = policy_table(policies, reading.attributes)
    if confidence and "uncertainty" not in design:
        design = {**design, "uncertainty": Ellipsoid(factors(reading, table.levels, confidence) * scale)}
    if table.names is not None:
        design = {"goods": table.names, **design}
    valuations = scale * reading.weights @ table.levels.T
    return ScreeningProblem(valuations, weights, **{"labels": reading.labels, **design})


def factors(reading: UtilityReading, levels: Array, confidence: float) -> Array:
    """Matrices L of the ellipsoids {L z : |z| <= 1} that hold a group's valuations with this probability.

    The weights' covariance is taken as that of a normal; sizes of weights sum to one, so it has a direction less than
    there are attributes. (n_texts, n_goods, n_goods)
    """
    from scipy.stats import chi2

    covariance = levels @ reading.covariance @ levels.T
    values, vectors = np.linalg.eigh(covariance)
    rank = min(len(reading.attributes) - 1, len(levels))
    radius = float(np.sqrt(chi2.ppf(confidence, rank)))
    return np.asarray(radius * (vectors * np.sqrt(np.maximum(values, 0.0))[:, np.newaxis, :]))


@checked(own=("texts", "attributes", "policies"))
def screening_problem_from_texts(
    texts: Any,
    attributes: Any,
    policies: Any = None,
    *,
    weights: Any = None,
    scale: float = 1.0,
    confidence: float = 0.8,
    reader: UtilityReader | None = None,
    **design: Any,
) -> ScreeningProblem:
    """One problem whose types are groups that said in words what they want.

    The valuation of a group is what its words are expected to mean. How vague they are becomes its `uncertainty`: an
    ellipsoid that holds what it may want with the stated confidence, for every member of which IC and IR hold. Groups
    whose ellipsoids overlap cannot be told apart, and the menu pools them: say more, or ask for less confidence.

    Parameters
    ----------
    texts : mapping from names of groups to a text, or to a list of texts by its members; or a list of texts
    attributes : as for `read_utilities`
    policies : (n_policies, n_attributes) table, frame, or mapping from names to {attribute: level}, which are then the
        goods; if left out, the attributes are
    weights : (n_groups,) shares of the groups; equal if left out
    scale : money, or reward, that a policy is worth which has all of everything (1)
    confidence : probability of a group's ellipsoid, from the normal of its weights; 0 takes words at their mean
    reader : the offline reader by default
    **design : further fields of `ScreeningProblem`: cost, domain, transfers, objective and so on

    Raises
    ------
    ProblemError
        If texts, attributes, policies or design do not fit.

    Examples
    --------
    >>> from contracts import Quadratic, solve_menu
    >>> said = {"savers": "Price is four times as important as speed.", "gamers": "20% price, 80% speed."}
    >>> problem = screening_problem_from_texts(said, ["price", "speed"], scale=10, cost=Quadratic())
    >>> problem.labels, problem.valuations.round(1).tolist()
    (('savers', 'gamers'), [[7.9, 2.1], [2.0, 8.0]])
    >>> solve_menu(problem).certificate.holds
    True
    """
    reading = read_utilities(texts, attributes, reader=reader)
    return problem_of_reading(reading, policies, weights, scale, confidence, design)
