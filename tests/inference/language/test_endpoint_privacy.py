"""What leaves for an endpoint is the question and the key, and the key comes back nowhere."""

import base64
import contextlib
import copy
import dataclasses
import http.client
import json
import logging
import pickle
import shutil
import ssl
import subprocess
import traceback

import pytest

from contracts.errors import ProblemError
from inference.language import ChatEndpoint, EndpointError, EndpointReader, ReplyError
from inference.language.chat.secret import Secret
from tests.inference.language.stub import answer, completion, serving, speaking

POLICY = "Prioritize the well-being of others."
GOOD = completion(answer(0.9, evidence=["well-being of others"]), prompt_tokens=100, completion_tokens=20)
KEY = "sk-proj-Ab3_9xYz-QwErTy0987654321"
ENVIRONMENT = {
    "OPENAI_API_KEY": "ambient-key",
    "OPENAI_ADMIN_KEY": "ambient-admin",
    "OPENAI_ORG_ID": "ambient-org",
    "OPENAI_ORGANIZATION": "ambient-org",
    "OPENAI_PROJECT_ID": "ambient-project",
    "OPENAI_WEBHOOK_SECRET": "ambient-hook",
    "OPENAI_BASE_URL": "http://127.0.0.1:9/ambient",
    "OPENAI_CUSTOM_HEADERS": "Authorization: Bearer ambient-custom\nX-Ambient: yes",
    "OPENAI_LOG": "debug",
}
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def reader(url, **options):
    return EndpointReader(
        ChatEndpoint(url, "stub", **{"timeout": 5.0, "requests_per_minute": 1e6, "n_retries": 0, **options})
    )


def everything_of(error):
    """All that a log, a debugger or a report could show of an error: its chain, its frames' locals, its attributes."""
    shown = []
    while error is not None:
        shown += [str(error), repr(error), repr(vars(error)), *map(repr, error.args)]
        traced = traceback.TracebackException.from_exception(error, capture_locals=True)
        shown += [f"{frame.line} {frame.locals}" for frame in traced.stack if frame.filename != __file__]
        error = error.__cause__ or error.__context__
    return "\n".join(shown)


def test_exactly_these_headers_and_fields_are_sent(monkeypatch, tmp_path):
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    for name in PROXIES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ambient password ambient\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with serving(lambda request, number: (200, GOOD)) as (url, requests):
        reader(url, api_key=KEY).read(POLICY)
    (request,) = requests
    headers = request["headers"]
    assert int(headers.pop("Content-Length")) > 0
    assert headers == {
        "Host": url.removeprefix("http://").removesuffix("/v1"),
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Authorization": f"Bearer {KEY}",
        "Connection": "close",
        "Content-Type": "application/json",
        "User-Agent": "menuwright",
    }
    assert request["path"] == "/v1/chat/completions"
    fields = set(request) - {"path", "key", "headers", "time"}
    assert fields == {"model", "messages", "temperature", "max_tokens", "response_format"}
    assert "ambient" not in json.dumps(request)


def test_the_body_is_the_one_that_the_official_client_sends():
    openai = pytest.importorskip("openai", reason="the openai client, a second opinion, is not installed")
    with serving(lambda request, number: (200, GOOD)) as (url, requests):
        reader(url).read(POLICY)
        ours = {name: requests[0][name] for name in set(requests[0]) - {"headers", "time"}}
        asked = {name: ours[name] for name in ("model", "messages", "temperature", "max_tokens", "response_format")}
        with openai.OpenAI(base_url=url, api_key="none", max_retries=0) as client:
            client.chat.completions.create(**asked)
    assert {name: requests[1][name] for name in ours} == ours
    assert set(requests[1]) == set(requests[0])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed_and_nothing_is_kept(status, tmp_path):
    with serving(lambda request, number: (200, GOOD)) as (elsewhere, taken):
        place = {"Location": f"{elsewhere}/chat/completions?key={KEY}"}
        with serving(lambda request, number: (status, {}, place)) as (url, requests):
            asked = reader(url, api_key=KEY, n_retries=2, cache=tmp_path)
            with pytest.raises(EndpointError) as raised:
                asked.read(POLICY)
    assert f"{url} was redirected with status {status} to '{elsewhere.removesuffix('/v1')}'" in str(raised.value)
    assert KEY not in everything_of(raised.value)
    assert not taken
    assert len(requests) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        (f"https://user:{KEY}@elsewhere.org/", "'https://elsewhere.org'"),
        (f"https://{KEY.replace('_', '-')}.elsewhere.org/", "withheld"),
        ("//elsewhere.org:8443/x", "'http://elsewhere.org:8443'"),
        ("/v2", "a path of its own"),
        ("http://[bad", "no address"),
        (None, "a path of its own"),
    ],
)
def test_a_redirect_names_the_other_host_and_no_more(location, shown):
    place = {} if location is None else {"Location": location}
    with serving(lambda request, number: (307, b"", place)) as (url, _), pytest.raises(EndpointError) as raised:
        reader(url, api_key=KEY).read(POLICY)
    assert shown in str(raised.value)
    assert Secret(KEY).is_in(everything_of(raised.value)) is False


