"""Print how well policies are read whose share is known."""

from __future__ import annotations

import argparse

from benchmarks.policy_texts import FOLDER, misses, scores, table

NAMES = ("fresh", "final", "blind", "newcomer", "afterwards", "strangers", "once", "visitors")
FILES = tuple(name for name in NAMES if (FOLDER / f"{name}.txt").exists())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="How well policies are read whose share is known.")
    parser.add_argument("--texts", choices=FILES, action="append")
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    for name in options.texts or FILES:
        found = scores(name)
        print(f"{name}\n{table(found)}\n")
        if options.misses:
            print(misses(found), "\n")


if __name__ == "__main__":
    main()
