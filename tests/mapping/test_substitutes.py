"""Locales and time zones that GoTo lacks: what goes up instead, and what clients read back."""

from pathlib import Path
from typing import Any

import pytest

from bridge.mapping import Before, Mapping, MappingError, Target, ValueRefused, load_mapping
from tests.mapping.mappings import GOTO, own, written

ADDRESS = {"userName": "ada@example.com"}
RECORD = {"email": "ada@example.com", "firstName": "Ada", "lastName": "King"}

# What a client sends, and what GoTo gets.
LOCALES = {
    "en-US": "en_US", "en": "en_US", "en-AU": "en_GB", "en-IE": "en_GB", "en-PR": "en_US",
    "en-001": "en_GB", "en_us": "en_US", "EN-us": "en_US", "en_GB.UTF-8": "en_GB",
    "en-Latn-ZA": "en_GB", "en-AU-x-private": "en_GB", " en-AU ": "en_GB",
    "de": "de_DE", "de-AT": "de_DE", "de_CH": "de_DE", "DE-LI": "de_DE",
    "fr": "fr_FR", "fr-BE": "fr_FR", "fr-CH": "fr_FR", "fr-ca": "fr_CA",
    "es-MX": "es_ES", "es-419": "es_ES", "it-CH": "it_IT", "nl-BE": "nl_NL",
    "pt": "pt_BR", "pt-PT": "pt_BR", "ja": "ja_JP", "ko-KP": "ko_KR",
    "zh": "zh_CN", "zh-SG": "zh_CN", "zh-Hans": "zh_CN", "zh-Hans-HK": "zh_CN",
    "zh-HK": "zh_TW", "zh-MO": "zh_TW", "zh-Hant": "zh_TW", "zh-Hant-HK": "zh_TW",
    # No language of GoTo's, and no language at all: the mapping's default.
    "sv-SE": "en_US", "nb": "en_US", "tlh-KX": "en_US", "gsw": "en_US", "i-klingon": "en_US",
    "C": "en_US", "1033": "en_US", "English (Australia)": "en_US", "!!": "en_US", "*": "en_US",
    "\u65e5\u672c\u8a9e": "en_US", "x" * 255: "en_US",
    # As in Accept-Language.
    "da, en-gb;q=0.8, en;q=0.7": "en_GB", "fr;q=0.2,de;q=0.9": "de_DE", "de;q=0,fr": "fr_FR",
    "sv, *;q=0.5": "en_US", "de-CH;q=x, it": "de_DE", ",,": "en_US",
}  # fmt: skip

TIME_ZONES = {
    "Europe/Berlin": "Europe/Berlin", "europe/berlin": "Europe/Berlin",
    "US/Pacific": "US/Pacific", "Asia/Calcutta": "Asia/Calcutta", "utc": "UTC",
    "Pacific Standard Time": "America/Los_Angeles", "pacific standard time": "America/Los_Angeles",
    "W. EUROPE STANDARD TIME": "Europe/Berlin", "India Standard Time": "Asia/Calcutta",
    "GMT Standard Time": "Europe/London", " Tokyo  Standard Time ": "Asia/Tokyo",
    "UTC-11": "Etc/GMT+11", "Central Standard Time (Mexico)": "America/Mexico_City",
}  # fmt: skip


def created(wanted: dict[str, Any], mapping: Mapping = GOTO) -> Target:
    return mapping.users.writing.target({**ADDRESS, **wanted})


def read(target: Target, mapping: Mapping = GOTO, **changed_outside: Any) -> dict[str, Any]:
    record = {**RECORD, **target.fields, **changed_outside}
    return mapping.users.reading.resource(record, target.held)


