"""The tree shows the argument: imports point down, private names stay at home, heavy libraries wait until needed."""

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAYERS = (  # each may import from those before it, and from its own
    ("readable",),
    ("errors",),
    ("files", "documents", "pieces", "frozen", "drawn", "text_tables"),
    ("arrays", "palette"),
    ("progress",),
    ("names",),
    ("kinds",),
    ("annotations",),
    ("door",),
    ("domains", "objectives", "ambiguity", "uncertainty", "reading", "mimicry"),
    ("costs",),
    ("participation",),
    ("problem",),
    ("records", "dropping", "exact", "exact_line", "exact_best", "exact_robust", "relevance"),
    ("first_best",),
    ("bounds",),
    ("certificate",),
    ("indifference",),
    ("offers",),
    ("menu", "tables", "engines", "repricing", "mixing", "robust_repair", "lattice", "tight_repair", "repair"),
    ("criteria", "sandwich"),
    ("front", "front_tables", "solve"),
    ("scalarisation", "evolution"),
    ("pareto",),
)
INFERENCE_LAYERS = (
    (
        "choice_data",
        "choice_frames",
        "choice",
        "choice_set",
        "choice_counts",
        "social_preferences",
        "elicitation",
        "answer_likelihoods",
    ),
    (
        "logit_mixture",
        "logit_population",
        "estimates",
        "population",
        "mixture_likelihood",
        "population_draws",
        "panel",
        "tastes",
        "quantisation",
    ),
    (
        "calibration",
        "evidence",
        "identification",
        "misfit",
        "posterior",
        "tables",
        "latent",
        "latent_fit",
        "latent_types",
        "latent_selection",
        "mixed_logit",
        "hierarchical_sampler",
        "hierarchical_logit",
        "bayesian_types",
        "coded_answers",
        "connection",
        "pooling",
        "member_tastes",
        "norms",
        "norm_tables",
        "norm_plots",
        "rejection_plot",
        "responders",
        "log_options",
        "log_sources",
        "log_cells",
        "logs",
        "log_posteriors",
        "split_policies",
        "norm_beliefs",
        "manners",
        "currencies",
        "norm_assistant",
        "transcripts",
        "ultimatum",
        "ultimatum_rules",
        "norm_diagnosis",
        "recordings",
        "norm_experiments",
        "mixed_norms",
        "learned_norm",
        "split_types",
        "split_scores",
        "norm_jobs",
        "social_conditions",
        "social_mixtures",
        "social_currencies",
        "social_contract",
        "language",
    ),
    ("information", "baseline", "held_out", "asking", "learning_loop", "society"),
)
EDGES = {  # result.plot() draws; pictures import results
    ("contracts.front", "contracts.front_page"),
    ("contracts.front", "contracts.front_plotting"),
    ("contracts.menu", "contracts.plotting"),
    ("inference.calibration", "inference.plotting"),
    ("inference.posterior", "inference.plotting"),
}
LAZY = (
    "cvxpy",
    "pymoo",
    "scipy.stats",  # a second of its own
    "sympy",
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
)
MODULES = sorted((ROOT / "contracts").rglob("*.py")) + sorted((ROOT / "inference").rglob("*.py"))


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every (module, names) that a file imports, wherever in the file, typing-only imports left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            yield node.module or "", tuple(alias.name for alias in node.names)


def layer_of(module: str) -> int | None:
    """Number of the layer that a module is in; None for the edges above the last one."""
    package, *rest = module.split(".")
    layers = {"contracts": LAYERS, "inference": INFERENCE_LAYERS}.get(package, ())
    return next((number for number, layer in enumerate(layers) if rest and rest[0] in layer), None)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_point_down(path):
    own = layer_of(name_of(path))
    for module, names in imports(path):
        if module in ("contracts", "inference"):
            assert own is None, f"{path} imports {names} from the whole package: name the module"
        if own is None or module.split(".")[0] != name_of(path).split(".")[0] or "." not in module:
            continue
        other = layer_of(module)
        if (name_of(path), module) in EDGES:
            continue
        assert other is not None, f"{path.name} is in a layer and imports the edge {module}"
        assert other <= own, f"{path.name} imports upward: {module}"


@pytest.mark.parametrize("path", sorted((ROOT / "contracts").rglob("*.py")), ids=name_of)
def test_contracts_never_imports_inference(path):
    assert not [module for module, _ in imports(path) if module.split(".")[0] == "inference"]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_imports_a_private_name_of_another(path):
    private = [
        (module, name)
        for module, names in imports(path)
        if module.split(".")[0] in ("contracts", "inference")
        for name in (*names, *module.split("."))
        if name.startswith("_") and not name.startswith("__")
    ]
    assert not private


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_every_module_says_its_one_idea_first(path):
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    assert docstring, f"{path} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_evaluates_text_or_unpickles(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    assert not called & {"eval", "exec", "compile", "__import__"}
    assert not {module.split(".")[0] for module, _ in imports(path)} & {"pickle", "shelve", "marshal", "dill"}


WRITERS = ("contracts.files", "contracts.pieces")  # the one place where files are replaced, and journals grow
WRITES = {"write_text", "write_bytes", "replace", "rename", "open", "fdopen", "NamedTemporaryFile", "mkstemp", "savez"}
WRITES |= {"savefig", "to_csv", "to_parquet", "to_json", "dump", "save", "ParquetWriter"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_written_in_one_place(path):
    """By name: methods of files and paths are called on values, and what else bears such a name is listed."""
    harmless = {"replace", "open", "save", "savez", "savefig", "ParquetWriter"}  # of text, images, streams; see below
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if name_of(path) in WRITERS or not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        modes = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if called == "open":
            assert not [mode for mode in modes if set(mode) & set("wax+")], f"{path}: write through contracts.files"
        if called in ("write_text", "write_bytes"):
            assert isinstance(node.func, ast.Name), f"{path}: {called} of a path writes in place"
        elif called in WRITES - harmless:
            raise AssertionError(f"{path} calls {called}: write through contracts.files")
        if called in ("replace", "rename") and isinstance(node.func, ast.Attribute):
            assert ast.unparse(node.func.value) not in ("os", "shutil"), f"{path}: replace files in contracts.files"
        if called in ("savez", "savefig", "ParquetWriter"):
            assert ast.unparse(node.args[0]) in ("stream", "page"), f"{path}: {called} into a stream of contracts.files"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_dataclasses_are_those_that_freeze_their_arrays(path):
    if name_of(path) != "contracts.frozen":
        taken = [names for module, names in imports(path) if module == "dataclasses"]
        assert not [names for names in taken if "dataclass" in names], "take it from contracts.frozen"


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
