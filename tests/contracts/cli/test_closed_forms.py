"""contracts derive: the derivation in every form, and what exits how."""

import json

import pytest
from typer.testing import CliRunner

from inference.cli import app

UNIFORM = ("derive", "theta*q", "--cost", "q**2/2", "--types", "uniform(0,1)")


def run(*arguments):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], prog_name="contracts")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_derivation_is_printed_as_text_latex_html_or_json():
    text = run(*UNIFORM)
    assert (text.exit_code, text.stderr) == (0, "")
    assert "     value = 1/12\n" in text.stdout
    assert r"\begin{align*}" in run(*UNIFORM, "--latex").stdout
    page = run(*UNIFORM, "--html").stdout
    assert page.startswith("<!DOCTYPE html>")
    assert "<math" in page
    assert "http" not in page
    steps = json.loads(run(*UNIFORM, "--json").stdout)["steps"]
    assert steps[-1]["formulas"][0]["text"] == "value = 1/12"


def test_types_are_counted_or_listed():
    assert "theta_1 of" not in run("derive", "theta*q", "--cost", "q**2/2", "--types", "2").stderr
    assert "Left out: theta_1." in run("derive", "theta*q", "--cost", "q**2/2", "--types", "2").stdout
    listed = run("derive", "theta*q", "--cost", "q**2/2", "--types", "1, 2", "--weights", "3/4, 1/4")
    assert "q_1 = 2/3" in listed.stdout


def test_types_that_are_not_regular_exit_1_with_the_condition():
    result = run("derive", "theta*q", "--cost", "q**2/2", "--types", "12*(theta - 3/2)**2 on (1, 2)")
    assert result.exit_code == 1
    assert "Not regular" in result.stdout
    assert "types are not regular, and have no closed form here" in result.stderr
    assert ">= 0, which fails" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("theta*q", "--cost", "__import__('os')", "--types", "uniform(0,1)"), "cost"),
        (("theta*q", "--cost", "q**2", "--types", "uniform"), "--types 'uniform' is no distribution"),
        (("theta*q", "--cost", "q**2", "--types", "uniform(0,1)", "--weights", "1"), "--weights are shares"),
        (("theta*q", "--cost", "q**2", "--types", "uniform(0,1)", "--latex", "--html"), "choose one"),
        (("theta*q", "--cost", "k*q**2", "--types", "uniform(0,1)"), "names 'k', which is not declared"),
        (("theta*q", "--cost", "q**2", "--types", "1, 2", "--weights", "1, 1"), "weights sum to 2, not 1"),
        (("theta*q", "--cost", "q**9**9", "--types", "uniform(0,1)"), "exponents are fractions"),
    ],
)
def test_what_cannot_be_read_exits_2(arguments, words):
    result = run("derive", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in result.stderr
