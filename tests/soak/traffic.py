"""Clients: each with accounts of its own, so that it knows what it has to find; and strangers."""

import contextlib
import http.client
import json
import random
import socket
import ssl
import struct
import threading
import time
from collections import namedtuple

import http2
import upstream as script

TOKEN = "chaos-token"
ANYBODY = ssl._create_unverified_context()
# One request: the trace that it goes by (also its request id), what was asked where, whether it writes, the status
# that was got (0: the client left, or its connection ended), the statuses of a bulk request's operations, when, and
# what is wrong with its answer, and whether the client left on purpose.
Asked = namedtuple("Asked", "trace route operation writes status several began ended wrong left")

PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
OPERATIONS = {"create": 4, "read": 5, "replace": 3, "modify": 4, "list": 1, "filter": 2, "delete": 2, "bulk": 1,
              "leave": 2}
SUCCESS = {"create": {201}, "read": {200}, "replace": {200}, "modify": {200, 204}, "list": {200}, "filter": {200},
           "delete": {204}, "bulk": {200}}
WRITES = {"create", "replace", "modify", "delete", "bulk"}
MOST = 12  # accounts that a client has at each route
PAUSE = 0.03  # seconds between two requests of one client, at most


class H1:
    """Kept as long as it lasts."""

    def __init__(self, port):
        self.connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=ANYBODY)

    def ask(self, method, path, body, fields):
        headers = dict(fields) | ({"content-type": "application/scim+json"} if body else {})
        self.connection.request(method, path, body or None, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def close(self):
        self.connection.close()


class Wire:
    """A client's connection, made anew where it has ended; HTTP/1.1 or HTTP/2."""

    def __init__(self, port, kind):
        self.port, self.kind, self.open, self.why = port, kind, None, b""

    def ask(self, method, path, trace, body=b""):
        for _ in range(2):
            try:
                self.open = self.open or self.kind(self.port)
                return self.open.ask(method, path, body, fields(trace))
            except http2.NotTaken:  # nothing was done: on a connection of its own it is
                self.close()
            except (OSError, http.client.HTTPException) as error:
                self.why = repr(error).encode()
                break
        self.close()
        return 0, self.why

    def close(self):
        if self.open:
            with contextlib.suppress(OSError):
                self.open.close()
        self.open = None


class Client:
    def __init__(self, number, port, routes, ended):
        self.number, self.port, self.routes, self.ended = number, port, routes, ended
        self.random, self.asked = random.Random(number), []
        self.wires = [Wire(port, H1), Wire(port, http2.Client)]
        self.held = {route: {} for route in routes}  # by id: the name that was last told as done
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.ended.is_set():
            route = self.random.choice(list(self.routes))
            operation, = self.random.choices(list(OPERATIONS), OPERATIONS.values())
            if operation == "bulk" and not self.routes[route].bulk:
                continue
            if not self.held[route] and operation in ("read", "replace", "modify", "filter", "delete"):
                operation = "create"
            if operation == "create" and len(self.held[route]) >= MOST:
                operation = "delete"
            if operation == "leave" and self.routes[route].store is None:
                # Nobody would take away what it made, and full pages of this upstream's lists are refused.
                operation = "list"
            self.once(route, operation)
            self.ended.wait(self.random.random() * PAUSE)
        for wire in self.wires:
            wire.close()

    def once(self, route, operation):
        trace = f"{self.random.getrandbits(128) or 1:032x}"
        if operation == "leave":
            return self.leave(route, trace)
        base, held, began = self.routes[route].base, self.held[route], time.monotonic()
        identity = self.random.choice(list(held)) if held else None
        method, path, body = request(operation, base, identity, trace, held.get(identity))
        status, text = self.random.choice(self.wires).ask(method, path, trace, body)
        wrong, several = [], []
        if status in SUCCESS[operation]:
            wrong, several = self.learn(route, operation, identity, trace, text)
        elif operation in WRITES and identity and operation not in ("create", "bulk"):
            # Nobody knows: it is left where it is. What was refused for sure was not done.
            if status not in (404, 429, 503):
                held.pop(identity)
        if status >= 400 and not self.routes[route].streams:
            wrong = explained(status, text)
        if status == 404:
            held.pop(identity, None)
        writes, ended = operation in WRITES, time.monotonic()
        self.asked.append(Asked(trace, route, operation, writes, status, several, began, ended, wrong, False))
        return None

    def learn(self, route, operation, identity, trace, text):
        """What an answer of success says, and whether it is what it has to be."""
        held, body = self.held[route], {}
        if self.routes[route].streams:
            # What an upstream says goes through, words that are none, too.
            with contextlib.suppress(ValueError):
                body = json.loads(text)
            if operation in ("create", "read") and not body:
                held.pop(identity, None)
                return [], []
        elif text:
            body = json.loads(text)
        if operation == "create":
            held[body["id"]] = trace
        elif operation in ("replace", "modify"):
            held[identity] = trace
        elif operation == "delete":
            held.pop(identity)
        elif operation == "read" and self.routes[route].shows and body.get("displayName") != held[identity]:
            return [f"{identity} is {body.get('displayName')} and was told to be {held[identity]}"], []
        elif operation == "bulk":
            return [], [int(one["status"]) for one in body["Operations"]]
        return [], []

    def leave(self, route, trace):
        """A creation whose client is gone before its answer, or its body's end."""
        base, began = self.routes[route].base, time.monotonic()
        method, path, body = request("create", base, None, trace, None)
        pause = self.random.random() * 0.05
        with contextlib.suppress(OSError):
            if self.random.random() < 0.5:
                connection = http2.Client(self.port)
                connection.send(method, path, body, fields(trace))
            else:
                connection = ANYBODY.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=10))
                head = f"{method} {path} HTTP/1.1\r\nHost: g\r\nContent-Type: application/scim+json\r\n"
                head += f"Content-Length: {len(body)}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields(trace)) + "\r\n"
                whole = self.random.random() < 0.8
                connection.sendall(head.encode() + (body if whole else body[:20]))
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.ended.wait(pause)
            connection.close()
        self.asked.append(Asked(trace, route, "create", True, 0, [], began, time.monotonic(), [], True))


