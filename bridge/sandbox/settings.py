"""What can be set on the simulated GoTo, and the check of a change.

Knows names, types and defaults; what a setting does is in the module that reads it. The defaults
follow the most likely behaviour of the live service; every behaviour that is not proven by the
vendor can be turned to the other reading here.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class SettingsRefused(ValueError):
    """A change of settings with an unknown name or an unusable value; the text is for a person."""


class SimulatorSettings(BaseModel):
    """Every setting of ``PUT /_sim/settings``. Seconds end in ``_s``, milliseconds in ``_ms``."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # Speed and time
    rate_limit: int = Field(default=10, ge=0)  # 0 is unlimited
    read_after_write_lag_ms: int = Field(default=0, ge=0)
    latency_ms: int = Field(default=0, ge=0)
    now_offset_s: float = Field(default=0, allow_inf_nan=False)
    inactive_after_days: Literal[30, 60, 90] = 30

    # OAuth
    access_token_ttl_s: int = Field(default=3600, ge=0)
    refresh_token_ttl_s: int = Field(default=2_592_000, ge=0)
    refresh_reply: Literal["omit", "repeat"] = "omit"
    refresh_rotation_share: float = Field(default=0.4, ge=0, le=1)
    refresh_rotation_revokes: bool = True
    pat_refresh_token: bool = False
    identity_scope: bool = True
    bad_token_status: Literal[401, 403] = 401
    enforce_rights: bool = True
    unknown_account_status: Literal[403, 404] = 403

    # Users
    create_status: Literal[200, 201] = 201
    write_status: Literal[200, 204] = 204
    bulk_conflict: Literal["keyless", "existing_key", "left_out"] = "keyless"
    bulk_max_users: int = Field(default=0, ge=0)  # 0 is unlimited
    revive_deleted: bool = True
    status_in_body: Literal["ignore", "refuse"] = "ignore"
    group_key_in_update: Literal["ignore", "move"] = "ignore"
    empty_license_keys: Literal["clear", "ignore"] = "clear"
    suspension: Literal["clears", "ignored"] = "clears"
    roles_visible: bool = True
    roles_writable: bool = True
    email_change: Literal["taken", "ignored", "refused"] = "taken"
    locked_status: Literal[400, 403] = 400
    device_rows: int = Field(default=0, ge=0, le=100_000)
    non_numeric_key_status: Literal[400, 404, 502] = 502
    key_type: Literal["string", "number"] = "string"

    # Licences
    enforce_seats: bool = True
    refuse_unassignable_licenses: bool = True
    license_user_keys: Literal["all", "signed_in"] = "all"
    license_calls: bool = False

    # Groups
    group_key_type: Literal["string", "number"] = "string"
    membership: Literal["move", "refuse", "add"] = "move"
    second_group: Literal["move", "refuse"] = "move"  # the older name of membership
    shown_group: Literal["latest", "first"] = "latest"
    removal: Literal["single", "all-only", "accepted-not-done", "none"] = "single"
    per_group_removal: bool = True  # false: as removal all-only
    per_group_removal_off_status: Literal[404, 405] = 404
    remove_nonmember: Literal["ignore", "refuse"] = "ignore"
    delete_nonempty_group: Literal["ungroup", "move_up", "refuse"] = "ungroup"

    # Lists
    default_page_size: int = Field(default=100, ge=1)
    max_page_size: int = Field(default=1000, ge=1)
    oversized_page: Literal["clamp", "refuse"] = "clamp"
    empty_results: Literal["absent", "list"] = "absent"
    list_order: Literal["stable", "unstable"] = "stable"
    to_index: Literal["exclusive", "inclusive"] = "exclusive"
    projection: Literal[
        "complete", "partial", "refused", "both", "attributes", "attributeNames", "off"
    ] = "complete"
    projection_spelling: Literal["both", "attributes", "attributeNames"] = "both"
    projection_answers: str = "email,firstName,lastName"
    filter: Literal["kept", "ignored"] = "kept"
    filter_dialects: Literal["both", "eq", "regex"] = "both"
    eq_fields: Literal["email", "any"] = "email"
    eq_ignores_case: bool = True
    regex_match: Literal["full", "part"] = "full"
    plus_in_query: Literal["refuse", "blank"] = "refuse"

    @property
    def second_membership(self) -> str:
        """What comes of putting a member of one group into another: move, refuse or add."""
        refused = self.membership == "move" and self.second_group == "refuse"
        return "refuse" if refused else self.membership

    @property
    def known_removal(self) -> str:
        """Which removals from a group there are: single, all-only, accepted-not-done or none."""
        is_older = self.removal == "single" and not self.per_group_removal
        return "all-only" if is_older else self.removal

    @property
    def projection_spellings(self) -> tuple[str, ...]:
        """The query parameters that name the fields of an answer."""
        if self.projection in ("attributes", "attributeNames"):
            return (self.projection,)
        if self.projection == "off":
            return ()
        both = ("attributes", "attributeNames")
        return both if self.projection_spelling == "both" else (self.projection_spelling,)

    def changed(self, changes: Mapping[str, Any]) -> "SimulatorSettings":
        """These settings with ``changes`` on top; raises :class:`SettingsRefused`."""
        try:
            return SimulatorSettings.model_validate({**self.model_dump(), **changes})
        except ValidationError as refusal:
            raise SettingsRefused(explain(refusal)) from None


def explain(refusal: ValidationError) -> str:
    """One plain sentence a problem, then the names that are known."""
    problems = "; ".join(
        _problem(error["loc"], error["type"], error["msg"])
        for error in refusal.errors(include_url=False)
    )
    known = ", ".join(sorted(SimulatorSettings.model_fields))
    return f"{problems}. Known settings: {known}."


def _problem(location: tuple[int | str, ...], kind: str, message: str) -> str:
    name = ".".join(str(part) for part in location)
    if kind == "extra_forbidden":
        return f"{name} is not a setting"
    return f"{name}: {message[0].lower()}{message[1:]}"
