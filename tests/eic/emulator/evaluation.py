"""What a parsed expression comes to: maps, lists, texts, numbers and null; nothing else exists."""

from collections.abc import Callable, Mapping
from typing import Any

from tests.eic.emulator.groovy import (
    Binary,
    GroovyError,
    Index,
    Literal,
    Member,
    Name,
    Ternary,
    Unary,
    parse,
)

TEXT_METHODS: Mapping[str, Callable[..., Any]] = {
    "replace": lambda text, old, new: text.replace(old, new),
    "contains": lambda text, part: part in text,
    "equals": lambda text, other: text == other,
    "equalsIgnoreCase": lambda text, other: text.lower() == str(other).lower(),
    "size": len,
    "length": len,
    "split": lambda text, by: text.split(by),
    "trim": lambda text: text.strip(),
    "toString": lambda text: text,
    "toLowerCase": lambda text: text.lower(),
    "toUpperCase": lambda text: text.upper(),
    "isEmpty": lambda text: not text,
}
LIST_METHODS: Mapping[str, Callable[..., Any]] = {
    "size": len,
    "contains": lambda items, item: item in items,
    "isEmpty": lambda items: not items,
}


def evaluate(source: str, names: Mapping[str, Any]) -> Any:
    """Return the value of an expression. Raises GroovyError, as for a property of null."""
    return _value(parse(source), names)


def shown(value: Any, *, null: str = "null") -> str:
    """Show a value as a text, as Groovy does."""
    if value is None:
        return null
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(shown(item) for item in value)}]"
    if isinstance(value, dict):
        return f"[{', '.join(f'{key}:{shown(item)}' for key, item in value.items())}]"
    return str(value)


def _value(tree: Any, names: Mapping[str, Any]) -> Any:
    match tree:
        case Literal(value):
            return value
        case Name(name):
            if name not in names:
                raise GroovyError(f"No such property: {name}")
            return names[name]
        case Ternary(condition, then, otherwise):
            return _value(then if _value(condition, names) else otherwise, names)
        case Unary(sign, operand):
            value = _value(operand, names)
            return not value if sign == "!" else -value
        case Binary("&&", left, right):
            return bool(_value(left, names)) and bool(_value(right, names))
        case Binary("||", left, right):
            return bool(_value(left, names)) or bool(_value(right, names))
        case Binary(sign, left, right):
            return _joined(sign, _value(left, names), _value(right, names))
        case Index(of, at):
            return _item(_value(of, names), _value(at, names))
        case Member(Name("Math"), "addExact", _, tuple() as arguments):
            return _added([_value(each, names) for each in arguments])
        case Member():
            return _member(tree, names)
    raise GroovyError(f"cannot evaluate {tree!r}")


def _added(numbers: list[Any]) -> int:
    if len(numbers) != 2 or not all(type(each) is int for each in numbers):
        raise GroovyError(f"No signature of method: Math.addExact({numbers})")
    return int(sum(numbers))


def _joined(sign: str, left: Any, right: Any) -> Any:
    if sign == "==":
        return left == right
    if sign == "!=":
        return left != right
    if sign == "+":
        if isinstance(left, int) and isinstance(right, int):
            return left + right
        return shown(left) + shown(right)
    if sign == "-":
        return left - right
    return _compared(sign, left, right)


def _compared(sign: str, left: Any, right: Any) -> bool:
    """Order two values; null comes before everything else."""
    if left is None or right is None:
        difference = (left is not None) - (right is not None)
    elif type(left) is not type(right):
        raise GroovyError(f"Cannot compare {left!r} with {right!r}")
    else:
        difference = (left > right) - (left < right)
    found = {"<": difference < 0, ">": difference > 0, "<=": difference <= 0}
    return found.get(sign, difference >= 0)


def _item(of: Any, at: Any) -> Any:
    if of is None:
        raise GroovyError("Cannot invoke method getAt() on null object")
    if isinstance(of, dict):
        return of.get(at)
    # Groovy gives null past the end of a list.
    return of[at] if -len(of) <= at < len(of) else None


def _member(tree: Member, names: Mapping[str, Any]) -> Any:
    of = _value(tree.of, names)
    if of is None:
        if tree.safe:
            return None
        raise GroovyError(f"Cannot get property or method {tree.name!r} on null object")
    if tree.arguments is None:
        return _property(of, tree.name)
    arguments = [_value(each, names) for each in tree.arguments]
    methods = LIST_METHODS if isinstance(of, list | dict) else TEXT_METHODS
    if tree.name not in methods:
        raise GroovyError(f"No signature of method: {tree.name}")
    receiver = of if isinstance(of, list | dict | str) else shown(of)
    try:
        return methods[tree.name](receiver, *arguments)
    except TypeError as error:
        raise GroovyError(f"No signature of method: {tree.name}: {error}") from None


def _property(of: Any, name: str) -> Any:
    if isinstance(of, dict):
        return of.get(name)
    if isinstance(of, list):
        return [_property(item, name) for item in of]
    raise GroovyError(f"No such property: {name} of {of!r}")
