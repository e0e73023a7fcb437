"""Resources as they leave: with their URLs, with the attributes asked for, as JSON bytes."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from scim2_models import Path, Resource, ResponseParameters
from starlette.responses import Response

from bridge.directory import Shown
from bridge.directory.attributes import json_name
from bridge.directory.offers import path_of
from bridge.directory.texts import ROOT

MEDIA_TYPE = "application/scim+json"
LIST_RESPONSE = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
# Returned whatever is asked for (RFC 7643 §3.1, §7).
ALWAYS = ("schemas", "id")

# What is kept of a level: a name, and either all of it (None) or parts of it.
Parts = dict[str, "Parts | None"]


def json_response(body: Any, *, status: int = 200) -> Response:
    """Return a SCIM answer; a body of None is none."""
    return _response(b"" if body is None else json_body(body), status=status)


def json_body(body: Any) -> bytes:
    """Return JSON."""
    return orjson.dumps(body)


def resource_response(entry: Shown, base_url: str, *, status: int = 200) -> Response:
    """Return an answer that carries a whole resource."""
    return _response(rooted(entry.text, in_json(base_url)), status=status)


def list_response(body: bytes) -> Response:
    """Return an answer that carries a list."""
    return _response(body)


def list_body(envelope: Mapping[str, Any], found: Sequence[bytes], root: bytes) -> bytes:
    """Return a list of whole resources, which are given as texts, joined behind the envelope.

    ``root`` is the URL of the SCIM root as it stands within JSON (``in_json``).
    """
    texts = [*found] or [b""]
    # Put round the texts before they are joined: a page is copied as seldom as can be.
    texts[0] = orjson.dumps(envelope)[:-1] + b',"Resources":[' + texts[0]
    texts[-1] += b"]}"
    return rooted(b",".join(texts), root)


def in_json(text: str) -> bytes:
    """Return a text as it stands between the quotes of JSON."""
    return orjson.dumps(text)[1:-1]


def _response(content: bytes, *, status: int = 200) -> Response:
    return Response(content, status_code=status, media_type=MEDIA_TYPE)


def published(entry: Shown, base_url: str) -> dict[str, Any]:
    """Return a resource with its location, and its references as URLs."""
    resource: dict[str, Any] = orjson.loads(rooted(entry.text, in_json(base_url)))
    return resource


def rooted(text: bytes, root: bytes) -> bytes:
    """Return texts with the URL of the SCIM root, as it stands within JSON, in its places."""
    return text.replace(ROOT, root)


def location(entry: Shown, base_url: str) -> str:
    """Return the URL of a resource."""
    return f"{base_url}/{path_of(entry)}"


class Projection:
    """Which attributes an answer holds (RFC 7644 §3.9), compiled for one type and request."""

    def __init__(
        self, model: type[Resource[Any]], parameters: ResponseParameters[Any] | None
    ) -> None:
        self._model = model
        wanted = parameters.attributes if parameters else None
        unwanted = parameters.excluded_attributes if parameters else None
        self._kept = self._parts(wanted) if wanted else None
        self._left_out = self._parts(unwanted) if unwanted else None
        if self._kept is not None:
            self._kept |= dict.fromkeys(ALWAYS)
        for name in ALWAYS:
            (self._left_out or {}).pop(name, None)

    def __call__(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Return what is kept of a published resource."""
        if self._kept is not None:
            resource = _only(resource, self._kept)
        if self._left_out:
            resource = _without(resource, self._left_out)
        return resource

    def _parts(self, paths: Sequence[Path[Any]]) -> Parts:
        parts: Parts = {}
        for path in paths:
            for names in self._names(path):
                _add(parts, names)
        return parts

    def _names(self, path: Path[Any]) -> list[tuple[str, ...]]:
        """Return where the attribute of a path stands in JSON; nowhere for an unknown one."""
        text = str(path).casefold()
        for urn in self._model.get_extension_models():
            if text == str(urn).casefold():
                return [(str(urn),)]
        binding = path.resolve(self._model)
        if binding is None:
            return []
        names: list[str] = []
        if binding.model is not self._model and not issubclass(self._model, binding.model):
            names.append(str(getattr(binding.model, "__schema__", "")))
        names.append(json_name(binding.model, binding.field_name))
        if binding.sub_field_name is not None and binding.target_model is not None:
            names.append(json_name(binding.target_model, binding.sub_field_name))
        return [tuple(names)]


def _add(parts: Parts, names: tuple[str, ...]) -> None:
    head, *rest = names
    if not rest:
        parts[head] = None
        return
    inner = parts.setdefault(head, {})
    if inner is not None:
        _add(inner, tuple(rest))


def _only(value: Any, parts: Parts) -> Any:
    if isinstance(value, list):
        return [kept for item in value if (kept := _only(item, parts))]
    if not isinstance(value, dict):
        return value
    return {
        name: kept
        for name, inner in value.items()
        if name in parts and ((kept := _keep(inner, parts[name])) not in ({}, []) or inner == [])
    }


def _keep(value: Any, parts: Parts | None) -> Any:
    return value if parts is None else _only(value, parts)


def _without(value: Any, parts: Parts) -> Any:
    if isinstance(value, list):
        return [left for item in value if (left := _without(item, parts)) != {}]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, inner in value.items():
        if name not in parts:
            kept[name] = inner
        elif (rest := parts[name]) is not None:
            left = _without(inner, rest)
            if left or inner == []:
                kept[name] = left
    return kept
