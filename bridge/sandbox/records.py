"""How rows look in GoTo's JSON: derived status, absent fields, projection.

Knows which fields a record has and when one is left out (GoTo leaves fields without a value out; it
sends neither null nor an empty list). Knows no query and no HTTP.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bridge.sandbox.rows import Group, License, RoleSet, User, merged
from bridge.sandbox.settings import SimulatorSettings
from bridge.sandbox.tables import Tables

DAY_MS = 86_400_000

_PRODUCT_SETTINGS: Mapping[str, str] = {
    "G2M": (
        "allowAttendeeChat allowCalendarIntegration allowCloudRecording allowCoOrganizers "
        "allowCommuterMode allowDesktopRecording allowDrawingTools allowDropboxUpload "
        "allowFileTransfer allowIntegratedAudio allowKeyboardControl allowMeetingLock "
        "allowMobileApp allowOneTimeMeetings allowOutlookPlugin allowPersonalMeetingRoom "
        "allowPhoneConference allowPowerPointImport allowPresenterChange allowRecurringMeetings "
        "allowRemoteControl allowRoomLaunch allowSlackIntegration allowSmartAssistant "
        "allowTranscription allowVideoSharing allowVoipConference allowWebcams allowWhiteboard "
        "autoRecordMeetings businessMessaging callMeSupport changeOrganizers disableGuestJoin "
        "endToEndEncryption enforceMeetingPassword hideMeetingHistory noteTaking "
        "requireSignIn showAttendeeList suppressChimes tollFreeSupport turnKeyRooms "
        "unifiedTransport useHandsFree useInSessionMarketing useWaitingRoom watermarkRecording"
    ),
    "G2W": (
        "allowArchiving allowAttendeeQuestions allowBreakouts allowCertificates "
        "allowChannelPages allowCustomBranding allowHandouts allowOnDemand allowPanelists "
        "allowPayment allowPolls allowPracticeSessions allowRegistrantImport "
        "allowSourceTracking allowSurveys allowVideoEmbedding enforceRegistration"
    ),
    "G2T": (
        "allowCatalog allowCollateral allowCourseMaterials allowPaidTraining allowTestBuilder "
        "allowTrainingReports enforceCompletion"
    ),
    "JIVE": ("allowCallForwarding allowFax allowMobileCalling allowTextMessages allowVoicemail"),
}
_SETTINGS = {
    product: {name: position % 3 != 2 for position, name in enumerate(names.split())}
    for product, names in _PRODUCT_SETTINGS.items()
}


@dataclass(frozen=True, slots=True)
class View:
    """What records are read from: tables, the time in milliseconds, and the settings.

    One view serves one call, so that what many records share is made once.
    """

    tables: Tables
    now_ms: int
    settings: SimulatorSettings
    _products: dict[tuple[str, ...], list[str]] = field(default_factory=dict)
    _paths: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)

    def status(self, user: User) -> str:
        """Derived, never stored: no licence and no role, never, lately, or long ago signed in."""
        if user.is_empty_handed:
            return "SUSPENDED"
        if user.signed_in_at is None:
            return "INVITED"
        age_ms = self.now_ms - user.signed_in_at
        return "INACTIVE" if age_ms > self.settings.inactive_after_days * DAY_MS else "ACTIVE"

    def products(self, user: User) -> list[str]:
        known = self._products.get(user.license_keys)
        if known is None:
            licenses = self.tables.licenses
            products = (name for key in user.license_keys for name in licenses[key].products)
            known = self._products[user.license_keys] = list(dict.fromkeys(products))
        return known

    def user_settings(self, user: User) -> dict[str, Any]:
        """About 2 KB, the same for all with the same products until someone changes one."""
        products = self.products(user)
        settings = {product: _SETTINGS[product] for product in products if product in _SETTINGS}
        return merged(settings, user.settings) if user.settings else settings

    def group_key(self, user: User) -> str | None:
        """The one group that a record shows, also of a user who is in several."""
        if not user.group_keys:
            return None
        return user.group_keys[0 if self.settings.shown_group == "first" else -1]

    def group_of(self, user: User) -> Group | None:
        key = self.group_key(user)
        return None if key is None else self.tables.groups[key]

    def group_path(self, user: User) -> tuple[list[str], list[str]]:
        """The keys and the names from the root down to the user's group."""
        key = self.group_key(user)
        if key is None:
            return [], []
        known = self._paths.get(key)
        if known is None:
            path = self.tables.path(self.tables.groups[key])
            known = [group.key for group in path], [group.name for group in path]
            self._paths[key] = known
        return known

    def license_users(self, license: License) -> list[str]:
        holders = self.tables.holders(license.key)
        if self.settings.license_user_keys == "all":
            return list(holders)
        return [key for key in holders if self.status(self.tables.users[key]) != "INVITED"]

    def invited_users(self, license: License) -> list[str]:
        users = self.tables.users
        return [k for k in self.tables.holders(license.key) if self.status(users[k]) == "INVITED"]


