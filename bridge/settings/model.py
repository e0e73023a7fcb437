"""Every setting: its name, meaning, default and check.

Knows neither where values come from (``loading``) nor what the rooms do with them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, PrivateAttr, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bridge.settings.values import (
    AnyCase,
    BasePath,
    BearerToken,
    DatabaseUrl,
    HttpUrl,
    SealingKey,
    Text,
    parse_secret_keys,
)

PREFIX = "BRIDGE_"
A_URL = "a URL with http:// or https://, without a query"


@dataclass(frozen=True, slots=True)
class Setting:
    """A row of the table of settings; ``file``: a name with ``_FILE`` behind it is taken too."""

    name: str
    meaning: str
    default: str
    file: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What a person is told of a setting; ``unset`` says what happens where it has no value."""

    meaning: str
    must_be: str = "text"
    unset: str = "none"
    file: bool = False


class Settings(BaseSettings):
    """The settings, checked. Built by ``load_settings``; secrets show as stars."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True
    )

    host: Annotated[Text, About("where to listen", "a host name or an address")] = "127.0.0.1"
    port: Annotated[
        int,
        Field(ge=0, le=65535),
        About("where to listen", "a whole number from 0 to 65535"),
    ] = 8080
    public_url: Annotated[
        HttpUrl | None,
        About(
            "the URL that clients use, for `meta.location` and OAuth redirects",
            A_URL,
            unset="taken from the request",
        ),
    ] = None
    base_path: Annotated[
        BasePath,
        About(
            "a path such as `/goto` below which everything is served, for a proxy that does not "
            "take it off",
            "a path such as /goto, of letters, digits and . _ ~ -",
        ),
    ] = ""
    token: Annotated[
        BearerToken | None,
        About("one static SCIM bearer token", file=True),
    ] = None
    token_profile: Annotated[
        Literal["lenient", "strict"],
        AnyCase,
        About("how the client with the static token is treated", "lenient or strict"),
    ] = "lenient"  # noqa: S105 - a profile's name, not a token
    secret_key: Annotated[
        SealingKey | None,
        About(
            "key that seals what is stored (grants) and signs cursors; 32 random bytes, base64",
            unset="generated beside an SQLite database on first start, with a warning; "
            "required with PostgreSQL",
            file=True,
        ),
    ] = None
    database_url: Annotated[
        DatabaseUrl,
        Field(repr=False),  # it may hold a password
        About(
            "`sqlite:///./bridge.db` or `postgresql://…`",
            "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME",
        ),
    ] = "sqlite:///./bridge.db"
    mapping: Annotated[
        Path | None,
        About("the mapping file", "the path of a file", unset="the shipped `mappings/goto.toml`"),
    ] = None
    goto_api_url: Annotated[HttpUrl, About("base of the GoTo API", A_URL)] = "https://api.getgo.com"
    goto_auth_url: Annotated[HttpUrl, About("base of GoTo's OAuth server", A_URL)] = (
        "https://authentication.logmeininc.com"
    )
    goto_client_id: Annotated[Text | None, About("the OAuth client")] = None
    goto_client_secret: Annotated[SecretStr | None, About("the OAuth client", file=True)] = None
    goto_pat: Annotated[
        SecretStr | None, About("personal access token: a headless grant", file=True)
    ] = None
    goto_refresh_token: Annotated[
        SecretStr | None,
        About("a refresh token to start from; once stored, the stored one wins", file=True),
    ] = None
    goto_account_key: Annotated[
        Text | None,
        About(
            "which account, where the administrator has several",
            "an account key",
            unset="the only one of `/me`",
        ),
    ] = None
    goto_rate_limit: Annotated[
        int,
        Field(ge=1, le=100_000),
        About("requests a second that the bridge allows itself", "a whole number from 1 to 100000"),
    ] = 10
    snapshot_max_age: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False),
        About("seconds that lists, filters and reads may be old", "a number of seconds, 0 or more"),
    ] = 60
    verify_writes: Annotated[
        Literal["first", "always", "never"],
        AnyCase,
        About(
            "which writes are read back from GoTo: the `first` of each kind in a process, `always` "
            "those that take access away too, or `never`",
            "first, always or never",
        ),
    ] = "first"
    log_level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"],
        AnyCase,
        About("how much is logged", "debug, info, warning, error or critical"),
    ] = "info"
    log_format: Annotated[
        Literal["json", "console"] | None,
        AnyCase,
        About(
            "`json` or `console`", "json or console", unset="`console` on a terminal, else `json`"
        ),
    ] = None

    _warnings: tuple[str, ...] = PrivateAttr(())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an operator should hear of, one sentence each, though the settings can be used."""
        return self._warnings

    @property
    def secret_keys(self) -> tuple[bytes, ...]:
        """The configured sealing keys, the first one seals; empty where none is configured."""
        key = self.secret_key
        return () if key is None else parse_secret_keys(key.get_secret_value())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library passes all five by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # ``load_settings`` gathers, so that every error is told at once and with its name.
        return (init_settings,)


def about(name: str) -> About:
    """Give what is told of the setting with this field name."""
    (told,) = (item for item in Settings.model_fields[name].metadata if isinstance(item, About))
    return told


def environment_name(name: str) -> str:
    return PREFIX + name.upper()


def describe() -> list[Setting]:
    """Give the table of settings, in the order in which a person reads them."""
    return [
        Setting(
            name=environment_name(name),
            meaning=about(name).meaning,
            default=about(name).unset if field.default in (None, "") else str(field.default),
            file=about(name).file,
        )
        for name, field in Settings.model_fields.items()
    ]
