"""Numbers between attributes: twice as important, equally, 70 % and 30 %."""

from __future__ import annotations

import re

import numpy as np

from inference.language.utilities.grammar.lines import (
    EQUAL_SD,
    GROUP,
    MANY,
    MORE,
    NOT_LESS,
    NP,
    OTHER,
    RATIO_SD,
    REST,
    ROUGH_SD,
    SHARE_SD,
    ZERO,
    Line,
    w,
)
from inference.language.utilities.grammar.tokens import NUMBERS, attributes_in
from inference.language.utilities.posterior import Claim

COUNT = rf"(?:\d+(?:\.\d+)?|{'|'.join(NUMBERS)})"
TIMES = (
    rf"(?P<k>{COUNT} ?(?:times|x|fold)|twice|double|triple|treble|thrice|quadruple|half(?= (?:as|of|weight|importance))|"
    r"(?:one )?(?:third|quarter)(?= (?:as|of)))"
)
ANY = r"but|not|never|no"
MULTIPLE = re.compile(rf"(?P<a>{GROUP})(?P<mid>{w(5, stops=ANY)}) {TIMES}{w(8, stops=ANY)} (?P<b>{GROUP})")
FRONT = re.compile(
    rf"{TIMES}{w(6, stops=ANY)} (?P<a>{GROUP}){w(3, stops=ANY)} (?:as|than){w(4, stops=ANY)} (?P<b>{GROUP})"
)
GRADE = "big deal|big concern|important|much|valuable|crucial|vital|highly|heavily|strongly|essential|high|significant|relevant|good"
AS_AS = re.compile(rf"(?P<a>{GROUP})(?P<mid>{w(5, stops='but')}) as (?:{GRADE}){w(4)} as{w(4)} {OTHER}")
AS_AS_FRONT = re.compile(rf"as (?:much|highly){w(4)} (?P<a>{GROUP}){w(2)} as{w(4)} (?P<b>{GROUP})")
NO_LESS = re.compile(rf"(?P<a>{GROUP}){w(3)} (?:no|not any) (?P<w>less|more){w(4)} than{w(4)} (?P<b>{GROUP})")
SAME = r"(?:equal|equally|same|alike|on par|on equal footing|equals|evenly|identical|identically)"
TOGETHER = re.compile(
    rf"(?P<a>{MANY}){w(6)}(?: ,)? {SAME}(?: (?:weight|weights|importance|priority|important|way|rank))?"
)
TOGETHER_FRONT = re.compile(
    rf"(?:{SAME}(?: (?:weight|weights|importance|priority|emphasis))?|balanc(?:e|es|ed|ing)|no preference|indifferent|tie|halves|half and half|50 / 50|fifty fifty){w(4)} (?P<a>{MANY})"
)
EVERYTHING = re.compile(
    rf"(?:{REST}|each|they)(?: of (?:these|them))?{w(4)} {SAME}(?: (?:weight|importance|important))?"
)
WEIGHTY = re.compile(
    r"\b(?:points?|parts?|weights?|weigh|weighs|weighting|scores?|importance|priority|matters?|counts?|marks?|stars?|out of|allocate)\b|:"
)
CHANGES = re.compile(
    r"\b(?:rose|fell|went|dropped|increased|decreased|up by|down by|grew|cut by|raised|off|discount|sold)\b"
)
FRACTIONS = {"half": 50.0, "third": 100 / 3, "quarter": 25.0, "two thirds": 200 / 3, "three quarters": 75.0}
FRACTION = r"(?:two thirds|three quarters|(?:one )?(?:half|third|quarter))"
AMOUNT = re.compile(
    rf"(?<![@\w.])(?P<n>\d+(?:\.\d+)?|{FRACTION}|(?:{'|'.join(NUMBERS)})(?= (?:points?|stars?|parts?|units?)))"
)
BETWEEN = re.compile(
    rf"(?P<x>\d+(?:\.\d+)?) ?%? ?(?:/|:|-|to|–) ?(?P<y>\d+(?:\.\d+)?) ?%?{w(5)} (?P<a>{NP}) (?:and|to|over|versus|against|/|vs|,) (?P<b>{NP})"
)


