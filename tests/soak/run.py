"""Half an hour of everything: clients over HTTP/1.1 and HTTP/2, upstreams that misbehave at random, nodes that
restart, files that are rotated, reloads, operators' acts and an upgrade. In the end what upstreams did is held
against what clients were told and what the audit file says, and the process against what it was.

MINUTES=… is how long (30), GATEWAY=… the program (target/debug). Ends with 1 where an invariant does not hold.
"""

import contextlib
import http.client
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import namedtuple
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "chaos"), str(HERE.parent / "conformance")]

import judge  # noqa: E402
import rotated  # noqa: E402 (files and contexts are exchanged as in its rows)
import serve  # noqa: E402
import traffic  # noqa: E402
from report import Report  # noqa: E402
from rig import TLS, Rig, placed  # noqa: E402
from store import Store, undisturbed  # noqa: E402

MINUTES = float(os.environ.get("MINUTES", "30"))
CLIENTS = 8
EVERY = 6.0  # seconds between two acts
SHA256 = "9db7719165f3586a9babd2bee360bcec93b460fab3f6415be4013b528e4f6f4b"
# Base: of its accounts. Streams: bodies are not read. Bulk: the client's dialect has it. Shows: answers have
# displayName. Store: the upstream behind it, or none where it is inside the program: disturbed by nothing, and
# empty in a new process.
Route = namedtuple("Route", "base streams bulk shows store")
CARE = """
timeouts = { connect = "1s", idle = "2s", call = "2s" }
breaker = { failures = 10, share = 60, least = 20, window = "10s", pause = "1s", longest = "2s" }
retries = { most = 2, share = 20, pause = "50ms" }
"""
SERVER = """
[server]
listen = ["127.0.0.1:{port}"]
tls = { cert = "listener.pem", key = "listener.key" }
upgrade_socket = "upgrade.sock"
linger = "1s"
drain = "15s"
[server.limits]
client = "5s"
header_time = "3s"
body_time = "5s"
exchange = "12s"
[admin]
listen = "127.0.0.1:{admin}"
state = "state.json"
auth = [{ name = "ann", bearer_sha256 = "{sha256}" }]
[log]
level = "warn"
[audit]
file = "audit.jsonl"
[upstream.steady]
dialect = "scim"
url = "http://127.0.0.1:{steady}"
auth = { bearer = { file = "secret" } }
[upstream.pingone]
dialect = "pingone"
url = "sandbox:pingone"
auth = { bearer = { literal = "worker-access-token" } }
vars = { environment = "abfba8f6-49eb-49f5-a5d9-80ad5c98f9f6" }
"""
UPSTREAM = """
[upstream.{name}]
dialect = "{dialect}"
url = {urls}
auth = { bearer = { file = "secret" } }
{more}
"""
ROUTE = """
[[route]]
prefix = "/{prefix}"
client = "scim"
upstream = "{upstream}"
auth = [{ name = "soak", bearer_sha256 = "{sha256}" }]
{more}
"""


