"""Which attribute a word speaks about: by name, by synonym, by light stem, by its opposite."""

from __future__ import annotations

import functools
import itertools
import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from contracts.errors import ProblemError
from contracts.inputs.annotations import listed
from contracts.inputs.frozen import dataclass
from inference.language.tokens.spelling import lowered
from inference.language.utilities.grammar.thesaurus import BURDENS, COMMON_WORDS, GROUPS

LONGEST_TERM = 4  # words
MOST_ATTRIBUTES = 30
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
LONGEST_SYNONYM = 3  # words of a description up to which it is a synonym as a whole
STOP = frozenset(
    [
        "a",
        "an",
        "the",
        "to",
        "of",
        "in",
        "on",
        "for",
        "and",
        "or",
        "with",
        "by",
        "at",
        "from",
        "as",
        "is",
        "are",
        "be",
        "it",
        "its",
        "itself",
        "his",
        "her",
        "their",
        "that",
        "which",
        "who",
    ]
)
STEMS = (  # suffix, what stands in its place, letters that must be left
    ("fulness", "ful", 2), ("iveness", "iv", 2), ("ability", "abl", 2), ("ibility", "ibl", 2), ("ably", "abl", 2),
    ("able", "abl", 2), ("ible", "ibl", 2), ("iency", "i", 3), ("ient", "i", 3), ("ency", "", 5), ("ence", "", 5), ("ent", "", 5),
    ("acy", "a", 3), ("ate", "a", 4), ("ness", "", 3), ("ity", "", 5), ("ety", "", 3), ("ily", "", 4), ("ly", "", 3),
    ("ies", "", 3), ("ing", "", 4), ("es", "", 4), ("ed", "", 4), ("s", "", 3), ("y", "", 3), ("e", "", 2),
)  # fmt: skip
OPPOSITE = re.compile(r"^(?:un|in|im|ir|dis)(?=\w{4})|(?<=\w{4})less(?:ness)?$")


class Mention(NamedTuple):
    """An attribute, whether its opposite was named, whether as a burden, and how many words name it."""

    attribute: int
    opposite: bool
    burden: bool
    n_words: int


@dataclass(frozen=True, eq=False)
class Attributes:
    """The attributes that a reader looks for.

    Attributes
    ----------
    names : in the user's spelling
    terms : stems of the words of a term -> attribute, and whether it names the opposite
    exact : words that count although they are common, because they are names
    """

    names: tuple[str, ...]
    terms: dict[tuple[str, ...], tuple[int, bool]]
    exact: frozenset[str]

    def mention(self, words: Sequence[str]) -> Mention | None:
        """The longest mention that begins with the first of these words, in lower case."""
        for n in range(min(LONGEST_TERM, len(words)), 0, -1):
            if n == 1 and words[0] in COMMON_WORDS and words[0] not in self.exact:
                return None
            for turned, key in _keys(words[:n]):
                if key in self.terms:
                    attribute, opposite = self.terms[key]
                    return Mention(attribute, opposite != turned, _is_burden(words[n - 1]), n)
        return None


def _is_burden(word: str) -> bool:
    """Whether more of it is the worse, one or many: price, prices, taxes."""
    return not BURDENS.isdisjoint((word, word.removesuffix("s"), word.removesuffix("es")))


def _keys(words: Sequence[str]) -> list[tuple[bool, tuple[str, ...]]]:
    """Ways to look a phrase up: its stems, as a comparative or superlative, without a negative prefix."""
    stems = tuple(map(stem, words))
    keys = [(False, tuple(words)), (False, stems)]
    if len(words) == 1:
        word = words[0]
        for suffix in ("er", "est"):
            if word.endswith(suffix) and len(word) > len(suffix) + 2:
                keys.append((False, (stem(word[: -len(suffix)]),)))
                keys.append((False, (stem(re.sub(r"(.)\1?i?$", r"\1", word[: -len(suffix)])),)))
        bare = OPPOSITE.sub("", word)
        if bare != word:
            keys.append((True, (stem(bare),)))
    return keys


@functools.lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """A word without the endings that make nouns of adjectives and the other way round.

    Examples
    --------
    >>> [stem(word) for word in ("helpful", "helpfulness", "reliability", "reliable", "private", "privacy", "tasty")]
    ['helpful', 'helpful', 'reliabl', 'reliabl', 'priva', 'priva', 'tast']
    """
    word = word.removesuffix("'s").removesuffix("'")
    for suffix, instead, least in STEMS:
        plural = suffix in ("s", "es") and word.endswith("ss")  # which is none
        if word.endswith(suffix) and len(word) - len(suffix) >= least and not plural:
            word = word[: len(word) - len(suffix)] + instead
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def words_of(text: str) -> list[str]:
    """Words in lower case."""
    return WORD.findall(lowered(text).replace("_", " "))


