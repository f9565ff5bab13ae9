"""Beliefs about the users of a log that is larger than memory, written as they are computed.

Given the prior and the choice model, users are independent: their posteriors need one pass over the counts, some users
at a time, and the log evidence of the log is the sum over users.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from contracts.display.table import Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.files import replacing
from contracts.inputs.frozen import dataclass
from contracts.inputs.names import listed
from contracts.inputs.progress import reporter
from inference.choice.counts import ChoiceCounts, NamedChoiceSets, named_offers
from inference.choice.model import BestResponse, ChoiceModel, check_choice_model
from inference.logs.log import BATCH, ChoiceLog, UserCounts
from inference.logs.options import OUTSIDE_LABEL, Column, whole_number
from inference.logs.text import posteriors_table
from inference.types.posterior import TypePosterior, infer_types

Integers = NDArray[np.int64]
SCHEMA = "menuwright/posterior-file/1"
STEADY = BestResponse()


@checked
@dataclass(frozen=True, eq=False, repr=False)
class PosteriorFile(Tabular):
    """The posteriors of all users of a log, in a file.

    Attributes
    ----------
    path : Parquet, one row per user in the order of users: user, choices, probability[type] for each type,
        most_probable, entropy in nats
    labels : names of the types
    prior : (n_types,) probabilities before any choice
    expected_users : (n_types,) sum over users of the posterior; divided by `n_users`, one step of EM from the prior
    n_users, n_choices : users and choices in the log
    log_evidence : log probability of all choices before they were seen; compare choice models by it
    """

    path: Path
    labels: Sequence[str]
    prior: Array
    expected_users: Array
    n_users: int
    n_choices: int
    log_evidence: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version; the posteriors themselves stay in the file."""
        return {
            "schema": SCHEMA,
            "path": str(self.path),
            "labels": list(self.labels),
            "prior": self.prior.tolist(),
            "expected_users": self.expected_users.tolist(),
            "n_users": self.n_users,
            "n_choices": self.n_choices,
            "log_evidence": self.log_evidence,
        }

    def _table(self) -> Table:
        return posteriors_table(self)


@checked(own=("choice_model",))
def infer_types_from_log(
    log: ChoiceLog,
    menu: Any,
    out: str | Path,
    prior: Any = None,
    choice_model: ChoiceModel = STEADY,
    *,
    n_at_once: int = BATCH,
    progress: bool | Callable[[str], None] = False,
) -> PosteriorFile:
    """Write the posterior of the type of every user of a log to a Parquet file, `n_at_once` users at a time.

    Parameters
    ----------
    log : from `read_log`; its options are those of the menu, by number or in the menu's order
    menu : Menu or ChoiceSet; for a log of several menus a dict by the names that the log uses
    out : file to write, ending in .parquet; it appears when it is complete
    prior : (n_types,) probabilities; by default the weights of the (first) menu's problem
    choice_model : how agents choose, by default exact best responses
    progress : True to print a line per batch to standard error, or a function that takes the line

    Raises
    ------
    ProblemError
        If the log has other options than the menu, or if no type can have made a user's choices.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> from contracts import Quadratic, solve_menu
    >>> from inference import Logit, read_log
    >>> menu = solve_menu([1.0, 2.0], [0.75, 0.25], cost=Quadratic(), labels=("low", "high"))
    >>> frame = pd.DataFrame({"user": ["ann", "ann", "bob", "bob"], "option": [0, -1, 1, 1]})
    >>> with tempfile.TemporaryDirectory() as folder, read_log(frame, options=menu) as log:
    ...     found = infer_types_from_log(log, menu, f"{folder}/posteriors.parquet", choice_model=Logit(0.5))
    ...     posteriors = pd.read_parquet(found.path)
    >>> posteriors.round(3)[["user", "choices", "probability[high]", "most_probable"]]
      user  choices  probability[high] most_probable
    0  ann        2              0.068           low
    1  bob        2              0.983          high
    """
    target, tell = Path(out), reporter(progress)
    if target.suffix.lower() != ".parquet" or target.is_dir() or not target.parent.is_dir():
        raise ProblemError(f"out is {target}: name a .parquet file in a folder that exists")
    check_choice_model(choice_model, "choice_model")
    offers = named_offers(menu)
    order = _orders(log.columns, offers)
    first = next(iter(offers.values()))
    expected, n_users, evidence = np.zeros(first.n_types), 0, [0.0]
    nobody = infer_types(offers, ChoiceCounts(_empty(offers)), prior, choice_model)
    with replacing(target) as stream, ExitStack() as opened:
        writer = None
        for part in log.batches(n_at_once):
            posterior = infer_types(offers, _counts(part, order, offers), nobody.prior, choice_model)
            table = _table(posterior)
            writer = writer or opened.enter_context(_writer(stream, table.schema))
            writer.write_table(table)
            expected += posterior.probabilities.sum(axis=0)
            n_users += len(part.users)
            evidence.append(posterior.log_evidence)
            tell(f"posteriors of {n_users:,} users")
        if writer is None:
            opened.enter_context(_writer(stream, (table := _table(nobody)).schema)).write_table(table)
    return PosteriorFile(target, first.labels, nobody.prior, expected, n_users, log.rows_used, math.fsum(evidence))


