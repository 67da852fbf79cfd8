"""scim2-tester over HTTP, against one route.

The tester fills resources with random values. Three things it cannot know are told to it here, and
nothing that the gateway answers is judged more mildly: that a text has to be an e-mail address, that a
member without a `$ref` is a user all the same, and the name of an extension whose URN its path grammar
cannot read.
"""

import random
from collections import Counter

import httpx2
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server, filling

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


def examples(known):
    """Values for fields whose description in /Schemas names a format that the tester cannot see."""

    def example(path):
        value = known(path)
        binding = path.resolve()
        if value is not None or binding is None or binding.target_model is None:
            return value
        field = binding.target_model.model_fields.get(binding.target_field_name)
        if field is None or "An e-mail address." not in (field.description or ""):
            return None
        return f"user-{random.getrandbits(64):016x}@example.com"

    return example


def members(known):
    """The id of a new user for the `value` of a member where /Schemas has no `$ref` to follow."""

    def value(context, path, mutability=None, required=None):
        binding = path.resolve()
        model = binding.target_model if binding else None
        member = model is not None and model.__name__ == "Members" and "ref" not in model.model_fields
        if not (member and binding.target_field_name == "value"):
            return known(context, path=path, mutability=mutability, required=required)
        user = context.client.get_resource_model("User")
        return context.resource_manager.create_and_register(user).id

    return value


filling.get_random_example_value = examples(filling.get_random_example_value)
filling.generate_random_value = members(filling.generate_random_value)


def checks(base):
    """All that scim2-tester checks; each with a name that is the same in every run."""
    random.seed(7643)
    with httpx2.Client(base_url=base, timeout=60, transport=Renaming()) as http:
        results = check_server(SyncSCIMClient(http))
    seen = Counter()
    for result in results:
        name = named(result)
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} #{seen[name]}"
        reason = " ".join((result.reason or "").split())
        yield Check(TOOL, name, OUTCOMES.get(result.status, FAIL), reason)


def named(result):
    words = [result.resource_type, result.title]
    if isinstance(result.data, dict) and "urn" in result.data:
        words.append(result.data["urn"])
    elif (result.title or "").endswith("_methods"):
        words.extend((result.reason or "").split()[:2])
    return " ".join(word for word in words if word)
