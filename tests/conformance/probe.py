"""scim-sanity's probe in strict mode, against one route."""

from scim_sanity.probe.runner import run_probe_api

from check import FAIL, PASS, SKIP, Check

TOOL = "scim-sanity"
OUTCOMES = {"pass": PASS, "skip": SKIP}


def checks(base):
    found = run_probe_api(base, token="none", strict=True, timeout=60)
    for result in found["results"]:
        outcome = OUTCOMES.get(result["status"], FAIL)
        reason = result.get("message") or result.get("detail") or ""
        yield Check(TOOL, result["name"], outcome, " ".join(str(reason).split()))
