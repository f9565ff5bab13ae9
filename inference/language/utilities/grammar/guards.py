"""Which parts of a sentence are what the speaker wants: not questions, reports, quotations, the past, or others' tastes."""

from __future__ import annotations

import re

from inference.language.tokens.irony import IRONY
from inference.language.utilities.grammar.tokens import Sentence

JOINTS = frozenset((";", "but", "yet", "however", "whereas", "while", "although", "though", "–", "—"))
KIN = (
    "boss|neighbou?rs?|friends?|brothers?|sisters?|wife|husband|spouse|partner|mother|father|mum|mom|dad|parents?|sons?|"
    "daughters?|kids?|colleagues?|co-?workers?|manager|landlord|doctor|dentist|teacher|uncle|aunt|cousins?|grand\\w+|"
    "flatmate|room-?mate|predecessor|rival|competitors?|opponents?|ex|buddy|girlfriend|boyfriend|in-laws"
)
VALUES = (
    "care|cares|cared|want|wants|wanted|value|values|valued|prefer|prefers|preferred|put|puts|rank|ranks|place|places|"
    "would|think|thinks|thought|believe|believes|believed|say|says|said|claim|claims|claimed|argue|argues|argued|insist|"
    "insists|insisted|love|loves|hate|hates|like|likes|debate|debates|worry|worries|worried|told|tells|swear|swears|is|"
    "are|was|were|always|often|only|just|never|chose|chooses|choose|picked|obsess\\w*|may|might|will|do|does|did|seem\\w*"
)
REPORTED = re.compile(
    r"\b(?:some|many|most|other|certain|few|several|lots of|plenty of|the other|all the other)"
    r"(?: (?:people|folks|users|customers|critics|experts|others|members|of them|of my \w+))?"
    rf" (?:\w+ly )?(?:{VALUES})\b"
    r"|\b(?:he|she) (?:\w+ly )?(?:said|says|claimed|claims|told|tells|argued|argues|insisted|insists)\b"
    r"|\b(?:critics|experts|economists|pundits|others|everyone else|everybody else|advertis\w+|sceptics|opponents|"
    r"competitors|politicians|journalists|newspapers|people|reviewers|lobbyists|somebody|someone|anyone|nobody i know)\b"
    rf" (?:\w+ ){{0,1}}(?:{VALUES})\b"
    r"|\b(?:it is said|they say|people say|as they say|rumou?r has it|according to|supposedly|allegedly|the saying goes|"
    r"i (?:have )?heard|i (?:have )?read that|i was told|the (?:previous|former|last|old|other) \w+|told me|tells me|asked (?:me |us )?(?:whether|if|about)|"
    r"wondered (?:whether|if)|the (?:survey|report|study|article|chapter|book|leaflet|dealer|brochure|slogan|ad|advert)\b)"
    rf"|\b(?:my|his|her|their|your|our) (?:(?:own|old|late|new|best|little|older|younger|elder|ex) )*(?:{KIN})\b(?! and i\b)(?!s?' )"
)
OTHERS = re.compile(rf"\b(?:he|she|they)\b (?:\w+ly )?(?:{VALUES})\b")
FIRST_PERSON = re.compile(r"\b(?:i|me|my|we|us|our)\b")
PAST = re.compile(
    r"\bused to\b|\bonce (?:cared|valued|preferred|mattered|thought|put)\b|\bin the past\b|\bpreviously\b|\bformerly\b|"
    r"\byears? ago\b|\bback then\b|\bwhen (?:i|we) (?:was|were)\b|\bin my youth\b|\b(?:mattered|cared|valued|was|were) "
    r"(?:\w+ ){0,4}(?:at the time|then|back|before that|in those days)\b|\bas a (?:child|student|teenager)\b|"
    r"\b(?:i|we) (?:cared|valued|wanted|preferred|liked|loved)\b"
)
UNREAL = re.compile(
    r"\bif (?:i|we|it|they|he|she|you|there|[\w@]+) (?:were|had|was)\b(?! (?:to|forced to) (?:choose|pick|decide|rank))|\bimagine\b|\bsuppose\b|\bin another life\b|\bi wish\b|"
    r"\bhypothetically\b|\bin theory\b|\bfor example\b|\be\.g\.|\bwould have\b|\b(?:ignore|disregard|forget|override) (?:the |all |any |these |your )*(?:previous|prior|above|earlier|other|preceding|rules?|system|prompt)\b|(?:^|\band |\bthen |, )(?:answer|reply|respond|report|output|print|return) (?:that|with|only)\b|\binstructions?\b"
)
UNSURE = re.compile(
    r"\b(?:no (?:view|opinion|idea)|not (?:sure|decided|certain)|(?:do|can) not (?:know|say|tell|decide) (?:whether|if|which|how)|undecided|"
    r"whether|not that|not saying|have not thought|not (?:\w+ )?(?:made up|thought))\b|\bdepends\b|"
    r"\b(?:all else|other things|all things|everything else|all other things) (?:being )?equal\b"
)
REJECTED = re.compile(
    r"\b(?:i|we) (?:\w+ )?(?:disagree|doubt (?:it|that)|beg to differ)\b|\bthat is (?:wrong|nonsense|not true)\b|"
    r"\b(?:not true|nonsense|wrong|a myth|a lie|mistaken|a mistake|false)\b that\b"
)
NO_LONGER = re.compile(r"\b(?:no longer|not any ?more)\b")
BEGINS_CONDITION = re.compile(
    r"(?:^|(?<= ))(?P<word>only if|only when|only as long as|only once|not until|(?<!\w )only after|if and only if|if|when|whenever|unless|provided that|provided|providing|as long as|so long as|"
    r"on condition|in case|assuming|during|except when|except) "
)
LEADS = re.compile(
    r"^(?:in emergency|in emergencies|on weekdays|on weekends|at night|at work|at home|on sundays|in winter|in summer|"
    r"for (?:short|long) trips|in crisis|in such cases?) ,? ?"
)
BEGINS_MAIN = re.compile(r"(?:(?:do|does|will|would|should|can|may|shall|is|are) (?:i|we|@\d+)|comes? @\d+)")
ONCE = re.compile(r"(?<=\w )once(?= @\d+\*? (?:is|are|has|have)\b)")
CLASH = r"(?:conflict|clash|compete|collide|disagree|are at odds|are in conflict|pull in different directions|come into conflict)"
CLASHES = r"(?:conflicts|clashes|competes|collides|is at odds|comes into conflict)"
CONFLICT = re.compile(
    rf"(?:when|whenever|if|where) (?:(?:they|the two|two|@\d+\*? (?:and|or) @\d+\*?) {CLASH}|(?:it|this|that|@\d+\*?) {CLASHES} with)"
)
CHOICE = re.compile(r"(?:when|whenever|if) (?:i|we) (?:\w+ ){0,3}between @\d+\*? (?:and|or) @\d+")
REQUIRES = frozenset(
    (
        "only if",
        "only when",
        "only as long as",
        "only once",
        "only after",
        "not until",
        "once",
        "if and only if",
        "provided that",
        "provided",
        "providing",
        "as long as",
        "so long as",
        "on condition",
    )
)
DENIED = re.compile(r"(?:it is )?not (?:for |on |about )?@\d+\*?(?: ,)?")  # "not A but B" is one thing said
FIRST_THINGS = frozenset(("only once", "only after", "not until", "once"))  # first the one, then the other
REQUIRING = re.compile(rf"(?:{'|'.join(sorted(REQUIRES, key=len, reverse=True))}) ")
OTHERWISE = re.compile(r"(?:^|[,;.:–] ?(?:but |and )?)(?:otherwise|or else|else)\b")
SAME = re.compile(r"\b(?:same|equal|equally|identical|tie|tied|alike|similar)\b")


