"""Whether a text is about a split at all, and which of its words the reader has never met.

Sharing data, keeping promises and treating applicants fairly are policies, but not about a pie. A clause whose verb of
giving or keeping has an object that nobody splits is about something else; so is a text that names no resource and no
share, and whose other words are strange.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from inference.language.arithmetic import vocabulary as t
from inference.language.text.amounts import HOLDING, Span
from inference.language.text.features import stem
from inference.language.text.words import TOKEN, is_manner, normal_word, spelled
from inference.language.tokens.negations import NO_OPTION, any_of
from inference.language.tokens.tokens import CLAUSE, tokens

SPLIT_VERBS = t.words("split divide distribute apportion halve")
VERBS = (t.GIVE | t.KEEP | SPLIT_VERBS) - {
    "demand",
    "claim",
    "save",
    "hold",
    "request",
    "ask",
    "demands",
    "part",
    "leave",
}
RESOURCES = t.words(
    "share portion part split divi distribut alloc resourc proposal offer amount unit sum money dollar apple "
    "blanket pie medicine blood formula subscription goods item object cash coin point token cake pot wealth payoff "
    "payout profit gain benefit reward earning income winning prize cent euro pound fund budget surplus advantage "
    "interest outcome piece slice cut deal donat stake endowment loot treasure inherit bread food water land pizza "
    "cookie sweet candy chocolate salary bonus bounty wage rent kitty pool purse proceeds penny pence fortune "
    "spoils revenue lot rest remainder bulk lion's allotment scraps crumbs leftovers possession belonging"
)
AMOUNTS = (
    t.words(
        "half quarter third percent whole majority balance everything nothing all most larger bigger greater smaller "
        "best least little much more less good difference zilch nil nada smallest biggest fair equal"
    )
    | frozenset(t.PARTS_OF)
    | frozenset(t.MULTIPLES)
    | {f"{part}s" for part in t.PARTS_OF}
)
FOREIGN = t.words(
    "data information info password passwords secret secrets opinion opinions file files document documents photo "
    "photos picture pictures location locations address addresses name names number numbers code codes key keys "
    "knowledge advice answer answers example examples source sources reason reasons feedback credit attention log "
    "logs record records message messages email emails story stories news idea ideas view views thought thoughts "
    "feeling feelings experience experiences detail details privacy accuracy safety access paragraph paragraphs "
    "text texts sentence sentences function functions file task tasks step steps question questions instruction "
    "instructions word words response responses reply replies promise promises calm quiet distance order door "
    "window doors light customer customers applicant applicants student students patient patients user users child "
    "children page pages note notes link links recipe recipes screen account accounts identity history private "
    "confidential sensitive help support turns breaks notice warning warnings summary summaries report reports "
    "translation explanation explanations suggestion suggestions alternative alternatives choice option options "
    "hope joy love memory memories truth facts fact evidence tone language grammar spelling version versions "
    "software program tests test bug bugs meeting calendar seat seats responsibility blame guilt burden workload "
    "work chores duties room rooms bed house car photo post posts content contents video videos music song songs "
    "copyright citation citations quote quotes reference references"
)
FILLERS = t.words(
    "the a an your my their his her its our this that these those any some all every no personal own other more "
    "less very such same equal fair full free better good bad best short long new old"
)
SAID = t.words("nothing everything anything something little much all more less")  # about something, to somebody
STEMS = (
    "divi",
    "distribut",
    "alloc",
    "resourc",
    "propos",
    "donat",
    "inherit",
    "split",
    "sharing",
    "offer",
    "benefi",
    "earn",
)
NO_WAY_OUT = re.compile(rf"\b(?:{any_of(NO_OPTION)})\b")
JOINED = re.compile(rf"\b(?:and|but|while)\s+(?=(?:{'|'.join(sorted(VERBS))})\b)")
PERCENTS = t.words("% percent pct")
STANCES = t.words("fair fairly kind generous equal equally unselfish selfless altruistic")
TAKERS = t.THIRD | t.KIN | t.REFLEXIVE | t.words("me you i mine yours")
PREPOSITIONS = t.words("with of for in on at by from between among when if while as than until unless because and or")
PASSED = (
    FILLERS | t.THIRD | t.PEOPLE | t.FIRST | t.SECOND | t.PARTICLES - PREPOSITIONS | {"to", "not", "only", "always"}
)
PARTIES = (
    t.THIRD | t.PEOPLE | t.REFLEXIVE | t.ALL_OF_THEM | t.words("me you i us mine yours friend brother sister child")
)
KNOWN_WHOLES = t.words("what whatever which it this that them these those everything all each every there")
OWN_WHOLE = re.compile(
    rf"\bof\s+(?:what(?:ever)?|everything|all)\s+(?:that\s+)?{HOLDING}(?!\s+(?:to\s+(?:split|share|divide|give)|been|here|in\s+front|left)\b)"
)
COMMON = t.words(
    "a an the of in to for by with be is are was were been being it its this that these those while when as and or "
    "but at on into from if then so even also such each can may will would should must do does did any use make act "
    "try always only ever all every not no never i me my mine you your yours we us our they them their he she him "
    "her his who what which how whatever whoever have has had get gets let lets go goes want wants like more most "
    "less much many very too just up out over off away down there here one two three than both either own other "
    "others person people party side player partner thing things way time please about before after above under "
    "between through because without within per somewhere anywhere again think nothing everything something "
    "anything yourself myself themselves oneself could might shall 'll 'd 's 're 've n't don't"
)


def foreign_clauses(line: str, known: frozenset[str] = frozenset(), sure: Sequence[Span] = ()) -> list[Span]:
    """Clauses of a line in lower case that give, keep or share what is no pie.

    A thing that is neither among the words `known` nor in a place that says for `sure` who gets how much is no pie.

    Examples
    --------
    >>> line = "share your data with nobody, and split the money evenly"
    >>> [line[slice(*one)] for one in foreign_clauses(line)]
    ['share your data with nobody']
    """
    found = []
    line = NO_WAY_OUT.sub(lambda match: " " * len(match.group()), line)  # an option, a question: of none in particular
    for match in CLAUSE.finditer(line):
        for start, end in _halves(match.group()):
            words = [one.word for one in tokens(match.group()[start:end]) if one.word not in ("'s", "-")]
            span = (match.start() + start, match.start() + end)
            is_sure = any(span[0] < one[1] and one[0] < span[1] for one in sure)
            strange = known if not is_sure else frozenset[str]()
            if _is_foreign(words, strange) or _is_part_of_foreign(words, known) or _goes_to_no_party(words):
                found.append(span)
    return found


def _halves(clause: str) -> list[Span]:
    """A clause cut where another verb begins: "keep calm and split it"."""
    cuts = [one.start() for one in JOINED.finditer(clause)]
    edges = [0, *cuts, len(clause)]
    return list(itertools.pairwise(edges))


def _is_foreign(words: list[str], known: frozenset[str]) -> bool:
    if any(one in SAID and two in ("about", "regarding", "concerning") for one, two in itertools.pairwise(words)):
        return True
    if any(_is_resource(word) for word in words if word not in VERBS and word not in ("share", "shares", "sharing")):
        return False
    return any(word in FOREIGN and not is_manner(word) for word in words) or any(
        _is_strange(_object(words[place + 1 :]), known) for place, word in enumerate(words) if word in VERBS
    )


def _is_part_of_foreign(words: list[str], known: frozenset[str]) -> bool:
    """80% of the battery, 20% off, fair in your reviews: a part, or a stance, of what is no pie and goes to nobody."""
    if not (TAKERS | t.GIVE).isdisjoint(words):
        return False
    for place, word in enumerate(words[:-1]):
        after = words[place + 1]
        part = word in AMOUNTS or word in PERCENTS or word[0].isdigit()
        if part and after == "off" and word in PERCENTS:
            return True
        if ((part and after == "of") or (word in STANCES and after in ("in", "about", "on", "when"))) and _is_strange(
            _object(words[place + 2 :]), known
        ):
            return True
    return False


def _goes_to_no_party(words: list[str]) -> bool:
    """30% of the table for guests, a third of your time to reading: a part of what is no known pie, for no party."""
    for place in _parts_of_the_unknown(words):
        ahead = words[place + 1 :]
        goes = next((k for k, word in enumerate(ahead) if word in ("to", "for", "into", "on")), None)
        if goes is not None and not any(
            word in PARTIES for word in itertools.takewhile(lambda word: word not in PREPOSITIONS, ahead[goes + 1 :])
        ):
            return True
    return False


def _parts_of_the_unknown(words: list[str]) -> list[int]:
    """Where a part is followed by "of" and something that is neither a pie nor money nor people."""
    found = []
    for place, (part, after) in enumerate(itertools.pairwise(words)):
        thing = _object(words[place + 2 :]) if after == "of" else ""
        if (
            (part in t.PARTS_OF or part in ("half", "quarter", "third") or part in PERCENTS)
            and thing
            and words[place + 2 : place + 4] != ["the", "time"]
            and not (thing in t.WHOLES | t.THINGS | KNOWN_WHOLES | t.PARTS_OF.keys() or _is_resource(thing))
        ):
            found.append(place + 2)
    return found


def names_unknown_whole(line: str) -> bool:
    """Whether a line takes a part of what somebody has, or of a thing that may not be what is split.

    Examples
    --------
    >>> names_unknown_whole("give half of what i have"), names_unknown_whole("give them a third of your garden")
    (True, True)
    >>> names_unknown_whole("give half of the pie"), names_unknown_whole("give half of what you keep")
    (False, False)
    """
    return OWN_WHOLE.search(line) is not None or any(
        _parts_of_the_unknown([one.word for one in tokens(clause.group())]) for clause in CLAUSE.finditer(line)
    )


def _object(words: list[str]) -> str:
    """What a verb gives or keeps: its first word that is no determiner, particle, person or amount."""
    for word in words:
        if word in PASSED:
            continue
        return "" if word in PREPOSITIONS or word in t.ONES_AND_TENS or not word[0].isalpha() else word
    return ""


def _is_strange(word: str, known: frozenset[str]) -> bool:
    return (
        bool(word)
        and bool(known)
        and not is_manner(word)
        and word not in COMMON | AMOUNTS | t.THIRD | t.PEOPLE | t.WHOLES | t.THINGS
        and not _is_known(word, known)
    )


def _is_resource(word: str) -> bool:
    return word in RESOURCES or word.removesuffix("s") in RESOURCES or word.startswith(STEMS) or word[0] in "$£€"


def names_a_resource(line: str) -> bool:
    """Whether a text names what is split, or a part of it."""
    return any(
        _is_resource(one.word) or one.word[0].isdigit() or one.word in ("everything", "nothing") for one in tokens(line)
    )


def strangeness(text: str, known: frozenset[str]) -> tuple[int, int]:
    """How many of a text's content words a reader knows and does not know."""
    words = [
        word
        for word in TOKEN.findall(spelled(text))
        if word not in COMMON | t.THIRD | t.PEOPLE and not is_manner(word) and not word[0].isdigit()
    ]
    strange = [word for word in words if not _is_known(word, known)]
    return len(words) - len(strange), len(strange)


def _is_known(word: str, known: frozenset[str]) -> bool:
    return normal_word(word) in known or word in known or stem(word) in known or _is_resource(word) or word in AMOUNTS
