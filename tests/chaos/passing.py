"""Pass-through routes: a client that waits for 100, one that says what only a proxy may say; and clients that write
before they read."""

import contextlib

import upstream as script
from rig import placed, rig

CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
[server.limits]
body = 4000000
[admin]
listen = "127.0.0.1:{admin}"
[upstream.one]
dialect = "scim"
url = "http://127.0.0.1:{one}"
auth = { bearer = { env = "UPSTREAM_TOKEN" } }
[[route]]
prefix = "/one"
client = "scim"
upstream = "one"
auth = [{ name = "chaos", bearer_sha256 = "9db7719165f3586a9babd2bee360bcec93b460fab3f6415be4013b528e4f6f4b" }]
[[route]]
prefix = "/stream"
client = "scim"
upstream = "one"
auth = "none"
mode = "passthrough"
"""
PROXIES = ("X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-User", "X-Forwarded-Client-Cert",
           "X-Original-URL", "X-Rewrite-URL", "Forwarded", "Via", "Upgrade", "Prefer", "TE")
LIE = "a-word-of-the-clients"


def rows(folder, report):
    upstream = script.Upstream()
    text = placed(CONFIG, one=upstream.port)
    with rig(folder, "what passes through", text, report, UPSTREAM_TOKEN="edge-token") as running:
        waits(running, report)
        lies(running, upstream, report)
        writes_first(running, report)


def waits(running, report):
    """RFC 9110 section 10.1.1: the body comes after the gateway has said 100."""
    head = ("POST {} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer chaos-token\r\nExpect: 100-continue\r\n"
            "Content-Type: application/scim+json\r\nContent-Length: {}\r\n\r\n")
    body, got = '{"userName":"a@corp.example","emails":[{"value":"a@corp.example"}]}', []
    for route in ("/one", "/stream"):
        with running.connection(3) as connection, contextlib.suppress(TimeoutError):
            connection.sendall(head.format(f"{route}/scim/v2/Users", len(body)).encode())
            got.append(connection.recv(4096).split(b" ")[1].decode())
            connection.sendall(body.encode())
            got.append(connection.recv(4096).split(b" ")[1].decode())
    report.check(f"clients that wait for 100 before their body: {', '.join(got)}",
                 [] if got == ["100", "201"] * 2 else got or ["nothing"])


def lies(running, upstream, report):
    upstream.seen = []
    running.ask("GET", "/stream/scim/v2/Users/1", None, **{name: LIE for name in PROXIES})
    header = upstream.seen[-1].header if upstream.seen else {}
    passed = [name for name, value in header.items() if LIE in value]
    wrong = [f"the upstream is told {passed}"] if passed else []
    wrong += [] if header.get("forwarded") else ["the gateway does not say whom it forwards"]
    report.check(f"a client that says what only a proxy may say: {len(passed)} of {len(PROXIES)} pass", wrong)


def writes_first(running, report):
    """Its whole body is written before it looks for an answer: it sees the answer, and no reset."""
    got = []
    for token, length in [("chaos-token", 6_000_000), ("wrong", 3_900_000)]:
        for _ in range(5):
            with running.connection(5) as connection:
                head = (f"POST /one/scim/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n"
                        f"Content-Length: {length}\r\n\r\n")
                try:
                    connection.sendall(head.encode() + b" " * length)
                    got.append(connection.recv(4096).split(b" ")[1].decode())
                except OSError as error:
                    got.append(type(error).__name__)
    report.check(f"clients that write before they read see why they are refused: {sorted(set(got))}",
                 [] if got == ["413"] * 5 + ["401"] * 5 else got)
