"""The place for learning types from observed choices. There is nothing in it yet: this package exports no name."""

__all__: list[str] = []
