"""What was read from texts: how much each attribute weighs, how sure that is, and the words it comes from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from scipy.special import ndtr

from contracts.display.table import Table, Tabular
from contracts.errors import ProblemError
from contracts.inputs.arrays import Array, finite, yes_or_no
from contracts.inputs.door import checked, renamed
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import one_of
from inference.language.utilities.posterior import shares

if TYPE_CHECKING:
    from contracts.problem.screening import ScreeningProblem
    from inference.language.utilities.beliefs import Agreement
    from inference.norms.stated import Stated
    from inference.types.posterior import TypePosterior

SCHEMA = "menuwright/utility-reading/1"
KINDS = (
    "more", "ratio", "order", "first", "last", "high", "plain", "lesser", "low", "zero", "dislike", "veto", "floor",
    "ceiling", "need", "weight",
)  # fmt: skip


@checked
@dataclass(frozen=True)
class Statement:
    """A phrase of a text, in its own spelling, and what was read from it.

    Attributes
    ----------
    phrase : as it stands in the text
    kind : more, ratio, order, first, last, high, plain, lesser, low, zero, dislike; veto (a line that is not crossed),
        floor and ceiling (with a level), need (a threshold without a number); weight, if a model said a number
    attributes : their names
    says : the reader's own words
    level : of a floor or ceiling, in the unit of the text, percentages as shares; nan for other kinds

    Examples
    --------
    >>> from inference import read_utilities
    >>> reading = read_utilities(["Price matters twice as much as speed."], ["price", "speed"])
    >>> [(one.kind, one.attributes, one.phrase) for one in reading.statements[0]]
    [('ratio', ('price', 'speed'), 'Price matters twice as much as speed')]
    """

    phrase: str
    kind: str
    attributes: tuple[str, ...]
    says: str
    level: float = float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON."""
        record: dict[str, Any] = {
            "phrase": self.phrase,
            "kind": self.kind,
            "attributes": list(self.attributes),
            "says": self.says,
        }
        return record if np.isnan(self.level) else {**record, "level": self.level}


