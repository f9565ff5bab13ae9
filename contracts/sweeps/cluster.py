"""Cells on a cluster of dask: few tasks in flight, workers that may come and go, none with another library."""

from __future__ import annotations

import functools
import queue
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from contracts.errors import ProblemError
from contracts.inputs.extras import extra
from contracts.sweeps.cells import Finished, Found, Task, run_cells
from contracts.sweeps.chunks import SECONDS, Chunk, Chunks
from contracts.sweeps.marks import library_version

ANSWER = 10.0  # seconds within which a cluster answers
WITHOUT = 60.0  # seconds that a sweep waits while there is no worker
AHEAD = 2  # chunks for every thread: one that runs, one at hand
MOST_TASKS = 400.0  # a second: what one scheduler handles at ease; chunks are longer where there are many threads
LARGE = 100_000  # bytes of a task that is handed to every worker once, and not with every chunk


def on_cluster(task: Task, chunks: Chunks, cluster: Any, report: Callable[[str], None]) -> Generator[list[Found]]:
    """Rows of all cells as they come.

    Parameters
    ----------
    cluster : a client of dask.distributed, or the address of its scheduler

    Raises
    ------
    ProblemError
        If no cluster answers, it ends, it has no workers, or one that cannot run the cells.
    """
    with _connected(cluster) as client:
        n_threads = _checked_workers(client)
        report(f"{n_threads} threads on the cluster")
        chunks.seconds = max(SECONDS, n_threads / MOST_TASKS)
        try:
            yield from _through(client, task, chunks, n_threads)
        except Exception as exc:
            if client.status == "running":
                raise
            raise ProblemError(
                f"the cluster has ended: its scheduler does not answer any more ({type(exc).__name__}); start it and "
                "call again, a folder goes on from what it holds"
            ) from exc


def threads_on(cluster: Any) -> int:
    """How many threads a cluster has; raises as `on_cluster` does."""
    with _connected(cluster) as client:
        return _checked_workers(client)


def _through(client: Any, task: Task, chunks: Chunks, n_threads: int) -> Generator[list[Found]]:
    packed = _packed(task)
    sent = client.scatter(packed, broadcast=True) if len(packed) > LARGE else packed
    running: dict[Any, Chunk] = {}
    ready: queue.SimpleQueue[Any] = queue.SimpleQueue()
    waited = 0.0
    try:
        while True:
            while len(running) < AHEAD * n_threads and (chunk := chunks.following()) is not None:
                future = client.submit(_run_there, sent, chunk.cells, pure=False)
                running[future] = chunk
                future.add_done_callback(ready.put)
            if not running:
                return
            try:
                future = ready.get(timeout=ANSWER)
            except queue.Empty:
                waited = 0.0 if _threads_of(client) else waited + ANSWER
                if waited >= WITHOUT:
                    raise ProblemError("no worker is left on the cluster: start some, and call again") from None
                continue
            waited = 0.0
            n_threads = _threads_of(client) or n_threads
            yield _taken(future, running.pop(future), chunks)
            del future
    finally:
        client.cancel(list(running))


def _taken(future: Any, chunk: Chunk, chunks: Chunks) -> list[Found]:
    """The rows of a chunk; none if it has to be run again."""
    from distributed import KilledWorker

    try:
        version, finished = future.result(timeout=ANSWER)
    except KilledWorker as exc:
        return chunks.died(chunk, f"at {exc.last_worker.address}")
    except (TimeoutError, OSError):  # its answer went with the worker that had it
        chunks.again(chunk)
        return []
    except Exception as exc:
        if future.cancelled():
            chunks.again(chunk)
            return []
        raise ProblemError(
            f"a worker of the cluster cannot run the cells ({type(exc).__name__}: {exc}): install there what the "
            "function imports, in the same version"
        ) from exc
    if version != library_version():
        raise ProblemError(_other_version("a worker that has joined", version))
    chunks.took(len(chunk.cells), finished.seconds)
    return list(finished.found)


def _run_there(packed: bytes, cells: tuple[int, ...]) -> tuple[str, Finished]:
    """What a worker does with a chunk."""
    return library_version(), run_cells(_unpacked(packed), cells)


@functools.lru_cache(maxsize=2)
def _unpacked(packed: bytes) -> Task:
    import cloudpickle  # type: ignore[import-untyped]

    task: Task = cloudpickle.loads(packed)
    return task


def _packed(task: Task) -> bytes:
    import cloudpickle

    try:
        return bytes(cloudpickle.dumps(task))
    except Exception as exc:
        raise ProblemError(
            f"the function cannot be sent to a cluster ({exc}): let it open files and connections itself"
        ) from exc


# ---- the cluster ----


@contextmanager
def _connected(cluster: Any) -> Iterator[Any]:
    """A client: the one that was given, or one for an address, which is closed in the end."""
    distributed = extra("distributed")
    if isinstance(cluster, distributed.Client):
        if cluster.asynchronous:
            raise ProblemError("cluster is an asynchronous client: give one that waits, or an address")
        if cluster.status != "running":
            raise ProblemError(f"cluster is a client that is {cluster.status}: open one that is connected")
        yield cluster
        return
    if not isinstance(cluster, str):
        raise ProblemError(f"cluster is {type(cluster).__name__}: give a client of dask.distributed, or an address")
    try:
        client = distributed.Client(cluster, timeout=ANSWER)
    except (OSError, TimeoutError, ValueError) as exc:
        raise ProblemError(
            f"no cluster answers at {cluster!r} ({type(exc).__name__}): start one (dask scheduler, then dask worker "
            "ADDRESS on every machine), or leave cluster out to use this machine"
        ) from exc
    with client:
        yield client


def _threads_of(client: Any) -> int:
    return sum(one["nthreads"] for one in client.scheduler_info(n_workers=-1)["workers"].values())


def _checked_workers(client: Any) -> int:
    """How many threads the workers have, all of which have this library."""

    def asked() -> tuple[str, str]:  # by value: it must run where the library is missing
        import importlib
        import platform

        try:
            theirs = importlib.import_module("contracts")
        except ImportError:
            return "", platform.python_version()
        return str(theirs.__version__), platform.python_version()

    try:
        answers = client.run(asked, on_error="return")
    except OSError as exc:
        raise ProblemError(f"the cluster does not answer ({exc}): see whether its workers are alive") from exc
    python = ".".join(map(str, sys.version_info[:2]))
    for address, answer in answers.items():
        if isinstance(answer, Exception):
            raise ProblemError(
                f"the worker {address} cannot run what this process sends ({answer}): use Python {python}"
            )
        version, theirs = answer
        if version != library_version():
            raise ProblemError(_other_version(f"the worker {address}", version))
        if theirs.rpartition(".")[0] != python:
            raise ProblemError(f"the worker {address} has Python {theirs}, this process {python}: use the same")
    if not answers:
        raise ProblemError("the cluster has no workers: start some with dask worker ADDRESS")
    return _threads_of(client)


def _other_version(who: str, version: str) -> str:
    has, ours = f"menuwright {version}" if version else "no menuwright", library_version()
    return f"{who} has {has}, this process {ours}: install the same everywhere (pip install menuwright=={ours})"
