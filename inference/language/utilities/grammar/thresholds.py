"""Lines that are not crossed: vetoes, floors, requirements."""

from __future__ import annotations

import re

from inference.language.tokens.negations import NO_OPTION, any_of
from inference.language.utilities.grammar.lines import GROUP, MORE, NP, Line, w
from inference.language.utilities.grammar.ratios import COUNT, amount

HARM = (
    r"(?:compromis\w+(?: on)?|sacrific\w+|giv\w+ up(?: on)?|trad\w+(?: away| off)?|violat\w+|ignor\w+|risk(?:s|ed|ing)?|neglect\w*|skimp\w*(?: on)?|shar(?:e|es|ed|ing)|"
    r"leak\w*|disclos\w+|sell|sold|expos\w+|forget\w*|drop\w*|los(?:e|es|ing)|cut corners(?: on)?|undermin\w+|harm\w*|endanger\w*|"
    r"reduc\w+|weaken\w*|jeopardi[sz]\w+|giv\w+ away|reveal\w*|betray\w*|touch\w*|negotiat\w+|bargain\w*(?: away)?|abandon\w*|budg\w+ (?:on|from)|surrender\w*|erod\w+|breach\w*|infring\w+(?: on)?|overrid\w+|put aside|settle for less|do(?:es|ing)? without)"
)
HARD = r"(?:no (?:excuse|justification|reason|room) (?:for|to)|never|not ever|refuse to|must not|can not|will not|shall not|may not|do not|should not|will never|not|without|no)"
AT_ALL = r"(?:ever|under any circumstances?|in any circumstances?|at any point|no matter what|§always)"
FOR = r"(?:for(?: sake of)?|in exchange for|in return for|in favour of|to get|to gain|to have|because of)"
UNTOUCHABLE = (
    r"(?:nonnegotiable|non negotiable|not negotiable|not up for negotiation|not open to negotiation|sacrosanct|sacred|inviolable|red lines?|dealbreakers?|deal breakers?|off limits|untouchable|inalienable|"
    r"not for sale|where (?:i|we) draw line|out of question|absolute(?: must| requirement| limit)?)(?!\w)"
)
SOFT = "but|than|nothing|mind|willing|care|hesitate|worry|afraid|for|because|if"
NEVER_FOR = re.compile(
    rf"(?P<no>{HARD}){w(4, stops=SOFT)} {HARM}{w(3)} (?P<a>{GROUP}){w(2)} {FOR}{w(3)} (?P<b>{GROUP})(?P<ever>(?: ,)? {AT_ALL})?"
)
NEVER = re.compile(
    rf"(?P<no>{HARD}){w(4, stops=SOFT)} {HARM}{w(4, stops=SOFT)} (?P<a>{GROUP})(?P<ever>{w(1)} {AT_ALL})?"
)
OVERSPEND = re.compile(
    rf"{HARD}{w(4, stops=SOFT)} (?:exceed\w*|overrun\w*|overshoot\w*|go(?:es|ing)? over)(?: [a-z']+)? (?P<a>{NP})"
)
FORBIDDEN = re.compile(rf"(?:never|not)(?: (?:may|must|should|can|shall|will|be|ever))* (?P<a>{GROUP}){w(3)} be {HARM}")
NEVER_BAD = re.compile(r"(?:never|must not|not ever|no)(?: [a-z']+){0,4}? (?P<a>@\d+-)")
PASSIVE = re.compile(
    rf"(?P<a>{GROUP})(?: [a-z']+){{0,3}}? (?:never|not|not ever)(?: be| get| to be| ever)*{w(2, stops=SOFT)} {HARM}(?: {FOR}{w(2)} (?P<b>{GROUP}))?(?: {AT_ALL})?"
)
IS_LINE = re.compile(
    rf"(?P<a>@\d+[-*]?)(?: (?:is|are|as|be|remains?|must|should|stays?|for|me|us|to|would|that|on|,|:)){{0,6}} {UNTOUCHABLE}"
)
LINE_IS = re.compile(rf"{UNTOUCHABLE}(?: (?:is|are|:|for|me|us|on|when|it|comes|to|,))*{w(2)} (?P<a>@\d+[-*]?)")
ALWAYS = re.compile(rf"(?P<a>{GROUP})(?: [a-z']+){{0,3}}?(?: ,)? §always")
ALWAYS_FIRST = re.compile(rf"§always(?: ,)?(?: [a-z']+){{0,4}}? (?P<a>{GROUP})")
NOT_AT_EXPENSE = re.compile(rf"(?:not|never|nor|no|without)(?: [a-z']+){{0,4}}? §expenseof{w(2)} (?P<a>{GROUP})")
WITHOUT = re.compile(rf"without{w(1)} (?:{HARM}|hurting|damaging|affecting){w(2)} (?P<a>{GROUP})")

