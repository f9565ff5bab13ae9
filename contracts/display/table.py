r"""One table, however it is read: as text, as a page, as a frame, in LaTeX, in Markdown.

Names may hold anything: on the way out each format's own marks are escaped, and nothing moves the cursor, breaks a row
or hides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from contracts.display.escapes import markdown, paragraph, tex
from contracts.display.numbers import column
from contracts.display.pages import rendered
from contracts.inputs.extras import pandas
from contracts.inputs.frozen import dataclass
from contracts.readable import one_line, padded, readable, readable_lines, width

if TYPE_CHECKING:
    import pandas as pd

Row = TypeVar("Row")
Form = str | int | Callable[[Any], str] | Sequence[str] | None


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : in frames, and in print with blanks for underscores, unless there is a heading
    values : a sequence or an array, one a row; None is shown as -
    form : how a value is written: a format such as ".3f", a number of digits for decimals common to the column, a
        function of the value, or the texts themselves. Names of users' making want `readable`. None: for frames alone
    heading : in print
    left : whether to set it to the left, as words are unless something is said
    over : what stands above the headings of this and its neighbours of the same kind
    """

    name: str
    values: Any
    form: Form = ""
    heading: str | None = None
    left: bool | None = None
    over: str = ""

    @property
    def title(self) -> str:
        """The heading in print, on one line."""
        return one_line(self.name.replace("_", " ") if self.heading is None else self.heading)

    @property
    def is_left(self) -> bool:
        """Whether it is set to the left."""
        if self.left is not None:
            return self.left
        return len(self.values) > 0 and all(isinstance(value, str) for value in self.values)

    def cells(self, rows: Sequence[int]) -> list[str]:
        """What stands in some rows, each on one line."""
        chosen = [self.values[k] for k in rows]
        if isinstance(self.form, int):
            return column(chosen, self.form)
        if isinstance(self.form, str) or callable(self.form):
            return [one_line(_written(value, self.form)) for value in chosen]
        return [one_line(self.form[k]) for k in rows] if self.form is not None else []


def names(name: str, values: Iterable[Any], heading: str | None = None) -> Column:
    """A column of names that may hold anything."""
    return Column(name, list(values), readable, heading, left=True)


