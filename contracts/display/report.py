"""One page that explains a result to somebody who was not there: a single HTML file that needs nothing else."""

from __future__ import annotations

import html
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from contracts.display.table import Column, Table
from contracts.errors import ProblemError
from contracts.inputs.files import write_text
from contracts.inputs.frozen import dataclass
from contracts.readable import readable_lines

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLE = """
:root { color-scheme: light; }
body { margin: 2rem auto; max-width: 56rem; padding: 0 1rem; background: #fff; color: #1a1a1a;
  font: 1rem/1.55 Georgia, "Times New Roman", serif; }
h1, h2, caption, th, figcaption, pre { font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.scroll { overflow-x: auto; margin: 1.2rem 0; }
table { border-collapse: collapse; font: .85rem/1.4 system-ui, "Segoe UI", Helvetica, Arial, sans-serif;
  font-variant-numeric: tabular-nums; }
caption { caption-side: top; text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .25rem .7rem; text-align: right; }
th:first-child, td:first-child { text-align: left; }
.menu th:nth-last-child(-n+2), .menu td:nth-last-child(-n+2), tfoot td { text-align: left; }
.excluded td { color: #777; } .bunched td:nth-last-child(2) { font-weight: 600; }
thead th { border-bottom: 1.5px solid #333; vertical-align: bottom; }
tbody tr + tr td { border-top: 1px solid #e3e3e3; }
tfoot td { border-top: 1.5px solid #333; color: #444; }
figure { margin: 1.4rem 0; } figure svg { max-width: 100%; height: auto; }
figcaption { font-size: .85rem; color: #444; }
pre { background: #f6f6f4; padding: .7rem; font: .8rem/1.4 ui-monospace, Menlo, Consolas, monospace; overflow-x: auto; }
@media print { body { margin: 0; max-width: none; font-size: 10pt; } h2 { break-after: avoid; }
  figure, table, pre { break-inside: avoid; } .scroll, pre { overflow: visible; } pre { white-space: pre-wrap; } }
"""
SALT = "menuwright"  # matplotlib draws the names of its SVG parts at random without one


class Tabled(Protocol):
    """What knows its table, as notebooks show it."""

    def _repr_html_(self) -> str: ...


class Explored(Protocol):
    """What can be looked into on a page."""

    def _explorer_html_(self) -> str: ...


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
    blocks: tuple[str, ...] = ()

    def section(self, heading: str) -> Report:
        """A heading."""
        return self._with(f"<h2>{_escaped(heading)}</h2>")

    def text(self, words: str) -> Report:
        """Paragraphs, separated by empty lines."""
        paragraphs = [part.strip() for part in re.split(r"\n\s*\n", words) if part.strip()]
        return self._with("\n".join(f"<p>{_escaped(part)}</p>" for part in paragraphs))

    def verbatim(self, words: str) -> Report:
        """Text as it stands, in a monospaced font."""
        return self._with(f"<pre>{_escaped(words)}</pre>")

    def table(self, header: Sequence[Any], rows: Sequence[Sequence[Any]], *, caption: str = "") -> Report:
        """A table of text or numbers, as `str` shows them; raises ProblemError if a row has not a cell a column."""
        for number, row in enumerate(rows):
            if len(row) != len(header):
                raise ProblemError(f"row {number} has {len(row)} cells: give {len(header)}, one for each in the header")
        columns = [
            Column("", list(map(str, cells)), heading=str(top)) for top, *cells in zip(header, *rows, strict=True)
        ]
        return self._scrolling(Table(columns, caption).html())

    def menu(self, menu: Tabled) -> Report:
        """The table of a menu, with its certificate."""
        return self._scrolling(menu._repr_html_())

    def front(self, front: Explored) -> Report:
        """A Pareto front to look into: every point says which menu it is; drawn without a network."""
        return self._scrolling(front._explorer_html_())

    def figure(self, drawing: Axes | Figure, *, caption: str) -> Report:
        """A matplotlib figure, or the figure of an axes; the caption is also what a screen reader says."""
        words = _escaped(caption)
        picture = re.sub(
            r'(\bid="|href="#|url\(#)', rf"\g<1>f{len(self.blocks)}-", svg(drawing)
        )  # names are unique on a page
        picture = picture.replace("<svg ", f'<svg role="img" aria-label="{words}" ', 1)
        return self._with(f"<figure>{picture}<figcaption>{words}</figcaption></figure>")

    def html(self) -> str:
        """The page."""
        title = _escaped(self.title)
        body = "\n".join(self.blocks)
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{body}\n</body>\n</html>\n"
        )

    def write(self, path: str | Path) -> Path:
        """Write the page, creating its folder if need be; returns where it is."""
        return write_text(path, self.html(), make_folder=True)

    def _with(self, block: str) -> Report:
        return replace(self, blocks=(*self.blocks, block))

    def _scrolling(self, block: str) -> Report:
        return self._with(f"<div class='scroll'>{block}</div>")


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


def _escaped(text: str) -> str:
    """Text as HTML shows it: no tag, and nothing that hides or turns what stands beside it around."""
    return html.escape(readable_lines(text))
