"""Everything at once that networks, upstreams and clients do wrong, against the real program.

For each: what the client got, that no write was sent twice, and in the end that memory, file
descriptors and every gauge are back where they were. Prints a line for each check; ends with 1 where one
failed. GATEWAY=… is the program to try, by default the one in target/debug.
"""

import contextlib
import http.client
import json
import queue
import re
import socket
import sys
import tempfile
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))

import clients  # noqa: E402
import edge  # noqa: E402
import flood  # noqa: E402
import names  # noqa: E402
import passing  # noqa: E402
import refused  # noqa: E402
import renamed  # noqa: E402
import restart  # noqa: E402
import rotated  # noqa: E402
import serve  # noqa: E402 (the processes of all suites are started alike)
import strangers  # noqa: E402
import unread  # noqa: E402
import upstream as script  # noqa: E402
import writers  # noqa: E402
from report import Report  # noqa: E402
from rig import Rig  # noqa: E402

TOKEN = "chaos-token"
USERS = "/t/scim/v2/Users"
LARGE = "/large/scim/v2/Groups"
NEIGHBOUR = "/neighbour/scim/v2/Users?filter=userName%20eq%20%22nobody%22"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
WRITE = json.dumps({
    "schemas": [script.USER],
    "userName": "someone@corp.example",
    "emails": [{"value": "someone@corp.example", "type": "work", "primary": True}],
})
PATCH = json.dumps({
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "displayName", "value": "Some One"}],
})
# Upstreams that misbehave at once, each behind a route of its own.
SEVERAL = 4
SCRIPTED = """
[upstream.scripted-{at}]
dialect = "scim"
url = "http://127.0.0.1:{port}"
answer_limit = 1048576
breaker = "off"
timeouts = {{ connect = "1s", idle = "1s", call = "2s" }}
[[route]]
prefix = "/t{at}"
client = "scim"
upstream = "scripted-{at}"
auth = [{{ name = "chaos", bearer_sha256 = "9db7719165f3586a9babd2bee360bcec93b460fab3f6415be4013b528e4f6f4b" }}]
"""
# Each with gateways of its own; they mostly wait, so that a few go on at once.
ROWS = [rotated, edge, strangers, restart, refused, writers, unread, renamed, passing]
AT_ONCE = 3

BAD = {502, 504}
UPSTREAMS = [
    (script.resets, BAD), (script.closes, BAD), (script.stalls, {504}), (script.stalls_in_header, {504}),
    (script.stalls_in_body, {504}), (script.trickles, {504}), (script.truncates, BAD),
    (script.claims_less, BAD), (script.claims_two_lengths, BAD), (script.claims_no_number, BAD),
    (script.sends_a_gibibyte, BAD), (script.sends_chunks_without_end, BAD),
    (script.sends_a_header_without_end, BAD), (script.sends_garbage, BAD), (script.sends_no_json, BAD),
    (script.sends_deep_json, BAD), (script.sends_gzip, BAD), (script.only_informs, BAD),
    (script.redirects, {502}), (script.answers_before_the_body, {400, 502}),
]
# Success, with a body that is none.
UNREADABLE = {script.claims_less, script.sends_no_json, script.sends_gzip}


def main():
    report, named = Report(), names.started()
    with ThreadPoolExecutor(AT_ONCE) as pool, tempfile.TemporaryDirectory(prefix="chaos-") as name:
        others = [pool.submit(beside, rows, Path(name), report) for rows in ROWS]
        everything(Path(name), others, report)
    names.rows(named, report)
    print(f"chaos: {report.passed} passed, {report.failed} failed, {report.skipped} skipped", flush=True)
    return 1 if report.failed else 0


def beside(rows, folder, report):
    try:
        rows.rows(Path(tempfile.mkdtemp(dir=folder)), report)
    except Exception:  # whatever it was, the others go on
        report.check(rows.__name__, traceback.format_exc())


def everything(folder, others, report):
    """One gateway that meets it all."""
    upstream, several = script.Upstream(), [script.Upstream() for _ in range(SEVERAL)]
    with gateway(folder, upstream, several) as running:
        warm(running, upstream)
        before = running.rig.size()
        bad_upstreams(running, several, report)
        no_upstream(running, report)
        stale_answers(running, upstream, report)
        reused(running, upstream, report)
        bad_clients(running, upstream, report)
        stalling(running, upstream, report)
        aborting(running, upstream, report)
        crowd(running, upstream, report)
        # Times are compared: nothing else goes on here by now.
        for other in others:
            other.result()
        neighbours(running, report)
        back(running, upstream, before, report)


def bad_upstreams(running, several, report):
    free = queue.Queue()
    for at, upstream in enumerate(several):
        free.put((upstream, f"/t{at}"))

    def one(case):
        upstream, base = free.get()
        bad_upstream(running, upstream, base, *case, report)
        upstream.behave(script.well)
        free.put((upstream, base))

    with ThreadPoolExecutor(SEVERAL) as pool:
        list(pool.map(one, UPSTREAMS))


