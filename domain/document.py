"""The papers of a contract, by link and hash; never their text."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import CLM, EVIDENCE, Entity, Field, entity


class DocumentType(StrEnum):
    """What a document is to its contract."""

    AGREEMENT = "AGREEMENT"
    AMENDMENT = "AMENDMENT"
    EXHIBIT = "EXHIBIT"
    STATEMENT_OF_WORK = "STATEMENT_OF_WORK"
    ORDER = "ORDER"
    NOTICE = "NOTICE"
    CERTIFICATE = "CERTIFICATE"
    OTHER = "OTHER"


@entity
class Document(Entity):
    """A paper of a contract: where it lies and the hash that proves it unchanged."""

    contract_id: Annotated[UUID, Field("Contract it belongs to.", CLM, EVIDENCE, to="Contract", part=True)]
    type: Annotated[DocumentType, Field("What it is to the contract.", CLM, EVIDENCE)]
    title: Annotated[str, Field("Title of the document.", CLM, EVIDENCE)]
    link: Annotated[str | None, Field("Where the contract system shows it.", CLM, EVIDENCE)] = None
    sha256: Annotated[str | None, Field("SHA-256 of the file, 64 hexadecimal digits.", CLM, EVIDENCE)] = None
    version: Annotated[str | None, Field("Version of the document.", CLM, EVIDENCE)] = None
    signed_at: Annotated[date | None, Field("Day it was signed.", CLM, EVIDENCE)] = None
    executed: Annotated[bool | None, Field("Whether all have signed it.", CLM, EVIDENCE)] = None
