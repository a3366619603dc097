"""What a token may be used for: scopes narrow what roles allow, and never widen it."""

from __future__ import annotations

READ = "graph:read"
WRITE = "graph:write"
SCOPES = (READ, WRITE)
UNSAID = (READ,)
"""What a client gets that asks for none: to change something has to be asked for."""
