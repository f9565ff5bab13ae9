"""Time, size, money and pace of an endpoint: what was sent counts, whatever came back, over all threads."""

import asyncio
import gzip
import itertools
import json
import math
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pytest

from contracts.errors import ProblemError
from inference.language import ChatEndpoint, CostError, EndpointError, EndpointReader, ReplyError
from inference.language.chat.usage import most_tokens
from tests.inference.language.stub import answer, completion, serving, speaking

POLICY = "Prioritize the well-being of others."
GOOD = completion(answer(0.9, evidence=["well-being of others"]), prompt_tokens=100, completion_tokens=20)
OVERHEAD = 0.4  # seconds that a busy machine may take beyond a limit


def reader(url, **options):
    return EndpointReader(
        ChatEndpoint(url, "stub", **{"timeout": 5.0, "requests_per_minute": 1e6, "n_retries": 0, **options})
    )


def seconds_until_refused(url, **options):
    began = time.monotonic()
    with pytest.raises(EndpointError) as raised:
        reader(url, **options).read(POLICY)
    return time.monotonic() - began, str(raised.value)


def drip(start, piece=b" "):
    def talk(send):
        going = send(start)
        while going:
            time.sleep(0.05)
            going = send(piece)

    return talk


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (b"H", b""),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 500 Broken\r\nContent-Length: 100000\r\n\r\n", b" "),
    ],
    ids=["length", "chunks", "until closed", "one header", "headers", "nothing", "continue", "error"],
)
def test_a_server_that_drips_is_given_up_when_the_time_is_over(start, piece):
    with speaking(drip(start, piece)) as (url, _):
        took, said = seconds_until_refused(url, timeout=0.3)
    assert took < 0.3 + OVERHEAD
    assert "no answer within 0.3 s" in said or ("broke off" in said and "100 headers" in said)


def test_a_thread_that_was_given_up_ends():
    with speaking(drip(b"HTTP/1.1 200 OK\r\n\r\n")) as (url, _):
        seconds_until_refused(url, timeout=0.1)
        until = time.monotonic() + 2.0
        while any(one.name == "endpoint" for one in threading.enumerate()) and time.monotonic() < until:
            time.sleep(0.01)
    assert not [one for one in threading.enumerate() if one.name == "endpoint"]


def test_the_deadline_holds_over_retries_pauses_and_attempts():
    with serving(lambda request, number: (503, {}, {"retry-after-ms": "120"})) as (url, requests):
        took, said = seconds_until_refused(url, deadline=0.3, n_retries=1000)
        assert "status 503" in said
        assert took < 0.3 + OVERHEAD
        assert len(requests) <= 3
    with serving(lambda request, number: (time.sleep(0.1), (200, completion("no")))[1]) as (url, requests):
        took, said = seconds_until_refused(url, deadline=0.25, n_attempts=1000)
    assert took < 0.25 + OVERHEAD
    assert "deadline of 0.25 s: raise deadline" in said


def test_a_longer_deadline_is_the_remedy():
    def respond(request, number):
        time.sleep(0.1)
        return 200, completion("no") if number % 3 else GOOD

    with serving(respond) as (url, _), pytest.raises(EndpointError, match="raise deadline"):
        reader(url, deadline=0.15, n_attempts=3).read(POLICY)
    with serving(respond) as (url, _):
        assert reader(url, deadline=5.0, n_attempts=3).read(POLICY).share_offered == 0.9


