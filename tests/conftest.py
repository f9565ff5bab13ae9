"""One thread a process, the same examples on every run, and which documents are slow.

Hypothesis profiles: `steady` is what `make test` runs, `fast` the first few of its examples and of the cases of long
tables, and HYPOTHESIS_PROFILE=explore asks for new ones.
"""

import os
import sys

# Before NumPy is loaded. Matrices here are small, and the threads of several workers wait for each other by spinning:
# on two busy cores a fit took five times the processor's time. A number that is set is the user's, and stays.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}

settings.register_profile("steady", derandomize=True, max_examples=40, **COMMON)
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


MOST_CASES = 6  # of a test with many parameters that `make fast` runs, the first, the last and some in between
SLOW_DOCUMENTS = {"docs/how-to.md", "docs/continuous-types.md", "docs/real-groups.md"}  # they solve for seconds


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what nobody can mark where it stands: pages, and, in the fast profile, most cases of a long table."""
    cases = {}
    for item in items:
        if item.nodeid.split("::")[0] in SLOW_DOCUMENTS:
            item.add_marker(pytest.mark.slow)
        elif hasattr(item, "callspec"):
            cases.setdefault((item.path, item.cls, item.originalname), []).append(item)
    for table in cases.values() if PROFILE == "fast" else ():
        table = [item for item in table if not item.get_closest_marker("slow")]
        kept = {round(k * (len(table) - 1) / (MOST_CASES - 1)) for k in range(MOST_CASES)}
        for number, item in enumerate(table):
            if number not in kept:
                item.add_marker(pytest.mark.slow)
