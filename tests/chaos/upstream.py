"""An upstream that misbehaves by script.

Each connection's requests are read whole, written down, and answered by the behaviour in force. A
well-behaved answer is a SCIM user whose id is that of the path.
"""

import asyncio
import contextlib
import json
import socket
import struct
import threading
from collections import namedtuple

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GIB = 1 << 30

Seen = namedtuple("Seen", "method path body header")  # the header by its names in small letters


class Upstream:
    """Serves on a port of its own, in a thread of its own; over TLS where it has a context for it."""

    def __init__(self, context=None, behaviour=None):
        self.behaviour, self.seen, self.open, self.context = behaviour or well, [], set(), context
        self.loop, self.port = asyncio.new_event_loop(), 0
        # A handshake that fails is the gateway's to tell.
        self.loop.set_exception_handler(lambda *_: None)
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.start()

    def start(self):
        """Listens, where it has listened before if it has."""
        self.server = self.run(asyncio.start_server(self.serve, "127.0.0.1", self.port, ssl=self.context))
        self.port = self.server.sockets[0].getsockname()[1]

    def stop(self):
        """As a process that is killed: nothing listens, and every connection ends."""
        self.loop.call_soon_threadsafe(self.server.close)
        self.run(self.close())

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def behave(self, behaviour):
        """Every connection so far ends, so that the next call meets the behaviour from its start."""
        self.behaviour, self.seen = behaviour, []
        self.run(self.close())

    def writes(self):
        return [seen for seen in self.seen if seen.method != "GET"]

    async def close(self):
        for writer in list(self.open):
            writer.transport.abort()

    async def serve(self, reader, writer):
        self.open.add(writer)
        turn = 0
        try:
            while request := await received(reader):
                self.seen.append(request)
                if not await self.behaviour(request, writer, turn):
                    break
                turn += 1
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open.discard(writer)
            with contextlib.suppress(OSError):
                writer.close()


async def received(reader):
    """The next request of a connection; None at its end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    line, *fields = head.decode("latin-1").split("\r\n")
    method, path, _ = line.split(" ", 2)
    header = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
    return Seen(method, path, await reader.readexactly(int(header.get("content-length", 0))), header)


def user(request, name="someone"):
    return json.dumps({"schemas": [USER], "id": identity(request), "userName": f"{name}@corp.example"}).encode()


def identity(request):
    return "made" if request.method == "POST" else request.path.rsplit("/", 1)[-1].split("?")[0]


def message(body, status="200 OK", extra="", length=None):
    length = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/scim+json\r\nContent-Length: {length}\r\n{extra}\r\n"
    return head.encode() + body


async def say(writer, data):
    writer.write(data)
    await writer.drain()


# Behaviours: take a request and the connection's writer; say whether the connection goes on.


async def well(request, writer, _):
    if request.method == "DELETE":
        await say(writer, b"HTTP/1.1 204 No Content\r\n\r\n")
    else:
        status = "201 Created" if request.method == "POST" else "200 OK"
        await say(writer, message(user(request), status))
    return True


async def resets(_, writer, __):
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False


async def closes(_, __, ___):
    return False


async def stalls(_, __, ___):
    await asyncio.sleep(30)
    return False


async def stalls_in_header(_, writer, __):
    await say(writer, b"HTTP/1.1 200 OK\r\nContent-Type: appl")
    await asyncio.sleep(30)
    return False


async def stalls_in_body(request, writer, _):
    await say(writer, message(user(request))[:-10])
    await asyncio.sleep(30)
    return False


async def trickles(request, writer, _):
    for byte in message(user(request)):
        await say(writer, bytes([byte]))
        await asyncio.sleep(0.2)
    return True


async def truncates(request, writer, _):
    await say(writer, message(user(request))[:-10])
    return False


async def claims_less(request, writer, _):
    body = user(request)
    await say(writer, message(body, length=len(body) - 5))
    return True


async def claims_two_lengths(request, writer, _):
    await say(writer, message(user(request), extra="Content-Length: 3\r\n"))
    return True


async def claims_no_number(request, writer, _):
    await say(writer, message(user(request), length="-1"))
    return False


async def sends_a_gibibyte(_, writer, __):
    await say(writer, message(b"", length=GIB))
    return await floods(writer, lambda chunk: chunk)


async def sends_chunks_without_end(_, writer, __):
    await say(writer, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    return await floods(writer, lambda chunk: b"%x\r\n%b\r\n" % (len(chunk), chunk))


async def floods(writer, framed):
    chunk = b" " * 65536
    for _ in range(GIB // len(chunk)):
        await say(writer, framed(chunk))
    return False


async def sends_a_header_without_end(_, writer, __):
    await say(writer, b"HTTP/1.1 200 OK\r\n")
    for number in range(1_000_000):
        await say(writer, b"X-%d: %b\r\n" % (number, b"x" * 1000))
    return False


async def sends_garbage(_, writer, __):
    await say(writer, bytes(range(256)) * 40)
    return False


async def sends_no_json(_, writer, __):
    await say(writer, message(b"<html>It works!</html>"))
    return True


async def sends_deep_json(_, writer, __):
    await say(writer, message(b'{"userName":' * 100_000))
    return True


async def sends_gzip(request, writer, _):
    await say(writer, message(b"\x1f\x8b\x08\x00" + user(request), extra="Content-Encoding: gzip\r\n"))
    return True


async def answers_twice(request, writer, _):
    await say(writer, message(user(request)) + message(user(request._replace(path="/stale"), "stale")))
    return True


async def only_informs(_, writer, __):
    for _ in range(100):
        await say(writer, b"HTTP/1.1 103 Early Hints\r\n\r\n")
    return False


async def redirects(_, writer, __):
    await say(writer, message(b"", "302 Found", "Location: /scim/v2/Users/elsewhere\r\n"))
    return True


async def closes_when_reused(request, writer, turn):
    if turn:
        return False
    return await well(request, writer, turn)


async def answers_before_the_body(request, writer, _):
    await say(writer, message(b"{}", "400 Bad Request"))
    return False