class World:
    """Upstreams, their configuration, and the gateway before them."""

    def __init__(self, folder, steady):
        self.folder, self.steady = folder, steady
        self.stores = {
            "plain": Store("plain", "/Users", 1),
            "omni": Store("omni", "/users", 2),
            "nodes": Store("nodes", "/Users", 3, (None, None)),
            "secure": Store("secure", "/Users", 4, (rotated.server("one"),)),
            "stream": Store("stream", "/Users", 5),
        }
        self.routes = {name: Route(f"/{name}/scim/v2", name == "stream", name not in ("stream", "omni"), True, store)
                       for name, store in self.stores.items()}
        self.routes["ping"] = Route("/ping/scim/v2", False, False, False, None)
        self.processes, self.acts, self.upgraded = [], [], float("inf")
        self.port, self.admin = serve.free_port(), serve.free_port()
        for name, source in {"listener.pem": "one.pem", "listener.key": "one.key", "ca.pem": "one-ca.pem"}.items():
            shutil.copy(TLS / source, folder / name)
        (folder / "secret").write_text("first")
        self.configure("extra")
        self.rig = self.start()

    def configure(self, extra):
        """The extra upstream's name changes from time to time; nothing else does."""
        text = SERVER
        for name, store in [*self.stores.items(), (extra, self.stores["plain"])]:
            scheme = "https" if name == "secure" else "http"
            more = CARE + ('ca = "ca.pem"\n' if name == "secure" else "")
            more += 'ejection = { failures = 3, pause = "1s", longest = "2s" }\n' if name == "nodes" else ""
            urls = json.dumps([f"{scheme}://127.0.0.1:{node.port}" for node in store.nodes])
            text += placed(UPSTREAM, name=name, dialect="omni" if name == "omni" else "scim", urls=urls, more=more)
            text += placed(ROUTE, prefix=name, upstream=name, more='mode = "passthrough"' if name == "stream" else "")
        text += placed(ROUTE, prefix="steady", upstream="steady", more="")
        text += placed(ROUTE, prefix="ping", upstream="pingone", more="")
        text = placed(text, port=self.port, admin=self.admin, steady=self.steady, sha256=SHA256)
        (self.folder / "config.toml.new").write_text(text)
        (self.folder / "config.toml.new").rename(self.folder / "config.toml")

    def start(self, *options):
        with open(self.folder / f"gateway-{len(self.processes)}.log", "w") as log:
            command = [str(serve.GATEWAY), "run", "--config", str(self.folder / "config.toml"), *options]
            self.processes.append(subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT))
        if not options:
            log = self.folder / "gateway-0.log"
            serve.await_answer("the gateway", self.processes[-1], f"http://127.0.0.1:{self.admin}/readyz", log)
        return Rig(self.processes[-1], self.port, self.admin, self.folder, secure=True)

    def logs(self):
        return "".join(log.read_text() for log in sorted(self.folder.glob("gateway-*.log")))

    def audits(self):
        return sorted(self.folder.glob("audit*.jsonl"))

    # Acts: what happens to a gateway while it runs.

    def reloads(self):
        self.rig.started.send_signal(signal.SIGHUP)

    def renames(self):
        self.configure(f"extra-{len(self.acts)}")

    def shows_another_certificate(self):
        self.other = not getattr(self, "other", False)
        for kind in ("pem", "key"):
            rotated.exchange(self.folder / f"listener.{kind}", TLS / f"{'two' if self.other else 'one'}.{kind}")

    def has_another_secret(self):
        (self.folder / "secret.new").write_text(f"secret-{len(self.acts)}")
        (self.folder / "secret.new").rename(self.folder / "secret")

    def believes_another_authority(self):
        """Both, then the upstream's new certificate, then the new one alone: nobody is refused for it."""
        self.authority = "one" if getattr(self, "authority", "one") == "two" else "two"
        both = "".join((TLS / f"{name}-ca.pem").read_text() for name in ("one", "two"))
        (self.folder / "both.pem").write_text(both)
        rotated.exchange(self.folder / "ca.pem", self.folder / "both.pem")
        time.sleep(5)
        store = self.stores["secure"]
        store.restart(store.nodes[0], rotated.server(self.authority))
        rotated.exchange(self.folder / "ca.pem", TLS / f"{self.authority}-ca.pem")

    def restarts_an_upstream(self):
        store = self.stores["plain"]
        store.restart(store.nodes[0])

    def restarts_a_node(self):
        store = self.stores["nodes"]
        store.restart(store.nodes[len(self.acts) % 2], pause=2)

    def has_a_storm(self):
        """Long enough for the breaker to open."""
        self.stores["omni"].storm = True
        time.sleep(4)
        self.stores["omni"].storm = False

    def pauses(self):
        self.operate("/routes/pause?route=/plain")
        time.sleep(1)
        self.operate("/routes/resume?route=/plain")

    def rearms(self):
        self.operate("/routes/rearm?route=/nodes")

    def rotates_the_audit_file(self):
        (self.folder / "audit.jsonl").rename(self.folder / f"audit-{len(self.acts):05}.jsonl")

    def operate(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.admin, timeout=10)
        with contextlib.closing(connection):
            connection.request("POST", path, headers={"Authorization": f"Bearer {traffic.TOKEN}"})
            answer = connection.getresponse()
            assert answer.status == 200, (path, answer.status, answer.read())

    def upgrade(self):
        """A new process takes the sockets; the old one's end and its size before."""
        size, old = self.rig.size(), self.processes[-1]
        self.rig = self.start("--upgrade")
        self.rig.until(lambda: (self.folder / "upgrade.sock").exists(), 30)
        self.upgraded = time.monotonic()
        old.send_signal(signal.SIGQUIT)
        code = old.wait(60)
        self.rig.until(lambda: serve.status_of(f"http://127.0.0.1:{self.admin}/readyz") == 200, 30)
        return size, code


World.ACTS = [World.reloads, World.shows_another_certificate, World.restarts_an_upstream, World.pauses, World.renames,
              World.restarts_a_node, World.rotates_the_audit_file, World.has_a_storm, World.has_another_secret, World.rearms,
              World.believes_another_authority]


def main():
    report, began, apart = Report(), time.monotonic(), multiprocessing.get_context("spawn")
    port, ended = apart.Queue(), apart.Event()
    apart.Process(target=undisturbed, args=(port, ended), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        world = World(Path(name), port.get(timeout=60))
        try:
            soak(world, report, apart)
        except BaseException:
            print(world.logs()[-3000:], file=sys.stderr)
            raise
        finally:
            ended.set()
            for process in world.processes:
                process.kill()
                process.wait()
    print(f"soak: {report.passed} passed, {report.failed} failed, {time.monotonic() - began:.0f} s", flush=True)
    return 1 if report.failed else 0


def soak(world, report, apart):
    ended, far_ended, results = threading.Event(), apart.Event(), apart.Queue()
    start = world.rig.size()
    far = [apart.Process(target=traffic.steady, args=(world.port, far_ended, results, two), daemon=True) for two in (False, True)]
    clients = [traffic.Client(number, world.port, world.routes, ended) for number in range(CLIENTS)]
    stranger = threading.Thread(target=traffic.strange, args=(world.port, ended), daemon=True)
    for one in [*far, *(client.thread for client in clients), stranger]:
        one.start()
    end, half, warm = time.monotonic() + MINUTES * 60, time.monotonic() + MINUTES * 30, None
    upgrade = None
    while time.monotonic() < end:
        act = world.ACTS[len(world.acts) % len(world.ACTS)]
        act(world)
        world.acts.append(act.__name__)
        if warm is None and len(world.acts) >= 4:
            warm = world.rig.size()
        if upgrade is None and time.monotonic() > half:
            warm = warm or world.rig.size()
            upgrade = world.upgrade()
        time.sleep(EVERY)
    last = world.rig.size()
    ended.set()
    far_ended.set()
    measured = [results.get(timeout=60) for _ in far]
    for one in [*far, *(client.thread for client in clients), stranger]:
        one.join(60)
    judge.all_of(report, world, clients, measured, {"start": start, "warm": warm, "upgrade": upgrade, "last": last}, MINUTES)


if __name__ == "__main__":  # the processes that measure read this file, too
    sys.exit(main())
