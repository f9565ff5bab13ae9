"""A problem as the Python that states it: one call of its class, with what differs from the defaults."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from typing import Any

import numpy as np

from contracts.inputs.names import NumberedLabels
from contracts.problem.costs import ByType
from contracts.problem.costs import Exponential as ExponentialCost
from contracts.problem.screening import ScreeningProblem

WIDTH = 100  # of a line of code


def program(problem: Any, *lines: str) -> str:
    """A program that states a problem and does something with it."""
    stated = f"problem = {constructor(problem)}"
    return "\n".join(["import contracts", "", stated, *lines]) + "\n"


def constructor(part: Any) -> str:
    """The call that makes a part of a problem.

    Examples
    --------
    >>> from contracts.problem.costs import Quadratic
    >>> print(constructor(ScreeningProblem([1.0, 2.0], cost=Quadratic(2.0))))
    contracts.ScreeningProblem(
        valuations=[[1.0], [2.0]],
        weights=[0.5, 0.5],
        cost=contracts.Quadratic(curvature=2.0),
    )
    """
    fields = {field.name: getattr(part, field.name) for field in dataclasses.fields(part) if field.init}
    if isinstance(part, ScreeningProblem) and part.outside_option is not None:
        del fields["reservation_utility"]  # it follows
    defaults = {field.name: field.default for field in dataclasses.fields(part)}
    written = [
        f"{name}={_written(value)}" for name, value in fields.items() if not _is_default(value, defaults.get(name))
    ]
    name = f"contracts.{_name_of(type(part))}"
    if len(name) + sum(map(len, written)) + 2 * len(written) < WIDTH and type(part).__name__[-7:] != "Problem":
        return f"{name}({', '.join(written)})"
    return f"{name}(\n" + textwrap.indent("".join(f"{one},\n" for one in written), "    ") + ")"


def _written(value: Any) -> str:
    if isinstance(value, ByType):
        return _written([value.costs[k] for k in value.index])
    if dataclasses.is_dataclass(value):
        return constructor(value)
    if isinstance(value, np.ndarray | np.generic):
        return _written(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, tuple | list):
        return _listed(value)
    return repr(value)


def _listed(value: tuple[Any, ...] | list[Any]) -> str:
    parts = [_written(item) for item in value]
    left, right = ("(", ",)" if len(parts) == 1 else ")") if isinstance(value, tuple) else ("[", "]")
    line = f"{left}{', '.join(parts)}{right}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    is_plain = all(isinstance(item, int | float | str) for item in value)
    inside = textwrap.fill(", ".join(parts), WIDTH, break_long_words=False, break_on_hyphens=False)
    if not is_plain or any(isinstance(item, str) for item in value):  # names may hold blanks, which no line may break
        inside = ",\n".join(parts)
    return f"{left}\n{textwrap.indent(inside, '    ')},\n{right[-1]}"


def _is_default(value: Any, default: Any) -> bool:
    """Whether leaving it out states the same."""
    if isinstance(value, NumberedLabels) or value is None:
        return True
    if isinstance(value, np.ndarray):
        return isinstance(default, int | float) and not isinstance(default, bool) and bool(np.all(value == default))
    if dataclasses.is_dataclass(value) or isinstance(value, tuple):
        return value is default or (isinstance(value, tuple) and value == ())
    return type(value) is type(default) and bool(value == default)


def _name_of(kind: type) -> str:
    return "ExponentialCost" if kind is ExponentialCost else kind.__name__
