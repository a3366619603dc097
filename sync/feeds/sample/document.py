from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date

from domain.amendment import Amendment
from domain.contract import ContractType
from domain.document import Document, DocumentType
from domain.lifecycle import ContractStatus, is_signed
from sync.feeds.sample.amendment import amendment_key
from sync.feeds.sample.desk import Desk
from sync.feeds.sample.rows import ContractRow

_TYPES = {ContractType.SOW: DocumentType.STATEMENT_OF_WORK, ContractType.ORDER_FORM: DocumentType.ORDER}
_VERSIONS = {
    ContractStatus.DRAFT: "0.2",
    ContractStatus.IN_REVIEW: "0.7",
    ContractStatus.PENDING_SIGNATURE: "1.0-rc1",
}


def documents(
    desk: Desk, row: ContractRow, signed: date | None, amendments: Sequence[Amendment]
) -> Iterator[Document]:
    """The agreement itself, one paper for each amendment, and what the table lists beside them."""
    executed = is_signed(row.status)
    yield _document(
        desk,
        row,
        key=row.name,
        type_=_TYPES.get(row.type, DocumentType.AGREEMENT),
        title=row.title,
        version=_VERSIONS.get(row.status, "1.0"),
        signed=signed,
        executed=executed,
    )
    for place, amendment in enumerate(amendments, start=1):
        yield _document(
            desk,
            row,
            key=amendment_key(row.name, place),
            type_=DocumentType.AMENDMENT,
            title=f"Amendment {amendment.number} to {row.name}",
            version=f"1.{place}",
            signed=amendment.signed_date,
            executed=True,
        )
    for place, paper in enumerate(row.papers, start=1):
        yield _document(
            desk,
            row,
            key=f"{row.name}:P{place}",
            type_=paper.type,
            title=paper.title,
            version="1.0",
            signed=signed if paper.executed else None,
            executed=paper.executed,
        )


def external_reference(name: str) -> str:
    """The identifier that the contract system gives an agreement."""
    return f"agr-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _document(  # noqa: PLR0913 - the fields of a document
    desk: Desk,
    row: ContractRow,
    *,
    key: str,
    type_: DocumentType,
    title: str,
    version: str,
    signed: date | None,
    executed: bool | None,
) -> Document:
    text = f"{desk.rows.legal_name}\n{key}\n{title}\nversion {version}\nThis paper is invented.\n"
    place = key.removeprefix(row.name).removeprefix(":") or "agreement"
    return Document(
        id=desk.keys.id_of("document", key),
        source_key=desk.keys.source_key("document", key),
        contract_id=desk.keys.id_of("contract", row.name),
        type=type_,
        title=title,
        link=f"https://clm.example/agreements/{external_reference(row.name)}/documents/{place}",
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        version=version,
        signed_at=signed,
        executed=executed,
    )
