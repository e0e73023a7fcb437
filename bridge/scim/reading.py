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
from scim2_server.service import scim_exception_of
from scim2_server.utils import parametrize

from bridge.directory import AnyKind, Kind, wanted_of
from bridge.directory.attributes import json_name
from bridge.limits import MOST_CHANGES, MOST_OPERATIONS
from bridge.scim import dialects, filters
from bridge.scim.auth import Profile
from bridge.scim.dialects.values import qualified
from bridge.scim.membership import refuse_unreadable_members
from bridge.scim.plain_resources import Place, shape_of
from bridge.scim.service import BridgeService

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
        if kind == "Group":
            refuse_unreadable_members(body)
        plain = shape_of(self.model(kind)).wanted(body)
        return wanted_by(self._resource(kind, body, context)) if plain is None else plain

    def _resource(self, kind: Kind, body: Mapping[str, Any], context: Context) -> Resource[Any]:
        canonical = body if self.profile == "strict" else dialects.resource(body, kind)
        model: Resource[Any] = self._validated(self.model(kind), canonical, context)
        return model

    def patch(self, kind: Kind, body: Mapping[str, Any]) -> "PatchOp[Any] | None":
        """Return the operations of a PATCH, or None where nothing is left of them to do."""
        canonical: Mapping[str, Any] = body
        self.refuse_departures(kind, operations_of(body))
        if self.profile == "lenient":
            canonical = dialects.patch(body, kind)
            if not canonical["Operations"] and dialects.has_operations(body):
                return None
        _refuse_many(canonical.get("Operations"), MOST_OPERATIONS)
        for operation in operations_of(canonical):
            if isinstance(path := operation.get("path"), str) and "[" in path:
                filters.refuse_foreign_quotes(path)
        patch: PatchOp[Any] = self._validated(
            parametrize(PatchOp, self.model(kind)), canonical, Context.RESOURCE_PATCH_REQUEST
        )
        return patch

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
            raise scim_exception_of(error) from error

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


def operations_of(body: Any) -> list[Mapping[str, Any]]:
    """Return the operations of a PATCH or a bulk request as sent, their members in lower case."""
    return [
        {str(name).casefold(): value for name, value in each.items()}
        for key, listed in (body.items() if isinstance(body, Mapping) else ())
        if key.casefold() == "operations" and isinstance(listed, list)
        for each in listed
        if isinstance(each, Mapping)
    ]


def refuse_many_changes(patch: "PatchOp[Any]") -> None:
    """Refuse more operations than can be applied while others wait. Raises 413."""
    _refuse_many(patch.operations, MOST_CHANGES)


def _refuse_many(operations: Any, most: int) -> None:
    if isinstance(operations, list) and len(operations) > most:
        detail = (
            f"There are {len(operations)} operations, and {most} can be done at once; send less"
        )
        raise PayloadTooLargeException(detail=detail)
