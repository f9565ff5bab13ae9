"""Imports that every process of the fuzzer needs, once."""

import importlib
import pkgutil

import clarabel  # type: ignore[import-untyped]  # noqa: F401
import cvxpy  # noqa: F401
import highspy  # noqa: F401
import scipy.optimize
import scipy.sparse
import scipy.spatial.distance
import scipy.special
import scipy.stats  # noqa: F401

import benchmarks.fuzz.build  # noqa: F401
import contracts.engines

for module in pkgutil.iter_modules(contracts.engines.__path__, "contracts.engines."):
    importlib.import_module(module.name)
