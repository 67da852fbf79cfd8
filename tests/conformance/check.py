"""One check of one run, as every tool here reports it."""

from dataclasses import dataclass

PASS, FAIL, SKIP = "pass", "fail", "skip"


@dataclass
class Check:
    tool: str
    name: str
    outcome: str
    """`pass`, `fail` or `skip`."""
    reason: str = ""
    """Why it failed or was skipped, in the tool's words."""


def judged(tool, name, mistake):
    """A check that failed with the mistake, or passed where there is none."""
    return Check(tool, name, FAIL if mistake else PASS, mistake or "")
