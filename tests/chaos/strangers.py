"""Strangers and those who share something with them: handshakes that never end, wrong tokens from the provider's own
address, one credential that is throttled, traces that nobody let in, silent connections at the admin listener."""

import contextlib
import re
import socket
import ssl

import upstream as script
from rig import TLS, placed, rig

SILENT = 60
TOKENS = 40  # wrong ones, more than the default lets an address try in a minute
ADMIN = 80  # more connections than the admin listener has
CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
{tls}
[server.limits]
header_time = "3s"
connections = 100
[admin]
listen = "127.0.0.1:{admin}"
[trace]
otlp = "http://127.0.0.1:{collector}"
sample = 0.0
[upstream.one]
dialect = "scim"
url = "http://127.0.0.1:{one}"
retries = { most = 0 }
[[route]]
prefix = "/one"
client = "scim"
upstream = "one"
auth = [{ name = "chaos", bearer_sha256 = "9db7719165f3586a9babd2bee360bcec93b460fab3f6415be4013b528e4f6f4b" }]
[[route]]
prefix = "/forward"
client = "scim"
upstream = "one"
auth = "forward"
"""
PATH = "/one/scim/v2/Users/1"
RIGHT = {"Authorization": "Bearer chaos-token"}


def rows(folder, report):
    upstream, collector = script.Upstream(), script.Upstream()
    text = placed(CONFIG, one=upstream.port, collector=collector.port)
    tls = f'tls = {{ cert = "{TLS}/one.pem", key = "{TLS}/one.key" }}'
    with rig(folder, "silent handshakes", placed(text, tls=tls), report, secure=True) as running:
        handshakes(running, report)
    with rig(folder, "strangers", placed(text, tls=""), report) as running:
        guesses(running, report)
        throttled(running, upstream, report)
        traced(running, collector, report)
        admin(running, report)
        acts(running, report)


def handshakes(running, report):
    """Half of them say nothing, half begin a handshake: they count, they have the time of a header, others are served
    meanwhile; and beyond the bound of connections they are closed at once."""
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(running.connection()) for _ in range(SILENT)]
        for connection in silent[::2]:
            connection.sendall(hello()[:100])
        running.until(lambda: running.metric("scim_gateway_connections") >= SILENT, 1)
        counted, status = running.metric("scim_gateway_connections"), running.status("GET", PATH, **RIGHT)
        more = [stack.enter_context(running.connection()) for _ in range(SILENT)]
        # One that is refused counts for the moment in which that is seen.
        running.until(lambda: running.metric("scim_gateway_refused_total", 'reason="connections"'), 1)
        bounded = running.until(lambda: 60 < running.metric("scim_gateway_connections") <= 100, 1)
        running.until(lambda: not running.metric("scim_gateway_connections"), 8)
        closed = sum(ended(connection) for connection in [*silent, *more])
        slow = running.metric("scim_gateway_refused_total", 'reason="slow_handshake"')
        full = running.metric("scim_gateway_refused_total", 'reason="connections"')
        wrong = [] if counted >= SILENT and bounded else [f"{counted} count as connections, bounded {bounded}"]
        wrong += [] if status == 200 else [f"another client gets {status}"]
        wrong += [] if closed == 2 * SILENT else [f"{closed} of {2 * SILENT} are closed"]
        wrong += [] if slow + full == 2 * SILENT and full else [f"{slow} refused as slow, {full} as too many"]
        wrong += [f"the log has an address: {line}" for line in addresses(running)[:1]]
        report.check(f"{2 * SILENT} handshakes that never end: {counted} of {SILENT} count, another client gets {status}, "
                     f"{slow} end in their time, {full} at once", wrong)


def hello():
    """The first message of a client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl._create_unverified_context().wrap_bio(incoming, outgoing)
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def ended(connection):
    connection.settimeout(0.01)
    with contextlib.suppress(TimeoutError):
        try:
            return not connection.recv(4096)
        except ConnectionResetError:
            return True
    return False


def addresses(running):
    """Lines of the log that name a client's address."""
    ours = {str(running.port), str(running.admin)}
    return [line for line in running.log().splitlines()
            if set(re.findall(r"127\.0\.0\.1:(\d+)", line)) - ours]


def guesses(running, report):
    """Behind a load balancer a stranger has the provider's address: the right token is let in all the same."""
    wrong = [running.status("GET", PATH, Authorization=f"Bearer {number}") for number in range(TOKENS)]
    right = running.status("GET", PATH, **RIGHT)
    report.check(f"{TOKENS} wrong tokens from one address ({wrong.count(401)} are 401, {wrong.count(429)} are 429): "
                 f"the right one from there gets {right}", [] if right == 200 and set(wrong) <= {401, 429} else [wrong])


def throttled(running, upstream, report):
    """The upstream tells one client of its own that it asks too much: another client's calls go on."""
    async def throttles(request, writer, turn):
        if request.header.get("authorization") == "Bearer much":
            await script.say(writer, script.message(b"{}", "429 Too Many Requests", "Retry-After: 30\r\n"))
            return True
        return await script.well(request, writer, turn)

    upstream.behave(throttles)
    much = running.status("GET", "/forward/scim/v2/Users/1", Authorization="Bearer much")
    other = running.status("GET", "/forward/scim/v2/Users/1", Authorization="Bearer little")
    upstream.behave(script.well)
    report.check(f"one client's own credential is throttled ({much}): another's gets {other}",
                 [] if (much, other) == (429, 200) else [(much, other)])


def traced(running, collector, report):
    """A trace that a stranger asks for makes no span."""
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for number in range(100):
        running.status("GET", PATH, Authorization=f"Bearer x{number}", traceparent=parent)
    # One that was let in decides for its own: its span shows that the others' would have come.
    running.status("GET", PATH, traceparent=parent, **RIGHT)
    running.until(lambda: collector.seen, 10)
    size = sum(len(seen.body) for seen in collector.seen)
    wrong = [] if 0 < size < 4096 else [f"{size} bytes of spans"]
    report.check(f"a hundred strangers ask for a trace, and one client: {size} bytes of spans", wrong)


def admin(running, report):
    """More silent connections than the admin listener has: it is still alive to who asks."""
    with contextlib.ExitStack() as stack:
        for _ in range(ADMIN):
            stack.enter_context(socket.create_connection(("127.0.0.1", running.admin), timeout=5))
        try:
            with socket.create_connection(("127.0.0.1", running.admin), timeout=5) as asking:
                asking.sendall(b"GET /healthz HTTP/1.1\r\nHost: g\r\n\r\n")
                alive = asking.recv(4096).split(b" ")[1:2] == [b"200"]
        except OSError:
            alive = False
    report.check(f"{ADMIN} silent connections at the admin listener: it is {'alive' if alive else 'silent'}",
                 [] if alive else ["no answer in 5 s"])


def acts(running, report):
    """Whoever may look at the admin listener may not act there."""
    got = []
    for path in ("/routes/pause?route=/one", "/routes/rearm?route=/one", "/reload"):
        with socket.create_connection(("127.0.0.1", running.admin), timeout=5) as asking:
            asking.sendall(f"POST {path} HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\n\r\n".encode())
            got.append(int(asking.recv(4096).split(b" ")[1]))
    status = running.status("GET", PATH, **RIGHT)
    report.check(f"nobody in particular pauses, re-arms and reloads: {got}, a client then gets {status}",
                 [] if set(got) <= {401, 403} and status == 200 else [got, status])
