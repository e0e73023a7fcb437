"""Bindings: the ``${...}`` of a template, replaced by what they come to."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.eic.emulator.evaluation import evaluate, shown
from tests.eic.emulator.groovy import GroovyError


def bound(
    template: str, names: Mapping[str, Any], *, null: str = "null", escaped: bool = False
) -> str:
    """Return the text; ``escaped`` makes each value fit between the quotes of JSON."""
    parts: list[str] = []
    for text, is_expression in _parts(template):
        value = shown(evaluate(text, names), null=null) if is_expression else text
        parts.append(json.dumps(value)[1:-1] if is_expression and escaped else value)
    return "".join(parts)


def valued(template: str, names: Mapping[str, Any]) -> Any:
    """Return the value of a template that is one binding, else its text."""
    parts = list(_parts(template.strip()))
    if len(parts) == 1 and parts[0][1]:
        return evaluate(parts[0][0], names)
    return bound(template, names)


def _parts(template: str) -> Iterator[tuple[str, bool]]:
    """Yield texts, and the expressions between them."""
    at = 0
    while (begin := template.find("${", at)) >= 0:
        if begin > at:
            yield template[at:begin], False
        end = _end(template, begin + 2)
        yield template[begin + 2 : end], True
        at = end + 1
    if at < len(template):
        yield template[at:], False


def _end(template: str, at: int) -> int:
    """Return where the brace closes, past quoted ones."""
    quote, depth = "", 1
    while at < len(template):
        sign = template[at]
        if quote:
            if sign == "\\":
                at += 1
            elif sign == quote:
                quote = ""
        elif sign in "'\"":
            quote = sign
        elif sign in "{}":
            depth += 1 if sign == "{" else -1
            if depth == 0:
                return at
        at += 1
    raise GroovyError(f"no closing brace in {template!r}")
