#!/usr/bin/env python3
"""README.md, followed literally: each block is run as it is printed, in a copy of nothing but this checkout.

    python3 tests/house/readme.py [all]

Without `all` the commands are left out that are longer than the rest together: `make install` and `make dist`, which
build with optimization. `make test` is what runs this. Fails at the first block that does not do what README says of it, and
at a block that this file does not know.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
# The address that README names, and that of the admin listener beside it.
ADDRESSES = ["127.0.0.1:8080", "127.0.0.1:9090"]
LONG = ["make install", "make dist"]
# A first build may be a part of it, in seconds.
PATIENCE = 1200


def blocks():
    """The fenced blocks: what stands after the fence, and the text."""
    return re.findall(r"^```([^\n]+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block(info):
    found = [text for name, text in blocks() if name == info]
    assert len(found) == 1, f"README has {len(found)} blocks `{info}`"
    return found[0]


def shell(text, **options):
    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=PATIENCE, **options)
    assert done.returncode == 0, f"{text}\n{done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def is_free(address):
    host, port = address.split(":")
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex((host, int(port))) != 0


@contextlib.contextmanager
def serving(line):
    """`make run`, from when it serves on; gives what it has printed, and ends all that it began."""
    taken = [address for address in ADDRESSES if not is_free(address)]
    assert not taken, f"README's gateway listens on {taken}, and something else does: end that first"
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        run = subprocess.Popen(["bash", "-c", line], cwd=ROOT, stdout=out, stderr=subprocess.DEVNULL, start_new_session=True)

        def printed():
            out.seek(0)
            return out.read()

        try:
            until = time.monotonic() + PATIENCE
            while is_free(ADDRESSES[0]):
                assert run.poll() is None and time.monotonic() < until, f"{line} does not serve: {printed()}"
                time.sleep(0.1)
            yield printed
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGTERM)
            run.wait(60)


def exchange():
    """The curl command as it is pasted, against the printed answer; blanks between JSON's words say nothing."""
    head, body = shell(block("sh client-request")).replace("\r", "").split("\n\n", 1)
    status, *headers = head.split("\n")
    printed = block("http client-answer")
    wanted_head, wanted_body = printed.split("{", 1)
    wanted_status, *wanted_headers = wanted_head.strip().split("\n")
    assert status.split(" ", 1)[1] == wanted_status, f"{status}, not {wanted_status}"
    named = {line.split(": ", 1)[0].lower(): line.split(": ", 1)[1] for line in headers}
    for line in wanted_headers:
        name, value = line.split(": ", 1)
        assert named.get(name.lower()) == value, f"{name}: {named.get(name.lower())}, not {value}"
    assert json.loads(body) == json.loads("{" + wanted_body), f"{body}\nis not\n{{{wanted_body}"


def pasted(printed):
    """The curl lines that `make run` prints: each works as it is. Says how many there are."""
    routes = len(re.findall(r"^\[\[route\]\]", (ROOT / "config.toml").read_text(encoding="utf-8"), re.MULTILINE))
    until = time.monotonic() + 30
    while printed().count("curl ") < routes and time.monotonic() < until:
        time.sleep(0.1)
    commands = [line[line.index("curl "):].strip() for line in printed().splitlines() if "curl " in line]
    assert len(commands) >= routes, f"{len(commands)} curl lines for {routes} routes"
    for command in commands:
        status = shell(command.replace("curl ", "curl -sS -o /dev/null -w '%{http_code}' ", 1))
        assert status in ("200", "201"), f"{command}\n{status}"
    return len(commands)


def followed(everything):
    known = {"text", "json stored", "http upstream-request", "sh client-request", "http client-answer", "sh", "toml config"}
    strange = [info for info, _ in blocks() if info not in known]
    assert not strange, f"nobody runs these blocks: {strange}"
    made, verbs = [text for info, text in blocks() if info == "sh"]
    ran = []
    for line in made.splitlines():
        line = line.split("#")[0].strip()
        if line == "make run":
            with serving(line) as printed:
                exchange()
                count = pasted(printed)
            ran.append(f"{line} (the exchange, and {count} curl lines that it prints)")
        elif line == "make test" or (line in LONG and not everything):
            continue
        elif line == "make install":
            with tempfile.TemporaryDirectory() as prefix:
                shell(f"{line} PREFIX={prefix}", cwd=ROOT)
                assert "scim-gateway" in shell(f"{prefix}/bin/scim-gateway --version")
            ran.append(line)
        else:
            shell(line, cwd=ROOT)
            ran.append(line)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "config.toml").write_text(block("toml config"), encoding="utf-8")
        (folder / "upstream.token").write_text("a-token-of-the-upstream", encoding="utf-8")
        user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann@corp.example"}
        (folder / "user.json").write_text(json.dumps(user), encoding="utf-8")
        path = f"{ROOT / 'target/debug'}:{os.environ['PATH']}"
        for line in verbs.splitlines():
            shell(line, cwd=folder, env={**os.environ, "PATH": path})
            ran.append(line.split("#")[0].strip())
    return ran


def curl():
    """README's exchange is pasted into a shell; a new machine may lack what it calls."""
    if not shutil.which("curl"):
        print("curl is missing: installing Debian's", file=sys.stderr)
        quietly = "apt-get install -qq curl || { apt-get update -qq && apt-get install -qq curl; }"
        subprocess.run(["bash", "-c", f"({quietly}) >/dev/null"], check=False)
    if not shutil.which("curl"):
        sys.exit("README's exchange is pasted into a shell and calls curl, which could not be installed: install it")


def main():
    curl()
    for line in followed(sys.argv[1:] == ["all"]):
        print(f"README: {line}")


main()
