"""Types and classes in files, read back to the bit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from contracts.inputs.arrays import finite, number
from contracts.inputs.door import checked
from inference.estimation.records import choices_of_record, convergence_of_record, loaded, refuse_other_shapes
from inference.latent.classes import SCHEMA as CLASSES
from inference.latent.classes import LatentClasses
from inference.latent.restrictions import Restrictions
from inference.latent.types import SCHEMA, LatentTypes


@checked
def load_latent_types(path: str | Path) -> LatentTypes:
    """Read types that `LatentTypes.save` wrote.

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from inference.latent.fit import fit_latent_types
    >>> from inference.logit.simulated import simulate_choices
    >>> rng = np.random.default_rng(0)
    >>> offers, person = rng.normal(size=(200, 2, 1)), np.repeat(np.arange(20), 10)
    >>> data = simulate_choices([1.0], [[1.0]], offers, person, rng=rng, names=["quality"]).data
    >>> types = fit_latent_types(data, 1, rng=rng)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_latent_types(types.save(Path(folder) / "types.json"))
    >>> bool((again.coefficients == types.coefficients).all())
    True
    """
    return loaded(path, SCHEMA, "LatentTypes.save", _types)


def _types(record: dict[str, Any]) -> LatentTypes:
    optional = ("null_log_likelihood", "person_weights", "classical_covariance")  # files of old have none of them
    null, each, classical = map(record.get, optional)
    types = LatentTypes(
        weights=finite("weights", record["weights"]),
        coefficients=finite("coefficients", record["coefficients"]),
        names=tuple(map(str, record["names"])),
        log_likelihood=number("log_likelihood", record["log_likelihood"]),
        probabilities=finite("probabilities", record["probabilities"]),
        people=np.array(record["people"]),
        covariance=finite("covariance", record["covariance"]),
        n_obs=int(record["n_obs"]),
        ridge=number("ridge", record["ridge"]),
        convergence=convergence_of_record(record["convergence"]),
        null_log_likelihood=math.nan if null is None else number("null_log_likelihood", null),
        person_weights=None if each is None else finite("person_weights", each),
        classical_covariance=None if classical is None else finite("classical_covariance", classical),
    )
    size = types.n_types * (len(types.names) + 1)
    refuse_other_shapes(
        {
            "coefficients": (types.coefficients, (types.n_types, len(types.names))),
            "probabilities": (types.probabilities, (types.n_people, types.n_types)),
            "covariance": (types.covariance, (size, size)),
        }
    )
    if types.classical_covariance is not None:
        refuse_other_shapes({"classical_covariance": (types.classical_covariance, (size, size))})
    return types


@checked
def load_latent_classes(path: str | Path) -> LatentClasses:
    """Read classes that `LatentClasses.save` wrote, with the choices they were fitted to.

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.
    """
    return loaded(path, CLASSES, "LatentClasses.save", _classes)


def _classes(record: dict[str, Any]) -> LatentClasses:
    known, design = finite("known", record["known"]), finite("design", record["design"])
    classes = LatentClasses(
        choices_of_record(record["data"]),
        tuple(map(str, record["covariates"])),
        Restrictions(tuple(map(str, record["free"])), known, design),
        finite("coefficients", record["coefficients"]),
        finite("membership", record["membership"]),
        number("log_likelihood", record["log_likelihood"]),
        finite("covariance", record["covariance"]),
        finite("information", record["information"]),
        convergence_of_record(record["convergence"]),
    )
    size, n_classes = len(classes.parameter_names), classes.n_classes
    wanted = {
        "coefficients": (classes.coefficients, (n_classes, len(classes.names))),
        "membership": (classes.membership, (n_classes, 1 + len(classes.covariates))),
        "known": (known, (n_classes, len(classes.names))),
        "design": (design, (n_classes, len(classes.names), len(record["free"]))),
        "covariance": (classes.covariance, (size, size)),
        "information": (classes.information, (size, size)),
    }
    refuse_other_shapes(wanted)
    return classes
