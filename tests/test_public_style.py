"""One style over all that users call: how randomness, counts and progress come in, and who is refused an old name."""

import dataclasses
import inspect
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import contracts
import inference
from contracts.inputs.kinds import Count
from tests.surface import data, is_protocol, public_calls, public_methods, public_values, weighed

PROGRESS = bool | Callable[[str], None]
NOT_COUNTS = {  # whole numbers that do not say how many
    "amount", "units", "lowest", "highest", "to_other",  # money of a game
    "index", "who", "person", "good", "draw", "drift", "epoch", "interaction", "cycle",  # which one
    "outside_option",  # what a cell of a log says
    "max_options", "patience", "longest_reply", "largest_reply", "requests_per_minute", "piece",  # limits and sizes
    "seed",
}  # fmt: skip
NOT_COUNTS_OF_RECORDS = {
    "action", "amount", "case", "drift", "epoch", "good", "index", "interaction", "piece", "price",  # which one
    "df",  # degrees of freedom
    "rows_read", "rows_used", "rows_refused", "requests",  # as files and limits of endpoints have them
}  # fmt: skip
ENCLOSURES = {"CARA", "CRRA", "Log", "RiskNeutral", "SquareRoot"}  # utilities enclose a value between two arrays
SEEDED = {
    "communities",
    "judged",
    "judged_along",
    "judged_over_time",
    "run_course",
    "run_grid",
    "societal_study",
    "sweep",
}  # pieces of a sweep are
# found again by their seed, in other processes and in later runs


def functions() -> Iterator[tuple[str, Callable[..., object]]]:
    for name, value in public_values().items():
        if inspect.isclass(value):
            for method in public_methods(value):
                yield f"{name}.{method}", getattr(value, method)
            if not is_protocol(value) and "_table" not in vars(value) and is_input(value):
                yield name, value
        elif callable(value):
            yield name, value


def is_input(cls: type) -> bool:
    """Whether users make it by hand, and not only functions of ours."""
    return cls.__name__ in {"Search", "Game", "Setting", "Assistant", "Scale", "ChatEndpoint", "HierarchicalPrior"}


def parameters() -> Iterator[tuple[str, inspect.Parameter, object]]:
    for name, function in functions():
        try:
            hints = typing.get_type_hints(inspect.unwrap(function) if not inspect.isclass(function) else function)
        except NameError:  # names that are imported for types only
            hints = {}
        for parameter in inspect.signature(function).parameters.values():
            yield name, parameter, hints.get(parameter.name, parameter.annotation)


EVERY = list(parameters())


def test_the_walk_sees_the_surface():
    assert len({name for name, _, _ in EVERY}) > 200
    assert {"rng", "progress", "n_draws", "n_workers"} <= {parameter.name for _, parameter, _ in EVERY}


def test_randomness_comes_in_by_name():
    assert [name for name, p, _ in EVERY if p.name == "rng" and p.kind is not p.KEYWORD_ONLY] == []


def test_no_function_takes_a_seed_but_those_whose_pieces_are_found_again_by_it():
    seeded = {name for name, p, _ in EVERY if p.name == "seed"}
    assert seeded == SEEDED
    assert not seeded & {name for name, p, _ in EVERY if p.name == "rng"}


def test_counts_begin_with_n():
    wrong = [
        f"{name}({p.name})"
        for name, p, hint in EVERY
        if (hint in (int, Count, int | None) or str(hint) in ("int", "Count", "int | None"))
        and not p.name.startswith("n_")
        and p.name not in NOT_COUNTS
    ]
    assert wrong == []


def test_counts_in_records_begin_with_n():
    """Fields and properties that are one whole number."""
    wrong = []
    for name, record in public_values().items():
        if not inspect.isclass(record):
            continue
        found = (
            {one.name: str(one.type) for one in dataclasses.fields(record)} if dataclasses.is_dataclass(record) else {}
        )
        for told in dir(record):
            asked = inspect.getattr_static(record, told)
            function = getattr(asked, "fget", None) or getattr(asked, "func", None)
            found |= {} if function is None else {told: str(function.__annotations__.get("return"))}
        wrong += [
            f"{name}.{told}"
            for told, kind in found.items()
            if kind.removesuffix(" | None") in ("int", "Count")
            and not told.startswith(("n_", "_"))
            and told not in NOT_COUNTS | NOT_COUNTS_OF_RECORDS
        ]
    assert wrong == []


def test_what_is_true_with_a_probability_is_true_at_a_level():
    words = {"confidence", "coverage", "alpha", "probability_level", "significance"}
    assert [f"{name}({p.name})" for name, p, _ in EVERY if p.name in words] == []


@pytest.mark.slow
def test_intervals_have_their_ends_on_the_last_axis():
    calls = public_calls()
    methods = [name for name in calls if name.endswith("interval") and name.split(".")[0] not in ENCLOSURES]
    assert len(methods) > 4
    for name in methods:
        ends = np.asarray(calls[name]())
        assert ends.shape[-1] == 2, name
        assert np.all(ends[..., 0] <= ends[..., 1]), name


def test_names_of_before_answer_with_a_warning():
    found = inference.Convergence((-1.0, -1.0), 3, 1e-9)
    for old, now in (("rounds", 3), ("starts", 2), ("reached", 2)):
        with pytest.warns(DeprecationWarning, match=f"Convergence: {old} is now called n_{old}"):
            assert getattr(found, old) == now
    with pytest.warns(DeprecationWarning, match="samples_needed: confidence is now called level"):
        asked = contracts.testing.samples_needed(0.1, payoff_range=(0.0, 1.0), n_deviations=6, confidence=0.9)
    assert asked == contracts.testing.samples_needed(0.1, payoff_range=(0.0, 1.0), n_deviations=6, level=0.9)
    reading = weighed()
    with pytest.warns(DeprecationWarning, match=r"UtilityReading.screening_problem: confidence is") as heard:
        reading.screening_problem(confidence=0.5, cost=contracts.Quadratic())
    assert heard[0].filename == __file__  # where Python's own filters show it
    with pytest.warns(DeprecationWarning, match="Scenario: parts is now called n_parts"):
        assert inference.society.Scenario("two", "halves", parts=2).n_parts == 2
    with pytest.raises(contracts.ProblemError, match="one argument under two names: give level"):
        contracts.testing.samples_needed(0.1, payoff_range=(0.0, 1.0), n_deviations=6, confidence=0.9, level=0.9)


def test_progress_is_a_switch_or_takes_a_line():
    wrong = [
        f"{name}: {hint}"
        for name, p, hint in EVERY
        if (p.name in ("progress", "report") and not (p.name == "progress" and p.kind is p.KEYWORD_ONLY))
        or (p.name == "progress" and hint != PROGRESS and str(hint) != "bool | Callable[[str], None]")
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: inference.fit_latent_types(data(), 2, rng=np.random.default_rng(0), starts=3),
        lambda: inference.fit_latent_types(data(), 2, np.random.default_rng(0)),
        lambda: inference.cross_validate(data(), 2, rng=np.random.default_rng(0), folds=3),
        lambda: inference.sample_latent_types(data(), 2, rng=np.random.default_rng(0), draws=3),
        lambda: inference.Game(users=("fair",), assistants=1),
    ],
)
def test_old_names_are_no_arguments(call):
    with pytest.raises(TypeError, match=r"unexpected keyword argument|positional argument"):
        call()


def test_whoever_cites_the_library_cites_this_version():
    cited = (Path(__file__).parent.parent / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {contracts.__version__}\n" in cited
