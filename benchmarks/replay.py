"""What the offline reader does under the principles of recorded runs: the table of docs/language.md.

python -m benchmarks.replay          by epoch: users, recorded GPT-4, the reader, and gaps between them
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from inference.language import ReaderAssistant, replay_principles


def replayed(folder: Path, experiment: str = "one_norm") -> pd.DataFrame:
    """One row per run and epoch, see `replay_principles`."""
    offers = pd.read_parquet(folder / "offers.parquet")
    principles = pd.read_parquet(folder / "principles.parquet")
    return replay_principles(offers[offers.experiment == experiment], principles, ReaderAssistant())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parent.parent.parent / "shared" / "data" / "scai")
    table = replayed(parser.parse_args().data)
    apart = table.assign(
        recorded=table.recorded_gap.abs(),
        ours=table.gap.abs(),
        off=(table.assistant_share - table.recorded_share).abs(),
    )
    means = ["users_share", "recorded_share", "assistant_share", "recorded", "ours", "off"]
    unread = int((table.unread.str.len() > 0).sum())
    print(f"{table.run_id.nunique()} runs, {unread} of {len(table)} run-epochs with an unreadable principle")
    print("| epoch | users | recorded GPT-4 | offline reader | gap, recorded | gap, reader | reader to recorded |")
    print("|---|---|---|---|---|---|---|")
    for epoch, row in apart.groupby("epoch")[means].mean().iterrows():
        print("|".join(["", f" {epoch} ", *(f" {value:.3f} ".replace("0.", ".") for value in row), ""]))


if __name__ == "__main__":
    main()
