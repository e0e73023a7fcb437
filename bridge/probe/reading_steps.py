"""Steps that read: projection, list order, filters, and what the OAuth server tells.

Knows what each question is, and how GoTo's replies answer it. Writes nothing.
"""

import re
from urllib.parse import quote, urlencode

from bridge.probe.calls import Reply
from bridge.probe.trial import Inconclusive, Trial

FIELDS = (
    "key",
    "email",
    "firstName",
    "lastName",
    "locale",
    "timeZone",
    "status",
    "licenseKeys",
    "products",
    "adminRoles",
    "roleSets",
    "groupKey",
    "groupName",
    "invitedDate",
    "nameLocked",
    "emailLocked",
    "identityReadOnly",
)
"""The fields of a user that the bridge uses."""
SPELLINGS = ("attributes", "attributeNames")
SAMPLE = 100
LARGEST_PAGE = 1000


async def projection(trial: Trial) -> str:
    """Compare rows with and without a list of fields, in both spellings."""
    whole = await trial.calls.get(f"users?offset=0&pageSize={SAMPLE}")
    if not whole.rows:
        raise Inconclusive(f"GoTo lists no users ({whole})")
    outcomes = {each: await _spelling(trial, each, whole) for each in SPELLINGS}
    for name, outcome in outcomes.items():
        trial.details[f"projection_{name}"] = outcome
    for wanted, told in (("complete", "complete"), ("whole", "complete"), ("partial", "partial")):
        for name, outcome in outcomes.items():
            if outcome == wanted:
                trial.details["projection_spelling"] = name if wanted == "complete" else "none"
                return told
    trial.details["projection_spelling"] = "none"
    if "refused" in outcomes.values():
        return "refused"
    raise Inconclusive("GoTo showed no row twice, so that none could be compared")


async def _spelling(trial: Trial, spelling: str, whole: Reply) -> str:
    asked = ",".join(FIELDS)
    some = await trial.calls.get(f"users?{spelling}={asked}&offset=0&pageSize={SAMPLE}")
    if not some.ok:
        return "refused"
    before = {str(row.get("key")): row for row in whole.rows}
    pairs = [(before[key], row) for row in some.rows if (key := str(row.get("key"))) in before]
    if not pairs:
        return "unknown"
    missing = {name for full, row in pairs for name in full if name in FIELDS and name not in row}
    if missing:
        trial.details[f"projection_{spelling}_lacks"] = ", ".join(sorted(missing))
        return "partial"
    is_whole = any(name not in FIELDS for _, row in pairs for name in row)
    return "whole" if is_whole else "complete"


async def list_order(trial: Trial) -> str:
    """Read the same page several times, and the largest one."""
    pages = [await trial.calls.get(f"users?offset=0&pageSize={SAMPLE}") for _ in range(2)]
    pages.append(await trial.calls.get(f"users?offset=0&pageSize={LARGEST_PAGE}"))
    if len(pages[0].rows) < 6:
        pages += [await trial.calls.get(f"users?offset=0&pageSize={SAMPLE}") for _ in range(4)]
    if not all(page.rows for page in pages):
        raise Inconclusive("GoTo did not list the users each time")
    last = pages[2]
    trial.details["page_size"] = f"{len(last.rows)} of {LARGEST_PAGE} rows asked for"
    if last.total <= len(last.rows):
        trial.details["page_size"] = "as asked for, or the whole list"
    to_index = pages[0].fields.get("toIndex")
    names = {len(pages[0].rows): "exclusive", len(pages[0].rows) - 1: "inclusive"}
    trial.details["to_index"] = names.get(to_index, "neither") if type(to_index) is int else "none"
    first, *others = [[str(row.get("key")) for row in page.rows] for page in pages]
    return "stable" if all(_is_same_order(first, other) for other in others) else "unstable"


def _is_same_order(first: list[str], other: list[str]) -> bool:
    """Whether common rows come in one order; a user who came or went meanwhile changes nothing."""
    common = set(first) & set(other)
    if len(common) < len(first) * 0.9 - 1:
        return False
    return [key for key in first if key in common] == [key for key in other if key in common]


async def filters(trial: Trial) -> str:
    """Ask for the administrator's address, and for one that nobody has, in both dialects."""
    own = trial.administrator.email
    nobody = f"nobody-{own}"
    dialects = {}
    for name, condition in (("eq", _equals), ("regex", _pattern)):
        hit = await _filtered(trial, condition(own))
        if not hit.ok:
            dialects[name] = "refused"
            continue
        miss = await _filtered(trial, condition(nobody))
        rows = {str(row.get("email")).casefold() for row in hit.rows}
        if miss.rows or rows - {own.casefold()}:
            dialects[name] = "ignored"
        else:
            dialects[name] = "kept" if rows else "empty"
    by_key = await _filtered(trial, f'(key="{trial.administrator.key}")')
    keys = [str(row.get("key")) for row in by_key.rows]
    dialects["key"] = _of_key(by_key, keys, trial.administrator.key)
    for name, outcome in dialects.items():
        trial.details[f"filter_{name}"] = outcome
    by_email = {dialects["eq"], dialects["regex"]}
    if "kept" in by_email:
        return "kept"
    if "ignored" in by_email:
        return "ignored"
    if by_email == {"refused"}:
        return "refused"
    raise Inconclusive("GoTo finds no user by the address of its administrator")


def _of_key(reply: Reply, keys: list[str], own: str) -> str:
    if not reply.ok:
        return "refused"
    return "kept" if keys == [own] else ("ignored" if keys else "empty")


async def _filtered(trial: Trial, condition: str) -> Reply:
    return await trial.calls.get(f"users?filter={quote(condition, safe='')}&pageSize=10")


def _equals(email: str) -> str:
    return 'email eq "{}"'.format(email.replace("\\", "\\\\").replace('"', '\\"'))


def _pattern(email: str) -> str:
    return '(email="(?i){}")'.format(re.escape(email).replace('"', '\\"'))


async def ask_oauth_server(trial: Trial) -> None:
    """Note whether introspection and metadata are served, and the names of their fields."""
    token = await trial.calls.access_token()
    form = urlencode({"token": token, "token_type_hint": "access_token"})
    for name, reply in (
        ("introspect", await trial.calls.authorize_server("POST", "/oauth/introspect", form)),
        (
            "oauth_metadata",
            await trial.calls.authorize_server("GET", "/.well-known/oauth-authorization-server"),
        ),
    ):
        if reply is None:
            trial.details[name] = "no answer"
        elif not reply.ok:
            trial.details[name] = f"refused ({reply})"
        else:
            trial.details[name] = "served"
            if name == "introspect":
                trial.details["introspect_end"] = "told" if "exp" in reply.fields else "not told"
