"""What a contract's status is called in an org: labels are the org's own, categories are Salesforce's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from domain.lifecycle import ContractStatus

QUESTION = (
    "SELECT ApiName, MasterLabel, StatusCode, IsDefault, SortOrder FROM ContractStatus ORDER BY SortOrder"
)
"""What an org is asked to know its statuses."""

DRAFT, IN_APPROVAL, ACTIVATED = "Draft", "InApproval", "Activated"
"""Categories that may be written; Salesforce keeps the others (Terminated, Expired) from its API."""

_S = ContractStatus
CATEGORIES: Final[Mapping[ContractStatus, str]] = MappingProxyType(
    {
        _S.DRAFT: DRAFT,
        _S.IN_REVIEW: IN_APPROVAL,
        _S.PENDING_SIGNATURE: IN_APPROVAL,
        _S.EXECUTED: ACTIVATED,
        _S.ACTIVE: ACTIVATED,
        _S.EXPIRING_SOON: ACTIVATED,
        _S.RENEWED: ACTIVATED,
        _S.AMENDED: ACTIVATED,
        _S.SUSPENDED: ACTIVATED,
        _S.TERMINATED: "Terminated",
    }
)
"""The category that each state of ours is in."""


class NoSuchStatus(ValueError):
    """An org has no status that the API may write for a state of ours; the text says which category lacks."""


@dataclass(frozen=True, slots=True)
class ContractStatuses:
    """The statuses of one org: the category of each label, and for each category the label to write."""

    categories: Mapping[str, str]
    labels: Mapping[str, str]

    @classmethod
    def read(cls, rows: Iterable[Mapping[str, Any]]) -> ContractStatuses:
        """Read the answer to QUESTION: of a category the default is written, or else the first."""
        listed = list(rows)
        preferred = sorted(listed, key=lambda row: not row["IsDefault"])
        labels: dict[str, str] = {}
        for row in preferred:
            labels.setdefault(row["StatusCode"], row["ApiName"])
        return cls({row["ApiName"]: row["StatusCode"] for row in listed}, labels)

    def label(self, status: ContractStatus) -> str:
        """Return what is written for a state of ours. Raises NoSuchStatus."""
        category = CATEGORIES[status]
        if category not in (DRAFT, IN_APPROVAL, ACTIVATED):
            raise NoSuchStatus(f"Salesforce lets no API write a status of the category {category}")
        if category not in self.labels:
            raise NoSuchStatus(
                f"this org has no contract status of the category {category}: add one in Setup"
            )
        return self.labels[category]

    def says_no_other(self, label: str | None, status: ContractStatus) -> bool:
        """Return whether a label is of the category of a state of ours: then there is nothing to write."""
        return label is not None and self.categories.get(label) == CATEGORIES[status]

    def in_steps(self, values: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
        """Return the writes that an upsert of a contract is made of: a new one begins as a draft.

        The first leaves the status out, so that a new contract takes the org's default; the second moves it.
        """
        status = values.get("Status")
        if status is None or self.categories.get(status) == DRAFT:
            return (values,)
        return {name: value for name, value in values.items() if name != "Status"}, {"Status": status}