@functools.cache
def _groups() -> list[tuple[list[tuple[str, ...]], list[tuple[str, ...]]]]:
    """Terms of common attributes and of their opposites, as stems."""
    found = []
    for line in GROUPS.strip().splitlines():
        good, _, bad = line.replace("'", "\\'").partition("|")
        kind = [tuple(map(stem, words_of(one))) for one in shlex.split(good)]
        spelled = [tuple(words_of(one)) for one in shlex.split(bad)]  # costly is not cost, whatever their stems
        found.append((kind, spelled + [one for term in spelled if (one := tuple(map(stem, term))) not in kind]))
    return found


def attributes_of(given: Any) -> Attributes:
    """The attributes of a mapping from names to a description, synonyms or nothing; or a list of names.

    A description of up to three words is a synonym; of a longer one pairs of neighbouring words are.

    Raises
    ------
    ProblemError
        If there are fewer than two, a name repeats or has no letters, or two attributes share a synonym.
    """
    if isinstance(given, Attributes):
        return given
    described = {str(name): given[name] for name in given} if isinstance(given, Mapping) else _named(given)
    names = tuple(described)
    if not 2 <= len(names) <= MOST_ATTRIBUTES:
        raise ProblemError(
            f"attributes has {len(names)} names: weights are relative, so name two to {MOST_ATTRIBUTES} of them"
        )
    own = [_own_terms(name, described[name]) for name in names]
    terms: dict[tuple[str, ...], tuple[int, bool]] = {}
    for k, mine in enumerate(own):
        for term in mine:
            if terms.setdefault(term, (k, False))[0] != k:
                raise ProblemError(
                    f"attributes {names[terms[term][0]]!r} and {names[k]!r} share the word {' '.join(term)!r}: texts "
                    "could not tell them apart, so give one of them other synonyms"
                )
    claims: dict[tuple[str, ...], set[tuple[int, bool]]] = {}
    for k in range(len(names)):
        for term, opposite in _shared_terms(own[k]):
            claims.setdefault(term, set()).add((k, opposite))
    for term, whose in claims.items():
        if len(whose) == 1:
            terms.setdefault(term, next(iter(whose)))
    exact = {word for name in names for word in words_of(name)}
    exact |= {
        word
        for name in names
        for one in _synonyms(described[name])
        for word in words_of(one)
        if len(words_of(one)) == 1
    }
    return Attributes(names, terms, frozenset(exact))


def _named(given: Any) -> dict[str, None]:
    names = (
        [str(one) for one in listed("attributes", given)]
        if not isinstance(given, str)
        else [one.strip() for one in given.split(",")]
    )
    if len(set(names)) < len(names):
        raise ProblemError(f"attributes repeats {next(one for one in names if names.count(one) > 1)!r}: name each once")
    return dict.fromkeys(names)


def _synonyms(described: Any) -> list[str]:
    if described is None:
        return []
    if isinstance(described, str):
        return [described]
    found = list(described) if isinstance(described, list | tuple) else None
    if found is None or not all(isinstance(one, str) for one in found):
        raise ProblemError(f"attributes holds {described!r}: describe each in words, or give a list of synonyms")
    return found


def _own_terms(name: str, described: Any) -> set[tuple[str, ...]]:
    """Terms that belong to this attribute because the user says so."""
    title = words_of(name)
    if not title:
        raise ProblemError(f"attributes holds the name {name!r}: give it letters, as texts would name it")
    terms = {tuple(map(stem, title[:LONGEST_TERM]))}
    if len(title) > 1:
        terms |= {(stem(one),) for one in title if len(one) > 4 and one not in COMMON_WORDS}
    for synonym in _synonyms(described):
        for piece in re.split(r"[,;]", synonym):
            words = [one for one in words_of(piece) if one not in STOP]
            if 0 < len(words) <= LONGEST_SYNONYM and (len(words) < LONGEST_SYNONYM or not isinstance(described, str)):
                terms.add(tuple(map(stem, words)))
            else:
                terms |= {
                    (stem(a), stem(b))
                    for a, b in itertools.pairwise(words)
                    if f"{a} {b}" in piece.lower() and not {a, b} <= COMMON_WORDS
                }
    return terms


def _shared_terms(own: set[tuple[str, ...]]) -> list[tuple[tuple[str, ...], bool]]:
    """Terms of the common attributes that this one is."""
    found = []
    for good, bad in _groups():
        if own & set(good[:1]) or (
            own & set(good) and not own & {one for others, _ in _groups() for one in others[:1]}
        ):
            found += [(term, False) for term in good] + [(term, True) for term in bad]
    return found
