"""An alert as a card for a Teams workflow that takes webhook requests."""

from __future__ import annotations

from typing import Any

from sync.alerts.alert import Alert
from sync.alerts.facts import facts, headline


def teams_body(alert: Alert) -> dict[str, Any]:
    """Return the JSON of a message with one Adaptive Card.

    Its texts are text runs: cards read Markdown, links and dates in text blocks and facts, and none in runs.
    """
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            _line(_run(headline(alert), weight="Bolder", size="Medium")),
            *(_line(_run(f"{name}: ", weight="Bolder"), _run(value)) for name, value in facts(alert)),
            _line(_run(alert.advice, fontType="Monospace")),
        ],
    }
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }


def _line(*runs: dict[str, str]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)}


def _run(text: str, **style: str) -> dict[str, str]:
    return {"type": "TextRun", "text": text, **style}