LEAST = r"(?:at least|no less than|not less than|minimum(?: of)?|no lower than|not lower than|no fewer than|not below|no worse than|above|over|exceeds?|more than|higher than|>=)"
FALL = r"(?:(?:not|never)(?: ever| be)?(?: (?:fall|drop|go|dip|sink|slip|come|get|be|let it fall))* (?:below|under|lower than))"
UNIT = r"(?P<unit>(?: (?:%|out of \d+|/ \d+|percent|stars?|points?|mbit|mbps|mb|per \w+|\w+ per \w+))?)"
VALUE = rf"(?:[$€£] )?(?P<n>{COUNT}){UNIT}"
NOT_LESS_THAN = r"(?:not|never|no|nothing)(?: [a-z']+){0,3}? (?:(?:less|lower|fewer|worse) than|under|below|short of)"
FLOORS = (
    re.compile(rf"{NOT_LESS_THAN} {VALUE}(?: (?:for|of|in|on)){{0,2}} (?P<a>{GROUP})"),
    re.compile(rf"(?P<a>{GROUP})(?: [a-z']+){{0,6}}? (?:{FALL}|{LEAST}){w(1)} {VALUE}"),
    re.compile(
        rf"(?:{LEAST}|{FALL}){w(1)} {VALUE}{w(2)}(?: (?:for|of|in|on|points?|stars?|to|when|it|comes)){{0,4}} (?P<a>{GROUP})"
    ),
    re.compile(
        rf"(?:minimum|least|minimal|floor|threshold)(?: of| on| for)? (?P<a>{GROUP})(?: (?:of|is|at|:|to|be|level|score)){{0,3}} {VALUE}"
    ),
    re.compile(
        rf"(?P<a>{GROUP})(?: :)?(?: [a-z']+){{0,6}}? {VALUE} (?:or|and) (?:more|above|higher|better|greater|over|up|upwards)"
    ),
    re.compile(rf"(?P<a>{GROUP})(?: [a-z']+){{0,2}}? (?:>=|≥|> =) {VALUE}"),
)
REFUSED_BELOW = re.compile(
    rf"(?P<a>{GROUP})(?: of)? (?:below|under|less than|lower than) {VALUE}(?: (?:is|are|would|be|simply))* "
    rf"(?:not \w+|no option|unacceptable|unthinkable|out of question|wrong)"
)
LACKING = re.compile(
    rf"(?:(?:that|which|who) (?:is|are|has|have|does|do) (?:not|no)|not|without|lacking) (?P<a>{GROUP}){w(1)} "
    rf"(?:is|are|would be)(?: simply| just)? (?:{any_of(*(re.sub(r' (?:an|the)(?= )', '', one) for one in NO_OPTION))})"
)
NONE_LACKING = re.compile(
    rf"(?:no|not|never|refuse)(?: [a-z']+){{1,5}}? (?:that|which|who) (?:is|are|has|have) (?:not|no) (?P<a>{GROUP})"
)
COUNTED = re.compile(r" (?:have|has|had|are|were|was)\b")
CEILINGS = (
    re.compile(rf"(?P<a>{GROUP})(?: (?!not\b|never\b)[a-z']+){{0,6}}? (?:under|below) {VALUE}"),
    re.compile(
        rf"(?P<a>{GROUP})(?: [a-z']+){{0,6}}? (?:at most|no more than|not more than|not exceed|not above|maximum(?: of)?|up to|no higher than) {VALUE}"
    ),
    re.compile(rf"(?P<a>{GROUP})(?: [a-z']+){{0,6}}? {VALUE} (?:or|and) (?:less|below|lower|under)"),
    re.compile(
        rf"(?:at most|no more than|not more than|maximum(?: of)?|up to) {VALUE}(?: (?:for|of|in|on)){{0,2}} (?P<a>{GROUP})"
    ),
)


