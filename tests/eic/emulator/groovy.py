"""The part of Groovy that connections use, parsed into a tree: no host code is ever run.

Literals, paths with ``?.`` and indexes, the methods that ``evaluation`` knows, ``! + - == != < > <=
>= && ||``, ternaries and ``?:``.
"""

import re
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>\d+)
    | (?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<name>[A-Za-z_]\w*)
    | (?P<sign>\?\.|\?:|==|!=|<=|>=|&&|\|\||[?:.+\-!<>()\[\],])
    )""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
CONSTANTS = {"null": None, "true": True, "false": False}
# The weakest first; operators of a level are read from the left.
LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"))


class GroovyError(Exception):
    """An expression that EIC would stop at."""


@dataclass(frozen=True)
class Literal:
    value: Any


@dataclass(frozen=True)
class Name:
    name: str


@dataclass(frozen=True)
class Member:
    of: Any
    name: str
    safe: bool
    arguments: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Index:
    of: Any
    at: Any


@dataclass(frozen=True)
class Unary:
    sign: str
    operand: Any


@dataclass(frozen=True)
class Binary:
    sign: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Ternary:
    condition: Any
    then: Any
    otherwise: Any


def parse(source: str) -> Any:
    """Return the tree of an expression. Raises GroovyError."""
    parser = _Parser(_tokens(source))
    tree = parser.expression()
    if parser.kind != "end":
        raise GroovyError(f"unexpected {parser.text!r} in {source!r}")
    return tree


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while source[at:].strip():
        match = TOKEN.match(source, at)
        if match is None or match.lastgroup is None:
            raise GroovyError(f"cannot read {source[at:]!r}")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return [*found, ("end", "")]


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def text(self) -> str:
        return self._tokens[self._at][1]

    def expression(self) -> Any:
        condition = self._level(0)
        if self._skip("?:"):
            return Ternary(condition, condition, self.expression())
        if not self._skip("?"):
            return condition
        then = self.expression()
        self._expect(":")
        return Ternary(condition, then, self.expression())

    def _level(self, level: int) -> Any:
        if level == len(LEVELS):
            return self._unary()
        left = self._level(level + 1)
        while self.kind == "sign" and self.text in LEVELS[level]:
            sign = self._next()
            left = Binary(sign, left, self._level(level + 1))
        return left

    def _unary(self) -> Any:
        for sign in ("!", "-"):
            if self._skip(sign):
                return Unary(sign, self._unary())
        return self._postfix(self._primary())

    def _primary(self) -> Any:
        kind, text = self.kind, self._next()
        if kind == "number":
            return Literal(int(text))
        if kind == "text":
            return Literal(re.sub(r"\\(.)", _unescaped, text[1:-1], flags=re.DOTALL))
        if kind == "name":
            return Literal(CONSTANTS[text]) if text in CONSTANTS else Name(text)
        if text == "(":
            inner = self.expression()
            self._expect(")")
            return inner
        raise GroovyError(f"unexpected {text or 'end'!r}")

    def _postfix(self, tree: Any) -> Any:
        while self.kind == "sign" and self.text in (".", "?.", "["):
            sign = self._next()
            if sign == "[":
                tree = Index(tree, self.expression())
                self._expect("]")
                continue
            if self.kind != "name":
                raise GroovyError(f"unexpected {self.text!r} after {sign!r}")
            name = self._next()
            tree = Member(tree, name, sign == "?.", self._arguments())
        return tree

    def _arguments(self) -> tuple[Any, ...] | None:
        if not self._skip("("):
            return None
        found: list[Any] = []
        while not self._skip(")"):
            if found:
                self._expect(",")
            found.append(self.expression())
        return tuple(found)

    def _next(self) -> str:
        text = self.text
        if self.kind == "end":
            raise GroovyError("unexpected end")
        self._at += 1
        return text

    def _skip(self, sign: str) -> bool:
        if self.kind != "sign" or self.text != sign:
            return False
        self._at += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._skip(sign):
            raise GroovyError(f"expected {sign!r}, found {self.text!r}")


def _unescaped(match: re.Match[str]) -> str:
    return ESCAPES.get(match[1], match[1])
