"""A name server that stops answering, in a network and a file system of its own: calls go on to the addresses that
were found. Run by itself, `names.py` is what happens inside; `rows` starts it there."""

import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "conformance"))

NAME = b"\x08upstream\x04test\x00"
ENOUGH = 42.0  # seconds: addresses are fresh for 30
APART = ["unshare", "--user", "--map-root-user", "--mount", "--net"]
CONFIG = """
[server]
listen = ["127.0.0.1:{port}"]
[admin]
listen = "127.0.0.1:{admin}"
[upstream.named]
dialect = "scim"
url = "http://upstream.test:{named}"
[[route]]
prefix = "/named"
client = "scim"
upstream = "named"
auth = "none"
"""


def started():
    """The row, beside all others; None where this system gives nobody a network of their own."""
    if subprocess.run([*APART, "mount", "--bind", "/etc/hostname", "/etc/resolv.conf"], capture_output=True).returncode:
        return None
    command = [*APART, sys.executable, str(HERE / "names.py")]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def rows(running, report):
    name = "a name server that stops answering"
    if running is None:
        return report.skip(name, "no namespaces here (unshare --user --mount --net)")
    said = running.communicate(timeout=120)[0]
    try:
        words, wrong = json.loads(said.splitlines()[-1])
    except (ValueError, IndexError):
        words, wrong = "no result", [said]
    report.check(f"{name}: {words}", wrong)
    return None


class Server:
    """Knows one name, until it falls silent."""

    def __init__(self):
        self.silent, self.asked = False, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            question, client = self.socket.recvfrom(4096)
            self.asked += 1
            if not self.silent:
                self.socket.sendto(answer(question), client)


def answer(question):
    """The address to a question for it (A), and no record to any other (RFC 1035 section 4)."""
    end = question.index(b"\0", 12) + 5
    kind, found = question[end - 4:end - 2], question[12:end - 4] == NAME
    records = b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 1, 4) + bytes([127, 0, 0, 1]) if found and kind == b"\0\1" else b""
    flags = b"\x81\x80" if found else b"\x81\x83"
    return question[:2] + flags + b"\0\1" + struct.pack(">H", bool(records)) + b"\0\0\0\0" + question[12:end] + records


def loopback_up():
    """SIOCSIFFLAGS with IFF_UP."""
    import fcntl
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))


def main():
    import upstream as script
    from report import Report
    from rig import placed, rig

    loopback_up()
    with tempfile.TemporaryDirectory(prefix="chaos-names-") as name:
        folder, server = Path(name), Server()
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        subprocess.run(["mount", "--bind", folder / "resolv.conf", "/etc/resolv.conf"], check=True)
        upstream = script.Upstream()
        text = placed(CONFIG, named=upstream.port)
        with rig(folder, "names", text, Report()) as running:
            ask = lambda: running.status("GET", "/named/scim/v2/Users/1")  # noqa: E731
            first, asked = ask(), server.asked
            server.silent, slowest, got = True, 0.0, []
            end = time.monotonic() + ENOUGH
            while time.monotonic() < end:
                began = time.monotonic()
                got.append(ask())
                slowest = max(slowest, time.monotonic() - began)
                upstream.behave(script.well)  # a new connection for each call
                time.sleep(0.2)
            failed = running.metric("scim_gateway_upstream_name_lookups_total", 'result="failed"')
    bad = len(got) - got.count(200)
    wrong = [] if first == 200 and not bad and slowest < 1 else [f"{first}, then {bad} of {len(got)} fail"]
    wrong += [] if server.asked > asked and failed else [f"asked {server.asked - asked} times more, {failed} told"]
    print(json.dumps([f"{len(got)} calls in {ENOUGH:.0f} s, {bad} fail, the slowest {slowest:.2f} s", wrong]))


if __name__ == "__main__":
    main()
