"""One valid call of every public function, class and method: what property tests over the whole surface start from."""

from __future__ import annotations

import atexit
import dataclasses
import functools
import inspect
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

import contracts as c
import inference as i
from contracts import models
from contracts import symbolic as y
from contracts import testing as k
from inference import language as l
from inference import society as s
from inference.game.beliefs import share_norms

MODULES: tuple[ModuleType, ...] = (c, models, y, k, i, l, s)
FOLDER = Path(tempfile.mkdtemp(prefix="surface-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)


@dataclass(frozen=True)
class Call:
    """A public callable and valid arguments for it, made anew for every call."""

    name: str
    function: Callable[[], Callable[..., Any]]  # looked up anew, on the example object if it is a method
    arguments: Callable[[], dict[str, Any]]
    variadic: str | None = None  # the argument that is written *so

    def __call__(self, changed: dict[str, Any] | None = None) -> Any:
        """What comes out, with some arguments changed."""
        arguments = {**self.arguments(), **(changed or {})}
        several = arguments.pop(self.variadic) if self.variadic is not None else ()
        return self.function()(*several, **arguments)


# ---- what there is ----


def public_names(module: ModuleType) -> list[str]:
    names = getattr(module, "__all__", None)
    if names is not None:
        return list(names)
    return [name for name, value in vars(module).items() if inspect.isfunction(value)
            and value.__module__ == module.__name__ and not name.startswith("_")]  # fmt: skip


def public_values() -> dict[str, Any]:
    """Everything public, by name; later modules repeat no name of earlier ones."""
    return {name: getattr(module, name) for module in MODULES for name in public_names(module)}


def is_protocol(value: Any) -> bool:
    return bool(getattr(value, "_is_protocol", False))


def public_methods(cls: type) -> Iterator[str]:
    """Methods of our own that are called with arguments: no properties, nothing inherited from Python's own classes."""
    for name in dir(cls):
        if name.startswith("_"):
            continue
        owner = next(base for base in cls.__mro__ if name in vars(base))
        if not owner.__module__.startswith(("contracts", "inference")):
            continue
        if callable(getattr(cls, name)) and not inspect.isclass(getattr(cls, name)):
            yield name


@functools.cache
def public_calls() -> dict[str, Call]:
    """Every public callable with its valid call; KeyError for one that has none."""
    calls: dict[str, Call] = {}
    for name, value in public_values().items():
        if is_protocol(value):
            continue
        if callable(value):
            calls[name] = Call(
                name, functools.partial(lambda it: it, value), arguments_of(name, value), variadic(value)
            )
        if inspect.isclass(value):
            for method in public_methods(value):
                full, unbound = f"{name}.{method}", getattr(value, method)
                found = functools.partial(lambda name, method: getattr(example(name), method), name, method)
                calls[full] = Call(full, found, arguments_of(full, unbound), variadic(unbound))
    return calls


def variadic(function: Any) -> str | None:
    """The argument that is written *so, if there is one."""
    if inspect.isclass(function):
        return None
    parameters = inspect.signature(function).parameters.values()
    return next((one.name for one in parameters if one.kind is one.VAR_POSITIONAL), None)


def arguments_of(name: str, function: Any) -> Callable[[], dict[str, Any]]:
    if name in CALLS:
        return CALLS[name]
    if inspect.isclass(function):
        if issubclass(function, Exception):
            return lambda: {}
        return lambda: fields_of(lambda: example(name))
    defaults: dict[str, Callable[[], Any]] = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name == "self":
            continue
        if parameter.name in BY_NAME:
            defaults[parameter.name] = BY_NAME[parameter.name]
        elif parameter.default is not inspect.Parameter.empty:
            defaults[parameter.name] = functools.partial(lambda value: value, parameter.default)
        else:
            raise KeyError(f"{name} has no example of {parameter.name!r}: add one to tests/surface.py")
    return lambda: {key: make() for key, make in defaults.items()}


def example(name: str) -> Any:
    """An instance of a public class; made once, unless it is used up by what is asked of it."""
    return OBJECTS[name]() if name in USED_UP else _kept(name)


@functools.cache
def _kept(name: str) -> Any:
    return OBJECTS[name]()


def fields_of(make: Callable[[], Any]) -> dict[str, Any]:
    """The arguments that an object was made from."""
    thing = make()
    if hasattr(thing, "_asdict"):
        return dict(thing._asdict())
    return {field.name: getattr(thing, field.name) for field in dataclasses.fields(thing) if field.init}


# ---- small examples ----


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@functools.cache
def problem() -> c.ScreeningProblem:
    return c.ScreeningProblem([1.0, 2.0], [0.75, 0.25], cost=c.Quadratic(), labels=("low", "high"))


@functools.cache
def menu() -> c.Menu:
    return c.solve_menu(problem())


@functools.cache
def hidden() -> c.MoralHazardProblem:
    return c.MoralHazardProblem([[0.75, 0.25], [0.25, 0.75]], [0.0, 20.0], [0.0, 1.0], c.SquareRoot(), 1.0,
                                actions=("shirk", "work"), outcomes=("failure", "success"))  # fmt: skip


@functools.cache
def both() -> c.AgencyProblem:
    return c.AgencyProblem([[0.75, 0.25], [0.25, 0.75]], [0.0, 8.0], [[0.0, 1.0], [0.0, 4.0]], [0.5, 0.5],
                           wages=(0.0, np.inf), labels=("able", "slow"), actions=("shirk", "work"))  # fmt: skip


TWO_BIDDERS = [[[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]], [[0.0, 0.0, 1.0], [0.0, 0.0, 2.0]]]  # keep, Ann, Bob


@functools.cache
def several() -> c.MechanismProblem:
    return c.MechanismProblem(
        TWO_BIDDERS, [[0.5, 0.5], [0.5, 0.5]], labels=[["low", "high"]] * 2, alternatives=("keep", "Ann", "Bob"),
        agents=("Ann", "Bob"),
    )  # fmt: skip


@functools.cache
def mechanism_front() -> c.MechanismFront:
    return c.pareto_front(several(), ["revenue", "welfare"])


@functools.cache
def mechanism() -> c.Mechanism:
    return c.solve_mechanism(several())


@functools.cache
def bidders() -> c.AuctionProblem:
    return c.AuctionProblem([[1.0, 2.0], [1.0, 3.0]], [[0.5, 0.5], [0.5, 0.5]], 1, 0.5, ("Ann", "Bob"))


@functools.cache
def alike() -> c.SymmetricAuctionProblem:
    return c.SymmetricAuctionProblem(
        [1.0, 2.0, 4.0], [0.5, 0.25, 0.25], 3, 1, 0.5, "revenue", ["a", "a", "b"],
        c.LinearConstraint(allocation=[0.0, 0.0, 1.0], upper=0.5, name="cap"), 0.5, ("low", "high", "other"),
    )  # fmt: skip


@functools.cache
def symmetric() -> c.SymmetricAuction:
    return c.solve_mechanism(alike())


@functools.cache
def several_goods() -> c.AdditiveAuctionProblem:
    return c.AdditiveAuctionProblem(
        [[1.0, 2.0], [3.0, 1.0]], [0.5, 0.5], 2, 1, [0.0, 0.5], "revenue", ("low", "high"), ("A", "B")
    )


@functools.cache
def additive() -> c.AdditiveAuction:
    return c.solve_mechanism(several_goods())


@functools.cache
def auction() -> c.Auction:
    return c.solve_mechanism(bidders())


def mechanism_file() -> Path:
    return mechanism().save(FOLDER / "mechanism.json")


@functools.cache
def contract_menu() -> c.ContractMenu:
    return c.solve_contract(both())


@functools.cache
def lotteries() -> c.LotteryMenu:
    return c.solve_lottery(c.AgencyProblem([[0.75, 0.25], [0.25, 0.75]], [0.0, 2.5], [0.0, 1.0],
                                           reservation_utility=0.25, wages=(0.0, np.inf)))  # fmt: skip


@functools.cache
def impossible() -> c.MenuImpossibility:
    from contracts.agency.types.impossible import menu_impossibility
    from contracts.agency.types.programs.assigned import Assignment
    from contracts.agency.types.programs.scales import Scales

    asked = np.array([0, 1])
    proof = menu_impossibility(
        both(), asked, Assignment(both(), Scales(both()), asked, np.arange(2), 1e-9).solve().prices
    )
    assert proof is not None
    return proof


@functools.cache
def on_a_line() -> c.ContinuousMoralHazardProblem:
    import scipy.stats

    return c.ContinuousMoralHazardProblem(
        lambda a: scipy.stats.norm(a, 10.0), (-30.0, 110.0), (0.0, 60.0), lambda a: a**2 / 30_000, c.Log(50.0),
        3.5, (0.0, np.inf), n_outcomes=12, n_actions=7)  # fmt: skip


@functools.cache
def schedule() -> c.ContinuousContract:
    return c.solve_continuous_contract(on_a_line(), 30.0)


@functools.cache
def sick() -> c.Audit:
    return c.audit(problem(), menu().allocation, menu().transfer + np.arange(len(menu().transfer)) * 0.25)


@functools.cache
def rising() -> c.Schedule:
    import scipy.stats

    return c.optimal_schedule(scipy.stats.uniform(0, 1), cost=c.Quadratic())


def scipy_uniform() -> Any:
    import scipy.stats

    return scipy.stats.uniform(0, 1)


@functools.cache
def cells() -> c.Discretisation:
    import scipy.stats

    return c.discretise(scipy.stats.uniform(0, 1), 4)


@functools.cache
def refinement() -> c.Refinement:
    import scipy.stats

    return c.refine(scipy.stats.uniform(0, 1), 2, cost=c.Quadratic())


@functools.cache
def comparison() -> c.ContractComparison:
    return c.compare_contracts(hidden())


@functools.cache
def same() -> c.MoralHazardProblem:
    return c.MoralHazardProblem([[0.5, 0.5], [0.5, 0.5]], [0.0, 1.0], [0.0, 1.0], actions=("shirk", "work"))


@functools.cache
def contract() -> c.Contract:
    return c.solve_contract(hidden())


@functools.cache
def closed_schedule() -> y.SymbolicSchedule:
    return y.derive_schedule("theta*q", cost="q**2/2", types="uniform(0, 1)")


@functools.cache
def closed_menu() -> y.SymbolicMenu:
    return y.derive_menu("theta*q", cost="q**2/2", types=(1, 2), weights=("1 - f", "f"), parameters=("f",))


@functools.cache
def closed_wages() -> y.SymbolicWages:
    return y.derive_wages("sqrt(w)", shirk="1/4", work="3/4", effort_cost=1, reservation_utility=1, output=(0, 20))


@functools.cache
def closed_linear() -> y.SymbolicLinearContract:
    return y.derive_linear_contract(effort_cost=1, risk_aversion=2, variance=1)


@functools.cache
def front() -> c.Front:
    return c.pareto_front(policies(), [c.Surplus("a"), c.Surplus("b")], gap=0.2)


@functools.cache
def policies() -> c.ScreeningProblem:
    return models.delegation([[1.0, 0.0], [0.0, 1.0]], reference=[0.5, 0.5], temperature=1.0,
                             labels=("a", "b"))  # fmt: skip


@functools.cache
def data() -> i.ChoiceData:
    drawn = rng()
    attributes = drawn.normal(size=(120, 3, 2))
    person = np.repeat(np.arange(20), 6)
    return i.simulate_choices([0.5, 0.5], [[2.0, -2.0], [-1.0, -1.5]], attributes, person, rng=drawn,
                              names=("quality", "price")).data  # fmt: skip


@functools.cache
def latent() -> i.LatentTypes:
    return i.fit_latent_types(data(), 2, rng=rng(), n_starts=2)


@functools.cache
def type_counts() -> i.TypeCounts:
    return i.compare_type_counts(data(), [1, 2], rng=rng(), n_starts=2)


@functools.cache
def validation() -> i.CrossValidation:
    return i.cross_validate(data(), 2, rng=rng(), n_folds=2, n_starts=2)


@functools.cache
def type_draws() -> i.TypeDraws:
    return i.sample_latent_types(data(), 2, rng=rng(), n_draws=10, n_warmup=20, n_chains=2, n_starts=2)


@functools.cache
def bid_values():
    return i.values_from_bids(rng().uniform(size=(100, 2)) / 2)


@functools.cache
def multinomial() -> i.MultinomialLogit:
    return i.fit_multinomial_logit(data())


@functools.cache
def quality_menu() -> c.Menu:
    return c.solve_menu(c.ScreeningProblem([1.0, 2.0], cost=c.Quadratic(), goods=["quality"]))


@functools.cache
def nested() -> i.NestedLogit:
    return i.fit_nested_logit(data(), {"last": ["1", "2"]}, n_starts=1)


@functools.cache
def classes() -> i.LatentClasses:
    offered = data()
    age = np.broadcast_to(np.linspace(-1.0, 1.0, 20)[offered.person_index][:, None, None], (120, 3, 1))
    aged = dataclasses.replace(
        offered, attributes=np.concatenate([offered.attributes, age], axis=2), names=[*(offered.names or ()), "age"]
    )
    return i.fit_latent_classes(aged, 2, shared=["price"], membership=["age"], n_starts=2)


@functools.cache
def mixed() -> i.MixedLogit:
    return i.fit_mixed_logit(data(), {"quality": "normal", "price": "fixed"}, n_draws=10)


@functools.cache
def hierarchical() -> i.HierarchicalLogit:
    return i.fit_hierarchical_logit(
        data(),
        {"quality": "normal", "price": "negative"},
        rng=rng(),
        n_draws=10,
        n_warmup=20,
        n_chains=2,
        n_individual_draws=5,
    )


@functools.cache
def posterior() -> i.TypePosterior:
    return i.infer_types(menu(), [[0, 1], [1, 1], [0, 0]], choice_model=i.Logit(0.5))


@functools.cache
def population_draws() -> i.PopulationDraws:
    return posterior().population.gibbs(rng=rng(), n_draws=10, n_chains=2, n_warmup=5)


@functools.cache
def offer() -> i.ChoiceSet:
    return i.choice_set(menu())


@functools.cache
def strengths() -> i.Strengths:
    sides = ["x", "y", "x", "y"], ["y", "x", "y", "x"]
    games = i.Comparisons(["a"] * 4, *sides, tied=[False, False, True, True], at_home=["x", "x", "y", "y"])
    return i.fit_strengths(games)


def log() -> i.ChoiceLog:
    return i.read_log(pd.DataFrame({"user": ["a", "a", "b"], "option": [0, 1, 1]}), options=2)


@functools.cache
def open_log() -> i.ChoiceLog:
    return log()


@functools.cache
def user_counts() -> i.UserCounts:
    return next(iter(open_log().batches()))


@functools.cache
def posterior_file() -> i.PosteriorFile:
    return i.infer_types_from_log(open_log(), menu(), FOLDER / "posterior.parquet", choice_model=i.Logit(1.0))


@functools.cache
def comparisons() -> i.Comparisons:
    return i.Comparisons(["a", "a", "b", "b", "b"], ["x", "y", "y", "y", "x"], ["y", "x", "x", "x", "y"])


@functools.cache
def acceptances() -> i.Acceptances:
    return i.Acceptances(["a", "a", "b", "b"], ["x", "y", "x", "y"], [True, False, False, True])


@functools.cache
def ratings() -> i.Ratings:
    return i.Ratings(["a", "a", "b", "b"], ["m", "m", "n", "n"], ["x", "y", "x", "y"], [5.0, 2.0, 1.0, 4.0])


@functools.cache
def norms() -> i.Norms:
    return i.elicit_norms(comparisons(), acceptances(), pooling=i.Pooling(1.0, 1.0))


@functools.cache
def answers() -> Any:
    return i.answers_of(**answered())


def answered() -> dict[str, Any]:
    offers = np.tile([0.05, 0.1, 0.2, 0.3, 0.4, 0.5], 4)
    return {
        "person": np.repeat(np.arange(4), 6),
        "offer": offers,
        "accepted": offers > np.repeat([0, 0.15, 0.25, 0], 6),
    }


@functools.cache
def responders() -> i.Responders:
    return i.fit_responders(answers(), 1)


@functools.cache
def game() -> i.Game:
    return i.Game(users=("fair", "fair"), n_assistants=1, n_epochs=2)


@functools.cache
def played() -> Any:
    return i.play(game(), rng=rng())


@functools.cache
def table() -> pd.DataFrame:
    return played().to_frame()


@functools.cache
def split_types() -> i.SplitTypes:
    return i.fit_split_types(table())


@functools.cache
def learned() -> i.LearnedNorm:
    return i.learn_norm(table())


@functools.cache
def groups() -> i.NormGroups:
    return i.infer_user_norms(played(), rng=rng(), n_epochs=1)


@functools.cache
def curves() -> i.LearningCurves:
    return i.simulate_learning(problem(), temperature=0.5, n_rounds=1, n_users=2, n_runs=1, rng=rng(),
                               designers=("random menus", "single contract"))  # fmt: skip


@functools.cache
def asking() -> i.AskingMenu:
    return i.asking_menu(problem(), temperature=0.5, n_random=0)


NAMED = ("price", "speed")


@functools.cache
def weighed() -> i.UtilityReading:
    return i.read_utilities("Never slow down speed. Price is twice as important as speed, and at least 5.", NAMED)


def stated() -> i.Stated:
    return weighed().stated([[1.0, 0.0], [0.0, 1.0]], scale=2.0)


@functools.cache
def reading() -> l.PolicyReading:
    return l.read_policy("Offer half of everything to others.")


@functools.cache
def transcript() -> l.Transcript:
    return l.play_with_language(game(), l.WritingMeta(), l.ReaderAssistant(), ("Be fair.",), rng=rng())


def endpoint() -> l.ChatEndpoint:
    """Nobody listens there, so that an answer is an EndpointError."""
    return l.ChatEndpoint(
        "http://127.0.0.1:9/v1", "none", n_retries=0, n_attempts=1, timeout=1.0, requests_per_minute=1e6
    )


@functools.cache
def community() -> s.Society:
    return s.synthetic_society(rng=rng(), conflict=0.5, n_members=4)


def few() -> dict[str, int]:
    return {"n_comparisons": 300, "n_ratings": 90, "n_acceptances": 90}


@functools.cache
def told() -> s.CommunityInput:
    return s.community_input(community(), rng=rng(), **few())


@functools.cache
def asked() -> s.Communities:
    return s.communities(s.SCENARIOS[0], 1.0, range(1), seed=1)


@functools.cache
def truth() -> s.Truth:
    return s.Truth.of(asked().worlds)


@functools.cache
def signal() -> s.Signal:
    worlds = asked().worlds
    eps = np.zeros((1, len(worlds[0].groups) + 1, len(worlds[0].policies)))
    return s.noisy_signal(worlds, asked().told, eps, 0.0, s.SCENARIOS[0])


@functools.cache
def offered() -> s.Offer:
    return s.MECHANISMS["labels"](signal())


@functools.cache
def cell() -> s.Cell:
    return s.run_cell(asked(), s.SCENARIOS[0], (0.0, 0.2))


@functools.cache
def course() -> s.Course:
    return s.run_course(conflict=1.0, n_societies=1, n_rounds=6, seed=1)


@functools.cache
def placed() -> s.Placement:
    return s.placement(asked(), noise=0.0, gap=0.5)


@functools.cache
def pressed() -> s.Overoptimisation:
    return s.overoptimisation(asked(), noises=[0.2], budgets=[0.5])


@functools.cache
def promised() -> s.Promises:
    return s.front_promises(asked(), noises=[0.2], gap=0.5)


@functools.cache
def provided() -> s.ProviderStudy:
    return s.provider_study(asked(), audits=[4])


@functools.cache
def scale() -> s.Scale:
    return replace(
        s.SCALES["small"], n_replications=1, piece=1, n_rounds=6, n_societies=1, conflicts=(0.0, 1.0), noises=(0.0, 0.2)
    )


@functools.cache
def survey() -> i.SurveyAnswers:
    said = np.where(rng().random((24, 4)) < 0.8, 1.0, -1.0) * np.repeat([[1, 1, -1, -1], [-1, -1, 1, 1]], 12, axis=0)
    return i.SurveyAnswers(said, ("a", "b", "c", "d"), {"side": ["left"] * 12 + ["right"] * 12})


@functools.cache
def people() -> i.PeopleStudy:
    return i.people_study(survey(), "side", rng=rng(), n_splits=2, mechanisms=["labels"], n_resamples=20)


@functools.cache
def study() -> s.Study:
    from inference.society.study import run_study  # the pictures of a page cost more than the study

    return run_study(scale(), seed=1, out=FOLDER / "study", n_workers=1, progress=lambda line: None)


@functools.cache
def saved(name: str) -> Path:
    path = FOLDER / name
    {
        "menu.json": lambda: menu().save(path),
        "contract.json": lambda: contract().save(path),
        "line.json": lambda: schedule().save(path),
        "front.json": lambda: front().save(path),
        "latent.json": lambda: latent().save(path),
        "classes.json": lambda: classes().save(path),
        "multinomial.json": lambda: multinomial().save(path),
        "nested.json": lambda: nested().save(path),
        "mixed.json": lambda: mixed().save(path),
        "strengths.json": lambda: strengths().save(path),
        "society.json": lambda: community().save(path),
        "readings.json": lambda: l.save_readings([reading()], path),
        "weighed.json": lambda: l.save_utility_readings([weighed()], path),
    }[name]()
    return path


@functools.cache
def a_file() -> Path:
    """Where nothing can be below."""
    path = FOLDER / "a file"
    path.write_text("no folder", encoding="utf-8")
    return path


def out() -> Path:
    return FOLDER / "out"


def interaction() -> l.Interaction:
    return transcript().rows[0]


def posted_price(report: float) -> tuple[int, int]:
    return (1, 2) if report >= 2 else (0, 0)


@functools.cache
def inspection() -> k.Inspection:
    return k.check_mechanism(posted_price, {"low": 1, "high": 2})


TEXT = "Offer half of everything to others."
SWITCHES = ("ties", "near_ties", "tiny_weights", "ironing", "scales", "reservation_utilities")
GRID = np.array([[0.5, 1.0], [1.0, 0.5]])  # (n, n_goods)
POLICIES = np.array([[0.5, 0.5], [0.25, 0.75]])

OBJECTS: dict[str, Callable[[], Any]] = {
    "Agreement": lambda: l.Agreement(("0",), np.array([1.0]), np.array([False])),
    "EndpointUtilityReader": lambda: l.EndpointUtilityReader(endpoint(), NAMED, 2),
    "OfflineUtilityReader": lambda: l.OfflineUtilityReader(NAMED),
    "RecordedUtilityReader": lambda: l.RecordedUtilityReader({weighed().texts[0]: weighed()}),
    "Stated": stated,
    "Strengths": strengths,
    "Statement": lambda: weighed().statements[0][0],
    "UtilityReading": weighed,
    "Access": lambda: c.Access(),
    "AgencyMultipliers": lambda: contract_menu().multipliers,
    "AgencyProblem": both,
    "Auction": auction,
    "AuctionProblem": bidders,
    "InterimFeasibility": lambda: c.feasible_interim([0.25, 0.5], n_bidders=2),
    "InterimLottery": lambda: c.interim_lottery([0.25, 0.5], n_bidders=2),
    "RankingLottery": lambda: c.interim_lottery([[0.25, 0.5], [0.5]]),
    "SymmetricAuction": symmetric,
    "AdditiveAuction": additive,
    "AdditiveAuctionProblem": several_goods,
    "SymmetricAuctionProblem": alike,
    "Mechanism": mechanism,
    "RuleImplementability": lambda: c.implementable(several(), mechanism().fractions()[0]),
    "MechanismComparison": lambda: c.simple_mechanisms(bidders()),
    "MechanismFront": mechanism_front,
    "MechanismProblem": several,
    "AgencyProof": lambda: contract_menu().proof,
    "Box": lambda: c.Box(0.0, 1.0),
    "Budget": lambda: c.Budget(0.0, n_agents=10, name="no subsidy"),
    "CARA": lambda: c.CARA(0.5),
    "CRRA": lambda: c.CRRA(2.0),
    "Capacity": lambda: c.Capacity(0.5, good=0, n_agents=2, name="rooms"),
    "Certificate": lambda: menu().certificate,
    "ChiSquare": lambda: c.ChiSquare(0.1),
    "ContinuousContract": schedule,
    "Derivation": lambda: closed_linear().derivation(),
    "Formula": lambda: closed_linear().derivation().steps[0].formulas[0],
    "LinearNumbers": lambda: closed_linear().to_numeric(),
    "MenuCase": lambda: closed_menu().cases[0],
    "MenuNumbers": lambda: closed_menu().to_numeric(f=0.25),
    "ScheduleNumbers": lambda: closed_schedule().to_numeric(3),
    "Step": lambda: closed_linear().derivation().steps[0],
    "SymbolicLinearContract": closed_linear,
    "SymbolicMenu": closed_menu,
    "SymbolicSchedule": closed_schedule,
    "SymbolicWages": closed_wages,
    "WageNumbers": lambda: closed_wages().to_numeric(),
    "ContinuousMoralHazardProblem": on_a_line,
    "Contract": contract,
    "ContractComparison": comparison,
    "ContractForm": lambda: comparison().forms[0],
    "ContractMenu": contract_menu,
    "ContractMultipliers": lambda: contract().multipliers,
    "Coverage": lambda: c.Coverage(0.25, good=0, types=["low"], name="universal service"),
    "Criterion": lambda: c.Criterion("options", lambda menu: float(len(menu.options.transfers))),
    "Deviation": lambda: menu().certificate.deviation,
    "DrawnMechanism": lambda: k.DrawnMechanism({"low": 1, "high": 2}, {(0,): (0, 0), (1,): (1, 2)}, is_one=True),
    "DrawnMenu": lambda: k.DrawnMenu(problem(), menu().allocation, menu().transfer),
    "Finding": lambda: inspection().findings[0],
    "Inspection": inspection,
    "Discretisation": cells,
    "DiscretisationError": lambda: refinement().errors[0],
    "Ellipsoid": lambda: c.Ellipsoid(0.1 * np.eye(2)),
    "Entropy": lambda: c.Entropy([0.5, 0.5]),
    "EqualAccess": lambda: c.EqualAccess(["low", "high"], tolerance=0.5, good=0, name="alike"),
    "Exponential": lambda: c.Exponential(1.0),
    "ExponentialCost": lambda: c.ExponentialCost(2.0, 0.5),
    "Front": front,
    "FrontPoint": lambda: front().point(0),
    "Harm": lambda: c.Harm([1.0]),
    "Implementability": lambda: c.implementable(np.array([[1.0], [2.0]]), np.array([[1.0], [2.0]])),
    "Impossibility": lambda: c.solve_contract(same()).impossibilities["work"],
    "Inequality": lambda: c.Inequality(),
    "Information": lambda: c.Information(i.Logit(1.0)),
    "Interval": lambda: c.Interval(0.1),
    "Isoelastic": lambda: c.Isoelastic(1.0),
    "KullbackLeibler": lambda: c.KullbackLeibler(0.1),
    "Linear": lambda: c.Linear(0.5),
    "LinearConstraint": lambda: c.LinearConstraint(allocation=[[1.0], [1.0]], upper=1.0),
    "Log": lambda: c.Log(1.0),
    "LotteryContract": functools.cache(lambda: c.solve_lottery(hidden())),
    "LotteryMenu": lotteries,
    "Logarithm": lambda: c.Logarithm(offset=4.0),
    "Menu": menu,
    "MenuCertificate": lambda: contract_menu().certificate,
    "MenuImpossibility": impossible,
    "Misalignment": lambda: c.Misalignment("a"),
    "MoralHazardProblem": hidden,
    "Moments": lambda: c.Moments([0.0, 1.0], 0.2, 0.3),
    "Noise": lambda: c.Noise(0.1),
    "NonNegative": lambda: c.NonNegative(),
    "NumberOfOptions": lambda: c.NumberOfOptions(),
    "Options": lambda: menu().options,
    "Polyhedron": lambda: c.Polyhedron([[1.0, 1.0], [-1.0, 0.0], [0.0, -1.0]], [2.0, 0.0, 0.0]),
    "Power": lambda: c.Power(2.0),
    "Profit": lambda: c.Profit(),
    "Quadratic": lambda: c.Quadratic(),
    "Reading": lambda: c.Reading("quality", good=0, power=2.0),
    "Refinement": refinement,
    "Audit": lambda: sick(),
    "Comparison": lambda: c.compare(menu(), menu()),
    "Sweep": lambda: c.sweep(problem(), {"serving_cost": [0.0, 0.1]}),
    "SweepEstimate": lambda: c.SweepEstimate(2, 0, 1, 0.1, 1, ()),
    "ComparativeStatics": lambda: c.comparative_statics(problem(), "serving_cost", [0.0, 0.1]),
    "OptimalFace": lambda: c.optimal_face(menu(), exact=False),
    "PriorRadius": lambda: c.prior_radius(menu(), loss=0.5),
    "Sensitivity": lambda: menu().sensitivity(),
    "Slopes": lambda: c.slopes(menu(), "valuations", 0, 0),
    "Binding": lambda: sick().binding(1.0)[0],
    "Conflict": lambda: c.audit(problem(), menu().allocation[::-1], menu().transfer).conflict,
    "Domination": lambda: c.Domination("one", "other"),
    "Envy": lambda: sick().envy[0],
    "Repaired": lambda: sick().repaired(),
    "PriceOfSimplicity": lambda: c.price_of_simplicity(problem()),
    "Regret": lambda: c.regret(menu(), {"even": [0.5, 0.5]}),
    "Response": lambda: contract_menu().certificate.responses[0],
    "RobustShare": lambda: c.RobustShare(0.5, 4.0),
    "RentInequality": lambda: c.RentInequality(0.25, ["low", "high"], of="rent", name="fair"),
    "RiskNeutral": lambda: c.RiskNeutral(),
    "Schedule": rising,
    "ScreeningProblem": problem,
    "Search": lambda: c.Search(n_options=2, n_population=8, n_generations=2),
    "Separable": lambda: c.Separable([c.Quadratic(1.0), c.Power(3.0)]),
    "ShiftedPower": lambda: c.ShiftedPower(2.0, scale=0.5, offset=4.0),
    "Simplex": lambda: c.Simplex(),
    "SquareRoot": lambda: c.SquareRoot(),
    "Surplus": lambda: c.Surplus(),
    "Total": lambda: c.Total(c.Quadratic(1.0), [1.0, 2.0]),
    "TotalSurplus": lambda: c.TotalSurplus(),
    "TotalVariation": lambda: c.TotalVariation(0.1),
    "Wasserstein": lambda: c.Wasserstein(0.1),
    "WeightedSum": lambda: problem().terms,
    "Welfare": lambda: c.Welfare(),
    "WorstOff": lambda: c.WorstOff(),
    "AcceptReject": lambda: i.AcceptReject(0.5),
    "Acceptances": acceptances,
    "AskingMenu": asking,
    "Assistant": lambda: i.Assistant(),
    "Baseline": lambda: i.acceptable_baseline(norms()),
    "BestResponse": lambda: i.BestResponse(),
    "BidValues": bid_values,
    "BoltonOckenfels": lambda: i.BoltonOckenfels(0.5),
    "Calibration": lambda: i.calibration([0.2, 0.8, 0.6], [0, 1, 1], n_bins=2),
    "CharnessRabin": lambda: i.CharnessRabin(0.3, 0.1),
    "CobbDouglas": lambda: i.CobbDouglas(0.3),
    "ChoiceCounts": lambda: i.ChoiceCounts([[1, 0, 1], [0, 2, 0]]),
    "ChoiceData": data,
    "ChoiceLog": log,
    "ChoiceSet": offer,
    "Comparisons": comparisons,
    "Convergence": lambda: latent().convergence,
    "CrossValidation": validation,
    "Derived": lambda: i.willingness_to_pay(multinomial(), "price"),
    "HypothesisTest": lambda: i.wald_test(multinomial(), ["price"]),
    "MultinomialLogit": multinomial,
    "NestedLogit": nested,
    "Summary": lambda: multinomial().summary(),
    "CurrencyKernel": lambda: i.currency_kernel(["apples", "dollars"]),
    "Estimates": lambda: latent().estimates,
    "FehrSchmidt": lambda: i.FehrSchmidt(0.8, 0.3),
    "Game": game,
    "HierarchicalLogit": hierarchical,
    "HierarchicalPrior": lambda: i.HierarchicalPrior(),
    "Identification": lambda: i.identification(menu(), i.Logit(0.5)),
    "LatentClasses": classes,
    "LatentTypes": latent,
    "LearnedNorm": learned,
    "LearningCurves": curves,
    "Listener": lambda: i.Listener(),
    "Logit": lambda: i.Logit(0.5),
    "Misfit": lambda: posterior().misfit(rng=rng(), n_draws=10),
    "MixedLogit": mixed,
    "NormGroups": groups,
    "Norms": norms,
    "Pooling": lambda: i.Pooling(1.0, 1.0),
    "Population": lambda: posterior().population,
    "PopulationDraws": population_draws,
    "PosteriorFile": posterior_file,
    "PreferencePolicy": lambda: i.PreferencePolicy(i.FehrSchmidt(0.8, 0.3), 0.1),
    "Rankings": lambda: i.Rankings(["a", "b"], [["x", "y"], ["y", "x"]]),
    "Ratings": ratings,
    "Responders": responders,
    "Setting": lambda: i.Setting("apples"),
    "ShareRule": lambda: i.ShareRule(0.5),
    "SplitTypes": split_types,
    "TasteDistribution": lambda: mixed().tastes,
    "Tremble": lambda: i.Tremble(0.1),
    "TypeCounts": type_counts,
    "TypeDraws": type_draws,
    "TypePosterior": posterior,
    "UserCounts": user_counts,
    "ChatEndpoint": endpoint,
    "EndpointAssistant": lambda: l.EndpointAssistant(endpoint()),
    "EndpointMeta": lambda: l.EndpointMeta(endpoint()),
    "EndpointReader": lambda: l.EndpointReader(endpoint()),
    "Evidence": lambda: reading().evidence[0],
    "Interaction": interaction,
    "OfflineReader": functools.cache(lambda: l.OfflineReader()),
    "FoundGroups": lambda: i.FoundGroups(2),
    "PeopleStudy": people,
    "SurveyAnswers": survey,
    "PolicyReading": reading,
    "ReaderAssistant": lambda: l.ReaderAssistant(),
    "ReaderQuality": functools.cache(lambda: l.calibrate([TEXT, "Keep everything."], [0.5, 0.0])),
    "RecordedMeta": lambda: l.RecordedMeta(dict.fromkeys(range(4), "Be fair.")),
    "RecordedReader": lambda: l.RecordedReader({TEXT: reading()}),
    "Transcript": transcript,
    "WritingMeta": lambda: l.WritingMeta(),
    "Cell": cell,
    "Claim": lambda: s.Claim("words", "unit", "rule"),
    "Communities": asked,
    "CommunityInput": told,
    "Course": course,
    "Elicited": lambda: asked().told[0],
    "Offer": offered,
    "Outcome": functools.cache(lambda: s.full_information(truth())),
    "Overoptimisation": pressed,
    "Placement": placed,
    "Promises": promised,
    "ProviderStudy": provided,
    "Scale": scale,
    "Scenario": lambda: s.SCENARIOS[0],
    "Signal": signal,
    "Society": community,
    "Study": study,
    "Truth": truth,
    "Verdict": functools.cache(lambda: s.judged_over_time({1.0: course()}, seed=1)[0]),
}
USED_UP = ("ChoiceLog", "ChatEndpoint", "EndpointAssistant", "EndpointMeta", "EndpointReader", "EndpointUtilityReader")
BY_NAME: dict[str, Callable[[], Any]] = {
    "rng": rng,
    "path": out,
    "ax": lambda: None,
    "problem": problem,
    "menu": menu,
    "data": data,
    "temperature": lambda: 0.5,
    "n_goods": lambda: 2,
    "shape": lambda: (2, 1),
    "allocation": lambda: GRID,
    "allocations": lambda: GRID[:, :1],
    "transfer": lambda: np.array([0.5, 1.0]),
    "serving": lambda: np.array([1.0, 0.5]),
    "valuation": lambda: GRID,
    "direction": lambda: GRID,
    "marginal": lambda: GRID,
    "domain": c.NonNegative,
    "unit": lambda: 2.0,
    "money": lambda: 2.0,
    "rate": lambda: 0.5,
    "weights": lambda: np.array([0.75, 0.25]),
    "valuations": lambda: np.array([[1.0], [2.0]]),
    "other": lambda: np.array([0.5, 0.5]),
    "payoff": lambda: np.array([1.0, 2.0]),
    "inverse_marginal": lambda: lambda marginal: marginal,
    "value": lambda: GRID,
    "principle": lambda: TEXT,
    "text": lambda: TEXT,
    "currency": lambda: "apples",
    "amount": lambda: 10,
    "units": lambda: 5,
    "person": lambda: 0,
    "level": lambda: 0.9,
}


def _methods(names: str, methods: str, make: Callable[[], dict[str, Any]]) -> dict[str, Callable[[], dict[str, Any]]]:
    return {f"{name}.{method}": make for name in names.split() for method in methods.split()}


def _frame_of_choices() -> pd.DataFrame:
    rows = [(p, k, o, float(p + o), float(k == o), 1.0) for p in range(2) for k in range(2) for o in range(2)]
    return pd.DataFrame(rows, columns=["person", "occasion", "option", "quality", "chosen", "weight"])


def _wide_choices() -> pd.DataFrame:
    return pd.DataFrame({"person": [0, 0], "q0": [1.0, 2.0], "q1": [2.0, 1.0], "choice": [0, 1], "weight": [1.0, 2.0]})


CALLS: dict[str, Callable[[], dict[str, Any]]] = {
    # contracts
    "InfeasibleMenuError": lambda: {"message": "no", "conflict": ()},
    "UnboundedMenuError": lambda: {"message": "no", "direction": ""},
    "SolverError": lambda: {"message": "no", "tried": (), "reached": None},
    **_methods("CARA CRRA Log RiskNeutral", "inverse", lambda: {"utility": np.array([-0.5])}),
    "SquareRoot.inverse": lambda: {"utility": np.array([0.5])},
    **_methods("CRRA Log SquareRoot CARA RiskNeutral", "conjugate response wage_at", lambda: {"price": np.array([2.0])}),
    "CRRA.promises": lambda: {"wage": np.array([1.0, 2.0]), "chance": np.array([0.5, 0.5])},
    **_methods("CARA Log RiskNeutral SquareRoot", "promises", lambda: {
        "wage": np.array([1.0, 2.0]), "chance": np.array([0.5, 0.5])}),
    **_methods("CARA CRRA Log RiskNeutral SquareRoot", "interval price value", lambda: {"wage": np.array([1.0])}),
    **_methods("Schedule", "allocation payment utility virtual_valuation ironed_virtual_valuation",
               lambda: {"theta": [0.5, 1.0]}),
    "Schedule.tariff": lambda: {"amount": [0.0, 0.5]},
    "Schedule.plot": lambda: {"ax": None, "against": "type"},
    "Schedule.to_frame": lambda: {"n_types": 5},
    "discretisation_error": lambda: {"menu": menu(), "discretisation": cells()},
    "discretise": lambda: {
        "distribution": scipy_uniform(), "n_types": 4, "rule": "midpoint", "support": (0.0, 1.0), "data": "kernel"},
    "optimal_schedule": lambda: {
        "distribution": scipy_uniform(), "cost": c.Quadratic(), "principal_value": 0.0, "reservation_utility": 0.0,
        "domain": c.Box(0.0, 2.0), "types": "values", "rent_weight": 0.0, "support": (0.0, 1.0), "data": "empirical",
        "breaks": [0.5]},
    "refine": lambda: {
        "distribution": scipy_uniform(), "n_types": 2, "n_levels": 3, "rule": "lower", "cost": c.Quadratic(),
        "domain": c.Box(0.0, 2.0), "principal_values": 0.0, "support": (0.0, 1.0), "data": "kernel", "gap": 1e-6},
    "derive_linear_contract": lambda: {
        "effort_cost": "k", "risk_aversion": "r", "variance": "v", "reservation_utility": "z", "parameters": ("z",)},
    "Inspection.finding": lambda: {"name": "IC"},
    "check_contract": lambda: {
        "problem": hidden(), "wages": contract().wages, "action": "work", "gap": 1.0, "tolerance": 0.0},
    "check_mechanism": lambda: {
        "fn": posted_price, "types": {"low": 1, "high": 2}, "properties": ["IC", "IR"], "utility": None, "prior": None,
        "reservation_utility": 0, "lies": [3], "cost": None, "alternatives": None, "tolerance": 0.0, "n_agents": 1,
        "n_repeats": 1, "n_samples": None, "precision": None, "payoff_range": None, "level": 0.95, "rng": None},
    "check_menu": lambda: {
        "problem": problem(), "allocation": menu().allocation, "transfer": menu().transfer,
        "properties": ["IC", "IR", "monotonicity"], "serving": None, "multipliers": menu().bound.multipliers,
        "gap": 1e-6, "tolerance": 0.0},
    "mechanisms": lambda: {
        "n_agents": (1, 2), "n_types": (1, 3), "labels": None, "broken": False, "ties": True, "near_ties": False,
        "scales": False},
    "menus": lambda: {
        "problem": None, "n_options": (1, 3), "n_types": None, "n_goods": None, "labels": ("low", "high"), "goods": None,
        **dict.fromkeys(SWITCHES, True)},
    "moral_hazard_problems": lambda: {
        "n_actions": (1, 4), "n_outcomes": (1, 4), "utilities": ("neutral",), "actions": None, "outcomes": None,
        "ties": True, "near_ties": True, "tiny_weights": True, "scales": True, "reservation_utilities": True},
    "priors": lambda: {"n_types": 2, "tiny_weights": True, "correlated": False},
    "problems": lambda: {
        "kinds": ("line",), "n_types": (1, 2), "n_goods": (1, 2), "labels": None, "goods": None,
        **dict.fromkeys(SWITCHES, True)},
    "repeated_mechanism": lambda: {
        "make": lambda: posted_price, "types": {"low": 1, "high": 2}, "utility": None, "lies": None, "n_agents": 1,
        "n_rounds": 5, "discount": 1.0, "tolerance": 0.0, "is_judged_at_end": False},
    "samples_needed": lambda: {
        "precision": 0.1, "payoff_range": (0.0, 1.0), "n_deviations": 6, "level": 0.95},
    "derive_menu": lambda: {
        "utility": "theta*q", "cost": "q**2/2", "types": (1, 2), "weights": ("1 - f", "f"), "parameters": ("f",)},
    "derive_schedule": lambda: {
        "utility": "theta*q", "cost": "k*q**2/2", "types": "uniform(0, 1)", "parameters": ("k",)},
    "derive_wages": lambda: {
        "utility": "sqrt(w)", "shirk": "1/4", "work": "3/4", "effort_cost": 1, "reservation_utility": 1,
        "output": (0, 20), "lowest_wage": 0, "parameters": ()},
    "read_expression": lambda: {
        "text": "q**2", "symbols": {"q": closed_schedule().trade.quantity}, "field": "cost"},
    "within": lambda: {"seconds": 60.0, "derive": lambda: closed_schedule().tariff},
    "SymbolicLinearContract.to_numeric": dict,
    "SymbolicWages.to_numeric": dict,
    "SymbolicMenu.to_numeric": lambda: {"f": 0.25},
    "SymbolicSchedule.piecewise": lambda: {"expression": closed_schedule().allocation},
    "SymbolicSchedule.to_numeric": lambda: {"n_types": 3},
    "ContinuousContract.wage": lambda: {"outcome": [10.0, 20.0]},
    "ContinuousMoralHazardProblem.at": lambda: {"actions": [10.0, 20.0]},
    "InterimLottery.draw": lambda: {"rng": rng()},
    "InterimLottery.play": lambda: {"reports": [0, 1], "rng": rng()},
    "RankingLottery.draw": lambda: {"rng": rng()},
    "RankingLottery.play": lambda: {"reports": [0, 0], "rng": rng()},
    "SymmetricAuction.play": lambda: {"reports": [0, 1, 2], "rng": rng()},
    "SymmetricAuction.simulate": lambda: {"n_draws": 5, "rng": rng()},
    "AdditiveAuction.play": lambda: {"reports": [0, 1], "rng": rng()},
    "AdditiveAuction.simulate": lambda: {"n_draws": 5, "rng": rng()},
    "Auction.play": lambda: {"reports": [1.0, 3.0]},
    "Auction.simulate": lambda: {"n_draws": 5, "rng": rng()},
    "AuctionProblem.tabulated": lambda: {"incentives": "bayesian", "participation": "interim"},
    "Mechanism.play": lambda: {"reports": ["low", 1]},
    "Mechanism.simulate": lambda: {"n_draws": 5, "rng": rng()},
    "Mechanism.to_frame": lambda: {"by": "profiles"},
    "load_mechanism": lambda: {"path": mechanism_file()},
    **dict.fromkeys(("feasible_interim", "interim_lottery"), lambda: {
        "chances": [0.25, 0.5], "probabilities": [0.5, 0.5], "n_bidders": 2, "n_units": 1, "labels": ["low", "high"]}),
    "compare_mechanisms": lambda: {"problem": several(), "mechanisms": {"the best": mechanism()}},
    "simple_mechanisms": lambda: {"problem": bidders()},
    "solve_mechanism": lambda: {"problem": several(), "gap": 1e-6},
    "verify_mechanism": lambda: {
        "problem": several(), "outcome": mechanism().fractions()[0], "transfers": mechanism().fractions()[1],
        "prices": mechanism().prices.fractions(), "gap": 1e-6, "tolerance": 0.0},
    "all_pay": lambda: {
        "values": [[1, 2], [1, 2]], "probabilities": [[0.5, 0.5]] * 2, "reserve": 1.0, "bidders": ["Ann", "Bob"]},
    "bilateral_trade": lambda: {
        "seller_costs": [0, 2], "seller_probabilities": [0.5, 0.5], "buyer_values": [1, 3],
        "buyer_probabilities": [0.5, 0.5], "objective": "gains", "incentives": "bayesian", "participation": "interim"},
    "cremer_mclean": lambda: {
        "values": [[1, 2], [1, 2]], "probabilities": [[0.375, 0.125], [0.125, 0.375]], "participation": "interim",
        "full": True, "bidders": ["Ann", "Bob"]},
    "facility_location": lambda: {
        "locations": [[0, 1], [0, 1]], "probabilities": [[0.5, 0.5]] * 2, "sites": [0.0, 1.0], "weights": [1.0, 1.0],
        "agents": ["Ann", "Bob"]},
    "multi_unit": lambda: {
        "values": [[1, 2], [1, 2]], "probabilities": [[0.5, 0.5]] * 2, "n_units": 2, "cost": 0.0,
        "bidders": ["Ann", "Bob"]},
    "myerson_auction": lambda: {
        "values": [[1, 2], [1, 2]], "probabilities": [[0.5, 0.5]] * 2, "cost": 0.0, "bidders": ["Ann", "Bob"]},
    "partnership": lambda: {
        "values": [[1, 2], [1, 2]], "probabilities": [[0.5, 0.5]] * 2, "shares": [0.5, 0.5],
        "objective": "efficiency", "agents": ["Ann", "Bob"]},
    "procurement_auction": lambda: {
        "costs": [[1, 2], [1, 2]], "probabilities": [[0.5, 0.5]] * 2, "worth": [4.0, 6.25], "qualities": [1.0, 2.0],
        "suppliers": ["Ann", "Bob"]},
    "public_good": lambda: {
        "values": [[0, 2], [0, 2]], "probabilities": [[0.5, 0.5]] * 2, "cost": 1.0, "objective": "welfare",
        "incentives": "bayesian", "participation": "interim", "agents": ["Ann", "Bob"]},
    "second_price": lambda: {
        "values": [[1, 2], [1, 2]], "probabilities": [[0.5, 0.5]] * 2, "reserve": 1.0, "bidders": ["Ann", "Bob"]},
    "two_goods_two_bidders": lambda: {"values": [1, 2], "probabilities": [0.5, 0.5]},
    "vcg": lambda: {
        "values": TWO_BIDDERS, "probabilities": [[0.5, 0.5]] * 2, "principal_values": 0.0, "participation": None,
        "labels": [["low", "high"]] * 2, "alternatives": ["keep", "Ann", "Bob"], "agents": ["Ann", "Bob"]},
    "AgencyProblem.of_type": lambda: {"label": "slow"},
    "AgencyProof.bound": lambda: {"problem": both()},
    "ContractMenu.choice": lambda: {"label": "slow"},
    "ContractMenu.contract": lambda: {"label": "able"},
    "LotteryMenu.gain_over": lambda: {"menu": contract_menu()},
    "MenuCertificate.response": lambda: {"label": "able"},
    "ContractComparison.form": lambda: {"name": "linear"},
    "compare_contracts": lambda: {"problem": hidden(), "gap": 1e-6},
    "robust_share": lambda: {
        "problem": c.MoralHazardProblem([[0.9, 0.1], [0.0, 1.0]], [0.0, 16.0], [0.0, 4.0], wages=(0.0, np.inf))},
    "solve_continuous_contract": lambda: {"problem": on_a_line(), "action": 30.0, "gap": 1e-6},
    "solve_lottery": lambda: {"problem": hidden(), "gap": 1e-6},
    "load_contract": lambda: {"path": saved("line.json"), "problem": on_a_line()},
    "solve_contract": lambda: {"problem": hidden(), "action": "work", "actions": None, "gap": 1e-6},
    "verify_contract": lambda: {
        "problem": hidden(), "wages": [0.25, 6.25], "action": "work", "actions": None,
        "multipliers": contract().multipliers, "gap": 1e-6, "tolerance": 0.0},
    "implementable": lambda: {"valuations": np.array([[1.0], [2.0]]), "allocation": np.array([[1.0], [2.0]])},
    "load_front": lambda: {"path": saved("front.json")},
    "load_menu": lambda: {"path": saved("menu.json")},
    "pareto_front": lambda: {
        "problem": policies(), "objectives": [c.Surplus("a"), c.Surplus("b")], "gap": 0.2, "method": "auto",
        "engine": "auto", "time_limit": 60.0, "progress": False, "search": None, "rng": None, "n_workers": 1,
        "checkpoint": None,
    },
    "regret": lambda: {"menu": menu(), "distributions": {"even": [0.5, 0.5]}, "method": "auto"},
    "same_group": lambda: {"groups": ["a", "a", "b"]},
    "solve_menu": lambda: {
        "problem": [1.0, 2.0], "weights": [0.75, 0.25], "method": "auto", "gap": 1e-6, "time_limit": 60.0,
        "progress": False, "start": None, "cost": c.Quadratic(), "max_options": None, "deterministic": False,
        "fixed_options": None,
    },
    "price_of_simplicity": lambda: {
        "problem": problem(), "max_options": 2, "deterministic": [[0.5], [1.0]], "fixed_options": None, "gap": 1e-6,
        "time_limit": 60.0, "progress": False,
    },
    "audit": lambda: {
        "problem": problem(), "allocation": menu().allocation, "transfer": menu().transfer, "serving": None,
        "rows": "types"},
    "Audit.binding": lambda: {"within": 1e-9},
    "Audit.plot": lambda: {"ax": None},
    "Audit.report": lambda: {"path": "audit.html", "title": "Audit"},
    "Audit.repaired": lambda: {"norm": "l1", "change": "auto"},
    "compare": lambda: {"before": menu(), "after": menu()},
    "sweep": lambda: {
        "family": problem(), "grid": {"serving_cost": [0.0, 0.1]}, "seed": 0, "n_replications": 1, "gap": 1e-6,
        "folder": None, "parts": "parquet", "n_workers": 1, "cluster": None, "retry": False, "dry_run": False,
        "progress": False},
    "comparative_statics": lambda: {
        "problem": problem(), "parameter": "serving_cost", "grid": [0.0, 0.1], "gap": 1e-6, "progress": False},
    "ComparativeStatics.plot": lambda: {"ax": None, "of": "value"},
    "optimal_face": lambda: {"menu": menu(), "gap": 1e-6, "exact": False, "tolerance": 1e-2},
    "OptimalFace.agents_best": lambda: {"weights": [0.5, 0.5]},
    "OptimalFace.agents_most": lambda: {"weights": "high"},
    "OptimalFace.plot": lambda: {"ax": None, "of": "transfer"},
    "prior_radius": lambda: {"menu": menu(), "loss": 0.01},
    "slopes": lambda: {"menu": menu(), "parameter": "valuations", "type": 0, "good": 0, "step": 1e-3},
    "verify": lambda: {
        "problem": problem(), "allocation": menu().allocation, "transfer": menu().transfer,
        "multipliers": menu().bound.multipliers, "gap": 1e-3, "tolerance": 0.0, "serving": None,
    },
    "without_zero_weights": lambda: {
        "valuations": [[1.0], [2.0], [3.0]], "weights": [0.5, 0.0, 0.5], "cost": c.Quadratic(),
    },
    "mussa_rosen": lambda: {
        "types": [1.0, 2.0], "weights": [0.75, 0.25], "curvature": 1.0, "reservation_utility": 0.0,
        "labels": ("a", "b"),
        "participation": "voluntary", "serving_cost": 0.0,
    },
    "maskin_riley": lambda: {
        "types": [2.0, 4.0], "weights": [0.75, 0.25], "exponent": 0.5, "unit_cost": 1.0, "reservation_utility": 0.0,
        "labels": ("a", "b"),
        "participation": "voluntary", "serving_cost": 0.0,
    },
    "multiproduct": lambda: {
        "types": [[2.0, 1.0], [1.0, 2.0]], "weights": [0.5, 0.5], "curvature": 1.0, "capacity": 1.0,
        "reservation_utility": 0.0, "labels": ("a", "b"), "goods": ("x", "y"),
        "participation": "voluntary", "serving_cost": 0.0,
    },
    "optimal_auction": lambda: {
        "values": [0.2, 0.4], "weights": [0.5, 0.5], "demand": "additive", "seller_value": 0.0, "labels": ("a", "b"),
        "goods": ("good",),
    },
    "regulation": lambda: {
        "marginal_costs": [1.0, 2.0], "weights": [0.5, 0.5], "demand_intercept": 10.0, "demand_slope": 1.0,
        "rent_weight": 0.5, "capacity": 5.0, "labels": ("a", "b"),
    },
    "countervailing": lambda: {
        "marginal_costs": [1.0, 2.0], "weights": [0.5, 0.5], "fixed_costs": [2.0, 0.5], "demand_intercept": 10.0,
        "demand_slope": 1.0, "rent_weight": 0.5, "capacity": 9.0, "participation": "compulsory", "labels": ("a", "b"),
    },
    "credit_rationing": lambda: {
        "success_probabilities": [0.5, 0.8], "weights": [0.5, 0.5], "returns": 4.0, "funds": 1.2, "collateral": 3.0,
        "recovery": 0.5, "reservation_utility": 0.5, "market": "competitive", "labels": ("a", "b"),
    },
    "damaged_goods": lambda: {
        "values": [4.0, 10.0], "weights": [0.5, 0.5], "damaged_values": [3.0, 4.0], "cost": 0.5, "damaged_cost": 0.6,
        "labels": ("a", "b"),
    },
    "insurance": lambda: {
        "loss_probabilities": [0.5, 0.2], "weights": [0.5, 0.5], "wealth": 100.0, "loss": 60.0, "utility": c.Log(),
        "market": "competitive", "labels": ("a", "b"),
    },
    "insured_consumption": lambda: {
        "allocation": np.zeros((2, 2)), "wealth": 100.0, "loss": 60.0, "utility": c.Log(),
    },
    "persuasion_menu": lambda: {
        "thresholds": [0.25, 0.75], "weights": [0.5, 0.5], "states": [0.0, 1.0], "prior": [0.5, 0.5],
        "shared_interest": 0.1, "labels": ("a", "b"),
    },
    "random_participation": lambda: {
        "types": [1.0, 2.0], "weights": [0.5, 0.5], "outside_options": [0.0, 0.5], "outside_weights": [0.5, 0.5],
        "curvature": 1.0, "labels": ("a", "b"),
    },
    "sequential_screening": lambda: {
        "value_probabilities": [[0.5, 0.5], [0.2, 0.8]], "weights": [0.5, 0.5], "values": [1.0, 2.0], "unit_cost": 0.5,
        "refunds": [0.0, 1.0], "labels": ("a", "b"),
    },
    "income_tax": lambda: {
        "skills": [1.0, 2.0], "weights": [0.5, 0.5], "elasticity": 1.0, "welfare_function": c.Isoelastic(1.0),
        "welfare_weights": 1.0, "revenue": 0.0, "labels": ("a", "b"),
    },
    "lotteries": lambda: {
        "utility_matrix": [[4.0, 0.0]], "weights": [1.0], "principal_values": [0.0, 1.0], "transfers": "none",
        "reservation_utility": 1.0, "outside_option": None, "labels": ("a",), "outcomes": ("x", "y"),
        "participation": "voluntary", "serving_cost": 0.0,
    },
    "delegation": lambda: {
        "utility_matrix": [[0.0, 1.0]], "weights": [1.0], "reference": [0.5, 0.5], "temperature": 1.0, "harm": 0.0,
        "welfare_weights": 1.0, "outside_option": None, "labels": ("a",), "policies": ("x", "y"),
    },
    "Entropy.conjugate": lambda: {"valuation": GRID, "domain": c.Simplex()},
    "Entropy.check": lambda: {"n_goods": 2, "domain": c.Simplex()},
    **_methods("Entropy", "value gradient gradient_size hessian", lambda: {"allocation": POLICIES}),
    **_methods("Exponential Isoelastic", "value marginal", lambda: {"utility": np.array([1.0, 2.0])}),
    **_methods("Exponential Isoelastic", "conjugate", lambda: {"price": np.array([1.0, 2.0])}),
    **_methods("Exponential Isoelastic", "expression", lambda: {"utility": _variable((2,))}),
    **_methods("Linear Quadratic Entropy ExponentialCost Logarithm Separable ShiftedPower Total", "expression", lambda: {"allocation": _variable((2, 2))}),
    "Power.expression": lambda: {"allocation": _variable((2, 2)), "near": 1.0},
    **_methods("Box NonNegative Polyhedron Simplex", "constraints", lambda: {
        "allocation": _variable((2, 2)), "share": np.ones((2, 1))}),
    **_methods("ChiSquare KullbackLeibler Moments TotalVariation Wasserstein", "worth", lambda: {
        "payoff": _variable((2,)), "weights": np.array([0.75, 0.25]), "valuations": np.array([[1.0], [2.0]])}),
    "Front.best": lambda: {"name": "surplus of a"},
    "Front.closest": lambda: {"target": {"surplus of a": 0.5}},
    "Front.filter": lambda: {"limits": {"surplus of a": (0.0, None)}},
    "Front.point": lambda: {"index": 0},
    "ScreeningProblem.in_program": lambda: {
        "allocation": menu().allocation, "transfer": menu().transfer, "serving": np.array([1.0, 0.5])},
    "Menu.binding": lambda: {"who": 0},
    "Menu.choose": lambda: {"valuations": [[1.5]], "temperature": 0.5, "rng": rng(), "reservation_utility": 0.0,
                            "types": "low"},
    "Menu.choice_probabilities": lambda: {"valuations": [[1.5]], "temperature": 0.5, "reservation_utility": 0.0,
                                          "types": ["low"]},
    "Menu.expected_value": lambda: {"choice_model": i.Logit(0.5)},
    **_methods("ScreeningProblem", "objective_value payoff utility worst_case", lambda: {
        "allocation": menu().allocation, "transfer": menu().transfer}),
    **_methods("WeightedSum", "by_type", lambda: {
        "payoff": menu().payoff, "allocation": menu().allocation, "utility": menu().utility}),
    **_methods("WeightedSum", "value", lambda: {
        "weights": problem().weights, "payoff": menu().payoff, "allocation": menu().allocation,
        "utility": menu().utility}),
    "Misalignment.concave": lambda: {"problem": policies()},
    "Simplex.scaled": lambda: {"unit": 1.0},
    "Ellipsoid.sets": lambda: {"shape": (2, 2)},
    # inference
    "AcceptReject.log_acceptance": lambda: {"gain": [0.5, -0.5]},
    **_methods("AcceptReject", "log_likelihood probabilities", lambda: {"utility": [[0.5, 0.0]]}),
    **_methods("BestResponse Logit Tremble", "log_likelihood probabilities", lambda: {"utility": [[0.5, 0.2, 0.0]]}),
    "AcceptReject.simulate": lambda: {"utility": [[0.5, 0.0]], "rng": rng()},
    **_methods("BestResponse Logit Tremble", "simulate", lambda: {"utility": [[0.5, 0.2, 0.0]], "rng": rng()}),
    "Acceptances.from_frame": lambda: {
        "frame": pd.DataFrame({"group": ["a"], "policy": ["x"], "accepted": [True]}), "group": "group"},
    "Comparisons.from_frame": lambda: {
        "frame": pd.DataFrame({"group": ["a"], "winner": ["x"], "loser": ["y"]}), "group": "group"},
    "Ratings.from_frame": lambda: {
        "frame": pd.DataFrame({"group": ["a"], "member": ["m"], "policy": ["x"], "rating": [1.0]}), "group": "group"},
    "Rankings.from_frame": lambda: {
        "frame": _rankings(), "unlisted": "absent", "group": "group"},
    "AskingMenu.expected_value": lambda: {"weights": [0.5, 0.5]},
    **_methods("BoltonOckenfels CharnessRabin CobbDouglas FehrSchmidt", "group_utility", lambda: {"payoffs": [0.5, 0.5]}),
    **_methods("BoltonOckenfels CharnessRabin CobbDouglas FehrSchmidt", "utility", lambda: {"own": 0.5, "other": 0.5}),
    "ChoiceData": lambda: fields_of(data) | {"available": np.ones((120, 3), dtype=bool)},
    "ChoiceData.from_frame": lambda: {
        "frame": _frame_of_choices(), "attributes": ["quality"], "chosen": "chosen", "person": "person",
        "occasion": "occasion", "option": "option", "weights": "weight"},
    "ChoiceData.from_menu": lambda: {
        "menu": menu(), "choices": [0, 1], "person": [0, 1], "outside": "outside", "transfer": "transfer"},
    "ChoiceData.from_wide_frame": lambda: {
        "frame": _wide_choices(), "attributes": {"q": ["q0", "q1"]}, "choice": "choice", "person": "person",
        "options": [0, 1], "available": None, "weights": "weight"},
    "ChoiceData.joined": lambda: {"parts": (data(), data())},
    "ChoiceData.of_observations": lambda: {"observations": [0, 1]},
    "ChoiceData.of_people": lambda: {"people": [0, 1]},
    "ChoiceLog": lambda: fields_of(log),
    "ChoiceLog.close": dict,
    "ChoiceLog.batches": lambda: {"n_at_once": 2},
    "CurrencyKernel.carry": lambda: {"currency": "apples", "seen": ["dollars"]},
    "Game.policy_name": lambda: {"user_policy": "fair", "setting": "apples", "role": "proposer"},
    **_methods("HierarchicalLogit MixedLogit", "draw_people", lambda: {"n_people": 3, "rng": rng()}),
    **_methods("HierarchicalLogit MixedLogit", "screening_problem", lambda: {
        "price": "price", "n_types": 2, "rng": rng(), "goods": ["quality"], "n_draws": 50, "cost": c.Quadratic()}),
    "HierarchicalPrior.draw": lambda: {"n_attributes": 2, "rng": rng()},
    "HierarchicalPrior.parts": lambda: {"n_attributes": 2},
    "LatentTypes.predict": lambda: {"attributes": [[[1.0, 0.0], [0.0, 1.0]]], "available": [[True, True]],
                                    "probabilities": [[0.5, 0.5]]},
    "LatentTypes.screening_problem": lambda: {
        "price": "price", "goods": ["quality"], "outside": None, "cost": c.Quadratic()},
    "LatentTypes.simulate": lambda: {
        "attributes": data().attributes, "person": data().person, "rng": rng(), "available": np.ones((120, 3), bool)},
    "LatentTypes.transformed": lambda: {
        "function": lambda beta: beta[..., :1] / beta[..., 1:], "names": ["ratio"], "jacobian": None},
    **_methods("LatentTypes TypeDraws", "willingness_to_pay", lambda: {"price": "price", "goods": ["quality"]}),
    "TypeDraws.screening_problem": lambda: {
        "price": "price", "goods": ["quality"], "draw": 0, "cost": c.Quadratic()},
    "LearnedNorm.propose": lambda: {"amount": 10, "rng": rng(), "currency": None},
    "LearnedNorm.mean_offer": lambda: {"amount": 10},
    "Listener.heard_later": lambda: {
        "shares": [0.0, 0.5], "counts": [[10, 0, 0]], "norm_weights": [[0.5, 0.5]], "later": [[1, 0, 0]]},
    "Listener.log_likelihood": lambda: {"shares": [0.0, 0.5], "counts": [[10, 0, 0]]},
    "Listener.reliability": lambda: {
        "shares": [0.0, 0.5], "counts": [[10, 0, 0]], "norm_weights": [[0.5, 0.5]]},
    "MixedLogit.predict": lambda: {"attributes": data().attributes, "available": np.ones((120, 3), bool), "n_draws": 10},
    "NormGroups.weight_near": lambda: {"share": 0.5, "width": 0.1},
    "Norms.compare": lambda: {"first": "x", "second": "y"},
    "Norms.policy": lambda: {"label": "x"},
    **_methods("Norms", "sample sample_items", lambda: {"rng": rng(), "n_draws": 2}),
    "Norms.screening_problem": lambda: {
        "weights": [0.5, 0.5], "reference": [0.5, 0.5], "temperature": 1.0, "harm": 0.0, "outside_option": None},
    "Pooling.precision": lambda: {"n_groups": 2},
    "Population.gibbs": lambda: {"rng": rng(), "n_draws": 10, "n_chains": 2, "n_warmup": 5, "progress": False},
    "Responders.log_predictive": lambda: {"new": answers()},
    "Responders.rejection_curve": lambda: {"offers": [0.1, 0.2], "level": 0.9},
    "Responders.types": lambda: {"n_types": 2},
    "SplitTypes.acceptable": lambda: {"label": split_types().labels[0]},
    "SplitTypes.screening_problem": lambda: {"rules": {"none": 0.0, "half": 0.5}, "amount": 10, "temperature": 1.0},
    "TasteDistribution.coefficients": lambda: {"normals": np.zeros((3, 2))},
    "TasteDistribution.draw": lambda: {"n_people": 3, "rng": rng()},
    "TasteDistribution.moments_jacobian": lambda: {"rows": np.array([0]), "columns": np.array([0])},
    "TasteDistribution.tastes": lambda: {"normals": np.zeros((3, 2))},
    "TasteDistribution.standard": lambda: {"kinds": ("normal", "fixed")},
    "TypeCounts.best": lambda: {"criterion": "bic"},
    "TypeCounts.criteria": lambda: {"n_types": 2},
    "TypePosterior.misfit": lambda: {"rng": rng(), "n_draws": 10, "progress": False},
    "TypePosterior.sample": lambda: {"rng": rng(), "n_draws": 3},
    "TypePosterior.to_arviz": lambda: {"rng": rng(), "n_draws": 20, "n_chains": 2},
    "TypePosterior.update": lambda: {"choices": [[0], [1], [0]], "menu": menu(), "users": [0, 1, 2]},
    "TypePosterior.with_prior": lambda: {"prior": [0.5, 0.5]},
    "ReaderQuality.reliability": lambda: {"edges": (0.0, 0.5, 1.0)},
    **_methods("BoltonOckenfels CharnessRabin CobbDouglas FehrSchmidt", "acceptable_offers dictator_offer", lambda: {"pie": 1.0}),
    "Strengths.difference": lambda: {"first": "x", "second": "y"},
    "acceptable_baseline": lambda: {"norms": norms(), "lotteries": False},
    "acceptance_probability": lambda: {
        "preferences": i.FehrSchmidt(0.8, 0.3), "offer": [0.2, 0.5], "temperature": 0.1, "pie": 1.0},
    "answers_of": answered,
    "asking_menu": lambda: {
        "problem": problem(), "weights": None, "temperature": 0.5, "information_weight": 0.0, "n_options": 2,
        "starts": (), "n_random": 1, "rng": rng()},
    "best_offer": lambda: {
        "preferences": i.FehrSchmidt(0.8, 0.3), "offers": [0.2, 0.5], "acceptance": [0.5, 1.0], "pie": 1.0},
    "offer_probabilities": lambda: {
        "preferences": i.FehrSchmidt(0.8, 0.3), "offers": [0.2, 0.5], "acceptance": [0.5, 1.0], "temperature": 0.1,
        "pie": 1.0},
    "calibration": lambda: {"probabilities": [0.2, 0.8], "happened": [0, 1], "n_bins": 2},
    "choice_set": lambda: {"offer": problem(), "allocations": [[1.0]], "transfers": [0.5]},
    "PeopleStudy.contrast": lambda: {"first": ("side", "labels"), "second": ("random", "labels"), "claim": ""},
    **_methods("PeopleStudy", "gain_of worst_group", lambda: {"grouping": "side", "mechanism": "labels"}),
    "SurveyAnswers.answered_by_at_least": lambda: {"n_people": 20},
    "SurveyAnswers.explained_by": lambda: {"name": "side", "balanced": False},
    "SurveyAnswers.group": lambda: {"name": "side"},
    "SurveyAnswers.of_people": lambda: {"chosen": np.arange(24)},
    "compare_found_groups": lambda: {
        "answers": survey(), "n_groups": (1, 2), "rng": rng(), "n_folds": 2, "n_starts": 1},
    "people_study": lambda: {
        "answers": survey(), "groups": "side", "rng": rng(), "balanced": False, "programmes": np.eye(4),
        "temperature": 0.5, "n_splits": 1, "unseen_items": False, "reliability": 1.0, "mechanisms": ["labels"],
        "placebo": False, "n_resamples": 20, "n_refits": 2, "progress": False},
    "compare_responders": lambda: answered() | {"n_types": (1,), "n_folds": 2, "rng": rng()},
    "compare_type_counts": lambda: {
        "data": data(), "counts": [1, 2], "rng": rng(), "n_folds": 0, "n_starts": 2, "ridge": 0.0, "progress": False},
    "cross_validate": lambda: {
        "data": data(), "n_types": 2, "rng": rng(), "n_folds": 2, "n_starts": 2, "ridge": 0.0, "progress": False},
    "currency_kernel": lambda: {"names": ["a", "b"], "features": {"a": (1.0, 0.0), "b": (0.0, 1.0)}, "length": 1.5},
    "elicit_norms": lambda: {
        "answers": (comparisons(),), "policies": ["x", "y"], "groups": ["a", "b"], "members": "alike",
        "pooling": i.Pooling(1.0, 1.0), "rng": None,
        "prior": i.Stated(("a", "b"), ("x", "y"), np.zeros((2, 2)), np.array([np.eye(2)] * 2))},
    "expected_information": lambda: {"menu": menu(), "choice_model": i.Logit(0.5), "weights": [0.5, 0.5]},
    # inference.alike, inference.estimation, inference.market
    "fit_multinomial_logit": lambda: {"data": data(), "progress": False},
    "fit_nested_logit": lambda: {
        "data": data(), "nests": {"last": ["1", "2"]}, "n_starts": 1, "rng": rng(), "progress": False},
    **_methods("MultinomialLogit NestedLogit MixedLogit LatentTypes", "at", lambda: {"parameters": np.ones(2)}),
    "MixedLogit.at": lambda: {"parameters": mixed().parameters},
    "LatentTypes.at": lambda: {"parameters": latent().parameters},
    "NestedLogit.at": lambda: {"parameters": nested().parameters},
    **_methods("MultinomialLogit NestedLogit MixedLogit LatentTypes LatentClasses", "surplus", lambda: {
        "attributes": np.zeros((1, 3, 2)), "available": [[True, True, False]], "price": "price"}),
    **_methods("MultinomialLogit NestedLogit", "predict", lambda: {
        "attributes": np.zeros((1, 3, 2)), "available": [[True, True, False]]}),
    **_methods("MultinomialLogit NestedLogit MixedLogit LatentClasses LatentTypes", "summary", lambda: {"errors": "classical", "level": 0.9}),
    **_methods("HierarchicalLogit Responders SplitTypes Strengths", "summary", lambda: {"level": 0.9}),
    **_methods("MultinomialLogit NestedLogit MixedLogit LatentClasses LatentTypes", "covariance_by", lambda: {
        "errors": "classical"}),
    "MultinomialLogit.screening_problem": lambda: {
        "price": "price", "goods": ["quality"], "outside": None, "cost": c.Quadratic()},
    "ChoiceData.described": lambda: {
        "attributes": ["price"], "constants": "0", "by_option": ["quality"], "interactions": [("quality", "price")],
        "components": {"last": ["1", "2"]}},
    "ChoiceData.among": lambda: {"options": ["0", "1"]},
    "with_errors": lambda: {
        "model": multinomial(), "function": lambda model: model.coefficients, "names": ["a", "b"], "method": "draws",
        "n_draws": 5, "rng": rng()},
    "bootstrap": lambda: {
        "data": data(), "fit": i.fit_multinomial_logit, "function": lambda model: model.coefficients,
        "names": ["a", "b"], "rng": rng(), "n_draws": 2, "progress": False},
    "likelihood_ratio_test": lambda: {
        "restricted": i.fit_multinomial_logit(data().described(["price"])), "full": multinomial()},
    "wald_test": lambda: {"model": multinomial(), "restrictions": ["price"], "values": [0.0]},
    "hausman_mcfadden_test": lambda: {
        "full": multinomial(), "subset": i.fit_multinomial_logit(data().among(["0", "1"]))},
    "willingness_to_pay": lambda: {
        "model": multinomial(), "price": "price", "goods": ["quality"], "method": "draws", "n_draws": 5, "rng": rng()},
    "market_shares": lambda: {
        "model": multinomial(), "data": data(), "before": data(), "method": "draws", "n_draws": 5, "rng": rng()},
    **dict.fromkeys(("elasticities", "marginal_effects"), lambda: {
        "model": multinomial(), "data": data(), "attribute": "price", "method": "draws", "n_draws": 2, "rng": rng()}),
    "surplus_change": lambda: {
        "model": multinomial(), "before": data(), "after": data(), "price": "price", "method": "draws", "n_draws": 2,
        "rng": rng()},
    "menu_earnings": lambda: {
        "model": multinomial(), "menu": quality_menu(), "price": "price", "outside": None, "method": "draws",
        "n_draws": 2, "rng": rng()},
    "confidence_set": lambda: {"model": multinomial(), "price": "price", "goods": ["quality"], "level": 0.9},
    "values_from_bids": lambda: {"bids": bid_values().bids, "bandwidth": 0.1},
    "BidValues.reserve_price": lambda: {"cost": 0.1},
    "BidValues.reserve_interval": lambda: {"cost": 0.1, "level": 0.9, "n_draws": 2, "rng": rng()},
    "BidValues.problem": lambda: {"n_bidders": 3, "n_values": 4, "cost": 0.1},
    "marginal_costs": lambda: {
        "model": multinomial(), "data": data(), "price": "price", "sold": ["0"], "method": "draws", "n_draws": 2,
        "rng": rng()},
    "fit_hierarchical_logit": lambda: {
        "data": data(), "random": "normal", "rng": rng(), "n_draws": 5, "n_warmup": 20, "n_chains": 2, "prior": None,
        "n_individual_draws": 5, "progress": False},
    "fit_latent_types": lambda: {
        "data": data(), "n_types": 2, "rng": rng(), "n_starts": 2, "ridge": 0.0, "tolerance": 1e-6, "progress": False},
    "fit_mixed_logit": lambda: {
        "data": data(), "random": {"quality": "normal", "price": "fixed"}, "correlated": False, "wtp": None, "n_draws": 10,
        "draws": "sobol", "n_starts": 2, "start_values": [1.0, -1.0, 0.5], "rng": rng(), "progress": False},
    "fit_responders": lambda: {"answers": answers(), "n_types": 1, "start": None, "rng": None},
    "fit_strengths": lambda: {
        "answers": i.Comparisons(["a"] * 4, ["x", "y", "x", "y"], ["y", "x", "y", "x"]),
        "attributes": [[0.0], [1.0]],
        "attribute_names": ["size"],
        "policies": ["x", "y"],
    },
    "fit_split_types": lambda: {"table": table(), "space": None},
    "identification": lambda: {"menu": menu(), "choice_model": i.Logit(0.5), "tolerance": 0.01},
    "infer_groups": lambda: {
        "space": share_norms(shares=[0.0, 0.5], spreads=[0.1], slips=[0.0]), "log_likelihood": np.zeros((2, 2, 2)),
        "rng": rng(), "concentration": 1.0, "n_sweeps": 2, "n_warmup": 1},
    "infer_types": lambda: {
        "menu": menu(), "choices": [[0, 1], [1, 1]], "prior": [0.5, 0.5], "choice_model": i.Logit(0.5),
        "model_prior": [1.0], "users": ["ann", "bob"], "concentration": 1.0},
    "infer_types_from_log": lambda: {
        "log": open_log(), "menu": menu(), "out": FOLDER / "again.parquet", "prior": [0.5, 0.5],
        "choice_model": i.Logit(1.0), "n_at_once": 2, "progress": False},
    "infer_user_norms": lambda: {
        "played": played(), "rng": rng(), "n_epochs": 1, "concentration": 1.0,
        "space": share_norms(shares=[0.0, 0.5, 1.0], spreads=[0.1])},
    "information_front": lambda: {
        "problem": problem(), "temperature": 0.5, "information_weights": [0.0, 1.0], "rng": rng()},
    "learn_norm": lambda: {"table": table(), "assistant": None, "prior": "fair"},
    "load_estimates": lambda: {"path": saved("strengths.json")},
    "load_latent_types": lambda: {"path": saved("latent.json")},
    "load_latent_classes": lambda: {"path": saved("classes.json")},
    "load_multinomial_logit": lambda: {"path": saved("multinomial.json")},
    "load_mixed_logit": lambda: {"path": saved("mixed.json")},
    "load_nested_logit": lambda: {"path": saved("nested.json")},
    "fit_latent_classes": lambda: {
        "data": classes().data, "n_classes": 2, "shared": ["price"], "fixed": {"quality": [None, 0.0]},
        "membership": ["age"], "n_starts": 1, "rng": rng(), "progress": False},
    "LatentClasses.at": lambda: {"parameters": classes().parameters},
    "LatentClasses.assign": lambda: {"data": classes().data},
    "LatentClasses.class_shares": lambda: {"covariates": [[0.5]]},
    "LatentClasses.predict": lambda: {
        "attributes": np.zeros((1, 3, 2)), "available": [[True, True, False]], "probabilities": [0.5, 0.5]},
    "LatentClasses.screening_problem": lambda: {
        "price": "price", "goods": ["quality"], "outside": None, "cost": c.Quadratic()},
    "play": lambda: {
        "game": game(), "assistant": i.Assistant(), "n_runs": 1, "rng": rng(), "beliefs": False, "progress": False},
    "read_log": lambda: {
        "source": pd.DataFrame({"user": ["a", "b"], "menu": ["A", "A"], "option": [0, 1], "event": [1, 2]}),
        "options": {"A": 2}, "user": "user", "option": "option", "menu": "menu", "event": "event", "table": None,
        "outside_option": -1, "decimal": None, "strict": False, "memory": "1GB", "scratch": None, "progress": False},
    "sample_latent_types": lambda: {
        "data": data(), "n_types": 2, "rng": rng(), "n_draws": 5, "n_warmup": 20, "n_chains": 2, "concentration": 1.0,
        "spread": 10.0, "n_starts": 2, "progress": False},
    "simulate_choices": lambda: {
        "weights": [0.5, 0.5], "coefficients": [[1.0], [-1.0]], "attributes": [[[0.0], [1.0]]] * 2,
        "person": [0, 1], "rng": rng(), "available": [[True, True]] * 2, "names": ["quality"]},
    "share_norms": lambda: {
        "shares": [0.0, 0.5], "spreads": [0.1], "slips": [0.0], "keep": 0.8, "drift": 0.1, "tolerance": 0.25},
    "simulate_learning": lambda: {
        "problem": problem(), "temperature": 0.5, "n_rounds": 1, "n_users": 2, "n_runs": 1,
        "designers": ("random menus",), "concentration": 1.0, "prior": [0.5, 0.5], "rng": rng(), "progress": False},
    # inference.language.utilities
    "RecordedUtilityReader.load": lambda: {"path": saved("weighed.json")},
    **_methods("EndpointUtilityReader OfflineUtilityReader RecordedUtilityReader", "read", lambda: {
        "text": weighed().texts[0]}),
    "UtilityReading.agreement": lambda: {"posterior": posterior(), "types": [[2.0, 1.0], [1.0, 2.0]]},
    "UtilityReading.among": lambda: {"attributes": ["speed", "price"]},
    "UtilityReading.from_dict": lambda: {"record": weighed().to_dict()},
    "UtilityReading.interval": lambda: {"level": 0.8},
    "UtilityReading.position": lambda: {"attribute": "speed"},
    "UtilityReading.preference": lambda: {"first": "price", "second": "speed"},
    "UtilityReading.prior": lambda: {"types": [[2.0, 1.0], [1.0, 2.0]], "base": [0.5, 0.5], "by_text": True},
    "UtilityReading.screening_problem": lambda: {
        "policies": [[1.0, 0.0], [0.0, 1.0]], "weights": [1.0], "scale": 2.0, "level": 0.5, "veto_level": 0.5},
    "UtilityReading.stated": lambda: {"policies": [[1.0, 0.0], [0.0, 1.0]], "scale": 2.0, "scale_sd": 0.3},
    "UtilityReading.valuations": lambda: {"policies": [[1.0, 0.0], [0.0, 1.0]]},
    "agreement_of_norms": lambda: {
        "stated": stated(), "norms": i.elicit_norms(i.Comparisons(["0", "0"], ["0", "1"], ["1", "0"]))},
    "read_utilities": lambda: {"texts": ["Price first."], "attributes": NAMED, "reader": l.OfflineUtilityReader(NAMED)},
    "save_utility_readings": lambda: {"readings": [weighed()], "path": FOLDER / "weighed-out.json"},
    "screening_problem_from_texts": lambda: {
        "texts": {"a": "Price first.", "b": "Speed first."}, "attributes": NAMED, "policies": [[1.0, 0.0], [0.0, 1.0]],
        "weights": [0.5, 0.5], "scale": 2.0, "level": 0.5, "veto_level": 0.5,
        "reader": l.OfflineUtilityReader(NAMED)},
    "write_utilities": lambda: {"weights": {"price": 2.0, "speed": 1.0}},
    # inference.language
    "CostError": lambda: {"message": "no", "reply": "", "reached": ()},
    "EndpointError": lambda: {"message": "no", "reply": "", "reached": ()},
    "ReplyError": lambda: {"message": "no", "reply": "", "reached": ()},
    "LoopError": lambda: {"message": "no", "reached": transcript()},
    "UnreadablePolicyError": lambda: {"message": "no", "phrase": ""},
    "ChatEndpoint.ask": lambda: {
        "system": "Answer.", "user": "Hello", "schema": {"type": "object"}, "validate": lambda answer: answer,
        "temperature": 0.0},
    **_methods("EndpointMeta RecordedMeta WritingMeta", "revise", lambda: {
        "principles": ["Be fair."], "seen": list(transcript().rows)}),
    "EndpointReader.read_many": lambda: {"texts": [TEXT], "each": None},
    "PolicyReading.from_dict": lambda: {"record": reading().to_dict()},
    "PolicyReading.interval": lambda: {"level": 0.8},
    "RecordedReader.load": lambda: {"path": saved("readings.json")},
    "Transcript.mean_shares": lambda: {"kind": "user"},
    "calibrate": lambda: {"texts": [TEXT, "Keep everything."], "shares": [0.5, 0.0], "reader": l.OfflineReader()},
    "play_with_language": lambda: {
        "game": game(), "meta": l.WritingMeta(), "assistant": l.ReaderAssistant(), "priors": ("Be fair.",),
        "rng": rng(), "run_id": "0", "progress": False},
    "read_policies": lambda: {"texts": [TEXT]},
    "read_policy": lambda: {"text": TEXT},
    "replay_principles": lambda: {
        "offers": _recorded()[0], "principles": _recorded()[1], "assistant": l.ReaderAssistant()},
    "save_readings": lambda: {"readings": [reading()], "path": FOLDER / "readings-out.json"},
    "write_policy": lambda: {"parameters": 0.5},
    # inference.society
    "Cell.from_dict": lambda: {"record": cell().to_dict()},
    "Course.from_dict": lambda: {"record": course().to_dict()},
    "Society.from_dict": lambda: {"record": community().to_dict()},
    "Scenario.society": lambda: {"rng": rng(), "conflict": 0.5},
    "Signal.softmax": lambda: {"reward": signal().utilities},
    "Study.cell": lambda: {"scenario": "plain", "conflict": 1.0},
    "Truth.mean": lambda: {"values": np.zeros(truth().members.shape[:3])},
    "Truth.of": lambda: {"societies": list(asked().worlds)},
    "coherence": lambda: {
        "truth": truth(), "noiseless": offered(), "noisy": offered(), "type_of_group": np.arange(3),
        "temperature": 0.0},
    "communities": lambda: {
        "scenario": s.SCENARIOS[0], "conflict": 0.5, "replications": range(1), "seed": 1, "progress": lambda line: None},
    "community_input": lambda: {
        "society": community(), "rng": rng(), **few(), "rating_noise": 0.5, "pretended": None},
    "elicited": lambda: {
        "answers": told(), "weights": community().weights, "n_policies": 8, "type_of_group": (0, 1, 1)},
    "evaluate": lambda: {"truth": truth(), "offer": offered(), "type_of_group": np.arange(3), "temperature": 0.0},
    "full_information": lambda: {"truth": truth()},
    "judged": lambda: {"cells": list(study().cells), "seed": 1},
    "judged_over_time": lambda: {"courses": {1.0: course()}, "seed": 1},
    "load_society": lambda: {"path": saved("society.json")},
    "moral_machine_society": lambda: {
        "rng": rng(), "contrast": 1.0, "n_members": 4, "heterogeneity": 0.25, "points_per_logit": 10.0},
    "noisy_signal": lambda: {
        "worlds": list(asked().worlds), "told": list(asked().told), "eps": np.zeros((1, 4, 8)), "level": 0.1,
        "scenario": s.SCENARIOS[0]},
    "placement": lambda: {"asked": asked(), "noise": 0.0, "gap": 0.5},
    "Overoptimisation.of": lambda: {"what": "proxy", "mechanism": "menu", "noise": 0.2, "kind": "shrunk"},
    "Overoptimisation.missing": lambda: {"mechanism": "menu", "noise": 0.2, "kind": "shrunk"},
    "Promises.of": lambda: {"what": "worst", "noise": 0.2, "kind": "shrunk"},
    "front_promises": lambda: {"asked": asked(), "noises": [0.2], "gap": 0.5},
    "judged_along": lambda: {"cells": list(study().cells), "seed": 1},
    "overoptimisation": lambda: {"asked": asked(), "noises": [0.2], "budgets": [0.5, 1.0]},
    "provider_study": lambda: {
        "asked": asked(), "audits": [4], "value": 100.0, "effort_cost": [0.0, 1.0, 1.5, 2.0]},
    "shrunk": lambda: {"signal": signal()},
    "run_cell": lambda: {"asked": asked(), "scenario": s.SCENARIOS[0], "noises": (0.0,)},
    "run_course": lambda: {"conflict": 0.5, "n_societies": 1, "n_rounds": 2, "seed": 1, "drift": None},
    "societal_study": lambda: {
        "scale": scale(), "seed": 1, "out": FOLDER / "study", "n_workers": 1, "progress": lambda line: None},
    "run_grid": lambda: {
        "scale": scale(), "seed": 1, "folder": FOLDER / "study", "n_workers": 1, "progress": lambda line: None},
    "synthetic_society": lambda: {
        "rng": rng(), "conflict": 0.5, "weights": None, "n_groups": 3, "n_policies": 8, "n_attributes": 5,
        "n_members": 4, "heterogeneity": 0.25, "intensity": 1.0, "safety": 0.5, "temperature": 0.5},
}  # fmt: skip


def _rankings() -> pd.DataFrame:
    return pd.DataFrame({"group": ["a", "a"], "member": ["m", "m"], "policy": ["x", "y"], "rank": [1, 2]})


def _variable(shape: tuple[int, ...]) -> Any:
    import cvxpy as cp

    return cp.Variable(shape)


def _recorded() -> tuple[pd.DataFrame, pd.DataFrame]:
    offers = pd.DataFrame({"run_id": ["r"] * 2, "epoch": [0, 1], "proposer_kind": ["user", "assistant"],
                           "amount": [10, 10], "share": [0.5, 0.5], "principle_id": [0, 1],
                           "currency": ["apples"] * 2})  # fmt: skip
    return offers, pd.DataFrame({"principle_id": [0, 1], "principle": [TEXT, TEXT]})


def module_of(name: str) -> str:
    """The public module that a call belongs to: contracts, contracts.models, inference, ..."""
    first = name.split(".", maxsplit=1)[0]
    return next(module.__name__ for module in MODULES if first in public_names(module))


WITHOUT_ARGUMENTS = {"ContractError", "ProblemError", "DegenerateTypesError"}