def request(operation, base, identity, trace, name):
    user = {"schemas": [script.USER], "userName": f"{trace}@corp.example", "displayName": trace, "active": True,
            "emails": [{"value": f"{trace}@corp.example", "type": "work", "primary": True}]}
    one = f"{base}/Users/{identity}"

    def coded(body):
        return json.dumps(body).encode()

    if operation == "create":
        return "POST", f"{base}/Users", coded(user)
    if operation == "read":
        return "GET", one, b""
    if operation == "replace":
        return "PUT", one, coded(user)
    if operation == "modify":
        # A value path has to be emulated where the upstream has none.
        work = {"op": "replace", "path": 'emails[type eq "work"].value', "value": f"{trace}@corp.example"}
        plain = {"op": "replace", "path": "displayName", "value": trace}
        listed = [plain] if int(trace[0], 16) % 2 else [plain, work]
        return "PATCH", one, coded({"schemas": [PATCH_OP], "Operations": listed})
    if operation == "list":
        return "GET", f"{base}/Users?count=5", b""
    if operation == "filter":
        return "GET", f"{base}/Users?filter=userName%20eq%20%22{name}@corp.example%22", b""
    if operation == "delete":
        return "DELETE", one, b""
    users = [user | {"userName": f"{number}-{trace}@corp.example"} for number in range(3)]
    made = [{"method": "POST", "path": "/Users", "bulkId": str(at), "data": one} for at, one in enumerate(users)]
    return "POST", f"{base}/Bulk", coded({"schemas": [BULK], "Operations": made})


def fields(trace):
    return [("authorization", f"Bearer {TOKEN}"), ("x-request-id", trace),
            ("traceparent", f"00-{trace}-00f067aa0ba902b7-00")]


def explained(status, text):
    """A SCIM error with words."""
    with contextlib.suppress(ValueError):
        body = json.loads(text)
        if body.get("status") == str(status) and len(body.get("detail", "")) > 20:
            return []
    return [f"{status} without words: {text[:100]}"]


def strange(port, ended):
    """Handshakes that say nothing, headers that do not end, guessed tokens, and whoever hangs up."""
    chance, silent = random.Random(7), []
    while not ended.wait(0.2):
        with contextlib.suppress(OSError):
            plain = socket.create_connection(("127.0.0.1", port), timeout=5)
            kind = chance.randrange(4)
            if kind:
                connection = ANYBODY.wrap_socket(plain)
                token = TOKEN if kind == 1 else "guessed"
                sent = f"GET /steady/scim/v2/Users HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n"
                connection.sendall(sent.encode() + (b"\r\n" if kind == 2 else b""))
                if kind != 1:
                    connection.close()
                    continue
                plain = connection
            silent.append(plain)
        if len(silent) > 20:
            silent.pop(0).close()
    for connection in silent:
        connection.close()


def steady(port, ended, results, http_2):
    """A process of its own, so that nothing is measured but the gateway: an undisturbed route, and how long it takes."""
    wire, seconds, bad, done = Wire(port, http2.Client if http_2 else H1), [], [], 0
    name = "HTTP/2" if http_2 else "HTTP/1.1"
    while not ended.wait(0.02):
        trace = f"{random.getrandbits(128) or 1:032x}"
        _, path, body = request("create", "/steady/scim/v2", None, trace, None)
        steps = [("POST", path, body, 201), ("GET", None, b"", 200), ("DELETE", None, b"", 204)]
        for method, where, sent, wanted in steps:
            began = time.perf_counter()
            status, text = wire.ask(method, where or one, trace, sent)
            seconds.append(time.perf_counter() - began)
            if status != wanted:
                bad.append(f"{name} {method} {status} {text[:200]!r}")
                break
            done += method != "GET"
            one = f"{path}/{json.loads(text)['id']}" if method == "POST" else where or one
    wire.close()
    results.put((name, seconds, bad, done))