def _orders(columns: Sequence[Column], offers: NamedChoiceSets) -> dict[str, list[tuple[int, int]]]:
    """Pairs (column of the log within its menu, option of the menu), by menu; the outside option is last."""
    of_menu: dict[str, list[str]] = {}
    for column in columns:
        of_menu.setdefault(column.menu, []).append(column.option)
    orders = {}
    for menu, labels in of_menu.items():
        if menu not in offers:
            known = listed(offers)
            raise ProblemError(f"the log has choices from menu {menu!r}; pass it in menu, which has {known}")
        n_options = offers[menu].n_options
        within = [label for label in labels if label != OUTSIDE_LABEL]
        numbers = [whole_number(label) for label in within]
        if all(number is not None for number in numbers):
            places = [number for number in numbers if number is not None]
        else:
            places = list(range(len(within))) if len(within) == n_options else [n_options]
        if any(not 0 <= place < n_options for place in places):
            where = f"menu {menu!r}" if menu else "the menu"
            raise ProblemError(f"the log has the options {', '.join(within)}; {where} has 0 to {n_options - 1}")
        place_of = dict(zip(within, places, strict=True)) | {OUTSIDE_LABEL: n_options}
        orders[menu] = [(k, place_of[label]) for k, label in enumerate(labels)]
    return orders


def _counts(part: UserCounts, order: dict[str, list[tuple[int, int]]], offers: NamedChoiceSets) -> ChoiceCounts:
    """The counts of a batch in the order of the menus' options."""
    counts = {}
    for menu, table in part.by_menu().items():
        columns, options = (list(side) for side in zip(*order[menu], strict=True))
        counts[menu] = np.zeros((len(table), offers[menu].n_options + 1), dtype=np.int64)
        counts[menu][:, options] = table[:, columns]
    users = part.users.astype(str) if part.users.dtype == object else part.users
    return ChoiceCounts(counts, users)


def _empty(offers: NamedChoiceSets) -> dict[str, Integers]:
    return {name: np.zeros((0, offer.n_options + 1), dtype=np.int64) for name, offer in offers.items()}


def _table(posterior: TypePosterior) -> Any:
    """The posteriors of a batch, as Arrow; columns as in `TypePosterior.to_frame`."""
    import pyarrow as pa

    probabilities = {f"probability[{label}]": posterior.probabilities[:, k] for k, label in enumerate(posterior.labels)}
    rest = {"most_probable": pa.array(posterior.map.tolist(), pa.string()), "entropy": posterior.entropy}
    return pa.table({"user": posterior.users, "choices": posterior.n_choices, **probabilities, **rest})


def _writer(stream: BinaryIO, schema: Any) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetWriter(stream, schema)
