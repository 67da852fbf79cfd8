"""Processes of one run: the gateway and the real servers behind it.

Each takes a free port, is awaited until it answers, and is stopped whatever happens.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = Path(os.environ.get("GATEWAY") or ROOT / "target/debug/scim-gateway")  # another build is tried so
NODE_MODULES = ROOT / ".tools/node/node_modules"
PATIENCE = 30.0  # seconds for a process to answer, and to end


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def process(name, command, log, **options):
    """Runs a command with its output in a file, and ends it on leaving."""
    with open(log, "w") as output:
        started = subprocess.Popen(
            [str(word) for word in command], stdout=output, stderr=subprocess.STDOUT, **options
        )
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()
            raise RuntimeError(f"{name} did not stop when it was asked to") from None


def await_answer(name, started, url, log, ready=lambda status: status < 500):
    """Asks until the answer's status is good; a process that ends is an error at once."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if ready(status_of(url)):
                return
        try:
            # Waits for the end of the process, which is also the pause between two questions.
            started.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        break
    raise RuntimeError(f"{name} does not answer:\n{Path(log).read_text()[-2000:]}")


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@contextlib.contextmanager
def scim2_server(folder):
    """scim2-server with one tenant, so that its base is /scim/v2; yields its URL."""
    port, log = free_port(), folder / "scim2-server.log"
    command = [sys.executable, "-m", "scim2_server.testserver.cli", "--port", port, "--tenant", "scim"]
    with process("scim2-server", command, log) as started:
        url = f"http://127.0.0.1:{port}"
        await_answer("scim2-server", started, f"{url}/scim/v2/ServiceProviderConfig", log)
        yield url


def why_no_scimmy():
    """What SCIMMY lacks on this machine, or None."""
    if shutil.which("node") is None:
        return "node is not installed (Debian: apt-get install nodejs npm), so SCIMMY cannot run"
    if not (NODE_MODULES / "scimmy-routers").is_dir():
        return "npm is not installed (Debian: apt-get install npm), so SCIMMY is not there"
    return None


@contextlib.contextmanager
def scimmy(folder):
    """SCIMMY behind Express; yields its URL."""
    port, log = free_port(), folder / "scimmy.log"
    program = ROOT / "tests/conformance/scimmy.cjs"
    environment = {"NODE_PATH": str(NODE_MODULES), "PATH": "/usr/local/bin:/usr/bin:/bin"}
    command = [shutil.which("node"), program, port]
    with process("SCIMMY", command, log, env=environment) as started:
        url = f"http://127.0.0.1:{port}"
        await_answer("SCIMMY", started, f"{url}/scim/v2/ServiceProviderConfig", log)
        yield url


class Gateway:
    """A running gateway: where it is, and what it cost."""

    def __init__(self, started, url):
        self.started, self.url = started, url

    def peak_memory(self):
        """The most memory it has had, in bytes; None where the system does not tell."""
        status = Path(f"/proc/{self.started.pid}/status")
        if not status.exists():
            return None
        lines = (line.split() for line in status.read_text().splitlines())
        return next((int(line[1]) * 1024 for line in lines if line[0] == "VmHWM:"), None)


@contextlib.contextmanager
def gateway(folder, upstreams):
    """The gateway with one route for each upstream; (upstream's TOML, overlay files) by name."""
    port, admin, log = free_port(), free_port(), folder / "gateway.log"
    text = f'[server]\nlisten = ["127.0.0.1:{port}"]\n[admin]\nlisten = "127.0.0.1:{admin}"\n'
    for name, (upstream, overlays) in upstreams.items():
        paths = [str(ROOT / "tests/conformance/overlays" / overlay) for overlay in overlays]
        text += f'\n{upstream}\n[[route]]\nprefix = "/{name}"\nclient = "scim"\n'
        text += f'upstream = "{name}"\noverlays = {json.dumps(paths)}\nauth = "none"\n'
    config = folder / "config.toml"
    config.write_text(text)
    with process("the gateway", [GATEWAY, "run", "--config", config], log) as started:
        url = f"http://127.0.0.1:{admin}/readyz"
        await_answer("the gateway", started, url, log, lambda status: status == 200)
        yield Gateway(started, f"http://127.0.0.1:{port}")


@contextlib.contextmanager
def shipped(folder):
    """The gateway with config.toml as it is shipped, on free ports; yields its URL."""
    port, admin, log = free_port(), free_port(), folder / "shipped.log"
    text = (ROOT / "config.toml").read_text()
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace("127.0.0.1:9090", f"127.0.0.1:{admin}")
    config = folder / "shipped.toml"
    config.write_text(text)
    with process("the gateway", [GATEWAY, "run", "--config", config], log) as started:
        url = f"http://127.0.0.1:{admin}/readyz"
        await_answer("the gateway", started, url, log, lambda status: status == 200)
        yield f"http://127.0.0.1:{port}"
