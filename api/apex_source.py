"""What lwc-client/ is given: the ids of the trusted documents, and which system owns each field."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from api.trusted import trusted_documents
from domain.contract import Contract
from domain.field import UNTIL_SIGNED, Owner, fields_of

LWC_CLIENT = Path("lwc-client") / "force-app" / "main" / "default"
WRITTEN = "Written by `contract-graph ops --apex`; do not edit."


def salesforce_files() -> Mapping[Path, str]:
    """Return what each generated file of lwc-client/ should hold, by its path in the repository."""
    return {
        LWC_CLIENT / "classes" / "ContractGraphOperations.cls": apex_source(),
        LWC_CLIENT / "lwc" / "contractOwners" / "contractOwners.js": owners_source(),
    }


def apex_source() -> str:
    """Return the Apex class of the trusted documents' ids."""
    constants = "\n\n".join(
        f"  /** api/operations/{document.name}.graphql */\n"
        f"  public static final String {document.name.upper()} =\n    '{id_}';"
        for id_, document in trusted_documents().items()
    )
    return (
        f"/**\n * The trusted documents of the API, by their SHA-256. {WRITTEN}\n */\n"
        f"public with sharing class ContractGraphOperations {{\n{constants}\n}}\n"
    )


def owners_source() -> str:
    """Return the JavaScript module that says which system owns each field of a contract."""
    owners = "\n".join(
        f"  {declared.graph_name}: '{_word(declared.field.owner)}'," for declared in fields_of(Contract)
    )
    head = f"// Which system owns each field of a contract. {WRITTEN}\n"
    return f"{head}export const OWNERS = {{\n{owners.rstrip(',')}\n}};\n"


def _word(owner: Owner) -> str:
    return f"{owner.system}_UNTIL_SIGNED" if isinstance(owner, UNTIL_SIGNED) else str(owner)
