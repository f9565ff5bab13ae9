"""Menus from files: everything that is not an input is computed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import read_only
from contracts.menu.assembly import assembled
from contracts.menu.menu import SCHEMA, Menu
from contracts.menu.offers import OUTSIDE, Options
from contracts.problem.records import built_from_document, from_record
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import upper_bound
from contracts.proof.few_options import BY_INTERVALS, surplus_of
from contracts.proof.kinds import kind_from_dict
from contracts.proof.multipliers import Multipliers


def _sized(name: str, values: Any, count: int) -> Array:
    array = finite(name, values)
    if array.shape != (count,):
        raise ProblemError(f"{name} has shape {array.shape}; expected {(count,)}: save the menu again")
    return array


def _directions(problem: ScreeningProblem, values: Any) -> Array:
    array = finite("multipliers.directions", values)
    if not array.size:
        return np.zeros((0, 0, problem.n_goods))
    if array.shape != (problem.n_types, problem.n_types + 1, problem.n_goods):
        raise ProblemError(f"multipliers.directions has shape {array.shape}: save the menu again")
    return array


@checked
def load_menu(path: str | Path) -> Menu:
    """Read a menu that `Menu.save` wrote. Its certificate is computed anew: a file is not believed.

    What is proven of short or deterministic menus off a line takes a search. Of such a menu the certificate asks for
    IC, IR and the other constraints only, and its bound is what the saved prices prove, no more than of all menus.

    Raises
    ------
    ProblemError
        If the file is not such a menu.
    """
    return built_from_document(path, SCHEMA, "Menu.save", menu_from_dict, "menu")


def menu_from_dict(record: dict[str, Any]) -> Menu:
    """The inverse of Menu.to_dict."""
    from scipy.sparse import csr_array

    problem = from_record(ScreeningProblem, record["problem"])
    n_types, program = problem.n_types, problem.program
    prices = record["multipliers"]
    price = finite("multipliers.ic.price", prices["ic"]["price"])
    ic = csr_array((price, (prices["ic"]["tempted"], prices["ic"]["tempter"])), shape=(n_types, n_types))
    multipliers = Multipliers(
        ic=ic,
        ir=_sized("multipliers.ir", prices["ir"], n_types),
        transfer=_sized("multipliers.transfer", prices["transfer"], n_types),
        side=_sized("multipliers.side", prices["side"], len(program.side_rows.limit)),
        profit=number("multipliers.profit", prices["profit"]),
        worst_off=_sized("multipliers.worst_off", prices["worst_off"], n_types),
        weights=_sized("multipliers.weights", prices.get("weights", problem.weights), n_types),
        directions=_directions(program, prices.get("directions", [])),
    )
    allocations = finite("options.allocations", record["options"]["allocations"]).reshape(-1, program.n_goods)
    options = Options(
        read_only(allocations), _sized("options.transfers", record["options"]["transfers"], len(allocations))
    )
    option_of_type = np.array(record["option_of_type"])
    whole = option_of_type.shape == (n_types,) and option_of_type.dtype.kind == "i"
    if not whole or option_of_type.min() < OUTSIDE or option_of_type.max() >= len(options.transfers):
        raise ProblemError("option_of_type does not fit the options and types: save the menu again")
    option_of_type = option_of_type.astype(np.intp)
    requested = record["certificate"]["requested_gap"]
    gap = np.inf if requested is None else number("certificate.requested_gap", requested)
    kind = kind_from_dict(record.get("kind", {}), problem.n_goods)
    if kind.is_every_menu:
        bound = upper_bound(program, multipliers)
    else:  # what prices prove without a search
        bound = replace(upper_bound(program, multipliers, surplus_of(program, kind)), among=kind)
        gap = gap if record["engine"] == BY_INTERVALS else np.inf
    menu = assembled(problem, options, read_only(option_of_type), bound, record["engine"], gap)
    stopped = record["certificate"].get("stopped") is True
    menu = replace(menu, certificate=replace(menu.certificate, is_stopped=stopped))
    for name in ("allocation", "transfer"):
        if not np.array_equal(finite(name, record[name]), getattr(menu, name)):
            raise ProblemError(
                f"{name} is not what options and option_of_type say, so the file was edited: change the options too, "
                "or keep only labels, allocation and transfer"
            )
    return menu
