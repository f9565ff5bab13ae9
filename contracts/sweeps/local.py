"""Cells in this process or in others on this machine, any of which may be killed.

Processes are spawned on every system, never forked: a fork copies locks that threads of linear algebra or of data
frames may hold, and what works on one system would fail on another. A function that a fresh process cannot import,
such as one of a notebook, travels by value where cloudpickle is installed (it comes with the extra `sweep`).
"""

from __future__ import annotations

import os
import signal
import sys
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from typing import Any

from contracts.errors import ProblemError
from contracts.sweeps.cells import Found, Task, run_cells
from contracts.sweeps.chunks import Chunk, Chunks

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # of the linear algebra in a process
ALONE = 1.0  # seconds of work after which other processes are thought of
WORTH = 4.0  # seconds of work that are left if it is worth to start them
BEGINNINGS = 3  # processes in a row that may die before they have begun


def locally(task: Task, chunks: Chunks, n_workers: int | None) -> Generator[list[Found]]:
    """Rows of all cells as they come.

    Parameters
    ----------
    n_workers : processes; 1 is this one; None for this one, and as many as there are cores if much is left after a
        second
    """
    if n_workers is None:
        yield from _here(task, chunks, ALONE)
        n_workers = usable_cores() if chunks.seconds_left > WORTH else 1
    yield from _here(task, chunks) if n_workers == 1 else _elsewhere(task, chunks, n_workers)


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _here(task: Task, chunks: Chunks, seconds: float = float("inf")) -> Generator[list[Found]]:
    while seconds > 0 and (chunk := chunks.following()) is not None:
        for cell in chunk.cells:  # each is handed on at once: an interruption costs none that is finished
            finished = run_cells(task, (cell,))
            chunks.took(1, finished.seconds)
            seconds -= finished.seconds
            yield finished.found


# ---- processes ----


class Worker:
    """A process with its pipe, and the chunks that it has."""

    def __init__(self, packed: tuple[Any, bool]) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=_work, args=(theirs,), daemon=True)
        self.chunks: deque[Chunk] = deque()
        self.has_begun = False
        with _one_thread_each():
            self.process.start()
        theirs.close()  # so that its end is the pipe's end
        self.send(packed)

    def send(self, what: Any) -> None:
        """Hand something over; whoever has died is found out when its answer is read."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send(what)

    def end(self) -> str:
        """End it, and say how it has ended."""
        self.process.kill()
        self.process.join()
        self.pipe.close()
        code = self.process.exitcode or 0
        return f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"


def _elsewhere(task: Task, chunks: Chunks, n_workers: int) -> Generator[list[Found]]:
    packed = _packed(task)
    workers: dict[Any, Worker] = {}
    unbegun = 0  # processes that have died before they began, since one last did
    try:
        while True:
            unasked = max(n_workers - len(workers), 0)
            for worker in [*workers.values(), *[None] * unasked]:
                worker = _supplied(worker, chunks, packed)
                if worker is not None:
                    workers[worker.pipe] = worker
            busy = [pipe for pipe, worker in workers.items() if worker.chunks]
            if not busy:
                return
            for pipe in wait(busy):
                worker = workers[pipe]
                try:
                    answer = worker.pipe.recv()
                except (EOFError, OSError):
                    del workers[pipe]
                    unbegun = 0 if worker.has_begun else unbegun + 1
                    yield _buried(worker, chunks, unbegun)
                    continue
                if isinstance(answer, str):
                    raise ProblemError(_unpacked_badly(answer))
                if answer is not None:
                    chunks.took(len(worker.chunks.popleft().cells), answer.seconds)
                    yield answer.found
                worker.has_begun, unbegun = True, 0
    finally:
        for worker in workers.values():
            worker.end()


def _supplied(worker: Worker | None, chunks: Chunks, packed: tuple[Any, bool]) -> Worker | None:
    """The worker, with as many chunks as it should have; a new one if there is work for it."""
    while worker is None or len(worker.chunks) < (2 if chunks.are_short else 1):
        chunk = chunks.following()
        if chunk is None:
            return worker
        worker = worker or Worker(packed)
        worker.chunks.append(chunk)
        worker.send(chunk.cells)
    return worker


def _buried(worker: Worker, chunks: Chunks, unbegun: int) -> list[Found]:
    """What becomes of the chunks of a worker that has died: the first is what it died over, others were not begun."""
    how = worker.end()
    running, *waiting = worker.chunks
    for chunk in waiting:
        chunks.again(chunk)
    if worker.has_begun:
        return chunks.died(running, how)
    if unbegun == BEGINNINGS:
        raise ProblemError(
            f"worker processes end {how} before they begin: in a script, call under if __name__ == '__main__', or give "
            "n_workers=1"
        )
    chunks.again(running)
    return []


def _work(pipe: Connection) -> None:
    """What a process does: it answers chunks until nobody is there to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks is interrupted, and ends this process
    try:
        try:
            task, by_value = pipe.recv()
            if by_value:
                import cloudpickle  # type: ignore[import-untyped]

                task = cloudpickle.loads(task)
        except (ImportError, AttributeError) as exc:
            pipe.send(f"{type(exc).__name__}: {exc}")
            return
        pipe.send(None)
        while True:
            pipe.send(run_cells(task, pipe.recv()))
    except (EOFError, OSError):
        return


def _packed(task: Task) -> tuple[Any, bool]:
    """The task as it is sent, and whether that is by value."""
    function = getattr(task, "family", task)
    in_a_notebook = getattr(function, "__module__", "") == "__main__" and not hasattr(
        sys.modules["__main__"], "__file__"
    )
    why = "it is defined where no other process can import it"
    if not in_a_notebook:
        try:
            ForkingPickler.dumps(task)
        except Exception as exc:  # noqa: BLE001 - pickling raises whatever objects raise
            why = str(exc)
        else:
            return task, False
    try:
        import cloudpickle
    except ImportError as exc:
        raise ProblemError(
            f"the function cannot be sent to other processes ({why}): define it in a module, give n_workers=1, or "
            "pip install 'menuwright[sweep]'"
        ) from exc
    try:
        return cloudpickle.dumps(task), True
    except Exception as exc:
        raise ProblemError(
            f"the function cannot be sent to other processes ({exc}): let it open files and connections itself, or "
            "give n_workers=1"
        ) from exc


def _unpacked_badly(answer: str) -> str:
    return f"a worker process cannot take the function ({answer}): define it in a module, or give n_workers=1"


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started meanwhile do not split their small matrices over cores that other processes are using."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update({name: before[name] or "1" for name in THREADS})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
