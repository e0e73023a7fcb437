"""PATCH operations on a whole extension that can only be read.

Its values are GoTo's and stay as they are. What such an operation can change is what clients see:
a removed extension is out of sight, one replaced with nothing is empty, until a PUT brings it back.
"""

from typing import Any

from scim2_models import Mutability, PatchOp, Resource


def out_of_sight(patch: "PatchOp[Any]", model: type[Resource[Any]]) -> dict[str, Any]:
    """Return, by URN, the read-only extensions that are removed (None) or emptied ({})."""
    readable = {str(urn).casefold(): str(urn) for urn in _read_only_extensions(model)}
    found: dict[str, Any] = {}
    for operation in patch.operations or []:
        urn = readable.get(str(operation.path or "").casefold())
        if urn is not None:
            found[urn] = None if operation.op.value == "remove" else {}
    return found


def _read_only_extensions(model: type[Resource[Any]]) -> list[str]:
    return [
        urn
        for urn, extension in model.get_extension_models().items()
        if all(
            extension.get_field_annotation(name, Mutability) is Mutability.read_only
            for name in extension.model_fields
            if name != "schemas"
        )
    ]
