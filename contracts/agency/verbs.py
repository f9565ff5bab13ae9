"""The verbs, whether actions alone are hidden or types as well: they look at the problem and ask the room it is for."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, overload

from contracts.agency import contract, lotteries, solve, verify
from contracts.agency.bound import ContractMultipliers
from contracts.agency.contract import Contract
from contracts.agency.line.contract import SCHEMA as CONTINUOUS
from contracts.agency.line.contract import ContinuousContract
from contracts.agency.line.problem import ContinuousMoralHazardProblem
from contracts.agency.line.records import load_continuous_contract
from contracts.agency.line.solve import solve_continuous_contract
from contracts.agency.lotteries import LotteryContract
from contracts.agency.problem import MoralHazardProblem
from contracts.agency.types.lottery import LotteryMenu, solve_lotteries
from contracts.agency.types.menu import SCHEMA, ContractMenu, load_contract_menu
from contracts.agency.types.prices import AgencyMultipliers
from contracts.agency.types.problem import AgencyProblem
from contracts.agency.types.proof import AgencyProof
from contracts.agency.types.solve import solve_agency
from contracts.agency.types.verify import MenuCertificate, verify_menu
from contracts.errors import ProblemError
from contracts.inputs.door import checked
from contracts.problem.records import read_json
from contracts.proof.certificate import Certificate


@overload
def solve_contract(
    problem: MoralHazardProblem, action: int | str | None = None, *, actions: None = None, gap: float = 1e-6
) -> Contract: ...
@overload
def solve_contract(
    problem: AgencyProblem, action: None = None, *, actions: Any = None, gap: float = 1e-6
) -> ContractMenu: ...
@overload
def solve_contract(
    problem: ContinuousMoralHazardProblem, action: float | None = None, *, actions: None = None, gap: float = 1e-6
) -> ContinuousContract: ...
@checked(own=("problem", "action", "gap"))
def solve_contract(problem: Any, action: Any = None, *, actions: Any = None, gap: float = 1e-6) -> Any:
    """The best contract for an agent whose action nobody sees, or the best menu of contracts if types are hidden, too.

    Parameters
    ----------
    problem : a MoralHazardProblem, an AgencyProblem, or a ContinuousMoralHazardProblem, as `solve_continuous_contract`
    action : name or number of the action to implement; by default the one that is best for the principal
    actions : for an AgencyProblem, the action that each type is to take: one for all, one each, or a dict by type; by
        default they are searched
    gap : largest certified distance to the optimum, relative to what contracts are worth

    Returns
    -------
    Contract, ContractMenu, or ContinuousContract
        Its certificate holds: at these wages, as floats, agents certainly stay and certainly do what they are asked
        for, whatever they could report, and the value is within `gap` of the bound.

    Raises
    ------
    ProblemError
        If the problem or the action makes no sense.
    InfeasibleMenuError
        If no wages implement the action, or the actions, with the proof; or none implement any.
    SolverError
        If nothing could be certified; `reached` is the best that keeps IC and IR, None if there is none.

    Examples
    --------
    Grossman & Hart (1983): effort makes success likelier, 3/4 against 1/4, and costs 1; u(w) = sqrt(w).

    >>> from contracts import AgencyProblem, MoralHazardProblem, SquareRoot
    >>> chances = [[0.75, 0.25], [0.25, 0.75]]
    >>> problem = MoralHazardProblem(chances, output=[0.0, 20.0], effort_cost=[0.0, 1.0], utility=SquareRoot(),
    ...                              reservation_utility=1.0, actions=("shirk", "work"))
    >>> contract = solve_contract(problem)
    >>> contract.action_name, contract.wages, contract.expected_wage
    ('work', array([0.25, 6.25]), 4.75)

    Half of the agents find work harder, and nobody sees who; they are risk neutral, and wages are not negative. The
    slow would want a bonus of 8, which the able could take as well; so only the able work, and both have a rent of .5:

    >>> problem = AgencyProblem(chances, output=[0.0, 8.0], effort_cost=[[0.0, 1.0], [0.0, 4.0]],
    ...                         labels=("able", "slow"), actions=("shirk", "work"), wages=(0.0, float("inf")))
    >>> menu = solve_contract(problem)
    >>> menu.action_names, menu.wages.tolist(), menu.rents.tolist()
    (('work', 'shirk'), [[0.0, 2.0], [0.0, 2.0]], [0.5, 0.5])
    """
    if isinstance(problem, AgencyProblem):
        if action is not None:
            raise ProblemError("action is for agents of one type: give actions, one for all or one per type")
        return solve_agency(problem, actions, gap=gap)
    if actions is not None and isinstance(problem, MoralHazardProblem | ContinuousMoralHazardProblem):
        raise ProblemError("actions are for agents of several types: give action")
    if isinstance(problem, ContinuousMoralHazardProblem):
        return solve_continuous_contract(problem, action, gap=gap)
    return solve.solve_contract(problem, action, gap=gap)


@overload
def verify_contract(
    problem: MoralHazardProblem,
    wages: Any,
    *,
    action: int | str | None = None,
    actions: None = None,
    multipliers: ContractMultipliers | None = None,
    gap: float = math.inf,
    tolerance: float = 0.0,
) -> Certificate: ...
@overload
def verify_contract(
    problem: AgencyProblem,
    wages: Any,
    *,
    action: None = None,
    actions: Any = None,
    multipliers: AgencyMultipliers | AgencyProof | None = None,
    gap: float = math.inf,
    tolerance: float = 0.0,
) -> MenuCertificate: ...
@checked(own=("problem", "wages", "action", "multipliers", "gap", "tolerance"))
def verify_contract(
    problem: Any,
    wages: Any,
    *,
    action: Any = None,
    actions: Any = None,
    multipliers: Any = None,
    gap: float = math.inf,
    tolerance: float = 0.0,
) -> Any:
    """Check wages from anywhere against the problem, without a solver.

    Parameters
    ----------
    problem : a MoralHazardProblem, or an AgencyProblem
    wages : (n_outcomes,) array, what the agent is paid after each outcome; for an AgencyProblem (n_types, n_outcomes),
        the contract meant for each type, or one for all
    action : name or number of the action that the wages are meant to implement: IC is then about it, and the bound is
        that of contracts which implement it. By default the agent takes what it prefers, ties in the principal's
        favour, and the bound is that of all contracts
    actions : the same for every type of an AgencyProblem, under its own contract. By default each takes the contract
        and the action that it prefers
    multipliers : prices that prove a bound, such as contract.multipliers, or menu.proof; without them it is the
        first-best value
    gap : relative gap that `holds` asks for; by default only IC, IR and the limits of wages
    tolerance : utility units that IC and IR may miss, for wages typed with few digits

    Raises
    ------
    ProblemError
        If wages, actions or multipliers make no sense.

    Examples
    --------
    Work costs 1 and makes success likelier by 1/2, so it takes a bonus of 2:

    >>> import numpy as np
    >>> from contracts import AgencyProblem, MoralHazardProblem
    >>> chances, limits = [[0.75, 0.25], [0.25, 0.75]], (0.0, np.inf)
    >>> problem = MoralHazardProblem(chances, output=[0.0, 20.0], effort_cost=[0.0, 1.0], wages=limits,
    ...                              actions=("shirk", "work"))
    >>> verify_contract(problem, [0.0, 2.0], action="work").holds
    True
    >>> print(verify_contract(problem, [0.0, 1.5], action="work").deviation)
    work -> shirk gains 0.25

    With types hidden as well, a bonus of 4 for those who find it harder tempts the able to say that they do:

    >>> problem = AgencyProblem(chances, output=[0.0, 20.0], effort_cost=[[0.0, 1.0], [0.0, 2.0]], wages=limits,
    ...                         labels=("able", "slow"), actions=("shirk", "work"))
    >>> certificate = verify_contract(problem, [[0.0, 2.0], [0.0, 4.0]], actions="work")
    >>> print(certificate.deviation)
    able / work -> slow / work gains 1.5
    >>> certificate.response("slow").is_tempted
    False
    """
    if isinstance(problem, AgencyProblem):
        if action is not None:
            raise ProblemError("action is for agents of one type: give actions, one for all or one per type")
        return verify_menu(problem, wages, actions=actions, multipliers=multipliers, gap=gap, tolerance=tolerance)
    if actions is not None and isinstance(problem, MoralHazardProblem):
        raise ProblemError("actions are for agents of several types: give action")
    return verify.verify_contract(
        problem, wages, action=action, multipliers=multipliers, gap=gap, tolerance=tolerance
    )  # fmt: skip


@overload
def solve_lottery(problem: MoralHazardProblem, *, gap: float = 1e-6) -> LotteryContract: ...
@overload
def solve_lottery(problem: AgencyProblem, *, gap: float = 1e-6) -> LotteryMenu: ...
@checked(own=("problem", "gap"))
def solve_lottery(problem: Any, *, gap: float = 1e-6) -> Any:
    """The best lottery over contracts; for agents of several types the best of all mechanisms.

    Raises
    ------
    ProblemError
        If the agent of a MoralHazardProblem is risk neutral.
    InfeasibleMenuError, SolverError
        As `solve_contract`.

    Examples
    --------
    At a reservation utility of 4.125 the principal would as soon have the agent work as shirk; it earns 1/4 more by
    drawing, with a utility of 3.625 for work and 4.625 for shirking.

    >>> from contracts import AgencyProblem, MoralHazardProblem, SquareRoot
    >>> chances = [[0.75, 0.25], [0.25, 0.75]]
    >>> lottery = solve_lottery(MoralHazardProblem(chances, [0.0, 20.0], [0.0, 1.0], SquareRoot(), 4.125))
    >>> lottery.probabilities.round(4), round(lottery.gain, 6)
    (array([0.5, 0.5]), 0.25)

    The same as a mechanism for agents of one type:

    >>> lottery = solve_lottery(AgencyProblem(chances, [0.0, 20.0], [0.0, 1.0], None, SquareRoot(), 4.125))
    >>> lottery.chances.round(3).tolist(), round(lottery.value, 4)
    ([[0.5, 0.5]], -11.7656)
    """
    if isinstance(problem, AgencyProblem):
        return solve_lotteries(problem, gap=gap)
    return lotteries.solve_lottery(problem, gap=gap)


@checked
def load_contract(
    path: str | Path, problem: ContinuousMoralHazardProblem | None = None
) -> Contract | ContractMenu | ContinuousContract:
    """Read a contract or a menu that its `save` wrote. Its certificate is computed anew: a file is not believed.

    Parameters
    ----------
    path : the file
    problem : for a ContinuousContract, the problem with its two functions, which no file holds

    Raises
    ------
    ProblemError
        If the file is none, or the problem is not that of the file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from contracts import MoralHazardProblem, solve_contract
    >>> chances = [[0.75, 0.25], [0.25, 0.75]]
    >>> contract = solve_contract(MoralHazardProblem(chances, [0.0, 20.0], [0.0, 1.0], wages=(0.0, 9.0)))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again = load_contract(contract.save(Path(folder) / "contract.json"))
    >>> again.wages, again.certificate.holds
    (array([0., 2.]), True)
    """
    record = read_json(path)
    schema = record.get("schema") if isinstance(record, dict) else None
    if schema == CONTINUOUS:
        return load_continuous_contract(path, problem)
    if problem is not None:
        raise ProblemError(f"problem is for contracts of an interval of actions, and {path} holds one: leave it out")
    return load_contract_menu(path) if schema == SCHEMA else contract.load_contract(path)
