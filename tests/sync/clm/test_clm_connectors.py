from __future__ import annotations

from collections.abc import Mapping

import pytest

from sync.clm.connectors import SETTINGS, NotAConnection, Vendor, connector_of
from sync.clm.docusign import Docusign
from sync.clm.generic import Generic
from sync.clm.ironclad import Ironclad
from sync.clm.mapping_file import read_mapping
from sync.clm.oneflow import Oneflow
from sync.clm.pandadoc import Pandadoc
from tests.sync.clm.deliveries import GENERIC

MAPPING = read_mapping(GENERIC, "acme.toml")


def test_every_vendor_has_a_connector() -> None:
    assert set(SETTINGS) == set(Vendor)
    assert connector_of(Vendor.DOCUSIGN, {"account": "a"}, None) == Docusign(account="a")
    assert connector_of(Vendor.IRONCLAD, {"company": "c"}, None) == Ironclad(company="c")
    assert connector_of(Vendor.PANDADOC, {"details": "true"}, None) == Pandadoc(details=True)
    assert connector_of(Vendor.ONEFLOW, {}, None) == Oneflow()
    assert connector_of(Vendor.GENERIC, {}, MAPPING) == Generic(MAPPING)


def test_a_mapping_of_ones_own_takes_the_place_of_the_vendors() -> None:
    own = MAPPING.map
    assert connector_of(Vendor.DOCUSIGN, {"account": "a"}, MAPPING) == Docusign(account="a", mapping=own)
    assert connector_of(Vendor.IRONCLAD, {}, MAPPING) == Ironclad(record=own)
    assert connector_of(Vendor.PANDADOC, {}, MAPPING) == Pandadoc(mapping=own)
    assert connector_of(Vendor.ONEFLOW, {}, MAPPING) == Oneflow(mapping=own)


@pytest.mark.parametrize(
    ("vendor", "settings", "problem"),
    [
        (Vendor.DOCUSIGN, {}, "account is missing"),
        (Vendor.DOCUSIGN, {"account": "a", "agreements": "yes"}, "agreements is true or false, not 'yes'"),
        (Vendor.ONEFLOW, {"account": "a"}, "there is no setting account, only none"),
        (Vendor.GENERIC, {}, "nothing without a mapping file"),
    ],
)
def test_settings_that_make_no_connection_are_refused(
    vendor: Vendor, settings: Mapping[str, str], problem: str
) -> None:
    with pytest.raises(NotAConnection, match=problem):
        connector_of(vendor, settings, None)
