"""What `contracts solve` finds, whatever is hidden: types, the action, types of several agents; the page about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.agency.problem import MoralHazardProblem
from contracts.errors import ProblemError
from contracts.problem.screening import ScreeningProblem

if TYPE_CHECKING:
    from contracts.agency.contract import Contract
    from contracts.cli.reading import Problem
    from contracts.mechanisms.auctions.auction import Auction
    from contracts.mechanisms.mechanism import Mechanism
    from contracts.mechanisms.reduced.auction import SymmetricAuction
    from contracts.mechanisms.reduced.goods_auction import AdditiveAuction
    from contracts.menu.menu import Menu

    Found = Menu | Contract | Mechanism | Auction | SymmetricAuction | AdditiveAuction


def solved(problem: Problem, *, method: str, gap: float, max_options: int | None, deterministic: bool) -> Found:
    """The best menu, the best contract for an action that nobody sees, or the best mechanism for several agents."""
    if isinstance(problem, ScreeningProblem):
        from contracts.solve import solve_menu

        return solve_menu(problem, method=method, gap=gap, max_options=max_options, deterministic=deterministic)
    for option, is_given in (
        ("--method", method != "auto"),
        ("--max-options", max_options is not None),
        ("--deterministic", deterministic),
    ):
        if is_given:
            raise ProblemError(f"{option} is about menus, and the file describes no hidden types of one: leave it out")
    if isinstance(problem, MoralHazardProblem):
        from contracts.agency.solve import solve_contract

        return solve_contract(problem, gap=gap)
    from contracts.mechanisms.solve import solve_mechanism

    return solve_mechanism(problem, gap=gap)


def write_report(found: Found, path: Path, *, title: str) -> None:
    """One page: the table, pictures, the certificate."""
    from matplotlib.figure import Figure

    from contracts.agency.contract import Contract
    from contracts.display.report import Report
    from contracts.menu.menu import Menu

    pictures: list[tuple[dict[str, Any], str]] = [({}, "What each type gets, and pays")]
    if isinstance(found, Menu):
        pictures = [
            ({"kind": "auto"}, "What is on offer, and who takes it"),
            ({"kind": "rents"}, "What private information earns"),
        ]
    elif isinstance(found, Contract):
        pictures = [({}, "What outcomes tell about the action, and what they pay")]
    page = Report(title).menu(found)
    for asked, caption in pictures:
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        found.plot(figure.subplots(), **asked)
        page = page.figure(figure, caption=caption)
    page.verbatim(str(found.certificate)).write(path)
