"""Clients that misbehave: bytes for the gateway's socket, and what it may answer.

`{path}` is a user's URL path and `{token}` a token that the route knows.
"""

from collections import namedtuple

# May: the statuses that may come, in order; () is a connection that ends without an answer. Calls: the
# most calls that the upstream may see.
Case = namedtuple("Case", "name sent may calls")

GET = "GET {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n"
POST = "POST {users} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\nContent-Type: application/scim+json\r\n"
BODY = '{{"userName":"a@corp.example","emails":[{{"value":"a@corp.example"}}]}}'
LENGTH = len(BODY.format())
SMUGGLED = "GET {users}/smuggled HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n\r\n"
CHUNKED = f"Transfer-Encoding: chunked\r\n\r\n{LENGTH:x}\r\n{BODY}\r\n0\r\n\r\n"

REFUSED = [(400,), ()]

CASES = [
    Case("a plain request", GET + "\r\n", [(200,)], 1),
    Case("two requests at once", GET + "\r\n" + GET.replace("{path}", "{path}2") + "\r\n", [(200, 200), (200,)], 2),
    Case("a chunked body", POST + CHUNKED, [(201,)], 2),  # what was created is read once
    Case("Content-Length and Transfer-Encoding", POST + f"Content-Length: {LENGTH}\r\n" + CHUNKED + SMUGGLED, REFUSED, 0),
    Case("Transfer-Encoding and a short Content-Length", POST + "Content-Length: 4\r\n" + CHUNKED + SMUGGLED, REFUSED, 0),
    Case("two Content-Lengths that differ",
         POST + f"Content-Length: {LENGTH}\r\nContent-Length: 0\r\n\r\n" + BODY + SMUGGLED, REFUSED, 0),
    Case("a Content-Length that is a list", POST + f"Content-Length: {LENGTH}, 0\r\n\r\n" + BODY, REFUSED, 0),
    Case("a Content-Length with a sign", POST + f"Content-Length: +{LENGTH}\r\n\r\n" + BODY, REFUSED, 0),
    Case("a negative Content-Length", POST + "Content-Length: -1\r\n\r\n" + BODY, REFUSED, 0),
    Case("a Content-Length beyond 64 bits", POST + "Content-Length: 99999999999999999999999\r\n\r\n" + BODY, REFUSED, 0),
    Case("a header that goes on in the next line", GET + "X-A: b\r\n c: d\r\n\r\n", REFUSED, 0),
    Case("a blank before a colon", POST + f"Content-Length : {LENGTH}\r\n\r\n" + BODY, REFUSED, 0),
    Case("a zero byte in a header", GET + "X-A: b\0c\r\n\r\n", REFUSED, 0),
    # RFC 9112 section 2.2 lets a server take a bare LF for the end of a line; there is one request then.
    Case("lines that end with LF alone", (GET + "\r\n").replace("\r\n", "\n"), [(200,), *REFUSED], 1),
    Case("a bare CR in a header", GET + "X-A: b\rX-B: c\r\n\r\n", REFUSED, 0),
    Case("a coding that nobody knows", POST + CHUNKED.replace("chunked", "xchunked", 1) + SMUGGLED, [*REFUSED, (501,), (411,)], 0),
    Case("chunked that is not the last coding", POST + CHUNKED.replace("chunked", "chunked, identity", 1), [*REFUSED, (501,)], 0),
    Case("chunked over HTTP/1.0", POST.replace("HTTP/1.1", "HTTP/1.0") + CHUNKED + SMUGGLED, [*REFUSED, (201,)], 1),
    Case("a chunk of no number", POST + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{{}}\r\n0\r\n\r\n", REFUSED, 0),
    Case("a chunk beyond 64 bits", POST + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{{}}\r\n0\r\n\r\n", REFUSED, 0),
    Case("a chunk that is longer than it says", POST + "Transfer-Encoding: chunked\r\n\r\n1\r\n" + BODY + "\r\n0\r\n\r\n", REFUSED, 0),
    Case("a body that is packed", POST + f"Content-Encoding: gzip\r\nContent-Length: {LENGTH}\r\n\r\n" + BODY, [(415,)], 0),
    Case("HEAD", GET.replace("GET", "HEAD") + "\r\n", [(200,)], 1),
    Case("no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + "\r\n\r\n", REFUSED, 0),
    Case("a version that is none", GET.replace("HTTP/1.1", "HTTP/9.9") + "\r\n", [*REFUSED, (505,)], 0),
    Case("a header of a mebibyte", GET + "X-A: " + "a" * (1 << 20) + "\r\n\r\n", [*REFUSED, (431,)], 0),
    Case("three hundred headers", GET + "".join(f"X-{n}: a\r\n" for n in range(300)) + "\r\n", [*REFUSED, (431,)], 0),
    Case("no Host", GET.replace("Host: g\r\n", "") + "\r\n", REFUSED, 0),
    Case("two Hosts", GET + "Host: h\r\n\r\n", REFUSED, 0),
    Case("a path that climbs", GET.replace("{path}", "/t/../t/scim/v2/Users/../../admin") + "\r\n", [*REFUSED, (404,)], 0),
    Case("an id with an encoded slash", GET.replace("{path}", "{users}/a%2F..%2Fb") + "\r\n", [(200,), *REFUSED, (404,)], 1),
    Case("a tunnel", GET.replace("GET {path}", "CONNECT g:443") + "\r\n", [*REFUSED, (404,), (405,)], 0),
    Case("a method that is none", GET.replace("GET", "PURGE") + "\r\n", [*REFUSED, (405,), (501,)], 0),
]

# Bytes after which the client says nothing more, keeps the connection open, and waits for its end.
STALLING = [
    ("stalls before its header", ""),
    ("stalls in its header", GET),
    ("stalls in its body", POST + f"Content-Length: {LENGTH}\r\n\r\n" + BODY[:10]),
    ("stalls in a chunk", POST + "Transfer-Encoding: chunked\r\n\r\n40\r\nabc"),
]

# Bytes after which the client is gone.
ABORTING = [
    ("leaves in its header", GET, 0),
    ("leaves in its body", POST + f"Content-Length: {LENGTH}\r\n\r\n" + BODY[:10], 0),
    ("leaves in a chunk", POST + "Transfer-Encoding: chunked\r\n\r\n40\r\nabc", 0),
    ("leaves before the answer", POST + f"Content-Length: {LENGTH}\r\n\r\n" + BODY, 1),
]