def is_quoted(written: str) -> bool:
    """Whether most of a sentence stands in quotation marks, or it is about what stands there."""
    return re.search(r"[\"“„«](?:[^\"”]{8,})[\"”»]", written) is not None


def is_question(written: str) -> bool:
    """Whether a sentence asks, and not for effect."""
    return written.rstrip("\"”') ").endswith("?") and not written.startswith(("who cares", "why not"))


def segments(sentence: Sentence, whole_text: str) -> tuple[list[Sentence], list[Sentence]]:
    """Parts of a sentence at "but", ";" and the like: those that the speaker says, and those that are set aside."""
    cuts = [0]
    texts = [one.word for one in sentence.tokens]
    for k, text in enumerate(texts):
        new_subject = text == "," and texts[k + 1 : k + 3] in (["and", "i"], ["and", "we"])
        if text == "," and texts[k + 1 : k + 2] in (["i"], ["we"]):
            new_subject = REPORTED.search(sentence.part(cuts[-1], k).written) is not None
        holds = text == "but" and (
            "not only" in " ".join(texts[:k])
            or REQUIRING.match(" ".join(texts[k + 1 : k + 5]))
            or DENIED.fullmatch(" ".join(texts[cuts[-1] : k]))
        )
        around = [one.startswith("@") for one in (*texts[max(k - 1, 0) : k], *texts[k + 1 : k + 2])]
        listed = text == ";" and all(around) and (k + 2 >= len(texts) or texts[k + 2] in (";", "."))
        if (text in JOINTS or new_subject) and k > 0 and not holds and not listed:
            cuts.append(k)
    parts = []
    for first, last in zip(cuts, [*cuts[1:], len(texts)], strict=True):
        start = sentence.tokens[first - 1].end if first else sentence.start  # "my", which is no token, belongs to it
        part = sentence.part(first, last)
        parts.append(Sentence(part.tokens, start, part.end, sentence.source))
    said: list[Sentence] = []
    aside: list[Sentence] = []
    for part in parts:
        (aside if _is_set_aside(part, sentence.written, whole_text, alone=len(parts) == 1) else said).append(part)
    return said, aside


