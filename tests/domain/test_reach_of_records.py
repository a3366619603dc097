"""What leads to a record, and of which records Salesforce is asked who may read them."""

from __future__ import annotations

import pytest

import domain.graph  # noqa: F401 - registers every entity
from domain.field import ENTITIES, EVERYONE, SALESFORCE, DeclarationError, Field
from domain.reach import is_directory, leading, narrowest_first, owning, root_of, shared_by, team_of


def test_salesforce_is_asked_about_deals_and_accounts_by_their_ids() -> None:
    asked = {name: key.coordinate for name in ENTITIES if (key := shared_by(name)) is not None}
    assert asked == {"Account": "Account.salesforceId", "Opportunity": "Opportunity.salesforceId"}


def test_a_contract_goes_with_its_deal_before_its_account() -> None:
    assert [each.target for each in leading("Contract")] == ["Account", "Opportunity"]
    assert [each.target for each in narrowest_first("Contract")] == ["Opportunity", "Account"]
    assert [each.target for each in narrowest_first("Contact")] == ["Account"]


def test_whatever_is_somebodys_leads_to_what_salesforce_shares_or_to_an_owner() -> None:
    for name in ENTITIES:
        root = root_of(name)
        known = is_directory(root) or shared_by(root) or owning(root)
        assert known or all(shared_by(each.target) for each in narrowest_first(root)), name


def test_accounts_and_deals_have_teams() -> None:
    joining = {name: found.coordinate for name in ENTITIES if (found := team_of(name)) is not None}
    assert joining == {"Account": "AccountTeamMember.user", "Opportunity": "OpportunityTeamMember.user"}


@pytest.mark.parametrize("said", [{"salesforce": "Account.Id"}, {"key": True}])
def test_only_a_key_that_salesforce_knows_is_asked_about(said: dict[str, object]) -> None:
    with pytest.raises(DeclarationError, match="by a key of its own"):
        Field("Id.", SALESFORCE, EVERYONE, shared=True, **said)  # type: ignore[arg-type]
