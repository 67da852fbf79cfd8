"""Whether what was told, what was done and what was recorded are one; and the figures."""

import collections
import json
import subprocess
import time
from pathlib import Path

import serve
import traffic
from store import HANG

# What an answer may be that met a fault. Where none was met, a bound may still have refused it: 503 (the breaker, a
# paused route, Retry-After that is kept), 429 (the same, by what the upstream said).
MAY = {"hangs before": {504}, "hangs after": {504}, "closes before": {502}, "closes after": {502}, "500": {502},
       "503": {503}, "429": {429}, "garbage": {502}, "truncated": {502}}
# Bodies that are not read go through as they are.
STREAMED = MAY | {"500": {500}, "garbage": {200, 201, 204}, "truncated": {0, 200, 201, 502}, "hangs before": {504, 0}}
BOUNDS = {429, 503}
NOT_DONE = {400, 401, 403, 404, 409, 412, 413, 429, 503}
HANDOVER = 25  # seconds after an upgrade in which connections of the old process end
GROWTH = 64  # MiB above the size when it was warm
SHOWN = 20  # kinds of what is wrong


def all_of(report, world, clients, measured, sizes, minutes):
    asked = [one for client in clients for one in client.asked]
    recovered(report, world)
    rest(report, world, sizes)
    lines = audit(report, world)
    answers(report, world, asked, measured, lines)
    writes(report, world, asked, lines)
    faults = {fault for store in world.stores.values() for met in store.met.values() for fault in met}
    acts = {act.__name__ for act in world.ACTS}
    report.check("every fault and every act was there", sorted(set(MAY) - faults) + sorted(acts - set(world.acts)))
    bad = [line for line in world.logs().splitlines() if "panic" in line or 'cause="internal"' in line]
    report.check("no panic, no fault of the gateway's own", summary(bad))
    figures(world, asked, measured, sizes, lines, minutes)


def recovered(report, world):
    """Every route is served once the upstreams behave."""
    for store in world.stores.values():
        store.calm()
    wrong = []
    for name, route in world.routes.items():
        answered = 0
        end = time.monotonic() + 20
        # Nodes that are out come back by a probe: both are asked some times.
        while answered < 12 and time.monotonic() < end:
            status = world.rig.status("GET", f"{route.base}/Users?count=1", Authorization=f"Bearer {traffic.TOKEN}")
            answered = answered + 1 if status == 200 else 0
            time.sleep(0.2)
        wrong += [] if answered == 12 else [f"{name}: {status}"]
    report.check("every route is served once its upstream is well", wrong)


def rest(report, world, sizes):
    world.rig.until(lambda: not world.rig.restless(), 10)
    (_, descriptors), warm = sizes["start"], sizes["warm"][0]
    shown, wrong = world.rig.at_rest((warm, descriptors), growth=GROWTH)
    report.check(f"back at rest, every gauge 0: {shown}", wrong)
    peak = Path(f"/proc/{world.processes[-1].pid}/status").read_text().split("VmHWM:")[1].split()[0]
    sizes["peak"] = int(peak) // 1024
    sizes["rest"] = world.rig.size()
    code = sizes["upgrade"][1]
    report.check(f"the process before the upgrade ends with {code}", [] if code == 0 else [code])
    world.processes[-1].terminate()
    code = world.processes[-1].wait(30)
    report.check(f"the process after it ends with {code}", [] if code == 0 else [code])


