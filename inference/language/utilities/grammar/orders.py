"""Lists by priority, what comes first, what comes last, what alone matters."""

from __future__ import annotations

import re
from itertools import pairwise

from inference.language.utilities.grammar.lines import FIRST, GROUP, MORE, NP, ZERO, Line, w
from inference.language.utilities.grammar.tokens import attributes_in
from inference.language.utilities.posterior import Claim

ITEM = rf"(?:{GROUP})"
THEN = r"(?:(?:,? ?and |, )?only (?:then|after (?:that|this|it))(?: ,)?|, and then|and then|, then|then|, followed by|followed by|, next|next|, and lastly|, and finally|, and after that|, after that|, finally|>(?: >)*|, after which|, second|second(?! to)|, third|third|and third|, and third|, fourth|, and fourth|; then|; next|, before|, lastly|ahead of)"
LEAD = r"(?:(?:is|are|comes?|goes|be|should|first|number one|top|and|foremost|number 1|come|go|second|third|last|fourth|highest|most important|in|being) ?)"
CHAIN = re.compile(
    rf"{ITEM}(?: {LEAD})?(?:(?: (?:is|are|comes?|first|second|third|fourth|foremost|last|number one|go|goes|and))*)(?: {THEN}{w(3)} {ITEM}(?: (?:is|are|comes?|first|second|third|fourth|last|go|goes))*)+"
)
LISTED = re.compile(
    rf"(?:\bin (?:descending |decreasing |this |following |that |strict )*order\b|order of (?:importance|priority|preference)|top (?:two|three|four|five|\d)|(?:most|least)(?: important)? to (?:most|least)(?: important)?|(?:starting|beginning) with (?:most|least) important|priorit(?:y|ies)(?: list)?|ranking|ranked|rank(?: them| these)?|order)"
    rf"(?: [a-z']+){{0,4}}?(?: [:,–])?(?: are| is)?(?: :)? (?P<list>{NP}(?: (?:, and then|, and|, then|and then|,|and|then|>|;) {NP})+)"
)
LISTED_AFTER = re.compile(
    rf"(?P<list>{NP}(?: (?:, and|,|and|;) {NP})+)(?: [,:–])? (?:in that order|in this order|in order of (?:importance|priority|preference))"
)
ASCENDING = re.compile(
    r"\b(?:ascending|increasing|reverse|(?:least|less)(?: important)? to (?:most|more)|with least important|least important first)\b"
)
NUMBERED = re.compile(rf"\(? ?1 [.):]{w(2)} (?P<first>{NP}).*$")
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "last")
PLACE = rf"(?:{'|'.join(PLACES)})(?! to\b)(?! (?:thing|concern))"
BE = r"(?: (?:comes?|is|are|ranks?|goes|be|in|as|:|,|should|must|and|then|of all|place|comes?))*"
AFTER = rf"{NP}{BE} {PLACE}"
AHEAD = rf"{PLACE}{BE} {NP}"
REPEATED = re.compile(r"@(\d+)\*?(?: (?:,|and|, and) @\1\*?(?!\S)){2,}")
ORDINALS = re.compile(
    rf"{AFTER}(?: ,| and| ;| then| but)*(?: {AFTER}(?: ,| and| ;| then| but)*)+|{AHEAD}(?: ,| and| ;| then)*(?: {AHEAD}(?: ,| and| ;| then)*)+"
)
FIRST_WORDS = r"(?:first(?: and foremost| of all)?|number one|number 1|foremost|top(?: priority| concern| of (?:my|our|list))?|highest(?: priority)?|paramount|supreme|chief|primary|main|king|everything|be all and end all|be all|uppermost|overriding|most|deciding factor|decisive factor)"
PRIORITY = r"(?:priority|priorities|concern|consideration|criterion|criteria|goal|value|objective|list|factor|interest|thing|requirement|one)"
IS_FIRST = re.compile(
    rf"(?P<a>{GROUP})(?: (?:is|are|as|comes?|goes|be|ranks?|must|should|will|has|matters?|counts?|for|me|us|to|always|at|by|far|of|in|put|with|who|that|would|what|i|we|care|about|value|want|need|,|:))*{w(1)} {FIRST_WORDS}(?: (?:important|essential|relevant|of all|{PRIORITY}|to me|to us|for me|for us|and foremost))*"
)
FIRST_IS = re.compile(
    rf"(?:(?:top|first|highest|primary|main|chief|biggest|number one|overriding|greatest|most important|paramount|deciding|decisive)(?: and foremost)? {PRIORITY}|most important(?: {PRIORITY})?|what (?:matters|counts) most|first and foremost|first|foremost|most of all|above all(?: else| things)?|first of all|prioriti[sz]es?|put first|giv(?:e|es|ing)(?: top| highest| absolute)? priority to|focus(?:es)?(?: mainly| mostly)? on|concentrate on)(?: ,| :| –)?(?: (?:is|are|be|on|comes?|to|for|me|us|being|stay|stays|remain|keep|we|i|want|need|value|should|must|about|care|in|by|far|have)){{0,4}} (?P<a>{GROUP})(?! (?:to|over|above|before|than))"
)
ABOVE_ALL = re.compile(
    rf"(?P<a>{GROUP})(?: ,)?(?: [a-z']+){{0,2}}? (?:above all(?: else| things| others)?|first and foremost|most of all|before all else|more than anything)"
)
ONLY = (
    re.compile(
        rf"(?:only|sole|one) (?:thing|concern|criterion|factor|consideration|priority|attribute)(?: [a-z']+){{0,5}}? (?:is|are|:) (?P<a>{GROUP})"
    ),
    re.compile(
        rf"all (?:that )?(?:counts|matters|i care about|we care about|i want|we want|i need)(?: (?:for|to|is|are|us|me|:|in|end))* (?P<a>{GROUP})"
    ),
    re.compile(
        rf"(?:only|solely|exclusively|purely|nothing but|just)(?: (?:care|cares|about|value|want|on|for|at|look|looks|interested|in|matters?|by|focus|decide|consider|think|of))* (?P<a>{GROUP})(?: (?:matters?|counts?|decides?|interests?))?(?! (?:if|when))"
    ),
    re.compile(
        rf"(?P<a>{GROUP})(?: ,)?(?: and)? (?:nothing else|alone|only)(?: (?:matters?|counts?|decides?))?(?= ?[.!,]| ?$)"
    ),
    re.compile(
        rf"(?P<a>{GROUP}){w(1)} (?:is|are) (?:all|only thing|only one)(?: that| i| we)* (?:matters?|counts?|care about|want|ask for)"
    ),
)
LAST_WORDS = r"(?:(?<!must )(?<!should )(?<!to )(?<!will )last(?: of all)?(?! (?:third|quarter|half))|lowest|least(?: important| of all| of (?:my|our))?|bottom(?: of)?|at end|afterthought|least)"
IS_LAST = re.compile(
    rf"(?P<a>{GROUP})(?: (?:is|are|as|comes?|goes|be|ranks?|must|should|at|matters?|counts?|,|for|me|us|to|would))* {LAST_WORDS}(?: (?:priority|concern|consideration|important|list))?"
)
LAST_IS = re.compile(
    rf"(?:(?:last|lowest|least)(?: important)? {PRIORITY}|least important|least of all|last of all|last)(?: ,| :)?(?: (?:is|are|comes?))? (?P<a>{GROUP})"
)


