"""A kit to test menus, contracts and mechanisms, ours and others': checks, and Hypothesis strategies for problems."""

import importlib
from typing import TYPE_CHECKING, Any

from contracts.inputs.extras import extra
from contracts.testing.certificates import check_contract, check_menu
from contracts.testing.findings import Finding, Inspection
from contracts.testing.intervals import samples_needed
from contracts.testing.mechanism import check_mechanism

if TYPE_CHECKING:
    from contracts.testing.drawn import (
        DrawnMechanism,
        DrawnMenu,
        mechanisms,
        menus,
        moral_hazard_problems,
    )
    from contracts.testing.over_time import repeated_mechanism
    from contracts.testing.parts import priors
    from contracts.testing.screening import problems

__all__ = [
    "DrawnMechanism",
    "DrawnMenu",
    "Finding",
    "Inspection",
    "check_contract",
    "check_mechanism",
    "check_menu",
    "mechanisms",
    "menus",
    "moral_hazard_problems",
    "priors",
    "problems",
    "repeated_mechanism",
    "samples_needed",
]

DRAWN = {  # names that need Hypothesis, by the module that they are in
    "DrawnMechanism": "drawn",
    "DrawnMenu": "drawn",
    "mechanisms": "drawn",
    "menus": "drawn",
    "moral_hazard_problems": "drawn",
    "priors": "parts",
    "problems": "screening",
    "repeated_mechanism": "over_time",
}


def __getattr__(name: str) -> Any:
    """Strategies, loaded when they are asked for: checks need no Hypothesis."""
    if name not in DRAWN:
        raise AttributeError(f"module 'contracts.testing' has no attribute {name!r}")
    extra("hypothesis")
    return getattr(importlib.import_module(f"contracts.testing.{DRAWN[name]}"), name)
