"""The one form in which names and addresses are compared, wherever they are: RFC 8265, §3.3.

It is that of the SCIM library too, so that its PATCH paths, filters, lookups and uniqueness agree.
"""

from unicodedata import normalize


def case_mapped(text: str) -> str:
    """Return a text in lower case and in NFC: the same for what is one name to a reader.

    Lower case is not case folding: ``ß`` and ``ss`` are two names, ``ß`` and ``ẞ`` are one.
    """
    if text.isascii():
        return text.lower()
    # Lower case may take apart what NFC joins.
    return normalize("NFC", normalize("NFC", text).lower())
