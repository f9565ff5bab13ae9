"""Groups that say in words what they want, as the types of one problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.inputs.door import checked, renamed
from inference.language.utilities.offline import read_utilities
from inference.language.utilities.policies import problem_of_reading
from inference.language.utilities.reading import UtilityReader

if TYPE_CHECKING:
    from contracts.problem.screening import ScreeningProblem


@renamed(confidence="level")
@checked(own=("texts", "attributes", "policies"))
def screening_problem_from_texts(
    texts: Any,
    attributes: Any,
    policies: Any = None,
    *,
    weights: Any = None,
    scale: float = 1.0,
    level: float = 0.8,
    veto_level: float | None = None,
    reader: UtilityReader | None = None,
    **design: Any,
) -> ScreeningProblem:
    """One problem whose types are groups that said in words what they want.

    The valuation of a group is what its words are expected to mean. How vague they are becomes its `uncertainty`: an
    ellipsoid that holds what it may want with the stated probability, for every member of which IC and IR hold. Groups
    whose ellipsoids overlap cannot be told apart, and the menu pools them: say more, or ask for a lower level.

    Parameters
    ----------
    texts : mapping from names of groups to a text, or to a list of texts by its members; or a list of texts
    attributes : as for `read_utilities`
    policies : (n_policies, n_attributes) table, frame, or mapping from names to {attribute: level}, which are then the
        goods; if left out, the attributes are
    weights : (n_groups,) shares of the groups; equal if left out
    scale : money, or reward, that a policy is worth which has all of everything (1)
    level : probability of a group's ellipsoid, from the normal of its weights; 0 takes words at their mean
    veto_level : None leaves lines that groups draw to `reading.vetoes` and `reading.floors`. A number makes rows of the
        problem of them: a group is offered no less of an attribute than its floor says ("at least 7"), and no less
        than this level of what it vetoes giving up, or asks for without a number
    reader : the offline reader by default
    **design : further fields of `ScreeningProblem`: cost, domain, transfers, objective and so on

    Raises
    ------
    ProblemError
        If texts, attributes, policies or design do not fit.

    Examples
    --------
    >>> from contracts import Quadratic, solve_menu
    >>> said = {"savers": "Price is four times as important as speed.", "gamers": "20% price, 80% speed."}
    >>> problem = screening_problem_from_texts(said, ["price", "speed"], scale=10, cost=Quadratic())
    >>> problem.labels, problem.valuations.round(1).tolist()
    (('savers', 'gamers'), [[8.0, 2.0], [2.0, 8.0]])
    >>> solve_menu(problem).certificate.holds
    True
    """
    reading = read_utilities(texts, attributes, reader=reader)
    return problem_of_reading(reading, policies, weights, scale, level, veto_level, design)
