"""What a mapping file can get wrong, said so that its author can mend it."""

from dataclasses import dataclass

from bridge.errors import BridgeError


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: the file, its line (0 where none can be named) and what to do."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.text}"


class MappingError(BridgeError):
    """A mapping file cannot be used; ``mistakes`` holds every mistake found, in file order."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = mistakes


class ValueRefused(ValueError):
    """A value that a client sent for an attribute cannot be kept; the text says which ones can."""

    def __init__(self, attribute: str, text: str) -> None:
        super().__init__(text)
        self.attribute = attribute


class Removed(ValueError):
    """A client removed an attribute that GoTo cannot do without."""

    def __init__(self, attribute: str) -> None:
        super().__init__(
            f"{attribute} cannot be removed, GoTo cannot do without it: replace it instead"
        )
        self.attribute = attribute
