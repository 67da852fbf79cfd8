#!/usr/bin/env python3
"""Mutants of the engine, drawn by a seed: which of them the tests catch (docs/laws.md).

Usage: run.py SEED N [--again]

Draws N mutants of cargo-mutants, as many from each of four rooms, and builds the tests once with all of them in
it, each behind a switch (weave.py); what cannot be built so is built by itself. For each the test binaries run,
nearest to its room first; the first test that fails catches it, and nothing more is run. Outcomes are kept in
target/mutants/<seed>.json as they come: a run that was broken off goes on where it was. Prints the share that
was caught with its 95 % interval (Wilson), and what survived.
"""

import contextlib
import json
import math
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from weave import SWITCH, changed, weave

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ROOT / "target/mutants"
TREE = KEPT / "tree"
# The rooms, each with the test binaries of its mutants: nearest first, the longest last.
ROOMS = {
    "scim": ["lib", "scim", "gateway", "engine", "exchange", "laws"],
    "rewrite": ["lib", "engine", "gateway", "diagnostics", "exchange", "laws"],
    "gateway": ["lib", "gateway", "engine", "exchange", "laws"],
    "exchange": ["lib", "exchange", "gateway", "laws"],
}
BINARIES = sorted({name for names in ROOMS.values() for name in names})
# The package's own code is optimized: the tests of 200 mutants take longer than one build.
BUILD = ["cargo", "test", "--locked", "--no-run", "--message-format=json",
         "--config", "profile.dev.package.scim-gateway.opt-level=1"]
# So many mutants are tried at once.
JOBS = int(os.environ.get("MUTANTS_JOBS", os.cpu_count()))
# A mutant may never end: a binary has this many times as long as it takes without one, and two minutes at least.
PATIENCE = 10


