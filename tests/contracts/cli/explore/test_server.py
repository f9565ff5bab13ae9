"""Who may ask the page's server, and what it does with those who may not."""

import http.client
import json
import socket
import threading

import pytest
from typer.testing import CliRunner

from contracts.cli.app import app
from contracts.cli.explore import answers
from contracts.cli.explore.overtaken import Overtaken, answering_until
from contracts.cli.explore.server import LARGEST, LOOPBACK, Session, started
from contracts.cli.explore.tabs import menus
from contracts.errors import ProblemError


@pytest.fixture(scope="module")
def server():
    found = started(Session(), None)
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def ask(server, method="POST", path="/start", body="{}", **headers):
    port = server.server_port
    usual = {"Host": f"{LOOPBACK}:{port}", "Origin": f"http://{LOOPBACK}:{port}", "Content-Type": "application/json",
             "Cookie": f"menuwright-{port}={server.session.token}"}  # fmt: skip
    sent = {name: value for name, value in (usual | headers).items() if value is not None}
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=10)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    if method == "POST" and "Content-Length" not in sent:
        sent["Content-Length"] = str(len(body.encode()))
    for name, value in sent.items():
        connection.putheader(name, value)
    connection.endheaders(body.encode() if method == "POST" else None)
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer, content


def test_whoever_holds_the_address_gets_the_page(server):
    answer, page = ask(server, "GET", f"/?{server.session.token}", Cookie=None, Origin=None)
    assert answer.status == 200
    assert "<title>contracts explore</title>" in page
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert ask(server, "GET", "/plot.js", Origin=None)[0].headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "example.org"},
        {"Host": "127.0.0.1.example.org"},
        {"Host": None},
        {"Host": "127.0.0.1:1"},
        {"Origin": "http://example.org"},
        {"Origin": "null"},
        {"Origin": None},
        {"Origin": "http://127.0.0.1:1"},
        {"Cookie": None},
        {"Cookie": "menuwright-1=x"},
        {"Cookie": "menuwright"},
        {"Cookie": "menuwright=\xe9"},
    ],
)
def test_other_hosts_other_origins_and_strangers_are_refused(server, headers):
    answer, content = ask(server, **headers)
    assert answer.status == 403
    assert "open the address that was printed" in json.loads(content)["error"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/", "/?", "/?x", "/explore.js"])
def test_no_page_without_the_token(server, path):
    assert ask(server, "GET", path, Cookie=None, Origin=None)[0].status == 403


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Length": str(LARGEST + 1)}, "", 413),
        ({"Content-Length": "9" * 5000}, "", 413),
        ({"Content-Length": "-1"}, "", 411),
        ({"Content-Length": "x"}, "", 411),
        ({"Transfer-Encoding": "chunked"}, "0\r\n\r\n", 411),
        ({"Content-Type": "text/plain"}, "{}", 415),
        ({}, "{", 400),
        ({}, '{"a": 1, "a": 2}', 400),
    ],
)
def test_questions_that_are_none_are_refused(server, headers, body, status):
    answer, content = ask(server, body=body, **headers)
    assert answer.status == status
    assert "Traceback" not in content


@pytest.mark.parametrize("path", ["/../server.py", "/page/index.html", "/%2e%2e/server.py", "//etc/passwd"])
def test_nothing_else_is_served(server, path):
    assert ask(server, "GET", path, Origin=None)[0].status == 404
    assert ask(server, "POST", path)[0].status == 404


def test_wrong_states_are_answered_with_the_message(server):
    question = json.dumps({"state": {"tab": "menu", "values": {"types": 1}}})
    answer, content = ask(server, path="/draw", body=question)
    assert answer.status == 200
    assert json.loads(content) == {"error": "types is 1: give a number from 2 to 60", "kind": "ProblemError"}
    assert "ask with an object" in ask(server, path="/draw", body="[]")[1]
    assert "open it again" in ask(server, path="/draw", body='{"opened": "77"}')[1]


