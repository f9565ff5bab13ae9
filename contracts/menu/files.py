"""Menus from files: everything that is not an input is computed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import finite, number
from contracts.inputs.door import checked
from contracts.inputs.frozen import read_only
from contracts.menu.assembly import assembled
from contracts.menu.menu import SCHEMA, Menu
from contracts.menu.offers import Options
from contracts.problem.records import built_from_document, from_record
from contracts.problem.screening import ScreeningProblem
from contracts.proof.bound import upper_bound
from contracts.proof.few_options import BY_INTERVALS, surplus_of
from contracts.proof.kinds import kind_from_dict
from contracts.proof.record import multipliers_from_record, options_from_record


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
    problem = from_record(ScreeningProblem, record["problem"])
    program = problem.program
    multipliers = multipliers_from_record(problem, record["multipliers"])
    allocations, transfers, option_of_type = options_from_record(problem, record)
    options = Options(read_only(allocations), transfers)
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
