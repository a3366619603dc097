from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pytest

from domain.contract import Contract
from domain.crm import Account, Contact, Opportunity, OpportunityLine, Product, User
from domain.document import Document
from domain.field import CLM, ENTITIES, EVERYONE, Entity, Field, Kind, entity, fields_of
from sync.salesforce.mapping import EXTERNAL_IDS, NowhereToGo, mapped, mapped_back, object_of
from sync.salesforce.stand_in.catalogue import objects


@pytest.mark.parametrize(
    ("of", "name"),
    [
        (Contract, "Contract"),
        (Account, "Account"),
        (Contact, "Contact"),
        (Opportunity, "Opportunity"),
        (OpportunityLine, "OpportunityLineItem"),
        (Product, "Product2"),
        (User, "User"),
        (Document, None),
    ],
)
def test_an_entity_is_an_object_of_salesforce(of: type[Entity], name: str | None) -> None:
    assert object_of(of) == name


def test_a_field_is_named_as_it_is_declared() -> None:
    place = mapped(Contract)["effective_date"]
    assert (place.object, place.name, place.via) == ("Contract", "StartDate", None)
    assert "template" not in mapped(Contract)


def test_the_value_of_a_contract_is_the_amount_of_its_opportunity() -> None:
    place = mapped(Contract)["total_value"]
    assert (place.object, place.name) == ("Opportunity", "Amount")
    assert place.via is not None
    assert place.via.name == "opportunity_id"


def test_what_salesforce_says_is_found_by_its_own_names() -> None:
    assert mapped_back("Opportunity")["Amount"].declared.coordinate == "Opportunity.amount"
    assert mapped_back("Contract")["Name"].declared.name == "title"
    assert mapped_back("Lead") == {}


def test_an_id_is_known_as_one() -> None:
    assert mapped(User)["profile_id"].is_id
    assert mapped(User)["salesforce_id"].is_id
    assert mapped(Contract)["opportunity_id"].is_id
    assert not mapped(Contract)["title"].is_id


def test_a_field_whose_record_cannot_be_reached_is_a_mistake() -> None:
    try:

        @entity
        class Stray(Entity):
            """An entity of which one field lives elsewhere."""

            here_id: Annotated[UUID | None, Field("Here.", CLM, EVERYONE, "Stray__c.A__c", to="Account")] = (
                None
            )
            there: Annotated[str | None, Field("There.", CLM, EVERYONE, "Stray__c.B__c")] = None
            lost: Annotated[str | None, Field("Lost.", CLM, EVERYONE, "Lead.Name")] = None

        with pytest.raises(NowhereToGo, match=r"Stray\.lost"):
            mapped(Stray)
    finally:
        ENTITIES.pop("Stray", None)


def test_the_stand_in_has_every_field_that_is_declared() -> None:
    for name, of in ENTITIES.items():
        for place in mapped(of).values():
            assert place.name in objects()[place.object].fields, f"{name}: {place}"


def test_the_stand_in_has_each_external_id_once() -> None:
    for name, field in EXTERNAL_IDS.items():
        assert objects()[name].fields[field].external_id
        assert objects()[name].fields[field].unique


def test_every_reference_that_is_mapped_points_where_salesforce_does() -> None:
    for of in ENTITIES.values():
        for place in mapped(of).values():
            if place.declared.kind is Kind.REFERENCE:
                target = object_of(ENTITIES[place.declared.target])
                assert objects()[place.object].fields[place.name].to == target


def test_choices_of_the_stand_in_are_those_of_the_declared_enumerations() -> None:
    for declared in fields_of(Contract):
        place = mapped(Contract).get(declared.name)
        if (
            place
            and place.name.endswith("__c")
            and issubclass(declared.type, str)
            and declared.type is not str
        ):
            assert objects()["Contract"].fields[place.name].values == tuple(declared.type)
