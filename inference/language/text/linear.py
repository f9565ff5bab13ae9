"""A linear model from the features of a text to the kinds of policy, kept in a small file with its provenance.

A multinomial logit with a ridge penalty on rows of unit length: x_j is the inverse document frequency of feature j,
over the length of the row. The ridge makes the fitted probabilities too timid; `sharpness` multiplies all scores and is
chosen by the likelihood of held-out runs.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Sequence
from importlib import resources
from typing import Any

import numpy as np

from contracts.inputs.arrays import Array
from contracts.inputs.frozen import dataclass
from inference.language.text.mixture import KINDS, LEVELS, Kinds

SCHEMA = "menuwright/policy-reader/1"
FILE = "policy_reader.json"
TARGETS = np.array([0.03, 0.5, 0.98])  # shares of the recorded priors: selfish, fair, altruistic
BORDERS = (0.25, 0.75)


@dataclass(frozen=True, eq=False)
class LinearModel:
    """Weights by feature, and what the kinds offer.

    Attributes
    ----------
    weights : {feature: (idf, selfish, fair, altruistic)}
    intercept : (3,) array
    kinds : what every kind offers
    sharpness : factor on all scores
    prior_mean, prior_sd : share before anything is read
    provenance : what it was fitted on, how, and when
    """

    weights: dict[str, tuple[float, ...]]
    intercept: Array
    kinds: Kinds
    sharpness: float
    prior_mean: float
    prior_sd: float
    provenance: dict[str, Any]

    def scores(self, names: set[str]) -> Array:
        """Sharpened log odds of the kinds for a text with these features, (3,)."""
        rows = np.array([self.weights[name] for name in sorted(names) if name in self.weights]).reshape(-1, 4)
        length = np.sqrt((rows[:, 0] ** 2).sum()) or 1.0
        return self.sharpness * (self.intercept + rows[:, 0] @ rows[:, 1:] / length)

    def probabilities(self, names: set[str]) -> Array:
        """Probability of every kind, (3,)."""
        scores = self.scores(names)
        odds = np.exp(scores - scores.max())
        return odds / odds.sum()

    def coverage(self, names: set[str]) -> float:
        """Part of a text's stems and pairs of stems that the model has met; its stems count as one pair."""
        stems = [name for name in names if name.startswith("r:")]
        pairs = [name for name in stems if " " in name]
        words = len(stems) - len(pairs)
        met = sum(name in self.weights for name in pairs)
        met_words = sum(name in self.weights for name in stems if " " not in name)
        return (met + met_words / max(words, 1)) / (len(pairs) + 1)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        return {
            "schema": SCHEMA,
            "provenance": self.provenance,
            "kinds": list(KINDS),
            "centres": self.kinds.centres.round(4).tolist(),
            "spreads": self.kinds.spreads.round(4).tolist(),
            "quantiles": self.kinds.quantiles.round(4).tolist(),
            "sharpness": self.sharpness,
            "prior": [round(self.prior_mean, 4), round(self.prior_sd, 4)],
            "intercept": self.intercept.round(3).tolist(),
            "weights": {name: [round(one, 3) for one in self.weights[name]] for name in sorted(self.weights)},
        }


def from_dict(record: dict[str, Any]) -> LinearModel:
    """The model that `to_dict` wrote."""
    kinds = Kinds(*(np.array(record[name]) for name in ("centres", "spreads", "quantiles")))
    return LinearModel(
        {name: tuple(row) for name, row in record["weights"].items()},
        np.array(record["intercept"]),
        kinds,
        record["sharpness"],
        prior_mean=record["prior"][0],
        prior_sd=record["prior"][1],
        provenance=record["provenance"],
    )


@functools.cache
def shipped_model() -> LinearModel:
    """The model in the package, fitted on the recordings of Social Contract AI."""
    return from_dict(json.loads(resources.files("inference.language").joinpath(FILE).read_text(encoding="utf-8")))


def fit_linear_model(
    rows: Sequence[set[str]],
    shares: Array,
    *,
    ridge: float = 0.3,
    sharpness: float = 1.5,
    at_least: int = 3,
    provenance: dict[str, Any] | None = None,
) -> LinearModel:
    """Fit the model to texts' features and the shares that were offered under them.

    A share between two of the centres counts as a mixture of the two kinds, so that the mean is right in between.

    Parameters
    ----------
    rows : features of every text
    shares : (n_texts,) array in [0, 1]
    ridge : penalty on squared weights
    sharpness : factor on all scores of the fitted model
    at_least : features in fewer texts are left out
    provenance : what the file says about where it comes from
    """
    import scipy.optimize
    import scipy.sparse
    from scipy.special import logsumexp

    counts = Counter(name for row in rows for name in row)
    names = sorted(name for name, count in counts.items() if count >= at_least)
    place = {name: number for number, name in enumerate(names)}
    rarity = np.array([np.log((1 + len(rows)) / (1 + counts[name])) + 1 for name in names])
    columns = [[place[name] for name in sorted(row) if name in place] for row in rows]
    lengths = [np.sqrt((rarity[one] ** 2).sum()) or 1.0 for one in columns]
    x = scipy.sparse.csr_matrix(
        (
            np.concatenate([rarity[one] / length for one, length in zip(columns, lengths, strict=True)]),
            np.concatenate(columns).astype(int),
            np.cumsum([0, *map(len, columns)]),
        ),
        shape=(len(rows), len(names)),
    )
    target = np.stack([np.interp(shares, TARGETS, unit) for unit in np.eye(3)], axis=1)
    n, k = len(names), len(KINDS)

    def loss(flat: Array) -> tuple[float, Array]:
        weights, intercept = flat[: n * k].reshape(n, k), flat[n * k :]
        scores = x @ weights + intercept
        log_p = scores - logsumexp(scores, axis=1, keepdims=True)
        error = np.exp(log_p) - target
        slope = np.concatenate([(x.T @ error + ridge * weights).ravel(), error.sum(axis=0)])
        return float(-(target * log_p).sum() + ridge / 2 * (weights**2).sum()), slope

    found = scipy.optimize.minimize(loss, np.zeros(n * k + k), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    weights = found.x[: n * k].reshape(n, k)
    member = np.digitize(shares, BORDERS)
    inside = [shares[member == number] for number in range(k)]
    spreads = np.array([np.sqrt(((one - centre) ** 2).mean()) for one, centre in zip(inside, TARGETS, strict=True)])
    kinds = Kinds(TARGETS, spreads, np.stack([np.quantile(one, LEVELS) for one in inside]))
    return LinearModel(
        {name: (rarity[j], *weights[j]) for name, j in place.items()},
        found.x[n * k :],
        kinds,
        sharpness,
        float(shares.mean()),
        float(shares.std()),
        provenance or {},
    )
