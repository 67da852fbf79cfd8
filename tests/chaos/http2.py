"""HTTP/2 frame by frame (RFC 9113): an upstream that refuses streams and goes away, and a client of one connection.

Header blocks are written without Huffman codes and read without a dynamic table, which the settings forbid.
"""

import asyncio
import contextlib
import socket
import ssl
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, WINDOW = 0, 1, 3, 4, 6, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
REFUSED, NO_ERROR = 7, 0
NO_TABLE = struct.pack(">HI", 1, 0)  # SETTINGS_HEADER_TABLE_SIZE
STATUSES = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}  # the static table's (RFC 7541 appendix A)
STATUS = 8  # the static table's first entry of that name
DIGITS = {"00000": "0", "00001": "1", "00010": "2", "011001": "3", "011010": "4", "011011": "5", "011100": "6",
          "011101": "7", "011110": "8", "011111": "9"}  # of the Huffman code (RFC 7541 appendix B)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def text(value):
    value = value.encode()
    return integer(len(value), 7) + value


def integer(value, bits, first=0):
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes([*out, value])


def block(fields):
    """Literals without indexing, all names written out."""
    return b"".join(b"\0" + text(name) + text(value) for name, value in fields)


def status(payload):
    """The status in a header block: its first field."""
    at = 0
    while payload[at] & 0xE0 == 0x20:  # a change of the table's size
        at += 1
    first = payload[at]
    if first & 0x80:
        return STATUSES[first & 0x7F]
    assert first & 0x0F == STATUS or first & 0x3F == STATUS, payload
    length, coded = payload[at + 1] & 0x7F, payload[at + 1] & 0x80
    value = payload[at + 2:at + 2 + length]
    return int(digits(value) if coded else value)


def digits(value):
    bits, out, code = "".join(f"{byte:08b}" for byte in value), "", ""
    for bit in bits:
        code += bit
        if code in DIGITS:
            out, code = out + DIGITS[code], ""
    return out


async def serve(reader, writer, behaviour):
    """A connection: each request that is whole is given to the behaviour, which writes frames."""
    await reader.readexactly(len(PREFACE))
    writer.write(frame(SETTINGS, 0, 0, NO_TABLE))
    while True:
        head = await reader.readexactly(9)
        kind, flags, stream = head[3], head[4], struct.unpack(">I", head[5:])[0]
        payload = await reader.readexactly(int.from_bytes(head[:3]))
        if kind == SETTINGS and not flags & ACK:
            writer.write(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            writer.write(frame(PING, ACK, 0, payload))
        elif kind in (HEADERS, DATA) and flags & END_STREAM and not await behaviour(stream, writer):
            return
        await writer.drain()


class Upstream:
    """Speaks HTTP/2 alone; what it does with a request is the behaviour's, by the number of the request."""

    def __init__(self, run, context, behaviour):
        self.behaviour, self.asked = behaviour, 0
        context.set_alpn_protocols(["h2"])
        self.server = run(asyncio.start_server(self.connected, "127.0.0.1", 0, ssl=context))
        self.port = self.server.sockets[0].getsockname()[1]

    async def connected(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await serve(reader, writer, self.asks)
        writer.close()

    async def asks(self, stream, writer):
        self.asked += 1
        return await self.behaviour(self.asked, stream, writer)


def answer(stream, code, body):
    fields = [(":status", str(code)), ("content-type", "application/scim+json"), ("content-length", str(len(body)))]
    return frame(HEADERS, END_HEADERS, stream, block(fields)) + frame(DATA, END_STREAM, stream, body)


def refuse(stream):
    return frame(RESET, 0, stream, struct.pack(">I", REFUSED))


def go_away(last):
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, NO_ERROR))


class NotTaken(ConnectionError):
    """The other side went away before this stream."""


class Client:
    """One connection, one request after the other."""

    def __init__(self, port, patience=30):
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.connection, self.stream, self.leaving = context.wrap_socket(plain), -1, False
        if self.connection.selected_alpn_protocol() != "h2":
            raise OSError("no HTTP/2")
        settings = NO_TABLE + struct.pack(">HI", 4, (1 << 31) - 1)  # SETTINGS_INITIAL_WINDOW_SIZE
        self.connection.sendall(PREFACE + frame(SETTINGS, 0, 0, settings)
                                + frame(WINDOW, 0, 0, struct.pack(">I", (1 << 31) - 65536)))

    def send(self, method, path, body=b"", fields=()):
        if self.leaving:
            raise NotTaken
        self.stream += 2
        listed = [(":method", method), (":scheme", "https"), (":path", path), (":authority", "g"), *fields]
        if body:
            listed += [("content-type", "application/scim+json"), ("content-length", str(len(body)))]
        flags = END_HEADERS | (0 if body else END_STREAM)
        sent = frame(HEADERS, flags, self.stream, block(listed))
        for at in range(0, len(body), 16384):
            last = at + 16384 >= len(body)
            sent += frame(DATA, END_STREAM if last else 0, self.stream, body[at:at + 16384])
        self.connection.sendall(sent)
        return self.stream

    def ask(self, method, path, body=b"", fields=()):
        """Status and body; 0 where the stream is reset."""
        stream, code, got = self.send(method, path, body, fields), 0, b""
        while True:
            head = self.exactly(9)
            kind, flags, of = head[3], head[4], struct.unpack(">I", head[5:])[0]
            payload = self.exactly(int.from_bytes(head[:3]))
            if kind == SETTINGS and not flags & ACK:
                self.connection.sendall(frame(SETTINGS, ACK, 0))
            elif kind == PING and not flags & ACK:
                self.connection.sendall(frame(PING, ACK, 0, payload))
            elif kind == GOAWAY:
                # Whatever it takes still, no new stream may be opened (RFC 9113 section 6.8).
                self.leaving = True
                if struct.unpack(">I", payload[:4])[0] < stream:
                    raise NotTaken
            elif of == stream and kind == RESET:
                return 0, b"reset " + payload
            elif of == stream and kind == HEADERS:
                code = code or status(payload)
            elif of == stream and kind == DATA:
                got += payload
            if of == stream and kind in (HEADERS, DATA) and flags & END_STREAM:
                return code, got

    def exactly(self, length):
        got = b""
        while len(got) < length:
            more = self.connection.recv(length - len(got))
            if not more:
                raise ConnectionResetError("the connection ends")
            got += more
        return got

    def close(self):
        self.connection.close()
