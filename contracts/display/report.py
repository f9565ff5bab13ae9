"""One page that explains a result to somebody who was not there: a single HTML file that needs nothing else."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from contracts.display.pages import element, rendered
from contracts.display.table import Column, Table
from contracts.errors import ProblemError
from contracts.inputs.files import write_text
from contracts.inputs.frozen import dataclass

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WITHOUT_CONTENTS = 4  # sections
SALT = "menuwright"  # matplotlib draws the names of its SVG parts at random without one


class Tabled(Protocol):
    """What knows its table, as notebooks show it."""

    def _repr_html_(self) -> str: ...


class Explored(Protocol):
    """What can be looked into on a page."""

    def _explorer_html_(self) -> str: ...


class Block(NamedTuple):
    """A part of a page: text, or an element that is made already."""

    kind: Literal["section", "text", "verbatim", "wide", "figure"]
    said: str
    caption: str = ""


@dataclass(frozen=True)
class Report:
    """A page built up block by block; every method returns a longer report and leaves this one as it is.

    Text is escaped, figures become SVG inside the page, and nothing is fetched from anywhere.

    Examples
    --------
    >>> report = Report("Tariff").section("Who pays what").text("Prices in EUR, costs < 1.")
    >>> report = report.table(("type", "transfer"), [("low", "0.67"), ("high", "3.33")], caption="Transfers")
    >>> "costs &lt; 1" in report.html()
    True
    """

    title: str
    blocks: tuple[Block, ...] = ()

    def section(self, heading: str) -> Report:
        """A heading; a page of many has a table of contents."""
        return self._with("section", heading)

    def text(self, words: str) -> Report:
        """Paragraphs, separated by empty lines."""
        paragraphs = [part.strip() for part in re.split(r"\n\s*\n", words) if part.strip()]
        return replace(self, blocks=(*self.blocks, *(Block("text", part) for part in paragraphs)))

    def verbatim(self, words: str) -> Report:
        """Text as it stands, in a monospaced font."""
        return self._with("verbatim", words)

    def table(self, header: Sequence[Any], rows: Sequence[Sequence[Any]], *, caption: str = "") -> Report:
        """A table of text or numbers, as `str` shows them; raises ProblemError if a row has not a cell a column."""
        for number, row in enumerate(rows):
            if len(row) != len(header):
                raise ProblemError(f"row {number} has {len(row)} cells: give {len(header)}, one for each in the header")
        columns = [
            Column("", list(map(str, cells)), heading=str(top)) for top, *cells in zip(header, *rows, strict=True)
        ]
        return self._with("wide", Table(columns, caption).html())

    def menu(self, menu: Tabled) -> Report:
        """The table of a menu, with its certificate."""
        return self._with("wide", element(menu._repr_html_()))

    def front(self, front: Explored) -> Report:
        """A Pareto front to look into: every point says which menu it is; drawn without a network."""
        return self._with("wide", element(front._explorer_html_()))

    def figure(self, drawing: Axes | Figure, *, caption: str) -> Report:
        """A matplotlib figure, or the figure of an axes; the caption is also what a screen reader says."""
        names = rf"\g<1>f{len(self.blocks)}-"  # unique on a page
        picture = re.sub(r'(\bid="|href="#|url\(#)', names, svg(drawing)).removeprefix("<svg ")
        return self._with("figure", element(picture), caption)

    def html(self) -> str:
        """The page."""
        said = {"title": self.title, "blocks": self.blocks, "most_without_contents": MOST_WITHOUT_CONTENTS}
        return rendered("report.html", **said)

    def write(self, path: str | Path) -> Path:
        """Write the page, creating its folder if need be; returns where it is."""
        return write_text(path, self.html(), make_folder=True)

    def _with(self, kind: Literal["section", "verbatim", "wide", "figure"], said: str, caption: str = "") -> Report:
        return replace(self, blocks=(*self.blocks, Block(kind, said, caption)))


def svg(drawing: Axes | Figure) -> str:
    """A figure as an <svg> element for an HTML page: the same bytes for the same figure, no reference outside it."""
    import matplotlib as mpl

    figure: Any = drawing.get_figure() or drawing
    page = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "path"}):
        figure.savefig(page, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    drawn = page.getvalue()
    drawn = drawn[drawn.index("<svg ") :]
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"<!--.*?-->", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", drawn)  # HTML knows these names
    drawn = re.sub(r'<g id="[^"]*"', "<g", drawn)  # nothing refers to them, and they repeat from figure to figure
    return re.sub(r"\n\s*", "\n", drawn).strip()