def read_thresholds(line: Line) -> None:
    """Take floors, ceilings and vetoes, in this order: "must never drop below 5" is a number and no veto."""
    for kind, rules in (("floor", (REFUSED_BELOW,)), ("ceiling", CEILINGS), ("floor", FLOORS)):
        for rule in rules:
            for match in line.each(rule):
                if rule in FLOORS and COUNTED.match(line.text, match.end()):
                    continue  # more than 300 schools have parks
                level = amount(match["n"])
                if "%" in match["unit"] or "percent" in match["unit"]:
                    level /= 100
                if of := re.search(r"(?:of|/) (\d+)", match["unit"]):
                    level /= float(of.group(1)) or 1.0
                which = line.group(match["a"])
                says = f"{line.called(which)} {'at least' if kind == 'floor' else 'at most'} {level:g}"
                line.take(match, kind, which, says, (), level)
    _read_vetoes(line)


def _read_vetoes(line: Line) -> None:
    for match in line.each(NOT_AT_EXPENSE):
        which = line.group(match["a"])
        others = [k for k in line.earlier if k not in which] or _mentioned_before(line, match, which)
        claims = line.above(which, others, MORE) if others else line.first(which)
        line.take(match, "veto", which, f"never at the expense of {line.called(which)}", claims)
    for match in line.each(NEVER_FOR):
        kept, gained = line.group(match["a"]), line.group(match["b"])
        if "willing" in line.text[: match.end()] or set(kept) & set(gained):
            continue
        line.take(
            match,
            "veto",
            kept,
            f"no giving up of {line.called(kept)} for {line.called(gained)}",
            line.above(kept, gained, MORE),
        )
    for match in line.each(WITHOUT):
        which = line.group(match["a"])
        line.take(match, "need", which, f"{line.called(which)} unharmed", ())
    for match in line.each(PASSIVE):
        which = line.group(match["a"])
        others = [k for k in line.group(match["b"]) if k not in which] if match["b"] else []
        claims = line.above(which, others, MORE) if others else line.first(which)
        line.take(match, "veto", which, f"{line.called(which)} is never given up", claims)
    for match in line.each(NEVER):
        if match["no"] in ("not", "no", "without") and "willing" in line.text[: match.end()]:
            continue
        if re.search(rf" {FOR} ", f" {line.text[match.end() : match.end() + 6]}") or line.text[
            : match.start()
        ].endswith("wrong to "):
            continue
        _veto(line, match)
    for match in line.each(OVERSPEND):
        if line.group(match["a"]) == [line.money]:
            _veto(line, match)
    for rule in (LACKING, NONE_LACKING):
        for match in line.each(rule):
            _veto(line, match)
    for rule in (FORBIDDEN, NEVER_BAD, IS_LINE, LINE_IS):
        for match in line.each(rule):
            if rule in (IS_LINE, LINE_IS) and re.search(r"\bnot$|\bno$", line.text[: match.start()].strip()):
                continue
            _veto(line, match)
    for rule in (ALWAYS, ALWAYS_FIRST):
        for match in line.each(rule):
            if not line.negated(match):
                _veto(line, match)


def _veto(line: Line, match: re.Match[str]) -> None:
    which = line.group(match["a"])
    line.take(match, "veto", which, f"{line.called(which)} is never given up", line.first(which))


def _mentioned_before(line: Line, match: re.Match[str], which: list[int]) -> list[int]:
    return (
        [k for k in line.group(match.string[: match.start()]) if k not in which]
        if "@" in match.string[: match.start()]
        else []
    )
