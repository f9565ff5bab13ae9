"""An audit as one page: what was found, who envies whom, what it costs, and the cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from contracts.audits.picture import ShownAudit, plot_envy
from contracts.display.report import Report
from contracts.errors import ContractError

if TYPE_CHECKING:
    from contracts.audits.conflict import Conflict


class PagedAudit(ShownAudit, Protocol):
    """What the page asks of an audit besides its picture."""

    @property
    def conflict(self) -> Conflict | None: ...

    @property
    def money_left(self) -> tuple[float, float]: ...

    def repaired(self) -> Any: ...

    def _repr_html_(self) -> str: ...


def write_page(audit: PagedAudit, path: str | Path, title: str) -> Path:
    """Write the page; where the best menu or a cure cannot be found, it says why in their place."""
    from matplotlib.figure import Figure

    page = Report(title).menu(audit)
    figure = Figure(figsize=(6.5, 6.5), layout="constrained")
    plot_envy(audit, figure.subplots())
    page = page.figure(figure, caption="An arrow leads from a type to a contract that it would rather have")
    page = page.section("Money left on the table").text(_said(lambda: _money(audit)))
    page = page.section("The smallest cure")
    try:
        page = page.menu(audit.repaired())
    except ContractError as error:
        page = page.text(f"There is none: {error}")
    return page.write(path)


def _money(audit: PagedAudit) -> str:
    least, most = audit.money_left
    return (
        f"The best menu of this problem is worth at least {max(least, 0.0):.6g} more than what this one realises, "
        f"and, proven, no menu is worth more than {most:.6g} more."
    )


def _said(words: Callable[[], str]) -> str:
    try:
        return words()
    except ContractError as error:
        return f"Not known: {error}"
