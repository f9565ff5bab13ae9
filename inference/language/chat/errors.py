"""What an endpoint can do wrong."""

from __future__ import annotations

from typing import Any

from contracts.errors import ContractError


class EndpointError(ContractError):
    """An endpoint did not give a usable answer; `reached` holds what was answered before, `reply` what it said."""

    def __init__(self, message: str, reply: str = "", reached: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.reply = reply
        self.reached = reached


class ReplyError(EndpointError):
    """An endpoint answered, but not what it was asked for."""


class CostError(EndpointError):
    """The next request could cost more than is left of the budget."""
