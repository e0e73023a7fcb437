"""One EIC with one connection: test it, import, give tasks, run them."""

from collections.abc import Callable

import httpx

from tests.eic.emulator.auth import Authentication
from tests.eic.emulator.files import Files
from tests.eic.emulator.imports import Imports
from tests.eic.emulator.provisioning import Provisioning
from tests.eic.emulator.reading import Reading
from tests.eic.emulator.store import Account, Entitlement, Job, Kind, Person, Store, Task
from tests.eic.emulator.switches import Switches
from tests.eic.emulator.wire import Wire


def _no_wait(_: float) -> None:
    return None


class Eic:
    """``http`` is the way to the target; ``pause`` is called with the seconds that EIC waits."""

    def __init__(
        self,
        files: Files,
        http: httpx.Client,
        *,
        switches: Switches | None = None,
        store: Store | None = None,
        pause: Callable[[float], None] = _no_wait,
    ) -> None:
        chosen = switches or Switches()
        self.store = store or Store()
        wire = Wire(http, files.get("ConfigJSON"), chosen, pause)
        entries = files["ConnectionJSON"]["authentications"]
        self.logins = {name: Authentication(each, wire, chosen) for name, each in entries.items()}
        reading = Reading(self.logins, chosen)
        self._imports = Imports(files, reading, self.store, chosen)
        self._provisioning = Provisioning(files, self.logins, self.store, chosen)

    def test_connection(self) -> bool:
        """*Save & Test Connection*."""
        return all(login.test() for login in self.logins.values())

    def import_accounts(self) -> Job:
        """Run the account import."""
        return self._imports.accounts()

    def import_access(self) -> Job:
        """Run the access import."""
        return self._imports.access()

    def import_all(self) -> list[Job]:
        """Run both, accounts first; the second also where the first failed, as jobs do."""
        return [self.import_accounts(), self.import_access()]

    def task(
        self,
        kind: Kind,
        *,
        person: Person | None = None,
        account: Account | None = None,
        entitlement: Entitlement | None = None,
    ) -> Task:
        """Make a task; it waits for the next run."""
        task = Task(kind, person=person, account=account, entitlement=entitlement)
        self.store.tasks.append(task)
        return task

    def run_tasks(self) -> list[Task]:
        """Run WSRETRY once; returns the tasks that are still open."""
        self._provisioning.run()
        return [task for task in self.store.tasks if not task.done]

    def done(self, kind: Kind, **of: Person | Account | Entitlement) -> Task:
        """Make a task and run it; it has to succeed."""
        task = self.task(kind, **of)  # type: ignore[arg-type]  # named as the method's own
        self.run_tasks()
        assert task.done, f"{kind}: {task.error}"
        return task
