"""What everybody believes: chances of each agent's types, or of whole profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, generator, place
from contracts.inputs.kinds import count

SUM_TOLERANCE = 1e-9


def checked_prior(
    given: Any, n_types: tuple[int, ...], agents: Sequence[str], labels: Sequence[Sequence[str]]
) -> tuple[Array, ...] | Array:
    """An array per agent for independent types, or one array of profiles.

    Two agents of two types might give either in one form: what sums to 1 altogether is of profiles.

    Raises
    ------
    ProblemError
        If chances do not fit the types, are negative, do not sum to 1, or leave a type out.

    Examples
    --------
    >>> checked_prior([[0.5, 0.25], [0.5, 0.5]], (2, 2), ("Ann", "Bob"), (("0", "1"), ("0", "1")))
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: probabilities['Ann'] sum to 0.75, not 1: divide them by their sum
    """
    if given is None:
        return tuple(np.full(count, 1.0 / count) for count in n_types)
    parts = list(given.values()) if isinstance(given, Mapping) else given
    if len(n_types) > 1 and np.ndim(parts if _is_even(parts) else 0) == len(n_types):
        joint = finite("probabilities", parts)
        if joint.shape == n_types and (joint.ndim > 2 or abs(joint.sum() - 1) <= SUM_TOLERANCE):
            return _checked_joint(joint, n_types, agents, labels)
    is_list = isinstance(parts, list | tuple) or (isinstance(parts, np.ndarray) and parts.ndim > 0)
    if not is_list or len(parts) != len(n_types):
        count = len(parts) if is_list else "no"
        raise ProblemError(
            f"probabilities has {count} entries for {len(n_types)} agents: give an array of chances per agent, or one "
            f"of shape {n_types} for all profiles"
        )
    return tuple(
        _checked_chances(part, n, agents[k], labels[k]) for k, (part, n) in enumerate(zip(parts, n_types, strict=True))
    )


def draws_of(n_draws: Any, rng: Any) -> tuple[int, np.random.Generator]:
    """How many draws, and from what; 1,000 where the generator stands in the place of their number."""
    if isinstance(n_draws, np.random.Generator) and rng is None:
        return 1000, n_draws
    return count("n_draws", n_draws), generator(rng)


def _is_even(parts: Any) -> bool:
    """Whether something is an array of numbers, rows of one length."""
    try:
        return np.asarray(parts).dtype.kind in "iuf"
    except ValueError:
        return False


def _checked_chances(given: Any, count: int, agent: str, labels: Sequence[str]) -> Array:
    where = f"probabilities[{agent!r}]"
    chances = finite(where, given, labels)
    if chances.shape != (count,):
        raise ProblemError(f"{where} has shape {chances.shape}; expected {(count,)}, a chance per type")
    _refuse(chances, where, labels)
    if chances.min() == 0:
        none = int(np.argmin(chances))
        raise ProblemError(
            f"{where}{place((none,), labels)} is 0, so what others believe of it is not said: leave the type out, or "
            "give it a chance"
        )
    return chances


def _checked_joint(
    joint: Array, n_types: tuple[int, ...], agents: Sequence[str], labels: Sequence[Sequence[str]]
) -> Array:
    _refuse(joint, "probabilities", None)
    for k in range(len(n_types)):
        own = joint.sum(axis=tuple(axis for axis in range(joint.ndim) if axis != k))
        if own.min() == 0:
            none = int(np.argmin(own))
            raise ProblemError(
                f"probabilities give {agents[k]}'s type {labels[k][none]!r} no chance, so what it would believe of the "
                "others is not said: leave the type out, or give it a chance"
            )
    return joint


def _refuse(chances: Array, where: str, labels: Sequence[str] | None) -> None:
    if chances.min() < 0:
        at = tuple(int(k) for k in np.argwhere(chances < 0)[0])
        raise ProblemError(f"{where}{place(at, labels)} is {chances[at]:g}: no chance is negative")
    if abs(chances.sum() - 1) > SUM_TOLERANCE:
        raise ProblemError(f"{where} sum to {chances.sum():.10g}, not 1: divide them by their sum")
