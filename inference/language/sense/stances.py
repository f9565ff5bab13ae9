"""What a text thinks of a stance: "greed is wrong", "altruism is for fools", "generosity over gain".

A stance that is judged, refused or preferred is not the same as a stance that is taken. In a clause that does so, the
number of words that turn the meaning ("nobody", "regret", "wrong", "without") says whether the stance is affirmed, if
even, or ruled out, if odd. A stance that is only talked about, by a verb unknown here, says nothing.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np

from contracts.inputs.arrays import Array
from inference.language.tokens.negations import DENIED, NOBODY, NOT, NOTHING, WRONG, any_of
from inference.language.tokens.tokens import CLAUSE

SELFISH = (
    r"selfish\w*|greed\w*|egois\w*|egotis\w*|stingy|stingi\w*|miserl\w*|misers?|avaric\w*|self[- ]?interest\w*|"
    r"self[- ]?serving|self[- ]?cent(?:er|re)d\w*|mean(?=\s+(?:to|with|towards?)\b)|"
    r"meanness|unkind\w*|ungenerous\w*|ungiving|grasping|"
    r"avarice|hoarding|unaltruistic|skinflints?|scrooges?|cheapskates?|keeping\s+(?:everything|it\s+all|the\s+lot|most|all)"
)
FAIR = (
    r"fair(?:ness|ly)?|equal(?:ity|ly)?|equit\w+|egalitarian\w*|justice|even[- ]handed\w*|impartial\w*|parity|"
    r"splitting\s+(?:it\s+)?(?:equally|evenly|fairly)|equal\s+splits?|even\s+splits?"
)
ALTRUIST = (
    r"altruis\w*|generos\w*|generous\w*|charit\w+|selfless\w*|unselfish\w*|kind(?:ness|ly)?|benevol\w*|philanthrop\w*|"
    r"self[- ]?sacrific\w*|giving(?!\s+(?:in|up|way)\b)|sharing|saint\w*|magnanim\w*|unstinting"
)
STANCE = re.compile(
    rf"(?<![\w-])(?:(?P<selfish>{SELFISH})|(?P<unfair>unfair\w*|unequal\w*|inequal\w*|injustice|inequit\w*)|(?P<fair>{FAIR})|(?P<altruist>{ALTRUIST}))(?![\w-])"
)
BAD = (
    rf"{any_of(WRONG)}|bad(?:ly)?|mistakes|vices?|sins|evil|shame|ugly|stupid\w+|foolish\w+|"
    r"weak(?:ness|nesses)?|overrated|boring|pointless|useless|folly|errors?|crimes?|disgusting|"
    r"despicable|harmful|dangerous|traps?|disgrace\w*|naive|na\u00efve|idiotic|ridiculous|wicked|vile|poison|disease|"
    r"loathsome|contemptible|detestable|repugnant|nonsense|madness|insane|worthless|counterproductive|unbecoming|"
    r"out\s+of\s+(?:the\s+question|place|bounds)|off\s+the\s+table|beneath\s+(?:you|me|us)|illusions?|myths?|curse|plague|blunders?|"
    r"a\s+waste|inexcusable|indefensible|unforgivable|intolerable|hateful|nasty|terrible|awful|horrible|rubbish|no\s+virtue|dumb|dead\s+end"
)
GOOD = (
    r"good|right|best|better|virtues?|virtuous|wise|noble|smart|clever|admirable|beautiful|essential|paramount|crucial|"
    r"the\s+(?:way|rule|answer|goal|aim|key|point|law)|pays|duty|duties|important|honou?rable|necessary|required|"
    r"everything|great|golden|rational|sensible|desirable|praiseworthy|commendable|right\s+thing|ideal|mandatory|key|"
    r"strength|moral|ethical|welcome|fine|ok|okay|allowed|justified|what\s+(?:counts|matters)|priority|above\s+all"
)
FOOLS = (
    r"fools?|losers?|suckers?|idiots?|morons?|weaklings?|cowards?|children|dupes?|simpletons?|chumps?|dummies|dimwits?|"
    r"imbeciles?|villains?|scoundrels?|monsters?|the\s+weak|the\s+stupid|the\s+naive|mugs?|pushovers?|bad\s+people|the\s+wicked|crooks?|jerks?"
)
TURNING = re.compile(
    rf"\b(?P<no>{any_of(NOT, NOBODY, NOTHING, 'no one', 'anything but')})\b|n't\b|"
    rf"\b(?P<shun>avoid\w*|refus\w+|stop(?:s|ped|ping)?|quit|shun\w*|reject\w*|abandon\w*|forget|hat(?:e|es|ing)|despis\w*|loath\w*|ban\w*|resist\w*|"
    r"refrain\w*|beware|renounc\w*|give\s+up|drop|condemn\w*|detest\w*|dislik\w*|regret\w*|oppos\w+|fight|fights|abhor\w*|down\s+with|"
    r"cease|resent\w*|scorn\w*|disapprov\w*|deplor\w*|fails?|punish\w*|loses?|get\s+in\s+the\s+way|gets\s+in\s+the\s+way|stand\s+in\s+the\s+way|away\s+with|has\s+no|have\s+no)\b|"
    rf"\b(?P<bad>{BAD})\b|\bonly\s+(?:an?\s+)?(?P<fools>{FOOLS})\b|\bfor\s+(?:the\s+)?(?P<for>{FOOLS})\b|\b(?P<are>{FOOLS})\s+(?:are|is|be)\b|"
    rf"\b(?:is|are)\s+(?:an?\s+)?(?P<who>{FOOLS})\b|\b(?P<makes>makes?\s+(?:you\s+)?(?:an?\s+)?(?:{FOOLS}))\b"
)
JUDGING = re.compile(
    rf"\b(?:is|are|was|'s|be|seems?|feels?|looks?|would\s+be|becomes?|find|consider)\b[^.;!?]*?\b(?P<good>{GOOD})\b|\b(?P<verb>pays?\s+off|pays|wins|rules|works|matters)\b"
)
PLACE = re.compile(
    r"\b(?:has|have|had)\s+(?:no|little)\s+(?:place|value|merit|room|point|use)\b|\bthere\s+is\s+no\s+(?:room|place|use|point|value|virtue|shame)\b"
)
PREFERRED = re.compile(
    r"\b(?:(?:prioriti[sz]e|priorit[sz]ing|value|prefer|put|place|choose|favou?r|rank|set|hold|take|pick)"
    r"\w*\s+)?(?P<first>[\w' -]{2,60}?)\s+"
    r"(?P<sign>over|above|before|ahead\s+of|rather\s+than|instead\s+of|outweighs?|outranks?|trumps?|beats?|comes?\s+(?:before|ahead\s+of|above)|"
    r"matters?\s+more\s+than|counts?\s+(?:for\s+)?more\s+than|(?:is|are)\s+(?:worth\s+)?(?:more|better|more\s+important)\s+than|"
    r"(?:is|are)\s+less\s+important\s+than|matters?\s+less\s+than|"
    r"counts?\s+(?:for\s+)?less\s+than|comes?\s+after|to)\s+(?P<second>[\w' -]{2,60})"
)
SELF_SIDE = re.compile(
    rf"\b(?:{SELFISH}|own|self|you|your|yourself|myself|oneself|me|my|mine|profits?|gains?|personal|proposer(?:'s)?|money|advantage|greed)\b"
)
OTHER_SIDE = re.compile(
    rf"\b(?:{ALTRUIST}|others?|them|their|theirs|people|the\s+recipient|responder|decider|partner|opponent|neighbou?r|strangers?|someone\s+else|everyone\s+else)(?:'s?)?\b"
)
FAIR_SIDE = re.compile(rf"\b(?:{FAIR})\b")
SHARES_NOTHING = re.compile(
    r"\b(?:(?:do\s+not|don't|never|not\s+to|won't|will\s+not|refuse\s+to|not\s+going\s+to)\s+(?:ever\s+)?(?:share|give|part\s+with))"
    r"(?:\s+away)?(?:\s+(?:any|anything|it|the|your|my|of|a|single|one|with|to|them|others?|anyone|anybody|us|back|this|"
    r"money|pie|cake|winnings|pot|cash|prize|profits?|resources?|coins?|penny|cent|dollar|treasure|loot|gains?))*\s*$"
)
MODELLED = re.compile(r"avoid|reject|refus|resist|condemn|disapprov|punish")
TAKING = re.compile(r"\b(?:be|being|acting|act|so|too)\s+(?:\w+\s+)?$")
AFFIRMED, RULED_OUT = 0.8, 0.06  # weight of a kind that is affirmed, and of one that is ruled out
REST = {0: np.array([0.0, 0.5, 0.5]), 1: np.array([0.7, 0.0, 0.3]), 2: np.array([0.6, 0.4, 0.0])}  # of those left


class Judgement(NamedTuple):
    """A clause that judges a stance: what it leaves to the kinds of policy, (3,), and in which words."""

    start: int
    end: int
    weights: Array | None  # None: it says nothing
    says: str
    known: bool = False  # in words that the model knows how to weigh


def judgements(line: str, known: frozenset[str] | None = None) -> list[Judgement]:
    """The clauses of a line in lower case that judge, refuse or prefer a stance.

    Examples
    --------
    >>> for line in ("being selfish is wrong", "nobody regrets being generous", "gain over generosity"):
    ...     print(judgements(line)[0].weights.round(2), judgements(line)[0].says)
    [0.06 0.47 0.47] rules out selfish
    [0.1 0.1 0.8] affirms altruistic
    [0.8 0.1 0.1] affirms selfish
    """
    found = []
    for match in CLAUSE.finditer(line):
        clause = match.group()
        if SHARES_NOTHING.search(clause):
            found.append(Judgement(*match.span(), affirmed(0, 0.9), "shares nothing", known=True))
            continue
        preferred = _preferred(clause)
        weighed = preferred or _judged(clause, known)
        if weighed is not None:
            found.append(Judgement(*match.span(), *weighed, known=preferred is not None))
    return found


def affirmed(kind: int, weight: float = AFFIRMED) -> Array:
    """Weights of the kinds, (3,), where one is affirmed."""
    weights = np.full(3, (1 - weight) / 2)
    weights[kind] = weight
    return weights


def ruled_out(kind: int) -> Array:
    """Weights of the kinds, (3,), where one is ruled out."""
    weights = REST[kind] * (1 - RULED_OUT)
    weights[kind] = RULED_OUT
    return weights


KINDS = ("selfish", "fair", "altruistic")


def _judged(clause: str, known: frozenset[str] | None) -> tuple[Array | None, str] | None:
    """What a clause makes of the one stance it names; None where it takes the stance, or names several."""
    named = list(STANCE.finditer(clause))
    if not named:
        return None
    kinds = {_kind(one) for one in named}
    turns = list(TURNING.finditer(clause))
    strange = [one for one in turns if one.lastgroup not in ("no", None)]
    good = JUDGING.search(clause)
    place = PLACE.search(clause)
    people = re.search(r"\b(?:nobody|no\s+one|people)\b", clause)
    if not strange and not place and not people and not (good and not re.match(r"\s*(?:be|act|always\s+be)\b", clause)):
        return _talked_about(clause, named[0], known)
    led = clause[: named[0].start()]
    if strange and all(one["shun"] and MODELLED.match(one.group()) for one in strange) and not TAKING.search(led):
        return None  # the words of policies, which the model has seen: "reject unfair splits"
    if len(kinds) > 1:
        return (None, "names several stances") if any(not one["shun"] for one in strange) else None
    kind, inverse = kinds.pop()
    odd = (len(turns) + inverse) % 2 == 1 or "in the way" in clause
    weights = ruled_out(kind) if odd else affirmed(kind)
    return weights, f"{'rules out' if odd else 'affirms'} {KINDS[kind]}"


def _kind(match: re.Match[str]) -> tuple[int, int]:
    """The kind that a stance names, and whether it names it by its opposite."""
    if match["unfair"]:
        return 1, 1
    return (0 if match["selfish"] else 1 if match["fair"] else 2), 0


def _talked_about(clause: str, stance: re.Match[str], known: frozenset[str] | None) -> tuple[None, str] | None:
    """A stance as the subject of a verb that says nothing here: "charity begins at home"."""
    if known is None or clause[: stance.start()].strip() not in ("", "true", "real", "pure", "all", "too much"):
        return None
    rest = re.findall(r"[a-z']+", clause[stance.end() :])
    if (
        len(rest) > 0
        and rest[0] not in known
        and rest[0] not in ("and", "or", "first", "always", "for", "in", "to", "above", "over")
    ):
        return None, "talks about a stance"
    return None


def _preferred(clause: str) -> tuple[Array | None, str] | None:
    """One side put before the other."""
    match = PREFERRED.search(clause)
    if match is None:
        return None
    sign = " ".join(match["sign"].split())
    if sign == "to" and not re.search(r"\bprefer(?:s|ring)?\b", clause):
        return None
    if re.search(r"\b(?:hand|pass|give|left|take|taking|over\s+(?:half|to))\b", match.group()):
        return None
    first, second = match["first"], match["second"]
    if sign.endswith("less than") or "less important" in sign or sign.endswith("after"):
        first, second = second, first
    sides = [_side(first), _side(second)]
    if None in sides or sides[0] == sides[1]:
        return None
    negated = re.search(rf"{DENIED}|\b(?:{any_of(NOBODY)})\b", clause[: match.start("sign")]) is not None
    kind = sides[1] if negated else sides[0]
    assert kind is not None
    return affirmed(kind), f"affirms {KINDS[kind]}"


def _side(words: str) -> int | None:
    """Whose good some words name: 0 one's own, 1 both, 2 the other's; None if they name none or several."""
    words = re.sub(r"\b(?:your|my)\s+(?=partner|opponent|neighbou?r|counterpart|rival|responder)", "", words)
    fair = FAIR_SIDE.search(words) is not None
    own, other = SELF_SIDE.search(words) is not None, OTHER_SIDE.search(words) is not None
    if (
        own
        and other
        and re.search(r"\b(?:others?|their|partner|opponent|responder|people)('s?)?\b", words)
        and not re.search(r"\b(?:own|my|yourself|self\w*|personal)\b", words)
    ):
        own = False  # the gain of others
    named = [kind for kind, is_named in ((0, own), (1, fair), (2, other)) if is_named]
    return named[0] if len(named) == 1 else None
