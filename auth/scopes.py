"""What a token may be used for: scopes narrow what roles allow, and never widen it."""

from __future__ import annotations

READ = "graph:read"
WRITE = "graph:write"
DOCUMENTS = "graph:documents"
"""To send documents of one's own; without it only those that ship with the API, by their ids."""
SCOPES = (READ, WRITE, DOCUMENTS)
UNSAID = (READ, DOCUMENTS)
"""What a client gets that asks for none, if it may have it: to change something has to be asked for."""
VOUCHED = (READ, WRITE)
"""What users of a Salesforce org may have unless its registration says more: the panel sends ids alone."""