def changed(
    wanted: dict[str, Any],
    target: Target,
    *,
    patched: bool,
    **changed_outside: Any,
) -> Target:
    """What a change asks for, of a user who was written and then perhaps changed in GoTo."""
    record = {**RECORD, **target.fields, **changed_outside}
    resource = GOTO.users.reading.resource(record, target.held)
    before = Before(resource, record, target.held)
    whole = {**resource, **wanted} if patched else {**ADDRESS, **wanted}
    whole = {name: value for name, value in whole.items() if value is not None}
    return GOTO.users.writing.target(whole, before, patched=patched)


@pytest.mark.parametrize("sent", LOCALES)
def test_goto_gets_the_nearest_locale_and_the_client_its_own(sent: str) -> None:
    target = created({"locale": sent})
    assert target.fields["locale"] == LOCALES[sent]
    assert read(target)["locale"] == sent
    assert ("locale" in target.held) == (sent != "en-US")


@pytest.mark.parametrize("sent", TIME_ZONES)
def test_goto_gets_the_time_zone_that_windows_names(sent: str) -> None:
    target = created({"timezone": sent})
    assert target.fields["timeZone"] == TIME_ZONES[sent]
    assert read(target)["timezone"] == sent


@pytest.mark.parametrize("patched", [False, True])
@pytest.mark.parametrize(
    ("attribute", "first", "second"),
    [
        ("locale", "sv-SE", "en-AU"), ("locale", "en-AU", "en-IE"), ("locale", "de-DE", "de-AT"),
        ("locale", "tlh", "fr-FR"), ("timezone", "Pacific Standard Time", "US/Pacific"),
        ("timezone", "US/Pacific", "pacific standard time"),
    ],
)  # fmt: skip
def test_a_change_reads_back_and_the_same_again_changes_nothing(
    attribute: str, first: str, second: str, patched: bool
) -> None:
    target = created({attribute: first})
    for value in (second, second, first, first):
        asked = changed({attribute: value}, target, patched=patched)
        target = Target({**target.fields, **asked.fields}, asked.held)
        assert read(target)[attribute] == value
    assert changed({attribute: first}, target, patched=patched) == Target({}, target.held)


@pytest.mark.parametrize("patched", [False, True])
def test_the_own_value_stays_where_others_change(patched: bool) -> None:
    target = created({"locale": "sv-SE", "timezone": "Pacific Standard Time"})
    after = changed({"title": "Lead"}, target, patched=patched)
    assert after == Target({}, {**target.held, "title": "Lead"})


@pytest.mark.parametrize("patched", [False, True])
def test_what_goto_says_since_goes_before_the_own_value(patched: bool) -> None:
    target = created({"locale": "sv-SE", "timezone": "Pacific Standard Time"})
    outside = {"locale": "fr_FR", "timeZone": "Asia/Tokyo"}
    seen = read(target, **outside)
    assert (seen["locale"], seen["timezone"]) == ("fr-FR", "Asia/Tokyo")
    assert changed({"title": "Lead"}, target, patched=patched, **outside).held == {"title": "Lead"}
    again = changed({"locale": "sv-SE"}, target, patched=patched, **outside)
    assert again == Target({"locale": "en_US"}, {"locale": "sv-SE"})


def test_a_removed_own_value_is_gone() -> None:
    target = created({"locale": "sv-SE"})
    removed = changed({"locale": None}, target, patched=True)
    assert removed == Target({}, {"locale": None})
    assert "locale" not in GOTO.users.reading.resource({**RECORD, "locale": "en_US"}, removed.held)


@pytest.mark.parametrize("nothing", ["", None])
def test_an_empty_text_is_no_locale(nothing: Any) -> None:
    target = created({"locale": nothing, "timezone": nothing})
    assert target.fields.keys().isdisjoint({"locale", "timeZone"})
    assert target.held == {}


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("timezone", "Mars/Olympus"), ("timezone", "Pacific"), ("timezone", "UTC+25"),
        ("timezone", "(UTC-08:00) Pacific Time (US & Canada)"), ("timezone", "x" * 10_000),
        ("locale", "x" * 256), ("locale", "en-" * 5000), ("locale", True), ("locale", ["en"]),
    ],
)  # fmt: skip
def test_what_names_nothing_is_refused(attribute: str, value: Any) -> None:
    with pytest.raises(ValueRefused, match=rf"^{attribute} cannot be .* but one of") as refusal:
        created({attribute: value})
    assert len(str(refusal.value)) < 400


