"""GETs in which nothing is unusual, answered straight from what the directory has in memory.

These are nearly all that a client sends, and the layers that the rest needs cost more than they do.
Whatever is not met here (a condition, another way to sign in, an old snapshot, an unknown path) is
left to the others, which give the same answers; a test compares the two.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from starlette.types import Scope, Send

from bridge.directory import Directory, Entry, Kind
from bridge.scim import dialects, urls
from bridge.scim.auth import Authenticator, Client, Profile
from bridge.scim.lists import Lists, Reading, found_body, is_whole
from bridge.scim.lookups import lookup
from bridge.scim.reading import Reader
from bridge.scim.rendering import MEDIA_TYPE, in_json, location, rooted
from bridge.scim.workers import LARGE_QUERY

COLLECTIONS: dict[str, Kind] = {"/Users": "User", "/Groups": "Group"}
# Headers that ask for something else than the resource as it is known.
UNUSUAL = frozenset({b"if-match", b"if-none-match", b"cache-control", b"pragma"})
CONTENT_TYPE = (b"content-type", MEDIA_TYPE.encode())
MOST_ROOTS = 64
# A longer one is read in a thread, by those it is left to.
LONGEST_QUERY = LARGE_QUERY


@dataclass(frozen=True, slots=True)
class Root:
    """The URL of the SCIM root as a client calls it, and the same within JSON."""

    url: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """A body with status 200, and the headers beside its length and type."""

    body: bytes
    headers: Iterable[tuple[bytes, bytes]] = ()

    async def send(self, send: Send) -> None:
        """Send it."""
        length = (b"content-length", str(len(self.body)).encode())
        headers = [length, CONTENT_TYPE, *self.headers]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


class PlainReads:
    """Answers GETs, or leaves them to others."""

    def __init__(
        self,
        directory: Directory,
        lists: Lists,
        authenticator: Authenticator,
        readers: dict[Profile, Reader],
        public_url: str | None,
    ) -> None:
        self._directory = directory
        self._lists = lists
        self._authenticator = authenticator
        self._readers = readers
        self._public_url = public_url
        self._roots: dict[tuple[str, str, bytes], Root] = {}

    async def answer(self, scope: Scope) -> Answer | None:
        """Return the answer, or None. Raises what a search raises that cannot be read."""
        authorization = host = b""
        for name, value in scope["headers"]:
            if name == b"authorization":
                if authorization:
                    return None
                authorization = value
            elif name == b"host":
                host = value
            elif name in UNUSUAL:
                return None
        client = self._authenticator.at_hand(authorization.decode("latin-1"))
        if client is None:
            return None
        path, query = urls.path_below_mount(scope), scope["query_string"]
        collection, _, key = path.rpartition("/")
        if key.isdecimal() and not query:
            kind = COLLECTIONS.get(collection)
            entry = self._directory.known(kind, key) if kind else None
            return self._resource(entry, self._root(scope, host)) if entry else None
        if path not in COLLECTIONS or len(query) > LONGEST_QUERY or not self._directory.is_young:
            return None
        body = await self._list(scope, client, path, query, self._root(scope, host))
        return None if body is None else Answer(body)

    async def _list(
        self, scope: Scope, client: Client, path: str, query: bytes, root: Root
    ) -> bytes | None:
        reader = self._readers[client.profile]
        if COLLECTIONS[path] == "User" and (sought := lookup(query)):
            reading = self._reading(reader, path, sought.template, sought.template, root)
            if is_whole(reading):
                found = self._directory.user_named(sought.user_name)
                return found_body(reading, found, base_url=root.url, root=root.text)
        reading = self._reading(reader, path, urls.raw_query(scope), query, root)
        if reading.request.cursor is not None:
            return None
        return await self._lists.page(
            reading, client=client.name, base_url=root.url, root=root.text
        )

    def _reading(
        self, reader: Reader, path: str, query: str, asked: Hashable, root: Root
    ) -> Reading:
        asked = root.url, path, asked
        known = self._lists.known(reader, asked)
        if known is not None:
            return known
        return self._lists.reading(reader, path, dialects.query(query), asked, base_url=root.url)

    @staticmethod
    def _resource(entry: Entry, root: Root) -> Answer:
        etag = (b"etag", entry.version.encode())
        place = (b"content-location", location(entry, root.url).encode())
        return Answer(rooted(entry.text, root.text), (etag, place))

    def _root(self, scope: Scope, host: bytes) -> Root:
        asked = scope["scheme"], scope["root_path"], host
        root = self._roots.get(asked)
        if root is None:
            url = urls.root_url(scope, self._public_url)
            root = Root(url, in_json(url))
            if len(self._roots) >= MOST_ROOTS:
                self._roots.clear()
            self._roots[asked] = root
        return root
