"""The prior of a normal population of tastes, and the population given its people: conjugate, so exact."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from contracts.errors import ProblemError
from contracts.inputs.arrays import Array
from contracts.inputs.door import checked
from contracts.inputs.frozen import dataclass
from contracts.inputs.kinds import Count
from inference.logit.units import Units


@checked
@dataclass(frozen=True, eq=False)
class HierarchicalPrior:
    """mean | covariance ~ N(0, covariance / strength), covariance ~ inverse Wishart(degrees, scale).

    The defaults are the numbers of bayesm for R: strength 0.01, degrees n_attributes + 3, scale degrees times the
    identity. They suppose units in which coefficients are of the order of one, so the default scale is for attributes
    divided by their spread (root mean square distance from the mean of the options of a choice), whatever the units of
    the data. A `scale` that you give is in the units of the data: scale=9 * np.eye(6) is bayesm itself with six
    attributes. For coefficients of one sign mean and covariance are those of logarithms in the same units.
    The mean of the covariance under the prior is scale / (degrees - n_attributes - 1).

    Examples
    --------
    >>> HierarchicalPrior().parts(2)
    (0.01, 5.0, array([[5., 0.],
           [0., 5.]]))
    """

    strength: float = 0.01
    degrees: float | None = None
    scale: Any = None  # (n_attributes, n_attributes)

    def parts(self, n_attributes: Count) -> tuple[float, float, Array]:
        """Strength, degrees and scale for `n_attributes` attributes, checked."""
        degrees = n_attributes + 3.0 if self.degrees is None else float(self.degrees)
        scale = degrees * np.eye(n_attributes) if self.scale is None else np.array(self.scale, dtype=np.float64)
        if not self.strength > 0:
            raise ProblemError(f"prior strength is {self.strength}: use a positive number")
        if not degrees > n_attributes - 1:
            raise ProblemError(
                f"prior degrees is {degrees}: use more than {n_attributes - 1}, one less than the attributes"
            )
        if (
            scale.shape != (n_attributes, n_attributes)
            or not np.allclose(scale, scale.T)
            or np.linalg.eigvalsh(scale)[0] <= 0
        ):
            raise ProblemError(
                f"prior scale must be a positive definite matrix of shape ({n_attributes}, {n_attributes})"
            )
        return float(self.strength), degrees, scale

    def draw(self, n_attributes: Count, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """A mean, (n_attributes,), and a covariance, (n_attributes, n_attributes), from the prior."""
        nobody = np.zeros((0, 1, n_attributes))
        mean, root = draw_population(nobody, self, rng)
        return mean[0], np.linalg.inv(root[0] @ root[0].T)


class ComputedPrior(NamedTuple):
    """A prior in units that suit the computation, and where logarithms are measured from."""

    prior: HierarchicalPrior
    centre: Array  # (n_attributes,)


def computed_prior(prior: HierarchicalPrior, kinds: tuple[str, ...], units: Units) -> ComputedPrior:
    """The same prior in computed units, for coefficients that vary by `kinds`.

    A coefficient of one sign is plus or minus exp(centre + beta), so that beta has the mean 0 under the prior.
    """
    strength, degrees, scale = prior.parts(len(kinds))
    ratio = units.size / (units.spread if prior.scale is None else 1.0)
    normal = np.array(kinds) == "normal"
    stretch = np.where(normal, ratio, 1.0)
    moved = HierarchicalPrior(strength, degrees, scale * np.outer(stretch, stretch))
    return ComputedPrior(moved, np.where(normal, 0.0, np.log(ratio)))


def draw_population(beta: Array, prior: HierarchicalPrior, rng: np.random.Generator) -> tuple[Array, Array]:
    """Mean and root of the population given its people: exact draws from the conjugate posterior.

    With n people of mean b and scatter C, and strength a of the prior mean 0,
    covariance ~ inverse Wishart(degrees + n, scale + C + (n a / (n + a)) b b'), and
    mean | covariance ~ N(n b / (n + a), covariance / (n + a)).

    Parameters
    ----------
    beta : (n_people, n_chains, n_attributes) array, possibly of nobody

    Returns
    -------
    (n_chains, n_attributes) and (n_chains, n_attributes, n_attributes) arrays
    """
    n_people, n_chains, size = beta.shape
    strength, degrees, scale = prior.parts(size)
    average = beta.sum(axis=0) / max(n_people, 1)
    apart = beta - average
    pull = n_people * strength / (n_people + strength)
    scatter = scale + np.einsum("nci,ncj->cij", apart, apart, optimize=True)
    scatter = scatter + pull * average[:, :, np.newaxis] * average[:, np.newaxis]
    bartlett = np.tril(rng.standard_normal((n_chains, size, size)), -1)
    diagonal = np.sqrt(rng.chisquare(degrees + n_people - np.arange(size), size=(n_chains, size)))
    bartlett[:, np.arange(size), np.arange(size)] = diagonal
    # scatter = L L' and B B' ~ Wishart(I): then L^-T B B' L^-1 ~ Wishart(scatter^-1) is a draw of the precision
    root = np.linalg.solve(np.linalg.cholesky(scatter).transpose(0, 2, 1), bartlett)
    noise = np.linalg.solve(root.transpose(0, 2, 1), rng.standard_normal((n_chains, size, 1)))[:, :, 0]
    mean = n_people / (n_people + strength) * average + noise / np.sqrt(n_people + strength)
    return np.asarray(mean), np.asarray(root)
