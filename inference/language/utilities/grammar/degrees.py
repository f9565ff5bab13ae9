"""What is said of one attribute alone: essential, important, nice to have, irrelevant, hated."""

from __future__ import annotations

import re

from inference.language.utilities.grammar.lines import GROUP, HIGH, LESSER, LOW, MATTERS, NP, OBJECTS, ZERO, Line, w

GLUE = r"(?: (?:is|are|be|to|me|us|for|of|in|seems?|remains?|feels?|would|will|should|must|has|have|as|what|that|my|it|we|i|here|,|being|comes?|does|do|could|really|very|only|merely))*"
ANYTHING = r"(?P<a>@\d+[-*]?(?: (?:, and|, or|,|and|or|nor) @\d+[-*]?)*)"
ZERO_AFTER = (
    r"(?:irrelevant|unimportant|immaterial|no (?:concern|issue|object|factor|interest|importance|weight)|not (?:matter|count|interest|bother|concern)(?: \w+)?(?: at all)?|neither here nor there|"
    r"not (?:concern|issue|factor|consideration|relevant|important at all|problem)|nothing to me|beside point|meaningless to|worthless|not care(?: less)?(?: about)?(?! (?:about |for )?@)|(?:counts?|matters?) for nothing|of no (?:importance|interest|concern|consequence|relevance|weight))"
)
ZERO_BEFORE = (
    r"(?:(?:not|no longer|never|hardly|could not|do not) (?:\w+ )?(?:care|cares|bothered|worried|interested|fussed|concerned|mind|bother|worry)(?: (?:less|much|at all|any|one bit))*(?: (?:about|by|in|with|over|for|how|what|whether))*|"
    r"ignore|disregard|forget(?: about)?|never mind|not give (?:damn|hoot|fig|toss)(?: about| for)?|(?:no one|nobody)(?: \w+){0,2} (?:cares|worry|worries|bothers|minds) (?:about|over)|indifferent (?:to|about)|who cares about|(?:see )?no (?:interest in|need for|use for|point in|sense in|merit in|value in)|not (?:need|look at|consider|think about|value|weigh))"
)
LOW_AFTER = (
    r"(?:nice to have|(?:counts?|matters?|weighs?) (?:for )?(?:very |only )?little|(?:hardly|barely|scarcely) (?:of )?(?:any )?(?:matters?|counts?|important|importance|relevan\w+|concern|interest)|never (?:been )?(?:important|mattered|relevant|concern|priority|interested)|not (?:what|something|anything)(?: that)? (?:i|we)(?: am| are)? \w+(?: for| about| after)?|(?:can )?takes? back ?seat|nice but(?: \w+){0,2} (?:not|no) \w+|not (?:needed|necessary|essential|required|crucial|vital|critical|must|priority|very important|so important|that important|particularly important|all that important|terribly important|important|big deal|matter (?:much|very much|that much|lot))|secondary|minor|optional|bonus|extra|"
    r"little|bit|somewhat|slightly|icing on cake|plus|perk|unnecessary|less important|second(?:ary)? concern|would not hurt|not hurt|nice|low priority|low on (?:my|our)? ?list|desirable|welcome|dispensable|luxury|take or leave|could do without|take it or leave it|back seat)"
)
LOW_BEFORE = r"(?:(?:bit|little|touch|some|dash) of|(?:willing|happy|ready|prepared|glad) to (?:compromise on|compromise|sacrifice|give up|forgo|do without|trade away)|could do without|can do without|can live without|do without|care little (?:about|for)|little interest in|secondary :|if possible|ideally|preferably|as bonus|nice to have :?)"
LESSER_AFTER = r"(?:not (?:\w+ )?(?:main|top|first|biggest|chief|primary|number one|greatest|only|most important)(?: \w+)?|not everything|hardly most important(?: \w+)?|not (?:be )?(?:deciding|decisive) factor|not be all(?: and)?(?: end all)?|not all|not only thing(?: that matters)?|not decisive|all very well|(?:fine|ok|okay)(?! (?:with|by|for|to))|well and good)"
HIGH_AFTER = (
    r"(?:essential|crucial|vital|critical|key|indispensable|must have|must(?= [.,;!]|$| for)|imperative|(?:very|extremely|hugely|really|highly|incredibly|super|enormously|terribly|particularly|especially|most|deeply|vitally|critically) important|of (?:utmost|great|highest|huge|enormous) importance|"
    r"(?:matters?|counts?) (?:lot|deal|great deal|greatly|hugely|enormously|very much|deeply|so much)|decisive|decides|what (?:counts|matters)|where my heart|of essence|name of game|pivotal|means (?:world|lot|everything)|big deal|dear to|make or break|clinches)"
)
HIGH_BEFORE = (
    r"(?:(?:care|cares) (?:\w+ )?(?:lot|deeply|great deal|greatly|very much|strongly|passionately) (?:about|for)|(?:value|treasure|prize|cherish)(?:s)? (?:\w+ )?(?:highly|greatly)?|passionate about|insist(?:s)? on|what (?:counts|matters)(?: (?:to|for) (?:me|us))?(?: most)? (?:is|are)|"
    r"strongly (?:value|favour|want|prefer|care about)|really (?:value|care about|want|need)|very important|essential :?|crucial :?|place (?:great|high|much) (?:value|weight|importance|emphasis) on|attach(?:es)? (?:great|much) importance to|obsessed with|adamant about|big on|set on|emphasi[sz]e)"
)
PLAIN_AFTER = r"(?:matters?|important|counts?|valuable|valued|significant|relevant|concern|priority|appreciated|important to (?:me|us)|worth \w+|must last|not (?:irrelevant|unimportant)|desired|wanted|needed|required|necessary|welcome)"
PLAIN_BEFORE = r"(?:cares? (?:\w+ )?(?:about|for)|wants?(?: it| them| something| to)?|values?|needs?(?: it| to)?|likes?|loves?|enjoys?|appreciates?|look(?:s|ing)? for|wish(?:es)? for|go(?:es)? for|favours?|prefers?|choose|mind about|concerned (?:about|with|for)|worry about|hope for|respect|protect|aim for|strive for|seek|ask for|attention to|important (?:is|to have)|believe in|stand for|committed to|fan of|all for|opt for|importance of|interested in|welcome|cherish|honour|uphold|support|expect|demand|in favour of|pro|so (?:does|do|is|are))"
IMPERATIVE = re.compile(
    r"^(?:and )?(?:be|stay|remain|keep it|keep things|make it|act|answer|it (?:should|must) be|it has to be) (?P<a>@\d+(?!\S)(?: (?:, and|,|and) @\d+(?!\S))*)"
)
DISLIKE = r"(?:hates?|dislikes?|detests?|loathes?|despises?|can not (?:stand|bear|abide)|not (?:like|want|enjoy|stand|tolerate)|averse to|avoid|annoyed by|fed up with|sick of|tired of|afraid of|fear|worried about|bothered by|(?:am|are|is|be) against|minimi[sz]e|(?:want|with|prefer|like) (?:less|fewer)|reduce|stop|no more|bans?|terrified of)"
DISLIKED = re.compile(rf"(?:^| ){DISLIKE}{w(2)} {ANYTHING}")
ANNOYS = re.compile(
    rf"{ANYTHING}{w(1)} (?:annoys?|bothers?|irritates?|drives? me|upsets?|gets? on my nerves|puts? me off|is awful|is terrible)"
)
RULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("zero", rf"(?P<a>{GROUP}){GLUE} {ZERO_AFTER}"),
        ("zero", rf"(?:^| ){ZERO_BEFORE}{w(2)} (?P<a>{OBJECTS})"),
        ("lesser", rf"(?P<a>{GROUP}){GLUE} {LESSER_AFTER}(?= |$)"),
        ("low", rf"(?P<a>{GROUP}){GLUE} {LOW_AFTER}(?= |$)"),
        ("low", rf"(?:^| ){LOW_BEFORE} (?P<a>{OBJECTS})"),
        ("high", rf"(?P<a>{GROUP}){GLUE} {HIGH_AFTER}(?= |$)"),
        ("high", rf"(?:^| ){HIGH_BEFORE}{w(2)} (?P<a>{OBJECTS})"),
        ("high", rf"(?:^| )(?:must|has to|have to|needs to)(?: be)? (?P<a>{OBJECTS})"),
        ("plain", rf"(?P<a>{GROUP}){GLUE} {PLAIN_AFTER}(?= |$)"),
        ("plain", rf"(?:^| ){PLAIN_BEFORE}{w(3)} (?P<a>{OBJECTS})"),
    )
)
NEITHER = re.compile(rf"neither (?P<a>{GROUP}){w(2)} (?:matters?|counts?|important|interests?|relevant|concerns?)")
GRADED = re.compile(rf"(?P<a>{NP}) [:=](?: very)? (?P<w>high|low|none|zero|important)(?!\S)")
SAYINGS = {"§bettersafe": "safety", "§honestybest": "candour", "§healthwealth": "health", "§noobject": "price"}
SAYS = {
    "zero": "does not matter",
    "lesser": "not the first",
    "low": "minor",
    "high": "weighs heavily",
    "plain": "matters",
    "dislike": "unwanted",
}


