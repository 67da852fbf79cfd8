"""A gateway whose standard error is a pipe that nobody reads: requests are answered, what the log lacks
is counted, and the process ends in time."""

import http.client
import subprocess
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import serve

CLIENTS = 8
EACH = 1500  # together more lines than a pipe and the queue hold
PATIENCE = 20.0
CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
linger = "1s"
drain = "2s"

[admin]
listen = "127.0.0.1:{admin}"

[upstream.within]
dialect = "scim"
url = "sandbox:scim"
auth = {{ bearer = {{ literal = "any-token" }} }}

[[route]]
prefix = "/t"
client = "scim"
upstream = "within"
auth = "none"
"""


def rows(_, report):
    port, admin = serve.free_port(), serve.free_port()
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        config = Path(name) / "config.toml"
        config.write_text(CONFIG.format(port=port, admin=admin))
        command = [str(serve.GATEWAY), "run", "--config", str(config)]
        nowhere = subprocess.DEVNULL
        started = subprocess.Popen(command, stdout=nowhere, stderr=subprocess.PIPE)
        try:
            serve.await_answer("the gateway", started, f"http://127.0.0.1:{port}/nowhere", "/dev/null")
            with ThreadPoolExecutor(CLIENTS) as pool:
                answered = sum(pool.map(lambda _: ask(port), range(CLIENTS)))
            wanted = CLIENTS * EACH
            wrong = [] if answered == wanted else [f"{wanted - answered} requests hang"]
            report.check(f"nobody reads the log: {answered} of {wanted} requests are answered", wrong)
            lost = counted(admin)
            report.check(f"nobody reads the log: {lost:.0f} lines are counted as lost", [] if lost > 0 else ["none"])
            began = time.monotonic()
            started.terminate()
            code = ended(started)
            took = time.monotonic() - began
            report.check(f"nobody reads the log: the process ends with {code} in {took:.1f} s",
                         [] if code == 0 and took < PATIENCE else [code])
        finally:
            started.kill()
            started.wait()


def ask(port):
    """How many of many requests on one connection are answered."""
    connection, answered = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE), 0
    try:
        for _ in range(EACH):
            connection.request("GET", "/t/scim/v2/Users?count=0")
            answered += connection.getresponse().read() != b""
    except OSError:
        pass
    finally:
        connection.close()
    return answered


def counted(admin):
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}/metrics", timeout=PATIENCE) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith("scim_gateway_log_lost_total "))


def ended(started):
    try:
        return started.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        return "no end"
