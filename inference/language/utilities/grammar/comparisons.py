"""One attribute against another: more, less, before, rather than, at the expense of; and the same with "not"."""

from __future__ import annotations

import re

from inference.language.utilities.grammar.guards import CLASH, CLASHES
from inference.language.utilities.grammar.lines import (
    GROUP,
    MORE,
    MUCH,
    NEGATION,
    NOT_LESS,
    NP,
    OBJECTS,
    OTHER,
    REST,
    SLIGHT,
    Line,
    w,
)
from inference.language.utilities.grammar.tokens import attributes_in

SLIGHTLY = "slightly|marginally|bit|little|somewhat|tad|shade|fraction|touch"
MUCH_WORDS = "much|far|way|lot|lots|vastly|considerably|significantly|substantially|infinitely|hugely|strongly|greatly|well|heavily|miles|massively|overwhelmingly"
DEGREE = rf"(?P<deg>(?: (?:{SLIGHTLY}|{MUCH_WORDS}|even|still|rather))*)"
UP = "more|greater|higher|better|stronger|bigger|larger"
DOWN = "less|lower|smaller|fewer|weaker"
BEFORE = "over|above|before|ahead of|in front of|instead of|rather than|sooner than|prior to|in preference to|§expenseof|even §expenseof"
AFTER = "below|under|behind|after|beneath"
BEATS = (
    r"outweighs?|outranks?|trumps?|beats?|overrides?|overrules?|surpass(?:es)?|dominates?|precedes?|supersedes?|eclipses?|"
    r"tops?|exceeds? in importance|wins? (?:out )?against|prevails? over|goes before"
)
YIELDS = (
    r"(?:yields?|gives? way|takes? (?:back seat|backseat|second place)|(?:plays?|playing) second fiddle|comes? second|second|secondary|subordinate|bows?|"
    r"defers?|ranks? second|inferior|subservient)"
)
GIVE = r"(?:sacrific(?:e|es|ing)|giv(?:e|es|ing) up|trad(?:e|es|ing)(?: away| off)?|for[e]?go|compromis(?:e|es|ing)(?: on)?|accept(?: less)?|do without|swap|exchange|surrender|los(?:e|ing)|tolerate)"
TO_GAIN = r"(?:for(?: sake of)?|in exchange for|in return for|in favour of|to get|to gain|to have|if it means|to achieve|if it makes(?: \w+)?|when it brings)"
REGARDLESS = (
    r"(?:regardless(?: of)?|irrespective of|whatever|despite|even §expenseof|§expenseof|even if it costs?|even if it means|"
    r"even if|even when|never mind)"
)
RULES = {
    "more": [
        re.compile(rf"(?P<a>{GROUP}){w(6)}{DEGREE} (?:{UP}){w(5)} than{w(5)} {OTHER}"),
        re.compile(
            rf"(?:{DEGREE[1:-1].replace('?P<deg>', '')})?(?P<w> ?(?:more|greater|higher)){w(6)} (?P<a>{GROUP}){w(3)} than{w(5)} {OTHER}"
        ),
    ],
    "less": [
        re.compile(rf"(?P<a>{GROUP}){w(6)}{DEGREE} (?:{DOWN}){w(5)} than{w(5)} {OTHER}"),
        re.compile(rf"(?P<w>(?:less|lower)){w(6)} (?P<a>{GROUP}){w(3)} than{w(5)} {OTHER}"),
    ],
}
PREFER_TO = re.compile(rf"(?:prefer|prefers|favour|favours|preferred){w(2)} (?P<a>{GROUP}){w(3)} to{w(2)} {OTHER}")
RATHER = re.compile(rf"(?:rather|sooner|want|take|choose|better){w(5)} (?P<a>{GROUP}){w(3)} than{w(5)} {OTHER}")
PREPOSITION = re.compile(
    rf"(?P<a>{GROUP})(?P<mid>{w(4)}) (?P<prep>{BEFORE}){w(2, stops='but|than|nothing|not')} {OTHER}"
)
AND_NOT = re.compile(rf"(?P<a>{GROUP})(?: ,| and|, and)+ not (?:on |for |about |by )?{OTHER}(?! (?:is|are|that|but))")
BEHIND = re.compile(rf"(?P<a>{GROUP}){w(6)} (?:{AFTER}){w(2)} {OTHER}")
VERB = re.compile(rf"(?P<a>{GROUP}){w(4)} (?:{BEATS}){w(2)} {OTHER}")
YIELDING = re.compile(rf"(?P<a>{GROUP}){w(5)} {YIELDS} (?:to|behind|after){w(2)} {OTHER}")
BETWEEN = re.compile(
    rf"(?<!\S)(?:between|given choice between|out of|of|when|whenever|if|where) (?P<pair>{NP} (?:(?:and|or) {NP}(?: {CLASH})?|{CLASHES} with {NP}))(?: [,:]|(?= (?:i|we) ))(?P<mid>{w(5)}) (?P<a>{NP})(?:(?P<yields>(?: (?:must|should|has to))? (?:yields?|loses?|gives? (?:way|in)|backs? down|steps? (?:back|aside)|comes? (?:second|last)|waits?|back seat|(?:is|weighs?|matters?|counts?)(?: for)? less))|(?: (?:wins?|first|prevails?|matters? more|comes? first|decides|should win))?)"
)
NOT_BUT = re.compile(rf"not (?P<b>{NP})(?: (?:that|which))?{w(4)}(?:(?: ,)? but| , (?:it is|rather)) (?P<a>{NP})")
SIDE = re.compile(
    rf"(?:lean|leans|side|sides|err|errs|go|goes|come down|comes down){w(2)} (?:towards?|with|for|on side of|in favour of) (?P<a>{NP}){w(2)} (?:when|whenever|if|where) it {CLASHES} with (?P<b>{NP})"
)
# "Speed counts for little compared with safety": how much is said of the one, beside the other.
BESIDE = r"(?:compared (?:to|with)|in comparison (?:to|with)|by comparison with|relative to|next to|beside|besides)"
LITTLE = (
    r"(?:little|nothing|unimportant|insignificant|irrelevant|trivial|minor|small|negligible|trifle|pales?|less|detail)"
)
LOT = r"(?:lot|great deal|heavily|much|huge|enormous|high|crucial|vital|essential)"
COMPARED = (
    re.compile(rf"(?P<a>{NP}){w(3)} (?P<w>{LITTLE}|{LOT}){w(3)}(?: ,)? {BESIDE}{w(2)} {OTHER}"),
    re.compile(rf"{BESIDE}{w(2)} (?P<b>{OBJECTS}) ,{w(2)} (?P<a>{NP}){w(3)} (?P<w>{LITTLE}|{LOT})(?= |$)"),
)
GIVING = re.compile(rf"{GIVE}{w(3)} (?P<b>{GROUP}){w(2)} {TO_GAIN}{w(3)} (?P<a>{GROUP})")
PAYING = re.compile(rf"(?:pay|spend){w(4)} (?P<b>{GROUP}) (?:for|on){w(3)} (?P<a>{GROUP})")
CONCEDED = rf"(?P<b>{OBJECTS}|{REST}|@\d+-)(?!\S)"  # "no matter how slow" concedes what "regardless of speed" does
ANYWAY = re.compile(rf"(?P<a>{GROUP}){w(5)}(?: ,)? {REGARDLESS}{w(4)} {CONCEDED}")
DISLIKED = "but|than|nothing|hate|dislike|detest|loathe|despise|avoid|fear|less"
ANYWAY_FIRST = re.compile(
    rf"^(?:and |but |so )?{REGARDLESS}{w(4)} {CONCEDED}{w(3)} ,{w(5, stops=DISLIKED)} (?P<a>{GROUP})(?P<rest>[^,;:]*)"
)
MORE_SO = re.compile(
    rf"(?P<a>{GROUP}){w(4)}{DEGREE} (?P<w>more|less)(?: (?:so|still|important|heavily|highly|to me|to us|for me|for us|strongly|of (?:the )?(?:two|both)|though))*(?= ?[.!,;]| ?$)"
)
NOTHING = re.compile(
    rf"(?:nothing(?: else)?|no (?:other )?\w+|none)(?: (?!but\b)[a-z']+){{0,4}}? (?:more|greater|above|before|over|as important as|as much as|as crucial as|{BEATS})(?: (?!but\b)[a-z']+){{0,4}}? (?P<a>{GROUP})"
)
PAYING_MORE = re.compile(
    rf"(?:pay|spend){w(2)} (?:extra|more|premium|surcharge|lot|anything|higher prices?){w(1)} (?:for|on){w(3)} (?P<a>{GROUP})"
)
WORTH = re.compile(rf"(?P<a>{GROUP}){w(3)} worth(?: {GIVE}){w(2)} {OTHER}")
WORTH_IT = re.compile(rf"(?P<a>{GROUP}) (?:is|are) worth(?: more| extra| some)? {OTHER}")
DROPPED = re.compile(
    rf"(?:drop|give up|sacrifice|cut|forgo|lose|skip|compromise on){w(1)} (?P<b>{GROUP}) before{w(5)} (?P<a>{GROUP})"
)
BUT_NOT = re.compile(rf"^but not (?:on |with |for |about |in |when it comes to )?(?P<a>{GROUP})")
EVEN_LESS = re.compile(
    rf"(?P<a>{GROUP})(?: [a-z']+){{0,3}}?(?: ,)? even (?:if|when|though)(?: [a-z']+){{0,4}}? (?:less|not|lower|hurts|costs|suffers|slower|worse) {OTHER}"
)
GIVEN_UP = re.compile(
    r"compromis|sacrific|give up|giving up|forgo|do without|negotiable|flexible|trade|cut back|accept less"
)
WANTED = re.compile(r"\b(?:care|pay|want|value|like|love|matters?|interested|need|look|wait|spend)\b")
ELLIPTIC = re.compile(
    rf"^(?:but|though|although|yet|while|however)(?: it is| it| is| still| matters?)* (?P<w>not (?:as|so|quite as|nearly as)(?: \w+)? as|less(?: \w+)? than|more(?: \w+)? than){w(2)} (?P<a>{GROUP})"
)
GIVEN = re.compile(
    rf"(?P<a>{GROUP}){w(4)} (?:sacrificed|traded|given up|compromised|forgone|exchanged) {TO_GAIN}{w(2)} (?P<b>{GROUP})"
)
BOTH = re.compile(rf"(?:both|they|these){w(3)} (?P<w>more|less){w(3)} than{w(3)} {OTHER}")
WORSE = re.compile(
    r"(?P<a>@\d+[-*])(?: [a-z']+){0,3}? (?:worse|worry me more|bothers? me more)(?: [a-z']+){0,3}? than(?: [a-z']+){0,3}? (?P<b>@\d+[-*])"
)


