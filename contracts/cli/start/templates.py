"""Example problems that `contracts new` writes, one of every kind that people begin with."""

SCREENING = """\
# Hidden types: customers who value goods differently, and who cannot be told apart.
# Every number is an example; contracts validate says how this file is understood.

labels = ["light", "family", "studio"]
goods = ["speed", "storage"]
weights = [0.5, 0.3, 0.2]                   # shares of the types, summing to 1
valuations = [                              # money that a type pays for one more unit; a row per type
    [2.0, 1.0],
    [4.0, 2.0],
    [8.0, 8.0],
]
reservation_utility = 0.0                   # what a type has without a contract
# transfers = [0.0, "inf"]                  # limits of what is paid; "none" where no money changes hands

[cost]                                      # of an allocation to one agent
kind = "quadratic"                          # also linear, power, entropy, exponential, ...
curvature = [1.0, 2.0]

[domain]                                    # what may be allocated
kind = "box"                                # also non_negative, simplex, polyhedron
upper = [10.0, 5.0]

# [[constraints]]                           # rows over the whole menu, such as a capacity
# kind = "capacity"
# good = "speed"
# upper = 3.0
"""

POLICIES = """\
# Groups whose norms conflict, policies between them, and no money: a menu of mixtures of policies.

labels = ["liberty", "equality", "tradition"]
goods = ["strict", "balanced", "open"]      # the policies; an allocation is a mixture of them
weights = [0.4, 0.35, 0.25]                 # shares of the groups
valuations = [                              # how a group values each policy
    [0.0, 0.6, 1.0],
    [0.3, 1.0, 0.4],
    [1.0, 0.5, 0.0],
]
transfers = "none"
outside_option = [0.0, 1.0, 0.0]            # what everybody can keep: the policy that is the default now

[cost]                                      # of leaving the reference mixture
kind = "entropy"
reference = [0.34, 0.33, 0.33]
temperature = 0.1

[domain]
kind = "simplex"

[objective]                                 # the groups' utility counts, not profit
kind = "welfare"
weights = 1.0
"""

AUCTION = """\
# An auction of one good: what bidders are willing to pay is not known, only how likely it is.

kind = "auction"
bidders = ["Ada", "Ben"]
values = [                                  # a list per bidder: what the good may be worth to it
    [1.0, 2.0, 3.0],
    [2.0, 4.0],
]
probabilities = [
    [0.5, 0.3, 0.2],
    [0.6, 0.4],
]
# n_units = 2                               # identical units on sale; each bidder wants one
"""

TRADE = """\
# Several agents: a seller and a buyer who may trade, and a mechanism that never pays more than it takes.

agents = ["seller", "buyer"]
alternatives = ["keep", "trade"]
values = [                                  # per agent, a row per type: what each alternative is worth
    [[0.0, 0.0], [0.0, -4.0]],              # a seller whose cost is 0 or 4
    [[0.0, 1.0], [0.0, 5.0]],               # a buyer whose value is 1 or 5
]
objective = "welfare"                       # or "revenue"
incentives = "bayesian"                     # or "dominant", "ex post"
participation = "interim"                   # or "ex post", "ex ante", "none"
budget = "balanced"                         # or "weak", "none"
"""

PRICING = """\
# Nonlinear pricing in one quality, as in Mussa & Rosen (1978): a model of contracts.models by name, with its arguments.

[model]
name = "mussa_rosen"
types = [1.0, 2.0, 3.0]                     # money per unit of quality
weights = [0.5, 0.3, 0.2]
curvature = 1.0                             # the cost of quality q is curvature q^2 / 2
labels = ["low", "middle", "high"]
"""

HIDDEN_ACTION = """\
# Hidden action: what an agent does is not seen, only what comes of it.

actions = ["shirk", "work"]
outcomes = ["failure", "success"]
outcome_probabilities = [                   # a row per action, summing to 1
    [0.75, 0.25],
    [0.25, 0.75],
]
output = [0.0, 20.0]                        # what each outcome is worth to the principal, money
effort_cost = [0.0, 1.0]                    # utility that each action costs the agent
reservation_utility = 1.0                   # what the agent has elsewhere
wages = [0.0, "inf"]                        # lowest and highest wage: limited liability

[utility]                                   # of wages
kind = "square_root"                        # also risk_neutral, log, crra (aversion), cara (aversion)
"""

SWEEP = """\
# A problem solved in every cell of a grid: contracts sweep sweep.toml --out rows

# problem = "broadband.toml"                # the file of a problem, in place of the table [problem] or [model]
# people = 200                              # shares of the types are drawn anew in every cell: as if known from so many
# replications = 20                         # how often every cell is repeated, with other draws
# seed = 0                                  # of all draws

[model]                                     # a model of contracts.models by name, with its arguments
name = "mussa_rosen"
types = [1.0, 2.0, 3.0]
weights = [0.5, 0.3, 0.2]

[grid]                                      # every combination of these values is a cell
curvature = [1.0, 2.0]
types.2 = {start = 3.0, stop = 4.0, n = 3}  # the third of the types, in equal steps
"""

TEMPLATES = {
    "screening": SCREENING,
    "policies": POLICIES,
    "pricing": PRICING,
    "hidden-action": HIDDEN_ACTION,
    "auction": AUCTION,
    "trade": TRADE,
}
