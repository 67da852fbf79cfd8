#!/usr/bin/env python3
"""Records what two independent servers make of PATCH operations and filters: tests/scim/recorded/.

scim2-server and SCIMMY share nothing with this gateway. Each case is played directly on each of them;
what they then hold, or how they refuse, is written down with their versions. tests/scim/recorded.rs
holds the gateway's own reading of RFC 7644 against it. Run again only to record anew:

    tests/conformance/install && .tools/conformance/bin/python3 tests/conformance/record.py
"""

import importlib.metadata
import json
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import serve

WHERE = serve.ROOT / "tests/scim/recorded"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"

ANN = {
    "schemas": [USER, ENTERPRISE],
    "userName": "ann@corp.example",
    "externalId": "E-1",
    "active": True,
    "title": "Engineer",
    "nickName": "Annie",
    "name": {"givenName": "Ann", "familyName": "Lee", "middleName": "B"},
    "emails": [
        {"value": "ann@corp.example", "type": "work", "primary": True},
        {"value": "ann@home.example", "type": "home"},
    ],
    "phoneNumbers": [{"value": "+1.5550100", "type": "mobile"}],
    ENTERPRISE: {"department": "R&D", "employeeNumber": "701984"},
}
BOB = {"schemas": [USER], "userName": "bob@corp.example", "name": {"givenName": "Bob"}}


def op(kind, path=None, *value):
    said = {"op": kind}
    if path is not None:
        said["path"] = path
    if value:
        said["value"] = value[0]
    return said


MAIL = {"value": "new@corp.example", "type": "other"}

PATCHES = [
    # One leaf.
    *[[op(kind, "title", "Boss")] for kind in ("add", "replace")],
    [op("remove", "title")],
    [op("remove", "displayName")],
    [op("add", "displayName", "Ann Lee")],
    [op("replace", "displayName", "Ann Lee")],
    [op("replace", "active", False)],
    [op("replace", "TITLE", "Boss")],
    # Parts of a complex attribute.
    [op("replace", "name.givenName", "Anna")],
    [op("add", "name.honorificPrefix", "Dr.")],
    [op("remove", "name.middleName")],
    [op("remove", "name")],
    [op("add", "name", {"givenName": "Anna"})],
    [op("replace", "name", {"givenName": "Anna"})],
    # Without a path.
    [op("add", None, {"title": "Boss", "displayName": "Ann"})],
    [op("replace", None, {"title": "Boss", "name": {"givenName": "Anna"}})],
    [op("add", None, {"emails": [MAIL]})],
    [op("replace", None, {"emails": [MAIL]})],
    # Several values.
    [op("add", "emails", [MAIL])],
    [op("add", "emails", MAIL)],
    [op("add", "emails", [ANN["emails"][1]])],
    [op("replace", "emails", [MAIL])],
    [op("remove", "emails")],
    [op("remove", 'emails[type eq "home"]')],
    [op("remove", 'emails[type eq "none"]')],
    [op("remove", 'emails[value eq "ann@home.example"]')],
    [op("replace", 'emails[type eq "home"]', {"value": "b@home.example", "type": "home"})],
    [op("replace", 'emails[type eq "work"].value', "b@corp.example")],
    [op("replace", 'emails[type eq "none"].value', "b@corp.example")],
    [op("add", 'emails[type eq "home"].display', "At home")],
    [op("remove", 'emails[type eq "work"].primary')],
    [op("replace", 'emails[primary eq true].value', "b@corp.example")],
    [op("add", "emails", [{"value": "p@corp.example", "type": "other", "primary": True}])],
    [op("remove", 'phoneNumbers[type eq "mobile"].value')],
    [op("add", "phoneNumbers", [{"value": "+1.5550101", "type": "work"}])],
    # An extension.
    [op("replace", f"{ENTERPRISE}:department", "Sales")],
    [op("add", f"{ENTERPRISE}:costCenter", "C-1")],
    [op("remove", f"{ENTERPRISE}:department")],
    [op("add", None, {ENTERPRISE: {"division": "East"}})],
    [op("replace", f"{ENTERPRISE}:manager", {"value": "M-1"})],
    [op("add", f"{ENTERPRISE}:manager.value", "M-1")],
    # One after the other.
    [op("remove", "title"), op("add", "title", "Boss")],
    [op("add", "emails", [MAIL]), op("remove", 'emails[type eq "other"]')],
    [op("replace", "name.givenName", "A"), op("replace", "name", {"familyName": "L"})],
    # What has no meaning.
    [op("replace", "noSuchAttribute", "x")],
    [op("replace", "name.noSuchPart", "x")],
    [op("remove")],
    [op("replace", "title")],
    [op("replace", 'emails[type eq "work"', "x")],
    [op("replace", "id", "other")],
    [op("replace", "meta.created", "2020-01-01T00:00:00Z")],
]

