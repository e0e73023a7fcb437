"""Saviynt EIC: the shipped files in the emulator; teams are made by hand in GoTo, and imported."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.clients.days.company import Company, Employee
from tests.eic.connections import key_of
from tests.eic.emulator import Account, Eic, Entitlement, Person
from tests.eic.emulator.store import ACTIVE, INACTIVE


class Saviynt:
    """``console`` does something in GoTo itself, ``state`` is what GoTo stores."""

    deletes = True
    keeps_titles = False

    def __init__(
        self,
        eic: Eic,
        *,
        console: Callable[[str, str, Any], None],
        state: Callable[[], dict[str, Any]],
    ) -> None:
        self._eic = eic
        self._console = console
        self._state = state
        self._accounts: dict[int, Account] = {}
        self.sent: Counter[str] = Counter()

    def first_sync(self, company: Company) -> None:
        assert self._eic.test_connection()
        for team in company.teams:
            self._console("POST", "/groups", {"name": team})
        self._import()
        for who in company.people.values():
            self.joined(who)
            self.moved(who, None)
        self._import()
        self._see(company)

    def joined(self, who: Employee) -> None:
        task = self._done("NEWACCOUNT", person=_person(who))
        self._accounts[who.number] = task.account

    def changed(self, who: Employee) -> None:
        self._done("UPDATEACCOUNT", person=_person(who), account=self._accounts[who.number])

    def left(self, who: Employee) -> None:
        self._done("DISABLEACCOUNT", account=self._accounts[who.number])

    def returned(self, who: Employee) -> None:
        self._done("ENABLEACCOUNT", account=self._accounts[who.number])

    def removed(self, who: Employee) -> None:
        self._done("REMOVEACCOUNT", account=self._accounts.pop(who.number))

    def moved(self, who: Employee, old: str | None) -> None:
        account = self._accounts[who.number]
        if who.team is not None:
            self._done("ADDACCESS", account=account, entitlement=self._team(who.team))
        if old is not None:
            self._done("REMOVEACCESS", account=account, entitlement=self._team(old))

    def team_made(self, team: str) -> None:
        self._console("POST", "/groups", {"name": team})
        self._import()

    def team_renamed(self, old: str, team: str) -> None:
        key = self._team(old).key
        self._console("PUT", f"/groups/{key}", {"name": team})
        self._import()

    def team_dissolved(self, team: str) -> None:
        """Take everybody out first.

        GoTo's console could, too, but what it puts back within 30 seconds of the bridge's own write
        is taken for a read that trails behind (decision 27), and this day lasts seconds.
        """
        gone = self._team(team)
        for account in self._accounts.values():
            if (gone.kind, gone.key) in account.links:
                self._done("REMOVEACCESS", account=account, entitlement=gone)
        self._console("DELETE", f"/groups/{gone.key}", None)
        self._import()

    def sync_again(self, company: Company) -> None:
        """Both imports, then every task that would lead to what there is, and both imports."""
        self._import()
        before = self._eic.store.picture()
        self._import()
        assert self._eic.store.picture() == before
        for who in company.people.values():
            self.changed(who)
            self.moved(who, None)
            if who.active:
                self.returned(who)
            else:
                self.left(who)
        self._import()
        self._see(company)

    def _see(self, company: Company) -> None:
        """What EIC has imported is the company."""
        for who in company.people.values():
            account = self._accounts[who.number]
            assert account.status == (ACTIVE if who.active else INACTIVE)
            assert account.columns["name"] == who.address
            groups = {key for kind, key in account.links if kind == "Group"}
            team = {self._team(who.team).key} if who.team else set()
            # The links of an inactive account stay, those to a group that is gone as well.
            assert groups == team if who.active else groups >= team

    def _team(self, team: str) -> Entitlement:
        return self._eic.store.entitlements["Group", key_of(self._state(), team)]

    def _import(self) -> None:
        assert [job.lines for job in self._eic.import_all() if job.failed] == []

    def _done(self, kind: Any, **of: Any) -> Any:
        self.sent[kind] += 1
        task = self._eic.done(kind, **of)
        self._eic.store.tasks.clear()
        return task


def _person(who: Employee) -> Person:
    return Person(
        username=who.username,
        email=who.address,
        firstname=who.given,
        lastname=who.family,
        custom={"customproperty3": "en-US", "customproperty4": "Europe/Berlin"},
    )
