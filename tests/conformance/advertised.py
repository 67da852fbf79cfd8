"""What a route says about itself, and that it does what it says.

/ServiceProviderConfig and /ResourceTypes have to say what the list in routes.toml says; what /Schemas calls
required cannot be removed, and what it calls readOnly cannot be written (RFC 7644 section 3.5.2).
"""

import uuid

import httpx2

from check import judged

TOOL = "advertised"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def checks(base, expected):
    with httpx2.Client(base_url=base, timeout=60) as http:
        config = http.get("/ServiceProviderConfig").json()
        types = http.get("/ResourceTypes").json()["Resources"]
        schemas = {each["id"]: each["attributes"] for each in http.get("/Schemas").json()["Resources"]}
        yield from listed(config, types, expected)
        for kind in types:
            made = http.post(kind["endpoint"], json=newcomer(kind)).raise_for_status().json()
            path = f"{kind['endpoint']}/{made['id']}"
            try:
                yield from kept(http, kind, path, schemas)
            finally:
                http.delete(path)


def listed(config, types, expected):
    for name, wanted in expected["features"].items():
        said = config.get(name, {}).get("supported")
        yield judged(TOOL, name, said != wanted and f"is {said}, has to be {wanted}")
    said = sorted(resource["name"] for resource in types)
    wanted = sorted(expected["resource_types"])
    yield judged(TOOL, "resource types", said != wanted and f"are {said}, have to be {wanted}")


def newcomer(kind):
    name = f"advertised-{uuid.uuid4()}@example.com"
    user = {"userName": name} if kind["name"] == "User" else {}
    return {"schemas": [kind["schema"]], "displayName": name[:40], **user}


def kept(http, kind, path, schemas):
    """No attribute that is required is removed, and none that is readOnly is written."""
    before = http.get(path).json()
    for words, operation in protected(kind, schemas):
        answer = http.patch(path, json={"schemas": [PATCH], "Operations": [operation]})
        mistake = None if refused(answer, words) else f"answered {answer.status_code}: {answer.text[:200]}"
        yield judged(TOOL, f"{kind['name']} {words}", mistake)
    same = http.get(path).json() == before
    yield judged(TOOL, f"{kind['name']} is as it was", not same and "a refused PATCH changed it")


def refused(answer, words):
    """Refused; or said to be lost, where the client may write what this upstream computes itself."""
    lost = answer.headers.get("SCIM-Gateway-Loss", "").split(", ")
    said = any(words.endswith(place.partition(".")[0]) for place in lost if place)
    return (answer.status_code == 400 and answer.json().get("scimType") == "mutability") or (
        answer.status_code == 200 and "readOnly" in words and said
    )


def protected(kind, schemas):
    """(name, operation) of what has to be refused."""
    extensions = kind.get("schemaExtensions", [])
    places = [("", each) for each in schemas[kind["schema"]]]
    for extension in extensions:
        urn = extension["schema"]
        places += [(f"{urn}:", each) for each in schemas[urn]]
        if extension["required"]:
            yield f"keeps the required {urn}", {"op": "remove", "path": urn}
        if all(each["mutability"] == "readOnly" for each in schemas[urn]):
            value = {each["name"]: "2026-01-01T00:00:00Z" for each in schemas[urn]}
            operation = {"op": "add", "path": urn, "value": value}
            yield f"takes nothing for the readOnly {urn}", operation
    for above, attribute in places:
        path = above + attribute["name"]
        if attribute["mutability"] == "readOnly":
            value = [{"value": "x"}] if attribute["multiValued"] else "x"
            operation = {"op": "replace", "path": path, "value": value}
            yield f"takes nothing for the readOnly {path}", operation
        elif attribute["required"]:
            yield f"keeps the required {path}", {"op": "remove", "path": path}
