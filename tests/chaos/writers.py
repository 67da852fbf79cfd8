"""Writers: two at once of one account whose upstream has no versions, and removals that a route holds back or does
not count."""

import json
import re
import threading
import time
from pathlib import Path

import upstream as script
from rig import placed, rig

CONFIG = """
rules = "rules"
[server]
listen = ["127.0.0.1:{port}"]
[admin]
listen = "127.0.0.1:{admin}"
[audit]
file = "audit.jsonl"
[upstream.tiny]
dialect = "tiny"
url = "http://127.0.0.1:{tiny}"
[upstream.inactive]
dialect = "scim"
url = "http://127.0.0.1:{inactive}"
[upstream.within]
dialect = "scim"
url = "sandbox:scim"
auth = { bearer = { literal = "any-token" } }
[[route]]
prefix = "/tiny"
client = "scim"
upstream = "tiny"
replace = "reset"
auth = "none"
[[route]]
prefix = "/inactive"
client = "scim"
upstream = "inactive"
auth = "none"
[route.removals]
act = "trip"
count = 3
[[route]]
prefix = "/said"
client = "tiny"
upstream = "within"
auth = "none"
[route.removals]
act = "trip"
count = 2
"""
# As CONTRIBUTING.md has it, where it is no more than what these rows need.
TINY = {
    "schema.toml": """
version = 1
[user]
urn = "urn:ietf:params:scim:schemas:core:2.0:User"
resource = "User"
unknown = "refuse"
[[user.attribute]]
name = "login"
required = ["create", "replace"]
[[user.attribute]]
name = "displayName"
[[user.attribute]]
name = "enabled"
canonicalValues = ["Y", "N"]
""",
    "dialect.toml": """
version = 1
title = "Tiny"
base = "/api/v1"
media_type = "application/json"
authorization = "Bearer {token}"
[errors]
code_at = ["code"]
detail_at = ["message"]
codes = [{ code = "TAKEN", status = 409, scim_type = "uniqueness" }]
answer = { code = "{code}", message = "{detail}" }
answer_codes = [[409, "uniqueness", "TAKEN"], [0, "", "FAILED"]]
[user]
path = "people"
operations = ["create", "get", "replace", "delete", "list"]
put = "replace"
clear = "omit"
schemas_in_request = "none"
schemas_in_answer = "none"
matches_on = ["login"]
[user.filter]
attributes = [{ path = "login", operators = ["eq"] }]
[user.list]
paging = "index"
default_count = 50
max_count = 50
""",
    "user.toml": """
version = 1
[[map]]
canonical = "$.userName"
vendor = "$.login"
[[map]]
canonical = "$.active"
vendor = "$.enabled"
values = [[true, "Y"], [false, "N"]]
""",
}
USER = {"schemas": [script.USER], "userName": "someone@corp.example"}
PATCH = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]}
OFF = PATCH | {"Operations": [{"op": "replace", "path": "active", "value": False}]}
ROUNDS = 5
FILLING = 1 << 18  # bytes of a comment: a configuration that is read shows in what the process has read


def rows(folder, report):
    person = Person()
    tiny, inactive = script.Upstream(behaviour=person.answers), script.Upstream(behaviour=disabled)
    for name, text in TINY.items():
        (folder / "rules/tiny").mkdir(parents=True, exist_ok=True)
        (folder / "rules/tiny" / name).write_text(text)
    text = "#" * FILLING + placed(CONFIG.replace('"rules"', f'"{folder / "rules"}"'), tiny=tiny.port, inactive=inactive.port)
    but = ('scim_gateway_removal_breaker_tripped{route="/said"',)
    with rig(folder, "writers", text, report, but=but) as running:
        together(running, person, report)
        again(running, report)
        said(running, report)
        recorded(running, report)
        unmoved(running, person, report)


class Person:
    """One account without versions, read slowly."""

    def __init__(self):
        self.held, self.read = {}, threading.Event()

    def begin(self):
        self.held = {"id": "1", "login": "someone@corp.example", "displayName": "Before", "enabled": "Y"}
        self.read.clear()

    async def answers(self, request, writer, _):
        if request.method == "PUT":
            self.held = {**json.loads(request.body), "id": "1"}
        body = json.dumps(self.held).encode()
        if request.method == "GET":
            self.read.set()
            await script.asyncio.sleep(0.3)
        await script.say(writer, script.message(body).replace(b"scim+json", b"json"))
        return True


