"""The pages of `make demo`, filled from their templates: the landing page and GraphiQL."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

_HERE = Path(__file__).parent
_ROW = Template("""\
            <tr>
              <th scope="row">$name</th><td>$role</td><td>$org</td>
              <td><a href="/graphiql?as=$user">Sign in<span class="quiet"> as $name</span></a></td>
            </tr>""")

_BUTTON = Template("""\
        <button type="button" data-path="/demo/events/$name">$label</button>""")


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """Someone whom the demo lets ask: what to show of them, and what their browser signs them in with."""

    name: str
    role: str
    org: str
    user: str
    client: str


def render_landing(people: Sequence[DemoPerson], curl: str, answer: str) -> str:
    """Fill the landing page with plain text, escaped here: the people, one command and its answer."""
    return _template("pages/landing.html").substitute(
        people="\n".join(map(_row, people)), curl=escape(curl), answer=escape(answer)
    )


def render_graphiql(people: Sequence[DemoPerson], issuer: str) -> str:
    """Fill the GraphiQL page with the people to choose among and the example queries, one tab each."""
    demo = {
        "issuer": issuer,
        "people": [asdict(person) for person in people],
        "queries": example_queries(),
    }
    # Inside <script> HTML knows no entities: only the absence of "<" keeps text from closing the element.
    text = json.dumps(demo).replace("<", r"\u003c")
    return _template("graphiql/index.html").substitute(demo=text)


def render_events(tellings: Mapping[str, str]) -> str:
    """Fill the page of events with a button for each, by the name it is sent by."""
    buttons = (
        _BUTTON.substitute(name=quote(name, safe=""), label=escape(label)) for name, label in tellings.items()
    )
    return _template("pages/events.html").substitute(buttons="\n".join(buttons))


def example_queries() -> list[str]:
    """Read the example operations of `graphiql/examples.graphql`, each with the comment above it."""
    text = (_HERE / "graphiql" / "examples.graphql").read_text(encoding="utf-8")
    return [query.strip() + "\n" for query in re.split(r"\n\n(?=#)", text)]


def _row(person: DemoPerson) -> str:
    return _ROW.substitute(
        name=escape(person.name),
        role=escape(person.role),
        org=escape(person.org),
        user=quote(person.user, safe=""),
    )


def _template(path: str) -> Template:
    return Template((_HERE / path).read_text(encoding="utf-8"))
