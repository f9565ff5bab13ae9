"""Parameters to policy text: what `read_policy` reads back."""

from __future__ import annotations

from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.arrays import number
from contracts.inputs.door import checked
from inference.language.reading import PolicyReading
from inference.splits.preferences import SocialPreferences


@checked
def write_policy(parameters: float | PolicyReading | SocialPreferences) -> str:
    """A sentence that offers the share of these parameters.

    Parameters
    ----------
    parameters : a share offered in [0, 1], a reading, or social preferences, whose dictator offer is written

    Raises
    ------
    ProblemError
        If the share is outside [0, 1].

    Examples
    --------
    >>> write_policy(0.3)
    'Offer 30% to the other party and keep 70% for yourself.'
    >>> write_policy(1.0)
    'Give everything to the other party and keep nothing for yourself.'
    >>> from inference.splits.preferences import FehrSchmidt
    >>> write_policy(FehrSchmidt(envy=0.8, guilt=0.6))
    'Split equally: offer 50% to the other party and keep 50% for yourself.'
    """
    share = share_of(parameters)
    if share <= 0.0005:
        return "Keep everything for yourself and give nothing to the other party."
    if share >= 0.9995:
        return "Give everything to the other party and keep nothing for yourself."
    offer = f"{100 * share:.1f}".removesuffix(".0")
    rest = f"{100 - float(offer):.1f}".removesuffix(".0")
    start = "Split equally: offer" if offer == "50" else "Offer"
    return f"{start} {offer}% to the other party and keep {rest}% for yourself."


def share_of(parameters: Any) -> float:
    """The share offered of a number, a reading or social preferences."""
    if isinstance(parameters, PolicyReading):
        return parameters.share_offered
    if isinstance(parameters, SocialPreferences):
        parameters = parameters.dictator_offer(1.0)
    share = number("share", parameters)
    if not 0.0 <= share <= 1.0:
        raise ProblemError(f"share is {share:g}: the part offered to the other lies in [0, 1]")
    return share
