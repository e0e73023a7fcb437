"""Commands called in the test's own process: those that set up no logs and serve nothing."""

import pytest

from bridge.cli import main


def told(
    capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0
) -> tuple[str, list[str]]:
    """Run a command; give standard output as text, and standard error's lines."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    captured = capsys.readouterr()
    assert ended.value.code == status, captured
    return captured.out, captured.err.splitlines()
