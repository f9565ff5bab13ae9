"""A posterior as the table an economist would read: as text, as a frame, as plain JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contracts.display.numbers import column, plural
from contracts.display.table import Column, Table, names
from contracts.inputs.arrays import Array
from contracts.inputs.extras import pandas
from contracts.readable import readable
from inference.choice.model import ChoiceModel
from inference.types.identification import Identification

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "menuwright/type-posterior/1"
SHOWN_USERS = 20  # longer tables show their first and last users
SHOWN_TYPES = 8  # and those types that are most probable on average
COMPARED_TYPES = 500  # pairs of more types are looked at when asked for


class ShownPopulation(Protocol):
    """What a record keeps of the weights of types."""

    @property
    def weights(self) -> Array: ...

    @property
    def smoothed(self) -> Array: ...

    @property
    def concentration(self) -> Array: ...

    @property
    def gap(self) -> float: ...


class ShownPosterior(Protocol):
    """What a table or a picture asks of a posterior of types."""

    @property
    def labels(self) -> Sequence[str]: ...

    @property
    def users(self) -> NDArray[Any]: ...

    @property
    def prior(self) -> Array: ...

    @property
    def probabilities(self) -> Array: ...

    @property
    def map(self) -> NDArray[Any]: ...

    @property
    def entropy(self) -> Array: ...

    @property
    def n_choices(self) -> NDArray[np.int64]: ...

    @property
    def log_evidence(self) -> float: ...

    @property
    def choice_models(self) -> Sequence[ChoiceModel]: ...

    @property
    def model_probabilities(self) -> Array: ...

    @property
    def population(self) -> ShownPopulation: ...

    def identification(self) -> Identification: ...


def posterior_table(posterior: ShownPosterior) -> Table:
    """One row per user: the probability of each type, the most probable one, what is still open."""
    n_users, n_types = posterior.probabilities.shape
    users, types = np.arange(n_users), np.arange(n_types)
    if n_users > SHOWN_USERS:
        users = np.r_[users[: SHOWN_USERS // 2], users[-SHOWN_USERS // 2 :]]
    if n_types > SHOWN_TYPES:
        types = np.sort(np.argsort(-posterior.probabilities.mean(axis=0), kind="stable")[:SHOWN_TYPES])
    columns = [names("user", posterior.users[users].tolist()), Column("choices", posterior.n_choices[users])]
    for k in types.tolist():
        label = posterior.labels[k]
        columns.append(Column(label, posterior.probabilities[users, k], ".4f", readable(label)))
    columns.append(Column("most probable", list(map(readable, posterior.map[users])), left=False))
    entropy = posterior.entropy[users]
    columns.append(Column("entropy", entropy, column(entropy, 3, float(np.log(n_types)))))
    rarer = [f"and {n_types - SHOWN_TYPES} types that are less probable on average"] if n_types > SHOWN_TYPES else []
    return Table(
        columns,
        _headline(posterior),
        [*rarer, *_models(posterior), *_not_told_apart(posterior)],
        between={len(users) // 2: f"... {n_users - len(users)} more users ..."} if n_users > SHOWN_USERS else {},
    )


def posterior_frame(posterior: ShownPosterior) -> pd.DataFrame:
    """One row per user."""
    pd = pandas()
    cells: dict[str, Any] = {"choices": posterior.n_choices}
    cells |= {f"probability[{label}]": posterior.probabilities[:, k] for k, label in enumerate(posterior.labels)}
    cells |= {"most_probable": posterior.map, "entropy": posterior.entropy}
    return pd.DataFrame(cells, index=pd.Index(posterior.users, name="user"))


def posterior_record(posterior: ShownPosterior) -> dict[str, Any]:
    """Plain JSON."""
    models = zip(posterior.choice_models, posterior.model_probabilities.tolist(), strict=True)
    population = posterior.population
    return {
        "schema": SCHEMA,
        "labels": list(posterior.labels),
        "prior": posterior.prior.tolist(),
        "users": posterior.users.tolist(),
        "choices": posterior.n_choices.tolist(),
        "probabilities": posterior.probabilities.tolist(),
        "most_probable": posterior.map.tolist(),
        "entropy": posterior.entropy.tolist(),
        "log_evidence": posterior.log_evidence,
        "choice_models": [{"model": repr(model), "probability": share} for model, share in models],
        "population": {
            "mode": population.weights.tolist(),
            "smoothed": population.smoothed.tolist(),
            "concentration": population.concentration.tolist(),
            "gap": population.gap,
        },
        "not_told_apart": [list(pair) for pair in posterior.identification().pairs],
    }


def _headline(posterior: ShownPosterior) -> str:
    total = int(posterior.n_choices.sum())
    models = posterior.choice_models
    model = repr(models[0]) if len(models) == 1 else f"{len(models)} choice models"
    return (
        f"Types of {plural(len(posterior.users), 'user')}: {plural(len(posterior.labels), 'type')}, "
        f"{plural(total, 'choice')}, {model}, log evidence {posterior.log_evidence:.6g}"
    )


def _models(posterior: ShownPosterior) -> list[str]:
    """The choice models that are not ruled out, most probable first."""
    if len(posterior.choice_models) == 1:
        return []
    share = posterior.model_probabilities
    likely = [k for k in np.argsort(-share, kind="stable").tolist() if share[k] >= 0.005][:4]
    return ["Choice model: " + ", ".join(f"{posterior.choice_models[k]!r} {share[k]:.2f}" for k in likely)]


def _not_told_apart(posterior: ShownPosterior) -> list[str]:
    if len(posterior.labels) > COMPARED_TYPES:
        return [f"{len(posterior.labels)} types are not compared here: ask identification()"]
    return [repr(posterior.identification())]
