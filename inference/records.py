"""Estimates of every kind, read back from the files that their `save` wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite
from contracts.inputs.door import checked
from contracts.inputs.names import listed
from contracts.problem.records import from_record, kind_of, part_of_kind, read_json
from inference.alike.multinomial import MultinomialLogit
from inference.alike.nested import NestedLogit
from inference.alike.records import load_multinomial_logit, load_nested_logit
from inference.estimation.records import OF_MODELS
from inference.game.beliefs import NormSpace
from inference.game.types import BANDS, SplitTypes
from inference.latent.classes import LatentClasses
from inference.latent.records import load_latent_classes, load_latent_types
from inference.latent.types import LatentTypes
from inference.norms.contests import Strengths
from inference.reports.kept import Kept, loaded, of_record, refuse_other_shapes
from inference.splits.answers import Decisions
from inference.splits.crowd import lists_of
from inference.splits.policies import PreferencePolicy, ShareRule
from inference.splits.preferences import BoltonOckenfels, CharnessRabin, CobbDouglas, FehrSchmidt
from inference.splits.responders import Responders
from inference.tastes.hierarchical_logit import HierarchicalLogit
from inference.tastes.mixed_logit import MixedLogit
from inference.tastes.prior import HierarchicalPrior
from inference.tastes.records import load_mixed_logit

POLICIES: dict[str, type] = {kind_of(part): part for part in (ShareRule, PreferencePolicy)}
PREFERENCES: dict[str, type] = {
    kind_of(part): part for part in (FehrSchmidt, CharnessRabin, BoltonOckenfels, CobbDouglas)
}


@checked
def load_estimates(path: str | Path) -> Any:
    """Read any model that its `save` wrote: logits, types, classes, strengths, responders, types of splitters.

    Returns
    -------
    an object of the class that was saved, equal to the bit

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from inference import Comparisons, fit_strengths
    >>> strengths = fit_strengths(Comparisons(["all"] * 3, ["a", "b", "a"], ["b", "a", "b"]))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_estimates(strengths.save(f"{folder}/strengths.json"))
    Strengths: 2 policies, 3 answers; log likelihood -1.91; logits that sum to zero
       estimate     (se)
    a     0.347  (0.612)
    b    -0.347  (0.612)
    """
    record = read_json(path)
    schema = record.get("schema") if isinstance(record, dict) else None
    if not isinstance(schema, str) or schema not in LOADERS:
        raise ProblemError(f"{path} has schema {schema!r}; models have one of {listed(LOADERS)}")
    return LOADERS[schema](path)


def _read(kind: type[Kept], build: Callable[[dict[str, Any]], Any]) -> Callable[[str | Path], Any]:
    return lambda path: loaded(path, kind, build)


def _hierarchical(record: dict[str, Any]) -> HierarchicalLogit:
    model = of_record(
        HierarchicalLogit,
        record,
        OF_MODELS,
        prior=HierarchicalPrior(*(record["prior"][name] for name in ("strength", "degrees", "scale"))),
    )
    chains, size, people = model.mean.shape[:2], len(model.names), model.data.n_people
    kept = (chains[0], model.individual_draws.shape[1], people, size)
    refuse_other_shapes(
        {
            "mean": (model.mean, (*chains, size)),
            "covariance": (model.covariance, (*chains, size, size)),
            "log_likelihood": (model.log_likelihood, chains),
            "individual_means": (model.individual_means, (people, size)),
            "individual_sds": (model.individual_sds, (people, size)),
            "individual_draws": (model.individual_draws, kept),
        }
    )
    return model


def _strengths(record: dict[str, Any]) -> Strengths:
    model = of_record(Strengths, record)
    n, common = len(model.policies), (len(model.parameters),)
    refuse_other_shapes(
        {
            "utilities": (model.utilities, (n,)),
            "covariance": (model.covariance, (n, n)),
            "coefficients": (model.coefficients, common),
            "errors": (model.errors, common),
        }
    )
    return model


def _responders(record: dict[str, Any]) -> Responders:
    own = {name: finite(name, record["answers"][name]) for name in ("offers", "accepted", "rejected")}
    answers = Decisions(people=np.array(record["answers"]["people"]), **own)
    guilt = np.array(record["guilt"], dtype=np.float64)  # null where no offer showed any
    model = of_record(Responders, record, answers=answers, guilt=guilt)
    kinds, table = model.n_types, (len(answers.people), len(answers.offers))
    n_parameters = kinds * lists_of(answers).per_kind + kinds - 1
    refuse_other_shapes(
        {
            "accepted": (answers.accepted, table),
            "rejected": (answers.rejected, table),
            "means": (model.means, (kinds, 2)),
            "covariances": (model.covariances, (kinds, 2, 2)),
            "guilt": (model.guilt, (kinds,)),
            "parameters": (model.parameters, (n_parameters,)),
        }
    )
    return model


def _split_types(record: dict[str, Any]) -> SplitTypes:
    space = record["space"]
    space = of_record(NormSpace, space, policy=_policy(space["policy"]))
    model = of_record(SplitTypes, record, space=space)
    n, bands = len(model.labels), len(BANDS) - 1
    refuse_other_shapes(
        {
            "weights": (model.weights, (n,)),
            "norm_weights": (model.norm_weights, (n, space.n_norms)),
            "accepted": (model.accepted, (n, bands)),
            "decided": (model.decided, (n, bands)),
        }
    )
    return model


def _policy(record: dict[str, Any]) -> Any:
    own = dict(record)
    if "preferences" in own:
        tastes = own["preferences"]
        own["preferences"] = from_record(part_of_kind(PREFERENCES, tastes, "preferences"), tastes, "preferences")
    return from_record(part_of_kind(POLICIES, record, "policy"), own, "policy")


LOADERS: dict[str, Callable[[str | Path], Any]] = {
    MultinomialLogit.schema: load_multinomial_logit,
    NestedLogit.schema: load_nested_logit,
    LatentTypes.schema: load_latent_types,
    LatentClasses.schema: load_latent_classes,
    MixedLogit.schema: load_mixed_logit,
    HierarchicalLogit.schema: _read(HierarchicalLogit, _hierarchical),
    Strengths.schema: _read(Strengths, _strengths),
    Responders.schema: _read(Responders, _responders),
    SplitTypes.schema: _read(SplitTypes, _split_types),
}