@pytest.mark.parametrize("wish", ["3600", "1e9", "inf", "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_server_that_asks_to_wait_beyond_the_deadline_is_not_waited_for(wish):
    with serving(lambda request, number: (429, {}, {"retry-after-ms": "x", "retry-after": wish})) as (url, requests):
        took, said = seconds_until_refused(url, n_retries=3)
    assert took < OVERHEAD
    assert len(requests) == 1
    assert "asks to wait" in said


def test_waiting_for_ones_turn_is_not_part_of_the_deadline():
    with serving(lambda request, number: (200, GOOD)) as (url, _):
        asked = reader(url, requests_per_minute=200, deadline=0.2)
        asked.read("Put others first, well-being of others.")
        assert asked.read(POLICY).share_offered == 0.9  # 0.3 s later


def flood(head):
    def talk(send):
        going = send(head)
        while going:
            going = send(b"x" * 65536)

    return talk


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nX: ",
    ],
    ids=["until closed", "length", "chunk", "negative chunk", "header"],
)
def test_a_flood_is_cut_off_in_little_memory(head):
    with speaking(flood(head)) as (url, _):
        tracemalloc.start()
        try:
            took, said = seconds_until_refused(url, largest_reply=100_000)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert "more than 100000 bytes" in said or "broke off" in said
    assert took < 2.0
    assert peak < 2e6


def test_a_larger_size_is_the_remedy():
    padded = completion(answer(0.9) + " " * 5000)
    with serving(lambda request, number: (200, padded)) as (url, _):
        with pytest.raises(ReplyError, match="raise largest_reply"):
            reader(url, largest_reply=2000).read(POLICY)
        assert reader(url, largest_reply=10_000).read(POLICY).share_offered == 0.9


@pytest.mark.parametrize("status", [200, 401, 500])
def test_compressed_replies_are_not_opened(status):
    bomb = gzip.compress(bytes(20_000_000))
    coded = {"Content-Encoding": "gzip"}
    with serving(lambda request, number: (status, bomb, coded)) as (url, _):
        tracemalloc.start()
        try:
            _, said = seconds_until_refused(url)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert ("compresses its replies" if status == 200 else f"status {status}") in said
    assert peak < 2e6


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"choices": ' + b"9" * 5000 + b"}", b"\xff\xfe\x00"])
def test_deep_nests_and_huge_numbers_are_no_replies(body):
    nonsense = serving(lambda request, number: (200, body))
    with nonsense as (url, _), pytest.raises(ReplyError, match="does not speak the protocol"):
        reader(url).read(POLICY)


@pytest.mark.parametrize("status", [429, 500, 400, 403, 307])
def test_failures_and_retries_cost_and_end_with_the_budget(status):
    with serving(lambda request, number: (status, {"error": "no"})) as (url, requests):
        asked = reader(url, n_retries=2, prices=(1000.0, 1000.0), budget=20.0)
        for k in range(50):
            with pytest.raises(EndpointError) as caught:
                asked.read(f"Offer half, {k}.")
            if isinstance(caught.value, CostError):
                break
        assert "budget of 20 is spent" in str(caught.value)
        assert asked.endpoint.requests == len(requests)
    assert 10 < asked.endpoint.spent <= 20
    assert asked.endpoint.spent / len(requests) > 1.0  # each in full


