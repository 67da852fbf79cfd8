"""What goes wrong at the edge, against a gateway with a breaker, two nodes and an audit file: clients that leave, a
node that hangs, slow uploads and slow readers. For each: who is charged, who goes on, what is recorded."""

import contextlib
import shutil
import socket
import subprocess

import upstream as script
from rig import TLS, placed, rig

ROUNDS = 10
EJECTED = ("scim_gateway_upstream_node_ejected",)  # the node that hangs hangs to the end
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
auth = { bearer = { env = "UPSTREAM_TOKEN" } }
limits = { calls = 4, queue = 0, wait = "1s" }
timeouts = { connect = "1s", idle = "5s", call = "6s" }
[upstream.two]
dialect = "scim"
url = ["http://127.0.0.1:{silent}", "http://127.0.0.1:{one}"]
auth = { bearer = { env = "UPSTREAM_TOKEN" } }
timeouts = { connect = "1s", idle = "1s", call = "500ms" }
[[route]]
prefix = "/one"
client = "scim"
upstream = "one"
auth = "none"
limits = { requests = 4, queue = 0, wait = "1s" }
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
    for protocol in ("HTTP/1.1", "HTTP/2"):
        with edge(folder, f"clients that leave, {protocol}", upstream, report, protocol == "HTTP/2") as running:
            leavers(running, upstream, report, protocol)
    with edge(folder, "strangers, a hung node, slow ends", upstream, report, but=EJECTED) as running:
        strangers(running, upstream, report)
        hung(running, upstream, report)
        slow(running, upstream, report)


@contextlib.contextmanager
def edge(folder, name, upstream, report, secure=False, but=()):
    tls = f'tls = {{ cert = "{TLS}/one.pem", key = "{TLS}/one.key" }}' if secure else ""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as silent:
        text = placed(CONFIG, tls=tls, one=upstream.port, silent=silent.getsockname()[1])
        with rig(folder, name, text, report, secure, but, UPSTREAM_TOKEN="edge-token") as running:
            yield running


async def thinks(request, writer, turn):
    """Does what it is asked, and answers after the client's patience."""
    await script.asyncio.sleep(0.5)
    return await script.well(request, writer, turn)


async def dribbles(request, writer, turn):
    """An answer of a mebibyte, as fast as it is read."""
    await script.say(writer, script.message(b"x" * (8 << 20)))
    return True


def leavers(running, upstream, report, protocol):
    """Every delete is done, and its client gone before the answer: a line for each, and the upstream is not guilty."""
    upstream.behave(thinks)
    if running.secure and not shutil.which("curl"):
        return report.skip(f"clients that leave, {protocol}", "no curl")
    for number in range(ROUNDS):
        path = f"/one/scim/v2/Users/{protocol[5:6]}{number}"
        if running.secure:
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
    wrong += running.verified()
    report.check(f"{ROUNDS} deletes whose clients leave, {protocol}: {len(lines)} lines, {gone} gone", wrong)
    return None


def strangers(running, upstream, report):
    """Clients of a route without a credential hang up, or send a byte too many: nobody else is refused."""
    upstream.behave(thinks)
    for number in range(30):
        ask = "POST /stream/scim/v2/Users HTTP/1.1\r\nHost: g\r\nContent-Length: 2\r\n\r\n{}"
        running.leave(ask + ("x" if number % 2 else ""), 0.05)
    faults = 'scim_gateway_faults_total{cause="'
    running.until(lambda: running.metric(faults + "client_gone") + running.metric(faults + "upstream_") >= 30, 5)
    opened = running.metric('scim_gateway_upstream_breaker_open{upstream="one"')
    upstream.behaviour = script.well
    status = running.status("GET", "/one/scim/v2/Users/1")
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
