"""The tree shows the argument: rooms in lines that import upward only, private names at home, heavy libraries later."""

import ast
import functools
import importlib
import inspect
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
# Each room is a folder or a module of its own, and imports from rooms on lines above it only.
ROOMS = {
    "contracts": (
        ("readable",),  # text that cannot deceive
        ("errors",),  # what can go wrong
        ("inputs",),  # the user's data becomes plain, checked data
        ("problem", "display", "numerics"),  # what is asked; how results look; programs as matrices
        ("exact",),  # who prefers what, unrounded
        ("proof",),  # what no menu beats, and whether this one keeps its word
        ("engines", "menu"),  # problem -> candidate, one file each; the menu
        ("repair", "worst_case", "faded", "agency", "mechanisms"),  # to an exact menu; hidden action; several agents
        ("short", "models"),  # menus of few options, of given allocations; textbook problems
        ("solve", "symbolic"),  # the verb; closed forms
        (
            "front",
            "regrets",
            "simplicity",
            "demo",
            "continuum",
            "sweeps",
        ),  # families of menus; continuous types; many cells
        ("audits", "sensitivities", "faces", "testing"),  # menus from anywhere; what changes one; others as good; a kit
        ("cli",),
    ),
    "inference": (
        ("reports",),  # how estimates are summarised, and kept in files
        ("choice", "norms"),  # what was chosen, from what; what communities answered
        ("types", "logit", "splits"),  # beliefs about known types; estimates; social preferences
        ("estimation",),  # what every estimator says of its result
        (
            "alike",
            "latent",
            "tastes",
            "game",
            "logs",
            "design",
        ),  # unknown types; the ultimatum game; large logs; menus that ask
        (
            "market",
            "language",
            "people",
            "social_contract",
            "society",
            "records",
        ),  # what estimates say of markets; policies in words; surveys; the two rebuilt studies
        ("cli",),
    ),
}
PUBLIC = {"contracts.models", "contracts.symbolic", "contracts.testing"}  # rooms that hand out names
PUBLIC |= {"inference.cli", "inference.language", "inference.society"}
PUBLIC |= {"contracts.problem.costs", "contracts.problem.rows"}  # and folders of one idea: their files are private
DOORS = {"contracts.__main__"}  # by which one enters; they look the command up where it was installed
MOST_MODULES = 12  # in a folder
MOST_LINES = 400  # of a file, unless a reason stands beside its name
LONG = {
    "contracts/agency/utility.py": "five utilities, each with its inverse, conjugate and rounding",
    "contracts/engines/cuts.py": "one algorithm",
    "contracts/menu/menu.py": "one result and its questions; choosing is to leave",
    "contracts/menu/picture.py": "three pictures of a menu",
    "contracts/problem/ambiguity.py": "five sets of weights, each with its worst case",
    "contracts/problem/costs/basic.py": "the common costs, each with its conjugate",
    "contracts/problem/costs/composite.py": "two costs made of costs",
    "contracts/problem/domains.py": "four domains, each small",
    "contracts/problem/screening.py": "one problem and its questions",
    "contracts/solve.py": "the choice of engines",
    "contracts/symbolic/numbers.py": "numbers of each of four closed forms",
    "inference/choice/data.py": "one record and the tables it comes from",
    "inference/design/asking.py": "one program, its gradient and its front",
    "inference/language/chat/client.py": "one conversation with an endpoint",
    "inference/norms/contests.py": "one likelihood, its result, and what has no finite maximum",
    "inference/norms/norms.py": "one estimator and its result",
    "inference/splits/preferences.py": "four published utilities with their closed forms",
    "inference/types/posterior.py": "one result and its questions",
}
LAZY = (
    "cvxpy",
    "pymoo",
    "scipy.stats",  # a second of its own
    "sympy",
    "jinja2",
    "matplotlib",
    "pandas",
    "polars",
    "typer",
    "numpyro",
    "jax",
    "arviz",
    "ibis",
    "duckdb",
    "openai",
    "hypothesis",
    "distributed",
    "cloudpickle",
)
FILES = [path for package in ("contracts", "inference") for path in sorted((ROOT / package).rglob("*.py"))]


