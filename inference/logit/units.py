"""The units in which choices are computed: powers of two of what each attribute differs by within a choice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.choice.data import ChoiceData
from inference.logit.culprits import same_for_all

IDLE = 1e-12  # of the largest value of an attribute: differences below this are rounding


@dataclass(frozen=True, eq=False)
class Units:
    """How much each attribute differs between the options of a choice, and the power of two nearest to that.

    Dividing by a power of two rounds nothing, so estimates come back to the bit. What must not depend on units at all,
    such as starts and default priors, is measured by `spread` itself.
    """

    spread: Array  # (n_attributes,) root mean square distance from the mean of the options within reach
    size: Array  # (n_attributes,) powers of two

    def applied(self, data: ChoiceData) -> ChoiceData:
        """The same choices with attributes of the order of one; a coefficient in it is one of `data` times `size`."""
        return replace(data, attributes=data.attributes / self.size)


def units_of(data: ChoiceData) -> Units:
    """Units of the attributes of a data set; refuses attributes that never differ between options.

    Examples
    --------
    >>> data = ChoiceData([[[3e6, 0.0], [1e6, 1e-3]]], [0])
    >>> found = units_of(data)
    >>> found.spread, np.log2(found.size)
    (array([1.e+06, 5.e-04]), array([ 20., -11.]))
    """
    reach = np.ones((data.n_obs, data.n_options), bool) if data.available is None else data.available
    here = reach[:, :, np.newaxis]
    seen = np.where(here, data.attributes, 0.0)
    highest = np.where(here, data.attributes, -np.inf).max(axis=1)
    lowest = np.where(here, data.attributes, np.inf).min(axis=1)
    magnitude = np.abs(seen).max(axis=(0, 1))
    idle = np.flatnonzero((highest - lowest).max(axis=0) <= IDLE * magnitude)
    if len(idle):
        raise same_for_all((data.names or ())[int(idle[0])], magnitude[idle[0]])
    count = reach.sum(axis=1)[:, np.newaxis, np.newaxis]
    away = np.where(here, seen - (seen / count).sum(axis=1, keepdims=True), 0.0)
    largest = np.abs(away).max(axis=(0, 1))
    spread = largest * np.sqrt(((away / largest) ** 2).sum(axis=(0, 1)) / reach.sum())
    return Units(spread, np.exp2(np.rint(np.log2(spread))))
