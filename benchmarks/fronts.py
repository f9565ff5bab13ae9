"""The exact front of three cultures and one assistant against evolutionary search on raw variables.

`python -m benchmarks.fronts` traces profit, the Western and the Southern culture's surplus to a relative hypervolume
gap below 1e-3, then gives pymoo's NSGA-II and NSGA-III, at their defaults, ten times as many evaluations as there were
solves, and as much time. They see the program as it is usually handed to them: every type's lottery as variables,
broken IC and IR as a penalty. Their answers are valued by letting the types choose from them.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import contracts
from benchmarks.results import table
from contracts.demo.moral_machine import compare
from contracts.inputs.files import write_text

Array = NDArray[np.float64]
CONTRAST = 4.0  # cultures differ four times as much as published: there is something to trade off
GAP = 7.5e-4  # of the front, which leaves a relative hypervolume gap below 1e-3
PENALTY = 100.0  # points of every objective per point of broken IC or IR
TIMES_THE_SOLVES = 10
GROUPS = ("Western", "Southern")
SEED = 0


def main() -> None:
    """Measure all in one run and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fronts", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"), help="folder for fronts.json")
    parser.add_argument("--gap", type=float, default=GAP, help="of the exact front")
    options = parser.parse_args()
    rows = measurements(options.gap)
    options.out.mkdir(parents=True, exist_ok=True)
    write_text(options.out / "fronts.json", json.dumps(rows, indent=1) + "\n")
    header = ["method", "evaluations", "seconds", "menus", "hypervolume", "of the bound", "broken IC or IR"]
    print(table(header, [cells(row, rows[0]["upper"]) for row in rows]))
    low, high = rows[0]["hypervolume"], rows[0]["upper"]
    print(f"\nwhole front between {low:.6f} and {high:.6f}: relative hypervolume gap {(high - low) / high:.2e}")


def measurements(gap: float) -> list[dict[str, Any]]:
    """One row for the exact front, then two per baseline."""
    problem = compare(CONTRAST).menu.problem
    contracts.pareto_front(problem, goals(), gap=0.3)  # imports are not timed
    start = time.perf_counter()
    front = contracts.pareto_front(problem, goals(), gap=gap)
    seconds = time.perf_counter() - start
    lower, upper = front.hypervolume_interval
    n_solves = len(front.support_bounds)
    exact = {
        "method": "exact, mixtures",
        "evaluations": n_solves,
        "seconds": seconds,
        "menus": len(front),
        "hypervolume": lower,
        "upper": upper,
        "broken": 0.0,
    }
    rows = [exact, {**exact, "method": "exact, menus alone", "hypervolume": front.hypervolume}]
    for name in ("NSGA-II", "NSGA-III"):
        rows.append(searched(problem, front, name, evaluations=TIMES_THE_SOLVES * n_solves))
        rows.append(searched(problem, front, name, seconds=seconds))
    return rows


def goals() -> list[Any]:
    """Profit, and what two of the three cultures get."""
    return [contracts.Profit(), *(contracts.Surplus(group) for group in GROUPS)]


