"""What a token may be used for: scopes narrow what roles allow, and never widen it."""

from __future__ import annotations

READ = "graph:read"
SCOPES = (READ,)
