"""What goes wrong at the edge, against a gateway with a breaker, two nodes and an audit file: clients that leave, a
node that hangs, slow uploads and slow readers. For each: who is charged, who goes on, what is recorded."""

import contextlib
import json
import shutil
import socket
import struct
import subprocess
import time
import urllib.request
from pathlib import Path

import serve
import upstream as script

HERE = Path(__file__).parent
TLS = HERE.parent / "proxy" / "tls"
ROUNDS = 10
CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
{tls}
[server.limits]
client = "2s"
body_time = "20s"
[admin]
listen = "127.0.0.1:{admin}"
[audit]
file = "audit.jsonl"
[upstream.one]
dialect = "scim"
url = "http://127.0.0.1:{one}"
auth = {{ bearer = {{ env = "UPSTREAM_TOKEN" }} }}
limits = {{ calls = 4, queue = 0, wait = "1s" }}
timeouts = {{ connect = "1s", idle = "5s", call = "6s" }}
[upstream.two]
dialect = "scim"
url = ["http://127.0.0.1:{silent}", "http://127.0.0.1:{one}"]
auth = {{ bearer = {{ env = "UPSTREAM_TOKEN" }} }}
timeouts = {{ connect = "1s", idle = "300ms", call = "500ms" }}
[[route]]
prefix = "/one"
client = "scim"
upstream = "one"
auth = "none"
limits = {{ requests = 4, queue = 0, wait = "1s" }}
[[route]]
prefix = "/stream"
client = "scim"
upstream = "one"
auth = "none"
mode = "passthrough"
[[route]]
prefix = "/two"
client = "scim"
upstream = "two"
auth = "none"
"""


def rows(folder, report):
    """All of them; each gateway begins anew."""
    upstream = script.Upstream()
    for secure in (False, True):
        with edge(folder, upstream, secure) as running:
            leavers(running, upstream, report, secure)
    with edge(folder, upstream, False) as running:
        strangers(running, upstream, report)
        hung(running, upstream, report)
        slow(running, upstream, report)


async def thinks(request, writer, turn):
    """Does what it is asked, and answers after the client's patience."""
    await script.asyncio.sleep(0.5)
    return await script.well(request, writer, turn)


async def dribbles(request, writer, turn):
    """An answer of a mebibyte, as fast as it is read."""
    await script.say(writer, script.message(b"x" * (8 << 20)))
    return True


def leavers(running, upstream, report, secure):
    """Every delete is done, and its client gone before the answer: a line for each, and the upstream is not guilty."""
    upstream.behave(thinks)
    protocol = "HTTP/2" if secure else "HTTP/1.1"
    if secure and not shutil.which("curl"):
        return report.skip(f"clients that leave, {protocol}", "no curl")
    for number in range(ROUNDS):
        path = f"/one/scim/v2/Users/{protocol[5:6]}{number}"
        if secure:
            command = ["curl", "-sk", "--http2", "-m", "0.25", "-X", "DELETE", f"https://127.0.0.1:{running.port}{path}"]
            subprocess.run(command, check=False, capture_output=True)
        else:
            running.leave(f"DELETE {path} HTTP/1.1\r\nHost: g\r\n\r\n", 0.25)
    wrong = [] if running.until(lambda: len(running.audited("delete")) == ROUNDS) else ["lines are missing"]
    lines = running.audited("delete")
    wrong += [f"{line['outcome']} {line['cause']}" for line in lines if line["outcome"] != "done" or line["cause"]]
    gone = running.metric('scim_gateway_faults_total{cause="client_gone"')
    wrong += [] if gone == ROUNDS else [f"{gone} are told as gone"]
    cut = running.metric('scim_gateway_faults_total{cause="upstream_cut_off"')
    wrong += [f"{cut} are charged to the upstream"] if cut else []
    removed = running.metric("scim_gateway_removals_total")
    wrong += [] if removed == ROUNDS else [f"{removed} removals"]
    report.check(f"{ROUNDS} deletes whose clients leave, {protocol}: {len(lines)} lines, {gone} gone", wrong)
    return None


