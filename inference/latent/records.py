"""Types and classes in files, read back to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contracts.inputs.arrays import finite
from contracts.inputs.door import checked
from inference.estimation.records import model_of_record
from inference.latent.classes import LatentClasses
from inference.latent.restrictions import Restrictions
from inference.latent.types import LatentTypes
from inference.reports.kept import loaded, refuse_other_shapes


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
    return loaded(path, LatentTypes, _types)


def _types(record: dict[str, Any]) -> LatentTypes:
    types = model_of_record(LatentTypes, record, people=np.array(record["people"]))
    refuse_other_shapes(
        {
            "coefficients": (types.coefficients, (types.n_types, len(types.names))),
            "probabilities": (types.probabilities, (types.n_people, types.n_types)),
        }
    )
    return types


@checked
def load_latent_classes(path: str | Path) -> LatentClasses:
    """Read classes that `LatentClasses.save` wrote, with the choices they were fitted to.

    Raises
    ------
    ProblemError
        If the file is not such a file, or is damaged.
    """
    return loaded(path, LatentClasses, _classes)


def _classes(record: dict[str, Any]) -> LatentClasses:
    known, design = finite("known", record["known"]), finite("design", record["design"])
    restrictions = Restrictions(tuple(map(str, record["free"])), known, design)
    classes = model_of_record(LatentClasses, record, restrictions=restrictions)
    n_classes, n_attributes = classes.n_classes, len(classes.names)
    refuse_other_shapes(
        {
            "coefficients": (classes.coefficients, (n_classes, n_attributes)),
            "membership": (classes.membership, (n_classes, 1 + len(classes.covariates))),
            "known": (known, (n_classes, n_attributes)),
            "design": (design, (n_classes, n_attributes, len(record["free"]))),
        }
    )
    return classes
