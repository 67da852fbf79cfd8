"""Bad input and awkward text, against one route: a clear answer, in bounded time and memory."""

import json
import time
import uuid

import httpx2

from check import judged

TOOL = "input"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
BULK = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
MOST_SECONDS = 10
MOST_GROWTH = 96 << 20  # bytes by which one route's bad input may raise the gateway's peak
# What ends a value, a test or a path too early in filters that are cut with regular expressions.
AWKWARD = [
    'Research and (Development) "R&D"',
    "a or b",
    'x" or userName pr or userName eq "',
    "back\\slash \\",
    "closing] bracket[",
    "percent %20 + plus",
]


def checks(base, bulk):
    with httpx2.Client(base_url=base, timeout=60) as http:
        user = make(http)
        try:
            yield from refused(http, user, bulk)
            yield from filters(http, user)
        finally:
            http.delete(f"/Users/{user['id']}")


def make(http):
    name = f"input-{uuid.uuid4()}@example.com"
    user = {"schemas": [USER], "userName": name, "title": "T", "displayName": "D"}
    user["emails"] = [{"value": name, "type": "work", "primary": True}]
    answer = http.post("/Users", json=user)
    answer.raise_for_status()
    return answer.json()


def refused(http, user, bulk):
    """Requests that cannot be done: a SCIM error with the status, soon."""
    path = f"/Users/{user['id']}"

    def patch(operations):
        return lambda: http.patch(path, json={"schemas": [PATCH], "Operations": operations})

    def find(text):
        return lambda: http.get("/Users", params={"filter": text})

    many = [{"op": "replace", "path": "displayName", "value": str(at)} for at in range(10_000)]
    circle = [
        {"method": "POST", "path": "/Users", "bulkId": at, "data": {"userName": f"bulkId:{to}"}}
        for at, to in (("a", "b"), ("b", "a"))
    ]
    search = {"schemas": [SEARCH], "filter": " or ".join(['title eq "x"'] * 10_000)}
    deep = "(" * 64 + 'userName eq "x"' + ")" * 64
    inner = "emails[" + "(" * 64 + 'value eq "x"' + ")" * 64 + "]"
    full = {"schemas": [BULK], "Operations": [{"method": "GET", "path": "/Users"}] * 10_000}
    nested = json.dumps({"schemas": [USER], "userName": "x"})[:-1]
    nested += ',"title":' + "[" * 100_000 + "]" * 100_000 + "}"
    typed = {"Content-Type": "application/scim+json"}
    cases = [
        ("PATCH without operations", patch([]), [400]),
        ("PATCH with an unknown op", patch([{"op": "rename", "path": "title"}]), [400]),
        ("PATCH with half a path", patch([{"op": "remove", "path": 'emails[type eq "work"'}]), [400]),
        ("PATCH with a remove of nothing", patch([{"op": "remove"}]), [400]),
        ("PATCH of id", patch([{"op": "replace", "path": "id", "value": "x"}]), [400]),
        ("PATCH that is an array", lambda: http.patch(path, json=[]), [400]),
        ("PATCH with 10,000 operations", patch(many), [400, 413]),
        ("PATCH of eight MiB", patch([{**many[0], "value": "x" * (8 << 20)}]), [413]),
        ("PATCH that is no JSON", lambda: http.patch(path, content="<xml/>", headers=typed), [400]),
        ("PATCH with a value path 64 deep", patch([{"op": "remove", "path": inner}]), [400]),
        ("a filter 64 deep", find(deep), [200, 400]),
        ("a filter of 10,000 terms", lambda: http.post("/Users/.search", json=search), [400, 413]),
        ("a filter without an end", find('userName eq "x'), [400]),
        ("a filter with an unknown operator", find('userName is "x"'), [400]),
        ("half a JSON body", lambda: http.post("/Users", content='{"userName"', headers=typed), [400]),
        ("JSON 100,000 deep", lambda: http.post("/Users", content=nested, headers=typed), [400, 413]),
        ("a page of two billion", lambda: http.get("/Users?count=2000000000"), [200]),
        ("a page before the first", lambda: http.get("/Users?startIndex=-5&count=1"), [200]),
        ("a page below zero", lambda: http.get("/Users?count=-1"), [200]),
        ("a page of letters", lambda: http.get("/Users?count=many"), [400]),
        (
            "bulk in a circle",
            lambda: http.post("/Bulk", json={"schemas": [BULK], "Operations": circle}),
            [200, 400, 409] if bulk else [501, 404],
        ),
        ("bulk of 10,000 operations", lambda: http.post("/Bulk", json=full), [413] if bulk else [501, 404]),
        ("an unknown endpoint", lambda: http.get("/Nothing"), [404]),
        ("a filter on discovery", lambda: http.get("/Schemas?filter=id%20pr"), [403]),
    ]
    for name, ask, statuses in cases:
        began = time.monotonic()
        answer = ask()
        seconds = time.monotonic() - began
        yield judged(TOOL, name, unclear(answer, statuses, seconds) or undone(answer, name))


