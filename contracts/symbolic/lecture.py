"""What a lecturer says of a schedule, step by step."""

from __future__ import annotations

from typing import Any

from contracts.errors import ProblemError
from contracts.symbolic.derivation import Formula, Step


def schedule_steps(schedule: Any) -> tuple[Step, ...]:
    """The steps of a derivation for a continuum of types."""
    import sympy

    who, made, up = schedule.distribution, schedule.trade, schedule.is_increasing
    theta = who.type
    first = (
        Step(
            "Types",
            f"Types theta lie between {who.lowest} and {who.highest}; nobody sees them.",
            (Formula("f", who.density, remark="density"), Formula("F", who.cumulative, remark="distribution function")),
        ),
        *made.steps("in which the rents of others are counted"),
        Step(
            "Rents",
            "By the envelope theorem the rent U(theta) = max of v - t changes by m'(theta) g(q(theta)) with the "
            "type, and "
            f"the {'lowest' if up else 'highest'} type served keeps nothing. By parts, a type's rent costs the "
            f"principal "
            f"the hazard ratio {'(1 - F)/f' if up else 'F/f'} times |m'| g for every unit of density.",
            (Formula("m", made.taste), Formula("h", schedule.hazard, remark="hazard ratio")),
        ),
        Step(
            "Virtual valuation",
            f"So the principal maximises phi(theta) g(q) - C(q) type by type, with phi = m {'-' if up else '+'} "
            f"{'(1 - F)/f' if up else 'F/f'} m'.",
            (Formula("phi", schedule.virtual_valuation),),
        ),
        _regularity(schedule),
    )
    if schedule.is_regular is False:
        return first
    where = f"theta {'>' if up else '<'} theta_0"
    known = schedule.conditions
    some_out = schedule.threshold not in (who.lowest, who.highest)
    provided = (
        Step(
            "Provided that",
            "The following are positive, which is not proven of all parameters.",
            tuple(Formula(one, sympy.Integer(0), ">") for one in known),
        ),
    )
    return (
        *first,
        *(provided if known else ()),
        Step(
            "Exclusion",
            f"Served are types with {where}, where phi is above r(0)." if some_out else "Everybody is served.",
            (Formula("theta_0", schedule.threshold),),
        ),
        Step(
            "Allocation",
            f"Put phi(theta) for p. The {'highest' if up else 'lowest'} type gets the efficient quantity, all others "
            f"less.",
            (
                Formula("q", schedule.allocation, remark=f"for {where}, else 0"),
                Formula("q_fb", schedule.first_best, remark="if types were seen"),
            ),
        ),
        Step(
            "Rents and transfers",
            "Integrate the rent from theta_0 on; the transfer is utility less rent.",
            (
                Formula(sympy.Function("U")(theta), schedule._rent, remark=f"for {where}"),
                Formula(sympy.Function("t")(theta), schedule._transfer, remark=f"for {where}"),
            ),
        ),
        _tariff(schedule),
        Step(
            "What it is worth",
            "The principal earns the expected maximum of phi g - C; agents keep the expected rent; welfare is the sum.",
            (
                Formula("value", schedule._value),
                Formula("rents", schedule._expected_rent),
                Formula("welfare", schedule._value + schedule._expected_rent),
            ),
        ),
    )


def _regularity(schedule: Any) -> Step:
    rises = "rises" if schedule.is_increasing else "falls"
    formulas: tuple[Formula, ...] = (Formula("dphi/dtheta", schedule.slope),)
    if schedule.is_regular is False:
        return Step(
            "Not regular",
            f"Regularity asks for {schedule.condition}. The quantity that is best type by type would not be "
            f"monotone, and "
            "not incentive compatible: types are bunched. There is no closed form here; contracts.solve_menu irons.",
            formulas,
        )
    if schedule.is_regular is None:
        return Step("Regularity", f"What follows holds if phi {rises}: {schedule.condition}.", formulas)
    return Step("Regularity", f"phi {rises}, so that the best quantity is monotone: {schedule.condition}.", formulas)


def _tariff(schedule: Any) -> Step:
    import sympy

    q: Any = schedule.trade.quantity
    try:
        found = schedule._tariff
    except ProblemError:
        return Step(
            "Tariff", "The type that buys q has no closed form that was found: q(theta), t(theta) are the tariff."
        )
    return Step(
        "Tariff",
        "Solve q = q(theta) for theta, and the transfer is a price T(q) of the quantity: by the taxation principle "
        "it is "
        "all the principal has to post.",
        (Formula(sympy.Function("T")(q), found), Formula(sympy.Function("T'")(q), schedule.marginal_tariff)),
    )
