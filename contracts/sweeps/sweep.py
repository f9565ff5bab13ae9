"""The verb: a function or a problem over a grid, in this process, in others, or on a cluster, to the same rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, overload

from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.inputs.kinds import Count, Seed
from contracts.inputs.progress import reporter
from contracts.problem.screening import ScreeningProblem
from contracts.sweeps.cells import Task, run_cells
from contracts.sweeps.families import facts_of, read_family
from contracts.sweeps.grid import read_grid
from contracts.sweeps.local import usable_cores
from contracts.sweeps.parts import KINDS
from contracts.sweeps.result import Sweep, SweepEstimate
from contracts.sweeps.run import FAILED, check_size, recalled, run

TRIED, TRIAL_SECONDS = 5, 2.0  # of a dry run: cells at most, and seconds after which no other is begun
GOLDEN = (math.sqrt(5) - 1) / 2  # multiples of it spread over a line


@overload
def sweep(
    family: Callable[..., Any] | ScreeningProblem,
    grid: Any,
    *,
    seed: Seed = ...,
    n_replications: Count = ...,
    gap: float = ...,
    folder: str | Path | None = ...,
    parts: str = ...,
    n_workers: Count | None = ...,
    cluster: Any = ...,
    retry: bool = ...,
    dry_run: Literal[False] = ...,
    progress: bool | Callable[[str], None] = ...,
) -> Sweep: ...
@overload
def sweep(
    family: Callable[..., Any] | ScreeningProblem,
    grid: Any,
    *,
    seed: Seed = ...,
    n_replications: Count = ...,
    gap: float = ...,
    folder: str | Path | None = ...,
    parts: str = ...,
    n_workers: Count | None = ...,
    cluster: Any = ...,
    retry: bool = ...,
    dry_run: bool,
    progress: bool | Callable[[str], None] = ...,
) -> Sweep | SweepEstimate: ...
@checked(own=("family", "grid"))
def sweep(
    family: Callable[..., Any] | ScreeningProblem,
    grid: Any,
    *,
    seed: Seed = 0,
    n_replications: Count = 1,
    gap: float = 1e-6,
    folder: str | Path | None = None,
    parts: str = "parquet",
    n_workers: Count | None = None,
    cluster: Any = None,
    retry: bool = False,
    dry_run: bool = False,
    progress: bool | Callable[[str], None] = False,
) -> Sweep | SweepEstimate:
    """Run a function, or solve a problem, in every cell of a grid: the same rows however many workers share the work.

    Parameters
    ----------
    family : a function of the parameters, by name, that gives a number, a mapping of names to numbers and texts, a
        menu, or a problem, which is solved; or a problem, whose fields the parameters are. A function that takes `rng`
        is given a generator of the cell's own, one that takes `replication` the number of the repetition
    grid : values by parameter, such as {"cost": [1.0, 2.0], "tax": range(10)}, of which every combination is a cell;
        or a list of mappings, one for each cell
    seed : of all draws; a cell's draws depend on it and on the number of the cell alone
    n_replications : how often every cell is repeated, each time with other draws
    gap : of problems, as for `solve_menu`
    folder : where rows are written as they come, in parts; a sweep that was stopped, killed even, goes on from there
    parts : "parquet", or "jsonl", which needs no other library
    n_workers : processes on this machine, spawned; 1 is this process. By default this one, and as many as there are
        cores if more than a few seconds of work are left after the first
    cluster : a client of dask.distributed, or the address of its scheduler, in place of processes
    retry : whether cells that failed in an earlier run are run again
    dry_run : whether to try a few cells, and say how many there are and how long they would take
    progress : True to print lines to standard error, or a function that takes them

    Returns
    -------
    Sweep, or SweepEstimate of a dry run. A cell that fails is a row with its error.

    Raises
    ------
    ProblemError
        If the grid is empty or too large, the folder belongs to another sweep or cannot be written to, no cluster
        answers, or one of its workers has another version of this library. Rows that have come are kept.

    Examples
    --------
    >>> from contracts import Quadratic, ScreeningProblem
    >>> problem = ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=Quadratic())
    >>> print(sweep(problem, {"serving_cost": [0.0, 0.5, 1.0]}))
    cell  serving_cost     value  upper_bound  expected_utility  n_options  n_excluded
       0             0  0.666667     0.666667          0.166667          2           0
       1           0.5     0.375        0.375                 0          1           1
       2             1      0.25         0.25                 0          1           1

    >>> def mean_of(n, rng):
    ...     return {"mean": rng.normal(size=n).mean()}
    >>> found = sweep(mean_of, {"n": [100, 10_000]}, n_replications=20, seed=1)
    >>> found.to_frame().groupby("n")["mean"].std().round(2).tolist()
    [0.09, 0.01]
    """
    if parts not in KINDS:
        raise ProblemError(f"parts is {parts!r}: use {' or '.join(map(repr, KINDS))}")
    if cluster is not None and n_workers is not None:
        raise ProblemError("n_workers and cluster are both given: workers of a cluster are started there, so give one")
    task = read_family(family, read_grid(grid, n_replications), seed, gap)
    names = tuple(task.grid.names) + (("replication",) if n_replications > 1 else ())
    return sweep_task(
        task,
        task.grid.n_cells,
        names,
        facts=facts_of(task),
        folder=folder,
        parts=parts,
        n_workers=n_workers,
        cluster=cluster,
        retry=retry,
        dry_run=dry_run,
        report=reporter(progress),
    )


def sweep_task(
    task: Task,
    n_cells: int,
    names: tuple[str, ...],
    *,
    facts: dict[str, Any],
    folder: str | Path | None,
    parts: str,
    n_workers: int | None,
    cluster: Any,
    retry: bool,
    dry_run: bool,
    report: Callable[[str], None],
) -> Sweep | SweepEstimate:
    """Any task as a sweep; see `sweep`."""
    if dry_run:
        begun = recalled(task, n_cells, folder, parts, facts)
        return _estimate(task, n_cells, begun, _workers(n_workers, cluster))
    check_size(n_cells, folder)
    ran = run(
        task,
        n_cells,
        facts=facts,
        folder=folder,
        parts=parts,
        n_workers=n_workers,
        cluster=cluster,
        retry=retry,
        report=report,
    )
    return Sweep(names, n_cells, ran.state.count(FAILED), None if folder is None else Path(folder), ran)


def _estimate(task: Task, n_cells: int, n_done: int, n_workers: int) -> SweepEstimate:
    """Try some cells, spread over the grid, the first among them."""
    found, seconds = [], 0.0
    for number in range(min(TRIED, n_cells)):
        if seconds < TRIAL_SECONDS:
            finished = run_cells(task, [int(n_cells * (number * GOLDEN % 1.0))])
            found += finished.found
            seconds += finished.seconds
    errors = dict.fromkeys(one.error for one in found if one.error is not None)
    return SweepEstimate(n_cells, n_done, len(found), seconds / len(found), n_workers, tuple(errors))


def _workers(n_workers: int | None, cluster: Any) -> int:
    if cluster is None:
        return n_workers or usable_cores()
    from contracts.sweeps.cluster import threads_on

    return threads_on(cluster)
