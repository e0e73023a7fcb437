"""Commands as processes of their own, without what the environment holds of the bridge."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = (sys.executable, "-m", "bridge")
PATIENCE = 60.0


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without settings of the bridge, and with ``more``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    return {**kept, **(more or {})}


def run(
    *arguments: str,
    folder: Path,
    settings: Mapping[str, str] | None = None,
    typed: str = "",
    patience: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; ``typed`` is its standard input, which is no terminal."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(settings),
        input=typed,
        capture_output=True,
        text=True,
        timeout=patience,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Server:
    """A command that serves; what it writes goes to a file, as in a service."""

    process: subprocess.Popen[bytes]
    written: Path

    def text(self) -> str:
        return self.written.read_text("utf-8")

    def wait_for(self, text: str) -> str:
        """Wait until ``text`` was written, and return the line it is in."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.text():
            assert self.process.poll() is None, f"ended early:\n{self.text()}"
            assert time.monotonic() < deadline, f"not written: {text}\n{self.text()}"
            time.sleep(0.02)
        return next(line for line in self.text().splitlines() if text in line)

    def after(self, label: str) -> str:
        """Return what a line says behind its label."""
        return self.wait_for(label).removeprefix(label).strip()

    def end(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(
    *arguments: str, folder: Path, ready: str, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Start a command in ``folder``, wait until it wrote ``ready``, and see that it ends."""
    written = folder / f"{arguments[0]}.txt"
    with written.open("wb") as file:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=folder,
            env=environment(settings),
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    server = Server(process, written)
    try:
        server.wait_for(ready)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)
