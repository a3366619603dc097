"""The contract systems that we know, and the connector that a connection's settings make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.error import DomainError
from sync.clm.connector import Connector
from sync.clm.docusign import Docusign
from sync.clm.generic import Generic
from sync.clm.ironclad import Ironclad
from sync.clm.mapping_file import MappingFile
from sync.clm.oneflow import Oneflow
from sync.clm.pandadoc import Pandadoc


class Vendor(StrEnum):
    """Which contract system is at the other end."""

    DOCUSIGN = "docusign"
    IRONCLAD = "ironclad"
    PANDADOC = "pandadoc"
    ONEFLOW = "oneflow"
    GENERIC = "generic"


SETTINGS: Final[Mapping[Vendor, tuple[str, ...]]] = MappingProxyType(
    {
        Vendor.DOCUSIGN: ("account", "agreements"),
        Vendor.IRONCLAD: ("company",),
        Vendor.PANDADOC: ("details",),
        Vendor.ONEFLOW: (),
        Vendor.GENERIC: (),
    }
)
"""What can be set for each, beside its keys, its base address and its mapping."""

_FLAGS: Final = {"true": True, "false": False}


class NotAConnection(DomainError):
    """the settings of a {vendor} connection are wrong: {problem}."""


def connector_of(vendor: Vendor, settings: Mapping[str, str], mapping: MappingFile | None) -> Connector:
    """Return the connector of a connection; without a mapping, the vendor's own is read.

    A mapping of Ironclad's is for its records. Raises NotAConnection.
    """
    for name in settings:
        if name not in SETTINGS[vendor]:
            known = ", ".join(SETTINGS[vendor]) or "none"
            raise NotAConnection(vendor=vendor, problem=f"there is no setting {name}, only {known}")
    own = None if mapping is None else mapping.map
    match vendor:
        case Vendor.DOCUSIGN:
            if not settings.get("account"):
                raise NotAConnection(vendor=vendor, problem="account is missing: set the account's id")
            agreements = _flag(vendor, settings, "agreements")
            return Docusign(account=settings["account"], agreements=agreements, mapping=own)
        case Vendor.IRONCLAD:
            ironclad = Ironclad(company=settings.get("company"))
            return ironclad if own is None else replace(ironclad, record=own)
        case Vendor.PANDADOC:
            pandadoc = Pandadoc(details=_flag(vendor, settings, "details"))
            return pandadoc if own is None else replace(pandadoc, mapping=own)
        case Vendor.ONEFLOW:
            return Oneflow() if own is None else Oneflow(mapping=own)
        case Vendor.GENERIC:
            if mapping is None:
                raise NotAConnection(vendor=vendor, problem="it is nothing without a mapping file: add one")
            return Generic(mapping)


def _flag(vendor: Vendor, settings: Mapping[str, str], name: str) -> bool:
    said = settings.get(name, "false")
    if said not in _FLAGS:
        raise NotAConnection(vendor=vendor, problem=f"{name} is true or false, not {said!r}")
    return _FLAGS[said]
