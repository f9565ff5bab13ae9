"""A report is one page that says what was put into it, and asks nobody for anything."""

import dataclasses
import re
from html.parser import HTMLParser

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure

from contracts import ProblemError, Quadratic, solve_menu
from contracts.display.report import Report, svg

mpl.use("Agg")

VOID = {"meta", "br", "img", "link", "input", "hr"}


class Page(HTMLParser):
    """Elements, texts and identifiers of a page; fails on a tag that is not closed in turn."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip() and self.open[-1] != "style":
            self.words.append(data.strip())

    def values(self, name):
        return [value for key, value in self.attributes if key == name]


def picture():
    figure = Figure(figsize=(4, 3), layout="constrained")
    figure.subplots().plot([0, 1], [0, 1], "o-", label="a line")
    return figure


@pytest.fixture(scope="module")
def menu():
    return solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low <b>", "high & mighty"))


@pytest.fixture(scope="module")
def full(menu):
    """Every kind of block, with a picture of every kind of drawing."""
    report = Report("Menus & <more>").section("Who?").text("First.\n\nSecond: 1 < 2.").verbatim("if a < b:\n    go()")
    report = report.table(("type", "rent"), [("low", 0.0), ("<high>", "0.67")], caption="Rents & such").menu(menu)
    for kind in ("menu", "types", "rents"):
        report = report.figure(menu.plot(Figure(layout="constrained").subplots(), kind=kind), caption=f"the {kind}")
    bundles = solve_menu([[1, 2, 0], [2, 1, 1], [0, 1, 2]], cost=Quadratic())
    return report.figure(bundles.plot(Figure().subplots()), caption='with an "image" in it')


def test_a_page_says_what_was_put_in_with_every_text_escaped(full):
    words = Page(full.html()).words
    for expected in (
        "Menus & <more>",
        "Who?",
        "First.",
        "Second: 1 < 2.",
        "if a < b:\n    go()",
        "Rents & such",
        "<high>",
        "0.67",
        "low <b>",
        "high & mighty",
        "Menu: 2 types, 2 options, value 0.6667, proven bound 0.6667",
        "the rents",
    ):
        assert expected in words


def test_tables_keep_rows_and_columns():
    page = Page(Report("t").table(("type", "rent"), [("low", 0.0), ("high", 0.67)]).html())
    assert page.words[2:] == ["type", "rent", "low", "0.0", "high", "0.67"]
    assert page.tags.count("tr") == 3


def test_a_page_asks_nobody_for_anything(full):
    text = full.html()
    assert "http" not in text
    assert "url(http" not in text
    assert "@import" not in text
    page = Page(text)
    assert not {"script", "link", "iframe", "object", "embed", "img"} & set(page.tags)
    assert page.values("src") == []
    references = page.values("href") + page.values("xlink:href")
    assert references
    assert all(reference.startswith(("#", "data:image/png;base64,")) for reference in references)


def test_names_inside_figures_are_defined_once_on_a_page(full):
    text = full.html()
    identifiers = Page(text).values("id")
    assert len(identifiers) == len(set(identifiers))
    used = {a or b for a, b in re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', text)}
    assert used
    assert used <= set(identifiers)


def test_a_figure_is_read_aloud_as_its_caption(full):
    page = Page(full.html())
    assert page.values("aria-label") == ["the menu", "the types", "the rents", 'with an "image" in it']
    assert page.tags.count("svg") == 4


def test_the_same_figure_gives_the_same_bytes_and_an_axes_stands_for_its_figure():
    drawn = svg(picture())
    assert drawn == svg(picture()) == svg(picture().axes[0])
    assert drawn.startswith("<svg ")


def test_drawing_leaves_the_settings_of_matplotlib_alone():
    before = mpl.rcParams["svg.hashsalt"], mpl.rcParams["svg.fonttype"]
    svg(picture())
    assert (mpl.rcParams["svg.hashsalt"], mpl.rcParams["svg.fonttype"]) == before


def test_a_longer_report_leaves_the_shorter_one_as_it_was():
    short = Report("t")
    longer = short.text("more")
    assert (short.blocks, len(longer.blocks)) == ((), 1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        short.title = "other"


def test_writing_makes_the_folder_and_says_where_the_page_is(tmp_path):
    report = Report("Größe ≥ 1").text("naïve")
    target = report.write(tmp_path / "new" / "page.html")
    assert target == tmp_path / "new" / "page.html"
    with pytest.raises(ProblemError, match=r"page\.html cannot be written: .*; choose another place"):
        report.write(target / "page.html")
    assert target.read_text(encoding="utf-8") == report.html()
    assert Page(report.html()).words == ["Größe ≥ 1", "Größe ≥ 1", "naïve"]


def test_a_page_is_light_and_printable(full):
    assert len(full.html()) < 300_000
    assert "@media print" in full.html()


def test_a_page_of_many_sections_has_contents_that_lead_to_them():
    report = Report("t")
    for name in ("a", "b", "<c>", "d"):
        report = report.section(name)
    assert "nav" not in Page(report.html()).tags
    page = Page(report.section("e").html())
    assert page.words[2:] == ["a", "b", "<c>", "d", "e"] * 2
    assert page.values("href") == [f"#{one}" for one in page.values("id")]


def test_pages_follow_the_reader_into_the_dark_and_wide_tables_scroll(full):
    assert "prefers-color-scheme: dark" in full.html()
    page = Page(full.html())
    assert page.values("class").count("scroll") == page.tags.count("table") == 2
