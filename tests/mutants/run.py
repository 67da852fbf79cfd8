#!/usr/bin/env python3
"""Mutants of the engine, drawn by a seed: which of them the tests catch (docs/laws.md).

Usage: run.py SEED N [--again]

Draws N mutants of cargo-mutants, as many from each of four rooms, and for each runs the test binaries
nearest to its room first; the first test that fails catches it, and nothing more is run. Outcomes are kept in
target/mutants/<seed>.json as they come: a run that was broken off goes on where it was. Prints the share
that was caught with its 95 % interval (Wilson), and what survived.
"""

import contextlib
import json
import math
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# The rooms, each with the test binaries of its mutants, nearest first.
ROOMS = {
    "scim": ["scim", "gateway", "laws", "exchange", "engine", "lib"],
    "rewrite": ["engine", "laws", "diagnostics", "gateway", "exchange", "lib"],
    "gateway": ["gateway", "exchange", "laws", "engine", "lib"],
    "exchange": ["exchange", "gateway", "laws", "lib"],
}
# A mutant may never end: this long for one test binary, in seconds.
PATIENCE = int(os.environ.get("MUTANTS_PATIENCE", "600"))


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


def changed(text, span, replacement):
    """The text with the replacement at a span; lines and columns begin at 1."""
    lines = text.splitlines(keepends=True)
    def at(place):
        return sum(map(len, lines[: place["line"] - 1])) + place["column"] - 1
    return text[: at(span["start"])] + replacement + text[at(span["end"]) :]


def fails(command, tree):
    """Whether a test of a binary fails, and its name; it is ended at the first one that does."""
    run = subprocess.Popen(
        command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True,
    )
    out_of_patience = threading.Event()

    def end():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)

    def give_up():
        out_of_patience.set()
        end()

    clock = threading.Timer(PATIENCE, give_up)
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


def outcome(tree, room, mutant):
    """What becomes of a mutant: caught and by which test, unviable, or survived."""
    file = tree / mutant["file"]
    file.write_text(changed(file.read_text(), mutant["span"], mutant["replacement"]))
    try:
        for name in ROOMS[room]:
            binary = ["--lib"] if name == "lib" else ["--test", name]
            command = ["cargo", "test", "--locked", *binary]
            built = subprocess.run([*command, "--no-run"], cwd=tree, capture_output=True)
            if built.returncode:
                return "unviable", "it does not compile"
            if caught := fails(command, tree):
                return "caught", f"{name} {caught}"
        return "survived", ""
    finally:
        shutil.copyfile(ROOT / mutant["file"], file)


def wilson(caught, of):
    """The 95 % interval of a share."""
    z, share = 1.96, caught / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return middle - half, middle + half


def copied():
    """A copy of what git tracks, with a target folder of its own that is kept between runs."""
    tree = ROOT / "target/mutants/tree"
    tree.mkdir(parents=True, exist_ok=True)
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in files.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            here, there = ROOT / name, tree / name
            if not there.exists() or there.read_bytes() != here.read_bytes():
                shutil.copyfile(here, there)
    return tree


def main():
    seed, number = sys.argv[1], int(sys.argv[2])
    kept = ROOT / f"target/mutants/{seed}.json"
    kept.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(kept.read_text()) if kept.exists() and "--again" not in sys.argv else {}
    tree = copied()
    sample = drawn(seed, number)
    for at, (room, mutant) in enumerate(sample):
        name = mutant["name"]
        if name not in known:
            known[name] = [room, *outcome(tree, room, mutant)]
            kept.write_text(json.dumps(known, indent=1))
        print(f"{at + 1}/{len(sample)} {': '.join(filter(None, known[name][1:]))}  {name}", flush=True)
    ours = [known[mutant["name"]] for _, mutant in sample]
    for room in [*ROOMS, None]:
        of = [what for where, what, _ in ours if room in (where, None) and what != "unviable"]
        if of:
            caught = sum(what == "caught" for what in of)
            low, high = wilson(caught, len(of))
            where = room or "all"
            print(f"{where:<10}{caught}/{len(of)} caught = {caught / len(of):.1%} ({low:.1%} to {high:.1%})")
    print(f"seed {seed}; {len(ours) - sum(w != 'unviable' for _, w, _ in ours)} do not compile; survived:")
    for _, mutant in sample:
        if known[mutant["name"]][1] == "survived":
            print(f"  {mutant['name']}")


if __name__ == "__main__":
    main()
