"""All experiments of the social contract, each with its table, figure and findings.

Run with `python examples/social_contract.py FOLDER [RUNS]`; it makes 40 runs of each condition by default,
and the page's numbers are of 200, some six minutes of one core.
Recordings are used where they lie beside the repository.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from inference.game.recordings import read_offers
from inference.social_contract.report import write_experiment
from inference.social_contract.run import DESIGNS, run_experiment

RECORDED = Path(__file__).resolve().parents[2] / "shared" / "data" / "scai"


def main(folder: Path, n_runs: int = 40, recorded: Path = RECORDED, names: Sequence[str] = tuple(DESIGNS)) -> None:
    """Run the experiments one after another, one subfolder each."""
    offers = read_offers(recorded) if recorded.is_dir() else None
    if offers is None:
        print(f"{recorded} is not here: simulations only, nothing to compare with")
    for name in names:
        result = run_experiment(name, seed=1, recordings=offers, n_runs=n_runs)
        target = folder / name
        target.mkdir(parents=True, exist_ok=True)
        write_experiment(result, target)
        print(result, end="\n\n")


if __name__ == "__main__":
    given = sys.argv[1:]
    main(Path(given[0]) if given else Path("out"), int(given[1]) if len(given) > 1 else 40)
