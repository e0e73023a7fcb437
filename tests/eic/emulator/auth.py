"""The life of a token: sent as it is until a call fails, then renewed, kept and tried again.

There is no clock: ``expires_in`` is never looked at.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from tests.eic.emulator.binder import bound
from tests.eic.emulator.paths import at_path, text_of
from tests.eic.emulator.switches import Switches
from tests.eic.emulator.wire import Answer, Call, CallFailed, Wire

IN_HEADERS = "#HEADERS#"


class Authentication:
    """One entry of ``authentications``; ``refreshes`` counts the tokens that were asked for."""

    def __init__(self, entry: Mapping[str, Any], wire: Wire, switches: Switches) -> None:
        self._entry = entry
        self._wire = wire
        self._switches = switches
        self.token: str = entry.get("accessToken", "")
        self.refresh_token: str = entry.get("refreshToken", "")
        self.refreshes = 0
        if entry["authType"] == "Basic" and switches.basic_from_start:
            self.token = self._basic()

    def send(self, call: Call) -> Answer:
        """Send a call with the token. Raises CallFailed."""
        for _ in range(int(self._entry.get("maxRefreshTryCount", 0))):
            answer = self._wire.send(call, self._headers(call))
            if not self._refused(answer) or not self._renewed():
                return answer
        return self._wire.send(call, self._headers(call))

    def test(self) -> bool:
        """*Save & Test Connection*. Raises CallFailed."""
        wanted = self._entry["testConnectionParams"]
        call = Call(
            wanted["http"]["httpMethod"],
            wanted["http"]["url"],
            wanted["http"]["httpHeaders"],
            wanted["http"]["httpContentType"],
            wanted["http"]["httpParams"],
        )
        answer = self.send(call)
        told = _told(answer, wanted.get("errorPath", ""))
        errors = any(self._matches(told, error) for error in wanted.get("errors", []))
        return answer.status in wanted["successResponses"]["statusCode"] and not errors

    def _headers(self, call: Call) -> dict[str, str]:
        names = {"access_token": self.token, "refresh_token": self.refresh_token}
        return {name: bound(value, names) for name, value in call.headers.items()}

    def _refused(self, answer: Answer) -> bool:
        if answer.status in self._entry.get("retryFailureStatusCode", []):
            return True
        told = _told(answer, self._entry.get("errorPath", ""))
        errors = [*self._entry.get("authError", []), self._entry.get("expiryError", "")]
        return any(self._matches(told, error) for error in errors if error)

    def _matches(self, told: str, error: str) -> bool:
        return told == error if self._switches.error_match == "exact" else error in told

    def _renewed(self) -> bool:
        """Ask for another token, and keep it."""
        self.refreshes += 1
        if self._entry["authType"] == "Basic":
            changed = self.token != self._basic()
            self.token = self._basic()
            return changed
        wanted = self._entry.get("refreshTokenCall", self._entry)
        try:
            answer = self._wire.send(self._token_call(wanted), wanted.get("httpHeaders", {}))
        except CallFailed:
            return False
        found = self._found(answer, self._entry["tokenResponsePath"])
        if answer.status >= 400 or not found:
            return False
        self.token = f"{self._entry.get('tokenType', '')} {found}".strip()
        if path := self._entry.get("refreshTokenResponsePath"):
            self.refresh_token = self._found(answer, path) or self.refresh_token
        return True

    def _token_call(self, wanted: Mapping[str, Any]) -> Call:
        names = {"access_token": self.token, "refresh_token": self.refresh_token}
        fields = {name: bound(value, names) for name, value in wanted["httpParams"].items()}
        return Call(wanted["httpMethod"], wanted["url"], {}, wanted["httpContentType"], fields)

    def _found(self, answer: Answer, path: str) -> str:
        if path.startswith(IN_HEADERS):
            return answer.headers.get(path.removeprefix(IN_HEADERS).lower(), "")
        value = at_path(answer.message, path)
        return "" if value is None else text_of(value)

    def _basic(self) -> str:
        own = self._entry["properties"]
        return "Basic " + b64encode(f"{own['userName']}:{own['password']}".encode()).decode()


def _told(answer: Answer, path: str) -> str:
    value = at_path(answer.message, path)
    return "" if value is None else text_of(value)
