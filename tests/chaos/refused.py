"""An upstream over HTTP/2 that refuses a stream, or goes away without having taken it: nothing was done, so that the
write is sent again and done once (RFC 9113 section 8.7)."""

import ssl

import http2
import upstream as script
from rig import TLS, placed, rig

CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
[admin]
listen = "127.0.0.1:{admin}"
[audit]
file = "audit.jsonl"
[upstream.one]
dialect = "scim"
url = "https://127.0.0.1:{one}"
ca = "{tls}/one-ca.pem"
[[route]]
prefix = "/one"
client = "scim"
upstream = "one"
auth = "none"
"""
MADE = script.json.dumps({"schemas": [script.USER], "id": "made", "userName": "someone@corp.example"}).encode()
CREATE = {"schemas": [script.USER], "userName": "someone@corp.example"}


def rows(folder, report):
    loop = script.Upstream()
    for name, behaviour in [("refuses a stream", refuses), ("goes away before a stream", goes)]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "one.pem", TLS / "one.key")
        upstream = http2.Upstream(loop.run, context, behaviour)
        text = placed(CONFIG, one=upstream.port, tls=TLS)
        with rig(folder, f"an upstream that {name}", text, report) as running:
            warm = running.status("GET", "/one/scim/v2/Users/1")
            got = [running.status("POST", "/one/scim/v2/Users", CREATE) for _ in range(4)]
            wrong = [] if warm == 200 and got == [201] * 4 else [f"{warm}, {got}"]
            asked = upstream.asked
            wrong += [] if asked == 7 else [f"{asked} requests for five, two of which were refused"]
            report.check(f"an upstream that {name} (HTTP/2): writes get {got}, {asked} requests", wrong)


# The first request reads; then each second one, of six, is taken and the one before it is not.


async def refuses(number, stream, writer):
    writer.write(http2.refuse(stream) if number in (2, 4) else answer(number, stream))
    return True


async def goes(number, stream, writer):
    if number in (2, 4):
        writer.write(http2.go_away(0 if stream == 1 else stream - 2))
        await writer.drain()
        return False
    writer.write(answer(number, stream))
    return True


def answer(number, stream):
    return http2.answer(stream, 200 if number == 1 else 201, MADE)
