"""A user's ten lines, which a strict type checker must take with nothing but the wheel installed (.ci/wheel)."""

from pathlib import Path

import contracts
import inference


def offered(valuations: list[float], where: Path) -> contracts.Menu:
    """The best menu, and who the first customer is by what was taken."""
    problem = contracts.ScreeningProblem(valuations, cost=contracts.Quadratic(), domain=contracts.NonNegative())
    menu: contracts.Menu = contracts.solve_menu(problem, gap=1e-6)
    posterior = inference.infer_types(menu, [[0]], choice_model=inference.Logit(temperature=0.5))
    likeliest: int = int(posterior.probabilities[0].argmax())
    holds: bool = menu.certificate.holds
    saved: Path = menu.save(where / f"menu-{likeliest}-{holds}.json")
    return contracts.load_menu(saved)
