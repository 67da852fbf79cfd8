"""Conformance: independent SCIM testers against translated routes of the real gateway.

    run.py [--bless] [--only ROUTE] [--verbose]

Prints a line for each check that did not pass and closes with the counts. Ends with 1 where a check
failed, where one was skipped that skips.toml does not name, where that list names a check that is run or
is not there, and where docs/conformance.md is not what the lists say (`--bless` writes it).
"""

import argparse
import contextlib
import sys
import tempfile
import time
import tomllib
from collections import Counter
from pathlib import Path

import advertised
import hostile
import page
import paging
import probe
import serve
import tester
import typed
from check import FAIL, PASS, SKIP, judged

HERE = Path(__file__).parent
MOST_MEMORY = 512 << 20  # bytes; the gateway at its largest, over everything in here
TOKEN = "conformance"


def main():
    options = arguments()
    routes = tomllib.loads((HERE / "routes.toml").read_text())["route"]
    skips = tomllib.loads((HERE / "skips.toml").read_text())["skip"]
    stale = documented(routes, skips, options.bless)
    chosen = {name: routes[name] for name in options.only or routes}
    report = Report(skips, chosen, options.verbose)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        drive(Path(folder), chosen, report)
        if not options.only:
            live(Path(folder), report)
    report.close(f"in {time.monotonic() - began:.0f} s")
    return 1 if report.bad or stale else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bless", action="store_true", help="write docs/conformance.md")
    parser.add_argument("--only", action="append", metavar="ROUTE", help="this route; repeatable")
    parser.add_argument("--verbose", action="store_true", help="print passed checks, too")
    return parser.parse_args()


def documented(routes, skips, bless):
    """Whether the page differs from the lists."""
    wanted = page.text(routes, skips)
    if bless:
        page.PAGE.write_text(wanted)
    stale = not page.PAGE.exists() or page.PAGE.read_text() != wanted
    if stale:
        print("FAIL docs/conformance.md is not what the lists say: run with --bless", flush=True)
    return stale


def drive(folder, routes, report):
    """Starts the servers and the gateway, and has every tool at every route."""
    (folder / "token").write_text(TOKEN)
    why = serve.why_no_scimmy()
    with contextlib.ExitStack() as running:
        upstreams = {}
        for name, route in routes.items():
            if route.get("server") == "scimmy" and why:
                report.absent(name, why)
                continue
            server = {"scim2_server": serve.scim2_server, "scimmy": serve.scimmy}.get(route.get("server"))
            url = running.enter_context(server(folder)) if server else ""
            given = route["upstream"].replace("{url}", url)
            given = given.replace("{token}", str(folder / "token"))
            upstreams[name] = given, route.get("overlays", [])
        gateway = running.enter_context(serve.gateway(folder, upstreams))
        for name in upstreams:
            base = f"{gateway.url}/{name}/scim/v2"
            route = routes[name]
            for checks in (
                advertised.checks(base, route),
                paging.checks(base),
                probe.checks(base, route),
                tester.checks(base),
            ):
                for check in checks:
                    report.add(name, check)
            before = gateway.peak_memory()
            for check in hostile.checks(base, route["features"]["bulk"]):
                report.add(name, check)
            report.add(name, hostile.growth(before, gateway.peak_memory()))
        memory = gateway.peak_memory()
        over = memory is not None and memory > MOST_MEMORY and f"{memory >> 20} MiB at its largest"
        report.add("the gateway", judged("input", "memory is bounded", over))


def live(folder, report):
    """Real clients on the routes of config.toml."""
    with serve.shipped(folder) as url:
        for check in typed.checks(url):
            report.add("config.toml", check)


class Report:
    """What was found, against what is known to be skipped."""

    def __init__(self, skips, routes, verbose):
        self.known = {}
        for entry in skips:
            for route in routes if entry["routes"] == "all" else entry["routes"]:
                if route in routes:
                    for name in entry["names"]:
                        self.known[route, entry["tool"], name] = entry["reason"]
        self.verbose, self.counts, self.bad = verbose, Counter(), 0

    def add(self, route, check):
        reason = self.known.pop((route, check.tool, check.name), None)
        self.counts[check.outcome] += 1
        if check.outcome == SKIP and reason:
            self.line("skip", route, check, reason)
        elif check.outcome == PASS and not reason:
            self.line("pass", route, check, "") if self.verbose else None
        else:
            self.bad += 1
            listed = f"listed as skipped, and is not ({check.reason})" if reason else check.reason
            self.line(check.outcome.upper(), route, check, listed)

    def absent(self, route, why):
        """A whole route that cannot be tested on this machine."""
        self.counts[SKIP] += 1
        self.known = {key: entry for key, entry in self.known.items() if key[0] != route}
        print(f"SKIPPED, ALL OF {route}: {why}", flush=True)

    def line(self, word, route, check, reason):
        print(f"{word} | {route} | {check.tool} | {check.name}{reason and ' | '}{reason}", flush=True)

    def close(self, when):
        for route, tool, name in self.known:
            self.bad += 1
            print(f"STALE | {route} | {tool} | {name} | listed as skipped, and there is no such check")
        passed, failed, skipped = (self.counts[outcome] for outcome in (PASS, FAIL, SKIP))
        bad = f"; {self.bad} of them not as they should be" if self.bad else ", all of them listed"
        print(f"{passed} passed, {failed} failed, {skipped} skipped {when}{bad}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
