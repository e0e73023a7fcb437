"""What an operator sees of a running bridge: health, metrics, logs. It knows no other room."""

from bridge.operations.base_path import BelowPath
from bridge.operations.health import Check, Health
from bridge.operations.logs import set_up_logs
from bridge.operations.metrics import Metrics, Watched
from bridge.operations.straight import Straight

__all__ = ["BelowPath", "Check", "Health", "Metrics", "Straight", "Watched", "set_up_logs"]