def _group_name(user: User, view: View) -> str | None:
    group = view.group_of(user)
    return None if group is None else group.name


USER_FIELDS: Mapping[str, Callable[[User, View], Any]] = {
    "key": lambda user, _: user.key,
    "email": lambda user, _: user.email,
    "firstName": lambda user, _: user.first_name,
    "lastName": lambda user, _: user.last_name,
    "locale": lambda user, _: user.locale,
    "timeZone": lambda user, _: user.time_zone,
    "settings": lambda user, view: view.user_settings(user),
    "licenseKeys": lambda user, _: user.license_keys,
    "products": lambda user, view: view.products(user),
    "groupKey": lambda user, view: view.group_key(user),
    "groupName": _group_name,
    "groupKeyPath": lambda user, view: view.group_path(user)[0],
    "groupNamePath": lambda user, view: view.group_path(user)[1],
    "adminRoles": lambda user, _: user.admin_roles,
    "roleSets": lambda user, _: user.role_sets,
    "passwordCreated": lambda user, _: user.signed_in_at is not None,
    "invitedDate": lambda user, _: user.invited_date,
    "inviteCount": lambda user, _: user.invite_count,
    "nameLocked": lambda user, _: user.name_locked,
    "emailLocked": lambda user, _: user.email_locked,
    "identityReadOnly": lambda user, _: user.identity_read_only,
    "canAuthenticate": lambda user, view: view.status(user) in ("ACTIVE", "INACTIVE"),
    "status": lambda user, view: view.status(user),
}

# A lesser administrator may not see who else has a role.
ROLES = frozenset({"adminRoles", "roleSets"})
ROLELESS_FIELDS = {name: read for name, read in USER_FIELDS.items() if name not in ROLES}

GROUP_FIELDS: Mapping[str, Callable[[Group, View], Any]] = {
    "key": lambda group, _: group.key,
    "name": lambda group, _: group.name,
    "keyPath": lambda group, view: [above.key for above in view.tables.path(group)],
    "namePath": lambda group, view: [above.name for above in view.tables.path(group)],
    "userKeys": lambda group, view: list(view.tables.members(group.key)),
    "memberCount": lambda group, view: len(view.tables.members(group.key)),
    "totalMemberCount": lambda group, view: view.tables.total_members(group),
}

LICENSE_FIELDS: Mapping[str, Callable[[License, View], Any]] = {
    "key": lambda license, _: license.key,
    "description": lambda license, _: license.description,
    "type": lambda license, _: license.type,
    "products": lambda license, _: license.products,
    "seats": lambda license, _: license.seats,
    "userCount": lambda license, view: len(view.tables.holders(license.key)),
    "enabled": lambda license, _: license.enabled,
    "externallyManaged": lambda license, _: license.externally_managed,
    "userKeys": lambda license, view: view.license_users(license),
    "invitedUserKeys": lambda license, view: view.invited_users(license),
}

ROLE_SET_FIELDS: Mapping[str, Callable[[RoleSet, View], Any]] = {
    "id": lambda role_set, _: role_set.id,
    "name": lambda role_set, _: role_set.name,
}


Row = TypeVar("Row")
Fields = Mapping[str, Callable[[Row, View], Any]]


# The types whose empty values GoTo leaves out.
_NOTHING = frozenset({type(None), tuple, list, dict})


def record(row: Row, view: View, fields: Fields[Row]) -> dict[str, Any]:
    """The JSON object of a row with these fields; those without a value are absent."""
    return {
        name: value
        for name, read in fields.items()
        if (value := read(row, view)) or type(value) not in _NOTHING
    }


def projected(fields: Fields[Row], names: Iterable[str]) -> Fields[Row]:
    """The named fields and always the identifying one, which is the first."""
    wanted = set(names)
    return {
        name: read
        for position, (name, read) in enumerate(fields.items())
        if position == 0 or name in wanted
    }
