"""The preview of the contract panel in `make demo`: the Salesforce components on a page, without an org."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template

from api.landing import DemoPerson

HERE = Path(__file__).parent / "preview"
BUILT = Path(__file__).resolve().parents[1] / "lwc-client" / "preview" / "dist"
"""Where the set-up builds the components; what lies there is under Salesforce's terms and never committed."""

Records = Mapping[str, Mapping[str, Sequence[Mapping[str, str]]]]
"""Of each org, by its name: the opportunities and accounts to look at, each with `id` and `name`."""


def is_built() -> bool:
    """Whether the set-up has built the components."""
    return (BUILT / "main.js").is_file()


def render_preview(people: Sequence[DemoPerson], issuer: str, records: Records) -> str:
    """Fill the preview page; without a build, a page that says what to install."""
    if not is_built():
        return (HERE / "missing.html").read_text(encoding="utf-8")
    demo = {"issuer": issuer, "people": [asdict(person) for person in people], "records": records}
    # Inside <script> HTML knows no entities: only the absence of "<" keeps text from closing the element.
    text = json.dumps(demo).replace("<", r"\u003c")
    return Template((HERE / "index.html").read_text(encoding="utf-8")).substitute(demo=text)
