"""What an operator sees of a running bridge: health, metrics, logs. It knows no other room."""

from bridge.operations.base_path import BelowPath
from bridge.operations.health import Check, Health
from bridge.operations.logs import set_up_logs
from bridge.operations.metrics import Metrics, Watched

__all__ = ["BelowPath", "Check", "Health", "Metrics", "Watched", "set_up_logs"]
