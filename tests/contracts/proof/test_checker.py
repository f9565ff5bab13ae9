"""The checker that shares no code: it proves what holds, believes no forgery, and needs nothing but Python."""

import ast
import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

import contracts as c
from contracts.proof import checker
from contracts.testing import problems
from tests.contracts.proof.proofs import (
    NUMBERS,
    check_enclosures,
    check_goods,
    faults,
    forgeries,
    proofs,
    verdict,
    written,
)

SOURCE = Path(checker.__file__)


def alone(path):
    """The checker on a machine without any package: exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", SOURCE, path], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def with_the_library(monkeypatch, capsys):
    """python -m contracts.proof FILE: exit code and what it says."""

    def run(path):
        monkeypatch.setattr(sys, "argv", ["contracts.proof", str(path)])
        with pytest.raises(SystemExit) as left:
            runpy.run_module("contracts.proof", run_name="__main__")
        return left.value.code, capsys.readouterr().out

    return run


@pytest.fixture(scope="module")
def menu():
    return c.solve_menu([1.0, 2.0, 3.0], [0.5, 0.3, 0.2], cost=c.Quadratic(), labels=("low", "middle", "high"))


def test_it_can_be_read_in_ten_minutes_and_imports_the_standard_library_only():
    source = SOURCE.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 300
    taken = {node.module for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    taken |= {
        alias.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import) for alias in node.names
    }
    assert taken <= sys.stdlib_module_names
    assert "THEOREM" in ast.get_docstring(ast.parse(source))


def test_alone_it_proves_refutes_and_says_what_it_cannot_read(menu, tmp_path):
    path = menu.certificate.save(tmp_path / "proof.json")
    code, says = alone(path)
    assert code == 0
    assert says.startswith("proven: IC and IR hold exactly for 3 types; the menu is worth 1.1666666666")
    document = json.loads(path.read_text())
    document["menu"]["transfers"][0] *= 2
    path.write_text(json.dumps(document))
    assert alone(path)[0] == 1
    for text in ("{", "[]", "", '{"schema": "menuwright/proof/1"}', "[" * 100_000):
        path.write_text(text)
        code, says = alone(path)
        assert code == 2, text[:9]
        assert says.startswith("undecided: ")
    path.write_text("\ufeff" + json.dumps(written(menu.certificate)), encoding="utf-8")  # as some editors save it
    assert alone(path)[0] == 0
    assert alone(tmp_path / "nowhere.json")[0] == 2
    code, says = alone(menu.save(tmp_path / "menu.json"))
    assert code == 2
    assert "save menu.certificate" in says


def test_a_file_that_says_two_things_or_would_take_all_memory_is_not_proven(menu, tmp_path, capsys):
    document, path = written(menu.certificate), tmp_path / "proof.json"

    def says(text, *further):
        path.write_text(text)
        return checker.main([str(path), *further]), capsys.readouterr().out

    text = json.dumps(document)
    assert says(text)[0] == 0
    assert says('{"menu": null, ' + text[1:])[0] == 2  # names that stand twice: readers differ on which counts
    twice = text.replace('"transfers": [', '"transfers": [0.0, 1.0, 2.0], "transfers": [', 1)
    assert says(twice) == (2, "undecided: the file says something twice, under one name\n")
    assert says(text, str(path)) == (2, "undecided: give one FILE, and nothing else\n")  # the second is not read
    assert checker.main([]) == 2
    for forged in ("1e999999999", "1E-999999999", "1_0", "1/0", "--1", "", "1/2/3", "9" * 5000):
        document["claims"]["value"] = forged
        assert says(json.dumps(document))[0] == 2, forged[:12]
    document["claims"]["value"] = menu.value
    document["problem"]["domain"]["kind"] = "boxes"
    assert says(json.dumps(document))[0] == 2


def test_with_the_library_it_reads_saved_menus_too(menu, tmp_path, with_the_library):
    assert with_the_library(menu.certificate.save(tmp_path / "proof.json"))[0] == 0
    path = menu.save(tmp_path / "menu.json")
    code, says = with_the_library(path)
    assert code == 0
    assert "proven" in says
    saved = path.read_text()
    for field, change, code, reason in (
        ("certificate", {"value": menu.value + 1e-6}, 1, "worth"),
        ("certificate", {"upper_bound": menu.upper_bound - 1e-6}, 1, "prove"),
        ("transfer", [0.0, 2.0, 7.0], 1, "transfer is not what options"),
        ("utility", [0.0, 0.0, 1.0], 1, "utility is not what options"),
        ("labels", ["high", "middle", "low"], 1, "labels are not those"),
        ("certificate", {"relative_gap": 0.0 - 1e-9}, 1, "'relative_gap' does not follow"),
        ("certificate", {"scale": menu.value / 2}, 1, "'scale' does not follow"),
        ("certificate", {"exact": False}, 1, "'exact' does not follow"),
        ("certificate", {"holds": False}, 1, "'holds' does not follow"),
        ("certificate", {"deviation": {"gain": -1.0}}, 1, "'deviation' does not follow"),
        ("certificate", {"participation": {"slack": 0.5}}, 1, "'participation' does not follow"),
        ("schema", "menuwright/menu/2", 2, "expected 'menuwright/menu/1'"),
        ("option_of_type", [0, 0, 7], 2, "does not fit"),
        ("problem", {"weights": [0.6, 0.3, 0.2]}, 2, "weights sum to"),
    ):
        document = json.loads(saved)
        document[field] = document[field] | change if isinstance(change, dict) else change
        path.write_text(json.dumps(document))
        found = with_the_library(path)
        assert found[0] == code, found
        assert reason in found[1]


def test_a_menu_typed_by_hand_is_proven_as_far_as_it_goes(tmp_path):
    problem = c.ScreeningProblem([1.0, 2.0], [0.5, 0.5], labels=("low", "high"))
    certificate = c.verify(problem, [1.0, 2.0], [1.0, 3.0])
    assert not np.isfinite(certificate.upper_bound)
    code, says = alone(certificate.save(tmp_path / "proof.json"))
    assert code == 0
    assert "no bound is claimed" in says
    wrong = c.verify(problem, [1.0, 2.0], [1.0, 3.0000000000000004], tolerance=1e-9)
    assert wrong.is_incentive_compatible  # as it was asked
    assert alone(wrong.save(tmp_path / "wrong.json"))[0] == 1  # a proof knows no tolerance


def test_certificates_without_a_menu_cannot_be_saved(menu, tmp_path):
    from dataclasses import replace

    with pytest.raises(c.ProblemError, match="knows no menu"):
        replace(menu.certificate, evidence=None).save(tmp_path / "proof.json")


@pytest.mark.parametrize("unknown", ["ambiguity", "uncertainty", "welfare", "cost"])
def test_what_it_does_not_know_is_undecided_and_said(unknown):
    more = {
        "ambiguity": {"ambiguity": c.TotalVariation(0.1)},
        "uncertainty": {"uncertainty": c.Interval(0.1)},
        "welfare": {"objective": c.Welfare(function=c.Exponential(), minimum_profit=0.1), "reservation_utility": 0.1},
        "cost": {"cost": c.Total(c.Quadratic())},
    }[unknown]
    rng = np.random.default_rng(3)
    problem = c.ScreeningProblem(rng.uniform(1, 2, (3, 2)), **{"cost": c.Quadratic()} | more)
    document = written(c.solve_menu(problem).certificate)
    code, says = verdict(checker, document)
    assert code == 2
    assert "not known" in says or "of kind" in says
    document["menu"]["transfers"] = [t + 10.0 for t in document["menu"]["transfers"]]
    assert verdict(checker, document)[0] == 1  # what can be refuted still is


def test_short_menus_are_not_proven_by_what_holds_of_all():
    short = written(c.solve_menu(np.linspace(1, 2, 6), cost=c.Quadratic(), max_options=1).certificate)
    code, says = verdict(checker, short)
    assert code == 2
    assert "prove no better bound" in says


@settings(max_examples=25)
@given(problems())
def test_every_menu_of_the_kit_is_proven_or_undecided_for_a_reason(problem):
    try:
        certificate = c.solve_menu(problem).certificate
    except (c.SolverError, c.InfeasibleMenuError, c.UnboundedMenuError):
        return
    document = written(certificate)
    code, says = verdict(checker, document)
    assert code == 0 or (code == 2 and ("not known" in says or "of kind" in says or not certificate.rigorous)), says
    if code == 0 and certificate.rigorous:
        proof = checker.Proof(document)
        assert proof.bound() <= certificate.upper_bound  # no tolerance: the float analysis promises that much


@pytest.mark.parametrize("x", NUMBERS)
def test_logarithms_exponentials_and_powers_are_enclosed_tightly(x):
    check_enclosures(checker, x)


def test_costs_and_conjugates_of_a_good_are_what_calculus_says():
    check_goods(checker)


@pytest.mark.slow
def test_every_kind_of_proof_holds_and_every_forgery_is_found():
    forged = [forgery for name, document in proofs().items() for forgery in forgeries(name, document)]
    assert len(forged) > 1500
    assert list(faults(checker, proofs(), forged)) == []
