"""Words that address or describe somebody and are no policy: names called, reports of others, questions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from inference.language.arithmetic import vocabulary as t
from inference.language.arithmetic.vocabulary import OTHER
from inference.language.arithmetic.voice import Voice, said, voice
from inference.language.text.amounts import Span
from inference.language.tokens.tokens import CLAUSE, SENTENCE, tokens

PIECE = re.compile(rf"{CLAUSE.pattern}|[.,;:!?()–—\n]")
CONTRACTED = t.words("n't 'll 'd 'm 're 've")
LONGEST_NAME = 7  # words
VERBAL = t.GIVE | t.KEEP | t.HELPERS | t.words(
    "get gets receive have has want need deserve say says said take split splits divide be do not never is "
    "offer prioritize prioritise maximize maximise favor favour act treat care cares eat end walk make come like "
    "prefer accept reject decide choose know think see make play look put ensure try and or who whom whose which "
    "what how if when as than"
)  # fmt: skip
CALLS = t.words("hey hi hello dear oh o listen look well okay ok sorry greetings ah yo alas so now then right fine")
CHARACTER = re.compile(
    r"\b(?:(?:you\s+are|you're)\s+|what(?=\s+an?\b)\s+)(?:such\s+)?(?:an?\s+)?(?!to\b|not\b|the\s+proposer|going\b|\w+ing\b|offer|given|left|free\b)"
    r"[^.,;:!?]{1,60}"
)
REPORT = re.compile(
    r"\b(?:(?:the\s+|my\s+|your\s+)?(?:last|previous|former|other|earlier)(?:\s+(?:one|player|proposer|person|round|time|guy|people))?s?|"
    r"others?|he|she|they|people|most|everyone|everybody|(?:my\s+|your\s+|the\s+)?predecessors?|somebody|someone)\s+"
    r"(?:has\s+|have\s+|had\s+|always\s+|all\s+|just\s+|only\s+)?"
    r"(?:was|were|been|kept|gave|took|offered|acted|behaved|did|shared|played|split|used\s+to)\b"
)
SAME = re.compile(
    r"\b(?:the\s+same|likewise|follow\s+suit|copy|imitate|mirror|match|as\s+(?:he|she|they)\s+did|do\s+so\s+too|too)\b"
)
OPPOSITE = re.compile(
    r"\b(?:the\s+|exactly\s+the\s+|precisely\s+the\s+|quite\s+the\s+)?(?:exact\s+|very\s+|direct\s+|complete\s+)?"
    r"(?:opposite|reverse|contrary|inverse)\b|\bdo\s+otherwise\b|"
    r"\b(?:do\s+not|don't|never|not)\s+(?:do\s+(?:that|this|so|likewise|the\s+same|as\s+\w+\s+d\w+)|"
    r"(?:be|act|behave)\s+like\s+(?:that|this|them|him|her)|(?:follow|copy|imitate|repeat)\b[^.,;!?]*)|"
    r"\bunlike\s+(?:him|her|them)\b"
)
IN_PAST = {"kept": "keep", "gave": "give", "took": "take", "got": "get"}
PRESENT = re.compile(r"\b(?:kept|gave|took|got)\b")
TURNED = {"you": "them", "your": "their", "yours": "theirs", "yourself": "them"}


def names_called(line: str) -> list[Span]:
    """Places where somebody is called names, in abuse or in flattery: "you greedy little rat,".

    Examples
    --------
    >>> line = "you selfish little rat, i am giving you the larger part, fair lady!"
    >>> [line[slice(*one)] for one in names_called(line)]
    ['you selfish little rat', ' fair lady']
    """
    pieces = list(PIECE.finditer(line))
    words = [[token.word for token in tokens(one.group())] for one in pieces]
    spoken = [one for one in range(len(pieces)) if CLAUSE.match(pieces[one].group())]
    found = []
    for place in spoken:
        after = pieces[place + 1].group() if place + 1 < len(pieces) else ""
        before = pieces[place - 1].group() if place else ""
        rest = [n for n in spoken if n != place]
        if rest and _is_call(
            words[place], first=place == spoken[0], closed=after in (",", "!", ":", "–", "—"), led=before == ","
        ):
            found.append(pieces[place].span())
    speaks = voice(said(line)).you == OTHER
    if speaks:
        for match in CHARACTER.finditer(line):
            if match.group().startswith("what") or not set(re.findall(r"[a-z']+", match.group())[1:]) & (
                t.GIVE | t.KEEP | {"get", "getting", "have"}
            ):
                found.append(match.span())
    return sorted(set(found))


def _is_call(words: list[str], *, first: bool, closed: bool, led: bool) -> bool:
    """Whether a piece between commas only names somebody: it has no verb, no amount and is set apart."""
    if not words or len(words) > LONGEST_NAME:
        return False
    plain = [word for word in words if word[0].isalnum() or word in CONTRACTED]
    if not plain or any(word in VERBAL or word in CONTRACTED or word[0].isdigit() for word in plain) or "%" in words:
        return False
    amounts = t.words(
        "half all everything nothing more less least none each third quarter same equal equally evenly mine yours"
    )
    if amounts & set(plain) or plain[:2] == ["most", "of"]:
        return False
    if any(word in t.ONES_AND_TENS for word in plain):
        return False
    addressed = plain[0] in ("you", "my", "ye") or (plain[0] in CALLS and len(plain) > 1 and words[1] != "-")
    if addressed:
        return len(plain) > 1 and (closed or led)
    person = plain[-1].rstrip("s") in NAMED or plain[-1] in NAMED
    return (
        person
        and ((first and closed) or led)
        and not ({"the", "to", "for", "of", "by", "with", "others", "them"} & set(plain))
    )


NAMED = t.words(
    "sir madam lady lord friend fool idiot rat pig dog goat miser fellow stranger man woman mate buddy pal dude "
    "darling dear love sweetheart bastard moron loser scum swine snake cow weasel worm toad leech parasite wretch "
    "brute beast angel saint soul heart neighbour neighbor master mistress majesty genius hero champion sweetie "
    "honey comrade colleague kid boy girl child scoundrel villain rascal hog shark vulture egoist altruist "
    "skinflint cheapskate gentleman ma'am boss chief brother sister partner jerk clown donkey ass monster creature "
    "thing selfish"
)


def questions(line: str) -> Iterator[Span]:
    """Sentences that ask."""
    for match in SENTENCE.finditer(line):
        if "?" in match.group():
            yield match.span()


def is_opposed(line: str) -> re.Match[str] | None:
    """Where a text says to do the opposite of what it has reported."""
    match = OPPOSITE.search(line)
    if match is None:
        return None
    before = line[: match.start()]
    if match.group().startswith(("do not", "don't", "never", "not")) and not re.search(r"[.;,!?]|\bbut\b", before):
        return None  # nothing was reported
    return match if len(before.split()) > 1 else None


def reports(line: str) -> Iterator[Span]:
    """Clauses that tell what somebody else did, which binds nobody unless the text says to do the same."""
    if SAME.search(line):
        return
    for match in re.finditer(r"[^.;!?\n]+", line):
        if REPORT.search(match.group()) and not re.search(r"\b(?:if|when|as|where|that|unless)\b", match.group()):
            yield match.span()


def in_present(line: str) -> str:
    """Past tenses of giving and keeping as present ones, at the same length."""
    return PRESENT.sub(lambda match: IN_PAST[match.group()], line)


def turned(text: str, how: Voice) -> str:
    """The text with the addressee in the third person, where words are spoken to the other.

    Examples
    --------
    >>> turned("I keep most, you get the rest", voice(said("i keep most, you get the rest")))
    'I keep most, them get the rest'
    """
    if how.you != OTHER:
        return text
    return re.sub(
        r"\b(?:you|your|yours|yourself)\b", lambda one: TURNED[one.group().lower()], text, flags=re.IGNORECASE
    )