def read_lists(line: Line) -> None:
    """Take lists by priority."""
    for match in line.each(NUMBERED):
        _rank(line, match, [[k] for k in attributes_in(match.group())])
    for rule in (LISTED, LISTED_AFTER):
        for match in line.each(rule):
            ranked = [[k] for k in attributes_in(match["list"])]
            ascending = ASCENDING.search(line.text)
            _rank(line, match, ranked[::-1] if ascending else ranked)
    for match in line.each(REPEATED):
        which = line.group(match.group())
        line.take(match, "first", which, f"{line.called(which)} first", line.first(which))
    for match in line.each(ORDINALS):
        ranked = _by_ordinal(match.group())
        if len(ranked) > 1:
            claims = _steps(line, ranked)
            claims += line.first(ranked[0]) if "first" in match.group() else []
            flat = [k for one in ranked for k in one]
            line.take(match, "order", flat, " > ".join(map(line.called, ranked)), claims)
    for match in line.each(CHAIN):
        groups = [attributes_in(one) for one in re.split(THEN, match.group())]
        ranked = [one for one in groups if one]
        flat = [k for one in ranked for k in one]
        if len(ranked) > 1 and len(set(flat)) == len(flat):
            if _begins_first(line, match):
                line.take(
                    match,
                    "order",
                    flat,
                    " > ".join(map(line.called, ranked)),
                    [*_steps(line, ranked), *line.first(ranked[0])],
                )
            else:
                _rank(line, match, ranked)


def read_ranks(line: Line) -> None:
    """Take what comes first, last or alone."""
    for rule in ONLY:
        for match in line.each(rule):
            which = line.group(match["a"])
            others = [k for k in range(len(line.names)) if k not in which]
            if others and not line.negated(match) and "not only" not in line.text:
                claims = [*line.alone_near(others, ZERO), *line.above(which, others, FIRST)]
                line.take(match, "first", range(len(line.names)), f"{line.called(which)} alone", claims)
    for rule in (ABOVE_ALL, IS_FIRST, FIRST_IS):
        for match in line.each(rule):
            _first(line, match)
    for rule in (IS_LAST, LAST_IS):
        for match in line.each(rule):
            which = line.group(match["a"])
            others = [k for k in range(len(line.names)) if k not in which]
            if others and not line.negated(match):
                line.take(match, "last", which, f"{line.called(which)} last", line.above(others, which, MORE))


def _begins_first(line: Line, match: re.Match[str]) -> bool:
    return re.search(r"\b(?:first|foremost|top|number one)\b", line.text[: match.start()] + match.group()) is not None


def _first(line: Line, match: re.Match[str]) -> None:
    which = line.group(match["a"])
    if line.negated(match) or len(which) == len(line.names):
        return  # "not my main concern" is for the rules on degrees
    line.take(match, "first", which, f"{line.called(which)} first", line.first(which))


def _by_ordinal(said: str) -> list[list[int]]:
    """Attributes by the places that are said with them, before or after."""
    pairs = re.findall(rf"@(\d+)|\b({'|'.join(PLACES)})\b", said)
    flat = [(int(k) if k else None, place) for k, place in pairs]
    places: dict[int, list[int]] = {}
    for one, other in zip(flat[::2], flat[1::2], strict=False):
        attribute, place = (one[0], other[1]) if one[0] is not None else (other[0], one[1])
        if attribute is None or not place:
            return []
        places.setdefault(PLACES.index(place), []).append(attribute)
    return [places[k] for k in sorted(places)]


def _steps(line: Line, ranked: list[list[int]]) -> list[Claim]:
    return [claim for a, b in pairwise(ranked) for claim in line.above(a, b, MORE)]


def _rank(line: Line, match: re.Match[str], ranked: list[list[int]]) -> None:
    if len(ranked) > 1:
        flat = [k for one in ranked for k in one]
        line.take(match, "order", flat, " > ".join(map(line.called, ranked)), _steps(line, ranked))
