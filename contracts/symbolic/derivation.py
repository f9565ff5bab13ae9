"""Derivations: steps that a lecturer can show, as text, LaTeX and HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from contracts.display.escapes import tex
from contracts.inputs.frozen import dataclass


@dataclass(frozen=True)
class Formula:
    """One line of a derivation: a left side, how it stands to the right side, and a remark.

    Attributes
    ----------
    left, right : sympy expressions; text on the left is a symbol's name
    relation : such as "=" or ">"
    remark : words after it, such as the case in which it holds
    """

    left: Any
    right: Any
    relation: str = "="
    remark: str = ""

    def text(self) -> str:
        """As Python writes it."""
        import sympy

        relation = {"<=": "<=", ">=": ">="}.get(self.relation, self.relation)
        after = f"    {self.remark}" if self.remark else ""
        return f"{sympy.sstr(self._left)} {relation} {sympy.sstr(self.right)}{after}"

    def latex(self) -> str:
        """A line of an aligned display."""
        import sympy

        relation = {"<=": r"\le", ">=": r"\ge"}.get(self.relation, self.relation)
        after = rf" && \text{{{tex(self.remark)}}}" if self.remark else ""
        return f"{sympy.latex(self._left)} &{relation} {sympy.latex(self.right)}{after}"

    def html(self) -> str:
        """MathML, which browsers draw without help."""
        import sympy

        relation = html.escape({"<=": "≤", ">=": "≥"}.get(self.relation, self.relation))
        sides = [sympy.mathml(sympy.sympify(side), printer="presentation") for side in (self._left, self.right)]
        after = f" <span class='remark'>{html.escape(self.remark)}</span>" if self.remark else ""
        return f"<p><math display='inline'><mrow>{sides[0]}<mo>{relation}</mo>{sides[1]}</mrow></math>{after}</p>"

    @property
    def _left(self) -> Any:
        import sympy

        return sympy.Symbol(self.left) if isinstance(self.left, str) else self.left


@dataclass(frozen=True)
class Step:
    """One step: what is done, why, and what comes of it."""

    title: str
    words: str
    formulas: tuple[Formula, ...] = ()


@dataclass(frozen=True, repr=False)
class Derivation:
    """Steps from the problem to its solution; prints as text, shows as HTML in a notebook.

    Examples
    --------
    >>> import sympy
    >>> q = sympy.Symbol("q")
    >>> print(Derivation("A square", (Step("Square", "Times itself.", (Formula("s", q**2),)),)))
    A square
    <BLANKLINE>
    1. Square. Times itself.
         s = q**2
    """

    title: str
    steps: tuple[Step, ...]

    def text(self) -> str:
        """Plain text; formulas as Python writes them."""
        lines = [self.title]
        for number, step in enumerate(self.steps, 1):
            lines += ["", f"{number}. {step.title}. {step.words}"]
            lines += [f"     {formula.text()}" for formula in step.formulas]
        return "\n".join(lines)

    def latex(self) -> str:
        """A section for a document that uses amsmath."""
        lines = [rf"\section*{{{tex(self.title)}}}", r"\begin{enumerate}"]
        for step in self.steps:
            lines.append(rf"\item \textbf{{{tex(step.title)}.}} {tex(step.words)}")
            if step.formulas:
                body = " \\\\\n".join(formula.latex() for formula in step.formulas)
                lines += [r"\begin{align*}", body, r"\end{align*}"]
        return "\n".join([*lines, r"\end{enumerate}"])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON: every formula as text and as LaTeX."""
        return {
            "title": self.title,
            "steps": [
                {
                    "title": step.title,
                    "words": step.words,
                    "formulas": [{"text": one.text(), "latex": one.latex()} for one in step.formulas],
                }
                for step in self.steps
            ],
        }

    def html(self) -> str:
        """An element for a page: headings, paragraphs and MathML, nothing from elsewhere."""
        lines = [f"<section class='derivation'><h2>{html.escape(self.title)}</h2><ol>"]
        for step in self.steps:
            lines.append(f"<li><p><strong>{html.escape(step.title)}.</strong> {html.escape(step.words)}</p>")
            lines += [formula.html() for formula in step.formulas]
            lines.append("</li>")
        return "\n".join([*lines, "</ol></section>"])

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()


def sentence(words: Iterable[str]) -> str:
    """Words that are listed, with "and" before the last."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last