def read_degrees(line: Line) -> set[int]:
    """Take what is said of attributes by themselves; returns those of which more is the worse."""
    unwanted: set[int] = set()
    for rule in (DISLIKED, ANNOYS):
        for match in line.each(rule):
            if line.negated(match, match.start("a")) and not re.search(r" (?:not|no) ", f" {match.group()} "):
                continue
            marks = re.findall(r"@(\d+)([-*]?)", match["a"])
            wanted = [int(k) for k, mark in marks if mark]
            bad = [int(k) for k, mark in marks if not mark]
            if wanted:
                line.take(
                    match, "plain", wanted, f"{line.called(wanted)} {SAYS['plain']}", line.alone_above(wanted, MATTERS)
                )
            if bad:
                unwanted |= set(bad)
                line.take(
                    match, "dislike", bad, f"{line.called(bad)} {SAYS['dislike']}", line.alone_above(bad, MATTERS)
                )
    for kind, rule in RULES:
        for match in line.each(rule):
            _degree(line, match, kind)
    for match in line.each(NEITHER):
        _degree(line, match, "zero")
    for match in line.each(GRADED):
        kind = {"high": "high", "low": "low", "none": "zero", "zero": "zero"}.get(match["w"], "plain")
        _degree(line, match, kind)
    for match in line.each(IMPERATIVE):
        _degree(line, match, "plain")
    return unwanted


def _degree(line: Line, match: re.Match[str], kind: str) -> None:
    which = line.group(match["a"])
    if kind != "plain" and line.negated(match, match.start()):
        return
    if kind == "zero":
        claims = line.alone_near(which, ZERO)
    elif kind in ("low", "lesser"):
        claims = line.alone_near(which, LOW if kind == "low" else LESSER)
    elif line.negated(match) and not re.search(r"not (?:irrelevant|unimportant)", match.group()):
        return  # a degree that is denied and has no rule says little
    else:
        claims = line.alone_above(which, HIGH if kind == "high" else MATTERS)
    line.take(match, kind, which, f"{line.called(which)} {SAYS[kind]}", claims)
