"""Social Contract AI as an inference problem: its experiments, ours beside the recorded language models.

The experiments follow Franken et al. (2023), Social Contract AI: aligning AI assistants with implicit group norms,
arXiv 2310.17769. Where recordings are given, each recorded condition is replayed with our assistant in the recorded
seat, at temperature 0 as the language models were; conditions without a recording are simulated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.errors import ProblemError
from contracts.sweeps.documents import in_pieces
from inference.game.recordings import read_offers
from inference.social_contract.conditions import DESIGNS as ONE_NORM
from inference.social_contract.currencies import DESIGNS as CURRENCIES
from inference.social_contract.experiment import Condition, Experiment
from inference.social_contract.jobs import Design
from inference.social_contract.mixtures import DESIGNS as MIXTURES
from inference.social_contract.open_rows.left_out import DESIGNS as LEFT_OUT
from inference.social_contract.open_rows.public_good import DESIGNS as PUBLIC_GOOD
from inference.social_contract.open_rows.stochastic import DESIGNS as STOCHASTIC
from inference.social_contract.open_rows.third_party import DESIGNS as THIRD_PARTY
from inference.social_contract.open_rows.words import DESIGNS as WORDS

if TYPE_CHECKING:
    import pandas as pd

DESIGNS: Mapping[str, Design] = dict(
    sorted(
        (ONE_NORM | MIXTURES | CURRENCIES | WORDS | STOCHASTIC | LEFT_OUT | PUBLIC_GOOD | THIRD_PARTY).items(),
        key=lambda one: int(one[0][1:]),
    )
)


def run_experiment(
    name: str,
    *,
    seed: int,
    recordings: str | Path | pd.DataFrame | None = None,
    n_runs: int = 200,
    folder: str | Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> Experiment:
    """Run one experiment.

    Parameters
    ----------
    name : "E1", ...
    seed : the same seed gives the same bytes
    recordings : folder with the recorded `offers.parquet`, or its table; None for simulations only
    n_runs : simulated runs of each condition
    folder : where finished conditions are kept, so that a run that was stopped goes on
    progress : takes a line per condition

    Raises
    ------
    ProblemError
        If there is no such experiment, the recordings cannot be read, a condition fails, or the folder holds another
        run.
    """
    if name not in DESIGNS:
        raise ProblemError(f"experiment is {name!r}: give one of {', '.join(DESIGNS)}")
    if n_runs < 2:
        raise ProblemError(f"n_runs is {n_runs}: errors over runs need at least two")
    offers = read_offers(recordings) if isinstance(recordings, str | Path) else recordings
    design = DESIGNS[name]
    conditions = [Condition(job, seed) for job in design.jobs(offers, n_runs)]
    facts = {"experiment": name, "seed": seed, "runs": n_runs, "recorded": offers is not None}
    found = in_pieces(conditions, facts=facts, folder=folder, n_workers=1, report=progress)
    rows = tuple(row for one in found for row in one)
    return Experiment(name, design.question, seed, rows, tuple(design.findings(rows)))