def _is_set_aside(part: Sentence, written: str, whole_text: str, *, alone: bool) -> bool:
    plain = written if alone else part.written
    if is_question(written) or is_quoted(plain) or (REJECTED.search(written) and alone):
        return True
    if IRONY.search(written):
        return True
    if REPORTED.search(plain) or UNREAL.search(plain) or UNSURE.search(plain):
        return True
    if PAST.search(plain) and not NO_LONGER.search(plain):
        return True
    return bool(OTHERS.search(plain) and FIRST_PERSON.search(whole_text))


def split_condition(part: Sentence) -> tuple[Sentence, Sentence | None, str]:
    """What is said, what it is said on, and the word that begins the condition; no word where there is none."""
    line = part.line
    leads = LEADS.match(line)
    if leads:
        k = len(line[: leads.end()].split())
        return part.part(k, len(part.tokens)), part.part(0, k), "in"
    found = BEGINS_CONDITION.search(line) or ONCE.search(line)
    if found is not None and (CONFLICT.search(line, found.start()) or CHOICE.match(line, found.start())):
        return part, None, ""  # "when A and B conflict", "if I choose between A and B" compare them
    if found is None or line[: found.start()].endswith("even "):
        return part, None, ""
    k = len(line[: found.start()].split())
    texts = [one.word for one in part.tokens]
    if not any(text.isalpha() or text.startswith("@") for text in texts[:k]):  # it comes first
        comma = next((j for j in range(k, len(texts)) if texts[j] == ","), len(texts))
        begins = next((j for j in range(k + 1, comma) if BEGINS_MAIN.match(" ".join(texts[j : j + 2]))), None)
        if found["word"] in FIRST_THINGS | {"only when", "only if"} and begins is not None:
            return part.part(begins, len(texts)), part.part(k, begins), found["word"]  # only once A holds do I want B
        if comma == len(texts) and found["word"] == "during":
            comma = next((j for j in range(k, len(texts)) if texts[j].startswith("@")), len(texts)) - 1
        return part.part(comma + 1, len(texts)), part.part(k, comma), found["word"]
    return part.part(0, k), part.part(k, len(texts)), found.groupdict().get("word", "once")
