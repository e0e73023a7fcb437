"""Filters on resources as JSON mean what the SCIM library's filters mean on its models."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scim2_models import (
    InvalidFilterException,
    Resource,
    ScimFilter,
    ScimPolicy,
    SearchRequest,
    default_comparison_key,
)

from bridge.directory import Query
from bridge.directory.entries import Kind
from bridge.directory.filters import predicate
from bridge.directory.provider import accepting_provider, models
from bridge.directory.storage import model_of
from tests.conftest import SANDBOX_MAPPING, bridge_over, simulated

ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# The library's comparison, but for what is caseExact: that is compared as it was sent.
AS_SENT = ScimPolicy(
    comparison_key=lambda binding, text: (
        text if binding.case_exact else default_comparison_key(binding, text)
    )
)
EXTENSION = "urn:scim:schemas:extension:goto:1:User"
PROVIDER = accepting_provider(SANDBOX_MAPPING)
MODELS = models(PROVIDER)

# Users with what no seeded user has: several e-mails, binary values, removed and empty parts.
WANTED: list[dict[str, Any]] = [
    {
        "userName": "ada",
        "externalId": "AD-1",
        "title": 'Stra\u00dfe \\ "quoted"',
        "active": False,
        "emails": [
            {"value": "ada@home.example", "type": "home"},
            {"value": "Ada@work.example", "type": "work", "primary": True, "display": "Ada"},
        ],
        "phoneNumbers": [{"value": "+1"}, {"type": "work"}],
        "x509Certificates": [{"value": "AAEC"}, {"value": "/+8=", "display": "c"}],
        "photos": [{"value": "https://photos.example/ada", "type": "photo"}],
        "addresses": [{"country": "DE", "locality": "K\u00f6ln"}, {"country": "US"}],
        "profileUrl": "https://people.example/ada",
        "nickName": "Zoe\u0308 \u201cthe\u201d 'Great'",
        ENTERPRISE: {"department": "R&D", "manager": {"value": "AD-2"}},
    },
    {"userName": "Grace@Navy.example", "externalId": "ad-1", "title": "STRASSE"},
    {
        "userName": "zo\u00eb",
        "externalId": "Z\u00e9",
        "nickName": "ZO\u00cb",
        "title": "\u1e9e\u212a\u0130",
    },
    {
        "userName": "u\u0308ber",
        "externalId": "Ze\u0301",
        "name": {"givenName": "\u00dcber", "familyName": "Z"},
    },
]


@dataclass(repr=False)  # Its whole text would stand in every report of a failure.
class Sample:
    """The resources of one type as JSON and as models, and the values that stand in them."""

    kind: Kind
    resources: list[dict[str, Any]] = field(default_factory=list)
    models: list[Resource[Any]] = field(default_factory=list)
    values: dict[str, list[Any]] = field(default_factory=dict)

    def note(self, path: str, value: Any) -> None:
        """Take in the values below a path, those of several under one path."""
        if isinstance(value, list):
            for item in value:
                self.note(path, item)
            self.values.setdefault(path, [])
        elif isinstance(value, dict):
            joint = ":" if path.startswith("urn:") and path in MODELS_URNS else "."
            for name, part in value.items():
                self.note(f"{path}{joint}{name}" if path else name, part)
        elif value not in self.values.setdefault(path, []):
            self.values[path].append(value)


MODELS_URNS = {
    schema["id"]
    for translation in (SANDBOX_MAPPING.users, SANDBOX_MAPPING.groups)
    for schema in translation.published
}


async def sampled(folder: Path) -> dict[Kind, Sample]:
    """Look at a simulated account with a few users more."""
    samples: dict[Kind, Sample] = {kind: Sample(kind) for kind in MODELS}
    async with bridge_over(simulated(users=9, groups=3, seed=5), folder) as bridge:
        for wanted in WANTED:
            await bridge.directory.create("User", wanted)
        for kind, sample in samples.items():
            page = await bridge.directory.search(Query([kind], SearchRequest()))
            for entry in page.entries:
                resource = dict(entry.resource)
                sample.resources.append(resource)
                sample.models.append(model_of(entry, PROVIDER))
                for name, value in resource.items():
                    sample.note(name, value)
    for name in ("locale", "nickName", "members.value", "unheardOf", "emails.unheardOf"):
        for sample in samples.values():
            sample.values.setdefault(name, [])
    return samples


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> dict[Kind, Sample]:
    return asyncio.run(sampled(tmp_path_factory.mktemp("account")))


def literal(value: Any) -> str:
    """A value as it stands in a filter."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


OPERATORS = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")


def changed(draw: st.DrawFn, value: Any) -> Any:
    """A value or one that is near it: a part, another case, another moment."""
    if isinstance(value, str):
        start = draw(st.integers(0, max(len(value) - 1, 0)))
        end = draw(st.integers(start, len(value)))
        forms = [normalize(form, value) for form in ("NFC", "NFD")]
        cases = [value.upper(), value.lower(), value.casefold()]
        near = [value, *cases, *forms, value[:end], value[start:], value[start:end]]
        return draw(st.sampled_from(near))
    if isinstance(value, int) and not isinstance(value, bool):
        return value + draw(st.integers(-1, 1))
    return value


