"""Where the search for a distribution of tastes begins: the multinomial logit, and random spreads around it."""

from __future__ import annotations

import numpy as np

from contracts.inputs.arrays import Array
from inference.logit.units import Units
from inference.tastes.layout import Layout

START_SPREAD = 0.1  # of mean + factor z where nothing is known yet, in utility
SPREADS = (0.2, 3.0)  # ends of random spreads, in utility
LEAST_EFFECT = 0.05  # of a taste of known sign, of the largest


def in_money(pooled: Array, units: Units, price: int) -> tuple[Array, Units]:
    """Worths instead of coefficients, and their units: a worth of its spread moves utilities by one.

    Parameters
    ----------
    pooled : (n_attributes,) coefficients in computed units
    """
    effect = np.abs(pooled * units.spread / units.size)
    paid = max(-pooled[price], max(LEAST_EFFECT * effect.max(), 1e-6) * units.size[price] / units.spread[price])
    others = np.arange(len(pooled)) != price
    tastes = np.where(others, pooled / paid, -paid)
    size = np.where(others, units.size / units.size[price], units.size)
    return tastes, Units(np.where(others, units.spread * paid / units.size[price], units.spread), size)


def first_start(pooled: Array, layout: Layout, units: Units) -> Array:
    """The multinomial logit with next to no spread, as parameters in computed units.

    Parameters
    ----------
    pooled : (n_attributes,) tastes of the multinomial logit, in computed units
    """
    ratio = units.size / units.spread
    effect = pooled / ratio
    least = max(LEAST_EFFECT * np.abs(effect).max(), np.finfo(np.float64).tiny)
    mean = pooled.copy()
    for k, mixing in enumerate(layout.mixings):
        if mixing.sign:
            mean[k] = max(effect[k] * mixing.sign, least) * ratio[k]
        if mixing.is_log:
            mean[k] = np.log(mean[k])
    entry = START_SPREAD * _reach(layout, units)[layout.rows] * (layout.rows == layout.columns)
    return layout.of(mean, entry)


def random_start(first: Array, layout: Layout, units: Units, rng: np.random.Generator) -> Array:
    """Another start: means away from the multinomial logit, mostly further out, and any spreads.

    Coefficients are in units of the noise of choices, and that of the multinomial logit holds all that tastes vary:
    those of a mixed logit are larger.
    """
    rows, located = layout.rows, layout.located
    reach, is_log = _reach(layout, units), np.array([mixing.is_log for mixing in layout.mixings])
    stretch, noise = rng.uniform(1.0, 2.5), rng.standard_normal(len(reach))[located]
    locations = first[: len(located)]
    mean = np.where(is_log[located], locations + noise / 2, locations * stretch + reach[located] * noise / 2)
    spread = np.exp(rng.uniform(np.log(SPREADS[0]), np.log(SPREADS[1]), size=len(rows)))
    spread = np.where(is_log[rows], np.minimum(spread, 1.0), spread)
    entry = np.where(rows == layout.columns, spread, rng.standard_normal(len(rows)) / 2)
    return np.concatenate([mean, entry * reach[rows]])


def _reach(layout: Layout, units: Units) -> Array:
    """A spread of mean + factor z that moves utilities by about one, in computed units; (n_attributes,)."""
    is_log = [mixing.is_log for mixing in layout.mixings]
    return np.where(is_log, 1.0, units.size / units.spread)
