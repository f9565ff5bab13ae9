"""Mutants: one operator, constant or choice of a module changed at a time, and whether its tests notice.

    python -m benchmarks.mutation                                    # the proof checker, every mutant
    python -m benchmarks.mutation contracts/exact/best.py --sample 12 --seed 1

The checker is judged by the proofs and forgeries of its own tests, in this process. Other modules are mutated in a copy
of the tree, where their tests run until one fails. Whoever survives is printed with its line.
"""

from __future__ import annotations

import argparse
import ast
import copy
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
CHECKER = "contracts/proof/checker.py"
TESTS = {
    "contracts/exact/rationals.py": ["tests/contracts/exact", "tests/contracts/proof/test_verify.py"],
    "contracts/exact/best.py": ["tests/contracts/exact", "tests/contracts/proof/test_verify.py"],
    "contracts/exact/line.py": ["tests/contracts/exact"],
    "contracts/proof/certificate.py": [
        "tests/contracts/proof/test_certificate.py", "tests/contracts/proof/test_verify.py",
        "contracts/proof/certificate.py",
    ],
    "contracts/proof/bound.py": [
        "tests/contracts/proof/test_bound_in_fractions.py", "tests/contracts/proof/test_bound.py",
        "contracts/proof/bound.py",
    ],
    "contracts/proof/record.py": ["tests/contracts/proof/test_checker.py"],
}  # fmt: skip
SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all", "all": "any"}
SMALL = 14  # kinds of problem, the smallest, that most mutants fail at
SECONDS = 120  # that a mutant may take before it counts as noticed: it hangs


class Mutant(NamedTuple):
    """A module with one change."""

    line: int
    change: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    tree = ast.parse(source)
    for index, node in enumerate(ast.walk(tree)):
        for changed in _changes(node):
            whole = copy.deepcopy(tree)
            place = list(ast.walk(whole))[index]
            place.__class__, place.__dict__ = changed.__class__, changed.__dict__ | _position(place)
            yield Mutant(node.lineno, f"{ast.unparse(node)}  ->  {ast.unparse(changed)}", ast.unparse(whole))  # type: ignore[attr-defined]


def _position(node: ast.AST) -> dict[str, Any]:
    return {name: getattr(node, name) for name in node._attributes if hasattr(node, name)}


def _changes(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        for k, operator in enumerate(node.ops):
            if type(operator) in SWAPS:
                changed = copy.deepcopy(node)
                changed.ops[k] = SWAPS[type(operator)]()
                yield changed
    elif isinstance(node, ast.BinOp | ast.BoolOp) and type(node.op) in SWAPS:
        changed = copy.deepcopy(node)
        changed.op = SWAPS[type(node.op)]()
        yield changed
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield copy.deepcopy(node.operand)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield ast.Name(NAMES[node.id], node.ctx)


class Corpus:
    """The checker's own proofs and forgeries, judged in this process."""

    def __init__(self, *, whole: bool) -> None:
        sys.path.insert(0, str(ROOT))
        from tests.contracts.proof import proofs

        self.tests = proofs
        small = sorted(proofs.proofs().items(), key=lambda item: len(json.dumps(item[1])))
        self.documents = dict(small if whole else small[:SMALL])
        self.forged = [each for name, document in self.documents.items() for each in proofs.forgeries(name, document)]

    def notices(self, mutant: Mutant) -> bool:
        module = types.ModuleType("mutant")
        signal.signal(signal.SIGALRM, _hangs)
        signal.alarm(SECONDS)
        try:
            exec(compile(mutant.source, "mutant", "exec"), module.__dict__)
            self.tests.check_goods(module)
            for number in self.tests.NUMBERS:
                self.tests.check_enclosures(module, number)
            return next(self.tests.faults(module, self.documents, self.forged), None) is not None
        except Exception:  # noqa: BLE001 whatever breaks is noticed
            return True
        finally:
            signal.alarm(0)


def _hangs(*_: Any) -> None:
    raise TimeoutError


class Tree:
    """A copy of the tree in which a module's tests run."""

    def __init__(self, module: str, folder: str) -> None:
        self.module, self.home = module, Path(folder)
        shutil.copytree(ROOT / "contracts", self.home / "contracts", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("tests", "inference", "pyproject.toml", "benchmarks", "docs"):
            (self.home / name).symlink_to(ROOT / name)

    def notices(self, mutant: Mutant) -> bool:
        (self.home / self.module).write_text(mutant.source, encoding="utf-8")
        options = ["-x", "-q", "-p", "no:cacheprovider", "-n", "0", "-W", "ignore"]
        command = [sys.executable, "-m", "pytest", *options, *TESTS[self.module]]
        environment = {"PYTHONPATH": str(self.home), "OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin"}
        try:
            done = subprocess.run(
                command, cwd=self.home, env=environment, capture_output=True, timeout=4 * SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return True
        return done.returncode != 0


def main() -> None:
    """Count what is noticed, and show what is not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("module", nargs="?", default=CHECKER, choices=[CHECKER, *TESTS])
    parser.add_argument("--sample", type=int, help="so many mutants, drawn at random; all by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--from-line", type=int, default=0, help="leave out what stands above")
    parser.add_argument(
        "--part", type=int, nargs=2, default=(0, 1), help="K N: every N-th mutant from the K-th, from 0"
    )
    parser.add_argument("--small", action="store_true", help="judge the checker by small problems only")
    chosen = parser.parse_args()
    found = sorted(mutants((ROOT / chosen.module).read_text(encoding="utf-8")))
    found = [mutant for mutant in found if mutant.line >= chosen.from_line][chosen.part[0] :: chosen.part[1]]
    if chosen.sample:
        found = random.Random(chosen.seed).sample(found, min(chosen.sample, len(found)))
    with tempfile.TemporaryDirectory() as folder:
        judge = Corpus(whole=not chosen.small) if chosen.module == CHECKER else Tree(chosen.module, folder)
        same = Mutant(0, "nothing", ast.unparse(ast.parse((ROOT / chosen.module).read_text(encoding="utf-8"))))
        if judge.notices(same):
            sys.exit("the tests fail without any mutant")
        survivors = 0
        for mutant in sorted(found):
            if not judge.notices(mutant):
                survivors += 1
                print(f"{chosen.module}:{mutant.line}: {mutant.change}", flush=True)
    print(f"{len(found) - survivors} of {len(found)} mutants noticed")


if __name__ == "__main__":
    main()