def comparison(draw: st.DrawFn, path: str, values: list[Any]) -> str:
    """A comparison of an attribute with a value that it could have, or a test for presence."""
    name = draw(st.sampled_from([path, path.upper() if ":" not in path else path]))
    operator = draw(st.sampled_from([*OPERATORS, "pr", "PR"]))
    if operator.lower() == "pr":
        return f"{name} {operator}"
    options = [*values, None, "x", ""]
    # By its number: to a strategy a list of 1 and one of True are the same.
    value = options[draw(st.integers(0, len(options) - 1))]
    return f"{name} {operator} {literal(changed(draw, value))}"


def term(draw: st.DrawFn, sample: Sample, depth: int) -> str:
    """Any filter: comparisons, values in brackets, and what joins them."""
    paths = sorted(sample.values)
    shapes = ["comparison"] * 4 + ["brackets"] * 2 + (["not", "and", "or"] if depth else [])
    shape = draw(st.sampled_from(shapes))
    if shape == "not":
        return f"not ({term(draw, sample, depth - 1)})"
    if shape in ("and", "or"):
        left, right = (term(draw, sample, depth - 1) for _ in range(2))
        return f"({left}) {shape} ({right})"
    path = draw(st.sampled_from(paths))
    if shape == "brackets" and "." in path.rpartition(":")[2]:
        whole, _, sub = path.rpartition(".")
        inner = comparison(draw, sub, sample.values[path])
        if draw(st.booleans()):
            other = draw(st.sampled_from([each for each in paths if each.startswith(whole + ".")]))
            more = comparison(draw, other.rpartition(".")[2], sample.values[other])
            inner = f"{inner} {draw(st.sampled_from(['and', 'or']))} not ({more})"
        return f"{whole}[{inner}]"
    if shape == "brackets":
        return f"{path}[{comparison(draw, 'value', sample.values[path])}]"
    return comparison(draw, path, sample.values[path])


@st.composite
def filters(draw: st.DrawFn, sample: Sample) -> str:
    """Any filter on the resources of one type."""
    return term(draw, sample, 2)


@pytest.mark.parametrize("kind", ["User", "Group"])
@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_a_filter_finds_what_the_library_finds(
    account: dict[Kind, Sample], kind: Kind, data: st.DataObject
) -> None:
    sample = account[kind]
    text = data.draw(filters(sample))
    assert_same(sample, text)


def assert_same(sample: Sample, text: str) -> None:
    """Each resource matches a filter where the library says so of its model."""
    model = MODELS[sample.kind]
    try:
        reference: ScimFilter[Any] = ScimFilter[model](text)  # type: ignore[valid-type]
    except InvalidFilterException:
        # The request is refused where it is read, and no predicate is made of it.
        assume(False)
        raise
    matches = predicate(ScimFilter(text), model)
    with AS_SENT:
        for resource, known in zip(sample.resources, sample.models, strict=True):
            assert matches(resource) == reference.match(known), (text, resource)


@pytest.mark.parametrize(
    "text",
    [
        f'{EXTENSION}:products[value eq "g2m"]',
        "schemas[VALUE pr and not (other pr)]",
        "emails[value.type pr]",
        'emails ne "ada@home.example"',
        'emails co "HOME"',
        "phoneNumbers.value eq null",
        "name.middleName eq null",
        "not (addresses[country pr])",
        'title eq "STRASSE"',
        'photos sw "https://"',
        'meta.created gt "2001-01-01T00:00:00+02:00"',
    ],
)
def test_filters_with_a_twist(account: dict[Kind, Sample], text: str) -> None:
    assert_same(account["User"], text)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('userName eq "ADA"', {"ada"}),
        ('externalId eq "AD-1"', {"ada"}),
        ('emails[type eq "home" and value co "home"]', {"ada"}),
        ('emails[type eq "home" and value co "work"]', set()),
        ("active eq false", {"ada"}),
        (f'{ENTERPRISE}:manager.value eq "AD-2"', {"ada"}),
        ('x509Certificates.value eq "AAEC"', {"ada"}),
        ('userName eq "\u00fcber"', {"u\u0308ber"}),
        ('meta.lastModified lt "2001-01-01T00:00:00Z"', set()),
        ("unheardOf pr", set()),
        ("nickName eq \"zo\u00eb \u201cTHE\u201d 'great'\"", {"ada"}),
        ('nickName sw "zoe\u0308"', {"ada", "zo\u00eb"}),
        ('externalId eq "Z\u00e9"', {"zo\u00eb"}),
        ('externalId sw "Ze\u0301"', {"u\u0308ber"}),
        ('title eq "\u00dfKi\u0307"', {"zo\u00eb"}),
        ('meta.location pr and userName eq "ada"', {"ada"}),
        (f'{ENTERPRISE}:manager.$ref eq "Users/AD-2"', {"ada"}),
    ],
)
def test_filters_that_clients_send(account: dict[Kind, Sample], text: str, names: set[str]) -> None:
    matches = predicate(ScimFilter(text), MODELS["User"])
    wanted = {user["userName"] for user in WANTED}
    found = {each["userName"] for each in account["User"].resources if matches(each)}
    assert found & wanted == names