def unclear(answer, statuses, seconds):
    """What is wrong with an answer to bad input, or None."""
    if answer.status_code not in statuses:
        return f"answered {answer.status_code}, has to be one of {statuses}: {answer.text[:200]}"
    if seconds > MOST_SECONDS:
        return f"took {seconds:.1f} s"
    if answer.status_code >= 400:
        error = answer.json()
        clear = error.get("schemas") == [ERROR] and error.get("detail")
        if not clear or error.get("status") != str(answer.status_code):
            return f"is no SCIM error: {answer.text[:200]}"
    return None


def undone(answer, name):
    """What a good status hides: every operation of a circle fails, and a page is no larger than told."""
    if name == "bulk in a circle" and answer.status_code == 200:
        done = [each for each in answer.json()["Operations"] if int(each["status"]) < 400]
        return f"was done in part: {done}" if done else None
    if name == "a page of two billion" and answer.json()["itemsPerPage"] > 1000:
        return f"has {answer.json()['itemsPerPage']} on it"
    return None


def growth(before, after):
    """Whether one route's bad input cost too much; both in bytes, None where the system does not tell."""
    grown = 0 if before is None or after is None else after - before
    mistake = f"the peak grew by {grown >> 20} MiB" if grown > MOST_GROWTH else None
    return judged(TOOL, "memory is bounded", mistake)


def filters(http, user):
    """Values that hold what a filter is made of are still values; names are in any case."""
    path, name = f"/Users/{user['id']}", user["userName"]
    where = "displayName" if "displayName" in user else "title"
    for text in AWKWARD:
        patch = {"op": "replace", "path": where, "value": text}
        http.patch(path, json={"schemas": [PATCH], "Operations": [patch]}).raise_for_status()
        quoted = json.dumps(text)
        found = ids(http.get("/Users", params={"filter": f"{where} eq {quoted}"}))
        yield judged(TOOL, f"a filter for {text}", wrong(found, [user["id"]]))
    quoted = json.dumps(name.upper())
    for text in (f"USERNAME EQ {quoted}", f"Emails[ Type EQ \"work\" And Value EQ {quoted} ]"):
        found = ids(http.get("/Users", params={"filter": text}))
        shown = text.replace(quoted, '"…"')
        yield judged(TOOL, f"a filter in another case: {shown}", wrong(found, [user["id"]]))
    none = f'userName eq "nobody-{uuid.uuid4()}"'
    found = ids(http.get("/Users", params={"filter": none}))
    yield judged(TOOL, "a filter for nobody", wrong(found, []))


def ids(answer):
    if answer.status_code != 200:
        return f"{answer.status_code} {answer.text[:200]}"
    return [resource["id"] for resource in answer.json().get("Resources", [])]


def wrong(found, wanted):
    return None if found == wanted else f"found {found}, has to be {wanted}"
