"""Sweep files: a problem, and the values that its keys take in the cells of a grid.

problem = "broadband.toml"                  # or a table [problem] of the same keys, or [model]

[grid]                                      # values by key of the problem, or by argument of the model
serving_cost = [0.0, 0.5, 1.0]
"cost.curvature" = {start = 1.0, stop = 2.0, n = 11}
"""

from __future__ import annotations

import copy
import dataclasses
import inspect
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from contracts.cli.problem_files import KEYS, read_record, with_tables
from contracts.cli.reading import Problem, described
from contracts.cli.solving import solved
from contracts.cli.textbook import HIDDEN_ACTION, known_models
from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import check_keys, listed
from contracts.problem.screening import ScreeningProblem
from contracts.sweeps.grid import read_grid

OWN = ("problem", "model", "grid", "seed", "replications", "people", "gap")  # keys of the file
AXIS = ("start", "stop", "n")
MOST_VALUES = 10**15  # of one parameter
NO_SHARES = "people is about the shares of hidden types, and the problem has none: leave it out"


@dataclass(frozen=True)
class Even(Sequence[float]):
    """Numbers in equal steps, both ends among them, none made before it is asked for.

    Examples
    --------
    >>> list(Even(0.0, 1.0, 5))
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """

    start: float
    stop: float
    n: int

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, place: Any) -> Any:
        if not 0 <= place < self.n:
            raise IndexError(place)
        share = place / max(self.n - 1, 1)
        return (1.0 - share) * self.start + share * self.stop


@dataclass(frozen=True, eq=False)
class FromFile:
    """The problem of a file, some of whose values the cells of a sweep replace.

    Attributes
    ----------
    record : the file, with tables of types read into it
    people : from how many people the shares of the types are known; None if they are certain
    gap : relative, as for `solve_menu`
    file : what messages call it, which is not what makes a sweep another one
    """

    record: dict[str, Any]
    people: int | None
    gap: float
    _file: Path

    def problem(self, values: dict[str, Any]) -> Problem:
        """The problem of a cell."""
        record = copy.deepcopy(self.record)
        for name, value in values.items():
            *steps, last = path_of(record, name)
            table = record
            for step in steps:
                table = table[step]
            table[last] = value
        return described(record, self._file)


@dataclass(frozen=True, eq=False)
class Certain(FromFile):
    """What a sweep runs: a problem is solved as it is."""

    def __call__(self, **values: Any) -> dict[str, Any]:
        """The row of a cell."""
        return _row(self.problem(values), self.gap)


@dataclass(frozen=True, eq=False)
class Drawn(FromFile):
    """The same where shares of the types are drawn anew: as those would be that are estimated from so many people."""

    def __call__(self, rng: np.random.Generator, **values: Any) -> dict[str, Any]:
        """The row of a cell."""
        problem = self.problem(values)
        if not isinstance(problem, ScreeningProblem) or self.people is None:
            raise ProblemError(NO_SHARES)
        weights = rng.dirichlet(self.people * problem.weights)
        return _row(dataclasses.replace(problem, weights=weights), self.gap)


def _row(problem: Problem, gap: float) -> dict[str, Any]:
    found = solved(problem, method="auto", gap=gap, max_options=None, deterministic=False)
    certificate = found.certificate
    return {
        "value": found.value,
        "upper_bound": found.upper_bound,
        "gap": certificate.relative_gap,
        "holds": certificate.holds,
    }


# ---- the file ----


def read_sweep(path: Path) -> tuple[Certain | Drawn, dict[str, Any], dict[str, Any]]:
    """What a file says: what to run, the grid, and what else `contracts.sweep` is given.

    Raises
    ------
    ProblemError
        If it describes no sweep, or its problem makes sense at neither end of the grid; the message names the file.
    """
    record = read_record(path)
    try:
        check_keys(record, OWN, "the sweep")
        inner, file = _problem(record, path)
        grid = _grid(record.get("grid"))
        seed, replications = record.get("seed", 0), record.get("replications", 1)
        people, gap = record.get("people"), record.get("gap", 1e-6)
        _whole("seed", seed, 0)
        _whole("replications", replications, 1)
        if people is not None:
            _whole("people", people, 1)
        if replications > 1 and people is None:
            raise ProblemError(
                f"replications is {replications}, and every one would be the same: add people, from how "
                "many of whom the shares of the types are known, or leave replications out"
            )
        if not isinstance(gap, float) or not 0 < gap < math.inf:
            raise ProblemError(f"gap is {gap!r}: give a positive number, such as 1e-6")
        for name in grid:
            path_of(inner, name)
    except ProblemError as exc:
        raise exc if str(exc).startswith(str(path)) else ProblemError(f"{path}: {exc}") from exc
    family = (Certain if people is None else Drawn)(inner, people, gap, file)
    _check_ends(family, grid, path)
    return family, grid, {"seed": seed, "n_replications": replications, "gap": gap}