def read_ratios(line: Line) -> None:
    """Take every ratio, equality and list of shares."""
    _read_shares(line)
    for rule in (MULTIPLE, FRONT):
        for match in line.each(rule):
            which, others = line.group(match["a"]), line.group(match["b"])
            if line.negated(match) or set(which) & set(others):
                continue
            ratio = multiple(match["k"])
            around = line.text[max(match.start() - 10, 0) : match.end()]
            sd = ROUGH_SD if re.search(r"\b(?:about|roughly|around|nearly|almost|some|perhaps)\b", around) else RATIO_SD
            if re.search(r"\bless\b", match.group()):
                ratio = 1 / ratio
            claims = [line.near(a, b, ratio, sd) for a in which for b in others]
            line.take(
                match, "ratio", (*which, *others), f"{line.called(which)} {ratio:.3g} x {line.called(others)}", claims
            )
    for match in line.each(NO_LESS):
        which, others = line.group(match["a"]), line.group(match["b"])
        if match["w"] == "less":
            _equal(line, match, [*which, *others], ROUGH_SD)
        else:
            says = f"{line.called(others)} not below {line.called(which)}"
            line.take(match, "more", (*which, *others), says, line.above(others, which, NOT_LESS))
    for rule in (AS_AS, AS_AS_FRONT):
        for match in line.each(rule):
            which = line.group(match["a"])
            others = line.group(match["b"], without=which)
            if line.negated(match, match.start("b")):
                says = f"{line.called(others)} above {line.called(which)}"
                line.take(match, "more", (*which, *others), says, line.above(others, which, MORE))
            else:
                _equal(line, match, [*which, *others], EQUAL_SD)
    for rule in (TOGETHER, TOGETHER_FRONT):
        for match in line.each(rule):
            if not line.negated(match) or "no preference" in match.group():
                _equal(line, match, line.group(match["a"]), EQUAL_SD)
    for match in line.each(EVERYTHING):
        if not line.negated(match):
            which = (
                list(range(len(line.names))) if not match.group().startswith(("both", "they", "them")) else line.earlier
            )
            if len(which) > 1:
                _equal(line, match, which, EQUAL_SD)


def _equal(line: Line, match: re.Match[str], which: list[int], sd: float) -> None:
    claims = [line.near(a, b, 1.0, sd) for k, a in enumerate(which) for b in which[k + 1 :]]
    if claims:
        line.take(match, "ratio", which, f"{line.called(which)} alike", claims)


def multiple(said: str) -> float:
    """How many times, in words.

    Examples
    --------
    >>> [multiple(said) for said in ("twice", "three times", "2.5 x", "half")]
    [2.0, 3.0, 2.5, 0.5]
    """
    known = {"twice": 2.0, "double": 2.0, "triple": 3.0, "treble": 3.0, "thrice": 3.0, "quadruple": 4.0, "half": 0.5}
    word = said.split()[-1]
    if said in known or word in ("third", "quarter"):
        return known.get(said, {"third": 1 / 3, "quarter": 0.25}.get(word, 1.0))
    number = said.replace("x", " ").split()[0]
    return max(float(NUMBERS.get(number, 0) or number), 0.01)


def amount(said: str) -> float:
    """A number in figures or words; fractions in percent."""
    said = said.removeprefix("one ") if said != "one" else said
    return FRACTIONS[said] if said in FRACTIONS else float(NUMBERS[said]) if said in NUMBERS else float(said)


