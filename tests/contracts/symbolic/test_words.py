"""Where sympy gives up, the error says so and what to do; what it advises works."""

from functools import partial

import pytest
import sympy

from contracts import symbolic
from contracts.errors import ProblemError
from contracts.symbolic.algebra.words import in_words

OPEN = {  # exponents of either sign
    "crra": ("theta*q**(1 - g)/(1 - g)", "c*q", ("g", "c")),
    "steep cost": ("theta*q**(1 - g)/(1 - g)", "q**2/2", ("g",)),
    "plain power": ("theta*q**(1 - g)", "q", ("g",)),
    "difference": ("theta*q**(a - b)", "q", ("a", "b")),
    "cost": ("theta*q", "q**(2 - g)", ("g",)),
}


DERIVE = {"menu": symbolic.derive_menu, "schedule": partial(symbolic.derive_schedule, types="uniform(0, 1)")}


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("kind", DERIVE)
def test_an_exponent_of_either_sign_is_refused_in_words(name, kind):
    utility, cost, parameters = OPEN[name]
    with pytest.raises(ProblemError, match=r"(?s)(sympy says|depends on exponents).*signs\s+are\s+known"):
        DERIVE[kind](utility, cost=cost, parameters=parameters)


def test_what_it_advises_works():
    """g = 1/2 as a number, and 1 - g as 1/(1 + k), at k = 1."""
    c, k, q = sympy.symbols("c k q", positive=True)
    number = symbolic.derive_schedule("theta*q**(1/2)/(1/2)", cost="c*q", types="uniform(0, 1)", parameters=("c",))
    signed = symbolic.derive_schedule(
        "theta*(1 + k)*q**(1/(1 + k))", cost="c*q", types="uniform(0, 1)", parameters=("c", "k")
    )
    for made in (number, signed):
        assert sympy.simplify(made.value.subs(k, 1) - 1 / (6 * c)) == 0
    assert sympy.simplify((number.tariff - signed.tariff.subs(k, 1)).subs({q: 2, c: 3})) == 0


def test_what_a_class_derives_later_is_guarded_and_own_faults_pass():
    class Derived:
        @property
        def start(self):
            x, g = sympy.symbols("x g", positive=True)
            return sympy.limit(x ** (1 - g), x, 0, "+")

        @property
        def fault(self):
            return {}["no such key"]

        def called(self):
            return sympy.Poly(1 / sympy.Symbol("x"), sympy.Symbol("x"))

    made = in_words(Derived)()
    with pytest.raises(ProblemError, match="Not sure of sign of 1 - g") as found:
        made.start  # noqa: B018
    assert isinstance(found.value.__cause__, NotImplementedError)
    with pytest.raises(ProblemError, match="sympy says"):
        made.called()
    with pytest.raises(KeyError):
        made.fault  # noqa: B018