@checked
@dataclass(frozen=True, eq=False, repr=False)
class UtilityReading(Tabular):
    """Weights of attributes that texts speak of, one row per text, with uncertainty, evidence and abstentions.

    Log weights are normal: weight a of a text is signs[a] exp(z_a) / sum_b exp(z_b), so that the sizes of the weights
    of a text sum to 1. Attributes are taken as good, more is better, unless the text says that it does not want one.
    An attribute of which a text says nothing keeps the prior, z_a ~ N(0, 0.8^2), and its abstention is marked: what is
    known of its weight then follows from the others alone.

    Attributes
    ----------
    labels : (n_texts,) names of the texts, or of the groups whose members wrote them
    texts : (n_texts,)
    attributes : (n_attributes,) names
    log_mean : (n_texts, n_attributes)
    log_covariance : (n_texts, n_attributes, n_attributes)
    signs : (n_texts, n_attributes), -1 where more of an attribute is unwanted
    read : (n_texts, n_attributes), whether a text says something of an attribute's weight
    statements : by text, the phrases that were read
    unread : by text, phrases that mention an attribute and were not read
    reader : which reader it was
    """

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    attributes: tuple[str, ...]
    log_mean: Array
    log_covariance: Array
    signs: Array
    read: Any
    statements: tuple[tuple[Statement, ...], ...]
    unread: tuple[tuple[str, ...], ...]
    reader: str = "offline"

    def __post_init__(self) -> None:
        n, k = len(self.texts), len(self.attributes)
        shapes = {"log_mean": (n, k), "log_covariance": (n, k, k), "signs": (n, k), "read": (n, k)}
        for name, shape in shapes.items():
            given = getattr(self, name)
            value = yes_or_no(name, given) if name == "read" else finite(name, given)
            if value.shape != shape:
                raise ProblemError(f"{name} of a reading has shape {value.shape}; expected {shape}")
            object.__setattr__(self, name, value)
        if not n == len(self.labels) == len(self.statements) == len(self.unread):
            raise ProblemError(f"a reading of {n} texts needs a label, statements and unread phrases for each")

    # ---- how much attributes weigh ----

    @cached_property
    def _weights(self) -> list[Array]:
        return [shares(*one) for one in zip(self.log_mean, self.log_covariance, self.signs, strict=True)]

    @cached_property
    def weights(self) -> Array:
        """Expected weights, (n_texts, n_attributes); their sizes sum to 1."""
        return np.array([points.mean(axis=0) for points in self._weights]).reshape(self.log_mean.shape)

    @cached_property
    def covariance(self) -> Array:
        """Of the weights of each text, (n_texts, n_attributes, n_attributes)."""
        k = len(self.attributes)
        return np.array([np.cov(points.T, bias=True) for points in self._weights]).reshape(-1, k, k)

    @property
    def standard_deviations(self) -> Array:
        """Of the weights, (n_texts, n_attributes)."""
        return np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2))

    def interval(self, level: float = 0.9) -> Array:
        """Central credible intervals of the weights, (n_texts, n_attributes, 2)."""
        if not 0 < level < 1:
            raise ProblemError(f"level is {level}: give a probability between 0 and 1, 0.9 say")
        ends = [(1 - level) / 2, (1 + level) / 2]
        return np.array([np.quantile(points, ends, axis=0).T for points in self._weights])

    @property
    def abstained(self) -> Any:
        """Where a text says nothing of the weight of an attribute; (n_texts, n_attributes) of truth values."""
        return ~self.read

    def preference(self, first: str, second: str) -> Array:
        """Probability, by text, that the first attribute weighs more than the second; (n_texts,).

        Examples
        --------
        >>> from inference.language.utilities.offline import read_utilities
        >>> read_utilities("Price matters more than speed.", ["price", "speed"]).preference("price", "speed").round(2)
        array([0.87])
        """
        i, j = self.position(first), self.position(second)
        gap = self.log_mean[:, i] - self.log_mean[:, j]
        c = self.log_covariance
        spread = np.sqrt(np.maximum(c[:, i, i] + c[:, j, j] - 2 * c[:, i, j], 1e-300))
        by_size = ndtr(gap / spread) if i != j else np.full(len(self.texts), 0.5)
        above = self.signs[:, i] > self.signs[:, j]
        return np.where(
            self.signs[:, i] == self.signs[:, j], np.where(self.signs[:, i] > 0, by_size, 1 - by_size), above
        )

    def among(self, attributes: Sequence[str]) -> UtilityReading:
        """The reading of some attributes alone: weights are then shares among these."""
        chosen = [self.position(one) for one in attributes]
        grid = np.ix_(range(len(self.texts)), chosen)
        kept = tuple(tuple(one for one in own if set(one.attributes) & set(attributes)) for own in self.statements)
        return UtilityReading(
            self.labels, self.texts, tuple(attributes), self.log_mean[grid],
            self.log_covariance[np.ix_(range(len(self.texts)), chosen, chosen)], self.signs[grid], self.read[grid],
            kept, self.unread, self.reader,
        )  # fmt: skip

    # ---- lines that are not crossed ----

    @property
    def vetoes(self) -> tuple[tuple[str, ...], ...]:
        """By text, attributes that it does not give up."""
        return tuple(
            tuple(dict.fromkeys(a for one in own if one.kind == "veto" for a in one.attributes))
            for own in self.statements
        )

    @property
    def floors(self) -> tuple[dict[str, float], ...]:
        """By text, the least level of attributes; nan where it asks for them without a number."""
        found = []
        for own in self.statements:
            levels: dict[str, float] = {}
            for one in own:
                if one.kind in ("floor", "need"):
                    levels |= {a: one.level for a in one.attributes if one.kind == "floor" or a not in levels}
            found.append(levels)
        return tuple(found)

    @property
    def ordering(self) -> tuple[tuple[str, ...], ...]:
        """By text, the attributes that it speaks of, heaviest first by their expected weights."""
        return tuple(
            tuple(self.attributes[k] for k in np.argsort(-row, kind="stable") if read[k])
            for row, read in zip(self.weights, self.read, strict=True)
        )

    # ---- what follows for policies and menus; see `policies` ----

    def valuations(self, policies: Any) -> Array:
        """Expected utilities of policies, (n_texts, n_policies): weights times attributes.

        Parameters
        ----------
        policies : (n_policies, n_attributes) array, a frame with the attributes as columns, or a mapping from names
            of policies to {attribute: level}; levels oriented so that more is better, each on a scale of its own that
            the weights are about (0 worst, 1 best, say)
        """
        from inference.language.utilities.policies import policy_table

        return np.asarray(self.weights @ policy_table(policies, self.attributes).levels.T)

    def prior(self, types: Any, base: Any = None, *, by_text: bool = False) -> Array:
        """Prior of `infer_types`: how probable known types are for a user who wrote one of these texts; (n_types,).

        A type is as probable as it is common, times how likely these words are for somebody of its weights; of
        attributes that they do not speak of, they say nothing about types. Several texts give the mean of their
        priors: a user drawn at random from their writers.

        Parameters
        ----------
        types : (n_types, n_attributes) array of weights, of any scale, or a problem or menu whose goods are the
            attributes in this order
        base : (n_types,) how common types are; by default the problem's weights, else equal
        by_text : one row per text, (n_texts, n_types), for users who wrote one each: `TypePosterior.with_prior`
        """
        from inference.language.utilities.beliefs import priors_of_types

        found = priors_of_types(self, types, base)
        return found if by_text else np.asarray(found.mean(axis=0))

    def agreement(self, posterior: TypePosterior, types: Any) -> Agreement:
        """Whether what users chose fits these words; `posterior` is that of `infer_types`, under any prior.

        Parameters
        ----------
        posterior : of users who wrote these texts; one text is everybody's, several are one per user
        types : as for `prior`, in the order of the posterior
        """
        from inference.language.utilities.beliefs import agreement_of_types

        return agreement_of_types(self, posterior, types)

    def stated(self, policies: Any, *, scale: float, scale_sd: float = 0.5) -> Stated:
        """Prior of `elicit_norms`, one group per text: utilities of policies, in logits.

        Words say how attributes compare and not how decided a group is; that is `scale`.

        Parameters
        ----------
        policies : as for `valuations`
        scale : logits between a policy that is best in everything (1) and one that is worst (0)
        scale_sd : standard deviation of its logarithm
        """
        from inference.language.utilities.beliefs import stated_norms

        return stated_norms(self, policies, scale, scale_sd)

    @renamed(confidence="level")
    def screening_problem(
        self,
        policies: Any = None,
        *,
        weights: Any = None,
        scale: float = 1.0,
        level: float = 0.8,
        veto_level: float | None = None,
        **design: Any,
    ) -> ScreeningProblem:
        """One group per text as types of one problem, as `screening_problem_from_texts` makes it."""
        from inference.language.utilities.policies import problem_of_reading

        return problem_of_reading(self, policies, weights, scale, level, veto_level, design)

    # ---- texts and names ----

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, text: int | str) -> UtilityReading:
        """The reading of one text, by number or label."""
        if isinstance(text, str) and text not in self.labels:
            raise ProblemError(f"{text!r} is not among the texts: {', '.join(self.labels)}")
        k = self.labels.index(text) if isinstance(text, str) else range(len(self))[text]
        rows = slice(k, k + 1)
        return UtilityReading(
            self.labels[rows], self.texts[rows], self.attributes, self.log_mean[rows], self.log_covariance[rows],
            self.signs[rows], self.read[rows], self.statements[rows], self.unread[rows], self.reader,
        )  # fmt: skip

    def __iter__(self) -> Iterator[UtilityReading]:
        return (self[k] for k in range(len(self)))

    def position(self, attribute: str) -> int:
        """Position of an attribute."""
        return one_of("attribute", attribute, self.attributes, "attributes")

    # ---- showing and keeping it ----

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON with a schema version."""
        return {
            "schema": SCHEMA,
            "reader": self.reader,
            "attributes": list(self.attributes),
            "texts": [
                {
                    "label": self.labels[k],
                    "text": self.texts[k],
                    "weights": dict(zip(self.attributes, self.weights[k].tolist(), strict=True)),
                    "sd": dict(zip(self.attributes, self.standard_deviations[k].tolist(), strict=True)),
                    "abstained": [a for a, one in zip(self.attributes, self.read[k], strict=True) if not one],
                    "vetoes": list(self.vetoes[k]),
                    "log_mean": self.log_mean[k].tolist(),
                    "log_covariance": self.log_covariance[k].tolist(),
                    "signs": self.signs[k].tolist(),
                    "statements": [one.to_dict() for one in self.statements[k]],
                    "unread": list(self.unread[k]),
                }
                for k in range(len(self))
            ],
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> UtilityReading:
        """The reading that `to_dict` wrote."""
        if record.get("schema") != SCHEMA:
            raise ProblemError(
                f"a reading has the schema {SCHEMA!r}, not {record.get('schema')!r}: write it by to_dict"
            )
        try:
            return cls._of_record(record)
        except (KeyError, TypeError, AttributeError) as exc:
            raise ProblemError(
                f"a reading lacks a part or holds something else ({exc!r}): write it by to_dict"
            ) from exc

    @classmethod
    def _of_record(cls, record: dict[str, Any]) -> UtilityReading:
        texts, attributes = record["texts"], tuple(record["attributes"])
        log_mean, log_covariance, signs = (
            np.array([one[name] for one in texts]) for name in ("log_mean", "log_covariance", "signs")
        )
        return cls(
            tuple(one["label"] for one in texts),
            tuple(one["text"] for one in texts),
            attributes,
            log_mean,
            log_covariance,
            signs,
            np.array([[a not in one["abstained"] for a in attributes] for one in texts]),
            tuple(tuple(_statement(s) for s in one["statements"]) for one in texts),
            tuple(tuple(one["unread"]) for one in texts),
            record["reader"],
        )

    def _table(self) -> Table:
        from inference.language.utilities.tables import reading_table

        return reading_table(self)


def _statement(record: dict[str, Any]) -> Statement:
    level = record.get("level", float("nan"))
    return Statement(record["phrase"], record["kind"], tuple(record["attributes"]), record["says"], level)


@runtime_checkable
class UtilityReader(Protocol):
    """Anything that reads utilities."""

    def read(self, text: str) -> UtilityReading:
        """The reading of one text; one that says nothing abstains from every attribute."""
        ...
