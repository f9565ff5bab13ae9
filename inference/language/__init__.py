"""Policies in words: readers that turn a text into the share it offers, and back."""

from inference.language.offline import OfflineReader, read_policies, read_policy
from inference.language.quality import ReaderQuality, calibrate
from inference.language.reading import Evidence, PolicyReader, PolicyReading, UnreadablePolicyError
from inference.language.writing import write_policy

__all__ = [
    "Evidence",
    "OfflineReader",
    "PolicyReader",
    "PolicyReading",
    "ReaderQuality",
    "UnreadablePolicyError",
    "calibrate",
    "read_policies",
    "read_policy",
    "write_policy",
]
