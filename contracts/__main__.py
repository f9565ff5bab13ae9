"""`python -m contracts`: the command `contracts`, as it was installed."""

from importlib.metadata import entry_points

if __name__ == "__main__":
    (command,) = entry_points(group="console_scripts", name="contracts")
    command.load()()