def bad_upstream(running, upstream, base, behaviour, may, report):
    """Every operation once, at once: what the client gets, and how often a write was sent."""
    upstream.behave(behaviour)
    with ThreadPoolExecutor(len(METHODS)) as pool:
        got = list(pool.map(lambda method: running.ask(method, base), METHODS))
    # What says nothing in its body cannot be misread: a DELETE that was answered was done. A PATCH that was
    # answered as done is told as done, without a resource, where that cannot be read.
    done = {"DELETE": {200, 204}, "PATCH": {204} if behaviour in UNREADABLE else set()}
    wrong = [f"{method} {status} {text}" for method, (status, text) in zip(METHODS, got)
             if status not in may | done.get(method, set()) or not (status == 204 or told(status, text))]
    sent = [seen.method for seen in upstream.writes()]
    wrong += [f"{method} was sent {sent.count(method)} times" for method in METHODS if sent.count(method) > 1]
    statuses = ", ".join(f"{method} {status}" for method, (status, _) in zip(METHODS, got))
    report.check(f"an upstream that {words(behaviour)}: {statuses}", wrong)


def told(status, text):
    """Whether an error is a SCIM error with words (RFC 7644 section 3.12)."""
    if status < 400:
        return True
    with contextlib.suppress(ValueError):
        body = json.loads(text)
        return body.get("status") == str(status) and len(body.get("detail", "")) > 20
    return False


def words(behaviour):
    return behaviour.__name__.replace("_", " ")


def no_upstream(running, report):
    for base, what in [("/refused", "refuses"), ("/plain", "speaks no TLS")]:
        got = [running.ask(method, base)[0] for method in METHODS]
        wrong = [status for status in got if status not in BAD | {503}]
        report.check(f"an upstream that {what}: {got}", wrong)


def stale_answers(running, upstream, report):
    """A second answer to one request must not become the answer to the next."""
    upstream.behave(script.answers_twice)
    wrong = []
    for number in range(20):
        status, text = running.ask("GET", path=f"{USERS}/{number}")
        if status == 200 and json.loads(text)["id"] != str(number) or "stale" in text:
            wrong.append(f"{number}: {status} {text}")
    report.check("an upstream that answers twice: nobody gets another's answer", wrong)


def reused(running, upstream, report):
    """A kept connection that is closed when it is used again: reads go on, writes are sent once."""
    upstream.behave(script.closes_when_reused)
    got = [running.ask("GET")[0] for _ in range(10)]
    report.check(f"reads over reused connections that are closed: {got}", [s for s in got if s != 200])
    statuses, wrong = [], []
    for number in range(10):
        before = len(upstream.writes())
        statuses.append(running.ask("POST")[0])
        sent = len(upstream.writes()) - before
        wrong += [f"write {number} was sent {sent} times"] if sent > 1 else []
        wrong += [f"write {number}: {statuses[-1]}"] if statuses[-1] not in {201, *BAD} else []
    report.check(f"writes over reused connections that are closed: {statuses}", wrong)


def bad_clients(running, upstream, report):
    for case in clients.CASES:
        upstream.behave(script.well)
        got = running.raw(case.sent)
        wrong = [] if got in case.may else [f"may be {case.may}"]
        paths = [seen.path for seen in upstream.seen]
        wrong += [f"the upstream saw {paths}"] if len(paths) > case.calls else []
        wrong += ["a request was smuggled"] if any("smuggled" in path for path in paths) else []
        report.check(f"a client that sends {case.name}: {list(got) or 'the end'}", wrong)


def stalling(running, upstream, report):
    """A client that says nothing more is shown the end within the bounds of the configuration."""
    upstream.behave(script.well)

    def held(case):
        began = time.monotonic()
        running.raw(case[1], patience=20)
        return case[0], time.monotonic() - began

    with ThreadPoolExecutor(len(clients.STALLING) + 1) as pool:
        dripping = pool.submit(running.drip)
        for name, seconds in pool.map(held, clients.STALLING):
            report.check(f"a client that {name}: its end after {seconds:.1f} s", [] if seconds < 8 else ["too late"])
        seconds = dripping.result()
        report.check(f"a client that sends a byte at a time: its end after {seconds:.1f} s",
                     [] if seconds < 8 else ["too late"])
    report.check("none of them reached the upstream", [seen.path for seen in upstream.seen])


def aborting(running, upstream, report):
    for name, sent, calls in clients.ABORTING:
        upstream.behave(script.stalls if calls else script.well)
        for _ in range(20):
            running.leave(sent)
        settled = running.rig.until(lambda calls=calls: len(upstream.seen) >= 20 * calls)
        status = running.ask("GET", path="/nowhere")[0]
        wrong = [] if settled and status == 404 else [f"then {status}, {len(upstream.seen)} calls"]
        wrong += [f"{len(upstream.seen)} calls"] if len(upstream.seen) > 20 * calls else []
        report.check(f"a client that {name}, twenty times", wrong)


