"""Personal values in answers: shown to who may see them, found by equality, refused when altered."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import pytest

from api.planner.run import Planner
from auth.crypto import Sealer
from auth.key_encryption import KeyServiceFailed, LocalKeys
from auth.policy_file import SHIPPED, load_policy, read_policy
from auth.vault import Vault, shred
from auth.view import view_for
from domain.crm import Contact
from storage.ingest import Ingest
from tests.api.graph import OURS, THEIRS
from tests.api.sealed_graph import ACCOUNT, EVERYONE, SEES, SEES_MASKED, SEES_NOT, SealedGraph, over
from tests.keys import new_vault

Test = Callable[[SealedGraph], Awaitable[None]]
NO_KID = "0" * 32
CORA, DAN = OURS.id("Contact", 1), OURS.id("Contact", 2)


def noon() -> datetime:
    return datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def on(
    small_orgs: str,  # noqa: ARG001 - the database has them
    database_url: str,
    superuser_url: str,
) -> Callable[[Test], None]:
    return over(database_url, superuser_url)


def test_whoever_may_see_them_sees_them_and_others_see_nothing(on: Callable[[Test], None]) -> None:
    async def test(graph: SealedGraph) -> None:
        cora, dan = await graph.contacts()
        assert (cora["email"], cora["phone"]) == ("cora@north.example", "+49 431 1")
        assert (dan["email"], dan["phone"]) == (None, None)
        for contact in await graph.contacts(SEES_NOT):
            assert (contact["email"], contact["phone"]) == (None, None)
        theirs = await graph.contacts(org=THEIRS.org.id)
        assert theirs[0]["email"] == "cora@south.example"

    on(test)


def test_a_mask_shows_what_lies_beside_the_value_and_opens_nothing(on: Callable[[Test], None]) -> None:
    async def test(graph: SealedGraph) -> None:
        blind = graph.another(new_vault())
        said = await graph.ask(EVERYONE, SEES_MASKED, endpoint=blind)
        cora, dan = said["data"]["account"]["contacts"]["nodes"]
        assert (cora["email"], cora["phone"]) == ("…@north.example", "…31 1")
        assert (dan["email"], dan["phone"]) == (None, None)
        masked = {each["field"] for each in said["extensions"]["access"]["masked"]}
        assert masked == {"User.email", "Contact.email", "Contact.phone"}
        refused = await graph.answer(ACCOUNT % '(filter: {email: {eq: "x"}}) { totalCount }', SEES_MASKED)
        assert (refused.status, refused.code) == (403, "ACCESS_DENIED")

    on(test)


NEAR_AND_FAR = read_policy(
    SHIPPED.read_bytes()
    + b'[roles.near]\nrows = "own"\nEVERYONE = "show"\nPERSONAL = "show"\n'
    + b'[roles.far]\nrows = "org"\nEVERYONE = "show"\n'
    + b'[roles.coarse]\nrows = "org"\nEVERYONE = "show"\nPERSONAL = "mask"\n',
    "near_and_far.toml",
)


@pytest.mark.parametrize("where", ['eq: "cora@north.example"', 'in: ["cora@north.example"]', "isNull: false"])
def test_what_only_some_records_show_is_found_in_those_alone(on: Callable[[Test], None], where: str) -> None:
    async def test(graph: SealedGraph) -> None:
        asked = ACCOUNT.replace("owner { email }", "") % f"(filter: {{email: {{{where}}}}}) {{ totalCount }}"
        for subject, count in (("005Hs00000AAAAAIA5", 1), ("someone", 0)):
            said = await graph.asked_under(NEAR_AND_FAR, asked, "near", "far", subject=subject)
            assert said["data"]["account"]["contacts"]["totalCount"] == count

    on(test)


def test_what_some_records_show_and_others_mask_is_answered_as_each_has_it(
    on: Callable[[Test], None],
) -> None:
    async def test(graph: SealedGraph) -> None:
        seen = {}
        for subject in ("005Hs00000AAAAAIA5", "someone"):
            said = await graph.asked_under(NEAR_AND_FAR, EVERYONE, "near", "coarse", subject=subject)
            cora = said["data"]["account"]["contacts"]["nodes"][0]
            seen[subject] = cora["email"], cora["phone"]
        assert seen["005Hs00000AAAAAIA5"] == ("cora@north.example", "+49 431 1")
        assert seen["someone"] == ("…@north.example", "…31 1")

    on(test)


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ('email: {eq: "cora@north.example"}', ["Cora north"]),
        ('email: {eq: " CORA@North.Example "}', ["Cora north"]),
        ('email: {eq: "cora@south.example"}', []),
        ('email: {eq: "+49 431 1"}', []),
        ('phone: {eq: "+49 431 1"}', ["Cora north"]),
        ('email: {in: ["x", "cora@north.example"]}', ["Cora north"]),
        ("email: {in: []}", []),
        ("email: {isNull: true}", ["Dan"]),
        ("email: {isNull: false}", ["Cora north"]),
        ('not: {email: {eq: "cora@north.example"}}', ["Dan"]),
    ],
)
def test_they_are_found_by_equality(on: Callable[[Test], None], where: str, names: list[str]) -> None:
    async def test(graph: SealedGraph) -> None:
        asked = ACCOUNT % f"(filter: {{{where}}}) {{ totalCount nodes {{ name }} }}"
        found = (await graph.ask(asked))["data"]["account"]["contacts"]
        assert [each["name"] for each in found["nodes"]] == names
        assert found["totalCount"] == len(names)
        refused = await graph.answer(asked, SEES_NOT)
        assert (refused.status, refused.code) == (403, "ACCESS_DENIED")

    on(test)


@pytest.mark.parametrize(
    "arguments",
    [
        'filter: {email: {contains: "a"}}',
        'filter: {email: {startsWith: "a"}}',
        'filter: {phone: {gt: "a"}}',
        "orderBy: {field: email}",
        "orderBy: {field: phone, direction: DESC}",
    ],
)
def test_what_only_clear_text_could_answer_does_not_exist(on: Callable[[Test], None], arguments: str) -> None:
    async def test(graph: SealedGraph) -> None:
        refused = await graph.answer(ACCOUNT % f"({arguments}) {{ nodes {{ name }} }}")
        assert (refused.status, refused.code) == (400, "GRAPHQL_VALIDATION_FAILED")

    on(test)


@pytest.mark.parametrize(
    ("role", "query", "opens", "blinds"),
    [
        (SEES, EVERYONE, True, False),
        (SEES_MASKED, EVERYONE, False, False),
        (SEES_NOT, EVERYONE, False, False),
        (SEES, ACCOUNT % "{ nodes { name } }", True, False),
        (SEES, "{ contracts { nodes { title contractOwner { name } } } }", False, False),
        (SEES, ACCOUNT.replace("owner { email }", "") % '(filter: {email: {eq: "x"}}) { totalCount }',
         False, True),
        (SEES, ACCOUNT.replace("owner { email }", "") % "(filter: {email: {isNull: true}}) { totalCount }",
         False, False),
    ],
)  # fmt: skip
def test_only_a_plan_that_shows_them_opens_and_only_one_that_looks_for_them_indexes(
    role: str, query: str, *, opens: bool, blinds: bool
) -> None:
    plan, _ = Planner().plan(query, None, {}, view_for(load_policy(), frozenset({role})))
    assert (plan.opens, plan.blinds) == (opens, blinds)


ALTERED = {
    "moved to another row": "UPDATE contact SET email = c.email, email_index = '', email_clear = ''"
    " FROM contact AS c WHERE c.org_id = contact.org_id AND c.email IS NOT NULL AND contact.email IS NULL",
    "moved to another column": "UPDATE contact SET phone = email WHERE email IS NOT NULL",
    "moved to another org": "UPDATE contact SET email = c.email FROM contact AS c"
    " WHERE c.org_id <> contact.org_id AND c.email IS NOT NULL AND contact.email IS NOT NULL",
    "swapped": "UPDATE contact SET email = phone, phone = email WHERE email IS NOT NULL",
    "flipped": "UPDATE contact SET email = left(email, 60) || translate(substr(email, 61, 1), 'ABab', 'BAba')"
    " || CASE WHEN substr(email, 61, 1) ~ '[ABab]' THEN '' ELSE 'x' END || substr(email, 62)"
    " WHERE email IS NOT NULL",
    "shortened": "UPDATE contact SET email = left(email, -1) WHERE email IS NOT NULL",
    "of a key that is not there": "UPDATE contact SET email ="
    " overlay(email PLACING repeat('0', 32) FROM 4) WHERE email IS NOT NULL",
}  # fmt: skip


@pytest.mark.parametrize("how", ALTERED)
def test_one_that_was_altered_refuses_the_answer_and_says_which(
    on: Callable[[Test], None], caplog: pytest.LogCaptureFixture, how: str
) -> None:
    caplog.set_level(logging.DEBUG)

    async def test(graph: SealedGraph) -> None:
        assert await graph.superuser.execute(ALTERED[how]) != "UPDATE 0"
        refused = await graph.answer(EVERYONE)
        assert (refused.status, refused.code) == (500, "SEALED_VALUE_DAMAGED")
        said = json.loads(refused.body)
        assert said.keys() == {"errors", "extensions"}
        told = said["errors"][0]["extensions"]
        assert told["field"] in ("Contact.email", "Contact.phone")
        assert told["id"] in (str(CORA), str(DAN))
        assert f"{told['field']} of {told['id']}" in caplog.text
        for hidden in ("cora@", ".example", "+49", "v1."):
            assert hidden not in refused.body.decode() + caplog.text
        # Whoever does not see them, and whoever does not ask for them, is answered as ever.
        assert len(await graph.contacts(SEES_NOT)) == 2
        await graph.ask(ACCOUNT % "{ nodes { name title } }")

    on(test)


@pytest.mark.parametrize(
    "text",
    [
        f'\\t"Contact.email:{CORA}:v1.{NO_KID}.AAAA.AAAA"',
        f'\t"Contact.email:{CORA}:v1.{NO_KID}.AAAA.AAAA"',
        f'"\t"Contact.email:{CORA}:',
        '\\u0009\\t\t\\\t"',
    ],
)  # fmt: skip
def test_a_text_that_looks_like_one_is_a_text(on: Callable[[Test], None], text: str) -> None:
    async def test(graph: SealedGraph) -> None:
        await graph.superuser.execute("UPDATE contact SET name = $1 WHERE id = $2", text, CORA)
        (cora,) = [each for each in await graph.contacts() if each["id"] == str(CORA)]
        assert (cora["name"], cora["email"]) == (text, "cora@north.example")

    on(test)


@pytest.mark.parametrize(
    "text", ["", '\t"x" \\ \n ü 日本', "v1." + "0" * 32 + ".AAAAAAAAAAAAAAAA.AAAA", "x" * 5000]
)
def test_any_text_comes_out_as_it_went_in(on: Callable[[Test], None], text: str) -> None:
    async def test(graph: SealedGraph) -> None:
        record = Contact(
            id=CORA, source_key="c", account_id=OURS.id("Account", 1), name="Cora", email=text, phone=text
        )
        async with graph.database.transaction(OURS.org.id) as connection:
            await connection.execute("UPDATE contact SET source_key = 'c' WHERE id = $1", CORA)
        async with graph.database.transaction(OURS.org.id) as connection:
            await Ingest(connection, OURS.org.id, noon, graph.vault).save([record])
        (cora,) = [each for each in await graph.contacts() if each["id"] == str(CORA)]
        assert (cora["email"], cora["phone"]) == (text, text)

    on(test)


class Away(LocalKeys):
    """A key service that does not answer."""

    def unwrap(self, wrapped: bytes, kid: str, context: Mapping[str, str]) -> bytes:  # noqa: ARG002 - as KeyEncryption
        raise KeyServiceFailed(reason="HTTP 503")


@pytest.mark.parametrize(
    ("keys", "status", "code"),
    [(Away([b"a" * 32]), 503, "UNAVAILABLE"), (LocalKeys([b"b" * 32]), 500, "SEALED_VALUE_DAMAGED")],
)
def test_without_the_key_encryption_key_only_what_needs_it_is_refused(
    on: Callable[[Test], None], caplog: pytest.LogCaptureFixture, keys: LocalKeys, status: int, code: str
) -> None:
    async def test(graph: SealedGraph) -> None:
        worker = graph.another(Vault(Sealer(keys)))
        by_email = ACCOUNT.replace("owner { email }", "") % '(filter: {email: {eq: "x"}}) { totalCount }'
        for query in (EVERYONE, by_email):
            refused = await graph.answer(query, endpoint=worker)
            assert (refused.status, refused.code) == (status, code)
            assert "data" not in json.loads(refused.body)
        assert len(await graph.contacts(SEES_NOT, endpoint=worker)) == 2
        assert ("a data key does not open: UnknownKeyEncryption" in caplog.text) is (status == 500)

    on(test)


def test_of_destroyed_keys_null_and_the_reason_are_told_and_all_else_goes_on(
    on: Callable[[Test], None],
) -> None:
    async def test(graph: SealedGraph) -> None:
        await graph.in_org(lambda owner: shred(owner, OURS.org.id, "ada"))
        for endpoint in (graph.endpoint, graph.another()):
            said = await graph.ask(EVERYONE, endpoint=endpoint)
            cora, _ = said["data"]["account"]["contacts"]["nodes"]
            assert (cora["name"], cora["email"], cora["phone"]) == ("Cora north", None, None)
            fields = {each["field"] for each in said["extensions"]["shredded"]}
            assert fields == {"User.email", "Contact.email", "Contact.phone"}
            assert said["extensions"]["access"]["denied"] == []
            nobody = ACCOUNT % '(filter: {email: {eq: "cora@north.example"}}) { totalCount }'
            found = await graph.ask(nobody, endpoint=endpoint)
            assert found["data"]["account"]["contacts"]["totalCount"] == 0
        assert "shredded" not in (await graph.ask(EVERYONE, SEES_NOT))["extensions"]
        assert (await graph.contacts(org=THEIRS.org.id))[0]["email"] == "cora@south.example"
        left = await graph.superuser.fetch(
            "SELECT email_clear, phone_clear FROM contact WHERE org_id = $1 AND email IS NOT NULL",
            OURS.org.id,
        )
        assert [tuple(row) for row in left] == [("", "")]

    on(test)
