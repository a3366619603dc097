"""`review` is for whom the policy shows every grant of a role, and for nobody else."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from api.graphql import Endpoint
from auth.policy import Policy
from auth.policy_file import SHIPPED, load_policy, read_policy
from auth.principal import Principal
from auth.view import Views
from storage.database import Database
from tests.api.graph import GENEROUS, OURS, Graph
from tests.api.small import TODAY
from tests.keys import new_vault

REVIEWERS = ("security_reviewer", "admin")
OTHERS = sorted(set(load_policy().roles) - set(REVIEWERS))
QUERY = "{ all: review { policy { digest } history { by } auditEvents { nodes { id } } } }"


@pytest.mark.parametrize("role", REVIEWERS)
def test_a_reviewer_may(graph: Graph, policy: Policy, role: str) -> None:
    answer = graph.ask(QUERY, role=role).json()
    assert answer["data"]["all"]["policy"] == {"digest": policy.digest}
    assert answer["extensions"]["access"]["denied"] == []


@pytest.mark.parametrize("role", [*OTHERS, "a_role_that_is_not_known"])
def test_nobody_else_may(graph: Graph, role: str) -> None:
    answer = graph.ask(QUERY, role=role).json()
    assert answer["data"] == {"all": None}
    [denied] = answer["extensions"]["access"]["denied"]
    rule = f"{role}.ACCESS = deny" if role in ("legal", "integrator") else "default"
    assert (denied["path"], denied["field"], denied["rule"]) == ("all", "RoleGrant.id", rule)
    assert denied["records"] == "all"


def asked(reader: Database, loop: asyncio.Runner, policy: str, *roles: str, query: str = QUERY) -> Any:
    endpoint = Endpoint(
        reader, Views(read_policy(policy.encode(), "p")), lambda: TODAY, new_vault(), limits=GENEROUS
    )
    principal = Principal(
        OURS.org.id, "someone", None, frozenset(roles), frozenset({"graph:read", "graph:documents"})
    )
    return json.loads(loop.run(endpoint.answer(principal, json.dumps({"query": query}).encode())).body)


def test_a_second_role_gives_it_and_a_forbid_takes_it(reader: Database, loop: asyncio.Runner) -> None:
    shipped = SHIPPED.read_text()
    both = ("sales_rep", "security_reviewer")
    assert asked(reader, loop, shipped, *both)["data"]["all"] is not None
    forbid = '\n[[forbid]]\naudiences = ["ACCESS"]\nroles = ["sales_rep"]\nwhy = "two hats"\n'
    answer = asked(reader, loop, shipped + forbid, *both)
    assert answer["data"] == {"all": None}
    assert answer["extensions"]["access"]["denied"][0]["rule"] == "forbid ACCESS to sales_rep"


def test_who_sees_grants_masked_may_not(reader: Database, loop: asyncio.Runner) -> None:
    head = "[roles.sales_rep]\n"
    shipped = SHIPPED.read_text()
    answer = asked(reader, loop, shipped.replace(head, f'{head}ACCESS = "mask"\n'), "sales_rep")
    assert answer["data"] == {"all": None}
    assert answer["extensions"]["access"]["denied"][0]["rule"] == "sales_rep.ACCESS = mask"
    shown = asked(reader, loop, shipped.replace(head, f'{head}ACCESS = "show"\n'), "sales_rep")
    assert shown["data"]["all"] is not None


def test_a_review_is_no_way_around_a_filter(graph: Graph) -> None:
    """What a plan of another role tells is the policy: no value of a record is in it."""
    plan = 'review { plan(operation: "{ contracts { nodes { title } } }", roles: ["legal"]) { statement } }'
    statement = graph.data("{ " + plan + " }", role="security_reviewer")["review"]["plan"]["statement"]
    assert "t1.title" in statement
    assert "Cranes" not in statement
