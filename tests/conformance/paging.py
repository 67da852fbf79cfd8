"""How a route's lists are paged, by what it says of that (RFC 9865 section 4); and that /Me is not there."""

import httpx2

import hostile
from check import judged

TOOL = "advertised"


def checks(base):
    with httpx2.Client(base_url=base, timeout=60) as http:
        said = http.get("/ServiceProviderConfig").json().get("pagination", {})
        users = [hostile.make(http)["id"] for _ in range(3)]
        try:
            yield from paged(http, said)
            yield judged(TOOL, "/Me", not_served(http.get("/Me")))
        finally:
            for user in users:
                http.delete(f"/Users/{user}")


def paged(http, said):
    """That lists are paged as RFC 9865 section 4 has the route say."""
    methods = [name for name in ("cursor", "index") if said.get(name) is True]
    yield judged(TOOL, "pagination", len(methods) < 2 and f"says {said}, has to have both")
    most = said.get("maxPageSize", 0)
    for name, query in (("default page", {}), ("largest page", {"count": most + 1})):
        size = len(http.get("/Users", params=query).json()["Resources"])
        bound = most if query else said.get("defaultPageSize", most)
        yield judged(TOOL, name, size > bound and f"has {size}, may have {bound}")
    whole, total = by_index(http)
    yield judged(TOOL, "pages by index", len(set(whole)) != total and f"{len(set(whole))} of {total}")
    found = by_cursor(http, total)
    yield judged(TOOL, "pages by cursor", found != whole and f"found {found}, has to be {whole}")
    wrong = http.get("/Users", params={"cursor": "nobody"})
    kind = wrong.json().get("scimType")
    yield judged(TOOL, "a cursor of nobody's", kind != "invalidCursor" and f"is {wrong.text[:200]}")


def by_index(http):
    """The ids of all pages, and the total that they name."""
    ids, total = [], 1
    while len(ids) < total:
        page = http.get("/Users", params={"startIndex": len(ids) + 1, "count": 2}).json()
        total = page["totalResults"]
        if not page["Resources"]:
            break
        ids += [resource["id"] for resource in page["Resources"]]
    return ids, total


def by_cursor(http, most):
    """The ids of all pages, from cursor to cursor; no more than there can be."""
    ids, cursor = [], ""
    while cursor is not None and len(ids) <= most:
        page = http.get("/Users", params={"cursor": cursor, "count": 2}).json()
        ids += [resource["id"] for resource in page["Resources"]]
        cursor = page.get("nextCursor")
    return ids


def not_served(answer):
    """None of these upstreams has /Me, whose answer is then 501 (RFC 7644 section 3.11)."""
    return answer.status_code != 501 and f"answered {answer.status_code}: {answer.text[:200]}"
