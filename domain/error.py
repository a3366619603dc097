from __future__ import annotations


class DomainError(ValueError):
    """The values given break a rule of the domain."""

    def __init__(self, **details: object) -> None:
        super().__init__((type(self).__doc__ or type(self).__name__).format(**details))
        self.details = details