@dataclass(frozen=True, eq=False)
class Table:
    r"""Columns, what stands above and below them, and which rows are shown.

    Attributes
    ----------
    columns : the first names the rows
    title : above the table, one line or more
    notes : below, one a line
    shown : rows in print; None: all. Frames have all
    between : lines across the table by the number of shown rows above them, such as {20: "... 5 more"}
    kinds, kind : classes in HTML of each shown row, and of the table

    Examples
    --------
    >>> table = Table((names("type", ["low", "a|b\n"]), Column("weight", [0.75, 0.25], ".2f")), "Types")
    >>> print(table)
    Types
    type   weight
    low      0.75
    a|b\n    0.25
    >>> print(table.markdown())
    Types
    <BLANKLINE>
    | type    | weight |
    | :--- | ---: |
    | low     |   0.75 |
    | a\|b\\n |   0.25 |
    """

    columns: Sequence[Column]
    title: str = ""
    notes: Sequence[str] = ()
    shown: Sequence[int] | None = None
    between: Mapping[int, str] = field(default_factory=dict)
    kinds: Sequence[str] = ()
    kind: str = ""

    @cached_property
    def _printed(self) -> list[Column]:
        return [one for one in self.columns if one.form is not None]

    @property
    def header(self) -> list[str]:
        """Headings of the columns in print."""
        return [one.title for one in self._printed]

    @property
    def rows(self) -> list[list[str]]:
        """Cells in print."""
        everything = range(len(self.columns[0].values) if self.columns else 0)
        chosen = everything if self.shown is None else [int(k) for k in self.shown]
        return [list(row) for row in zip(*(one.cells(chosen) for one in self._printed), strict=True)]

    def text(self) -> str:
        """Aligned by what letters take on a terminal, two blanks between columns."""
        cells = self._aligned([self.header, *self.rows])
        rows = ["  ".join(row).rstrip() for row in cells]
        spans = [(over, sum(width(cells[0][k]) + 2 for k in group) - 2) for over, group in self._spans()]
        head = ["  ".join(padded(over, size, left=False) for over, size in spans).rstrip()] if len(spans) > 1 else []
        head = [*head, rows[0]] if any(self.header) and rows[1:] else []
        return "\n".join([*_lines(self.title), *head, *self._interrupted(rows[1:], one_line), *_lines(*self.notes)])

    __str__ = text

    def html(self) -> str:
        """A <table>: title and notes are its caption and foot."""
        rows = zip(self.rows, self.kinds or [""] * len(self.rows), strict=True)
        return rendered(
            "table.html",
            kind=self.kind,
            title=_lines(self.title),
            spans=self._spans(),
            header=self.header,
            body=self._interrupted(list(rows), one_line),
            notes=[one_line(line) for line in _lines(*self.notes)],
        )

    _repr_html_ = html

    def to_frame(self, *, index: bool = True) -> pd.DataFrame:
        """All values as they are, by the first column, or by numbers of rows if `index` is False."""
        frame = pandas().DataFrame({one.name: list(one.values) for one in self.columns})
        return frame.set_index(self.columns[0].name) if index else frame

    def latex(self) -> str:
        """A tabular that needs no package; title and notes are rows of it."""

        def across(words: str) -> str:
            return rf"\multicolumn{{{len(self.header)}}}{{l}}{{{tex(words)}}} \\"

        head, *rows = (" & ".join(map(tex, row)) + r" \\" for row in [self.header, *self.rows])
        above, below = map(across, _lines(self.title)), map(across, _lines(*self.notes))
        spans = [rf"\multicolumn{{{len(group)}}}{{r}}{{{tex(over)}}}" for over, group in self._spans()]
        heads = [" & ".join(spans) + r" \\", head] if len(spans) > 1 else [head]
        body = [*above, *heads, r"\hline", *self._interrupted(rows, across), r"\hline", *below]
        sides = "".join("l" if one.is_left else "r" for one in self._printed)
        return "\n".join([rf"\begin{{tabular}}{{{sides}}}", *body, r"\end{tabular}"])

    def markdown(self) -> str:
        """A table of GitHub's Markdown, with a paragraph above it for the title and one below for each note."""
        header = [f"{one_line(one.over)} {one.title}".strip() for one in self._printed]
        cells = [[markdown(cell) for cell in row] for row in [header, *self.rows]]
        head, *rows = (f"| {' | '.join(row)} |" for row in self._aligned(cells))
        sides = [(":---" if one.is_left else "---:") for one in self._printed]
        body = [head, f"| {' | '.join(sides)} |", *self._interrupted(rows, lambda words: f"| {markdown(words)} |")]
        title, notes = (list(map(paragraph, _lines(*said))) for said in ([self.title], self.notes))
        return "\n\n".join([*title, "\n".join(body), *notes])

    def _spans(self) -> list[tuple[str, list[int]]]:
        """What stands above the headings, and above which of them; one empty part if nothing does."""
        runs = groupby(range(len(self._printed)), key=lambda k: self._printed[k].over)
        return [(one_line(over), list(group)) for over, group in runs]

    def _aligned(self, rows: Sequence[Sequence[str]]) -> list[list[str]]:
        """Cells as wide as the widest of their column."""
        sides = [one.is_left for one in self._printed]
        widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
        return [
            [padded(cell, most, left=left) for cell, most, left in zip(row, widths, sides, strict=True)] for row in rows
        ]

    def _interrupted(self, rows: Sequence[Row], across: Callable[[str], str]) -> list[Row | str]:
        """Rows, and what stands between them."""
        found: list[Row | str] = []
        for k, row in enumerate([*rows, None]):
            found += [across(self.between[k])] if k in self.between else []
            found += [] if row is None else [row]
        return found


class Tabular:
    """A result that is read as a table, or as several; whoever is one says by `_table` or `_tables` which."""

    def _table(self) -> Table:
        raise NotImplementedError

    def _tables(self) -> Sequence[Table]:
        return (self._table(),)

    def __repr__(self) -> str:
        return "\n".join(table.text() for table in self._tables())

    __str__ = __repr__

    def to_latex(self) -> str:
        """The table for a paper: a tabular that needs no package; title and notes are rows of it."""
        return "\n\n".join(table.latex() for table in self._tables())

    def to_markdown(self) -> str:
        """The table in GitHub's Markdown, with paragraphs for title and notes."""
        return "\n\n".join(table.markdown() for table in self._tables())

    def to_html(self) -> str:
        """The table as an element of HTML, such as notebooks show."""
        return "\n".join(table.html() for table in self._tables())

    def _repr_html_(self) -> str:
        return self.to_html()


class Certified(Tabular):
    """A result that a certificate is about: what it is worth, and what nothing of its kind exceeds."""

    certificate: Any

    @property
    def value(self) -> float:
        """The objective, such as what the principal earns in expectation: a lower bound on the best."""
        return self.certificate.value

    @property
    def upper_bound(self) -> float:
        """Nothing of its kind that keeps what was asked for is worth more; see `certificate`."""
        return self.certificate.upper_bound


def _written(value: Any, form: str | Callable[[Any], str]) -> str:
    if value is None:
        return "-"
    if callable(form):
        return form(value)
    return format(value + 0.0 if isinstance(value, float) else value, form)  # no number is minus nothing


def _lines(*parts: str) -> list[str]:
    return [line for part in parts if part for line in readable_lines(part).split("\n")]
