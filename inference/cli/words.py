"""What groups say in words: a verb that reads it, and a table of problem files that does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from contracts.cli.commands import AsJson, answering, json_text
from contracts.errors import ProblemError
from contracts.inputs.documents import parse_json
from contracts.inputs.files import read_text
from contracts.inputs.names import check_keys

KEYS = ("texts", "attributes", "policies", "scale", "level", "confidence", "veto_level", "readings")


def read_utilities_command(
    texts: Annotated[
        list[str], typer.Argument(metavar="TEXT...", help="What somebody values; - reads one from standard input.")
    ],
    *,
    attributes: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME,...|FILE.json",
            help='Names, or a JSON file {"name": "description", ["synonym", ...] or null}. More is better.',
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Read from texts how much each attribute matters to their writers, offline."""
    with answering(as_json=as_json) as answer:
        from inference.language.utilities.offline import read_utilities

        named: Any = attributes.split(",")
        if attributes.endswith(".json"):
            try:
                named = parse_json(read_text(Path(attributes)))
            except ValueError as exc:
                raise ProblemError(f"{attributes} is no JSON ({exc}): write an object of names") from exc
        else:
            named = [one.strip() for one in named]
        reading = read_utilities([said_in(text) for text in texts], named)
        answer.give(json_text(reading.to_dict()) if as_json else str(reading))


def said_in(text: str) -> str:
    """The words of an argument; - stands for standard input, and the name of a file is no text."""
    if text == "-":
        return sys.stdin.read()
    if " " not in text and Path(text).is_file():
        raise ProblemError(f"{text} is a file: give the words themselves, or - and the file on standard input")
    return text


def types_from_words(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The fields of a problem that `[types.words]` stands for: groups, their valuations, and how vague they are."""
    from inference.language.utilities.offline import read_utilities
    from inference.language.utilities.policies import policy_table
    from inference.language.utilities.recorded import RecordedUtilityReader

    check_keys(table, KEYS, "types.words", needed=("texts", "attributes"))
    if not isinstance(table["texts"], dict):
        raise ProblemError("types.words.texts is no table: give groups with a text, or a list of texts, each")
    reader = RecordedUtilityReader.load(folder / str(table["readings"])) if "readings" in table else None
    reading = read_utilities(table["texts"], table["attributes"], reader=reader)
    problem = reading.screening_problem(
        table.get("policies"),
        scale=table.get("scale", 1.0),
        veto_level=table.get("veto_level"),
        **{name: table[name] for name in ("level", "confidence") if name in table},
    )
    fields: dict[str, Any] = {"valuations": problem.valuations, "labels": list(problem.labels)}
    goods = (
        tuple(reading.attributes)
        if "policies" not in table
        else policy_table(table["policies"], reading.attributes).names
    )
    if goods is not None:
        fields["goods"] = list(goods)
    if problem.constraints:
        fields["constraints"] = [
            {"name": row.name, "allocation": row.allocation.tolist()}
            | {end: getattr(row, end) for end in ("lower", "upper") if getattr(row, end) is not None}
            for row in problem.rows
        ]
    if problem.uncertainty is not None:
        fields["uncertainty"] = {"kind": "ellipsoid", "factors": problem.uncertainty.factors.tolist()}  # type: ignore[attr-defined]
    return fields
