"""The site: pages of this folder, the reference from docstrings, formulas as MathML, nothing from another host."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.utils.math import latex2mathml
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent)]

import reference  # noqa: E402 - found by the path above

import contracts  # noqa: E402

project, author, copyright = "menuwright", "the authors of menuwright", "the authors of menuwright"
version = release = contracts.__version__
extensions = ["myst_nb"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]

html_theme = "furo"
html_title = f"menuwright {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = html_show_sphinx = False
html_show_search_summary = False  # summaries are fetched, which browsers refuse to pages that are opened from a folder
html_math_renderer = "mathml"
python_maximum_signature_line_length = 100
toc_object_entries = False  # every page would hold every name in its sidebar: twice the time, and nothing to read
default_role = "code"
suppress_warnings = ["ref.python"]  # a name such as Summary is public in two modules; the plain name means either

myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
nb_execution_mode = "force"
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_ipywidgets_js: dict[str, Any] = {}  # would come from another host
nb_mime_priority_overrides = [("html", "text/html", 0)]

# What the sidebar lists; a page that is on no list is a warning, and warnings stop the build.
CONTENTS = {
    "You are": [
        "you-are/economist",
        "you-are/alignment-researcher",
        "you-are/data-scientist",
        "you-are/lecturer",
        "you-are/on-a-cluster",
    ],
    "Learn": ["tutorial"],
    "Notebooks": [f"notebooks/{path.stem}" for path in sorted((DOCS / "notebooks").glob("*.md"))],
    "Do": ["how-to", "from-csv", "robust", "short-menus", "testing", "audits", "logs", "command-line"],
    "Menus": ["sensitivities", "optimal-face", "pareto", "schedules", "closed-forms", "hidden-action", "mechanisms"],
    "From choices to types": ["inference", "latent-types", "continuous-types", "norms", "words", "language"],
    "Alignment": ["societal-alignment", "social-contract", "real-groups"],
    "Understand": ["mathematics", "engines", "trust", "decisions/index"],
    "Look up": ["reference/index", "models", "changelog", "contributing"],
}


def with_contents(app: Sphinx, page: str, source: list[str]) -> None:
    """The landing page gets the list of all pages, which a plain page of a repository does not want."""
    listed = {page for pages in CONTENTS.values() for page in pages}
    rest = sorted(path.stem for path in DOCS.glob("*.md") if path.stem not in listed and path.stem != "index")
    if page == "index":
        for caption, pages in (CONTENTS | ({"More": rest} if rest else {})).items():
            source[0] += "\n".join(["\n```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```\n"])
    elif page == "decisions/index":
        found = sorted(path.stem for path in (DOCS / "decisions").glob("0*.md"))
        source[0] += "\n".join(["\n```{toctree}", ":hidden:", "", *found, "```\n"])


def write_pages(app: Sphinx) -> None:
    """The reference, and what stands outside this folder."""
    reference.write(DOCS / "reference")
    for name in ("CHANGELOG", "CONTRIBUTING"):
        text = (DOCS.parent / f"{name}.md").read_text(encoding="utf-8")
        (DOCS / f"{name.lower()}.md").write_text(text.replace("](docs/", "]("), encoding="utf-8")


def formula(self: Any, node: nodes.math | nodes.math_block) -> None:
    """MathML, which browsers draw themselves."""
    block = isinstance(node, nodes.math_block)
    tree = latex2mathml.tex2mathml(node.astext(), as_block=block)
    self.body.append(f'<div class="formula">{tree}</div>' if block else tree)
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """What Sphinx calls."""
    app.add_html_math_renderer("mathml", inline_renderers=(formula, None), block_renderers=(formula, None))
    app.add_lexer("csv", TextLexer)
    app.connect("builder-inited", write_pages)
    app.connect("source-read", with_contents)
