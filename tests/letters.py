"""Letters as people get them: queued jobs are worked, and the emulator shows what was sent."""

from __future__ import annotations

import json
import os
import re
import urllib.request
from typing import Any

from lambdas.sync_worker.handler import handler as worker
from tests.queues import invoke, receive


def letters_to(email: str) -> list[dict[str, Any]]:
    """All letters to this address, oldest first: Subject, BodyText, BodyHtml. Jobs of other kinds are passed over."""
    while records := receive("jobs", letters=True):
        jobs = [record for record in records if json.loads(record["body"])["kind"] == "letter"]
        assert invoke(worker, *jobs) == []
    with urllib.request.urlopen(f"{os.environ['AWS_ENDPOINT_URL']}/_ministack/ses/messages") as answer:
        accounts = json.load(answer)["messages"]
    return [letter for sent in accounts.values() for letter in sent if email in letter["To"]]


def token_to(email: str) -> str:
    """The token of the last letter to this address."""
    found = re.search(r"\?token=([\w-]+)", letters_to(email)[-1]["BodyText"])
    assert found, "the last letter has no token"
    return found[1]