def _read_shares(line: Line) -> None:
    """Numbers and attributes in turn: 70 % this and 30 % that, 3 points against 1, the rest for another."""
    for match in line.each(BETWEEN):
        a, b = attributes_in(match["a"])[0], attributes_in(match["b"])[0]
        x, y = float(match["x"]), float(match["y"])
        if min(x, y) > 0 and a != b:
            _take_shares(line, match, [a, b], [x, y])
    if re.search(
        r"\b(?:at least|minimum|below|(?:or|and) (?:more|higher|above|better|greater|over|up|upwards?|less|lower|fewer)|no less|no lower|not less|at most|less than|more than|accept|exceed|settle for)\b",
        line.text,
    ):
        return
    if CHANGES.search(line.text) or NUMBERED_LIST.search(line.text):
        return
    whole = re.compile(r"^.*$").search(line.text)
    assert whole is not None
    plain = OUT_OF.sub("", line.text)
    amounts = [amount(one["n"]) for one in (AMOUNT if plain == line.text else PART).finditer(plain)]
    which = [int(one) for one in re.findall(r"@(\d+)\*?(?!\S)", line.text)]
    percents = line.text.count("%") + len(re.findall(FRACTION, line.text))
    if re.search(r"\b(?:rest|remainder|remaining)\b", line.text) and len(which) == len(amounts) + 1 and percents:
        amounts.append(100.0 - sum(amounts))
    if len(set(which)) != len(which) or len(which) != len(amounts) or not which or min(amounts) < 0:
        return
    total = sum(amounts)
    if total <= 0 or re.search(r"\btimes\b", line.text):
        return
    if percents and (
        abs(total - 100) <= 1 or (percents >= len(which) - 1 and len(which) > 1 and WEIGHTY.search(line.text))
    ):
        _take_shares(line, whole, which, amounts)
    elif percents == 1 == len(which) and total < 100 and len(line.names) > 1:
        others = [k for k in range(len(line.names)) if k != which[0]]
        value = float(np.log(total / 100) - np.log((1 - total / 100) / len(others))) if total > 0 else ZERO[0]
        contrast = ((which[0], 1.0), *((k, -1.0 / len(others)) for k in others))
        claim = Claim(contrast, "near", value, line.noise(ROUGH_SD))
        line.take(whole, "ratio", which, f"{line.called(which)} {total:g} %", [claim])
    elif (
        (
            not percents
            and len(which) > 1
            and (plain != line.text or WEIGHTY.search(line.text) or POINTS.fullmatch(line.text))
            and min(amounts) > 0
        )
        or (abs(total - 100) <= 1 and len(which) > 1 and not percents)
        or (abs(total - 1) <= 0.011 and len(which) > 1 and not percents)
    ):
        _take_shares(line, whole, which, amounts)


OUT_OF = re.compile(
    r"(?<=\d) (?:/|out of) (?:5|10|100)\b|on scale (?:of|from) \d+ (?:to|-|–) \d+ ,?|"
    rf"(?:out )?of (?:every |each |all )?{COUNT} (?:points?|parts?|votes?|stars?|units?) ,?"
)
PART = re.compile(rf"(?<![@\w.])(?P<n>\d+(?:\.\d+)?|{FRACTION}|{'|'.join(NUMBERS)})(?!\w)")
POINTS = re.compile(r"(?:@\d+\*? (?:[:=] )?\d+(?:\.\d+)?(?: [,;.]| and)* ?){2,}")
NUMBERED_LIST = re.compile(r"(?:^| )\(? ?1 [.):] ?@")


def _take_shares(line: Line, match: re.Match[str], which: list[int], amounts: list[float]) -> None:
    """Shares of the whole where they sum to 100 or to 1; else only what they are to each other."""
    total = sum(amounts)
    positive = [(k, one) for k, one in zip(which, amounts, strict=True) if one > 0]
    if not positive:
        return
    claims = [line.near(a, b, x / y, SHARE_SD) for n, (a, x) in enumerate(positive) for b, y in positive[n + 1 :]]
    zero = [k for k, one in zip(which, amounts, strict=True) if one == 0]
    if abs(total - 100) <= 1 or abs(total - 1) <= 0.011:
        zero += [k for k in range(len(line.names)) if k not in which]
    claims += line.alone_near(zero, ZERO)
    says = ", ".join(f"{line.names[k]} {one:g}" for k, one in zip(which, amounts, strict=True))
    line.take(match, "ratio", (*which, *zero), says, claims)
