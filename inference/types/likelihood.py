"""The likelihood of what groups of users chose, where types are known and their weights are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MixtureLikelihood:
    """Likelihood of what groups of users chose; users in a group made the same choices.

    Attributes
    ----------
    likelihood : (n_models, n_groups, n_types), each row scaled so that its largest entry is 1, or all 0
    log_scale : (n_models, n_groups), what the scaling took off
    size : (n_groups,) users in each group
    model_prior : (n_models,) probabilities of the choice models
    """

    likelihood: Array
    log_scale: Array
    size: Integers
    model_prior: Array

    @property
    def n_users(self) -> int:
        return int(self.size.sum())

    def mixed(self, weights: Array) -> tuple[Array, Array]:
        """Likelihood of each group, (n_models, n_groups), and posterior of the models, (n_models,), given weights."""
        mixed = self.likelihood @ weights
        with np.errstate(divide="ignore"):
            score = np.log(self.model_prior) + (np.log(mixed) + self.log_scale) @ self.size
        if len(score) == 1:
            return mixed, np.ones(1)
        return mixed, np.exp(score - logsumexp(score))

    def slope(self, weights: Array) -> Array:
        """Derivative of the log likelihood by each weight: the expected users of the type per weight; (n_types,)."""
        mixed, models = self.mixed(weights)
        per_group = np.divide(self.size, mixed, out=np.zeros_like(mixed), where=mixed > 0)
        by_model = [share @ likelihood for share, likelihood in zip(per_group, self.likelihood, strict=True)]
        return np.asarray(models @ np.array(by_model))
