"""Which operations of a bulk request may run at once: those whose order nobody can see.

Runs of creates of users, of deletions of different users, and of PATCHes of different users that
say nothing on which another user's state could depend. Everything else goes one by one.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from scim2_models import BulkOperation, PatchOp, Resource
from scim2_server.bulk import BulkPlan, BulkStep

from bridge.mapping.catalog import CORE

MOST_TOGETHER = 50
"""As many creates go up in one call; more of anything else would only wait for the rate limit."""
METHOD = BulkOperation.Method
USERS = "/users"
# Who is renamed may take the name that another one just left; who gets a licence, its seat.
ORDERED = frozenset({"username", "emails", "active", "entitlements", "roles", "password"})
NAME = re.compile(rf"(?:{re.escape(CORE['User'])}:)?(?P<name>\w+)", re.IGNORECASE)

Operation = BulkOperation[Resource[Any]]


def together(plan: BulkPlan) -> Iterator[list[BulkStep]]:
    """Yield the steps in the plan's order, those together that may run at once.

    Never more than may fail before the request is stopped, so that none runs that would not have.
    Each step has to be recorded before the next ones are asked for.
    """
    steps = list(plan.steps)
    at = 0
    while at < len(steps) and not plan.stopped:
        some = [steps[at]]
        kind = _kind(plan.operation(some[0]))
        indexes, targets = {some[0].index}, {_target(plan, some[0])}
        for step in steps[at + 1 : at + _room(plan)]:
            if kind is None or _kind(plan.operation(step)) != kind:
                break
            if _target(plan, step) in targets or indexes & set(plan.dependencies(step.index)):
                break
            some.append(step)
            indexes.add(step.index)
            targets.add(_target(plan, step))
        at += len(some)
        yield some


def _room(plan: BulkPlan) -> int:
    if plan.fail_on_errors is None:
        return MOST_TOGETHER
    return max(1, min(MOST_TOGETHER, plan.fail_on_errors - plan.errors))


def _target(plan: BulkPlan, step: BulkStep) -> str:
    """Return what a step is about; each create is about something of its own."""
    operation = plan.operation(step)
    return f"{step.index}" if operation.method == METHOD.post else str(operation.path).casefold()


def _kind(operation: Operation) -> BulkOperation.Method | None:
    """Return the method of operations that may run at once, None for what goes alone."""
    path = str(operation.path or "").casefold()
    if operation.method == METHOD.post:
        return METHOD.post if path.rstrip("/") == USERS else None
    if not path.startswith(f"{USERS}/"):
        return None
    if operation.method == METHOD.delete:
        return METHOD.delete
    if operation.method == METHOD.patch and _is_its_own(operation.data):
        return METHOD.patch
    return None


def _is_its_own(patch: Any) -> bool:
    """Whether a PATCH says nothing that another user could be in the way of."""
    if not isinstance(patch, PatchOp):
        return False
    return not any(name in ORDERED or not name for name in _names(patch))


def _names(patch: "PatchOp[Any]") -> Iterator[str]:
    for operation in patch.operations or []:
        if operation.path:
            yield _name(str(operation.path))
        elif isinstance(operation.value, Mapping):
            yield from (_name(str(name)) for name in operation.value)
        else:
            yield ""


def _name(path: str) -> str:
    found = NAME.match(path)
    return found["name"].casefold() if found else ""
