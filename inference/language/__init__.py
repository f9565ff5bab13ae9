"""Policies in words: readers that turn a text into the share it offers, and back."""

from inference.language.chat import ChatEndpoint, CostError, EndpointError, ReplyError
from inference.language.endpoint import EndpointReader
from inference.language.offline import OfflineReader, read_policies, read_policy
from inference.language.quality import ReaderQuality, calibrate
from inference.language.reading import Evidence, PolicyReader, PolicyReading, UnreadablePolicyError
from inference.language.recorded import RecordedReader, save_readings
from inference.language.writing import write_policy

__all__ = [
    "ChatEndpoint",
    "CostError",
    "EndpointError",
    "EndpointReader",
    "Evidence",
    "OfflineReader",
    "PolicyReader",
    "PolicyReading",
    "ReaderQuality",
    "RecordedReader",
    "ReplyError",
    "UnreadablePolicyError",
    "calibrate",
    "read_policies",
    "read_policy",
    "save_readings",
    "write_policy",
]
