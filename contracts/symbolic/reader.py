"""The reader of expressions: text from anybody becomes a sympy expression, and nothing else can happen.

Text is parsed by Python's own grammar and walked over a list of what is known: numbers, declared names, + - * / **,
parentheses and a few functions. Nothing is evaluated as a program, no attribute is looked up, and what is read is
small: in length, depth, digits and degree. Numbers are exact, so 0.1 is one tenth.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.kinds import described

LONGEST = 400  # letters of an expression
DEEPEST = 40  # brackets and signs inside each other
DIGITS = 30  # of a number, and of the exponent of ten
LARGEST_EXPONENT = 20
LARGEST_DEGREE = 40  # of a product that is multiplied out
LARGEST_BITS = 512  # of a number that is computed while reading
EXP_NESTED = 2  # exponentials inside each other
LARGEST_IN_EXP = 100  # number whose exponential is taken
FUNCTIONS = ("exp", "log", "sqrt")
ALPHABET = re.compile(r"[A-Za-z0-9_+\-*/(). \t\n,]*")
NUMBER = re.compile(r"(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")


def read_expression(text: str, symbols: Mapping[str, Any], *, field: str = "expression") -> Any:
    """The sympy expression that a text says, in the symbols that are declared.

    Parameters
    ----------
    text : names, numbers, + - * / **, parentheses, exp, log, sqrt and pi
    symbols : what each name stands for
    field : what messages call the text

    Raises
    ------
    ProblemError
        If anything else is in it, a name is not declared, or it is too long, too deep, too high a power or not a real
        number.

    Examples
    --------
    >>> import sympy
    >>> read_expression("0.1*q**2 + sqrt(q)", {"q": sympy.Symbol("q", positive=True)})
    sqrt(q) + q**2/10
    >>> read_expression("theta*q", {"q": sympy.Symbol("q")})
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: expression 'theta*q' names 'theta', which is not declared: known are q, pi, ...
    """
    import sympy

    if not isinstance(symbols, Mapping) or not all(
        isinstance(name, str) and isinstance(symbol, sympy.Expr) for name, symbol in symbols.items()
    ):
        raise ProblemError(
            f"symbols is {described(symbols)}: give sympy symbols by name, as {{'q': sympy.Symbol('q')}}"
        )
    if not isinstance(field, str):
        raise ProblemError(f"field is {described(field)}: give a name, such as 'cost'")
    if not isinstance(text, str):
        raise ProblemError(f"{field} is {described(text)}: give text, such as 'q**2/2'")
    line = _checked_letters(text, field)
    try:
        parsed = ast.parse(line, mode="eval")
    except (SyntaxError, RecursionError, MemoryError, ValueError) as exc:
        word = next((word for word in re.findall(r"[A-Za-z_]\w*", line) if keyword.iskeyword(word)), None)
        why = f": {word!r} is a word of Python, choose another name" if word else ": balance brackets and operators"
        raise ProblemError(f"{_quoted(field, text)} cannot be read{why}, as in '2*q**2 + 1'") from exc
    expression, _ = _Reading(field, line, symbols).read(parsed.body, 0)
    return expression


def expression_of(field: str, given: Any, symbols: Mapping[str, Any]) -> Any:
    """What a user gave as an expression: text, a number, or sympy's own, whose symbols are taken by name."""
    import sympy

    if isinstance(given, str):
        return read_expression(given, symbols, field=field)
    if isinstance(given, bool | np.bool_) or not isinstance(given, int | float | Fraction | np.number | sympy.Expr):
        raise ProblemError(f"{field} is {described(given)}: give an expression as text, such as 'q**2/2', or a number")
    if isinstance(given, sympy.Expr):
        return _renamed(field, given, symbols)
    value = given.item() if isinstance(given, np.number) else given
    if isinstance(value, complex) or value != value or value in (float("inf"), float("-inf")):
        raise ProblemError(f"{field} is {described(given)}: give a finite number or an expression as text")
    exact = sympy.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else None
    number = sympy.Rational(str(value)) if exact is None else exact
    if max(abs(number.p).bit_length(), number.q.bit_length()) > 2 * LARGEST_BITS + 100:
        raise ProblemError(f"{field} is a number of too many digits: choose other units")
    return number


