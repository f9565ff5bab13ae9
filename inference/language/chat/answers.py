"""Replies kept in a folder, so that no question is paid for twice.

A file says which question it answers and carries a check sum, so that one that was cut, edited or renamed is refused.
It holds a reply and no key, and only its owner may read it: replies quote policies.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from pathlib import Path
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.files import write_text
from contracts.inputs.frozen import dataclass
from inference.language.chat.errors import ReplyError

FORMAT = "menuwright reply 1"
LARGEST = 2**26  # bytes of a file that is read; no reply comes near


@dataclass(frozen=True)
class KeptAnswer:
    """The file of one question; `question` is everything that its answer depends on, as JSON data.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     kept = kept_answer(Path(folder), ["model", "Who gets what?"])
    ...     kept.write("half each")
    ...     kept.read()
    'half each'
    """

    file: Path
    question: str

    def read(self) -> str | None:
        """The reply, None where there is none.

        Raises
        ------
        ReplyError
            If the file is no reply to this question, or cannot be read.
        """
        try:
            if not self.file.exists():
                return None
            is_sound = self.file.is_file() and self.file.stat().st_size <= LARGEST  # no pipe, no device
            entry = json.loads(self.file.read_text(encoding="utf-8")) if is_sound else None
        except OSError as exc:
            raise ReplyError(f"{self.file} cannot be read ({exc.strerror}): make it readable, or delete it") from exc
        except (ValueError, RecursionError):
            entry = None
        if not isinstance(entry, dict) or not isinstance(reply := entry.get("reply"), str) or entry != self._of(reply):
            raise ReplyError(f"{self.file} was changed since it was saved, or answers something else: delete it")
        return reply

    def write(self, reply: str) -> None:
        """Keep a reply; a disk that is full or closed is a warning, for the reply is there and paid for."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_text(self.file, json.dumps(self._of(reply)), private=True)
        except (OSError, ProblemError) as exc:
            why = getattr(exc.__cause__ or exc, "strerror", None) or exc
            warnings.warn(f"{self.file} could not be kept ({why}): it will be paid for again", stacklevel=2)

    def _of(self, reply: str) -> dict[str, str]:
        check = hashlib.sha256(f"{self.question}\n{reply}".encode("utf-8", "surrogatepass")).hexdigest()
        return {"format": FORMAT, "question": self.question, "reply": reply, "check": check}


def kept_answer(folder: Path, question: list[Any]) -> KeptAnswer:
    """The place of the answer to a question."""
    name = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
    return KeptAnswer(folder / f"{name}.json", name)