def _whole(key: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ProblemError(f"{key} is {value!r}: give a whole number, at least {least}")


def _problem(record: dict[str, Any], path: Path) -> tuple[dict[str, Any], Path]:
    """The record of the problem, and the file that messages name."""
    given = [key for key in ("problem", "model") if key in record]
    if len(given) != 1:
        what = "names both" if given else "names neither"
        raise ProblemError(
            f"the file {what} a problem and a model: give one, problem = 'file.toml', [problem] or [model]"
        )
    if "model" in record:
        return {"model": record["model"]}, path
    problem = record["problem"]
    if isinstance(problem, dict):
        return with_tables(problem, path), path
    if not isinstance(problem, str):
        raise ProblemError(f"problem is {problem!r}: give the path of a problem file, or a table of its keys")
    file = path.parent / problem
    if file.resolve() == path.resolve():
        raise ProblemError("problem names this very file: name the file of the problem, or give a table [problem]")
    return with_tables(read_record(file), file), file


def _grid(table: Any) -> dict[str, Any]:
    """Values by parameter; tables within tables are names with dots."""
    if not isinstance(table, dict):
        raise ProblemError("the file lacks a grid: add [grid] with lists of values, such as serving_cost = [0.0, 1.0]")
    return dict(_axes(table, ""))


def _axes(table: dict[str, Any], above: str) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        name = above + key
        if not isinstance(value, dict):
            if not isinstance(value, list):
                raise ProblemError(f"grid.{name} is {value!r}: give a list, or {{start = 0.0, stop = 1.0, n = 5}}")
            yield name, value
        elif set(value) & set(AXIS):
            yield name, _even(name, value)
        else:
            yield from _axes(value, f"{name}.")


def _even(name: str, value: dict[str, Any]) -> Even:
    if set(value) != set(AXIS):
        raise ProblemError(f"grid.{name} has {listed(list(value))}: give start, stop and n, or a list")
    for end in ("start", "stop"):
        number = value[end]
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise ProblemError(f"grid.{name}.{end} is {number!r}: give a finite number")
    _whole(f"grid.{name}.n", value["n"], 2)
    if value["n"] > MOST_VALUES:
        raise ProblemError(f"grid.{name}.n is {value['n']}: give at most {MOST_VALUES:.0e}")
    return Even(float(value["start"]), float(value["stop"]), value["n"])


def path_of(record: dict[str, Any], name: str) -> list[Any]:
    """Where in a problem's file the value of a parameter stands: names of tables, and places in lists.

    Examples
    --------
    >>> path_of({"cost": {"kind": "quadratic", "curvature": 1.0}}, "cost.curvature")
    ['cost', 'curvature']
    >>> path_of({"model": {"name": "mussa_rosen"}}, "curvature")
    ['model', 'curvature']
    """
    steps: list[Any] = ["model"] if "model" in record else []
    inside: Any = record.get("model", record)
    where, (*tables, last) = "the problem", name.split(".")
    for step in tables:
        place = _key(inside, step)
        if place is None or not isinstance(inside[place], dict | list):
            raise ProblemError(f"grid names {name!r}, and {where} has no table {step!r}: write it there first")
        steps.append(place)
        inside, where = inside[place], f"{step!r} of the problem"
    place = _key(inside, last)
    if place is None and not tables and last in (known := _known(record)):
        return [*steps, last]
    if place is None:
        has = listed([str(key) for key in (known if not tables else inside)])
        raise ProblemError(
            f"grid names {name!r}, and {where} knows {has}: use one of these, or write {last!r} there with any value"
        )
    return [*steps, place]


def _key(inside: Any, step: str) -> Any:
    """A key of a table or a place in a list, None if there is none such."""
    if isinstance(inside, list):
        return int(step) if step.isdecimal() and int(step) < len(inside) else None
    return step if isinstance(inside, dict) and step in inside else None


def _known(record: dict[str, Any]) -> list[str]:
    """Keys that a problem may have, whether or not its file gives them."""
    if "model" in record:
        model = record["model"]
        function = known_models().get(str(model.get("name"))) if isinstance(model, dict) else None
        return [] if function is None else list(inspect.signature(function).parameters)
    is_of_menus = HIDDEN_ACTION not in record and "kind" not in record and "alternatives" not in record
    return list(KEYS) if is_of_menus else list(record)


def _check_ends(family: FromFile, grid: dict[str, Any], path: Path) -> None:
    """Refuse a problem that makes sense neither in the first nor in the last cell."""
    try:
        cells = read_grid(grid, 1)
    except ProblemError as exc:
        raise ProblemError(f"{path}: {exc}") from exc
    try:
        problem = family.problem(cells.cell(0))
    except ProblemError as first:
        try:
            problem = family.problem(cells.cell(cells.n_cells - 1))
        except ProblemError:
            raise first from None
    if family.people is not None and not isinstance(problem, ScreeningProblem):
        raise ProblemError(
            f"{path}: people is about the shares of hidden types, and the problem has none: leave it out"
        )