def symbols_for(field: str, names: Any, *, taken: tuple[str, ...] = ()) -> dict[str, Any]:
    """Parameters by their names, each a positive number to sympy.

    Raises
    ------
    ProblemError
        If a name is no plain word, is given twice, or means something else here.
    """
    import sympy

    listed = (names,) if isinstance(names, str) else names
    if not isinstance(listed, tuple | list) or not all(isinstance(name, str) for name in listed):
        raise ProblemError(f"{field} is {described(names)}: give names, such as ('a', 'b')")
    found: dict[str, Any] = {}
    for name in listed:
        if not NAME.fullmatch(name) or keyword.iskeyword(name) or not name.isascii():
            raise ProblemError(
                f"{field} has {_short(name)}: a name is a letter, then letters, digits and _, such as k_1"
            )
        if name in found or name in taken or name in FUNCTIONS or name == "pi":
            why = "is given twice" if name in found else "means something else here"
            raise ProblemError(f"{field} has {name!r}, which {why}: choose another name")
        found[name] = sympy.Symbol(name, positive=True)
    return found


class _Reading:
    """One walk over the tree of a text; every branch gives an expression and a bound on its degree."""

    def __init__(self, field: str, text: str, symbols: Mapping[str, Any]) -> None:
        self.field, self.text, self.symbols = field, text, symbols

    def refuse(self, what: str, remedy: str) -> ProblemError:
        return ProblemError(f"{_quoted(self.field, self.text)} {what}: {remedy}")

    def read(self, node: ast.AST, depth: int) -> tuple[Any, int]:
        if depth > DEEPEST:
            raise self.refuse(f"is nested more than {DEEPEST} deep", "write it flatter")
        if isinstance(node, ast.Constant):
            return self.number(node), 0
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
            inner, degree = self.read(node.operand, depth + 1)
            return (-inner if isinstance(node.op, ast.USub) else inner), degree
        if isinstance(node, ast.BinOp):
            return self.bounded(*self.binary(node, depth))
        if isinstance(node, ast.Call):
            return self.bounded(*self.call(node, depth))
        what = {ast.Attribute: "an attribute", ast.Tuple: "a comma"}.get(type(node), "something else")
        raise self.refuse(f"has {what}", f"use numbers, names, + - * / **, parentheses and {', '.join(FUNCTIONS)} only")

    def number(self, node: ast.Constant) -> Any:
        import sympy

        text = ast.get_source_segment(self.text, node) or ""
        digits, _, power = text.lower().partition("e")
        if not NUMBER.fullmatch(text):
            raise self.refuse(f"has {_short(text)}", "write numbers in decimals, such as 0.25 or 1e-3")
        if len(digits) > DIGITS or abs(int(power[:6] or "0")) > DIGITS or len(power) > 6:
            raise self.refuse(f"has a number of more than {DIGITS} digits", "choose other units")
        return sympy.Rational(text)

    def name(self, name: str) -> tuple[Any, int]:
        import sympy

        if name in self.symbols:
            return self.symbols[name], 1
        if name == "pi":
            return sympy.pi, 0
        if name in FUNCTIONS:
            raise self.refuse(f"has {name} without brackets", f"write {name}(...)")
        known = ", ".join([*self.symbols, "pi", *FUNCTIONS])
        raise self.refuse(
            f"names {_short(name)}, which is not declared", f"known are {known}; declare others as parameters"
        )

    def binary(self, node: ast.BinOp, depth: int) -> tuple[Any, int]:
        left, degree = self.read(node.left, depth + 1)
        right, other = self.read(node.right, depth + 1)
        if isinstance(node.op, ast.Pow):
            return self.power(left, degree, right, other)
        if isinstance(node.op, ast.Add | ast.Sub):
            return (left + right if isinstance(node.op, ast.Add) else left - right), max(degree, other)
        if isinstance(node.op, ast.Mult):
            return left * right, degree + other
        if isinstance(node.op, ast.Div):
            if right.is_zero:
                raise self.refuse("divides by zero", "leave that out")
            return left / right, degree + other
        raise self.refuse("has an operator that is not known", "use + - * / ** only")

    def power(self, base: Any, degree: int, exponent: Any, other: int) -> tuple[Any, int]:
        if exponent.is_number:
            if not exponent.is_rational or abs(exponent) > LARGEST_EXPONENT or exponent.q > LARGEST_EXPONENT:
                raise self.refuse(
                    f"has the power {_short(str(exponent))}",
                    f"exponents are fractions between -{LARGEST_EXPONENT} and {LARGEST_EXPONENT}",
                )
            if base.is_zero and exponent <= 0:
                raise self.refuse("has a power of zero that is no number", "leave it out")
            if exponent.q > 1 and base.is_negative:
                raise self.refuse("has a root of a negative number", "only real numbers are meant")
            times = max(1, int(abs(exponent)) + (exponent.q > 1))
            return base**exponent, degree * times
        if _nested(exponent) >= EXP_NESTED:
            raise self.refuse("has powers inside powers inside powers", "write them as one")
        return base**exponent, degree + other + 1

    def call(self, node: ast.Call, depth: int) -> tuple[Any, int]:
        import sympy

        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            called = node.func.id if isinstance(node.func, ast.Name) else "something that is no name"
            raise self.refuse(f"calls {_short(called)}", f"the functions are {', '.join(FUNCTIONS)}; products need a *")
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            raise self.refuse(f"gives {node.func.id} several arguments or none", f"write {node.func.id}(...) of one")
        inner, degree = self.read(node.args[0], depth + 1)
        if node.func.id == "exp":
            if _nested(inner) >= EXP_NESTED:
                raise self.refuse("has exponentials inside each other", f"nest at most {EXP_NESTED}")
            if _coefficient(inner) > LARGEST_IN_EXP:
                raise self.refuse(f"has exp of more than {LARGEST_IN_EXP}", "choose other units")
            return sympy.exp(inner), degree + 1
        if inner.is_negative or (inner.is_zero and node.func.id == "log"):
            raise self.refuse(f"takes {node.func.id} of {_short(str(inner))}", "only real numbers are meant")
        return getattr(sympy, node.func.id)(inner), max(degree, 1)

    def bounded(self, expression: Any, degree: int) -> tuple[Any, int]:
        import sympy

        if degree > LARGEST_DEGREE:
            raise self.refuse(f"is of a degree above {LARGEST_DEGREE}", "write lower powers or fewer factors")
        if any(_bits(number) > LARGEST_BITS for number in expression.atoms(sympy.Rational)):
            raise self.refuse("has numbers of too many digits", "choose other units")
        if expression.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I):
            raise self.refuse("is no real number", "look for a division by zero or a root of a negative number")
        return expression, degree


