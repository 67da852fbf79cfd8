"""scim2-client and scim2-cli live a user's and a group's life on every route of config.toml.

Both read what the route advertises, build their models from it, and refuse to send what those do not
allow and to read what those do not list: what they accept is what a typed client accepts.
"""

import json
import os
import subprocess
import sys
import tomllib

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_models import PatchOp, PatchOperation

import serve
from check import FAIL, PASS, Check

LIBRARY, COMMAND = "scim2-client", "scim2-cli"
BEARER = "Bearer demo-token"
USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
# Descope puts its resources into an envelope, which no standard client reads; Omni documents no
# discovery, from which a typed client makes its models.
UNSPEAKABLE = {"descope", "omni"}
# A user, as far as the route lists its attributes; and what is changed of it, the first that is listed.
USER = {"name": {"givenName": "Ann", "familyName": "Lee"}, "displayName": "Ann", "title": "One"}
CHANGED = ["displayName", "title", "nickName", "userName"]

def shipped():
    """The routes of config.toml whose clients a typed client can be: prefix and base."""
    config = tomllib.loads((serve.ROOT / "config.toml").read_text())
    for route in config["route"]:
        if route["client"] not in UNSPEAKABLE:
            variables = route.get("client_vars", {})
            base = f"/environments/{variables['environment']}/v2" if variables else "/scim/v2"
            yield route["prefix"], base


def checks(url):
    for prefix, base in shipped():
        for tool, life in ((LIBRARY, by_library), (COMMAND, by_command)):
            name = f"{tool}{prefix.replace('/', '-')}@corp.example"
            steps, at = life(f"{url}{prefix}{base}", name), "discover"
            try:
                for at in steps:
                    yield Check(tool, f"{prefix} {at}", PASS)
            except Exception as error:  # whatever a client refuses is what is being asked
                yield Check(tool, f"{prefix} after {at}", FAIL, " ".join(str(error).split())[:300])


def user_of(listed, name):
    """A user of what is listed, and the attribute that is changed."""
    body = {"userName": name, "emails": [{"value": name, "primary": True}], **USER}
    return {key: value for key, value in body.items() if key in listed}, first(CHANGED, listed)


def first(names, listed):
    return next(name for name in names if name in listed)


def by_library(base, name):
    """Yields each step that held."""
    with httpx2.Client(base_url=base, timeout=30, headers={"Authorization": BEARER}) as http:
        scim = SyncSCIMClient(http)
        scim.discover()
        yield "discover"
        model = scim.get_resource_model("User")
        listed = {field.serialization_alias or name for name, field in model.model_fields.items()}
        body, text = user_of(listed, name)
        made = scim.create(model(**body))
        yield "create"
        found = scim.query(model, made.id)
        assert found.user_name == body["userName"], "the user that is read is another"
        yield "read"
        field = python_name(model, text)
        setattr(found, field, f"two-{name}")
        assert getattr(scim.replace(found), field) == f"two-{name}", "the replacement is not shown"
        yield "replace"
        ops = [PatchOperation(op=PatchOperation.Op.replace_, path=text, value=f"three-{name}")]
        scim.modify(model, made.id, PatchOp[model](Operations=ops))
        assert getattr(scim.query(model, made.id), field) == f"three-{name}", "the change is not shown"
        yield "modify"
        groups = scim.get_resource_model("Group")
        if groups is not None:
            yield from group(scim, groups, made.id)
        scim.delete(model, made.id)
        assert http.get(f"/Users/{made.id}").status_code == 404, "the user is still there"
        yield "delete"


def group(scim, model, member):
    answer = scim.create(model(display_name="Ops"), raise_scim_errors=False)
    if str(getattr(answer, "status", "")) == "501":
        return  # a type that the upstream does not have is told so
    answer.display_name = "Operations"
    assert scim.replace(answer).display_name == "Operations", "the group's replacement is not shown"
    ops = [PatchOperation(op=PatchOperation.Op.add, path="members", value=[{"value": member}])]
    scim.modify(model, answer.id, PatchOp[model](Operations=ops))
    members = scim.query(model, answer.id).members or []
    assert [each.value for each in members] == [member], "the member is not shown"
    scim.delete(model, answer.id)
    yield "a group's life"


def python_name(model, attribute):
    for name, field in model.model_fields.items():
        if attribute in (name, field.serialization_alias):
            return name
    raise AssertionError(f"the route lists no {attribute}")


def by_command(base, name):
    """The same by the command line, each step a process of its own."""
    def run(*words, body=None):
        done = subprocess.run(
            [sys.executable, "-c", "from scim2_cli import cli; cli()", "--url", base, *words],
            input=None if body is None else json.dumps(body),
            env={**os.environ, "SCIM_CLI_HEADERS": f"Authorization: {BEARER}"},
            capture_output=True, text=True, timeout=60,
        )
        if done.returncode:
            raise AssertionError(f"{words[0]}: {done.stderr[-300:] or done.stdout[-300:]}")
        return json.loads(done.stdout) if done.stdout.strip() else None

    with httpx2.Client(timeout=30, headers={"Authorization": BEARER}) as http:
        schemas = http.get(f"{base}/Schemas").json()["Resources"]
    core = next(schema for schema in schemas if schema["id"] == USER_SCHEMA)
    body, text = user_of({attribute["name"] for attribute in core["attributes"]}, name)
    made = run("create", "user", body={"schemas": [USER_SCHEMA], **body})
    yield "create"
    found = run("query", "user", made["id"])
    yield "read"
    run("replace", "user", body={**found, text: f"two-{name}"})
    yield "replace"
    run("modify", "user", made["id"], "replace", text, f"three-{name}")
    assert run("query", "user", made["id"])[text] == f"three-{name}", "the change is not shown"
    yield "modify"
    run("delete", "user", made["id"])
    yield "delete"
