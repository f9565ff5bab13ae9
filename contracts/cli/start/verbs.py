"""The first steps: an example problem to change, and whether a problem file says what was meant."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.cli.commands import AsJson, ProblemFile, answering, check_writable, json_text
from contracts.errors import ProblemError


def new(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="screening, policies, auction, trade, pricing, hidden-action, sweep."),
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="PROBLEM.toml", help="Where to write it; by default KIND.toml.")
    ] = None,
) -> None:
    """Write a commented example problem of a kind, to be changed."""
    with answering(as_json=False) as answer:
        from contracts.cli.start.templates import SWEEP, TEMPLATES
        from contracts.inputs.files import write_text

        texts = {**TEMPLATES, "sweep": SWEEP}
        if kind not in texts:
            raise ProblemError(f"KIND is {kind!r}: the kinds are {', '.join(texts)}")
        path = Path(f"{kind}.toml") if file is None else file
        check_writable(("PROBLEM.toml", path, ".toml"), inputs=[])
        if path.exists():
            raise ProblemError(f"{path} exists, and may be somebody's work: name another file")
        write_text(path, texts[kind])
        steps = ("sweep --dry-run", "sweep") if kind == "sweep" else ("validate", "solve")
        answer.give(f"{path}: change it, then " + ", then ".join(f"contracts {step} {path}" for step in steps))


def validate(problem: ProblemFile, *, as_json: AsJson = False) -> None:
    """Say what a problem file was understood to mean, without solving it; exit code 2 if it means nothing."""
    with answering(as_json=as_json) as answer:
        from contracts.cli.reading import read_any
        from contracts.display.table import Column, Table, names

        understood = _understood(read_any(problem))
        columns = names("what", list(understood)), Column("understood", list(understood.values()), str, left=True)
        answer.give(
            json_text(understood) if as_json else str(Table(columns, f"{problem.name} describes a problem", []))
        )


def _understood(problem: Any) -> dict[str, str]:
    """What a problem holds, in words."""
    from contracts.agency.problem import MoralHazardProblem
    from contracts.mechanisms.auctions.problem import AuctionProblem
    from contracts.mechanisms.problem import MechanismProblem
    from contracts.mechanisms.reduced.goods_problem import AdditiveAuctionProblem
    from contracts.mechanisms.reduced.problem import SymmetricAuctionProblem

    if isinstance(problem, AdditiveAuctionProblem):
        return {
            "problem": "an auction of several goods",
            "bidders": str(problem.n_bidders),
            "types": str(problem.n_types),
            "goods": _some(problem.goods),
        }
    if isinstance(problem, SymmetricAuctionProblem):
        return {
            "problem": "an auction for bidders who are alike",
            "bidders": str(problem.n_bidders),
            "types": str(problem.n_types),
            "groups": _some(list(dict.fromkeys(problem.groups))),
            "constraints": _some([row.name for row in problem.rows]) or "none",
        }
    if isinstance(problem, AuctionProblem):
        return {"problem": "an auction", "bidders": _some(problem.bidders), "types": _counts(problem.n_types)}
    if isinstance(problem, MechanismProblem):
        return {
            "problem": "several agents",
            "agents": _some(problem.agents),
            "types": _counts(problem.n_types),
            "alternatives": _some(problem.alternatives),
            "profiles": str(problem.n_profiles),
            "incentives": problem.incentives,
            "participation": problem.participation or "none",
            "budget": problem.budget,
        }

    if isinstance(problem, MoralHazardProblem):
        return {
            "problem": "hidden action",
            "actions": _some(problem.actions),
            "outcomes": _some(problem.outcomes),
            "utility": _plain(problem.utility),
            "wages": f"from {problem.lowest_wage.min():g} to {problem.highest_wage.max():g}",
            "reservation utility": f"{problem.reservation_utility:g}",
        }
    from contracts.solve import suitable_method

    money = "none" if problem.transfers == "none" else "free" if problem.transfers == "free" else "limited"
    reserved = problem.reservation_utility
    said = {
        "problem": "hidden types",
        "types": _some(problem.labels),
        "goods": _some(problem.goods),
        "cost": _plain(problem.cost),
        "domain": _plain(problem.domain),
        "objective": _plain(problem.objective),
        "transfers": money,
        "participation": problem.participation,
        "reservation utility": f"{reserved.min():g}"
        if reserved.min() == reserved.max()
        else f"{reserved.min():g} to {reserved.max():g}",
        "constraints": str(len(problem.constraints)),
    }
    for key in ("ambiguity", "uncertainty"):
        if getattr(problem, key) is not None:
            said[key] = _plain(getattr(problem, key))
    return {**said, "engine": suitable_method(problem)}


def _plain(value: Any) -> str:
    """A cost, a domain or the like as one would write it: arrays as lists, what is not set left out."""
    if hasattr(value, "tolist"):
        return str(value.tolist())
    if not is_dataclass(value):
        return repr(value)
    given = {field.name: getattr(value, field.name) for field in fields(value) if field.repr}
    said = ", ".join(f"{name}={_plain(entry)}" for name, entry in given.items() if entry is not None)
    return f"{type(value).__name__}({said})"


def _counts(numbers: Any) -> str:
    return ", ".join(map(str, numbers))


def _some(names: Any) -> str:
    from contracts.inputs.names import listed

    names = [str(name) for name in names]
    return f"{len(names)}: {listed(names)}"
