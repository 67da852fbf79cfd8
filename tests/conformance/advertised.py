"""What a route must say about itself, by its own documents: /ServiceProviderConfig and /ResourceTypes."""

import httpx2

from check import judged

TOOL = "advertised"


def checks(base, expected):
    with httpx2.Client(base_url=base, timeout=60) as http:
        config = http.get("/ServiceProviderConfig").json()
        types = http.get("/ResourceTypes").json()["Resources"]
    for name, wanted in expected["features"].items():
        said = config.get(name, {}).get("supported")
        yield judged(TOOL, name, said != wanted and f"is {said}, has to be {wanted}")
    said = sorted(resource["name"] for resource in types)
    wanted = sorted(expected["resource_types"])
    yield judged(TOOL, "resource types", said != wanted and f"are {said}, have to be {wanted}")