def audit(report, world):
    files = world.audits()
    command = [str(serve.GATEWAY), "audit", "verify", *map(str, files)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    report.check(f"audit verify of {len(files)} files: {run.stdout.strip()[-200:]}",
                 [] if run.returncode == 0 else [run.stdout[-1000:] + run.stderr[-1000:]])
    lines = collections.defaultdict(list)
    for file in files:
        for text in file.read_text().splitlines():
            line = json.loads(text)
            lines[line.get("request_id")].append(line)
    return lines


def answers(report, world, asked, measured, lines):
    wrong = []
    for one in asked:
        may = allowed(world, one)
        if one.operation != "bulk" and one.status not in may:
            wrong.append(f"{one.route} {one.operation}: {one.status}, may be {sorted(may)}, {trail(world, one)}")
        bad = set(one.several) - may - {201}
        wrong += [f"{one.route} bulk: {sorted(bad)}, {trail(world, one)}"] if bad else []
        wrong += one.wrong
    report.check(f"{len(asked)} answers are what their faults allow", summary(wrong))
    bad = [text for _, _, wrong, _ in measured for text in wrong]
    done = sum(done for *_, done in measured)
    recorded = sum(line["route"] == "/steady" and line["outcome"] == "done" for mine in lines.values() for line in mine)
    bad += [] if recorded == done else [f"{recorded} lines of what was done"]
    report.check(f"the undisturbed route is undisturbed: {done} writes", summary(bad))


def allowed(world, one):
    route = world.routes[one.route]
    may = set(traffic.SUCCESS[one.operation])
    # A client that left, or one whose connection ended with the old process.
    if one.status == 0 and (one.left or world.upgraded - 1 < one.ended < world.upgraded + HANDOVER):
        may.add(0)
    if route.store is None:
        # What the program held is gone with the process.
        gone = one.ended > world.upgraded - 1 and one.operation in ("read", "replace", "modify", "delete")
        return may | ({404} if gone else set())
    may |= BOUNDS
    for fault in route.store.met.get(one.trace, []):
        may |= (STREAMED if route.streams else MAY)[fault]
    # While a node is restarted its connections end, and so does what was under way at it before.
    if any(began < one.ended and one.began < end + HANG for began, end in route.store.gone):
        may |= {502, 503, 504}
        may |= {0} if route.streams else set()
    return may


def trail(world, one):
    store = world.routes[one.route].store
    return f"trace {one.trace} met {store.met.get(one.trace, []) if store else []}"


def writes(report, world, asked, lines):
    twice, lost, told, unrecorded, misrecorded = [], [], [], [], []
    for one in asked:
        store, mine = world.routes[one.route].store, lines.get(one.trace, [])
        if not one.writes:
            continue
        if one.status and not mine:
            unrecorded.append(f"{one.route} {one.operation}: {one.status}, {trail(world, one)}")
        if store is None:
            continue
        done = store.written.get(one.trace, [])
        twice += [f"{one.route} {one.operation}: {done}" for write in set(done) if done.count(write) > 1]
        if one.operation == "bulk":
            told += [f"bulk: {one.several}, done {done}"] if one.several and one.several.count(201) > len(done) else []
        elif len(done) > 1:
            twice.append(f"{one.route} {one.operation}: {done}")
        elif one.status in traffic.SUCCESS[one.operation] and not done:
            told.append(f"{one.route} {one.operation}: {one.status} and not done, {trail(world, one)}")
        elif one.status in NOT_DONE and done:
            lost.append(f"{one.route} {one.operation}: {one.status} and done, {trail(world, one)}")
        if len(mine) < len(done):
            unrecorded.append(f"{one.route} {one.operation}: {len(done)} done, {len(mine)} lines, {trail(world, one)}")
        unread = set(store.met.get(one.trace, [])) & {"garbage", "truncated"}
        failed = any(line["outcome"] in ("refused", "failed") for line in mine)
        if done and failed and one.operation != "bulk" and not unread:
            misrecorded.append(f"{one.route} {one.operation}: {mine[0]['outcome']} {mine[0]['cause']}, {trail(world, one)}")
    known = {one.trace for one in asked}
    written = [(name, *of) for name, store in world.stores.items() for of in store.written.items()]
    strange = [f"{name} {done}" for name, trace, done in written if trace not in known]
    total = sum(len(done) for _, _, done in written)
    report.check(f"{total} writes at upstreams: none is done twice", summary(twice))
    report.check("none is told as done that is not", summary(told))
    report.check("none is told as refused that is done", summary(lost))
    report.check("each that was done or answered has its line in the audit", summary(unrecorded))
    report.check("no line calls failed what was done", summary(misrecorded))
    report.check("each was asked for", summary(strange))


def summary(wrong):
    """How many there are of each kind, and the first of it."""
    kinds = {}
    for text in wrong:
        kinds.setdefault(text.split(", trace ")[0], []).append(text)
    most = sorted(kinds.values(), key=len, reverse=True)
    return [f"{len(wrong)} of them", *(f"{len(kind)} times: {kind[0]}" for kind in most[:SHOWN])] if wrong else []


def figures(world, asked, measured, sizes, lines, minutes):
    statuses = collections.Counter(one.status for one in asked)
    faults = collections.Counter(fault for store in world.stores.values() for met in store.met.values() for fault in met)
    outcomes = collections.Counter(line["outcome"] for mine in lines.values() for line in mine if line.get("outcome"))
    total = len(asked) + sum(len(seconds) for _, seconds, *_ in measured)
    left = sum(one.left for one in asked)
    print("\n| | |\n|---|---|")
    row("minutes", f"{minutes:g}")
    row("requests", f"{total}, {total / minutes / 60:.0f} a second; {left} clients left before their answer")
    row("calls to upstreams", str(sum(store.calls for store in world.stores.values())))
    row("faults of upstreams", f"{sum(faults.values())}: " + listed(faults))
    row("acts", f"{len(world.acts)} and an upgrade: " + listed(collections.Counter(world.acts)).replace("_", " "))
    row("statuses of the disturbed routes", listed(statuses))
    row("writes done at upstreams", str(sum(len(done) for store in world.stores.values() for done in store.written.values())))
    row("lines of the audit", f"{sum(map(len, lines.values()))}: " + listed(outcomes))
    for name, seconds, *_ in measured:
        ordered = sorted(seconds)
        at = [ordered[min(len(ordered) - 1, len(ordered) * share // 1000)] * 1000 for share in (500, 990, 999)]
        times = f"p50 {at[0]:.1f} ms, p99 {at[1]:.1f} ms, p99.9 {at[2]:.0f} ms"
        row(f"the undisturbed route, {name}", f"{len(ordered)} requests, {times}")
    named = {"before traffic": sizes["start"], "under load, when warm": sizes["warm"],
             "under load, before the upgrade": sizes["upgrade"][0], "under load, at the end": sizes["last"],
             "at rest": sizes["rest"]}
    for name, (memory, descriptors) in named.items():
        row(name, f"{memory} MiB, {descriptors} descriptors")
    row("most memory after the upgrade", f"{sizes['peak']} MiB")
    print(flush=True)


def row(name, text):
    print(f"| {name} | {text} |")


def listed(counter):
    return ", ".join(f"{count} {name or 'without an answer'}" for name, count in counter.most_common())
