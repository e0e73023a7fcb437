"""Every setting of the bridge, and how a wrong one is told.

Knows the environment, the configuration file and what each value must be; knows nothing of what
the rooms do with it.
"""

from bridge.settings.loading import SettingsError, load_settings
from bridge.settings.model import Setting, Settings, describe
from bridge.settings.risks import is_plain_http_elsewhere
from bridge.settings.values import parse_secret_keys

__all__ = [
    "Setting",
    "Settings",
    "SettingsError",
    "describe",
    "is_plain_http_elsewhere",
    "load_settings",
    "parse_secret_keys",
]
