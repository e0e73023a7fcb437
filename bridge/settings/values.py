"""How single values are read and checked; knows no names of settings and no sources."""

import base64
import binascii
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

SECRET_KEY_BYTES = 32
# What needs no percent-encoding, so that what is sent and what is compared look the same.
BASE_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*")
MAKE_A_KEY = 'python -c "import base64,os;print(base64.b64encode(os.urandom(32)).decode())"'


def parse_secret_keys(text: str) -> tuple[bytes, ...]:
    """Read BRIDGE_SECRET_KEY: base64 of 32 bytes each, separated by commas, the first one seals."""
    try:
        keys = tuple(base64.b64decode(part.strip(), validate=True) for part in text.split(","))
    except (binascii.Error, ValueError):
        keys = ()
    if not keys or any(len(key) != SECRET_KEY_BYTES for key in keys):
        raise ValueError(
            f"must be {SECRET_KEY_BYTES} random bytes in base64; make it: {MAKE_A_KEY}"
        )
    return keys


def _http_url(text: str) -> str:
    try:
        url = urlsplit(text)
        whole = url.scheme in ("http", "https") and url.hostname and url.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        whole = False
    if not whole or url.query or url.fragment:
        raise ValueError
    return text.rstrip("/")


def _database_url(text: str) -> str:
    if text.partition(":")[0].partition("+")[0] not in ("sqlite", "postgresql", "postgres"):
        raise ValueError
    return text


def _bearer_token(secret: SecretStr) -> SecretStr:
    # What cannot stand in an Authorization header could never be sent back to the bridge.
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("must be ASCII without blanks")
    return secret


def _sealing_key(secret: SecretStr) -> SecretStr:
    parse_secret_keys(secret.get_secret_value())
    return secret


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _base_path(text: str) -> str:
    path = "/" + text.strip("/") if text.strip("/") else ""
    if not BASE_PATH.fullmatch(path):
        raise ValueError
    return path


Text = Annotated[str, Field(min_length=1)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
BearerToken = Annotated[SecretStr, AfterValidator(_bearer_token)]
SealingKey = Annotated[SecretStr, AfterValidator(_sealing_key)]
BasePath = Annotated[str, AfterValidator(_base_path)]
AnyCase = BeforeValidator(_lowered)
