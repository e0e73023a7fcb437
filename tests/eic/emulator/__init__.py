"""An emulator of Saviynt EIC's REST connector, for tests: it runs a connection's JSON files.

Made after what Saviynt's pages, packages and provider show; no tenant was at hand. What they leave
open is a switch (``switches``). It knows HTTP and JSON and nothing of the bridge.
"""

from tests.eic.emulator.eic import Eic
from tests.eic.emulator.files import Files, PackageRefused
from tests.eic.emulator.store import Account, Entitlement, Person, Task
from tests.eic.emulator.switches import Switches

__all__ = ["Account", "Eic", "Entitlement", "Files", "PackageRefused", "Person", "Switches", "Task"]
