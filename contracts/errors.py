"""What can go wrong, in words: what happened, where in the user's terms, what to do."""

from __future__ import annotations

from typing import Any

from contracts.readable import readable_lines


class ContractError(Exception):
    """Root of every error that this library raises on purpose; names in its message move no cursor.

    Examples
    --------
    One `except` catches all of them, and nothing that is a fault of the program:

    >>> import contracts
    >>> try:
    ...     contracts.solve_menu([1.0, 2.0], [0.5, 0.5, 0.5])
    ... except contracts.ContractError as error:
    ...     print(type(error).__name__, "-", error)
    ProblemError - weights has 3 entries for 2 types: give one per type
    """

    def __str__(self) -> str:
        return readable_lines(super().__str__())


class ProblemError(ContractError, ValueError):
    """The input does not describe a problem: the message names the field, the place and the remedy.

    Examples
    --------
    >>> import contracts
    >>> contracts.Power(0.5)
    Traceback (most recent call last):
        ...
    contracts.errors.ProblemError: Power(exponent=0.5, scale=1.0) is not strictly convex: use exponent > 1 with
        scale > 0, exponent in (0, 1) with scale < 0, or Linear for exponent 1
    """


class UnwrittenError(ProblemError):
    """A result could not be written where it was wanted; `reached` holds it."""

    def __init__(self, message: str, reached: Any = None) -> None:
        super().__init__(message)
        self.reached = reached


class InfeasibleMenuError(ContractError):
    """No menu meets all constraints; `conflict` names a small set that cannot hold together."""

    def __init__(self, message: str, conflict: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.conflict = conflict


class UnboundedMenuError(ContractError):
    """The principal can gain without limit; `direction` says along which allocation or transfer."""

    def __init__(self, message: str, direction: str = "") -> None:
        super().__init__(message)
        self.direction = direction


class SolverError(ContractError):
    """No certified menu was found; `tried` lists what ran, `reached` is the best menu, exactly IC and IR, or None."""

    def __init__(self, message: str, tried: tuple[str, ...] = (), reached: Any = None) -> None:
        super().__init__(message)
        self.tried = tried
        self.reached = reached
