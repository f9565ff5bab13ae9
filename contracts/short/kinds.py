"""What is asked of a short menu becomes a kind of menus, or is refused with what to do instead."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from contracts.display.numbers import plural
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite
from contracts.problem.domains import Box, Polyhedron, Simplex
from contracts.problem.screening import ScreeningProblem
from contracts.proof.kinds import Kind

MOST_CORNERS = 4096  # of a domain that are listed
PAIR = "give a pair (allocations, transfers), such as menu.options"


def kind_of(problem: ScreeningProblem, max_options: int | None, deterministic: Any, fixed_options: Any) -> Kind:
    """The menus among which the best one is asked for; see `solve_menu`.

    Raises
    ------
    ProblemError
        If the numbers make no sense for the problem, or the problem is not one that short menus are found for.
    """
    allocations = _allocations(problem, deterministic)
    kind = Kind(max_options, allocations, _fixed(problem, fixed_options))
    if kind.is_every_menu:
        return kind
    if max_options is not None and max_options > problem.n_types:
        raise ProblemError(
            f"max_options is {max_options}, but there are {plural(problem.n_types, 'type')}, and no menu needs more "
            f"options than types: give at most {problem.n_types}, or leave it out"
        )
    if max_options is not None and kind.fixed is not None and len(kind.fixed) > max_options:
        raise ProblemError(
            f"fixed_options has {plural(len(kind.fixed), 'option')}, which count among the max_options={max_options}: "
            f"raise max_options to {len(kind.fixed)} or more, or fix fewer"
        )
    reason = reason_against(problem)
    if reason is not None:
        raise ProblemError(f"max_options, deterministic and fixed_options do not go with {reason}")
    return kind


def reason_against(problem: ScreeningProblem) -> str | None:
    """What of a problem short menus are not found for, and what to do; None if there is nothing."""
    terms = problem.terms
    if problem.ambiguity is not None:
        return "ambiguity: solve for known weights, ambiguity=None, and ask contracts.regret what that costs"
    if problem.uncertainty is not None:
        return "uncertainty about valuations: solve for known ones, uncertainty=None"
    if problem.mimics is not None:
        return "mimics, where contracts are meant for types: let everybody take every option, mimics=None"
    if problem.constraints:
        return "constraints over the whole menu: leave them out, constraints=()"
    if not terms.is_linear or terms.minimum_profit is not None:
        return (
            "an objective that is not linear in allocations and utilities: use Profit(), or WeightedSum without "
            "welfare function, worst_off_weight and minimum_profit"
        )
    return None


def _allocations(problem: ScreeningProblem, deterministic: Any) -> Array | None:
    """The list of allocations that `deterministic` stands for; None where any of the domain will do."""
    if deterministic is None or isinstance(deterministic, bool | np.bool_):
        return _corners(problem) if deterministic else None
    given = finite("deterministic", deterministic)
    if given.ndim == 1 and problem.n_goods == 1:
        given = given[:, np.newaxis]
    if given.ndim != 2 or given.shape[1] != problem.n_goods or not len(given):
        raise ProblemError(
            f"deterministic has shape {given.shape}; expected (n_allocations, {problem.n_goods}), at least one row, "
            "or True for the corners of the domain"
        )
    _check_inside("deterministic", problem, given)
    return np.unique(given, axis=0)


def _corners(problem: ScreeningProblem) -> Array:
    """All whole allocations: the corners of a box or a simplex."""
    domain, n_goods = problem.domain, problem.n_goods
    if isinstance(domain, Simplex):
        corners = np.eye(n_goods)
        return np.vstack([np.zeros(n_goods), corners]) if domain.free_disposal else corners
    if not isinstance(domain, Box) or not domain.bounded:
        what = "a polyhedron's are not listed" if isinstance(domain, Polyhedron) else "this domain has no end"
        raise ProblemError(
            f"deterministic=True asks for the corners of a bounded Box or a Simplex, and {what}: give the allocations "
            "that may be offered, deterministic=[...]"
        )
    ends = [sorted({float(low), float(high)}) for low, high in zip(*domain.ends(n_goods), strict=True)]
    if math.prod(map(len, ends)) > MOST_CORNERS:
        raise ProblemError(
            f"deterministic=True asks for the corners of a box of {n_goods} goods, more than {MOST_CORNERS}: give the "
            "allocations that may be offered, deterministic=[...]"
        )
    return np.array(list(itertools.product(*ends)))


def _fixed(problem: ScreeningProblem, given: Any) -> Array | None:
    """Options that stay, (n, n_goods + 1) with their transfers last; None for none."""
    if given is None:
        return None
    if isinstance(given, str | bytes | dict | set):
        raise ProblemError(f"fixed_options is {type(given).__name__}: {PAIR}")
    try:
        first, second = given
    except (TypeError, ValueError) as exc:
        raise ProblemError(f"fixed_options is {type(given).__name__}: {PAIR}") from exc
    allocations = finite("fixed_options, allocations,", first)
    transfers = finite("fixed_options, transfers,", second)
    if allocations.ndim == 1 and problem.n_goods == 1:
        allocations = allocations[:, np.newaxis]
    if allocations.shape != (len(transfers) if transfers.ndim else -1, problem.n_goods) or transfers.ndim != 1:
        raise ProblemError(
            f"fixed_options has allocations of shape {allocations.shape} and transfers of shape {transfers.shape}: "
            f"expected (n, {problem.n_goods}) and (n,)"
        )
    _check_inside("fixed_options, allocations,", problem, allocations)
    lowest, highest = problem.limits_by_type
    wrong = np.flatnonzero((transfers < lowest.max()) | (transfers > highest.min()))
    if wrong.size:
        raise ProblemError(
            f"fixed_options, transfers[{wrong[0]}] is {transfers[wrong[0]]:g}, outside the limits on transfers: leave "
            "the option out, or widen transfers"
        )
    counts = ~problem.outside.is_kept(allocations, transfers)
    rows = np.unique(np.column_stack([allocations, transfers])[counts], axis=0)
    return rows if len(rows) else None


def _check_inside(name: str, problem: ScreeningProblem, allocations: Array) -> None:
    outside = problem.domain.violation(allocations)
    if len(outside) and outside.max() > 0:
        raise ProblemError(f"{name} row {int(outside.argmax())} lies outside the domain: leave it out")
