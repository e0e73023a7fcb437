"""The job WSRETRY: runs the calls of each open task, and keeps it open until they succeed."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.eic.emulator.auth import Authentication
from tests.eic.emulator.binder import bound, valued
from tests.eic.emulator.files import Files
from tests.eic.emulator.groovy import GroovyError
from tests.eic.emulator.paths import at_path, column, text_of
from tests.eic.emulator.store import PROVISIONED, SUSPENDED, Account, Store, Task
from tests.eic.emulator.switches import Switches
from tests.eic.emulator.wire import Answer, Call, CallFailed

ATTRIBUTES = {
    "NEWACCOUNT": "CreateAccountJSON",
    "UPDATEACCOUNT": "UpdateAccountJSON",
    "ENABLEACCOUNT": "EnableAccountJSON",
    "DISABLEACCOUNT": "DisableAccountJSON",
    "REMOVEACCOUNT": "RemoveAccountJSON",
    "ADDACCESS": "AddAccessJSON",
    "REMOVEACCESS": "RemoveAccessJSON",
}
SUCCESS = {"result": "success"}


class Provisioning:
    """Runs tasks; a task that fails stays open with the reason."""

    def __init__(
        self, files: Files, logins: Mapping[str, Authentication], store: Store, switches: Switches
    ) -> None:
        self._files = files
        self._logins = logins
        self._store = store
        self._switches = switches

    def run(self) -> None:
        """Run each open task once, in the order in which they were made."""
        for task in self._store.tasks:
            if task.done:
                continue
            task.tries += 1
            try:
                self._perform(task)
            except (CallFailed, GroovyError) as error:
                task.error = str(error)
            else:
                task.done, task.error = True, ""

    def _perform(self, task: Task) -> None:
        wanted = self._files[ATTRIBUTES[task.kind]]
        calls = [call for call in wanted["call"] if _concerns(call, task)]
        if not calls:
            raise CallFailed(f"{ATTRIBUTES[task.kind]} has no call for this task")
        answers: dict[str, Any] = {}
        for name, call in _named(calls):
            names = {**_names(task), "response": answers}
            if "callCondition" in call and not valued(call["callCondition"], names):
                continue
            for each in _repeated(call, answers):
                answer = self._answered(call, {**names, **each})
                answers[name] = {
                    "message": answer.message,
                    "statusCode": answer.status,
                    "headers": dict(answer.headers),
                }
        self._settle(task, wanted, answers)

    def _answered(self, call: Mapping[str, Any], names: Mapping[str, Any]) -> Answer:
        null = self._switches.null_text
        names = {**names, "access_token": "${access_token}"}
        params = call.get("httpParams", {})
        body = (
            bound(params, names, null=null, escaped=self._switches.escapes_json)
            if isinstance(params, str)
            else params
        )
        answer = self._logins[call["connection"]].send(
            Call(
                str(valued(call["httpMethod"], names)),
                bound(call["url"], names, null=null),
                call["httpHeaders"],
                call["httpContentType"],
                body,
            )
        )
        if not self._good(call, answer):
            raise CallFailed(f"{answer.status}: {_reason(answer)}")
        return answer

    def _good(self, call: Mapping[str, Any], answer: Answer) -> bool:
        failed = _fits(call.get("unsuccessResponses"), answer)
        passed = _fits(call.get("successResponses"), answer)
        return passed and not (failed and self._switches.failure_first)

    def _settle(self, task: Task, wanted: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
        """Take into EIC's tables what was done."""
        if task.kind == "NEWACCOUNT":
            key = at_path(answers, wanted["accountIdPath"])
            if key is None:
                raise CallFailed(f"nothing at accountIdPath {wanted['accountIdPath']}")
            entries = wanted.get("responseColsToPropsMap", {})
            columns = {name: column(answers, entry) for name, entry in entries.items()}
            task.account = self._store.accounts.setdefault(text_of(key), Account(text_of(key), {}))
            task.account.columns.update(columns)
            task.account.status = PROVISIONED
        account = task.account
        assert account is not None
        if task.kind == "ENABLEACCOUNT":
            account.status = PROVISIONED
        if task.kind in ("DISABLEACCOUNT", "REMOVEACCOUNT"):
            account.status = SUSPENDED
        if task.entitlement is not None:
            link = (task.entitlement.kind, task.entitlement.key)
            if task.kind == "ADDACCESS":
                account.links.add(link)
            else:
                account.links.discard(link)


def _concerns(call: Mapping[str, Any], task: Task) -> bool:
    return task.entitlement is None or call["name"] == task.entitlement.kind


def _named(calls: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield calls with their names, numbered where several share one."""
    names = [call["name"] for call in calls]
    for at, call in enumerate(calls):
        name = call["name"]
        yield (f"{name}{names[: at + 1].count(name)}" if names.count(name) > 1 else name), call


def _names(task: Task) -> dict[str, Any]:
    return {
        "user": task.person.binding() if task.person else None,
        "account": task.account.binding() if task.account else None,
        "entitlementValue": task.entitlement.binding() if task.entitlement else None,
        "accountName": task.account.columns.get("name") if task.account else None,
    }


def _repeated(call: Mapping[str, Any], answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One round, or one for each item of an earlier answer."""
    if "callListPath" not in call:
        return [{}]
    return [{"childresponse": item} for item in at_path(answers, call["callListPath"]) or []]


def _fits(rules: Mapping[str, Any] | None, answer: Answer) -> bool:
    """Whether an answer is one of those that rules name."""
    if not rules:
        return False
    if rules == SUCCESS:
        return answer.status < 300
    for path, wanted in rules.items():
        found = answer.status if path == "statusCode" else at_path(answer.message, path)
        if found not in (wanted if isinstance(wanted, list) else [wanted]):
            return False
    return True


def _reason(answer: Answer) -> str:
    detail = at_path(answer.message, "detail")
    return text_of(detail if detail is not None else answer.message)
