"""Three cultures, one assistant: a menu of policies against the averaged norm.

Run with `make demo` or `python examples/three_demographics.py`; writes out/three_demographics.html.
The figures (Awad et al. 2018, Nature 563, 59-64) and the assumptions on top of them are in
contracts/demo/moral_machine.py.
"""

import numpy as np

import contracts
from contracts.demo import moral_machine
from contracts.demo import three_demographics as demo

# Three groups: how much each culture agrees with each of eleven policies, in percentage points.
reward = moral_machine.rewards()

# What the provider cares about: its safety costs, and staying close to a reference policy. There is no money.
provider = {
    "cost": contracts.Entropy(moral_machine.REFERENCE, moral_machine.TEMPERATURE),
    "domain": contracts.Simplex(),
    "principal_values": -moral_machine.SAFETY_COST,
    "transfers": "none",
    "objective": contracts.Welfare(),
    "goods": moral_machine.POLICIES,
}

# The usual answer is the menu for one average person: a single KL-regularised policy.
averaged = contracts.solve_menu((moral_machine.SHARES @ reward)[np.newaxis], **provider).allocation[0]

# Ours keeps that policy on offer, and adds to it whatever makes somebody better off at an acceptable cost.
menu = contracts.solve_menu(
    reward, moral_machine.SHARES, outside_option=averaged, labels=moral_machine.CULTURES, **provider
)

# Who gains, who is tempted, what it costs, and what other assumptions would say: the whole study, with its report.
print(demo.three_demographics("out"))

# The certificate needs no solver: anybody can recompute it from the contracts and the multipliers.
certificate = contracts.verify(
    menu.problem, menu.allocation, menu.transfer, multipliers=menu.bound.multipliers, gap=1e-6
)
print(f"\nThe menu of the published figures, verified anew:\n{certificate}")
print("certificate holds" if certificate.holds else "certificate FAILS")
