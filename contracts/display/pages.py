"""Templates of pages, in the folder beside this: what is put into them is shown as text, whatever it holds."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from contracts.readable import readable_lines

if TYPE_CHECKING:
    from jinja2 import Environment


def rendered(template: str, **said: Any) -> str:
    """A template filled in, itself an element that other templates take as it is.

    Examples
    --------
    >>> print(rendered("formula.html", left="a<b", relation=">", right="&", remark=""))
    <p><math display='inline'><mrow>a&lt;b<mo>&gt;</mo>&amp;</mrow></math></p>
    """
    return element(_templates().get_template(template).render(said))


def element(page: str) -> str:
    """HTML that templates take as it is: it was made here, of nothing that anybody named."""
    from markupsafe import Markup

    return Markup(page)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("contracts.display"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["json.dumps_kwargs"] = {"allow_nan": False}
    return made


def _shown(value: Any) -> Any:
    """Nothing hides, or turns what stands beside it around."""
    return value if hasattr(value, "__html__") else readable_lines(str(value))
