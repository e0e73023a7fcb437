"""``python -m bridge`` is ``goto-scim-bridge``."""

from bridge.cli import main

main()