FILTERS = [
    'userName eq "ann@corp.example"', 'userName eq "ANN@CORP.EXAMPLE"', 'userName ne "ann@corp.example"',
    'userName sw "ann"', 'userName ew ".example"', 'userName co "corp"', 'userName gt "b"', 'userName lt "b"',
    "title pr", "not (title pr)", "displayName pr", 'title eq "Engineer"', 'title eq "engineer"',
    'title ne "Engineer"', 'not (title eq "Engineer")', "active eq true", "active eq false", "active ne true",
    'externalId eq "E-1"', 'externalId eq "e-1"', 'name.givenName eq "Ann"', 'name.familyName pr', "name pr",
    'name.givenName co "n" or title pr', 'name.givenName co "o" and title pr', 'emails.value eq "ann@home.example"',
    'emails.type eq "home"', 'emails[type eq "home"]', 'emails[type eq "home" and value co "home"]',
    'emails[type eq "work" and value co "home"]', 'emails[type eq "home" or type eq "none"]',
    'not (emails[type eq "home"])', "emails pr", "phoneNumbers pr", 'phoneNumbers.value sw "+1"',
    'emails[primary eq true]', 'emails[not (type eq "work")]',
    f'{ENTERPRISE}:department eq "R&D"', f"{ENTERPRISE}:department pr", f'{ENTERPRISE}:employeeNumber sw "70"',
    f'{USER}:userName eq "ann@corp.example"',
    'userName sw "a" or userName sw "b" and title pr', '(userName sw "a" or userName sw "b") and title pr',
    "USERNAME SW \"ann\"", 'userName Eq "ann@corp.example"', 'title eq ""', "title eq null",
    'userName eq "nobody"', 'noSuchAttribute eq "x"', "userName eq", 'userName is "x"', "(userName pr",
]


def call(base, method, path, body=None):
    request = urllib.request.Request(
        base + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer demo", "Content-Type": "application/scim+json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            raw = answer.read()
            return answer.status, json.loads(raw) if raw else None
    except urllib.error.HTTPError as error:
        raw = error.read()
        try:
            return error.code, json.loads(raw)
        except ValueError:
            return error.code, None


def bare(resource):
    """Without what only the server writes; absent, null and empty are one."""
    def settled(value):
        if isinstance(value, dict):
            kept = {name: settled(inner) for name, inner in value.items()}
            return {name: inner for name, inner in kept.items() if inner not in (None, [], {})}
        return [settled(inner) for inner in value] if isinstance(value, list) else value

    return settled({k: v for k, v in resource.items() if k not in ("id", "meta", "schemas", "groups")})


def patches(base):
    for ops in PATCHES:
        status, made = call(base, "POST", "/Users", ANN)
        assert status == 201, (status, made)
        path = f"/Users/{made['id']}"
        status, answer = call(base, "PATCH", path, {"schemas": [PATCH], "Operations": ops})
        _, after = call(base, "GET", path)
        found = {"status": status, "after": bare(after)}
        if status >= 400:
            found["scimType"] = (answer or {}).get("scimType")
        yield found
        call(base, "DELETE", path)


def filters(base):
    ids = {}
    for user in (ANN, BOB):
        _, made = call(base, "POST", "/Users", user)
        ids[made["id"]] = user["userName"]
    for text in FILTERS:
        status, answer = call(base, "GET", "/Users?filter=" + urllib.parse.quote(text))
        if status == 200:
            found = sorted(ids[one["id"]] for one in answer.get("Resources", []))
            yield {"status": status, "found": found}
        else:
            yield {"status": status, "scimType": (answer or {}).get("scimType")}


def record(name, version, base, into):
    for kind, cases in (("patch", patches), ("filter", filters)):
        into[kind].append((f"{name} {version}", list(cases(base))))


def main():
    into = {"patch": [], "filter": []}
    packages = json.loads((serve.NODE_MODULES / "scimmy/package.json").read_text())
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        with serve.scim2_server(folder) as url:
            record("scim2-server", importlib.metadata.version("scim2-server"), url + "/scim/v2", into)
        with serve.scimmy(folder) as url:
            record("SCIMMY", packages["version"], url + "/scim/v2", into)
    asked = {"patch": PATCHES, "filter": FILTERS}
    for kind, answers in into.items():
        cases = [
            {"ask": ask, **{server: answered[at] for server, answered in answers}}
            for at, ask in enumerate(asked[kind])
        ]
        page = {"users": [bare(ANN), bare(BOB)], "cases": cases}
        WHERE.mkdir(exist_ok=True)
        (WHERE / f"{kind}.json").write_text(json.dumps(page, indent=1) + "\n")
        print(f"{kind}: {len(cases)} cases on {', '.join(server for server, _ in answers)}")


if __name__ == "__main__":
    main()
