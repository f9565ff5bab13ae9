"""Libraries that only some users have: loaded when they are needed, asked for in one sentence."""

from __future__ import annotations

import importlib
from typing import Any

EXTRAS = {
    "pandas": "frames",
    "polars": "frames",
    "pyarrow": "logs",
    "ibis": "logs",
    "arviz": "bayes",
    "hypothesis": "testing",
    "distributed": "sweep",
}


def extra(library: str) -> Any:
    """A library that comes with an extra of this package.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to install it.

    Examples
    --------
    >>> extra("pandas").DataFrame({"weight": [0.5, 0.5]}).shape
    (2, 1)
    """
    try:
        return importlib.import_module(library)
    except ImportError as exc:
        raise ImportError(f"this needs {library}: pip install 'menuwright[{EXTRAS[library]}]'") from exc


def pandas() -> Any:
    """The library of frames."""
    return extra("pandas")
