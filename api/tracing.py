"""Whether this process tells traces, and where."""

from __future__ import annotations

from api.settings import Settings, SettingsError
from sync.trace import Trace, TracingMissing


def opened_trace(settings: Settings, service: str) -> Trace | None:
    """Return what steps are told to, None where nobody is. Raises SettingsError without the packages."""
    if settings.trace_endpoint is None:
        return None
    try:
        return Trace(settings.trace_endpoint, service)
    except TracingMissing as error:
        raise SettingsError(str(error)) from None
