"""The words that turn a meaning round, in one list for every reader: what is denied, shunned, condemned, excluded."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


NEVER = words("not never neither nor")  # adverbs
APART = NEVER | words("cannot hardly without")  # words of their own
NOT = APART | {"n't"}
DENIED = rf"(?:\b(?:{'|'.join(sorted(APART))})\b|n't\b)"
NOBODY = words("no nobody")
NOTHING = words("none nothing")  # amounts as well
SHUN = words("avoid stop forget hate")  # verbs that turn what follows
REFUSE = words("refuse reject oppose deny")
WRONG = words(  # what is said of a thing or of doing it
    "wrong mistake mistaken forbidden shameful foolish stupid silly immoral unethical unwise prohibited unacceptable "
    "sin sinful absurd unthinkable"
)
FOOLS = words("fool fools idiot idiots moron morons madman mad crazy insane")  # who do what nobody should
MADNESS = words("madness folly lunacy insanity")
NO_WAY = ("under no circumstances", "in no case", "on no account", "by no means", "at no time", "at no point")
NO_OPTION = (
    "not an option", "no option", "out of the question", "off the table", "unacceptable", "unthinkable",
    "not acceptable", "not ok", "ruled out", "not allowed", "not permitted",
)  # fmt: skip


def any_of(*groups: frozenset[str] | tuple[str, ...] | str) -> str:
    """A pattern of any of these words and phrases, the longest first, with any blanks within phrases."""
    found = {word for group in groups for word in ((group,) if isinstance(group, str) else group)}
    return "|".join(r"\s+".join(word.split()) for word in sorted(found, key=lambda one: (-len(one), one)))
