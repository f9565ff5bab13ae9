"""What `contracts solve` finds, whatever is hidden: types or the action; and the page about it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.agency.problem import MoralHazardProblem
from contracts.errors import ProblemError

if TYPE_CHECKING:
    from contracts.agency.contract import Contract
    from contracts.menu.menu import Menu
    from contracts.problem.screening import ScreeningProblem


def solved(
    problem: ScreeningProblem | MoralHazardProblem,
    *,
    method: str,
    gap: float,
    max_options: int | None,
    deterministic: bool,
) -> Menu | Contract:
    """The best menu, or the best contract for an agent whose action nobody sees."""
    if not isinstance(problem, MoralHazardProblem):
        from contracts.solve import solve_menu

        return solve_menu(problem, method=method, gap=gap, max_options=max_options, deterministic=deterministic)
    from contracts.agency.solve import solve_contract

    for option, is_given in (
        ("--method", method != "auto"),
        ("--max-options", max_options is not None),
        ("--deterministic", deterministic),
    ):
        if is_given:
            raise ProblemError(f"{option} is about menus, and the file describes hidden action: leave it out")
    return solve_contract(problem, gap=gap)


def write_report(found: Menu | Contract, path: Path, *, title: str) -> None:
    """One page: the table, pictures, the certificate."""
    from matplotlib.figure import Figure

    from contracts.agency.contract import Contract
    from contracts.display.report import Report

    pictures: list[tuple[dict[str, Any], str]] = [
        ({"kind": "auto"}, "What is on offer, and who takes it"),
        ({"kind": "rents"}, "What private information earns"),
    ]
    if isinstance(found, Contract):
        pictures = [({}, "What outcomes tell about the action, and what they pay")]
    page = Report(title).menu(found)
    for asked, caption in pictures:
        figure = Figure(figsize=(7.5, 4.5), layout="constrained")
        found.plot(figure.subplots(), **asked)
        page = page.figure(figure, caption=caption)
    page.verbatim(str(found.certificate)).write(path)
