"""The limits of a connection. Sizes are in bytes, times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one connection, and all of them together, may cost."""

    head: int = 64 * 1024
    """Request line and header fields; also trailers and chunk extensions of a body."""

    fields: int = 1000
    """Header fields of a request."""

    head_seconds: float = 10
    """From the first byte of a request, or the opening of the connection, to the end of a head."""

    idle_seconds: float = 5
    """Between an answer and the first byte of the next request."""

    body_seconds: float = 30
    """Between two pieces of a body."""

    unread_seconds: float = 30
    """In which a client reads nothing of an answer that is waiting for it."""

    connections: int = 512
    """Open at once. A further one takes the place of the one that has waited longest for a head."""

    reserved: int = 64
    """Connections beyond these. They are answered on health, and told 503 elsewhere."""

    linger_seconds: float = 2
    """For which a connection stays open for reading after an answer that was sent early."""

    linger_bytes: int = 4 * 1024 * 1024
    """Read and dropped in that time. Without it the client may lose the answer (RFC 9112 §9.6)."""
