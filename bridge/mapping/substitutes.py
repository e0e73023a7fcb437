"""What GoTo gets for a locale or a time zone that it lacks: the nearest one that it has.

The distance between locales is that of Unicode CLDR (`langcodes`), and so are the names that
Windows gives to time zones (`tzlocal`). The client's own value is kept beside GoTo's field.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache

import langcodes
from tzlocal.windows_tz import win_tz

# Takes what a client sent, and the values that GoTo has; returns one of these, or None for none.
Substitute = Callable[[str, tuple[str, ...]], str | None]

# Language, script and territory of a tag (RFC 5646 §2.1), or of a POSIX locale. `langcodes`
# remembers every tag that it reads, so that it gets only these parts, of which there are few.
TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?:[-_](?P<script>hans|hant|latn|cyrl))?"
    r"(?:[-_](?P<territory>[a-z]{2}|001|150|419))?(?:[-_.@].*)?",
    re.IGNORECASE | re.DOTALL,
)
# RFC 9110 §12.4.2
WEIGHT = re.compile(r"\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*", re.IGNORECASE)
# No locale and no time zone has a longer name; a longer text is refused.
LONGEST = 255


@lru_cache(maxsize=1024)
def nearest_locale(sent: str, supported: tuple[str, ...]) -> str | None:
    """Return the nearest supported locale of the same language.

    ``sent`` is one locale, or several with weights, as in `Accept-Language` (RFC 9110 §12.5.4).
    """
    for wish in _by_weight(sent):
        tag = _tag(wish)
        if tag is None:
            continue
        language = _language(tag)
        same = [each for each in supported if _language(_tag(each)) == language]
        if same:
            # The first of those that are equally near.
            return min(same, key=lambda each: langcodes.tag_distance(tag, str(_tag(each))))
    return None


def _by_weight(sent: str) -> list[str]:
    weights = {}
    for part in sent.split(","):
        wish, _, parameter = part.partition(";")
        match = WEIGHT.fullmatch(parameter)
        weights[wish.strip()] = float(match[1]) if match else 1.0
    return sorted((wish for wish in weights if weights[wish]), key=lambda wish: -weights[wish])


def _tag(locale: str) -> str | None:
    match = TAG.fullmatch(locale)
    return "-".join(filter(None, match.groups())).casefold() if match else None


def _language(tag: str | None) -> str | None:
    return tag.partition("-")[0] if tag else None


def time_zone(sent: str, _: tuple[str, ...]) -> str | None:
    """Return the IANA name of a time zone that Windows names, such as `Pacific Standard Time`."""
    return _windows_time_zones().get(" ".join(sent.split()).casefold())


@cache
def _windows_time_zones() -> Mapping[str, str]:
    return {name.casefold(): zone for name, zone in win_tz.items()}


# The attributes of a user that are treated so, and the key under [users] that can forbid it.
SUBSTITUTES: Mapping[str, tuple[str, Substitute]] = {
    "locale": ("locale", nearest_locale),
    "preferredLanguage": ("locale", nearest_locale),
    "timezone": ("timezone", time_zone),
}
