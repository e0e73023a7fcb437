"""Ways to the bridge on which something happens: transports for the emulator's HTTP client."""

from collections.abc import Callable

import httpx


class Way(httpx.BaseTransport):
    """The plain way over sockets; counts the requests that went it."""

    def __init__(self) -> None:
        self._sockets = httpx.HTTPTransport()
        self.urls: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.urls.append(str(request.url))
        return self._sockets.handle_request(request)

    def close(self) -> None:
        self._sockets.close()


class Happening(Way):
    """Something happens before one of the requests goes out; ``at`` counts from 0."""

    def __init__(self, at: int, what: Callable[[], object]) -> None:
        super().__init__()
        self._at = at
        self._what = what

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if len(self.urls) == self._at:
            self._what()
        return super().handle_request(request)


class Broken(Way):
    """From a request on every answer is this status, or there is none (``status`` 0)."""

    def __init__(self, after: int, status: int) -> None:
        super().__init__()
        self._after = after
        self._status = status

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if len(self.urls) < self._after:
            return super().handle_request(request)
        if not self._status:
            raise httpx.ReadError("the connection was cut", request=request)
        return httpx.Response(self._status, request=request)


class CutOff(Way):
    """From the first request on whose URL fits, every answer is a 503."""

    def __init__(self, fits: Callable[[str], bool]) -> None:
        super().__init__()
        self._fits = fits
        self.is_cut = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.is_cut = self.is_cut or self._fits(str(request.url))
        if self.is_cut:
            return httpx.Response(503, request=request)
        return super().handle_request(request)


class Lost(Way):
    """The answer to one request is lost on its way back; the bridge has done what it asked."""

    def __init__(self, method: str) -> None:
        super().__init__()
        self._method = method
        self.lost = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = super().handle_request(request)
        if request.method != self._method or self.lost:
            return answer
        self.lost += 1
        answer.read()
        answer.close()
        raise httpx.ReadTimeout("no answer", request=request)


class Expiring(Way):
    """From a request on the token that was in use until then is no longer the bridge's."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after
        self._ended = ""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent = request.headers.get("authorization", "")
        if len(self.urls) == self._after:
            self._ended = sent
        if sent and sent == self._ended:
            request.headers["authorization"] = sent + "x"
        return super().handle_request(request)
