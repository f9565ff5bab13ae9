"""Hypothesis profiles: the same examples on every run, unless HYPOTHESIS_PROFILE=explore asks for new ones."""

import os

from hypothesis import HealthCheck, settings

COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much]}

settings.register_profile("steady", derandomize=True, max_examples=40, **COMMON)
EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "400"))
settings.register_profile("explore", max_examples=EXAMPLES, print_blob=True, **COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
