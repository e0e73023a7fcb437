"""The schemas that follow from a mapping are exactly true."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from scim2_models import ResourceType, Schema, SchemaExtension, ScimProvider

from bridge.mapping import Translation
from bridge.mapping.catalog import AttributePath
from tests.mapping.mappings import ENTERPRISE, EXTENSION, GOTO, own

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
COMPUTED = {"User": "groups", "Group": "members"}


def attributes(translation: Translation) -> Iterator[tuple[AttributePath, dict[str, Any]]]:
    """Every attribute and sub-attribute that is published, by its path."""
    core, *extensions = translation.published
    for schema in (core, *extensions):
        urn = None if schema is core else schema["id"]
        for attribute in schema["attributes"]:
            yield AttributePath(urn, attribute["name"]), attribute
            for sub in attribute.get("subAttributes", ()):
                yield AttributePath(urn, attribute["name"], sub["name"]), sub


def published(translation: Translation) -> dict[str, dict[str, Any]]:
    return {str(path): attribute for path, attribute in attributes(translation)}


@pytest.mark.parametrize("translation", [GOTO.users, GOTO.groups])
def test_what_is_published_is_mapped_held_ignored_or_computed(translation: Translation) -> None:
    rules = translation.rules
    kept = {rule.path for rule in rules.rules} | set(rules.held) | set(rules.ignored)
    for path, _ in attributes(translation):
        whole = AttributePath(path.schema, path.name)
        parts = [
            each for each in kept if each.sub and AttributePath(each.schema, each.name) == whole
        ]
        is_computed = path.schema is None and path.name == COMPUTED[rules.catalog.resource_type]
        assert path in kept or whole in kept or is_computed or (parts and not path.sub), path
    known = {path for path, _ in attributes(translation)}
    # externalId is an attribute of every resource and of no schema (RFC 7643 §3.1).
    assert kept - known == {AttributePath(None, "externalId")}


@pytest.mark.parametrize("translation", [GOTO.users, GOTO.groups])
def test_each_rule_shows_in_the_characteristics(translation: Translation) -> None:
    shown = published(translation)
    for rule in translation.rules.rules:
        attribute = shown[str(rule.path)]
        assert attribute["mutability"] == ("readOnly" if rule.read_only else "readWrite"), rule.path
        is_named_by_rfc = str(rule.path) == "userName"
        assert attribute["required"] == (rule.required or is_named_by_rfc), rule.path
        if rule.values and rule.definition["type"] == "string":
            assert attribute["canonicalValues"] == rule.values.canonical_values
    for path in translation.rules.held:
        if str(path) in shown:
            assert shown[str(path)]["mutability"] == "readWrite"
            assert not shown[str(path)]["required"], path
            for sub in shown[str(path)].get("subAttributes", ()):
                assert not sub["required"], path


def test_the_schema_of_users_in_particular() -> None:
    shown = published(GOTO.users)
    assert {name for name, each in shown.items() if each["required"]} == {
        "userName", "name", "name.givenName", "name.familyName", "emails", "emails.value", "active",
    }  # fmt: skip
    read_only = {name for name, each in shown.items() if each["mutability"] == "readOnly"}
    assert {"groups", "groups.value", f"{EXTENSION}:status"} <= read_only
    assert not {"entitlements", "entitlements.value", "roles", "roles.value"} & read_only
    assert shown["password"]["mutability"] == "writeOnly"
    assert shown["userName"]["uniqueness"] == "server"
    assert "fr-CA" in shown["locale"]["canonicalValues"]
    assert "Europe/Berlin" in shown["timezone"]["canonicalValues"]
    assert shown[f"{EXTENSION}:invitedDate"]["type"] == "dateTime"
    assert shown[f"{ENTERPRISE}:manager.displayName"]["mutability"] == "readOnly"
    for name, each in shown.items():
        assert each.keys() >= {"type", "multiValued", "description", "required", "mutability"}, name
        assert "\n" not in (each["description"] or "")


def test_what_the_bridge_derives_is_not_demanded_of_requests() -> None:
    for translation, indispensable in ((GOTO.users, "userName"), (GOTO.groups, "displayName")):
        for schema in translation.accepted:
            for attribute in schema["attributes"]:
                assert attribute["required"] == (attribute["name"] == indispensable)
        assert translation.published != translation.accepted


def models_of(*translations: Translation) -> dict[str, Any]:
    """The models that the SCIM library builds of what is published."""
    schemas = [schema for each in translations for schema in each.published]
    types = []
    for each in translations:
        core, *extensions = each.published
        kind = each.rules.catalog.resource_type
        types.append(
            ResourceType(
                id=kind,
                name=kind,
                endpoint=f"/{kind}s",
                schema_=core["id"],
                schema_extensions=[
                    SchemaExtension(schema_=schema["id"], required=False) for schema in extensions
                ]
                or None,
            )
        )
    provider = ScimProvider.from_discovery(
        [Schema.model_validate(schema) for schema in schemas], types
    )
    return {each.name: provider.model_for(each.name) for each in types}


def test_the_library_builds_models_that_take_what_is_read() -> None:
    record = {
        "email": "ada@example.com",
        "firstName": "Ada",
        "lastName": "Lovelace",
        "status": "INVITED",
        "adminRoles": ["MANAGE_USERS"],
        "products": ["G2M"],
    }
    resource = GOTO.users.reading.resource(record, {ENTERPRISE: {"manager": {"value": "5"}}})
    extensions = [name for name in resource if name.startswith("urn:")]
    whole = {"schemas": [CORE, *extensions], "id": "1", **resource}
    model = models_of(GOTO.users, GOTO.groups)["User"]
    dumped = model.model_validate(whole).model_dump()
    assert {name: dumped[name] for name in resource} == resource


def test_an_own_mapping_changes_what_is_published(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users]
        held = ["externalId", "name.honorificPrefix"]
        ignored = ["password", "nickName"]
        [users.attributes]
        timezone = false
        displayName = { template = "{name.familyName}" }
        "urn:scim:schemas:extension:goto:1:User:level" = "level"
        [extensions."urn:scim:schemas:extension:goto:1:User".attributes]
        level = { type = "integer", description = "How high" }
        [values.locale]
        "nl-BE" = "nl_BE"
        """,
    )
    shown = published(mapping.users)
    assert {"title", "timezone", "name.middleName"}.isdisjoint(shown)
    assert "name.honorificPrefix" in shown
    assert ENTERPRISE not in [schema["id"] for schema in mapping.users.published]
    assert "nl-BE" in shown["locale"]["canonicalValues"]
    assert shown["displayName"]["mutability"] == "readOnly"
    assert shown["nickName"]["mutability"] == "readOnly"
    assert shown[f"{EXTENSION}:level"]["type"] == "integer"
    assert models_of(mapping.users, mapping.groups)
