"""Measures the bridge beside a plain translator, a bare Starlette service and GoTo's own limits.

All of them run in the same run over the same simulated GoTo, each in a process of its own. It is no
part of the service, and not in the wheel.
"""
