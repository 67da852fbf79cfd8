"""A node of two is killed under load and started again, late with its first answers: what was under way at it fails
and nothing else does, no write is sent twice, and it is taken back."""

import threading
import time

import upstream as script
from rig import placed, rig

CLIENTS = 4
CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
[admin]
listen = "127.0.0.1:{admin}"
[upstream.two]
dialect = "scim"
url = ["http://127.0.0.1:{one}", "http://127.0.0.1:{two}"]
timeouts = { connect = "500ms", idle = "1s", call = "400ms" }
retries = { most = 2, share = 50, pause = "10ms" }
health = { every = "300ms", timeout = "300ms", down = 2, up = 1 }
ejection = { failures = 2, pause = "500ms", longest = "1s" }
[[route]]
prefix = "/two"
client = "scim"
upstream = "two"
auth = "none"
"""
LATE = 2.5  # seconds for which a node that has come back takes requests and does not answer them
# A node that is late is asked by one probe for each of its pauses, and by whoever is there until it is out again.
PROBES = 12


def rows(folder, report):
    one, two = script.Upstream(), script.Upstream()
    text = placed(CONFIG, one=one.port, two=two.port)
    with rig(folder, "a node that is killed and started again", text, report) as running:
        load = Load(running)
        running.until(lambda: load.answered >= 100)
        under_way = load.failed
        one.stop()
        load.passed(100)
        killed = load.failed - under_way
        came = time.monotonic()
        one.behave(late(came))
        one.start()
        back = running.until(lambda: time.monotonic() > came + LATE and load.passed(1) and answers(one), 15)
        rested = load.failed
        load.passed(200)
        after = load.failed - rested
        load.end()
        wrong = [] if killed <= CLIENTS else [f"{killed} fail while it is gone"]
        wrong += [] if rested - under_way - killed <= PROBES else [f"{rested - under_way - killed} fail while it is late"]
        wrong += [] if back else ["it gets no calls"]
        wrong += [] if not after else [f"{after} fail once it is back"]
        wrong += load.twice(one, two)
        ejected = running.metric("scim_gateway_upstream_node_ejected")
        wrong += [f"{ejected} nodes are out"] if ejected else []
        report.check(f"a node of two is killed and started again: {load.answered} are answered, {killed} fail with it, "
                     f"{rested - under_way - killed} while it is late, {after} then", wrong)


def late(since):
    """Takes requests at once, and answers them only after a while."""
    async def behaviour(request, writer, turn):
        if time.monotonic() < since + LATE:
            await script.asyncio.sleep(LATE)
            return False
        return await script.well(request, writer, turn)
    return behaviour


def answers(node):
    """Whether the node is asked now: five calls more within a second."""
    before, end = len(node.seen), time.monotonic() + 1
    while time.monotonic() < end and len(node.seen) < before + 5:
        time.sleep(0.02)
    return len(node.seen) >= before + 5


class Load:
    """Clients that read and create by turns, one request after the other."""

    def __init__(self, running):
        self.running, self.ended, self.lock = running, threading.Event(), threading.Lock()
        self.answered, self.failed, self.sent = 0, 0, 0
        self.clients = [threading.Thread(target=self.go_on, args=(at,), daemon=True) for at in range(CLIENTS)]
        for client in self.clients:
            client.start()

    def go_on(self, at):
        turn = 0
        while not self.ended.is_set():
            turn += 1
            if turn % 2:
                good = self.running.status("GET", f"/two/scim/v2/Users/{at}-{turn}") == 200
            else:
                body = {"schemas": [script.USER], "userName": f"{at}-{turn}@corp.example"}
                good = self.running.status("POST", "/two/scim/v2/Users", body) == 201
            with self.lock:
                self.answered += good
                self.failed += not good

    def passed(self, more):
        """Waits until so many more have been answered."""
        until = self.answered + more
        return self.running.until(lambda: self.answered >= until)

    def end(self):
        self.ended.set()
        for client in self.clients:
            client.join(30)

    def twice(self, *nodes):
        """Creations that were sent more than once."""
        names = [script.json.loads(seen.body)["userName"] for node in nodes for seen in node.seen if seen.method == "POST"]
        return [f"{name} was sent {names.count(name)} times" for name in set(names) if names.count(name) > 1][:3]