def test_a_request_that_got_no_answer_counts_in_full():
    prices = (0.0, 1e6 / 400)  # money 1 a reply
    for talk in (drip(b"H"), lambda send: None, lambda send: send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")):
        with speaking(talk) as (url, heard):
            asked = reader(url, timeout=0.2, prices=prices, budget=10.0, n_retries=1)
            with pytest.raises(EndpointError):
                asked.read(POLICY)
        assert asked.endpoint.spent == pytest.approx(len(heard))
        assert asked.endpoint.requests == len(heard) > 0


def test_what_was_never_sent_costs_nothing():
    with serving(lambda request, number: (200, GOOD)) as (url, _):
        pass
    asked = reader(url, prices=(1000.0, 1000.0), budget=5.0)
    for _ in range(5):
        with pytest.raises(EndpointError, match="cannot be reached"):
            asked.read(POLICY)
    assert (asked.endpoint.spent, asked.endpoint.requests) == (0.0, 0)


def test_negotiating_the_form_costs_too():
    def respond(request, number):
        return (200, GOOD) if "response_format" not in request else (400, {"error": "unknown"})

    with serving(respond) as (url, requests):
        asked = reader(url, prices=(0.0, 1e6 / 400), budget=10.0)
        asked.read(POLICY)
    assert len(requests) == 3
    assert asked.endpoint.spent == pytest.approx(2 + 20 / 400)


def test_retries_keep_the_distance_of_requests():
    with serving(lambda request, number: (500, {})) as (url, requests), pytest.raises(EndpointError):
        reader(url, requests_per_minute=600, n_retries=2).read(POLICY)
    gaps = [later["time"] - sooner["time"] for sooner, later in itertools.pairwise(requests)]
    assert len(gaps) == 2
    assert min(gaps) > 0.07  # 0.1 s apart when sent, although the server asks for 5 ms


@pytest.mark.parametrize(
    ("prompt", "reply"),
    [
        (0, 0),
        (-5, -5),
        (1, 1),
        (None, None),
        (True, True),
        (2.5, 2.5),
        ("100", "20"),
        (math.nan, math.nan),
        (math.inf, math.inf),
        (-math.inf, 0),
        ([100], {"n": 20}),
        (10**30, 10**400),
    ],
)
def test_counts_that_cannot_be_true_are_replaced_by_the_estimate(prompt, reply):
    body = json.loads(json.dumps(GOOD))
    body["usage"] = {"prompt_tokens": prompt, "completion_tokens": reply}
    with serving(lambda request, number: (200, body)) as (url, requests):
        asked = reader(url, prices=(1.0, 10.0))
        asked.read(POLICY)
    sent = [one["content"] for one in requests[0]["messages"]]
    assert asked.endpoint.spent >= (most_tokens(sent) + 400 * 10) / 1e6
    assert asked.endpoint.spent < 2 * (most_tokens(sent) + 400 * 10) / 1e6


@pytest.mark.parametrize("usage", [None, [], "many", 7, {"total_tokens": 3}])
def test_usage_of_any_shape_is_no_reason_to_fail(usage):
    with serving(lambda request, number: (200, GOOD | {"usage": usage})) as (url, _):
        asked = reader(url, prices=(0.0, 1e6 / 400), budget=5.0)
        assert asked.read(POLICY).share_offered == 0.9
    assert asked.endpoint.spent == pytest.approx(1.0)


def test_a_server_that_counts_more_than_the_estimate_is_believed():
    dear = completion(answer(0.9), prompt_tokens=50_000, completion_tokens=20_000)
    with serving(lambda request, number: (200, dear)) as (url, requests):
        asked = reader(url, prices=(1.0, 1.0), budget=0.05)
        asked.read(POLICY)
        assert asked.endpoint.spent == pytest.approx(0.07)
        with pytest.raises(CostError):
            asked.read(POLICY)
    assert len(requests) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Offer half of it to the other.",
        "把一半给对方",
        "半分を相手に渡す",
        "상대에게 절반을 준다",
        "🫶🏽🤝🏿",
        "𒀀𒀁𒀂",
        "\ud800",
    ],
)
def test_estimates_hold_for_a_tokeniser_that_knows_bytes_alone(text):
    """The worst that a tokeniser with byte fallback can do is one token a byte, and a few marks a message."""
    assert most_tokens([text]) >= len(text.encode("utf-8", "surrogatepass")) + 8
    assert most_tokens([text, text]) >= 2 * len(text.encode("utf-8", "surrogatepass")) + 16


def test_a_dear_script_is_refused_before_it_is_sent():
    with serving(lambda request, number: (200, completion(answer(0.9)))) as (url, requests):
        asked = reader(url, prices=(1000.0, 0.0), budget=3.0)
        asked.read("a" * 500)
        asked = reader(url, prices=(1000.0, 0.0), budget=3.0)
        with pytest.raises(CostError):
            asked.read("𒀀" * 500)
    assert len(requests) == 1


def test_threads_share_one_budget_and_never_exceed_it():
    def respond(request, number):
        time.sleep(0.01)
        return 200, completion(answer(0.9))  # no usage: each costs the most it can

    with serving(respond) as (url, requests):
        asked = reader(url, prices=(0.0, 1e6 / 400), budget=10.0)

        def read(k):
            try:
                return asked.read(f"Put others first, {k}.").share_offered
            except CostError:
                return None

        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(read, range(40)))
    assert found.count(0.9) == len(requests) == 10
    assert asked.endpoint.spent == pytest.approx(10.0)


