"""An administrator's consent: the address to open, and the code that comes back (RFC 6749 4.1).

Knows PKCE (RFC 7636), ``state``, and what may stand in an answer, wherever it came from: a redirect
or something pasted. Opens no socket and asks nobody.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from bridge.errors import BridgeError
from bridge.goto import authorize_url

AGAIN = "run `goto-scim-bridge connect` again"
_A_QUERY = re.compile(r"(?:^|[?&#])(?:code|error|state|client_id)=")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_NOT_PLAIN = re.compile(r"[^a-z_]")
_LONGEST_CODE = 4096
_REASONS = {
    "access_denied": "the administrator did not allow it, or may not: choose Allow, signed in as "
    "an administrator of the account",
    "invalid_scope": "the OAuth client lacks a scope: give it `identity:` at GoTo",
    "unauthorized_client": "the OAuth client may not ask this way: check it at GoTo",
    "unsupported_response_type": "the OAuth client may not ask this way: check it at GoTo",
    "server_error": "GoTo's OAuth server failed: try again shortly",
    "temporarily_unavailable": "GoTo's OAuth server is busy: try again shortly",
}


class ConsentRefused(BridgeError):
    """There is no code: GoTo, the administrator or the bridge said no, or nobody answered."""


class ForeignAnswer(ConsentRefused):
    """An answer without the ``state`` of this consent: it is not what the bridge waits for."""


@dataclass(frozen=True, kw_only=True)
class Consent:
    """One question to an administrator; ``url`` is where it is asked."""

    url: str = field(repr=False)
    redirect_uri: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Code:
    """An authorization code; it works once."""

    value: str = field(repr=False)


def ask_consent(auth_url: str, *, client_id: str, redirect_uri: str) -> Consent:
    """A new question, with a ``state`` and a PKCE verifier of its own (256 random bits each)."""
    verifier = secrets.token_urlsafe(32)
    state = secrets.token_urlsafe(32)
    digest = hashlib.sha256(verifier.encode()).digest()
    url = authorize_url(
        auth_url,
        client_id=client_id,
        redirect_uri=redirect_uri,
        state=state,
        challenge=base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    )
    return Consent(url=url, redirect_uri=redirect_uri, state=state, verifier=verifier)


def read_redirect(query: str, consent: Consent) -> Code:
    """The code in the query of a redirect.

    Raises ``ForeignAnswer`` where ``state`` is missing or another, and ``ConsentRefused`` for an
    error of GoTo (RFC 6749 4.1.2.1) or no code.
    """
    answer = dict(parse_qsl(query, keep_blank_values=True))
    state = answer.get("state", "").encode("utf-8", "replace")
    if not hmac.compare_digest(state, consent.state.encode()):
        raise ForeignAnswer(
            "This answer does not belong to the connection that waits: open the address that was "
            "printed last, and use the answer to that."
        )
    return _code(answer)


def read_pasted(text: str, consent: Consent) -> Code:
    """The code in what was pasted: an address, its query, or the code alone. Raises likewise."""
    pasted = "".join(text.split()).strip("\"'<>`")
    if not pasted:
        raise ConsentRefused(f"Nothing was pasted; {AGAIN}.")
    if "://" not in pasted and not _A_QUERY.search(pasted):
        value = unquote(pasted) if _ESCAPED.search(pasted) else pasted
        return _code({"code": value})
    query = _query_of(pasted)
    if "code_challenge=" in query:
        raise ConsentRefused(
            "This is the address to open, not the one that the browser ends at: open it, allow, "
            f"and paste the address that the browser then shows; {AGAIN}."
        )
    return read_redirect(query, consent)


def _query_of(pasted: str) -> str:
    try:
        query = urlsplit(pasted).query
    except ValueError:  # brackets that do not close
        query = ""
    return query or pasted.partition("?")[2] or ("" if "://" in pasted else pasted)


def _code(answer: Mapping[str, str]) -> Code:
    if error := answer.get("error"):
        name = _NOT_PLAIN.sub("", error.lower())[:64]
        raise ConsentRefused(f"GoTo did not connect: {_REASONS.get(name, name)}; then {AGAIN}.")
    value = answer.get("code", "")
    if not value:
        raise ConsentRefused(f"There is no code in this address; {AGAIN}.")
    if not (value.isascii() and value.isprintable() and len(value) <= _LONGEST_CODE):
        raise ConsentRefused(f"This is no code of GoTo; {AGAIN}.")
    return Code(value)
