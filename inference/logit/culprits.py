"""Which attributes keep choices from identifying a model: collinear ones, and those that decide every choice."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from inference.choice.data import ChoiceData

RANK_TOLERANCE = 1e-7  # of singular values: directions that attributes span by rounding alone are not spanned
INVOLVED = 1e-4  # of the largest part of a direction: smaller parts are rounding


def contrasts_of(data: ChoiceData) -> Array:
    """Every option passed over that was within reach, minus the option taken; (n_rows, n_attributes)."""
    rows = np.arange(data.n_obs)[:, np.newaxis]
    others = np.arange(data.n_options - 1) + (np.arange(data.n_options - 1) >= data.choice[:, np.newaxis])
    difference = data.attributes[rows, others] - data.attributes[rows, data.choice[:, np.newaxis]]
    if data.available is None:
        return np.asarray(difference.reshape(-1, data.n_attributes))
    return np.asarray(difference[data.available[rows, others]])


def same_for_all(name: str, largest: float) -> ProblemError:
    """What is wrong with an attribute that never differs between options, and is `largest` somewhere."""
    remedy = f", or give it a coefficient per option, data.described(by_option=[{name!r}])" if largest > 0 else ""
    return ProblemError(f"attribute {name!r} is the same for all options of every choice: leave it out{remedy}")


def refuse_collinear(rows: Array, names: tuple[str, ...], what: str = "differences between options in") -> None:
    """Raise ProblemError, naming the attributes, where differences in some follow from those in others.

    Parameters
    ----------
    rows : (n_rows, n_attributes) contrasts, each attribute of the order of one
    what : of the attributes stands in the rows
    """
    _, singular, directions = np.linalg.svd(np.linalg.qr(rows, mode="r"))
    if len(singular) < len(names) or singular[-1] <= RANK_TOLERANCE * singular[0]:
        involved = named(directions[-1], names)
        raise ProblemError(
            f"attributes {involved} are collinear: {what} one follow from those in the others, so choices cannot tell "
            "their coefficients apart. Leave one of them out"
        )


def deciding(rows: Array, names: tuple[str, ...]) -> str:
    """Attributes that predict every choice, or all but ties, with no finite coefficients; empty if none do.

    That is a direction d with rows d <= 0, not all of them 0 (Albert & Anderson 1984): one attribute if one will do,
    else the direction of least |d|_1, by linear programming.

    Examples
    --------
    >>> deciding(np.array([[-1.0, 2.0], [-2.0, -1.0]]), ("speed", "colour"))
    "'speed'"
    >>> deciding(np.array([[1.0, 2.0], [-1.0, -2.0]]), ("speed", "colour"))
    ''
    """
    one_way = ((rows <= 0).all(axis=0) | (rows >= 0).all(axis=0)) & (rows != 0).any(axis=0)
    if one_way.any():
        return named(one_way.astype(float), names)
    total = -rows.sum(axis=0) / len(rows)
    both = np.concatenate([rows, -rows], axis=1)
    found = linprog(
        np.ones(both.shape[1]),
        A_ub=both,
        b_ub=np.zeros(len(rows)),
        A_eq=np.concatenate([total, -total])[np.newaxis],
        b_eq=[1.0],
        method="highs",
    )
    if found.status != 0 or found.x is None:  # nothing separates
        return ""
    up, down = np.split(found.x, 2)
    return named(up - down, names)


def no_maximum(data: ChoiceData) -> str:
    """Why a logit likelihood has no proper maximum, in words, naming the attributes that decide every choice."""
    return separated(data) or (
        "the log likelihood has no proper maximum: some combination of coefficients is not identified, or an "
        "attribute decides every choice; leave out an attribute, or observe more choices"
    )


def separated(data: ChoiceData) -> str:
    """That some attributes decide every choice, in words; empty if none do."""
    decided = _decided(data)
    return decided and (
        f"the log likelihood has no proper maximum: every choice is predicted by {decided}, so it rises for ever with "
        f"larger coefficients. Leave {decided} out, observe more choices, or use fit_hierarchical_logit, whose prior "
        "keeps coefficients finite"
    )


def kept_by_prior(data: ChoiceData) -> list[str]:
    """What to say of a posterior where attributes decide every choice."""
    decided = _decided(data)
    return [f"every choice is predicted by {decided}: the prior alone keeps the coefficients finite"] * bool(decided)


def _decided(data: ChoiceData) -> str:
    rows = contrasts_of(data)
    scale = np.maximum(np.abs(rows).max(axis=0, initial=0.0), np.finfo(np.float64).tiny)
    return deciding(rows / scale, tuple(data.names or ()))


def named(direction: Array, names: tuple[str, ...]) -> str:
    """The attributes that a direction moves, in words."""
    large = np.abs(direction) > INVOLVED * np.abs(direction).max()
    return ", ".join(repr(name) for name, part in zip(names, large, strict=True) if part)