def test_a_thread_waits_for_money_that_others_only_set_aside():
    """Each request may cost 1 and does cost .05: with a budget of 1.5 none of eight need be refused."""

    def respond(request, number):
        time.sleep(0.02)
        return 200, GOOD

    with serving(respond) as (url, requests):
        asked = reader(url, prices=(0.0, 1e6 / 400), budget=1.4)
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda k: asked.read(f"The well-being of others, {k}.").share_offered, range(8)))
    assert found == [0.9] * 8
    assert asked.endpoint.spent == pytest.approx(8 * 20 / 400)
    assert len(requests) == 8


def test_threads_and_coroutines_share_one_rate():
    with serving(lambda request, number: (200, GOOD)) as (url, requests):
        asked = reader(url, requests_per_minute=1200)

        async def ask_all():
            one = [asyncio.to_thread(asked.read, f"The well-being of others, {k}.") for k in range(6)]
            return await asyncio.gather(*one)

        found = asyncio.run(ask_all())
    assert [one.share_offered for one in found] == [0.9] * 6
    times = sorted(one["time"] for one in requests)
    assert times[-1] - times[0] > 5 * 0.05 * 0.9


def test_a_raised_budget_is_the_remedy():
    with serving(lambda request, number: (200, GOOD)) as (url, _):
        asked = reader(url, prices=(1000.0, 1000.0), budget=0.5)
        with pytest.raises(CostError, match="raise budget"):
            asked.read(POLICY)
        asked.endpoint.budget = 5.0
        assert asked.read(POLICY).share_offered == 0.9


def test_a_budget_that_becomes_nan_admits_nothing():
    with serving(lambda request, number: (200, GOOD)) as (url, requests):
        asked = reader(url, prices=(1.0, 1.0))
        asked.endpoint.budget = math.nan
        with pytest.raises(CostError):
            asked.read(POLICY)
    assert not requests


POSITIVE = ("timeout", "deadline", "requests_per_minute")
COUNTS = ("n_retries", "n_attempts", "longest_reply", "largest_reply")
NO_NUMBER = (math.nan, math.inf, -math.inf, -1.0, True, False, "1", None, 1j, [1.0], np.array([1.0]), Decimal("nan"))


@pytest.mark.parametrize("name", ["budget", *POSITIVE])
@pytest.mark.parametrize("value", NO_NUMBER, ids=repr)
def test_limits_that_limit_nothing_are_refused(name, value):
    with pytest.raises(ProblemError, match=f"^{name} is "):
        ChatEndpoint("http://127.0.0.1:9/v1", "stub", **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in COUNTS for value in (math.nan, 1.5, 2.0, -1, True, "2", None)]
    + [(name, 0) for name in (*POSITIVE, *COUNTS[1:])]
    + [("largest_reply", 10**9), ("budget", 10**400), ("model", ""), ("model", None), ("base_url", None)]
    + [
        ("prices", one) for one in ((1.0,), (1.0, math.nan), (-1.0, 0.0), (True, 0.0), 1.0, "12", None, (1.0, math.inf))
    ],
)
def test_settings_of_the_wrong_kind_are_refused_by_name(name, value):
    with pytest.raises(ProblemError, match=name):
        ChatEndpoint(**{"base_url": "http://127.0.0.1:9/v1", "model": "stub", name: value})


def test_numbers_of_numpy_are_numbers():
    endpoint = ChatEndpoint(
        "http://127.0.0.1:9/v1", "stub", budget=np.float32(0.5), n_retries=np.int64(3), timeout=10**9, prices=[1, 2]
    )
    assert (endpoint.budget, endpoint.n_retries, endpoint.prices) == (0.5, 3, (1.0, 2.0))


def test_times_beyond_what_a_clock_takes_are_no_reason_to_fail():
    with serving(lambda request, number: (200, GOOD)) as (url, _):
        assert reader(url, timeout=1e300, deadline=1e300).read(POLICY).share_offered == 0.9
