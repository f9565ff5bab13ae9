"""What a page asks and is told, as functions of plain data: from where the sliders stand to a drawing and its proof."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from contracts.cli.explore import source
from contracts.cli.explore.controls import Control, Values, values_of
from contracts.cli.explore.opened import tab_of
from contracts.cli.explore.panels import proof
from contracts.cli.explore.tabs import auctions, fronts, hidden, menus, policies
from contracts.cli.explore.tabs.drawn_menus import drawn_menu
from contracts.cli.explore.tabs.menus import Opened
from contracts.errors import ProblemError

KEYS = ("tab", "values", "edits")
FORMS = ("json", "csv", "py")


class Tab(NamedTuple):
    """A tab: what moves, what is solved, and how the answer is told."""

    title: str
    takes: str  # the kind of file that it draws, named by that file's own tab
    controls: Callable[[Opened | None], tuple[Control, ...]]
    solve: Callable[[Values, Any, Opened | None], Any]
    draw: Callable[[Any, Values], dict[str, Any]]
    result: Callable[[Any], Any]  # what has the certificate, and is saved
    columns: Callable[[Any], dict[str, Any]]
    code: Callable[[Any], tuple[str, ...]]


def draw(state: Any, opened: Opened | None = None) -> dict[str, Any]:
    """The drawing of a state: panels, table, words, and the verdict of the certificate.

    Parameters
    ----------
    state : {"tab": name, "values": {control: number}, "edits": numbers of types given by hand, or None}
    opened : the problem of a file, which the tab for its kind draws

    Raises
    ------
    ContractError
        If the state makes no sense, or there is no menu under it; the message says what to do.

    Examples
    --------
    >>> drawing = draw({"tab": "menu", "values": {"types": 3}})
    >>> drawing["proof"]["holds"], [panel["name"] for panel in drawing["panels"]]
    (True, ['map', 'tariff', 'rents', 'virtual'])
    """
    start = time.perf_counter()
    tab, values, found, shown = _solved(state, opened)
    drawing = tab.draw(found, values)
    result = tab.result(found)
    edits = state.get("edits")
    return {
        **drawing,
        "proof": proof(result),
        "controls": [control._asdict() for control in tab.controls(shown)],
        "values": values,
        "types": menus.by_hand(result.problem) if tab is TABS["menu"] else None,
        "edited": edits is not None,
        "opened": None if shown is None else shown.name,
        "milliseconds": 1e3 * (time.perf_counter() - start),
    }


def download(state: Any, form: Any, opened: Opened | None = None) -> tuple[str, str]:
    """A file's name and text: the result as JSON or CSV, or the Python that makes the picture."""
    if form not in FORMS:
        raise ProblemError(f"form is {form!r}: use {', '.join(FORMS)}")
    tab, _, found, _ = _solved(state, opened)
    result = tab.result(found)
    name = f"{state['tab']}.{form}"
    if form == "json":
        return name, json.dumps(result.to_dict(), indent=1, allow_nan=False) + "\n"
    if form == "csv":
        return name, _csv(tab.columns(result))
    return name, source.program(result.problem if tab is not TABS["front"] else found[0].problem, *tab.code(found))


def tabs() -> list[dict[str, str]]:
    """The tabs in their order."""
    return [{"name": name, "title": tab.title} for name, tab in TABS.items()]


def _solved(state: Any, opened: Opened | None) -> tuple[Tab, Values, Any, Opened | None]:
    if not isinstance(state, dict) or not set(state) <= set(KEYS):
        raise ProblemError(f"a state is an object with {', '.join(KEYS)}")
    name = state.get("tab")
    tab = TABS.get(name) if isinstance(name, str) else None
    if tab is None:
        raise ProblemError(f"tab is {name!r}: the tabs are {', '.join(TABS)}")
    shown = opened if opened is not None and tab_of(opened) == tab.takes else None
    values = values_of(tab.controls(shown), state.get("values", {}))
    return tab, values, tab.solve(values, state.get("edits"), shown), shown


