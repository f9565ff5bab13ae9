"""What an endpoint can do wrong."""

from __future__ import annotations

from typing import Any

from contracts.errors import ContractError


class EndpointError(ContractError):
    """An endpoint did not give a usable answer; `reached` holds what was answered before, `reply` what it said.

    Examples
    --------
    At this address nobody listens:

    >>> from inference.language import ChatEndpoint, EndpointReader
    >>> closed = ChatEndpoint("http://127.0.0.1:9/v1", "a-model", n_retries=0, n_attempts=1)
    >>> try:
    ...     EndpointReader(closed).read("Offer half.")
    ... except EndpointError as error:
    ...     print(str(error).split(" (")[0])
    http://127.0.0.1:9/v1 cannot be reached
    """

    def __init__(self, message: str, reply: str = "", reached: tuple[Any, ...] = ()) -> None:
        super().__init__(message)
        self.reply = reply
        self.reached = reached


class ReplyError(EndpointError):
    """An endpoint answered, but not what it was asked for.

    Examples
    --------
    >>> error = ReplyError("share is not a number", reply='{"share": "a lot"}')
    >>> isinstance(error, EndpointError), error.reply
    (True, '{"share": "a lot"}')
    """


class CostError(EndpointError):
    """The next request could cost more than is left of the budget.

    Examples
    --------
    Nothing is sent that could cost more than what is left:

    >>> from inference.language import ChatEndpoint, EndpointReader
    >>> dear = ChatEndpoint("http://127.0.0.1:9/v1", "a-model", prices=(10.0, 30.0), budget=1e-6)
    >>> try:
    ...     EndpointReader(dear).read("Offer half.")
    ... except CostError as error:
    ...     print(str(error).split(":")[0])
    the next request could cost 0.02579 and 0 of the budget of 1e-06 is spent
    """
