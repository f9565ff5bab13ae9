"""Closed forms: the contracts of the textbooks as expressions, each with its derivation step by step."""

from contracts.symbolic.algebra.limit import within
from contracts.symbolic.continuum import SymbolicSchedule, derive_schedule
from contracts.symbolic.derivation import Derivation, Formula, Step
from contracts.symbolic.discrete import MenuCase, SymbolicMenu, derive_menu
from contracts.symbolic.hidden import SymbolicWages, derive_wages
from contracts.symbolic.linear import SymbolicLinearContract, derive_linear_contract
from contracts.symbolic.numbers import LinearNumbers, MenuNumbers, ScheduleNumbers, WageNumbers
from contracts.symbolic.reader import read_expression

__all__ = [
    "Derivation",
    "Formula",
    "LinearNumbers",
    "MenuCase",
    "MenuNumbers",
    "ScheduleNumbers",
    "Step",
    "SymbolicLinearContract",
    "SymbolicMenu",
    "SymbolicSchedule",
    "SymbolicWages",
    "WageNumbers",
    "derive_linear_contract",
    "derive_menu",
    "derive_schedule",
    "derive_wages",
    "read_expression",
    "within",
]
