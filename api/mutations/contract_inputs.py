"""What the mutations about a contract take."""

from __future__ import annotations

import strawberry

from api.mutations.command import KEY

_CONTRACT = "Id of the contract."
_FIELD = "Name of the field in Contract, such as totalValue."


@strawberry.input(description="The coming renewal of which contract was seen.")
class AcknowledgeRenewalInput:
    """Input of acknowledgeRenewal."""

    idempotency_key: str = strawberry.field(description=KEY)
    contract_id: strawberry.ID = strawberry.field(description=_CONTRACT)


@strawberry.input(description="Which value of which contract is wrong, and what is wrong with it.")
class FlagValueInput:
    """Input of flagValue."""

    idempotency_key: str = strawberry.field(description=KEY)
    contract_id: strawberry.ID = strawberry.field(description=_CONTRACT)
    field: str = strawberry.field(description=f"{_FIELD} Its value is shown to the caller, unmasked.")
    note: str = strawberry.field(description="What is wrong, for whoever puts it right: a line of text.")


@strawberry.input(description="Which field of which contract to be shown, and why.")
class RequestAccessInput:
    """Input of requestAccess."""

    idempotency_key: str = strawberry.field(description=KEY)
    contract_id: strawberry.ID = strawberry.field(description=_CONTRACT)
    field: str = strawberry.field(description=f"{_FIELD} It is masked or denied to the caller.")
    reason: str = strawberry.field(description="Why, for whoever decides: a line of text.")


@strawberry.input(description="Which finding of drift to leave or to put right, and why.")
class SettleDriftInput:
    """Input of settleDrift."""

    idempotency_key: str = strawberry.field(description=KEY)
    finding_id: strawberry.ID = strawberry.field(description="Id of one of `driftFindings`, still open.")
    accept: bool = strawberry.field(
        description="Whether it is left as it is until both sides agree again; else what is known here is"
        " written to Salesforce again."
    )
    reason: str = strawberry.field(
        description="Why, for whoever reads the finding: a line of text. Without the value: not everybody who"
        " sees the reason may see it."
    )


@strawberry.input(description="Which claim in conflict to take or not, and why.")
class SettleConflictInput:
    """Input of settleConflict."""

    idempotency_key: str = strawberry.field(description=KEY)
    change_id: strawberry.ID = strawberry.field(
        description="Id of the line of `changes` whose decision is CONFLICT."
    )
    take: bool = strawberry.field(
        description="Whether what was claimed is taken; else what is known now is kept."
    )
    reason: str = strawberry.field(
        description="Why, for whoever reads the history: a line of text. Without the value: not everybody"
        " who sees the reason may see it."
    )