class Import(NamedTuple):
    """What one statement of a file imports."""

    module: str
    names: tuple[str, ...]
    line: int


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in FILES}
NAMES = set(MODULES)


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(tree(path)))


@functools.cache
def imports(path: Path) -> tuple[Import, ...]:
    """Every import of a file, wherever in it, those for types only included."""
    found = []
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, (), node.lineno) for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found.append(Import(module, tuple(alias.name for alias in node.names), node.lineno))
    return tuple(found)


@functools.cache
def imported(path: Path) -> set[str]:
    """The modules of ours that a file imports."""
    found = set()
    for module, names, _ in imports(path):
        within = {f"{module}.{name}" for name in names} & NAMES
        found |= within | ({module} & NAMES if len(within) < len(names) or not names else set())
    return found - {name_of(path)}


def room_of(module: str) -> str | None:
    """The room in its package; None for the package itself."""
    return module.split(".")[1] if "." in module else None


def line_of(module: str) -> int | None:
    """Number of the line that a module's room stands on; None if it stands on none."""
    lines = ROOMS.get(module.split(".")[0], ())
    return next((number for number, rooms in enumerate(lines) if room_of(module) in rooms), None)


def planned() -> Iterator[tuple[str, Path]]:
    """Modules of the packages in the table, but for the packages' own faces."""
    inside = {name: path for name, path in MODULES.items() if "." in name and name not in DOORS}
    return ((name, path) for name, path in inside.items() if name.split(".")[0] in ROOMS)


def reached(edges: dict[str, set[str]], start: str) -> set[str]:
    """Everything that can be reached from a module by imports."""
    found, pending = set(), [start]
    while pending:
        fresh = edges[pending.pop()] - found
        found |= fresh
        pending += fresh
    return found


def graph(package: str) -> dict[str, set[str]]:
    """Imports between a package's files; folders' and packages' faces, which only pass names on, left out."""
    inner = {name for name, path in MODULES.items() if path.name != "__init__.py" and name.startswith(f"{package}.")}
    return {name: imported(MODULES[name]) & inner for name in sorted(inner)}


@functools.cache
def circles(package: str) -> list[str]:
    """Modules that reach themselves."""
    edges = graph(package)
    return [name for name in edges if name in reached(edges, name)]


def floors(package: str) -> int:
    """Modules that the longest chain of imports in a package runs through."""
    edges = graph(package)

    @functools.cache
    def height(name: str) -> int:
        return 1 + max(map(height, edges[name]), default=0)

    return max(map(height, edges))


def modules_by_folder() -> dict[str, int]:
    counts = Counter(path.parent for path in FILES if path.name not in ("__init__.py", "__main__.py"))
    return {folder.relative_to(ROOT).as_posix(): count for folder, count in sorted(counts.items())}


def walk() -> tuple[int, int]:
    """Files of ours that one solve goes through, and how often it comes back to one; the door and frozen arrays apart.

    A solve of two types, after a first one that loads what is loaded once.
    """
    import contracts

    passed: list[str] = []
    folder = str(ROOT / "contracts")
    everywhere = [
        str(ROOT / "contracts" / "inputs" / f"{name}.py") for name in ("annotations", "door", "frozen", "kinds")
    ]

    def note(frame, event, argument):
        place = frame if event == "call" else frame.f_back
        if event in ("call", "return") and place is not None:
            file = place.f_code.co_filename
            if file.startswith(folder) and file not in everywhere and passed[-1:] != [file]:
                passed.append(file)

    for _ in range(2):
        before = sys.getprofile()
        passed.clear()
        sys.setprofile(note)
        try:
            contracts.solve_menu([1.0, 2.0], [0.5, 0.5], cost=contracts.Quadratic())
        finally:
            sys.setprofile(before)
    return len(set(passed)), len(passed) - len(set(passed))


def survey() -> str:
    """The house in numbers."""
    lines = []
    for package in ("contracts", "inference"):
        rooms = len(ROOMS.get(package, ()))
        in_circles = circles(package)
        height = "no floors while there are circles" if in_circles else f"{floors(package)} floors"
        lines.append(f"{package}: {rooms} lines of rooms, {height}, {len(in_circles)} modules in circles")
    lines.append("a menu for two types: {} files, {} returns".format(*walk()))
    return "\n".join([*lines, *(f"{folder}: {count} modules" for folder, count in modules_by_folder().items())])