def searched(
    problem: contracts.ScreeningProblem,
    front: contracts.Front,
    name: str,
    *,
    evaluations: int | None = None,
    seconds: float | None = None,
) -> dict[str, Any]:
    """pymoo on raw variables: within so many evaluations, or so much time."""
    from pymoo.algorithms.moo.nsga2 import NSGA2
    from pymoo.algorithms.moo.nsga3 import NSGA3
    from pymoo.core.problem import Problem
    from pymoo.util.ref_dirs import get_reference_directions

    n_types, n_goods = problem.valuations.shape

    class Raw(Problem):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(n_types * n_goods, 3, 0, xl=0.0, xu=1.0)

        def _evaluate(self, genes: Array, out: dict[str, Any], *_: Any, **__: Any) -> None:
            lotteries = decoded(genes, n_types, n_goods)
            out["F"] = -worth(problem, lotteries) + PENALTY * broken(problem, lotteries)[:, np.newaxis]

    directions = get_reference_directions("das-dennis", 3, n_partitions=12)
    algorithm: Any = NSGA2() if name == "NSGA-II" else NSGA3(directions)
    start = time.perf_counter()
    algorithm.setup(Raw(), seed=SEED, termination=("n_gen", 10**9), verbose=False)
    stop: Callable[[], bool] = (
        (lambda: algorithm.evaluator.n_eval >= evaluations)
        if evaluations is not None
        else (lambda: time.perf_counter() - start >= (seconds or 0.0))
    )
    while not stop():
        algorithm.next()
    taken = time.perf_counter() - start
    lotteries = decoded(algorithm.opt.get("X"), n_types, n_goods)
    return {
        "method": f"{name}, {'10 x solves' if evaluations else 'same time'}",
        "evaluations": int(algorithm.evaluator.n_eval),
        "seconds": taken,
        "menus": len(lotteries),
        "hypervolume": hypervolume(front, worth(problem, chosen(problem, lotteries))),
        "broken": float(np.median(broken(problem, lotteries))),
    }


def decoded(genes: Array, n_types: int, n_goods: int) -> Array:
    """Lotteries from numbers in [0, 1]; (n, n_types, n_goods). Probabilities are spared a penalty of their own."""
    raw = genes.reshape(-1, n_types, n_goods) + 1e-12
    return np.asarray(raw / raw.sum(axis=2, keepdims=True))


def worth(problem: contracts.ScreeningProblem, lotteries: Array) -> Array:
    """Profit and the two cultures' utilities; (n, 3)."""
    utility = np.einsum("ij,nij->ni", problem.valuations, lotteries)
    cost = problem.cost.value(lotteries.reshape(-1, problem.n_goods)).reshape(utility.shape)
    payoff = np.einsum("ij,nij->ni", problem.principal_values, lotteries) - cost
    places = [list(problem.labels).index(group) for group in GROUPS]
    return np.column_stack([payoff @ problem.weights, utility[:, places]])


def broken(problem: contracts.ScreeningProblem, lotteries: Array) -> Array:
    """Points by which IC and IR are broken, added up; (n,)."""
    utility = np.einsum("ij,nkj->nik", problem.valuations, lotteries)
    own = np.einsum("nii->ni", utility)
    ic = np.maximum(utility - own[:, :, np.newaxis], 0.0).sum(axis=(1, 2))
    return np.asarray(ic + np.maximum(problem.reservation_utility - own, 0.0).sum(axis=1))


def chosen(problem: contracts.ScreeningProblem, lotteries: Array) -> Array:
    """What types choose from what is on offer, the averaged policy included."""
    outside = np.broadcast_to(problem.outside_option, (len(lotteries), 1, problem.n_goods))
    offers = np.concatenate([lotteries, outside], axis=1)
    best = np.einsum("ij,nkj->nik", problem.valuations, offers).argmax(axis=2)
    return np.take_along_axis(offers, best[:, :, np.newaxis], axis=1)


def hypervolume(front: contracts.Front, values: Array) -> float:
    """Share of the exact front's box that the values dominate."""
    from pymoo.indicators.hv import Hypervolume

    normalised = np.maximum(1 - (front.ideal - values) / front.unit, 0.0)
    return float(Hypervolume(ref_point=np.zeros(3))(-normalised))


def cells(row: dict[str, Any], upper: float) -> list[str]:
    """A row of the table."""
    return [
        row["method"],
        f"{row['evaluations']:,}",
        f"{row['seconds']:.2f}",
        str(row["menus"]),
        f"{row['hypervolume']:.6f}",
        f"{row['hypervolume'] / upper:.4f}",
        f"{row['broken']:.3g}",
    ]


if __name__ == "__main__":
    main()
