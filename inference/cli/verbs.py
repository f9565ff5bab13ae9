"""The command line of both packages: the verbs of `contracts.cli.app`, and those that learn from choices."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from contracts.cli.app import app, main
from contracts.cli.commands import AsJson, answering, busy, check_writable, json_text, note
from contracts.cli.problem_files import SOURCES
from contracts.errors import ProblemError
from inference.cli.simulate import simulate
from inference.cli.words import read_utilities_command, said_in, types_from_words

if TYPE_CHECKING:
    from inference.choice.model import ChoiceModel

__all__ = ["app", "main"]
app.add_typer(simulate, name="simulate")
app.command(
    name="read-utilities",
    epilog='Example: contracts read-utilities "Privacy first, speed over price." --attributes privacy,speed,price',
)(read_utilities_command)
SOURCES["words"] = types_from_words


@app.command(epilog="Example: contracts infer menu.json choices.csv --temperature 2")
def infer(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="MENU.json... CHOICES",
            readable=False,
            help="Menus that `solve --out` saved, and last the choices: .csv or .parquet with the columns user and "
            "option, -1 for the outside option, and menu where there are several, called as their files without .json.",
        ),
    ],
    *,
    temperature: Annotated[
        list[float] | None,
        typer.Option(help="Agents choose by logit with this noise, money. Give several to infer which one is true."),
    ] = None,
    tremble: Annotated[float, typer.Option(help="Probability of a choice at random.")] = 0.0,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="POSTERIOR.json",
            help="Save the posterior here. With a name in .parquet the choices may exceed memory: files, folders or "
            "patterns of Parquet, CSV or gzipped CSV, or a database; rows that cannot be used are counted and shown.",
        ),
    ] = None,
    decimal: Annotated[
        str | None,
        typer.Option(metavar="MARK", help="What stands before decimals in text, . or , (with --out in .parquet)."),
    ] = None,
    next_problem: Annotated[
        Path | None,
        typer.Option("--next", metavar="PROBLEM.json", help="Write the menu's problem with the learned weights here."),
    ] = None,
    intervals: Annotated[
        bool, typer.Option("--intervals", help="Draw the population's weights, for their 95 % credible intervals.")
    ] = False,
    misfit: Annotated[bool, typer.Option("--misfit", help="Test which users no type explains.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of these draws and of that test's simulations.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Learn from choices who is of which type, and how common the types are."""
    with answering(as_json=as_json) as answer:
        import numpy as np

        from contracts.menu.files import load_menu
        from contracts.problem.records import to_record, write_document
        from inference.logs.sources import files_of
        from inference.types.posterior import infer_types

        if seed < 0:
            raise ProblemError(f"--seed is {seed}: give a whole number that is not negative")
        *menus, choices = files
        if not menus:
            raise ProblemError(f"{choices} is alone: name the menu file first, then the choices")
        large = out is not None and out.suffix.lower() == ".parquet"
        if large and (next_problem is not None or misfit or intervals):
            raise ProblemError(f"--out {out} holds users only: for --next, --misfit or --intervals save to .json")
        if decimal is not None and not large:
            raise ProblemError(f"--decimal {decimal} is about logs: give --out a name in .parquet, or leave it out")
        targets = (("--out", out, ".parquet" if large else ".json"), ("--next", next_problem, ".json"))
        check_writable(*targets, inputs=[*menus, *(files_of(choices) if large else [choices])])
        models = choice_models(temperature or [], tremble)
        offers = {path.stem: load_menu(path) for path in menus}
        if len(offers) < len(menus):
            raise ProblemError("two menu files have the same name: choices name menus by it, so rename one")
        first = next(iter(offers.values()))
        if out is not None and large:
            with busy(f"learning {first.problem.n_types} types from {choices}"):
                document, lines = _infer_from_log(first if len(offers) == 1 else offers, choices, models, out, decimal)
            note(f"saved {out}")
            answer.give(json_text(document) if as_json else "\n".join(lines))
            return
        with busy(f"learning {first.problem.n_types} types from {choices}"):
            posterior = infer_types(first if len(offers) == 1 else offers, choices, None, models)
            document = posterior.to_dict()
            lines = [str(posterior), "", str(posterior.population)]
            if intervals:
                draws = posterior.population.gibbs(rng=np.random.default_rng(seed))
                document["population"]["draws"] = {
                    "mean": draws.mean.tolist(),
                    "sd": draws.sd.tolist(),
                    "interval": draws.interval().tolist(),
                    "r_hat": draws.r_hat.tolist(),
                }
                lines += ["", str(draws)]
            if misfit:
                tested = posterior.misfit(rng=np.random.default_rng(seed))
                document["misfit"] = {
                    "p_value": tested.p_value.tolist(),
                    "adjusted": tested.adjusted.tolist(),
                    "draws": tested.n_draws,
                }
                lines += ["", str(tested)]
        following = to_record(posterior.screening_problem(first.problem))
        answer.give(
            json_text(document) if as_json else "\n".join(lines),
            ("saved", out, lambda path: write_document(path, document)),
            ("saved", next_problem, lambda path: write_document(path, following)),
        )


@app.command(name="read-policy", epilog='Example: contracts read-policy "be altruistic when making offers"')
def read_policy_command(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="The policy in words; - reads it from standard input.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Read from a policy in words what share it offers to the other, offline."""
    with answering(as_json=as_json) as answer:
        from inference.language import read_policy

        reading = read_policy(said_in(text))
        answer.give(json_text(reading.to_dict()) if as_json else str(reading))


def _infer_from_log(
    offers: Any, choices: Path, models: list[ChoiceModel], out: Path, decimal: Any
) -> tuple[dict[str, Any], list[str]]:
    """The posteriors of a log of any size, in a file: as JSON and as lines of text."""
    from inference.logs.log import read_log
    from inference.logs.posteriors import infer_types_from_log

    if len(models) > 1:
        raise ProblemError(f"{len(models)} temperatures and --out {out}: give one, and compare log evidence")
    try:
        opened = read_log(choices, options=offers, decimal=decimal)
    except ImportError as exc:
        raise ProblemError(str(exc)) from exc
    with opened as log:
        found = infer_types_from_log(log, offers, out, choice_model=models[0])
        return {**found.to_dict(), "log": log.to_dict()}, [str(log), "", str(found)]


def choice_models(temperatures: list[float], tremble: float) -> list[ChoiceModel]:
    """The choice models that the options describe: logit at every temperature, or best responses, with a tremble."""
    from inference.choice.model import BestResponse, Logit, Tremble

    steady: list[ChoiceModel] = [Logit(one) for one in temperatures] or [BestResponse()]
    return [Tremble(tremble, one) for one in steady] if tremble else steady