def _nested(expression: Any) -> int:
    """How many exponentials, or powers with a symbol above, stand inside each other."""
    import sympy

    own = isinstance(expression, sympy.exp) or (expression.is_Pow and not expression.exp.is_number)
    return int(own) + max(map(_nested, expression.args), default=0)


def _coefficient(expression: Any) -> Any:
    """The largest number in an expression."""
    import sympy

    return max((abs(number) for number in expression.atoms(sympy.Rational)), default=sympy.Integer(0))


def _bits(number: Any) -> int:
    return max(abs(int(number.p)).bit_length(), int(number.q).bit_length())


def _checked_letters(text: str, field: str) -> str:
    if not text.strip():
        raise ProblemError(f"{field} is empty: give an expression, such as 'q**2/2'")
    if len(text) > LONGEST:
        raise ProblemError(
            f"{field} has {len(text)} letters, at most {LONGEST} are read: name parts of it as parameters"
        )
    odd = next((letter for letter in text if not ALPHABET.fullmatch(letter)), None)
    if odd is not None:
        meant = {"^": "powers are written **", "=": "give one side only"}.get(
            odd, "write names in plain letters, such as theta"
        )
        raise ProblemError(f"{_quoted(field, text)} has {odd!a}: {meant}")
    return re.sub(r"\s", " ", text).strip()


def _renamed(field: str, given: Any, symbols: Mapping[str, Any]) -> Any:
    odd = next((symbol.name for symbol in given.free_symbols if symbol.name not in symbols), None)
    if odd is not None:
        known = ", ".join(symbols)
        raise ProblemError(
            f"{field} names {odd!r}, which is not declared: known are {known}; declare others as parameters"
        )
    return given.xreplace({symbol: symbols[symbol.name] for symbol in given.free_symbols})


def _short(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:37] + "...")


def _quoted(field: str, text: str) -> str:
    return f"{field} {_short(text.strip())}"