def test_a_browser_that_disconnects_does_no_harm(server, capfd):
    for sent in (b"", b"POST /draw HTTP/1.1\r\n", b"\x00\xff\r\n\r\n"):
        with socket.create_connection((LOOPBACK, server.server_port)) as connection:
            connection.sendall(sent)
    body = json.dumps({"state": {"tab": "auction"}})
    head = (
        f"POST /draw HTTP/1.1\r\nHost: {LOOPBACK}:{server.server_port}\r\nOrigin: http://{LOOPBACK}:{server.server_port}\r\n"
        f"Cookie: menuwright-{server.server_port}={server.session.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )
    with socket.create_connection((LOOPBACK, server.server_port)) as connection:
        connection.sendall(head.encode())
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    assert ask(server)[0].status == 200
    assert "Traceback" not in capfd.readouterr().err


def test_an_older_question_that_waited_is_not_answered(monkeypatch):
    session, entered, leave = Session(), threading.Event(), threading.Event()
    drawn = []

    def slow(state, opened):
        drawn.append(state)
        entered.set()
        leave.wait(10)
        return {}

    monkeypatch.setattr(answers, "draw", slow)
    found = {}

    def asking(number):
        found[number] = session.answer("/draw", {"page": "p", "number": number, "state": number})[1]

    threads = [threading.Thread(target=asking, args=(1,))]
    threads[0].start()
    assert entered.wait(10)
    for number in (2, 3):
        threads.append(threading.Thread(target=asking, args=(number,)))
        threads[-1].start()
        while session._newest["p"] < number:
            pass
    leave.set()
    for thread in threads:
        thread.join(10)
    assert drawn == [1, 3]
    assert found[2] == {"superseded": True}
    assert found[3] == {"number": 3}


def test_a_question_under_way_ends_when_a_newer_one_of_its_page_comes(monkeypatch):
    session, entered, solve, found = Session(), threading.Event(), menus.solve_menu, {}

    def endless(problem, progress):
        while problem.n_types == 40:
            entered.set()
            progress("one more round")
        return solve(problem)

    monkeypatch.setattr(menus, "solve_menu", endless)

    def asking(page, number, types):
        state = {"tab": "menu", "values": {"types": types}}
        found[page, number] = session.answer("/draw", {"page": page, "number": number, "state": state})[1]

    threads = [threading.Thread(target=asking, args=("p", 1, 40), daemon=True)]
    threads[0].start()
    assert entered.wait(10)
    threads.append(threading.Thread(target=asking, args=("another", 1, 3), daemon=True))  # waits, and overtakes nobody
    threads[-1].start()
    while "another" not in session._newest:
        pass
    assert threads[0].is_alive()
    asking("p", 2, 2)
    for thread in threads:
        thread.join(10)
    assert found["p", 1] == {"superseded": True}
    assert found["p", 2]["headline"].startswith("Menu: 2 types")
    assert found["another", 1]["headline"].startswith("Menu: 3 types")


@pytest.mark.parametrize(
    "state", [{"tab": "front", "values": {"spread": 3.3}}, {"tab": "menu", "values": {"goods": 2, "types": 20}}]
)
def test_engines_that_take_rounds_can_be_overtaken(state):
    with answering_until(lambda: True), pytest.raises(Overtaken):
        answers.draw(state)
    assert answers.draw(state)["proof"]["holds"], "what was given up leaves nothing behind"


def test_a_port_that_is_taken_is_said_and_another_is_found_where_none_was_asked_for(server):
    result = CliRunner().invoke(app, ["explore", "--port", str(server.server_port), "--no-browser"])
    assert result.exit_code == 2
    assert "it is taken; name another" in result.output
    other = started(Session(), None)
    assert other.server_address[0] == LOOPBACK
    assert other.server_port != server.server_port
    other.server_close()
    with pytest.raises(ProblemError, match="from 1 to 65535"):
        started(Session(), 70000)


def test_a_file_that_cannot_be_read_ends_the_command(tmp_path):
    result = CliRunner().invoke(app, ["explore", str(tmp_path / "nothing.toml")])
    assert result.exit_code == 2
    assert "cannot be read" in result.output