def strangers(running, upstream, report):
    """Clients of a route without a credential hang up, or send a byte too many: nobody else is refused."""
    upstream.behave(thinks)
    for number in range(30):
        ask = "POST /stream/scim/v2/Users HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\n\r\n{}"
        running.leave(ask + ("x" if number % 2 else ""), 0.05)
    running.until(lambda: running.metric('scim_gateway_faults_total{cause="client_gone"') >= 30)
    upstream.behave(script.well)
    status = running.status("GET", "/one/scim/v2/Users/1")
    opened = running.metric('scim_gateway_upstream_breaker_open{upstream="one"')
    wrong = [] if status == 200 and not opened else [f"{status}, breaker {opened}"]
    report.check(f"thirty strangers that hang up: another client gets {status}", wrong)


def hung(running, upstream, report):
    """One of two nodes takes connections and is silent: it is left out, and the other goes on."""
    upstream.behave(script.well)
    got = [running.status("GET", "/two/scim/v2/Users/1") for _ in range(40)]
    ejected = running.metric('scim_gateway_upstream_node_ejected{node="1",upstream="two"')
    opened = running.metric('scim_gateway_upstream_breaker_open{upstream="two"')
    wrong = [] if got.count(200) >= 34 and got[-10:] == [200] * 10 else [got]
    wrong += [] if ejected == 1 and not opened else [f"ejected {ejected}, breaker {opened}"]
    report.check(f"a node of two that hangs: {got.count(200)} of 40 are answered", wrong)


def slow(running, upstream, report):
    """As many slow uploads as the route takes requests, and slow readers as the upstream takes calls."""
    upstream.behave(dribbles)
    with contextlib.ExitStack() as stack:
        for _ in range(4):
            upload = stack.enter_context(running.connection())
            upload.sendall(b"POST /one/scim/v2/Users HTTP/1.1\r\nHost: g\r\nContent-Length: 9\r\n\r\n{")
        for _ in range(4):
            reader = stack.enter_context(running.connection())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.sendall(b"GET /stream/scim/v2/Users HTTP/1.1\r\nHost: g\r\n\r\n")
            reader.recv(12)
        upstream.behaviour = script.well
        got = [running.status("GET", "/one/scim/v2/Users/1") for _ in range(8)]
    report.check(f"slow uploads and slow readers: other clients get {got}", [s for s in got if s != 200])


class Edge:
    def __init__(self, started, port, admin, folder):
        self.started, self.port, self.admin, self.folder = started, port, admin, folder

    def connection(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def leave(self, sent, after):
        """Sends, waits, and goes without a word (RST)."""
        with self.connection() as connection:
            connection.sendall(sent.encode())
            time.sleep(after)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def status(self, method, path):
        with self.connection() as connection:
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n".encode())
            answer = connection.recv(65536)
            return int(answer.split(b" ", 2)[1]) if answer else 0

    def audited(self, operation):
        file = self.folder / "audit.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if line["operation"] == operation]

    def metric(self, series):
        """The sum of all series that begin so."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=30) as answer:
            lines = answer.read().decode().splitlines()
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(series)))

    def until(self, holds, patience=serve.PATIENCE):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if holds():
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.started.wait(0.1)
                return False
        return False


@contextlib.contextmanager
def edge(folder, upstream, secure):
    folder = folder / f"edge-{serve.free_port()}"
    folder.mkdir()
    port, admin, log = serve.free_port(), serve.free_port(), folder / "gateway.log"
    tls = f'tls = {{ cert = "{TLS}/cert.pem", key = "{TLS}/key.pem" }}' if secure else ""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as silent:
        ports = {"port": port, "admin": admin, "one": upstream.port, "silent": silent.getsockname()[1]}
        (folder / "config.toml").write_text(CONFIG.format(tls=tls, **ports))
        command = [serve.GATEWAY, "run", "--config", folder / "config.toml"]
        environment = {"UPSTREAM_TOKEN": "edge-token"}
        with serve.process("the gateway", command, log, env=environment) as started:
            serve.await_answer("the gateway", started, f"http://127.0.0.1:{admin}/readyz", log)
            yield Edge(started, port, admin, folder)
