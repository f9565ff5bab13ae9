"""Which menus a bound is about: all of them, or those with few options, given allocations, or options that stay."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.display.numbers import plural
from contracts.inputs.arrays import Array, finite
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import count


@dataclass(frozen=True, eq=False)
class Kind:
    """A set of menus.

    A menu's options are its distinct contracts. The outside option, which nobody can be kept from, is not one of them.
    """

    max_options: int | None = None  # most options on offer, those that stay included; None for any number
    allocations: Array | None = None  # (n, n_goods) the only ones that options may have; None for the whole domain
    fixed: Array | None = None  # (n, n_goods + 1) options that stand on every menu, transfers last; None for none

    def __str__(self) -> str:
        """Such as "menus of at most 2 options"; nothing for all menus."""
        words = []
        if self.max_options is not None:
            words.append(f"of at most {plural(self.max_options, 'option')}")
        if self.allocations is not None:
            words.append(f"with {plural(len(self.allocations), 'given allocation')}")
        if self.fixed is not None:
            words.append(f"with {plural(len(self.fixed), 'fixed option')}")
        return f"menus {' '.join(words)}" if words else ""

    @property
    def is_every_menu(self) -> bool:
        """Whether no menu is left out."""
        return self.max_options is None and self.allocations is None and self.fixed is None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, of what is said only."""
        said: dict[str, Any] = {} if self.max_options is None else {"max_options": self.max_options}
        for name in ("allocations", "fixed"):
            if getattr(self, name) is not None:
                said[name] = getattr(self, name).tolist()
        return said


EVERY_MENU = Kind()


def kind_from_dict(record: dict[str, Any], n_goods: int) -> Kind:
    """The inverse of Kind.to_dict, for menus of so many goods."""
    allocations, fixed = (
        None if name not in record else finite(f"kind.{name}", record[name]).reshape(-1, width)
        for name, width in (("allocations", n_goods), ("fixed", n_goods + 1))
    )
    most = None if "max_options" not in record else count("kind.max_options", record["max_options"])
    return Kind(most, allocations, fixed)


def beside_chances(kind: Kind, n_columns: int) -> Array | None:
    """The given allocations in the goods of a program: with no outside option, where that is one more good."""
    if kind.allocations is None:
        return None
    more = n_columns - kind.allocations.shape[1]
    return np.pad(kind.allocations, ((0, 0), (0, more)))
