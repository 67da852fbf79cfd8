"""scim-sanity's probe in strict mode, against one route.

Two things that it makes up are made to be there, since a server may check them: the attribute by which it
sees that a PUT took effect is one that the route's /Schemas lists, and a member is a user.
"""

import contextlib
import json
import uuid

import httpx2
from scim_sanity.probe import runner, tests

from check import FAIL, PASS, SKIP, Check

TOOL = "scim-sanity"
OUTCOMES = {"pass": PASS, "skip": SKIP}
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
MADE_UP = "fake-member-id"
CHANGED = ["displayName", "nickName", "title"]  # the first that a type's /Schemas lists as writable
LIFE, CLIENT = tests._crud_lifecycle, runner.SCIMClient


def checks(base, route):
    with httpx2.Client(base_url=base, timeout=60) as http, contextlib.ExitStack() as after:
        tests._crud_lifecycle = life(changed(http))
        runner.SCIMClient = CLIENT
        if route.get("members") == "checked":
            runner.SCIMClient = joining(after.enter_context(member(http)))
        found = runner.run_probe_api(base, token="none", strict=True, timeout=60)
    for result in found["results"]:
        outcome = OUTCOMES.get(result["status"], FAIL)
        reason = result.get("message") or result.get("detail") or ""
        yield Check(TOOL, result["name"], outcome, " ".join(str(reason).split()))


def changed(http):
    """By resource type, the attribute that the probe changes."""
    types = http.get("/ResourceTypes").json()["Resources"]
    schemas = {each["id"]: each["attributes"] for each in http.get("/Schemas").json()["Resources"]}
    fields = {}
    for kind in types:
        core = schemas[kind["schema"]]
        listed = {each["name"] for each in core if each["mutability"] == "readWrite"}
        fields[kind["name"]] = next((name for name in CHANGED if name in listed), CHANGED[0])
    return fields


def life(fields):
    def lived(client, rv, resource_type, *rest, **options):
        options["display_name_field"] = fields.get(resource_type, CHANGED[0])
        return LIFE(client, rv, resource_type, *rest, **options)

    return lived


@contextlib.contextmanager
def member(http):
    """The id of a user who is there for as long as the probe runs."""
    name = f"member-{uuid.uuid4()}@example.com"
    user = {"schemas": [USER], "userName": name, "displayName": "Member"}
    made = http.post("/Users", json=user).raise_for_status().json()
    try:
        yield made["id"]
    finally:
        http.delete(f"/Users/{made['id']}")


def joining(user):
    """The probe's client, with a user's id where it made one up."""

    class Joining(CLIENT):
        def patch(self, path, payload, *rest, **options):
            payload = json.loads(json.dumps(payload).replace(MADE_UP, user))
            return super().patch(path, payload, *rest, **options)

    return Joining
