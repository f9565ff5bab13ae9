"""Contracts on offer and who takes which, before they are a menu; and what their numbers mean."""

from __future__ import annotations

from typing import Any, NamedTuple

from contracts.inputs.arrays import Array, Indices
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass, rebuilt
from contracts.proof.certificate import Certificate
from contracts.proof.verify import Contracts

BINDING = 1e-6  # share of a type's weight above which a multiplier counts as binding
OUTSIDE = -1  # index of the outside option


@checked
class Options(NamedTuple):
    """Distinct contracts on offer."""

    allocations: Array  # (n_options, n_goods)
    transfers: Array  # (n_options,)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (Options, tuple(self))


@dataclass(frozen=True, eq=False)
class ExactMenu:
    """Contracts on offer and who takes which; the last contract is the outside contract where there is one."""

    contracts: Contracts
    option_of_type: Indices
    certificate: Certificate
