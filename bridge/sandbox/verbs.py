"""Every path of the Admin API and what its methods do."""

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.responses import Response
from starlette.routing import Route

from bridge.sandbox.answers import answer, done
from bridge.sandbox.api import Call, Method, route
from bridge.sandbox.listing import Lookups, Source, page, wanted
from bridge.sandbox.records import (
    GROUP_FIELDS,
    LICENSE_FIELDS,
    ROLE_SET_FIELDS,
    ROLELESS_FIELDS,
    USER_FIELDS,
    Fields,
    View,
    record,
)
from bridge.sandbox.rows import Extra, Group, NoPath, Refusal, User
from bridge.sandbox.simulation import Simulation

_USERS = frozenset({"MANAGE_USERS"})
_NEW_USERS = frozenset({"MANAGE_USERS", "ADD_USERS"})
_SEATS = frozenset({"MANAGE_SEATS"})
_GROUPS = frozenset({"MANAGE_GROUPS"})
_ACCOUNT = frozenset({"MANAGE_ACCOUNT", "MANAGE_SETTINGS"})


def routes(simulation: Simulation) -> list[Route]:
    """The routes, the often used first."""
    account, group, user = "/accounts/{account}", "/groups/{group}", "/users/{user}"
    table: dict[str, dict[str, Method]] = {
        account + user: {
            "GET": Method(read_user),
            "PUT": Method(update_user, _USERS),
            "DELETE": Method(delete_user, _USERS),
        },
        account + "/users": {
            "GET": Method(list_users),
            "POST": Method(create_users, _NEW_USERS),
        },
        account + group + user: {
            "PUT": Method(put_in_group, _GROUPS),
            "DELETE": Method(take_out_of_group, _GROUPS),
        },
        account + user + "/groups": {"DELETE": Method(take_out_of_groups, _GROUPS)},
        account + group: {
            "GET": Method(read_group),
            "PUT": Method(rename_group, _GROUPS),
            "DELETE": Method(delete_group, _GROUPS),
        },
        account + "/groups": {
            "GET": Method(list_groups),
            "POST": Method(create_group, _GROUPS),
        },
        account + group + "/users": {"GET": Method(list_group_users)},
        account + "/licenses/{license}" + user: {"DELETE": Method(take_license, _SEATS)},
        account + "/licenses": {"GET": Method(list_licenses)},
        account + "/rolesets": {"GET": Method(list_role_sets)},
        "/me": {"GET": Method(read_me)},
        account: {"GET": Method(read_account)},
    }
    for kind in ("attributes", "templates"):
        table[f"{account}/{kind}"] = {
            "GET": Method(_list_extras(kind)),
            "POST": Method(_create_extra(kind), _ACCOUNT),
        }
    return [route(simulation, path, methods) for path, methods in table.items()]


def read_me(call: Call) -> Response:
    account = call.account
    me = account.user(account.administrator_key)
    as_number = call.settings.key_type == "number"
    key, account_key = (int(k) if as_number else k for k in (me.key, account.key))
    return answer(
        {
            "key": key,
            "accountKey": account_key,
            "email": me.email,
            "firstName": me.first_name,
            "lastName": me.last_name,
            "locale": me.locale,
            "timeZone": me.time_zone,
            "adminRoles": me.admin_roles,
            "accounts": [{"key": account_key, "name": account.name}],
        }
    )


def read_account(call: Call) -> Response:
    return answer({"key": call.account.key, "name": call.account.name})


def list_users(call: Call) -> Response:
    view = call.view()
    users = view.tables.users
    return answer(page(_users(view, users.values(), len(users)), view, call.query))


def list_group_users(call: Call) -> Response:
    view = call.view()
    key = call.key("group")
    if key not in view.tables.groups:
        raise Refusal(404, "group.not.found", key)
    members = view.tables.members(key)
    users = [view.tables.users[user_key] for user_key in members]
    source = Source(users, len(users), _user_fields(view), {})
    return answer(page(source, view, call.query))


def _users(view: View, rows: Any, total: int) -> Source[User]:
    tables = view.tables
    by_value: Lookups[User] = {"email": tables.user_by_email, "key": tables.users.get}
    return Source(rows, total, _user_fields(view), by_value)


