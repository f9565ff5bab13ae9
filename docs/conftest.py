"""Pages are tested, the programs that make the site are not collected: they need what only the site needs."""

collect_ignore_glob = ["*.py", "_build", "reference", "changelog.md", "contributing.md"]
