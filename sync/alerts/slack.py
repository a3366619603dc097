"""An alert as a message for an incoming webhook of Slack."""

from __future__ import annotations

from typing import Any, Final

from sync.alerts.alert import Alert
from sync.alerts.facts import facts, headline

_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_QUOTED: Final = {ord("`"): "'"}


def slack_body(alert: Alert) -> dict[str, Any]:
    """Return the JSON of a message: what is told aloud in `text`, the rest in blocks."""
    lines = [f"{_mrkdwn(name)}: {_code(value)}" for name, value in facts(alert)]
    # Each in a section of its own: one takes 3,000 characters.
    return {
        "text": _mrkdwn(headline(alert)),
        "blocks": [
            # Plain text is shown as it is: nothing in it is a link, a mention or an emoji.
            {"type": "header", "text": {"type": "plain_text", "text": headline(alert), "emoji": False}},
            *(
                {"type": "section", "text": {"type": "mrkdwn", "text": line, "verbatim": True}}
                for line in (*lines, _code(alert.advice))
            ),
        ],
    }


def _mrkdwn(text: str) -> str:
    """Escape the three characters that begin links, mentions and commands, as Slack asks for."""
    return text.translate(_ESCAPED)


def _code(text: str) -> str:
    """Quote text, so that no star or underscore in it is read as a format; a quote cannot end it early."""
    return f"`{_mrkdwn(text.translate(_QUOTED))}`"