def test_the_house_is_measured():
    """Shown by pytest -s, or python tests/test_architecture.py."""
    found = survey()
    print(found)  # noqa: T201
    assert found.count(" 0 modules in circles") == 2
    assert walk()[1] < 600


def test_every_module_is_in_a_room_that_is_in_the_table():
    assert [name for name, _ in planned() if line_of(name) is None] == []
    built = {(name.split(".")[0], room_of(name)) for name, _ in planned()}
    drawn = {(package, room) for package, lines in ROOMS.items() for rooms in lines for room in rooms}
    assert drawn - built == set()


def test_a_room_imports_only_rooms_above_it():
    wrong = []
    for name, path in planned():
        for other in imported(path):
            if other.split(".")[0] != name.split(".")[0] or room_of(other) == room_of(name):
                continue
            whole = "." not in other and name.split(".")[1] != "cli"  # the command line says its version
            own, theirs = line_of(name), line_of(other)
            if whole or (own is not None and theirs is not None and theirs >= own):
                wrong.append(f"{name} imports {other}")
    assert wrong == []


def test_no_module_imports_itself_in_a_circle():
    assert [*circles("contracts"), *circles("inference")] == []


def test_rooms_are_small_enough_to_know():
    crowded = {folder: n for folder, n in modules_by_folder().items() if n > MOST_MODULES}
    assert {folder: n for folder, n in crowded.items() if folder.split("/")[0] in ROOMS} == {}


def test_files_are_short_or_have_a_reason():
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    long = {path.relative_to(ROOT).as_posix(): n for path, n in lines.items() if n > MOST_LINES}
    assert {name: n for name, n in long.items() if name not in LONG} == {}
    assert [name for name in LONG if not (ROOT / name).is_file()] == []


def test_rooms_open_with_a_sentence_and_import_nothing():
    """So that whoever needs one module of a room loads no other."""
    faces = [path for path in FILES if path.name == "__init__.py" and "." in name_of(path)]
    assert [name_of(path) for path in faces if name_of(path) not in PUBLIC and imports(path)] == []
    folders = {path.parent for path in FILES}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_contracts_never_imports_inference():
    assert [
        f"{path}:{line}"
        for path in FILES
        for module, _, line in imports(path)
        if name_of(path).split(".")[0] == "contracts" and module.split(".")[0] == "inference"
    ] == []


def test_no_function_takes_the_name_of_a_module_beside_it():
    """`contracts.regret` is what users call: a module of that name would be there or not, by who imported what."""
    shadows = []
    for name in MODULES:
        package, _, last = name.rpartition(".")
        if package:
            found = getattr(importlib.import_module(package), last, None)
            shadows += [f"{package}.{last}"] if found is not None and not inspect.ismodule(found) else []
    assert shadows == []


def test_imports_are_by_full_name():
    assert [f"{path}:{line}" for path in FILES for module, _, line in imports(path) if module.startswith(".")] == []


def test_no_module_imports_a_private_name_of_another():
    assert [
        f"{path}:{line} imports {name} of {module}"
        for path in FILES
        for module, names, line in imports(path)
        if module.split(".")[0] in ("contracts", "inference")
        for name in (*names, *module.split("."))
        if name.startswith("_") and not name.startswith("__")
    ] == []


def test_every_module_says_its_one_idea_first():
    assert [str(path) for path in FILES if not ast.get_docstring(tree(path))] == []


def calls(path: Path) -> Iterable[ast.Call]:
    return (node for node in nodes(path) if isinstance(node, ast.Call))


def test_no_module_evaluates_text_or_unpickles():
    for path in FILES:
        called = {call.func.id for call in calls(path) if isinstance(call.func, ast.Name)}
        assert not called & {"eval", "exec", "compile", "__import__"}, path
        taken = {module.split(".")[0] for module, _, _ in imports(path)}
        assert not taken & {"pickle", "shelve", "marshal", "dill"}, path


