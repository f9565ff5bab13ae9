r"""Tables that a paper takes: whatever a label says, LaTeX and Markdown set it as it stands and obey none of it."""

import itertools
import re
import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

import contracts as c
import inference
from contracts.display.table import Column, Table, Tabular, names
from contracts.symbolic import derive_menu, derive_schedule
from tests.strategies import examples

HOSTILE = (r"50% of $x_1^2$ & \input{~/a}", 'a|b \\| "q" `c`', "[*] <b>#</b> ~~~", "-1 \\")
MARKS = "".join(HOSTILE) + "\\\\&|{}%$\n\t- abc1.\u00e9"
LABELS = st.lists(st.text(st.sampled_from(MARKS) | st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=4)
NAMED = {"backslash": "\\", "asciitilde": "~", "asciicircum": "^", "less": "<", "greater": ">", "bar": "|"}
NAMED |= {"asciigrave": "`"}
TOKENS = re.compile(
    r"\\text(?P<named>[a-z]+)\{\}|(?P<quote>\\char34\{\})|(?P<minus>\$-\$)|\\(?P<mark>[&%$#_{}])"
    r"|\{(?P<alone>[\[\]*,'?!-])\}|(?P<plain>[^\\&%$#_{}~^<>|`\"\[\]])"
)


def set_by_tex(cell):
    """What a cell looks like in print; fails on anything that TeX would obey."""
    found, at = "", 0
    while at < len(cell):
        token = TOKENS.match(cell, at)
        assert token, cell[at:]
        kind, said = token.lastgroup, token[token.lastgroup]
        found += {"named": NAMED.get(said, "?"), "quote": '"', "minus": "-"}.get(kind, said)
        at = token.end()
    return found


def rows_of_tex(page):
    """Cells of every row of a tabular, in print; a row across the table is one cell, and every row is as wide as it."""
    head, *lines, foot = page.splitlines()
    sides = re.fullmatch(r"\\begin\{tabular\}\{([lr]+)\}", head)
    assert sides
    assert foot == r"\end{tabular}"
    found = []
    for line in lines:
        if line != r"\hline":
            assert line.endswith(r" \\")
            cells = [re.sub(r"^\\multicolumn\{\d+\}\{[lr]\}\{(.*)\}$", r"\1", one) for one in line[:-3].split(" & ")]
            found.append([set_by_tex(cell.strip()) for cell in cells])
            spans = [int(wide) for wide in re.findall(r"\\multicolumn\{(\d+)\}", line)]
            assert len(cells) - len(spans) + sum(spans) == len(sides[1]), "TeX stops at a row that is too wide"
    return found


def rows_of_markdown(page):
    """Cells of every row as a reader of Markdown that is not ours finds them; fails on any mark it finds."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    found = []
    for before, token in itertools.pairwise(tokens):
        if token.type == "inline":
            assert {child.type for child in token.children} <= {"text", "text_special"}, token
            if before.type in ("th_open", "td_open"):
                found.append("".join(child.content for child in token.children))
    assert {token.type.rpartition("_")[0] for token in tokens if token.nesting} <= {
        *("table", "thead", "tbody", "tr", "th", "td", "paragraph"),
    }
    return found


@examples(100)
@given(LABELS)
def test_a_label_is_set_as_it_stands(labels):
    table = Table((names("type", labels), Column("also", labels), Column("gain", [-1.0] * len(labels), ".1f")))
    assert rows_of_tex(table.latex()) == [table.header, *([cell.strip() for cell in row] for row in table.rows)]
    cells = rows_of_markdown(table.markdown())
    assert cells == [cell.strip() for row in [table.header, *table.rows] for cell in row]


def menu():
    problem = c.ScreeningProblem(
        [[1.0, 1.0], [2.0, 1.0]], cost=c.Quadratic(), labels=HOSTILE[:2], goods=HOSTILE[2:], domain=c.Box(0.0, 3.0)
    )
    return c.solve_menu(problem)


def contract():
    chances = [[0.75, 0.25], [0.25, 0.75]]
    hidden = c.MoralHazardProblem(
        chances, [0.0, 20.0], [0.0, 1.0], c.SquareRoot(), 1.0, actions=HOSTILE[:2], outcomes=HOSTILE[2:]
    )
    return c.solve_contract(hidden)


def mechanism():
    values = [[[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]], [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]]]
    return c.solve_mechanism(
        c.MechanismProblem(values, [[0.5, 0.5]] * 2, labels=[HOSTILE[:2], HOSTILE[2:]], agents=HOSTILE[1:3])
    )


def front():
    return c.pareto_front(menu().problem, [c.Profit(), c.Access(group=[HOSTILE[0]])], gap=0.5)


def posterior():
    return inference.infer_types(menu(), [[1, 0], [0, 1]], choice_model=inference.Logit(0.5), users=HOSTILE[2:])


def latent():
    rng = np.random.default_rng(1)
    attributes = rng.normal(size=(60, 2, 2))
    data = inference.ChoiceData(attributes, rng.integers(2, size=60), np.arange(60) // 6, names=HOSTILE[:2])
    return inference.fit_latent_types(data, 1, rng=rng)


def audit():
    return c.audit(menu().problem, menu().allocation[::-1], menu().transfer)


RESULTS = (menu, contract, mechanism, front, posterior, latent, audit)


@pytest.mark.parametrize("result", RESULTS)
def test_every_result_is_a_table_for_a_paper(result):
    found = result()
    assert isinstance(found, Tabular)
    assert len(rows_of_tex(found.to_latex())) > 2
    assert len(rows_of_markdown(found.to_markdown())) > 4
    assert found.to_html() == found._repr_html_()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not on this machine")
def test_latex_itself_sets_tables_and_derivations(tmp_path):
    derived = [
        derive_schedule("theta*q", cost="k*q**2/2", types="uniform(0, 1)", parameters="k").derivation(),
        derive_menu("theta*q", cost="q**2/2", types=2).derivation(),
    ]
    pages = [*(one().to_latex() for one in RESULTS), *(one.latex() for one in derived)]
    body = "\n\\clearpage\n".join(pages)
    words = f"\\documentclass{{article}}\n\\usepackage{{amsmath}}\n\\begin{{document}}\n{body}\n\\end{{document}}\n"
    (tmp_path / "paper.tex").write_text(words, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-draftmode", "paper.tex"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", timeout=120)
    assert ran.returncode == 0, ran.stdout[-2000:]


def test_a_result_of_several_tables_gives_them_all():
    class Both(Tabular):
        def _tables(self):
            return Table((Column("a", [1]),)), Table((Column("b", [2]),))

    assert Both().to_latex().count(r"\begin{tabular}") == 2
    assert rows_of_markdown(Both().to_markdown()) == ["a", "1", "b", "2"]
    assert str(Both()) == "a\n1\nb\n2"