def together(running, person, report):
    """One changes the name, which takes a read and a write; the other disables the account between the two."""
    path, states = "/tiny/scim/v2/Users/1", []
    name = PATCH | {"Operations": [{"op": "replace", "path": "displayName", "value": "After"}]}
    for _ in range(ROUNDS):
        person.begin()
        first = threading.Thread(target=running.status, args=("PATCH", path, name))
        first.start()
        person.read.wait(5)
        status = running.status("PUT", path, USER | {"active": False})
        first.join()
        states.append((status, person.held.get("enabled")))
    # Who is told that it is done finds it done; who is told to come again (503) does.
    lost = [state for state in states if state[0] == 200 and state[1] != "N"]
    report.check(f"an account is disabled while another changes its name, {ROUNDS} times: {states[0]}",
                 lost or [state for state in states if state[0] not in (200, 503)])


async def disabled(request, writer, turn):
    """Accounts that are inactive already."""
    if request.method in ("GET", "PATCH", "PUT"):
        body = json.loads(script.user(request)) | {"active": False}
        await script.say(writer, script.message(json.dumps(body).encode()))
        return True
    return await script.well(request, writer, turn)


def again(running, report):
    """A provider's nightly synchronisation disables who is disabled."""
    got = [running.status("PATCH", f"/inactive/scim/v2/Users/{number}", OFF) for number in range(8)]
    tripped = running.metric('scim_gateway_removal_breaker_tripped{route="/inactive"')
    wrong = [] if set(got) <= {200, 204} and not tripped else [got]
    report.check(f"eight inactive accounts are disabled once more, where three may be: {sorted(set(got))}", wrong)


def said(running, report):
    """A client whose dialect calls it otherwise is held back all the same."""
    got = []
    for number in range(6):
        login = f"tiny-{number}@corp.example"
        _, made = running.ask("POST", "/said/api/v1/people", {"login": login, "enabled": "Y"})
        identity = json.loads(made).get("id")
        got.append(running.status("PUT", f"/said/api/v1/people/{identity}", {"login": login, "enabled": "N"}))
    tripped = running.metric('scim_gateway_removal_breaker_tripped{route="/said"')
    wrong = [] if got == [200, 200, 503, 503, 503, 503] and tripped else [f"{got}, tripped {tripped}"]
    report.check(f"six accounts are disabled in words of the client's own, where two may be: {got}", wrong)


def recorded(running, report):
    """What was refused has a line, too, and no line can be taken out unseen."""
    running.until(lambda: len(running.audited()) >= 30, 5)
    lines = running.audited()
    refused = [line for line in lines if line["outcome"] == "refused" or line["status"] == 503]
    too_large = running.status("POST", "/tiny/scim/v2/Users", b" " * (2 << 20))
    # A line may come a moment after its answer.
    running.until(lambda: running.audited()[-1]["status"] == 413, 5)
    last = running.audited()[-1:]
    wrong = [] if too_large == 413 and last[0]["status"] == 413 else [f"{too_large}, then {last}"]
    wrong += [] if len(refused) >= 4 else [f"{len(refused)} lines of what was refused"]
    wrong += running.verified()
    file = running.folder / "audit.jsonl"
    cut = file.read_text().splitlines(keepends=True)
    (running.folder / "other.jsonl").write_text("".join(cut[:3] + cut[4:]))
    wrong += ["a line that was taken out is not seen"] if not running.verified("other.jsonl") else []
    report.check(f"what was refused is recorded: {len(refused) + len(last)} of {len(lines) + 1} lines", wrong)


def unmoved(running, person, report):
    """The audit file lies in the configuration's folder, which is watched: its lines are no reason to read that."""
    def read():
        io = Path(f"/proc/{running.started.pid}/io").read_text()
        return int(re.search(r"rchar: (\d+)", io).group(1))

    person.begin()
    before, lines = read(), len(running.audited())
    for _ in range(10):
        running.status("PUT", "/tiny/scim/v2/Users/1", USER)
        time.sleep(0.15)  # longer than the watching waits for further changes
    grown, written = read() - before, len(running.audited()) - lines
    wrong = [] if written == 10 and grown < FILLING else [f"{written} lines, {grown} bytes"]
    report.check(f"ten audit lines beside the configuration: {grown // 1024} KiB are read", wrong)