def listed(room):
    """All mutants of a room, in the order that cargo-mutants has them."""
    said = subprocess.run(
        ["cargo", "mutants", "--list", "--json", "--file", f"src/{room}/**/*.rs"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )
    return json.loads(said.stdout)


def drawn(seed, number):
    """The sample: from each room a share, by the seed."""
    dice = random.Random(seed)
    sample = []
    rooms = list(ROOMS)
    for at, room in enumerate(rooms):
        share = number // len(rooms) + (at < number % len(rooms))
        mutants = listed(room)
        sample += [(room, mutant) for mutant in dice.sample(mutants, min(share, len(mutants)))]
    dice.shuffle(sample)
    return sample


def copied(but=()):
    """A copy of what git tracks, with a target folder of its own that is kept between runs."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in files.stdout.decode().split("\0"):
        if name and name not in but and (ROOT / name).is_file():
            written(TREE / name, (ROOT / name).read_bytes())


def written(path, data):
    """Writes a file that differs; one that does not keeps its time, so that it is not built again."""
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def built(names):
    """The test binaries' paths by their names, and the compiler's errors as (file, lines)."""
    flags = [flag for name in names for flag in (["--lib"] if name == "lib" else ["--test", name])]
    run = subprocess.run([*BUILD, *flags], cwd=TREE, capture_output=True, text=True)
    paths, errors = {}, []
    for line in run.stdout.splitlines():
        said = json.loads(line)
        if said.get("executable") and said["profile"]["test"]:
            kind = said["target"]["kind"]
            paths["lib" if "lib" in kind else said["target"]["name"]] = said["executable"]
        if said.get("reason") == "compiler-message" and said["message"]["level"] == "error":
            errors += [outermost(span) for span in said["message"]["spans"] if span["is_primary"]]
    if run.returncode and not errors:
        raise SystemExit(f"error: the tests cannot be built: {run.stderr[-2000:]}")
    return paths, errors


def outermost(span):
    """Where the code of a span stands in a file, were it made by a macro."""
    while span["expansion"] and span["expansion"]["span"]["file_name"].startswith("src/"):
        span = span["expansion"]["span"]
    return span["file_name"], range(span["line_start"], span["line_end"] + 1)


def woven(sample, kept):
    """Builds all mutants that can be built together: the binaries, the numbers of those that have to be built
    by themselves, and of those that do not compile. What is found is kept, lest it is built again."""
    by_file = {}
    for number, (_, mutant) in enumerate(sample, 1):
        by_file.setdefault(mutant["file"], []).append((number, mutant))
    alone, unviable = map(set, json.loads(kept.read_text()) if kept.exists() else ((), ()))
    copied(but=[*by_file, "src/lib.rs"])
    written(TREE / "src/woven.rs", SWITCH.encode())
    written(TREE / "src/lib.rs", (ROOT / "src/lib.rs").read_bytes() + b"\n#[doc(hidden)]\npub mod woven;\n")
    while True:
        files = {}
        for file, numbered in by_file.items():
            together = [one for one in numbered if one[0] not in alone | unviable]
            files[file], left = weave((ROOT / file).read_text(), together)
            alone |= set(left)
            written(TREE / file, files[file].text.encode())
        paths, errors = built(BINARIES)
        places = [(files[file], line) for file, lines in errors if file in files for line in lines]
        own = {number for file, line in places for number in file.own_at(line)}
        shared = {number for file, line in places if not file.own_at(line) for number in file.shared_at(line)}
        unviable |= own
        alone |= shared - own
        kept.write_text(json.dumps([sorted(alone), sorted(unviable)]))
        if not errors:
            return paths, alone, unviable
        if not own | shared:
            raise SystemExit(f"error: the mutants cannot be woven: {errors}")


def fails(path, number, seconds):
    """Whether a test of a binary fails with a mutant on, and its name; it is ended at the first one that does."""
    run = subprocess.Popen(
        [path], cwd=TREE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
        env={**os.environ, "MUTANT": str(number), "CARGO_MANIFEST_DIR": str(TREE), "INSTA_UPDATE": "no",
             "INSTA_WORKSPACE_ROOT": str(TREE)},
    )
    out_of_patience = threading.Event()

    def end():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)

    def give_up():
        out_of_patience.set()
        end()

    clock = threading.Timer(seconds, give_up)
    clock.start()
    try:
        for line in run.stdout:
            if line.startswith("test ") and line.rstrip().endswith("... FAILED"):
                return line.split()[1]
        if out_of_patience.is_set():
            return "by time"
        return "ended early" if run.wait() else None
    finally:
        clock.cancel()
        end()
        run.wait()


def timed(paths):
    """How long each binary takes with no mutant on, in seconds; they have to pass."""
    times = {}
    for name in BINARIES:
        begun = time.monotonic()
        if broken := fails(paths[name], 0, 3600):
            raise SystemExit(f"error: {name} fails without a mutant: {broken}")
        times[name] = time.monotonic() - begun
        print(f"{name} takes {times[name]:.0f} s", flush=True)
    return times


def outcome(paths, times, room, number):
    """What becomes of a mutant that is built: caught and by which test, or survived."""
    for name in ROOMS[room]:
        if caught := fails(paths[name], number, max(120, PATIENCE * times[name])):
            return "caught", f"{name} {caught}"
    return "survived", ""


def by_itself(times, room, mutant):
    """What becomes of a mutant that cannot be built with others: caught, unviable, or survived."""
    original = (ROOT / mutant["file"]).read_text()
    written(TREE / mutant["file"], changed(original, mutant).encode())
    try:
        paths, errors = built(ROOMS[room])
        return ("unviable", "it does not compile") if errors else outcome(paths, times, room, 0)
    finally:
        written(TREE / mutant["file"], original.encode())


def wilson(caught, of):
    """The 95 % interval of a share."""
    z, share = 1.96, caught / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def tried(seed, number, known, keep):
    """Every mutant of the sample that is not known yet."""
    sample = drawn(seed, number)
    left = [(at, room, mutant) for at, (room, mutant) in enumerate(sample, 1) if mutant["name"] not in known]
    if not left:
        return sample
    paths, alone, unviable = woven(sample, KEPT / f"{seed}.woven.json")
    print(f"{len(sample) - len(alone | unviable)} of {len(sample)} are built together", flush=True)
    times = timed(paths)

    def one(at, room, mutant):
        if at in unviable:
            keep(at, mutant, [room, "unviable", "it does not compile"])
        else:
            keep(at, mutant, [room, *outcome(paths, times, room, at)])

    with ThreadPoolExecutor(JOBS) as together:
        for ended in [together.submit(one, *entry) for entry in left if entry[0] not in alone]:
            ended.result()
    copied()
    (TREE / "src/woven.rs").unlink()
    for at, room, mutant in left:
        if at in alone:
            keep(at, mutant, [room, *by_itself(times, room, mutant)])
    return sample


def main():
    seed, number = sys.argv[1], int(sys.argv[2])
    file = KEPT / f"{seed}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(file.read_text()) if file.exists() and "--again" not in sys.argv else {}
    lock = threading.Lock()

    def keep(at, mutant, what):
        with lock:
            known[mutant["name"]] = what
            file.write_text(json.dumps(known, indent=1))
            print(f"{at} {': '.join(filter(None, what[1:]))}  {mutant['name']}", flush=True)

    sample = tried(seed, number, known, keep)
    ours = [known[mutant["name"]] for _, mutant in sample]
    for room in [*ROOMS, None]:
        of = [what for where, what, _ in ours if room in (where, None) and what != "unviable"]
        if of:
            caught = sum(what == "caught" for what in of)
            low, high = wilson(caught, len(of))
            print(f"{room or 'all':<10}{caught}/{len(of)} caught = {caught / len(of):.1%} ({low:.1%} to {high:.1%})")
    print(f"seed {seed}; {sum(what == 'unviable' for _, what, _ in ours)} do not compile; survived:")
    for _, mutant in sample:
        if known[mutant["name"]][1] == "survived":
            print(f"  {mutant['name']}")


if __name__ == "__main__":
    main()
