"""Problem files that somebody opens on the page: the text alone, nothing else of any disk."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import Any

from contracts.agency.problem import MoralHazardProblem
from contracts.cli.explore.tabs.menus import Opened, opened_menu
from contracts.cli.problem_files import READ_ELSEWHERE, record_in
from contracts.cli.reading import Problem, described, read_any
from contracts.errors import ProblemError
from contracts.mechanisms.auctions.problem import AuctionProblem
from contracts.problem.screening import ScreeningProblem
from contracts.readable import readable

MOST_TYPES = 2000  # beyond, no answer comes while somebody drags
LONGEST_NAME = 80
TABS: dict[type, str] = {ScreeningProblem: "menu", MoralHazardProblem: "hidden", AuctionProblem: "auction"}


def opened_path(path: str | Path) -> Opened:
    """The problem in a file of this machine, with the tables that it names."""
    return _opened(Path(path).name, read_any(path))


def opened_text(name: Any, text: Any) -> Opened:
    """The problem that the text of a file says.

    Raises
    ------
    ProblemError
        If it says none, none that can be drawn, or asks for another file, which a page has no business to read.
    """
    if not isinstance(name, str) or not isinstance(text, str):
        raise ProblemError("a file is opened by its name and its text: give both as text")
    path = Path(readable(PurePath(name.replace("\\", "/")).name, LONGEST_NAME))
    record = record_in(text.encode("utf-8", "surrogatepass"), path)
    types = record.get("types")
    named = types if isinstance(types, dict) else {}
    for key in ("file", *READ_ELSEWHERE):
        if key in named:
            raise ProblemError(
                f"{path}: types.{key} names another source, and a page reads only the file that is opened: "
                f"start contracts explore {path}"
            )
    return _opened(path.name, described(record, path))


def tab_of(opened: Opened) -> str:
    """The tab that draws a problem."""
    return TABS[type(opened.problem)]


def _opened(name: str, problem: Problem) -> Opened:
    if type(problem) not in TABS:
        raise ProblemError(
            f"{name} is about several agents, and of those auctions alone are drawn here: use contracts mechanism"
        )
    if not isinstance(problem, ScreeningProblem):
        return Opened(name, problem)
    if problem.n_types > MOST_TYPES:
        raise ProblemError(
            f"{name} has {problem.n_types} types, and at most {MOST_TYPES} are redrawn while one "
            "drags: use contracts solve"
        )
    return opened_menu(name, problem)
