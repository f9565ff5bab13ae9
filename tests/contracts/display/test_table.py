"""One table in five forms: what stands in it is read as it is in each of them."""

import html
import re

import numpy as np
import pytest

from contracts import Quadratic, regret, solve_menu
from contracts.display.escapes import markdown, tex
from contracts.display.table import Column, Table, names
from contracts.readable import width

HARD = [
    "<script>alert(1)</script>",
    "50% & more_x^2~{}\\",
    "a|b",
    "[1] x",
    "\u4f4e\u6536\u5165",
    "a\nb\x1b[31m",
    "",
    "**",
    "'><b>",
    "- 1",
]


def table(labels, **more):
    return Table((names("type", labels), Column("weight", np.linspace(0.1, 0.9, len(labels)), ".2f")), **more)


def test_words_stand_to_the_left_and_numbers_to_the_right():
    shown = Table((Column("who", ["low", "highest"]), Column("gain", [0.5, -12.0], ".1f")), "Gains", ["in EUR"])
    assert str(shown) == "Gains\nwho       gain\nlow        0.5\nhighest  -12.0\nin EUR"


def test_columns_line_up_whatever_is_in_them():
    lines = table(HARD).text().splitlines()
    assert len(lines) == len(HARD) + 1
    assert len({width(line) for line in lines}) == 1
    assert "\x1b" not in table(HARD).text()


def test_a_row_is_a_row_in_every_format():
    shown = table(HARD, title="a\n- b", notes=["1. c"], between={2: "... | more"})
    assert shown.html().count("<tr>") == 1 + len(HARD) + 1 + 1
    assert shown.latex().count(r"\\") == 1 + len(HARD) + 1 + 3
    lines = shown.markdown().splitlines()
    assert len([line for line in lines if line.startswith("|")]) == 2 + len(HARD) + 1
    for line in lines:
        if line.startswith("|") and "more" not in line:
            assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3
    assert r"\- b" in lines
    assert r"1\. c" in lines


@pytest.mark.parametrize("name", HARD)
def test_a_page_shows_the_name_and_obeys_none_of_it(name):
    page = table([name, "x"], title=name, kind=name).html()
    assert "<script" not in page
    tags = [tag for tag in re.findall(r"</?(\w+)", page) if tag not in ("br", "caption")]
    assert tags == re.findall(r"</?(\w+)", table(["y", "x"], kind="y").html())
    cells = [html.unescape(cell) for cell in re.findall(r"<td>(.*?)</td>", page)]
    assert cells[:2] == [table([name]).rows[0][0], "0.10"]


def test_tex_reads_no_commands():
    for name in HARD:
        escaped = tex(name)
        plain = re.sub(r"\\char34\{\}|\\text[a-z]+\{\}|\\[&%$#_{}]|\{[\[\]*,'?!-]\}", "", escaped)
        assert not set(plain) & set("&%$#_{}\\~^[]*<>|"), escaped
    assert tex("-0.5") == "$-$0.5"
    assert tex("a--b") == "a{-}{-}b"


def test_markdown_reads_no_marks():
    assert markdown("a|b") == r"a\|b"
    assert markdown("<b>_x_</b>") == r"\<b\>\_x\_\</b\>"
    assert markdown("a\\|b") == r"a\\\|b"


def test_frames_hold_every_row_and_every_column_unrounded():
    shown = Table(
        (names("type", ["low", "high"]), Column("weight", [2 / 3, 1 / 3], ".2f"), Column("bound", [1.0, 2.0], None)),
        shown=[0],
    )
    assert shown.rows == [["low", "0.67"]]
    frame = shown.to_frame()
    assert frame.index.name == "type"
    assert frame["weight"].tolist() == [2 / 3, 1 / 3]
    assert frame["bound"].tolist() == [1.0, 2.0]
    assert list(shown.to_frame(index=False).columns) == ["type", "weight", "bound"]


def test_decimals_may_be_common_to_a_column_and_nothing_is_shown_as_a_dash():
    shown = Table(
        (Column("a", [2 / 3, 10 / 3], 4), Column("b", [None, -0.0], ".1f"), Column("c", [1.0, 2.0], ["x", "y"]))
    )
    assert shown.rows == [["0.667", "-", "x"], ["3.333", "0.0", "y"]]


def test_lines_across_stand_where_rows_were_left_out():
    assert table(["a", "b"], between={1: "... 3 more"}).text().splitlines()[1:] == [
        "a       0.10",
        "... 3 more",
        "b       0.90",
    ]


def test_notebooks_see_the_table_that_terminals_see():
    menu = solve_menu([1.0, 2.0], cost=Quadratic(), labels=("<low>", "high"))
    page = regret(menu, {"<even>": [0.5, 0.5]})._repr_html_()
    assert "&lt;even&gt;" in page
    assert "<even>" not in page


def test_without_pandas_frames_say_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match=r"this needs pandas: pip install 'menuwright\[frames\]'"):
        table(["a"]).to_frame()


def test_a_heading_may_stand_over_several_columns_in_every_format():
    parts = [Column(f"{what} {k}", [0.5, 1.0], ".1f", str(k), over=what) for what in ("a|b", "<c>") for k in (1, 2)]
    shown = Table((names("who", ["low", "high"]), *parts))
    assert str(shown).splitlines()[:2] == ["           a|b       <c>", "who     1    2    1    2"]
    assert "<tr><th colspan='1'></th><th colspan='2'>a|b</th><th colspan='2'>&lt;c&gt;</th></tr>" in shown.html()
    assert r"\multicolumn{1}{r}{} & \multicolumn{2}{r}{a\textbar{}b} & " in shown.latex()
    assert shown.markdown().splitlines()[0] == r"| who  | a\|b 1 | a\|b 2 | \<c\> 1 | \<c\> 2 |"
