"""Derivations: steps that a lecturer can show, as text, LaTeX and HTML."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.display.escapes import tex
from contracts.display.pages import element, rendered
from contracts.errors import ProblemError
from contracts.inputs.frozen import dataclass


@dataclass(frozen=True)
class Formula:
    """One line of a derivation: a left side, how it stands to the right side, and a remark.

    Attributes
    ----------
    left, right : sympy expressions; text on the left is a symbol's name
    relation : such as "=" or ">"
    remark : words after it, such as the case in which it holds

    Examples
    --------
    >>> import sympy
    >>> Formula("s", sympy.Symbol("q") ** 2, remark="where q > 0")
    Formula(left='s', right=q**2, relation='=', remark='where q > 0')
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

        relation = {"<=": "≤", ">=": "≥"}.get(self.relation, self.relation)
        left, right = (
            element(sympy.mathml(sympy.sympify(side), printer="presentation")) for side in (self._left, self.right)
        )
        return rendered("formula.html", left=left, relation=relation, right=right, remark=self.remark)

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
        steps = [(step, [formula.html() for formula in step.formulas]) for step in self.steps]
        return rendered("derivation.html", title=self.title, steps=steps)

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


# ---- what a lecturer says of a schedule; it comes in as it is (`Any`), since its module imports this one ----


def schedule_steps(schedule: Any) -> tuple[Step, ...]:
    """The steps of a derivation for a continuum of types."""
    import sympy

    who, made, up = schedule.distribution, schedule.trade, schedule.is_increasing
    theta = who.type
    first = (
        Step(
            "Types",
            f"Types theta lie between {who.lowest} and {who.highest}; nobody sees them.",
            (Formula("f", who.density, remark="density"), Formula("F", who.cumulative, remark="distribution function")),
        ),
        *made.steps("in which the rents of others are counted"),
        Step(
            "Rents",
            "By the envelope theorem the rent U(theta) = max of v - t changes by m'(theta) g(q(theta)) with the "
            "type, and "
            f"the {'lowest' if up else 'highest'} type served keeps nothing. By parts, a type's rent costs the "
            f"principal "
            f"the hazard ratio {'(1 - F)/f' if up else 'F/f'} times |m'| g for every unit of density.",
            (Formula("m", made.taste), Formula("h", schedule.hazard, remark="hazard ratio")),
        ),
        Step(
            "Virtual valuation",
            f"So the principal maximises phi(theta) g(q) - C(q) type by type, with phi = m {'-' if up else '+'} "
            f"{'(1 - F)/f' if up else 'F/f'} m'.",
            (Formula("phi", schedule.virtual_valuation),),
        ),
        _regularity(schedule),
    )
    if schedule.is_regular is False:
        return first
    where = f"theta {'>' if up else '<'} theta_0"
    known = schedule.conditions
    some_out = schedule.threshold not in (who.lowest, who.highest)
    provided = (
        Step(
            "Provided that",
            "The following are positive, which is not proven of all parameters.",
            tuple(Formula(one, sympy.Integer(0), ">") for one in known),
        ),
    )
    return (
        *first,
        *(provided if known else ()),
        Step(
            "Exclusion",
            f"Served are types with {where}, where phi is above r(0)." if some_out else "Everybody is served.",
            (Formula("theta_0", schedule.threshold),),
        ),
        Step(
            "Allocation",
            f"Put phi(theta) for p. The {'highest' if up else 'lowest'} type gets the efficient quantity, all others "
            f"less.",
            (
                Formula("q", schedule.allocation, remark=f"for {where}, else 0"),
                Formula("q_fb", schedule.first_best, remark="if types were seen"),
            ),
        ),
        Step(
            "Rents and transfers",
            "Integrate the rent from theta_0 on; the transfer is utility less rent.",
            (
                Formula(sympy.Function("U")(theta), schedule._rent, remark=f"for {where}"),
                Formula(sympy.Function("t")(theta), schedule._transfer, remark=f"for {where}"),
            ),
        ),
        _tariff(schedule),
        Step(
            "What it is worth",
            "The principal earns the expected maximum of phi g - C; agents keep the expected rent; welfare is the sum.",
            (
                Formula("value", schedule._value),
                Formula("rents", schedule._expected_rent),
                Formula("welfare", schedule._value + schedule._expected_rent),
            ),
        ),
    )


def _regularity(schedule: Any) -> Step:
    rises = "rises" if schedule.is_increasing else "falls"
    formulas: tuple[Formula, ...] = (Formula("dphi/dtheta", schedule.slope),)
    if schedule.is_regular is False:
        return Step(
            "Not regular",
            f"Regularity asks for {schedule.condition}. The quantity that is best type by type would not be "
            f"monotone, and "
            "not incentive compatible: types are bunched. There is no closed form here; contracts.solve_menu irons.",
            formulas,
        )
    if schedule.is_regular is None:
        return Step("Regularity", f"What follows holds if phi {rises}: {schedule.condition}.", formulas)
    return Step("Regularity", f"phi {rises}, so that the best quantity is monotone: {schedule.condition}.", formulas)


def _tariff(schedule: Any) -> Step:
    import sympy

    q: Any = schedule.trade.quantity
    try:
        found = schedule._tariff
    except ProblemError:
        return Step(
            "Tariff", "The type that buys q has no closed form that was found: q(theta), t(theta) are the tariff."
        )
    return Step(
        "Tariff",
        "Solve q = q(theta) for theta, and the transfer is a price T(q) of the quantity: by the taxation principle "
        "it is "
        "all the principal has to post.",
        (Formula(sympy.Function("T")(q), found), Formula(sympy.Function("T'")(q), schedule.marginal_tariff)),
    )
