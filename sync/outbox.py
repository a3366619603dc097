"""What changed here and Salesforce is to be told: enqueued in the transaction of the change."""

from __future__ import annotations

from storage.lanes import Message
from sync.apply import Applied

_RECORD = "contract"


def change_of(applied: Applied, correlation: str) -> Message | None:
    """Return the message that has a contract written to Salesforce as it then is, where it changed.

    A later change of the same contract takes its place as long as no worker has it.
    """
    if not applied.outcome.values and not applied.outcome.parts:
        return None
    contract_id = str(applied.contract.id)
    return Message(key=contract_id, payload=contract_id, correlation=correlation, coalesce=_RECORD)