def read_comparisons(line: Line) -> None:
    """Take every comparison."""
    for match in line.each(ANYWAY_FIRST):
        turned_round = re.search(rf"{NEGATION.pattern}|\b{LITTLE}\b", line.text[match.end("b") : match.end()])
        if turned_round is None:  # what else is said of the first is for other rules
            keep = match.start("a") if re.search("[a-z@]", match["rest"]) else match.end("a")
            _take(line, match, line.group(match["a"]), line.group(match["b"]), MUCH, keep)
    for match in line.each(NOTHING):
        which = line.group(match["a"])
        line.take(match, "first", which, f"nothing above {line.called(which)}", line.first(which))
    for match in line.each(WORSE):
        _take(line, match, attributes_in(match["a"]), attributes_in(match["b"]))
    for match in line.each(BETWEEN):
        which = attributes_in(match["a"])
        others = [one for one in attributes_in(match["pair"]) if one not in which]
        if NEGATION.search(match["mid"]) or match["yields"]:
            _take(line, match, others, which)
        else:
            _take(line, match, which, others)
    for match in line.each(NOT_BUT):
        _take(line, match, line.group(match["a"]), line.group(match["b"]))
    for match in line.each(SIDE):
        _compare(line, match, turned=False)
    for rule in COMPARED:
        for match in line.each(rule):
            which, others = line.group(match["a"]), line.group(match["b"])
            small = re.fullmatch(LITTLE, match["w"]) is not None
            if not line.negated(match, match.start("w")):
                _take(line, match, *((others, which) if small else (which, others)), MUCH)
    for match in line.each(GIVING):
        gained, given = line.group(match["a"]), line.group(match["b"])
        _take(line, match, *((given, gained) if line.negated(match) else (gained, given)))
    for rule in (WORTH, WORTH_IT, EVEN_LESS, DROPPED):
        for match in line.each(rule):
            _take(line, match, line.group(match["a"]), line.group(match["b"]))
    for match in line.each(BUT_NOT):
        which = line.group(match["a"])
        others = [k for k in line.earlier if k not in which]
        if GIVEN_UP.search(line.before):
            _take(line, match, which, others)
        elif WANTED.search(line.before):
            _take(line, match, others, which)
    for match in line.each(ELLIPTIC):
        which = line.group(match["a"])
        others = [k for k in line.earlier if k not in which]
        if match["w"].startswith("more"):
            _take(line, match, others, which)
        else:
            _take(line, match, which, others)
    for match in line.each(GIVEN):
        given, gained = line.group(match["a"]), line.group(match["b"])
        if not line.negated(match):
            _take(line, match, gained, given)
    for match in line.each(BOTH):
        which, others = line.spoken or line.earlier, line.group(match["b"])
        if not line.negated(match):
            first, second = (which, others) if match["w"] == "more" else (others, which)
            _take(line, match, list(dict.fromkeys(first)), list(dict.fromkeys(second)))
    for match in line.each(PAYING_MORE):
        if line.money is not None:
            first, second = line.group(match["a"]), [line.money]
            denied = line.negated(match)
            _take(line, match, *((second, first, NOT_LESS) if denied else (first, second, MORE)))
    for match in line.each(PAYING):
        if not line.negated(match):
            _take(line, match, line.group(match["a"]), line.group(match["b"]))
    for rules, turned in ((RULES["more"], False), (RULES["less"], True)):
        for rule in rules:
            for match in line.each(rule):
                _compare(line, match, turned=turned)
    for rule, turned in ((PREFER_TO, False), (RATHER, False), (VERB, False), (YIELDING, True)):
        for match in line.each(rule):
            _compare(line, match, turned=turned)
    for match in line.each(PREPOSITION):
        _compare(line, match, turned=False)
    for match in line.each(AND_NOT):
        if not line.negated(match, match.start("b") - 4):
            _take(line, match, line.group(match["a"]), line.group(match["b"]))
    for match in line.each(BEHIND):
        _compare(line, match, turned=True)
    for match in line.each(ANYWAY):
        if not line.negated(match, match.start("b")):
            _take(line, match, line.group(match["a"]), line.group(match["b"]), MUCH)
    for match in line.each(MORE_SO):
        which = line.group(match["a"])
        others = [
            k for k in (*attributes_in(line.text[: match.start()]), *line.earlier, *line.spoken) if k not in which
        ]
        if others:
            first, second = (which, others) if match["w"] == "more" else (others, which)
            if not line.negated(match):
                _take(line, match, first, second, strength_of(match["deg"]))


