"""Expressions from anybody's text: what is read means what it says, and nothing else happens."""

import time

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ProblemError
from contracts.symbolic.reader import expression_of, read_expression, symbols_for

q, k = sympy.symbols("q k", positive=True)
KNOWN = {"q": q, "k": k}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("q**2/2", q**2 / 2),
        ("-k*q + (q - 1)**3", -k * q + (q - 1) ** 3),
        ("2**-1", sympy.Rational(1, 2)),
        ("0.1 + 0.2", sympy.Rational(3, 10)),
        ("1e-3*q", q / 1000),
        ("sqrt(q) + log(1 + q) - exp(-k*q)", sympy.sqrt(q) + sympy.log(1 + q) - sympy.exp(-k * q)),
        ("q**(1/2)", sympy.sqrt(q)),
        ("q**k", q**k),
        ("+pi\n * q", sympy.pi * q),
    ],
)
def test_what_is_read_is_what_is_written(text, meant):
    assert read_expression(text, KNOWN) == meant


HOSTILE = {
    "dunder": ("__import__('os').system('true')", r"has \"'\""),
    "dunder name": ("__class__", "names '__class__', which is not declared"),
    "attribute": ("q.__class__", "has an attribute"),
    "attribute of a number": ("(1).real", "has an attribute"),
    "call of a name": ("eval(q)", "calls 'eval': the functions are exp, log, sqrt"),
    "call of a call": ("exp(q)(q)", "calls 'something that is no name'"),
    "forgotten star": ("2(q)", "calls 'something that is no name'"),
    "keyword argument": ("exp(x=1)", "has '='"),
    "unpacking": ("exp(*q)", "several arguments or none"),
    "two arguments": ("log(q, 2)", "several arguments or none"),
    "lambda": ("lambda: q", "has ':'"),
    "keyword": ("lambda*q", "'lambda' is a word of Python"),
    "comprehension": ("(q for q in k)", "has something else"),
    "comparison": ("q < 1", "has '<'"),
    "boolean": ("q and k", "has something else"),
    "truth": ("True", "has 'True'"),
    "conditional": ("q if k else 1", "has something else"),
    "tuple": ("q, k", "has a comma"),
    "list": ("[q]", r"has '\['"),
    "floor division": ("q//2", r"use \+ - \* / \*\* only"),
    "caret": ("q^2", r"has '\^': powers are written \*\*"),
    "complex": ("1j*q", "has '1j'"),
    "hexadecimal": ("0x10", "has '0x10'"),
    "underscores": ("1_000", "has '1_000'"),
    "tower": ("9**9**9**9", "has the power '387420489'"),
    "huge power": ("q**1000", "exponents are fractions between -20 and 20"),
    "powers of powers": ("((q+k)**20)**20", "degree above 40"),
    "huge number": ("1e999999999", "more than 30 digits"),
    "many digits": ("1" * 300, "more than 30 digits"),
    "products of numbers": ("*".join(["(10**20)"] * 20), "too many digits"),
    "exponentials": ("exp(exp(exp(q)))", "exponentials inside each other"),
    "exponential of much": ("exp(exp(1e20))", "exp of more than 100"),
    "powers with symbols": ("2**(2**(2**(2**q)))", "powers inside powers"),
    "deep brackets": ("-(" * 120 + "q" + ")" * 120, "nested more than 40 deep"),
    "deep signs": ("-" * 300 + "q", "nested more than 40 deep"),
    "brackets beyond the parser": ("(" * 300 + "q", "cannot be read"),
    "long": ("q+" * 300 + "q", "has 601 letters, at most 400"),
    "zero division": ("1/(q-q)", "divides by zero"),
    "zero power": ("0**-1", "power of zero"),
    "log of zero": ("log(0)", "takes log of '0'"),
    "root of minus one": ("sqrt(-1)", "takes sqrt of '-1'"),
    "minus one to a half": ("(-1)**(1/2)", "root of a negative number"),
    "greek": ("θ*q", r"has '\\u03b8': write names in plain letters"),
    "full width": ("ｑ", r"has '\\uff51'"),
    "hidden letter": ("q\u200b*k", r"has '\\u200b'"),
    "right to left": ("q\u202e", r"has '\\u202e'"),
    "nul": ("q\0", r"has '\\x00'"),
    "empty": ("  ", "is empty"),
    "unbalanced": ("(q", "cannot be read"),
    "undeclared": ("theta*q", "names 'theta', which is not declared: known are q, k, pi, exp, log, sqrt; declare"),
    "function alone": ("exp*q", "exp without brackets"),
    "statement": ("q; k", "has ';'"),
}


@pytest.mark.parametrize(("text", "words"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_at_once_and_in_words(text, words):
    start = time.perf_counter()
    with pytest.raises(ProblemError, match=words):
        read_expression(text, KNOWN)
    assert time.perf_counter() - start < 1


@given(st.text(alphabet="qk0123456789+-*/(). explogsqrt_e", max_size=60))
def test_any_text_is_an_expression_or_refused(text):
    try:
        found = read_expression(text, KNOWN)
    except ProblemError:
        return
    assert found.free_symbols <= {q, k}


def test_the_name_of_the_field_is_said():
    with pytest.raises(ProblemError, match=r"cost 'x' names 'x'"):
        read_expression("x", KNOWN, field="cost")


def test_numbers_and_sympy_expressions_are_taken_as_well():
    assert expression_of("cost", 0.1, KNOWN) == sympy.Rational(1, 10)
    assert expression_of("cost", sympy.Symbol("q") ** 2, KNOWN) == q**2
    with pytest.raises(ProblemError, match="cost names 'z', which is not declared"):
        expression_of("cost", sympy.Symbol("z"), KNOWN)
    for odd in (None, True, float("nan"), [1], 1j):
        with pytest.raises(ProblemError, match="cost is"):
            expression_of("cost", odd, KNOWN)


@pytest.mark.parametrize(
    "names", [("lambda",), ("1a",), ("_x",), ("a", "a"), ("exp",), ("q",), ("θ",), (1,), 3, ("a b",)]
)
def test_names_of_parameters_are_plain_words(names):
    with pytest.raises(ProblemError, match="parameters"):
        symbols_for("parameters", names, taken=("q",))