def crowd(running, upstream, report):
    """Connections that do nothing keep nobody out."""
    upstream.behave(script.well)
    with contextlib.ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(running.connection())
        status = running.ask("GET")[0]
    report.check(f"three hundred idle connections: another client gets {status}", [] if status == 200 else [status])


def neighbours(running, report):
    """Four parallel bodies of a megabyte, the worst that are allowed: another route's p99 grows by less
    than four times. The best of five pairs: what else this machine does can only make it worse."""
    ratios, bodies = [], 0
    while len(ratios) < 5 and min(ratios, default=4) >= 4:
        quiet = flood.p99(running.port, TOKEN, NEIGHBOUR)
        with flood.flooded(running.port, TOKEN, LARGE, 4) as done:
            ratios.append(flood.p99(running.port, TOKEN, NEIGHBOUR) / quiet)
            bodies += sum(mine.value for mine in done)
    shown = ", ".join(f"{ratio:.1f}" for ratio in ratios)
    report.check(f"four large bodies at once ({bodies} in all): another route's p99 is {shown} times the quiet one",
                 [] if min(ratios) < 4 else ["all of them are more than four"])


def back(running, upstream, before, report):
    """Descriptors, memory and every gauge are back where they were, once idle connections have ended."""
    upstream.behave(script.well)
    figures, wrong = running.rig.at_rest(before)
    report.check(f"everything at once: back at rest, {figures}", wrong)
    status = running.ask("GET")[0]
    report.check(f"a plain request after all that: {status}", [] if status == 200 else [status])


class Running:
    def __init__(self, rig):
        self.rig, self.started, self.port = rig, rig.started, rig.port

    def ask(self, method, base="/t", path=None):
        """One operation on a user: the status and the text of the answer."""
        path = path or f"{base}/scim/v2/Users" + ("" if method == "POST" else "/someone")
        body = {"POST": WRITE, "PUT": WRITE, "PATCH": PATCH}.get(method)
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def connection(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def raw(self, sent, patience=10):
        """The statuses that come for these bytes until the connection ends or says nothing more."""
        with self.connection() as connection:
            with contextlib.suppress(OSError):
                connection.sendall(filled(sent))
            return statuses(connection, patience)

    def leave(self, sent):
        with self.connection() as connection:
            connection.sendall(filled(sent))

    def drip(self):
        """Sends a header byte by byte, until the gateway has had enough; the seconds until then."""
        began, end = time.monotonic(), time.monotonic() + 60
        with self.connection() as connection, contextlib.suppress(OSError):
            connection.settimeout(0.5)
            for byte in filled(clients.GET + "X-A: " + "a" * 1000):
                if time.monotonic() > end:
                    break
                connection.sendall(bytes([byte]))
                # Half a second without an answer is the pause between two bytes.
                with contextlib.suppress(TimeoutError):
                    if not connection.recv(4096):
                        break
        return time.monotonic() - began


def filled(sent):
    return sent.format(path=f"{USERS}/someone", users=USERS, token=TOKEN).encode("latin-1")


def statuses(connection, patience):
    """A silence of a second after an answer is taken for its end."""
    data, end = b"", time.monotonic() + patience
    with contextlib.suppress(OSError):
        while time.monotonic() < end:
            connection.settimeout(1.0 if data else patience)
            chunk = connection.recv(65536)
            if not chunk:
                break
            data += chunk
    return tuple(int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3}) ", data))


def warm(running, upstream):
    """So that the start's memory is that of a process that has met what is large."""
    with ThreadPoolExecutor(8) as pool:
        assert all(status == 200 for status, _ in pool.map(lambda _: running.ask("GET"), range(400)))
        for behaviour in [script.sends_a_gibibyte, script.sends_chunks_without_end, script.sends_deep_json]:
            upstream.behave(behaviour)
            list(pool.map(running.ask, METHODS))
    with flood.flooded(running.port, TOKEN, LARGE, 4):
        pass


@contextlib.contextmanager
def gateway(folder, upstream, several):
    port, admin, log = serve.free_port(), serve.free_port(), folder / "gateway.log"
    config = (HERE / "config.toml").read_text()
    for name, value in {"LISTEN": port, "ADMIN": admin, "UPSTREAM": upstream.port, "REFUSED": serve.free_port()}.items():
        config = config.replace(name, str(value))
    config += "".join(SCRIPTED.format(at=at, port=one.port) for at, one in enumerate(several))
    (folder / "config.toml").write_text(config)
    command = [serve.GATEWAY, "run", "--config", folder / "config.toml"]
    with serve.process("the gateway", command, log) as started:
        serve.await_answer("the gateway", started, f"http://127.0.0.1:{admin}/readyz", log)
        yield Running(Rig(started, port, admin, folder))


if __name__ == "__main__":  # the flooding processes read this file, too
    sys.exit(main())