HIDDEN = {
    "plain": KEY,
    "header": f"Authorization: Bearer {KEY}",
    "capitals": KEY.upper(),
    "percent": "".join(f"%{ord(letter):02x}" for letter in KEY),
    "percent twice": KEY.replace("-", "%252D").replace("_", "%255F"),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 after Bearer": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"x:{KEY}?".encode()).decode().rstrip("="),
    "base64 in lines": base64.encodebytes(f"Authorization: Bearer {KEY} and a line more".encode()).decode(),
    "hexadecimal": KEY.encode().hex(),
    "hexadecimal with blanks": KEY.encode().hex(" "),
    "lines": "\n".join(KEY[k : k + 7] for k in range(0, len(KEY), 7)),
    "quoted lines": "\n".join(f"> {KEY[k : k + 9]}" for k in range(0, len(KEY), 9)),
    "escaped lines": KEY[:9] + "\\n" + KEY[9:],
    "letters apart": " ".join(KEY),
    "invisible letters": "\u200b".join(KEY),
    "JSON escapes": "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "HTML": "".join(f"&#{ord(letter)};" for letter in KEY),
    "wide letters": "".join(chr(ord(letter) + 0xFEE0) if letter.isalnum() else letter for letter in KEY),
    "list": json.dumps([KEY[:12], KEY[12:]]),
    "cut short": KEY[:-6],
    "cut ahead": KEY[6:],
}


def reads_no_key(text):
    return KEY not in text and not Secret(KEY).is_in(text)


@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN.keys())
@pytest.mark.parametrize("place", ["message", "body", "reply", "reason", "status 200 without choices"])
def test_a_key_that_the_server_repeats_reaches_nobody(place, hidden, tmp_path, caplog, capfd, recwarn):
    bodies = {
        "message": (401, {"error": {"message": f"Incorrect key: {hidden}"}}),
        "body": (403, f"<html>{hidden}</html>".encode()),
        "reply": (200, completion(answer(0.9, evidence=[hidden]))),
        "status 200 without choices": (200, {"you sent": hidden}),
    }
    caplog.set_level(logging.DEBUG)
    if place == "reason":
        reason = hidden.encode().replace(b"\n", b" ")
        server = speaking(lambda send: send(b"HTTP/1.1 401 " + reason + b"\r\nContent-Length: 0\r\n\r\n"))
    else:
        server = serving(lambda request, number: bodies[place])
    with server as (url, _):
        asked = reader(url, api_key=KEY, cache=tmp_path)
        with pytest.raises(EndpointError) as raised:
            asked.read(POLICY)
    shown = everything_of(raised.value)
    assert reads_no_key(shown.replace(hidden, ""))
    assert hidden not in str(raised.value) + raised.value.reply
    out, err = capfd.readouterr()
    assert KEY not in caplog.text + out + err
    assert not list(tmp_path.iterdir())
    assert not recwarn.list


def test_an_error_keeps_the_words_around_the_key():
    body = {"error": {"message": f"Incorrect API key provided: {KEY}. You can find yours elsewhere."}}
    with serving(lambda request, number: (401, body)) as (url, _), pytest.raises(EndpointError) as raised:
        reader(url, api_key=KEY).read(POLICY)
    assert r"status 401: 'Incorrect API key provided: [key]. You can find yours elsewhere.'" in str(raised.value)


