"""Closed forms from the command line: its words become a schedule or a menu, and its form is chosen."""

from __future__ import annotations

import re
from typing import Any

from contracts.cli.commands import json_text
from contracts.errors import ProblemError
from contracts.symbolic import SymbolicMenu, SymbolicSchedule, derive_menu, derive_schedule


def closed_form(
    utility: str, *, cost: str, types: str, weights: str | None, parameters: str
) -> SymbolicSchedule | SymbolicMenu:
    """The schedule for a distribution of types, or the menu for a few that are counted or listed.

    Examples
    --------
    >>> closed_form("theta*q", cost="q**2/2", types="1, 2", weights="1/2, 1/2", parameters="").allocation[1]
    2
    """
    names = listed(parameters)
    if " on " in types or re.match(r"\s*[A-Za-z_]+\s*\(", types):
        if weights is not None:
            raise ProblemError("--weights are shares of listed types: leave them out for a distribution")
        return derive_schedule(utility, cost=cost, types=types, parameters=names)
    several = listed(types)
    if len(several) == 1 and several[0].isascii() and several[0].isdigit():
        few: Any = int(several[0][:4])
    elif len(several) == 1:
        raise ProblemError(
            f"--types {types!r} is no distribution: give one such as 'uniform(0, 1)', or a list 'low, high'"
        )
    else:
        few = several
    shares = None if weights is None else listed(weights)
    return derive_menu(utility, cost=cost, types=few, weights=shares, parameters=names)


def failing(found: SymbolicSchedule | SymbolicMenu) -> str | None:
    """The condition of regularity that fails; None where it does not."""
    return found.condition if isinstance(found, SymbolicSchedule) and found.is_regular is False else None


def listed(text: str) -> tuple[str, ...]:
    """Parts of a text between commas, without blanks around them."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def shown(found: SymbolicSchedule | SymbolicMenu, *, latex: bool, html: bool, as_json: bool) -> str:
    """The derivation as text, or in the form that is asked for."""
    derivation = found.derivation()
    if as_json:
        return json_text(derivation.to_dict())
    if html:
        from contracts.display.report import Report

        return Report("Closed form").menu(derivation).html()
    return derivation.latex() if latex else derivation.text()
