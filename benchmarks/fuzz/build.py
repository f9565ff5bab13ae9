"""A problem of plain data as the library's objects, and as the code that a user would type."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np

import contracts
from benchmarks.fuzz.units import Fields, is_part

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Cosh:
    """A user's own cost, sum_k scale (cosh(x_k / unit) - 1): the three methods of the protocol and nothing more."""

    scale: float = 1.0
    unit: float = 1.0

    def value(self, allocation: Array) -> Array:
        """c(x) of every row."""
        return self.scale * (np.cosh(allocation / self.unit) - 1).sum(axis=1)

    def conjugate(self, valuation: Array, domain: Any) -> tuple[Array, Array]:
        """Its value and where it is attained."""
        best = domain.separable_maximiser(valuation, self._inverse_marginal)
        return (valuation * best).sum(axis=1) - self.value(best), best

    def _inverse_marginal(self, marginal: Array) -> Array:
        return self.unit * np.arcsinh(marginal * (self.unit / self.scale))

    def expression(self, allocation: Any) -> Any:
        """For cvxpy."""
        import cvxpy as cp

        amounts = allocation / self.unit
        return self.scale * (cp.sum(cp.exp(amounts) + cp.exp(-amounts), axis=1) / 2 - allocation.shape[1])


def build(fields: Fields) -> dict[str, Any]:
    """The arguments of ScreeningProblem."""
    built = {name: part(value) if is_part(value) else value for name, value in fields.items()}
    if isinstance(fields["cost"], list):
        built["cost"] = [part(cost) for cost in fields["cost"]]
    built["constraints"] = [contracts.LinearConstraint(**row) for row in fields.get("constraints", [])]
    return _taken_for_granted() | built


def _taken_for_granted() -> dict[str, Any]:
    """What the oracle takes a problem to be where its fields do not say, if the library can be told."""
    known = {field.name for field in dataclasses.fields(contracts.ScreeningProblem)}
    return {"participation": "compulsory"} if "participation" in known else {}


def part(value: Fields) -> Any:
    """A cost, domain, objective, ... from its name and arguments."""
    arguments = {key: _argument(key, entry) for key, entry in value.items() if key != "kind"}
    return Cosh(**arguments) if value["kind"] == "Cosh" else getattr(contracts, value["kind"])(**arguments)


def _argument(key: str, value: Any) -> Any:
    if key == "function" and value == "WorstOff":
        return contracts.WorstOff()
    if key == "costs":
        return [part(cost) for cost in value]
    return part(value) if is_part(value) else value


def code(fields: Fields) -> str:
    """The call of solve_menu that the problem is, to paste into a session."""
    shown = {name: _text(value) for name, value in (_taken_for_granted() | fields).items() if name != "valuations"}
    if fields.get("constraints"):
        shown["constraints"] = "[" + ", ".join(f"LinearConstraint({_call(row)})" for row in fields["constraints"]) + "]"
    else:
        shown.pop("constraints", None)
    return f"solve_menu({', '.join([_text(fields['valuations']), *(f'{k}={v}' for k, v in shown.items())])})"


def _text(value: Any) -> str:
    if is_part(value):
        return f"{value['kind']}({_call({key: entry for key, entry in value.items() if key != 'kind'})})"
    if isinstance(value, np.ndarray):
        return repr(value.tolist())
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, tuple):
        return f"({', '.join(map(_text, value))})"
    if isinstance(value, list):
        return f"[{', '.join(map(_text, value))}]"
    return {"inf": "inf", "-inf": "-inf"}.get(repr(value), "WorstOff()" if value == "WorstOff" else repr(value))


def _call(arguments: Fields) -> str:
    return ", ".join(f"{key}={_text(value)}" for key, value in arguments.items())