STRICT = [
    '[users]\nlocale = "strict"\ntimezone = "strict"', 'locale = "strict"\ntimezone = "strict"',
    'locale = "nearest"\ntimezone = "nearest"\n[users]\nlocale = "strict"\ntimezone = "strict"',
]  # fmt: skip


@pytest.mark.parametrize("says", STRICT)
@pytest.mark.parametrize(
    ("attribute", "value"),
    [("locale", "sv-SE"), ("locale", "en-AU"), ("timezone", "Pacific Standard Time")],
)
def test_a_strict_mapping_refuses_them(
    tmp_path: Path, says: str, attribute: str, value: str
) -> None:
    mapping = own(tmp_path, f'extends = "goto"\n{says}')
    with pytest.raises(ValueRefused, match=f"{attribute} cannot be '{value}' in GoTo"):
        created({attribute: value}, mapping)
    folded = created({"locale": "EN_us", "timezone": "utc"}, mapping)
    assert (folded.fields["locale"], folded.fields["timeZone"]) == ("en_US", "UTC")
    assert folded.held == {}


def test_one_of_both_may_be_strict(tmp_path: Path) -> None:
    mapping = own(tmp_path, 'extends = "goto"\n[users]\nlocale = "strict"')
    target = created({"timezone": "Pacific Standard Time"}, mapping)
    assert target.fields["timeZone"] == "America/Los_Angeles"


@pytest.mark.parametrize("key", ["locale", "timezone"])
def test_another_word_is_a_mistake(tmp_path: Path, key: str) -> None:
    for text in (f'{key} = "lax"', f'[users]\n{key} = "lax"', f"[users]\n{key} = 5"):
        with pytest.raises(MappingError, match=f'{key} must be "nearest" or "strict"'):
            load_mapping(written(tmp_path, f'extends = "goto"\n{text}'))


def test_the_default_of_the_mapping_is_for_other_languages(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users.attributes]
        locale = { default = "de-DE" }
        [values.locale]
        "sv-SE" = "sv_SE"
        "es-MX" = "es_MX"
        """,
    )
    goto_gets = {"da-DK": "de_DE", "sv": "sv_SE", "sv-FI": "sv_SE", "es-AR": "es_MX"}
    for sent, field in goto_gets.items():
        assert created({"locale": sent}, mapping).fields["locale"] == field


def test_a_preferred_language_that_is_mapped_is_read_as_accept_language(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users]
        held = ["externalId"]
        [users.attributes]
        locale = false
        preferredLanguage = { field = "locale", values = "locale" }
        """,
    )
    target = created({"preferredLanguage": "da, en-gb;q=0.8, en;q=0.7"}, mapping)
    assert target.fields["locale"] == "en_GB"
    assert read(target, mapping)["preferredLanguage"] == "da, en-gb;q=0.8, en;q=0.7"


def test_a_line_that_comes_later_is_written_by_the_next_change(tmp_path: Path) -> None:
    target = created({"locale": "sv-SE"})
    swedish = own(tmp_path, 'extends = "goto"\n[values.locale]\n"sv-SE" = "sv_SE"')
    assert read(target, swedish)["locale"] == "en-US"


def test_an_attribute_that_is_only_read_holds_nothing(tmp_path: Path) -> None:
    mapping = own(
        tmp_path,
        """
        extends = "goto"
        [users.attributes]
        locale = { field = "locale", values = "locale", direction = "read" }
        """,
    )
    assert created({"locale": "sv-SE"}, mapping).held == {}
    assert mapping.users.reading.resource({"locale": "en_US"}, {"locale": "sv-SE"}) == {
        "locale": "en-US"
    }
