"""Where the search for a distribution of tastes begins: the multinomial logit, and random spreads around it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.inputs.arrays import Array
from inference.choice.data import Integers
from inference.logit.units import Units

START_SPREAD = 0.1  # of mean + factor z where nothing is known yet, in utility
SPREADS = (0.2, 3.0)  # ends of random spreads, in utility


def first_start(pooled: Array, kinds: tuple[str, ...], units: Units, rows: Integers, columns: Integers) -> Array:
    """The multinomial logit with next to no spread, as parameters in computed units.

    Parameters
    ----------
    pooled : (n_attributes,) coefficients of the multinomial logit, in computed units
    rows, columns : places of the free entries of the factor
    """
    effect = pooled * units.spread / units.size
    sign = np.where(np.array(kinds) == "negative", -1.0, 1.0)
    log_effect = np.log(np.maximum(effect * sign, max(0.05 * np.abs(effect).max(), np.finfo(np.float64).tiny)))
    ratio = units.size / units.spread
    mean = np.where(_is_lognormal(kinds), log_effect + np.log(ratio), pooled)
    return np.concatenate([mean, START_SPREAD * _reach(kinds, units)[rows] * (rows == columns)])


def random_start(
    first: Array, kinds: tuple[str, ...], units: Units, rows: Integers, columns: Integers, rng: np.random.Generator
) -> Array:
    """Another start: means away from the multinomial logit, mostly further out, and any spreads.

    Coefficients are in units of the noise of choices, and that of the multinomial logit holds all that tastes vary:
    those of a mixed logit are larger.
    """
    size = len(kinds)
    reach, lognormal = _reach(kinds, units), _is_lognormal(kinds)
    stretch, noise = rng.uniform(1.0, 2.5), rng.standard_normal(size)
    mean = np.where(lognormal, first[:size] + noise / 2, first[:size] * stretch + reach * noise / 2)
    spread = np.exp(rng.uniform(np.log(SPREADS[0]), np.log(SPREADS[1]), size=len(rows)))
    spread = np.where(lognormal[rows], np.minimum(spread, 1.0), spread)
    entry = np.where(rows == columns, spread, rng.standard_normal(len(rows)) / 2)
    return np.concatenate([mean, entry * reach[rows]])


def _is_lognormal(kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.isin(kinds, ("positive", "negative"))


def _reach(kinds: tuple[str, ...], units: Units) -> Array:
    """A spread of mean + factor z that moves utilities by about one, in computed units; (n_attributes,)."""
    return np.where(_is_lognormal(kinds), 1.0, units.size / units.spread)