def _user_fields(view: View) -> Fields[User]:
    return USER_FIELDS if view.settings.roles_visible else ROLELESS_FIELDS


def read_user(call: Call) -> Response:
    view = call.view()
    key = call.key("user")
    user = view.tables.users.get(key)
    if user is None:
        raise Refusal(404, "user.not.found", key)
    return answer(record(user, view, wanted(_user_fields(view), call.query, call.settings)))


def create_users(call: Call) -> Response:
    text = call.query.get("allOrNothing", "true").lower()
    if text not in ("true", "false"):
        raise Refusal(400, "request.invalid", "allOrNothing")
    created = call.account.create_users(call.json(), all_or_nothing=text == "true")
    return answer(created, call.settings.create_status)


def update_user(call: Call) -> Response:
    call.account.update_user(call.key("user"), call.json())
    return done(call.settings.write_status)


def delete_user(call: Call) -> Response:
    call.account.delete_user(call.key("user"))
    return done(call.settings.write_status)


def list_groups(call: Call) -> Response:
    view = call.view()
    groups = view.tables.groups
    by_value: Lookups[Group] = {"name": view.tables.group_by_name, "key": groups.get}
    source = Source(groups.values(), len(groups), GROUP_FIELDS, by_value)
    return answer(page(source, view, call.query))


def read_group(call: Call) -> Response:
    view = call.view()
    key = call.key("group")
    group = view.tables.groups.get(key)
    if group is None:
        raise Refusal(404, "group.not.found", key)
    return answer(record(group, view, wanted(GROUP_FIELDS, call.query, call.settings)))


def create_group(call: Call) -> Response:
    key = call.account.create_group(call.json())
    as_number = call.settings.group_key_type == "number"
    return answer(int(key) if as_number else key, call.settings.create_status)


def rename_group(call: Call) -> Response:
    call.account.rename_group(call.key("group"), call.json())
    return done(call.settings.write_status)


def delete_group(call: Call) -> Response:
    call.account.delete_group(call.key("group"))
    return done(call.settings.write_status)


def put_in_group(call: Call) -> Response:
    call.account.put_in_group(call.key("group"), call.key("user"))
    return done(call.settings.write_status)


def take_out_of_group(call: Call) -> Response:
    if call.settings.known_removal in ("all-only", "none"):
        if call.settings.per_group_removal_off_status == 405:
            raise Refusal(405, "method.not.allowed")
        raise NoPath
    call.account.take_out_of_group(call.key("group"), call.key("user"))
    return done(call.settings.write_status)


def take_out_of_groups(call: Call) -> Response:
    if call.settings.known_removal == "none":
        raise NoPath
    call.account.take_out_of_groups(call.key("user"))
    return done(call.settings.write_status)


def take_license(call: Call) -> Response:
    if not call.settings.license_calls:
        raise NoPath
    call.account.take_license(call.key("license"), call.key("user"))
    return done(call.settings.write_status)


def list_licenses(call: Call) -> Response:
    view = call.view()
    licenses = view.tables.licenses
    source = Source(licenses.values(), len(licenses), LICENSE_FIELDS, {"key": licenses.get})
    return answer(page(source, view, call.query))


def list_role_sets(call: Call) -> Response:
    view = call.view()
    role_sets = view.tables.role_sets
    return answer(page(Source(role_sets, len(role_sets), ROLE_SET_FIELDS, {}), view, call.query))


def _list_extras(kind: str) -> Any:
    def list_extras(call: Call) -> Response:
        extras = call.account.extras[kind]
        names = dict.fromkeys(name for extra in extras.values() for name in extra.fields)
        fields: dict[str, Callable[[Extra, View], Any]] = {"key": lambda extra, _: extra.key}
        fields |= {name: partial(_extra_field, name) for name in names}
        source: Source[Extra] = Source(extras.values(), len(extras), fields, {})
        return answer(page(source, call.view(), call.query))

    return list_extras


def _extra_field(name: str, extra: Extra, _: View) -> Any:
    return extra.fields.get(name)


def _create_extra(kind: str) -> Any:
    def create_extra(call: Call) -> Response:
        return answer(call.account.create_extra(kind, call.json()), call.settings.create_status)

    return create_extra
