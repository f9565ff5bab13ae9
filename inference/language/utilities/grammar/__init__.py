"""What a text says about attributes: found by rules that can be looked at, one family of phrases a module."""
