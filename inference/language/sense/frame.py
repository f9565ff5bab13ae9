"""What is left of a text to read once its speech is understood: places that say nothing about a split are hidden."""

from __future__ import annotations

from typing import NamedTuple

from inference.language.arithmetic.division import divisions
from inference.language.arithmetic.voice import Voice, said, voice
from inference.language.sense.speech import in_present, is_opposed, names_called, questions, reports
from inference.language.sense.stances import Judgement, judgements
from inference.language.sense.topic import NO_WAY_OUT, foreign_clauses
from inference.language.text.amounts import Span, hidden
from inference.language.tokens.irony import IRONY
from inference.language.tokens.spelling import lowered


class Frame(NamedTuple):
    """A text as it is to be read.

    `said` is the text, of the same length, without what addresses or describes somebody and without what is about
    something else; `judged` are its clauses that judge a stance; `opposed` says that the opposite of it is to be done.
    """

    said: str
    judged: tuple[Judgement, ...]
    opposed: Span | None
    how: Voice
    hides: tuple[Span, ...]


def framed(text: str, known: frozenset[str]) -> Frame:
    """The frame of a text, for a reader that knows these words.

    Examples
    --------
    >>> framed("You greedy pig, I share the cake but not my secrets?", frozenset()).said.strip()
    ', I share the cake but not my secrets?'
    """
    line = lowered(text)
    how = voice(said(line))
    hides = names_called(line)
    if IRONY.search(line):
        hides.append((0, len(line)))
    line = hidden(line, hides, " ")
    asked = list(questions(line))
    if len("".join(hidden(line, asked, " ").split())) > 1:
        hides += asked
    turn = is_opposed(line)
    opposed = None if turn is None else turn.span()
    if turn is not None:
        text = in_present(text)
        hides.append((turn.start(), len(text)))  # what follows repeats that it is the opposite
    else:
        hides += reports(line)
    line = hidden(line, hides, " ")
    shares = divisions(line)
    hides += foreign_clauses(line, known, [(one.start, one.end) for one in shares])
    line = hidden(line, hides, " ")
    limits = [one.start for one in shares if one.bounds is not None and NO_WAY_OUT.search(line, one.end)]
    judged = tuple(one for one in judgements(line, known) if not any(one.start <= k < one.end for k in limits))
    return Frame(hidden(text, hides, " "), judged, opposed, how, tuple(sorted(hides)))