def _csv(columns: dict[str, Any]) -> str:
    page = io.StringIO()
    writer = csv.writer(page, lineterminator="\n")
    writer.writerow(columns)
    lists = [np.asarray(column).tolist() for column in columns.values()]
    writer.writerows(zip(*lists, strict=True))
    return page.getvalue()


# ---- the columns of downloads ----


def _menu_columns(menu: Any) -> dict[str, Any]:
    """As contracts verify reads them."""
    problem = menu.problem
    return {
        "type": list(problem.labels),
        "weight": problem.weights,
        **{f"allocation[{good}]": menu.allocation[:, k] for k, good in enumerate(problem.goods)},
        "transfer": menu.transfer,
        "utility": menu.utility,
        "information rent": menu.information_rent,
    }


def _contract_columns(contract: Any) -> dict[str, Any]:
    problem = contract.problem
    return {
        "outcome": list(problem.outcomes),
        "output": problem.output,
        "probability": problem.outcome_probabilities[contract.action],
        "wage": contract.wages,
        "utility": contract.utilities,
    }


def _auction_columns(auction: Any) -> dict[str, Any]:
    problem = auction.problem
    parts = {
        "value": problem.values,
        "chance": problem.probabilities,
        "virtual value": auction.virtual_values,
        "ironed virtual value": auction.ironed_virtual_values,
        "chance to win": auction.interim_allocation,
        "expected payment": auction.interim_payments,
        "information rent": auction.interim_utilities,
    }
    names = [problem.bidders[k] for k in range(problem.n_bidders) for _ in problem.values[k]]
    return {"bidder": names, **{name: np.concatenate(part) for name, part in parts.items()}}


# ---- the tabs ----


def _menu_code(menu: Any) -> tuple[str, ...]:
    return ("menu = contracts.solve_menu(problem)", "print(menu)", _figure("menu"))


def _front_code(found: Any) -> tuple[str, ...]:
    objectives = "[contracts.Profit(), contracts.TotalSurplus()]"
    return (
        f"front = contracts.pareto_front(problem, {objectives}, gap={fronts.GAP})",
        f"print(front, front.menus[{found[1]}])",
        _figure("front"),
    )


def _figure(name: str) -> str:
    return f'{name}.plot().figure.savefig("{name}.png")'


def _same(found: Any) -> Any:
    return found


TABS = {
    "menu": Tab(
        "Menu", "menu", menus.controls,
        lambda values, edits, opened: menus.solved(menus.edited(menus.stated(values, opened), edits)),
        lambda menu, values: drawn_menu(menu, values.get("noise", 0.0)), _same, _menu_columns, _menu_code,
    ),
    "policies": Tab(
        "Policies without money", "none", lambda _: policies.CONTROLS,
        lambda values, edits, opened: policies.solved(policies.stated(values)),
        lambda menu, _: policies.drawn(menu), _same, _menu_columns, _menu_code,
    ),
    "hidden": Tab(
        "Hidden action", "hidden", hidden.controls,
        lambda values, edits, opened: hidden.solved(hidden.stated(values, opened)),
        lambda contract, _: hidden.drawn(contract), _same, _contract_columns,
        lambda _: ("contract = contracts.solve_contract(problem)", "print(contract)", _figure("contract")),
    ),
    "auction": Tab(
        "Auction", "auction", auctions.controls,
        lambda values, edits, opened: auctions.solved(auctions.stated(values, opened)),
        lambda auction, _: auctions.drawn(auction), _same, _auction_columns,
        lambda _: ("auction = contracts.solve_mechanism(problem)", "print(auction)", _figure("auction")),
    ),
    "front": Tab(
        "Pareto front", "menu", fronts.controls,
        lambda values, edits, opened: fronts.solved(values, opened),
        lambda found, _: fronts.drawn(found), fronts.picked, _menu_columns, _front_code,
    ),
}  # fmt: skip
