"""What scim2-tester is told that it cannot find out: by rules that hold for every route.

The tester builds its models from /Schemas, fills them with random values and compares what comes back.
Nothing that the gateway answers is judged more mildly here. What a rule takes out of a model is not
tested, and is given back by name as skipped.
"""

import random
import uuid

from scim2_models import BaseModel, ComplexAttribute, Extension, Mutability, Required
from scim2_tester import checker, filling
from scim2_tester.checkers import patch_add, patch_replace

UNLISTED = "/Schemas lists no `externalId` for this type; the tester's models have one, listed or not."
READ_ONLY = "All that this extension lists is readOnly, which the tester does not see of its bare URN."
# A removal is tried only of what has a value, and so of neither.
UNTRIED = ["check_add_attribute", "check_replace_attribute"]


def listening(known, skipped):
    """Builds the models from discovery, without what is not there to be written."""

    def describe(schemas, resource_types, config=None, policy=None):
        provider = known(schemas, resource_types, config, policy)
        listed = {schema.id: {each.name for each in schema.attributes or []} for schema in schemas}
        for kind in provider.resource_types:
            model = provider.model_for(kind)
            if "externalId" not in listed[str(kind.schema_)]:
                unwritable(model, "external_id")
                skipped.extend((kind.name, check, "externalId", UNLISTED) for check in UNTRIED)
            for name, extension in extensions(model):
                if all(read_only(extension, field) for field in attributes(extension)):
                    unwritable(model, name)
                    urn = extension.__schema__
                    skipped.extend((kind.name, check, urn, READ_ONLY) for check in UNTRIED)
        return provider

    return describe


def extensions(model):
    for name in model.model_fields:
        kind = model.get_field_root_type(name)
        if isinstance(kind, type) and issubclass(kind, Extension):
            yield name, kind


def attributes(extension):
    return [name for name in extension.model_fields if name not in Extension.model_fields]


def read_only(model, name):
    return model.get_field_annotation(name, Mutability) == Mutability.read_only


def unwritable(model, name):
    field = model.model_fields[name]
    others = [each for each in field.metadata if not isinstance(each, Mutability)]
    field.metadata = [*others, Mutability.read_only]


def said(value):
    """A value without what only a server writes: the tester never says that, and cannot expect it."""
    if isinstance(value, list):
        return [said(each) for each in value]
    if not isinstance(value, BaseModel):
        return value
    kind = type(value)
    names = [name for name in kind.model_fields if name != "schemas" and not read_only(kind, name)]
    return {name: said(getattr(value, name)) for name in names}


def equal(expected, actual):
    return said(expected) == said(actual)


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


def whole(known):
    """Fills a sub-attribute called `id`, too, which the tester takes for a resource's own."""

    def fill(context, obj, paths=None, mutability=None, required=None):
        known(context, obj, paths=paths, mutability=mutability, required=required)
        kind = type(obj)
        if isinstance(obj, ComplexAttribute) and "id" in kind.model_fields:
            wanted = required is None or kind.get_field_annotation("id", Required) in required
            if wanted and obj.id is None and not read_only(kind, "id"):
                obj.id = str(uuid.uuid4())
        return obj

    return fill


DESCRIBED = checker.ScimProvider.from_discovery
filling.get_random_example_value = examples(filling.get_random_example_value)
filling.generate_random_value = members(filling.generate_random_value)
filling.fill_with_random_values = whole(filling.fill_with_random_values)
patch_add.fields_equality = patch_replace.fields_equality = equal


def listen():
    """Has the next run's models built here; what they lack is in the list afterwards."""
    skipped = []
    checker.ScimProvider.from_discovery = staticmethod(listening(DESCRIBED, skipped))
    return skipped