def test_a_key_that_is_part_of_the_policy_is_no_evidence(tmp_path):
    policy = f"Offer 30% to others, and my key is {KEY}."
    with serving(lambda request, number: (200, completion(answer(0.3, evidence=[KEY])))) as (url, _):
        (reading,) = reader(url, api_key=KEY, cache=tmp_path).read_many([policy])
    assert reading.abstained
    assert "it repeats the key" in reading.unread[0]
    assert not any(KEY in one for one in reading.unread)
    assert not reading.evidence
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("first", [b"HTTP/1.1 ", b"", b"HTTP/1.1 200 OK\r\nX: "])
def test_garbage_that_holds_the_key_is_not_repeated(first):
    with (
        speaking(lambda send: send(first + KEY.encode() + b"\r\n")) as (url, _),
        pytest.raises(EndpointError) as raised,
    ):
        reader(url, api_key=KEY).read(POLICY)
    assert reads_no_key(everything_of(raised.value))


def test_a_reply_without_the_key_is_not_touched():
    with serving(lambda request, number: (200, GOOD)) as (url, _):
        assert reader(url, api_key=KEY).read(POLICY).share_offered == 0.9


@pytest.mark.parametrize("placeholder", ["none", "x", "EMPTY", "0.9"])
def test_a_placeholder_for_a_key_does_not_forbid_its_letters(placeholder):
    policy = "None of it is for me; be exact, 90% to others. empty"
    with serving(lambda request, number: (200, completion(answer(0.9)))) as (url, requests):
        asked = reader(url, api_key=placeholder)
        if placeholder == "0.9":  # a word of the reply: refused, and said so
            with pytest.raises(ReplyError, match="repeats the key"):
                asked.read(policy)
        else:
            assert asked.read(policy).share_offered == 0.9
    assert requests[0]["key"] == f"Bearer {placeholder}"


def test_an_endpoint_shows_its_key_nowhere():
    endpoint = ChatEndpoint("http://127.0.0.1:9/v1", "stub", api_key=KEY, proxy="http://me:hunter-22@127.0.0.1:9")
    shown = [repr(endpoint), str(endpoint), repr(vars(endpoint)), str(endpoint.api_key), f"{endpoint.api_key!s:>40}"]
    shown += [repr(EndpointReader(endpoint)), EndpointReader(endpoint).name, repr(dataclasses.asdict(endpoint))]
    assert not [one for one in shown if KEY in one or "hunter" in one]


def test_copies_are_the_endpoint_itself_and_pickles_are_refused():
    endpoint = ChatEndpoint("http://127.0.0.1:9/v1", "stub", api_key=KEY)
    assert copy.copy(endpoint) is copy.deepcopy(endpoint) is endpoint
    for one in (endpoint, endpoint.api_key, EndpointReader(endpoint)):
        with pytest.raises(ProblemError, match="make"):
            pickle.dumps(one)


def test_a_changed_endpoint_sends_the_same_key():
    with serving(lambda request, number: (200, GOOD)) as (url, requests):
        first = ChatEndpoint("http://127.0.0.1:9/v1", "stub", api_key=KEY)
        EndpointReader(dataclasses.replace(first, base_url=url)).read(POLICY)
    assert requests[0]["key"] == f"Bearer {KEY}"


def test_http_client_debugging_prints_no_key(monkeypatch, capfd):
    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    with serving(lambda request, number: (200, GOOD)) as (url, _):
        reader(url, api_key=KEY).read(POLICY)
    assert KEY not in "".join(capfd.readouterr())


def test_no_tls_secrets_are_written_to_a_key_log(monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "secrets"))
    ChatEndpoint("https://127.0.0.1:9/v1", "stub")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", [f"{KEY}\n", f" {KEY}", f"{KEY}\r\nX-Other: 1", "sk-пароль", "", 42, None, b"sk-12345"])
def test_a_key_that_no_header_carries_is_refused_without_being_shown(key):
    with pytest.raises(ProblemError, match="api_key") as raised:
        ChatEndpoint("http://127.0.0.1:9/v1", "stub", api_key=key)
    assert "sk-" not in str(raised.value)


def test_the_remedy_for_blanks_around_a_key_works():
    with serving(lambda request, number: (200, GOOD)) as (url, requests):
        reader(url, api_key=f"{KEY}\n".strip()).read(POLICY)
    assert requests[0]["key"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "base_url",
    [
        f"http://me:{KEY}@127.0.0.1:9/v1",
        f"http://127.0.0.1:9/v1?api-key={KEY}",
        f"http://127.0.0.1:9/v1#{KEY}",
        f"http://127.0.0.1:9/{KEY}/v1",
        f"ftp://me:{KEY}@127.0.0.1:9/v1",
        "http://127.0.0.1:9/v1\n",
        "http://127.0.0.1:9/\x1b[31m",
        "http://127.0.0.1:port/v1",
        "http://127.0.0.1:99999/v1",
        "http:///v1",
        "http://[::1/v1",
    ],
)
def test_an_address_with_more_than_an_address_is_refused(base_url):
    with pytest.raises(ProblemError) as raised:
        ChatEndpoint(base_url, "stub", api_key=KEY)
    assert KEY not in str(raised.value)
    assert str(raised.value).isprintable()