def strength_of(degree: str) -> tuple[float, float]:
    """Margin and softness of a comparison with such adverbs."""
    if re.search(rf"\b(?:{SLIGHTLY})\b", degree):
        return SLIGHT
    return MUCH if re.search(rf"\b(?:{MUCH_WORDS})\b", degree) else MORE


def _compare(line: Line, match: re.Match[str], *, turned: bool) -> None:
    """A comparison, negated or not: what is not above something is at most equal to it."""
    which = line.group(match["a"])
    others = line.group(match["b"], without=which)
    if turned:
        which, others = others, which
    if line.negated(match, match.start("b")):
        _take(line, match, others, which, NOT_LESS)
        return
    degree = match.group()[: match.start("b") - match.start()]
    before = line.text[max(match.start() - 24, 0) : match.start()]
    _take(line, match, which, others, strength_of(f"{degree} {before if 'prefer' in before else ''}"))


def _take(
    line: Line,
    match: re.Match[str],
    first: list[int],
    second: list[int],
    strength: tuple[float, float] = MORE,
    keep: int | None = None,
) -> None:
    if not first or not second or set(first) & set(second):
        return
    if strength == SLIGHT:
        claims = [line.near(a, b, 1.3, SLIGHT[1]) for a in first for b in second]
    else:
        claims = line.above(first, second, strength)
    words = {MUCH: "far above", SLIGHT: "slightly above", NOT_LESS: "not below"}.get(strength, "above")
    line.take(
        match, "more", (*first, *second), f"{line.called(first)} {words} {line.called(second)}", claims, keep=keep
    )
