"""Requests as the SCIM library understands them, after the dialects had their turn."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from scim2_models import (
    Context,
    InvalidFilterException,
    InvalidSyntaxException,
    InvalidValueException,
    PatchOp,
    PayloadTooLargeException,
    Required,
    Resource,
    ResourceType,
    ResponseParameters,
    ScimProvider,
    SearchRequest,
)
from scim2_server.utils import parametrize

from bridge.directory import AnyKind, Kind, wanted_of
from bridge.directory.attributes import json_name
from bridge.limits import MOST_CHANGES, MOST_OPERATIONS
from bridge.scim import dialects, filters
from bridge.scim.auth import Profile
from bridge.scim.dialects.coercion import alone
from bridge.scim.dialects.values import qualified
from bridge.scim.grants import refuse_nameless_grants, refuse_nameless_operations
from bridge.scim.membership import refuse_unreadable_members
from bridge.scim.patch_checks import PatchChecks, refuse_malformed, says_nothing
from bridge.scim.plain_resources import Place, shape_of
from bridge.scim.service import BridgeService
from bridge.scim.type_checks import TypeChecks, refuse_repeated, schemas
from bridge.scim.validation_errors import plain_exception

# Beyond the end of every list, and still a number that every reader of JSON keeps as it is.
LARGEST_INDEX = 2**53 - 1
NO_TEXT = 'The filter is no text: send it as one, such as userName eq "anna@example.com"'
NO_SCHEMAS = "The body has no `schemas`; say which schemas it is made of (RFC 7643 §3)"


@dataclass(frozen=True)
class Reader:
    """Reads requests with one profile's policy. Raises what ``scim2_models`` raises."""

    service: BridgeService
    profile: Profile

    @property
    def provider(self) -> ScimProvider:
        """The description of the service that requests are read with."""
        return self.service.provider

    def model(self, kind: AnyKind) -> type[Resource[Any]]:
        """Return the model of a resource type."""
        return self.service.get_model(self.resource_type(kind))

    def resource_type(self, kind: AnyKind) -> ResourceType:
        """Return the resource type of a name."""
        return self.service.get_resource_type(kind)

    def wanted(self, kind: Kind, body: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Return what a POST or PUT says of a resource, as SCIM JSON."""
        body = self.placed(kind, body)
        if kind == "Group":
            refuse_unreadable_members(body)
        plain = shape_of(self.model(kind)).wanted(body)
        return wanted_by(self._resource(kind, body, context)) if plain is None else plain

    def placed(self, kind: Kind, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the body of a lenient client's POST or PUT, each attribute in its schema."""
        if self.profile == "strict":
            return body
        known = self.service.definitions(self.resource_type(kind))
        extensions = (urn for urn, _ in known.extensions.values())
        return dialects.in_their_schemas(body, known.core_urn, extensions)

    def _resource(self, kind: Kind, body: Mapping[str, Any], context: Context) -> Resource[Any]:
        model: Resource[Any]
        model = self._validated(self.model(kind), self.resource(kind, body), context)
        return model

    def resource(self, kind: Kind, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the body of a POST or PUT in the RFC's form, its values of the right types."""
        checks = self._checks(kind)
        refuse_repeated(body)
        body = self.placed(kind, body)
        named = next((body[name] for name in body if name.casefold() == "schemas"), None)
        schemas(named, lenient=checks.lenient)
        refuse_nameless_grants(body, checks.definitions)
        return checks.resource(dialects.resource(body, kind) if checks.lenient else body)

    def _checks(self, kind: Kind) -> TypeChecks:
        known = self.service.definitions(self.resource_type(kind))
        return TypeChecks(known, lenient=self.profile == "lenient")

    def patch(self, kind: Kind, body: Mapping[str, Any]) -> "PatchOp[Any] | None":
        """Return the operations of a PATCH, or None where nothing is left of them to do."""
        canonical = self.operations(kind, body)
        if canonical is None:
            return None
        patch: PatchOp[Any] = self._validated(
            parametrize(PatchOp, self.model(kind)), canonical, Context.RESOURCE_PATCH_REQUEST
        )
        return patch

    def operations(self, kind: Kind, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return a PATCH in the RFC's form, its paths and values of the schema.

        None is one of which nothing is left to do.
        """
        checks = self._checks(kind)
        refuse_malformed(body, lenient=checks.lenient)
        sent = operations_of(body, one=checks.lenient)
        if not all(_is_on_members(each) for each in sent):
            _refuse_many(sent, MOST_CHANGES)
        self.refuse_departures(kind, sent)
        sent = [_on_attributes(each, checks.definitions.core_urn) for each in sent]
        refuse_nameless_operations(sent, checks.definitions)
        if checks.lenient:
            kept = [PatchChecks(checks).without_dropped(each, kind) for each in sent]
            sent = dialects.patch({"Operations": kept}, kind)["Operations"]
        _refuse_many(sent, MOST_OPERATIONS)
        for operation in sent:
            if isinstance(path := operation.get("path"), str) and "[" in path:
                filters.refuse_foreign_quotes(path)
        checked = [PatchChecks(checks).operation(each) for each in sent]
        if checks.lenient:
            checked = [each for each in checked if not says_nothing(each)]
        if not checked:
            return None
        own = {"schemas": [dialects.PATCH_OP]} if checks.lenient else _beside_operations(body)
        return {**own, "Operations": checked}

    def text_at(self, kind: Kind, path: str) -> Place | None:
        """Return where in JSON the one text stands that a path names and clients may write.

        None is for every other path, and for one that a dialect would read as another.
        """
        place = tuple(path.split("."))
        is_text = place in shape_of(self.model(kind)).texts and qualified(path, kind) == path
        return place if is_text else None

    def refuse_departures(self, kind: Kind, operations: Iterable[Mapping[str, Any]]) -> None:
        """Hold the operations of a strict client's PATCH to the profile. Raises as it says."""
        if self.profile == "strict":
            known = self.service.vocabulary(self.resource_type(kind))
            known.refuse_departures(operations)

    def _validated(self, model: Any, body: Mapping[str, Any], context: Context) -> Any:
        if self.profile == "strict" and not body.get("schemas"):
            raise InvalidSyntaxException(detail=NO_SCHEMAS)
        try:
            return model.model_validate(body, scim_ctx=context, scim_provider=self.provider)
        except ValidationError as error:
            raise plain_exception(error) from error

    def parameters(self, kind: AnyKind, query: Mapping[str, str]) -> ResponseParameters[Any] | None:
        """Return which attributes an answer is to hold, or None where all are."""
        if not ("attributes" in query or "excludedAttributes" in query):
            return None
        with self.provider:
            return self.service.read_response_parameters(self.resource_type(kind), query)

    def search(
        self, resource_types: list[ResourceType], parameters: Mapping[str, Any], *, root: str
    ) -> tuple[SearchRequest[Any], Any]:
        """Return a search and the position that its cursor holds.

        ``root`` is the URL of the SCIM root, which references are shown below.
        """
        payload = dict(parameters)
        if self.profile == "lenient":
            payload = dialects.without_blanks(payload)
        scim_filter = payload.get("filter")
        if scim_filter is not None:
            try:
                payload["filter"] = self._filter(resource_types, scim_filter, root)
            except RecursionError:
                raise InvalidFilterException(detail="The filter is nested too deep") from None
        return self._read_search(resource_types, payload)

    def _filter(self, resource_types: list[ResourceType], text: Any, root: str) -> str:
        """Return a filter in the form that the directory compares. Raises invalidFilter."""
        if not isinstance(text, str):
            raise InvalidFilterException(detail=NO_TEXT)
        filters.refuse_foreign_quotes(text)
        if self.profile == "strict":
            return self._canonical(resource_types, text, root)
        text = dialects.mended_filter(text)
        try:
            return self._canonical(resource_types, text, root)
        except InvalidFilterException as refusal:
            quoted = dialects.with_quoted_numbers(text)
            if quoted == text:
                raise
            try:
                return self._canonical(resource_types, quoted, root)
            except InvalidFilterException:
                raise refusal from None

    def _canonical(self, resource_types: list[ResourceType], text: str, root: str) -> str:
        node = filters.parsed(text)
        models = list(self.service.search_models(resource_types))
        lenient = self.profile == "lenient"
        found = filters.canonical(node, models, root=root, lenient=lenient)
        return text if found is node else str(found)

    def _read_search(
        self, resource_types: list[ResourceType], payload: Mapping[str, Any]
    ) -> tuple[SearchRequest[Any], Any]:
        try:
            with self.provider:
                request, position = self.service.read_search(resource_types, payload)
        except RecursionError:
            raise InvalidFilterException(detail="The filter is nested too deep") from None
        if request.start_index is not None:
            request.start_index = min(request.start_index, LARGEST_INDEX)
        return request, position


def wanted_by(resource: Resource[Any]) -> dict[str, Any]:
    """Return what a client wants of a resource, as SCIM JSON."""
    _refuse_blank(resource)
    return wanted_of(resource)


def _refuse_blank(resource: Resource[Any]) -> None:
    """Refuse an empty text for a required attribute: a value for the schema, and none for GoTo."""
    model = type(resource)
    for name in model.model_fields:
        value = getattr(resource, name)
        is_blank = isinstance(value, str) and not value.strip()
        if is_blank and model.get_field_annotation(name, Required) is Required.true:
            attribute = json_name(model, name)
            detail = f"{attribute} is empty; send a value for it"
            raise InvalidValueException(attribute=attribute, detail=detail)


def operations_of(body: Mapping[str, Any], *, one: bool = False) -> list[Mapping[str, Any]]:
    """Return the operations of a PATCH as sent, their members in lower case.

    ``one`` takes an object for a list of one.
    """
    listed = next((body[name] for name in body if name.casefold() == "operations"), None)
    if one and isinstance(listed, Mapping):
        listed = [listed]
    return [
        {str(name).casefold(): value for name, value in each.items()}
        for each in (listed if isinstance(listed, list) else ())
        if isinstance(each, Mapping)
    ]


def _on_attributes(operation: Mapping[str, Any], core: str) -> Mapping[str, Any]:
    """Return an operation on the core schema as a whole as one on its attributes."""
    path, value = operation.get("path"), alone(operation.get("value"))
    is_whole = isinstance(path, str) and path.strip().casefold() == core.casefold()
    if (path and not is_whole) or not isinstance(value, Mapping):
        return operation
    if str(operation.get("op")).casefold() == "remove":
        return operation
    bare = {name: inner for name, inner in operation.items() if name != "path"}
    return {**bare, "value": dialects.without_core_schema(value, core)}


def _is_on_members(operation: Mapping[str, Any]) -> bool:
    path, value = operation.get("path"), operation.get("value")
    if isinstance(path, str):
        return path.strip().casefold().startswith("members")
    return isinstance(value, Mapping) and {str(name).casefold() for name in value} == {"members"}


def _beside_operations(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name.casefold() != "operations"}


def refuse_many_changes(patch: "PatchOp[Any]") -> None:
    """Refuse more operations than can be applied while others wait. Raises 413."""
    _refuse_many(patch.operations, MOST_CHANGES)


def _refuse_many(operations: Any, most: int) -> None:
    if isinstance(operations, list) and len(operations) > most:
        detail = (
            f"There are {len(operations)} operations, and {most} can be done at once; send less"
        )
        raise PayloadTooLargeException(detail=detail)
