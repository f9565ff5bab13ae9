"""Who rejects unequal offers, and what one should offer then.

Run with `python examples/ultimatum_responders.py`; needs ../shared/data/ultimatum/responders.csv: 500 people who
answered 20 offers each (Heffner & FeldmanHall 2022, Nature Communications 13, 1718).
"""

from pathlib import Path

import numpy as np
import pandas as pd

import contracts
import inference

recorded = pd.read_csv(Path(__file__).resolve().parents[2] / "shared" / "data" / "ultimatum" / "responders.csv")
person, offer, accepted = recorded["subject"], 1 - recorded["proposer_share"], 1 - recorded["rejected"]
rng = np.random.default_rng(1)

# Does it matter that people differ? Every answer is predicted from others, of that person and of everybody.
print("ANSWERS HELD OUT (a fifth of every person's at a time)\n")
held_out = inference.compare_responders(person, offer, accepted, n_types=(1, 2), rng=rng)
print(held_out)

# Who are they? Within each kind of people, log envy and log temperature are normal.
responders = inference.fit_responders(inference.answers_of(person, offer, accepted), 2, rng=rng)
print(f"\nWHO THEY ARE\n\n{responders}")

offers = responders.answers.offers
band = responders.rejection_curve(offers)
asked = responders.answers.accepted + responders.answers.rejected
observed = responders.answers.rejected.sum(axis=0) / asked.sum(axis=0)
print("\nREJECTIONS\n\noffer  observed  population  (95% band)      middle 80% of people")
for row in zip(offers, observed, *band, strict=True):
    print("{:5.2f}  {:8.3f}  {:10.3f}  ({:.3f}, {:.3f})  {:.3f} to {:.3f}".format(*row))

# What should a proposer offer who cares for money only, and knows this population?
earned = (1 - offers) * (1 - band.mean)
best = float(inference.best_offer(inference.FehrSchmidt(0.0, 0.0), offers, 1 - band.mean))
print(f"\nA selfish proposer offers {best:.2f} and expects {earned.max():.3f}; an equal split brings {earned[-1]:.3f}.")

# Would a menu do better? Ten types of envy; a contract is a lottery over splits, or no deal, which is worth 0 to both.
# The splits are those that some type just accepts, and the equal one.
types, weights = responders.types(10)
accepts = types.acceptable_offers().lowest
splits = np.append(accepts, 0.5)
problem = contracts.ScreeningProblem(
    inference.FehrSchmidt(types.envy[:, np.newaxis], 0.0).utility(splits, 1 - splits),
    weights,
    domain=contracts.Simplex(free_disposal=True),
    principal_values=1 - splits,
    transfers="none",
    labels=[f"envy {envy:.3f}" for envy in types.envy],
    goods=[f"{split:.3f}" for split in splits],
)
menu = contracts.solve_menu(problem)
print("\nA MENU OF SPLITTING RULES for ten types that make no mistakes\n")
print("type        just accepts  gets a deal  share of the deal  utility")
for k, label in enumerate(problem.labels):
    deal = menu.allocation[k].sum()
    share = f"{menu.allocation[k] @ splits / deal:17.3f}" if deal > 1e-6 else f"{'no deal':>17s}"
    print(f"{label:10s}  {accepts[k]:12.3f}  {deal:11.3f}  {share}  {menu.utility[k] + 0.0:7.3f}")
single = [(1 - split) * weights[accepts <= split].sum() for split in splits]
print(
    f"\nThe menu earns {menu.value:.4f} and the best single offer, {splits[np.argmax(single)]:.3f}, {max(single):.4f}."
)
print("certificate holds" if menu.certificate.holds else "certificate FAILS")
