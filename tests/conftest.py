"""One thread a process, the same examples on every run, and which documents are slow.

Hypothesis profiles: `steady` is what `make test` runs, `fast` the first few of its examples, the first case of every
table, and as many tests of every file as take its share of a second, and HYPOTHESIS_PROFILE=explore asks for new ones.
"""

import gc
import os
import sys
from collections import Counter

# Before NumPy is loaded. Matrices here are small, and the threads of several workers wait for each other by spinning:
# on two busy cores a fit took five times the processor's time. A number that is set is the user's, and stays.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

from tests.strategies import STEADY

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}

settings.register_profile("steady", derandomize=True, max_examples=STEADY, **COMMON)
settings.register_profile("fast", derandomize=True, max_examples=5, **COMMON)
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "400"))
settings.register_profile("explore", max_examples=EXAMPLES, print_blob=True, **COMMON)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "steady")
settings.load_profile(PROFILE)


@pytest.fixture(autouse=True)
def _figures_are_closed():
    """Matplotlib warns of the twenty-first figure, and the warning would be blamed on whoever drew that."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


SHARE = 0.1  # seconds of the processor that `make fast` gives to every file
SLOW_DOCUMENTS = {  # they solve for seconds
    f"docs/{page}.md"
    for page in (
        *("closed-forms", "continuous-types", "hidden-action", "how-to", "inference", "mechanisms", "models", "pareto"),
        *("real-groups", "social-contract", "societal-alignment", "testing"),
    )
}


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What collecting makes stays to the end: the garbage collector took half of its time to find nothing."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Mark pages, which nobody can mark where they stand; `make fast` takes the first case of every table."""
    for item in items:
        if item.nodeid.split("::")[0] in SLOW_DOCUMENTS:
            item.add_marker(pytest.mark.slow)
    if PROFILE == "fast":
        first = {}
        for item in (item for item in items if item.get_closest_marker("slow") is None):
            table = (item.path, getattr(item, "cls", None), getattr(item, "originalname", item.name))
            first.setdefault(table, item)
        taken = set(first.values())
        config.hook.pytest_deselected(items=[item for item in items if item not in taken])
        items[:] = first.values()


class Shares:
    """Skips what is left of a file once its share of time is used up, and says so."""

    def __init__(self):
        self.used = Counter()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        before = sum(os.times()[:4])
        result = yield
        self.used[item.path] += sum(os.times()[:4]) - before
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item):
        if self.used[item.path] > SHARE:
            pytest.skip("left to make test: the file has used its share of make fast")


def pytest_configure(config):
    if PROFILE == "fast":
        config.pluginmanager.register(Shares())