def test_a_proxy_that_is_named_is_used_and_its_password_stays_there():
    def respond(send):
        body = json.dumps(GOOD).encode()
        send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with speaking(respond) as (url, heard):
        proxy = url.removesuffix("/v1").replace("http://", "http://me:hunter-22@")
        asked = reader("http://policies.invalid:8080/v1", api_key=KEY, proxy=proxy)
        assert asked.read(POLICY).share_offered == 0.9
    head = heard[0].partition(b"\r\n\r\n")[0].decode()
    assert head.startswith("POST http://policies.invalid:8080/v1/chat/completions HTTP/1.1\r\n")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'me:hunter-22').decode()}" in head
    assert "Host: policies.invalid:8080" in head


def test_a_proxy_sees_neither_key_nor_policy_of_a_secure_endpoint():
    echo = base64.b64encode(b"me:hunter-22")
    with speaking(lambda send: send(b"HTTP/1.1 407 hunter-22 " + echo + b"\r\n\r\n")) as (url, heard):
        proxy = url.removesuffix("/v1").replace("http://", "http://me:hunter-22@")
        asked = reader("https://policies.invalid/v1", api_key=KEY, proxy=proxy)
        with pytest.raises(EndpointError, match="cannot be reached") as raised:
            asked.read(POLICY)
    assert heard[0].startswith(b"CONNECT policies.invalid:443 ")
    assert KEY.encode() not in heard[0]
    assert b"well-being" not in heard[0]
    shown = everything_of(raised.value)
    assert "hunter" not in shown
    assert echo.decode() not in shown
    assert (asked.endpoint.requests, asked.endpoint.spent) == (0, 0.0)


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "https://proxy:3128", "http://proxy:3128/path", "socks5://me:pw@proxy"]
)
def test_a_proxy_that_cannot_be_spoken_to_is_refused(proxy):
    with pytest.raises(ProblemError, match="proxy") as raised:
        ChatEndpoint("http://127.0.0.1:9/v1", "stub", proxy=proxy)
    assert "me:pw" not in str(raised.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody vouches for."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command to make a certificate")
    folder = tmp_path_factory.mktemp("certificate")
    made = [folder / "certificate.pem", folder / "key.pem"]
    ask = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*ask.split(), "-out", made[0], "-keyout", made[1]], check=True, capture_output=True)
    return made


def test_certificates_are_checked_and_may_be_named(certificate, monkeypatch):
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(*certificate)
    with serving(lambda request, number: (200, GOOD), tls=served) as (url, requests):
        asked = reader(url, api_key=KEY, n_retries=2)
        with pytest.raises(EndpointError, match="certificate that is not believed") as raised:
            asked.read(POLICY)
        assert not requests
        assert KEY not in everything_of(raised.value)
        assert reader(url, api_key=KEY, certificates=certificate[0]).read(POLICY).share_offered == 0.9
    assert requests[0]["key"] == f"Bearer {KEY}"


def test_a_file_without_certificates_is_refused(tmp_path):
    (tmp_path / "empty.pem").write_text("nothing")
    for name in ("empty.pem", "absent.pem"):
        with pytest.raises(ProblemError, match="no file of certificates"):
            ChatEndpoint("https://127.0.0.1:9/v1", "stub", certificates=tmp_path / name)


def test_an_interrupt_sends_nothing_more(monkeypatch):
    def interrupted(thread, timeout=None):
        raise KeyboardInterrupt

    with serving(lambda request, number: (200, GOOD)) as (url, _):
        asked = reader(url, api_key=KEY, prices=(1.0, 1.0))
        with monkeypatch.context() as patch, contextlib.suppress(KeyboardInterrupt):
            patch.setattr("threading.Thread.join", interrupted)
            asked.read(POLICY)
        assert asked.endpoint.spent > 0  # it may have been sent
        assert asked.read(POLICY).share_offered == 0.9