WRITERS = ("contracts.inputs.files", "contracts.inputs.folders")  # where files are replaced, and folders locked
WRITES = {"write_text", "write_bytes", "replace", "rename", "open", "fdopen", "NamedTemporaryFile", "mkstemp", "savez"}
WRITES |= {"savefig", "to_csv", "to_parquet", "to_json", "dump", "save", "ParquetWriter"}
HARMLESS = {"replace", "open", "save", "savez", "savefig", "ParquetWriter"}  # of text, images, streams; see below


def test_files_are_written_in_one_place():
    """By name: methods of files and paths are called on values, and what else bears such a name is listed."""
    for path in FILES:
        if name_of(path) not in WRITERS:
            for call in calls(path):
                assert not writes(call), f"{path}:{call.lineno}: write through contracts.inputs.files"


def writes(call: ast.Call) -> bool:
    """Whether a call writes a file in place, as far as its name says."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if called == "open":
        modes = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        return any(set(mode) & set("wax+") for mode in modes)
    if called in ("write_text", "write_bytes"):
        return not isinstance(call.func, ast.Name)
    if called in ("replace", "rename") and isinstance(call.func, ast.Attribute):
        return ast.unparse(call.func.value) in ("os", "shutil") or called == "rename"
    if called in ("savez", "savefig", "ParquetWriter"):
        return ast.unparse(call.args[0]) not in ("stream", "page")
    return called in WRITES - HARMLESS


def test_pandas_is_loaded_through_one_door():
    assert [
        f"{path}:{node.lineno}: take pandas() from contracts.inputs.extras"
        for path in FILES
        for function in nodes(path)
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "pandas" for alias in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "pandas")
    ] == []


COLOURS = re.compile(r"#[0-9a-fA-F]{3}|#[0-9a-fA-F]{6}|black|white|gr[ae]y|red|blue|green|orange|(tab:\w+)|C\d|0\.\d+")


def test_colours_and_axes_come_from_one_palette():
    """`color="0.7"` and a format that begins with a letter's colour included; pages have styles of their own."""
    wrong = []
    for path in FILES:
        if name_of(path) in ("contracts.display.palette", "contracts.display.report"):
            continue
        words = [node for node in nodes(path) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        wrong += [f"{path}:{word.lineno} says {word.value!r}" for word in words if COLOURS.fullmatch(word.value)]
        wrong += [
            f"{path}:{call.lineno} makes axes"
            for call in calls(path)
            if ast.unparse(call.func) == "plt.subplots" and not call.args  # a grid of panels is a figure's own
        ]
    assert wrong == []


def test_no_table_is_aligned_by_hand():
    """Widths in formats and justified text belong to contracts.display.table."""
    wrong = []
    for path in FILES:
        if name_of(path) in ("contracts.display.table", "contracts.readable"):
            continue
        for node in nodes(path):
            if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
                parts = ast.unparse(node.format_spec)[2:-1]
                if re.match(r".?[<>^]|[+ ]?[1-9]\d*|\{\w+\}$", parts):
                    wrong.append(f"{path}:{node.lineno} formats with {parts}")
            if isinstance(node, ast.Attribute) and node.attr in ("ljust", "rjust", "center"):
                wrong.append(f"{path}:{node.lineno} uses {node.attr}")
    assert wrong == []


def test_dataclasses_are_those_that_freeze_their_arrays():
    assert [
        f"{path}:{line}: take it from contracts.inputs.frozen"
        for path in FILES
        for module, names, line in imports(path)
        if name_of(path) != "contracts.inputs.frozen" and module == "dataclasses" and "dataclass" in names
    ] == []


@pytest.mark.parametrize("package", ["contracts", "inference"])
def test_importing_a_package_loads_no_heavy_library(package):
    program = f"import sys, {package}; print(*[name for name in {LAZY!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert loaded.stdout.split() == []


@pytest.mark.parametrize("package", ["contracts", "inference"])
def test_every_public_name_exists_and_is_sorted(package):
    module = importlib.import_module(package)
    assert list(module.__all__) == sorted(module.__all__)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


if __name__ == "__main__":
    sys.path[0] = str(ROOT)
    print(survey())  # noqa: T201
