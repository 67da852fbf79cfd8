"""Upstreams with accounts in them that misbehave at random, and remember what they did: every write that was done,
and every fault, by the trace that it belongs to."""

import asyncio
import collections
import json
import random
import re
import threading
import time
import urllib.parse

import upstream as script

HANG = 2.5  # seconds: longer than the configuration waits for a call
# Before: the write is not done. After: it is, and its client cannot know.
FAULTS = ["hangs before", "hangs after", "closes before", "closes after", "500", "503", "429", "garbage", "truncated"]
SHARE = 0.12
ANSWERS = {"500": "500 Internal Server Error", "503": "503 Service Unavailable", "429": "429 Too Many Requests"}
AGAIN = "Retry-After: 0\r\n"


class Store:
    """The accounts of one service; `nodes` serve them, each on a port of its own."""

    def __init__(self, name, users, seed, contexts=(None,), share=SHARE):
        self.name, self.users, self.random, self.share = name, users, random.Random(seed), share
        self.held, self.storm = {}, False
        self.written = collections.defaultdict(list)  # by trace: (method, name or id)
        self.met = collections.defaultdict(list)  # by trace: faults
        self.calls, self.gone = 0, []  # gone: from when until when a node was restarted
        self.lock = threading.Lock()
        self.nodes = [script.Upstream(context, self.answers) for context in contexts]

    def restart(self, node, context=None, pause=0.5):
        began = time.monotonic()
        self.gone.append([began, float("inf")])
        node.stop()
        time.sleep(pause)
        node.context = context or node.context
        node.start()
        self.gone[-1][1] = time.monotonic()

    def calm(self):
        self.share, self.storm = 0, False

    def fault(self):
        if self.storm:
            return self.random.choice(["closes before", "hangs before", "503"])
        return self.random.choice(FAULTS) if self.random.random() < self.share else None

    async def answers(self, request, writer, _):
        trace = request.header.get("traceparent", "-none-").split("-")[1]
        with self.lock:
            self.calls += 1
            fault = self.fault()
            if fault:
                self.met[trace].append(fault)
            done = fault is None or fault in ("hangs after", "closes after", "garbage", "truncated")
            status, body = self.do(request, trace) if done else (ANSWERS.get(fault), {})
        if fault and fault.startswith("hangs"):
            await asyncio.sleep(HANG)
        if fault and fault.startswith(("hangs", "closes")):
            return False
        text = json.dumps(body).encode() if body is not None else b""
        if fault == "garbage":
            text = b"<html>It works!</html>"
        sent = script.message(text, status, AGAIN if fault in ("503", "429") else "")
        if status.startswith("204") and fault is None:
            sent = b"HTTP/1.1 204 No Content\r\n\r\n"
        await script.say(writer, sent[:-8] if fault == "truncated" else sent)
        return fault != "truncated"

    def do(self, request, trace):
        url = urllib.parse.urlsplit(request.path)
        identity = urllib.parse.unquote(url.path.rsplit(self.users, 1)[-1]).strip("/")
        if request.method == "GET":
            return self.read(identity, url.query)
        if request.method == "POST" and identity:
            return "404 Not Found", {"detail": "no such thing"}
        sent = json.loads(request.body) if request.body else None
        named = sent.get("userName") if request.method == "POST" else identity
        if request.method != "POST" and identity not in self.held:
            return "404 Not Found", {"schemas": [ERROR], "status": "404", "detail": "no such user"}
        self.written[trace].append((request.method, named))
        if request.method == "DELETE":
            del self.held[identity]
            return "204 No Content", None
        if request.method == "POST":
            identity = f"{self.name}-{len(self.written)}-{self.random.getrandbits(32):08x}"
        if request.method == "PATCH":
            self.held[identity] |= patched(sent)
        else:
            self.held[identity] = sent | {"id": identity, "schemas": [script.USER]}
        return ("201 Created" if request.method == "POST" else "200 OK"), self.held[identity]

    def read(self, identity, query):
        if identity and identity not in self.held:
            return "404 Not Found", {"schemas": [ERROR], "status": "404", "detail": "no such user"}
        if identity:
            return "200 OK", self.held[identity]
        asked = urllib.parse.parse_qs(query)
        found = list(self.held.values())
        wanted = re.match(r'userName eq "(.*)"', asked.get("filter", [""])[0], re.IGNORECASE)
        if wanted:
            found = [user for user in found if user["userName"] == wanted.group(1)]
        at, count = int(asked.get("startIndex", ["1"])[0]), int(asked.get("count", ["10"])[0])
        page = found[max(at, 1) - 1:][:count]
        return "200 OK", {"schemas": [LIST], "totalResults": len(found), "startIndex": at,
                          "itemsPerPage": len(page), "Resources": page}


def undisturbed(port, ended):
    """A process of its own: a service that does what it is asked."""
    store = Store("steady", "/Users", 0, share=0)
    port.put(store.nodes[0].port)
    ended.wait()


ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def patched(message):
    """What a PATCH comes to, of plain attributes and of the one address."""
    new = {}
    for operation in message["Operations"]:
        path, value = operation.get("path", ""), operation["value"]
        if path.startswith("emails["):
            path, value = "emails", [{"value": value, "type": "work", "primary": True}]
        new |= {path: value} if path else value
    return new
