"""Who may read which record of the stand-in: owners, teams, shares by hand, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.salesforce.stand_in.rights import Rights
from sync.salesforce.stand_in.store import Store, Values

_TEAMS = {
    "Account": ("AccountTeamMember", "AccountId"),
    "Opportunity": ("OpportunityTeamMember", "OpportunityId"),
}


@dataclass(slots=True)
class Sharing:
    """Objects are public until they are made private; then a record is read by whom something lets.

    `shares` has pairs of a record and a user. There are no roles, groups, territories or rules here: whoever
    would read by one of those is given a share. Queries follow it, and what is got by its id does not.
    """

    private: frozenset[str] = frozenset()
    shares: set[tuple[str, str]] = field(default_factory=set)

    def arrange(self, said: Mapping[str, Any]) -> None:
        """Make objects private, share records and take shares back. Raises ValueError."""
        if unknown := said.keys() - {"private", "share", "unshare"}:
            raise ValueError(f"unknown of sharing: {', '.join(sorted(unknown))}")
        if "private" in said:
            self.private = frozenset(said["private"])
        self.shares.update((each["record"], each["user"]) for each in said.get("share", ()))
        self.shares.difference_update((each["record"], each["user"]) for each in said.get("unshare", ()))

    def reading(self, store: Store, user_id: str, rights: Rights, name: str) -> Callable[[Values], bool]:
        """Return whether a user may read a record of an object."""
        if not rights.may_see(name):
            return lambda _: False
        if name not in self.private or name in rights.view_all:
            return lambda _: True
        let = self._let(store, user_id, name)
        if name == "Account" and "Opportunity" in self.private:
            # Who reads a deal reads its account: the implicit sharing with a parent.
            reads = self.reading(store, user_id, rights, "Opportunity")
            let |= {deal["AccountId"] for deal in _live(store.all("Opportunity")) if reads(deal)}
        return lambda record: record.get("OwnerId") == user_id or record["Id"] in let

    def _let(self, store: Store, user_id: str, name: str) -> set[str]:
        """Return the records of an object that a user reads by a share or as one of a team."""
        found = {record for record, user in self.shares if user == user_id}
        if name in _TEAMS:
            members, of = _TEAMS[name]
            found |= {each[of] for each in _live(store.all(members)) if each["UserId"] == user_id}
        return found


def _live(records: Iterable[Values]) -> list[Values]:
    return [record for record in records if not record["IsDeleted"]]
