from __future__ import annotations

from uuid import UUID

from domain.identity import salesforce_id, uuid7


class Keys:
    """The names of one org's records, which stay, and their ids, which are provisional.

    A source key is the same on every run; saving maps the id that came with it to the stored one.
    """

    def __init__(self, org_code: str) -> None:
        self.org_code = org_code
        self._ids: dict[str, UUID] = {}

    def id_of(self, noun: str, name: str) -> UUID:
        """The id of a record; asked twice, it is the same."""
        return self._ids.setdefault(self.source_key(noun, name), uuid7())

    @staticmethod
    def source_key(noun: str, name: str) -> str:
        """The stable name of a record, such as `sample:contract:NL-1017`."""
        return f"sample:{noun}:{name}"

    def salesforce(self, prefix: str, number: int) -> str:
        """An invented Salesforce id of 18 characters: key prefix, org code and a running number."""
        return salesforce_id(f"{prefix}xx{self.org_code}{number:08}")
