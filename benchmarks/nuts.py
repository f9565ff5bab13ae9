"""The hierarchical logit written in numpyro and sampled by NUTS: a second opinion that shares no code with ours."""

from typing import Any

import numpy as np

from benchmarks.cases import Array
from inference import ChoiceData, HierarchicalPrior


def sample(
    data: ChoiceData, prior: HierarchicalPrior, *, draws: int, warmup: int, chains: int, seed: int
) -> tuple[Array, Array, float]:
    """Draws of mean and covariance, (chains, draws, ...), from the non-centred model; with the CPU seconds used."""
    import time

    import jax
    import jax.numpy as jnp
    import numpyro
    import numpyro.distributions as dist
    from numpyro.infer import MCMC, NUTS

    numpyro.enable_x64()
    strength, degrees, scale = prior.parts(data.n_attributes)
    root = np.linalg.cholesky(np.linalg.inv(scale))
    attributes, choice = jnp.array(data.attributes), jnp.array(data.choice)

    def model() -> None:
        precision = numpyro.sample("precision", dist.Wishart(degrees, scale_tril=jnp.array(root)))
        # precision = R R' gives covariance = R^-T R^-1, so beta = mean + R^-T z
        lower = jnp.linalg.cholesky(precision)
        shift = numpyro.sample("shift", dist.Normal(0, 1).expand([data.n_attributes]).to_event(1))

        def tastes(normal: Any) -> Any:
            return jax.scipy.linalg.solve_triangular(lower.T, normal.T, lower=False).T

        mean = numpyro.deterministic("mean", tastes(shift[None])[0] / np.sqrt(strength))
        numpyro.deterministic("covariance", jnp.linalg.inv(precision))
        shape = [data.n_people, data.n_attributes]
        beta = mean + tastes(numpyro.sample("normal", dist.Normal(0, 1).expand(shape).to_event(2)))
        utility = jnp.einsum("njk,nk->nj", attributes, beta[data.person_index])
        numpyro.sample("choice", dist.Categorical(logits=utility), obs=choice)

    kernel = NUTS(model, init_strategy=numpyro.infer.init_to_median(num_samples=5))
    mcmc = MCMC(
        kernel, num_warmup=warmup, num_samples=draws, num_chains=chains, chain_method="sequential", progress_bar=False
    )
    start = time.process_time()
    mcmc.run(jax.random.PRNGKey(seed))
    drawn = mcmc.get_samples(group_by_chain=True)
    mean, covariance = np.asarray(drawn["mean"]), np.asarray(drawn["covariance"])
    return mean, covariance, time.process_time() - start
