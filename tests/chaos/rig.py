"""A gateway of their own for some rows: its configuration, what it answers, and what it says of itself."""

import contextlib
import http.client
import json
import re
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

import serve

HERE = Path(__file__).parent
TLS = HERE / "tls"
ANYBODY = ssl._create_unverified_context()  # a client that believes every certificate
GROWTH = 32  # MiB that a process may have grown by: the allocator keeps some of what it had
# Descriptors that may be open beside those of the start: the audit file and its head, and at the moment of the
# look a health check and the connection that its node has not closed.
LEFT = 4
# What is not 0 at rest.
STANDING = ("process_", "scim_gateway_build_info", "scim_gateway_rules_info", "scim_gateway_ready",
            "scim_gateway_reload_success_timestamp_seconds", "scim_gateway_upstream_node_up")


class Rig:
    def __init__(self, started, port, admin, folder, secure=False):
        self.started, self.port, self.admin, self.folder, self.secure = started, port, admin, folder, secure

    def connection(self, patience=30):
        return socket.create_connection(("127.0.0.1", self.port), timeout=patience)

    def leave(self, sent, after):
        """Sends, waits, and goes without a word (RST)."""
        with self.connection() as connection:
            connection.sendall(sent.encode())
            time.sleep(after)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def ask(self, method, path, body=None, patience=30, context=ANYBODY, **fields):
        """Status and body of one request on a connection of its own; 0 where there is no answer."""
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        if body is not None and not isinstance(body, (str, bytes)):
            body, fields = json.dumps(body), {"Content-Type": "application/scim+json", **fields}
        place, more = ("127.0.0.1", self.port), {"timeout": patience}
        kind = http.client.HTTPSConnection if self.secure else http.client.HTTPConnection
        more |= {"context": context} if self.secure else {}
        try:
            with contextlib.closing(kind(*place, **more)) as connection:
                connection.request(method, path, body, fields)
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""

    def status(self, method, path, body=None, **more):
        return self.ask(method, path, body, **more)[0]

    def audited(self, operation=None):
        file = self.folder / "audit.jsonl"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if operation in (None, line["operation"])]

    def verified(self, name="audit.jsonl"):
        """What `audit verify` has to say against an audit file, if anything."""
        command = [str(serve.GATEWAY), "audit", "verify", str(self.folder / name)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        return [] if run.returncode == 0 else [f"audit verify: {run.stdout}{run.stderr}"[:400]]

    def scrape(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.admin}/metrics", timeout=30) as answer:
            return answer.read().decode().splitlines()

    def metric(self, begins, holds=""):
        """The sum of all series that begin so and hold that."""
        lines = [line for line in self.scrape() if line.startswith(begins) and holds in line]
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines))

    def gauges(self):
        """Every gauge that is 0 in a gateway with nothing to do, by its series."""
        lines = self.scrape()
        names = {line.split()[2] for line in lines if line.startswith("# TYPE ") and line.endswith(" gauge")}
        series = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        return {name: float(value) for name, value in series
                if name.split("{")[0] in names and not name.startswith(STANDING)}

    def restless(self, but=()):
        """The gauges that are not 0."""
        return [f"{name} {value:g}" for name, value in self.gauges().items() if value and not name.startswith(but)]

    def reload(self, text):
        """Writes a configuration, and waits until it is in force."""
        before = self.metric('scim_gateway_reloads_total{outcome="applied"')
        (self.folder / "config.toml").write_text(text)
        self.started.send_signal(signal.SIGHUP)
        return self.until(lambda: self.metric('scim_gateway_reloads_total{outcome="applied"') > before)

    def log(self):
        return (self.folder / "gateway.log").read_text()

    def size(self):
        """Resident memory in MiB and the number of open file descriptors."""
        status = Path(f"/proc/{self.started.pid}/status").read_text()
        kibibytes = int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1))
        return kibibytes // 1024, len(list(Path(f"/proc/{self.started.pid}/fd").iterdir()))

    def until(self, holds, patience=serve.PATIENCE):
        """Whether something comes to hold; asks again and again, and fails where the process ends."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if holds():
                return True
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.started.wait(0.1)
                return False
        return False

    def at_rest(self, before, left=LEFT, growth=GROWTH, but=()):
        """What is not as it was, once idle connections have ended; and the figures."""
        memory_before, files_before = before

        def given_back():
            memory, files = self.size()
            # An allocator gives memory back some time after it was freed.
            return files <= files_before + left and memory <= memory_before + growth

        self.until(lambda: not self.restless(but) and given_back(), 15)
        memory, files = self.size()
        wrong = self.restless(but)
        wrong += [f"{files - files_before} descriptors more"] if files > files_before + left else []
        wrong += [f"{memory - memory_before} MiB more"] if memory > memory_before + growth else []
        return f"descriptors {files_before} and {files}, memory {memory_before} and {memory} MiB", wrong


@contextlib.contextmanager
def rig(folder, name, text, report, secure=False, but=(), **environment):
    """A gateway with this configuration; in the end it is at rest, with all that it had taken given back.

    `{port}` and `{admin}` in the text are free ports, every other brace is the text's own.
    """
    folder = Path(tempfile.mkdtemp(dir=folder))
    port, admin, log = serve.free_port(), serve.free_port(), folder / "gateway.log"
    (folder / "config.toml").write_text(placed(text, port=port, admin=admin))
    command = [serve.GATEWAY, "run", "--config", folder / "config.toml"]
    with serve.process("the gateway", command, log, env=environment) as started:
        serve.await_answer("the gateway", started, f"http://127.0.0.1:{admin}/readyz", log)
        running = Rig(started, port, admin, folder, secure)
        before = running.size()
        yield running
        figures, wrong = running.at_rest(before, but=but)
        wrong += ["a panic is in the log"] if "panic" in running.log() else []
        report.check(f"{name}: back at rest, {figures}", wrong)


def placed(text, **values):
    """Each `{name}` by its value."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", str(value))
    return text
