"""Policies in words: readers that turn a text into the share it offers or the weights it values, and back."""

from inference.language.chat.client import ChatEndpoint, CostError, EndpointError, ReplyError
from inference.language.endpoint import EndpointReader
from inference.language.endpoint_speakers import EndpointAssistant, EndpointMeta
from inference.language.loop import LoopError, Transcript, play_with_language, replay_principles
from inference.language.offline import OfflineReader, read_policies, read_policy
from inference.language.quality import ReaderQuality, calibrate
from inference.language.reading import Evidence, PolicyReader, PolicyReading, UnreadablePolicyError
from inference.language.recorded import RecordedReader, save_readings
from inference.language.speakers import (
    AssistantLM,
    Interaction,
    MetaLM,
    ReaderAssistant,
    RecordedMeta,
    WritingMeta,
)
from inference.language.utilities.beliefs import Agreement, agreement_of_norms
from inference.language.utilities.endpoint import EndpointUtilityReader
from inference.language.utilities.offline import OfflineUtilityReader
from inference.language.utilities.reading import Statement, UtilityReader
from inference.language.utilities.recorded import RecordedUtilityReader, save_utility_readings
from inference.language.writing import write_policy

__all__ = [
    "Agreement",
    "AssistantLM",
    "ChatEndpoint",
    "CostError",
    "EndpointAssistant",
    "EndpointError",
    "EndpointMeta",
    "EndpointReader",
    "EndpointUtilityReader",
    "Evidence",
    "Interaction",
    "LoopError",
    "MetaLM",
    "OfflineReader",
    "OfflineUtilityReader",
    "PolicyReader",
    "PolicyReading",
    "ReaderAssistant",
    "ReaderQuality",
    "RecordedMeta",
    "RecordedReader",
    "RecordedUtilityReader",
    "ReplyError",
    "Statement",
    "Transcript",
    "UnreadablePolicyError",
    "UtilityReader",
    "WritingMeta",
    "agreement_of_norms",
    "calibrate",
    "play_with_language",
    "read_policies",
    "read_policy",
    "replay_principles",
    "save_readings",
    "save_utility_readings",
    "write_policy",
]
