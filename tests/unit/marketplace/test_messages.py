"""Messages and conversations in the shapes that Mercado Livre's pages print, which disagree."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from painelml.marketplace.messages.models import pack_of, place_of, read_conversation, read_message
from painelml.marketplace.resources import read_resource

ID = "00aa11bb22cc33dd44ee55ff66007788"
SENT, READ = "2026-11-20T12:00:00.000Z", "2026-11-20T08:30:00.000-04:00"
ENTRY: dict[str, Any] = {
    "id": ID,
    "site_id": "MLB",
    "client_id": 4929174000000000,
    "from": {"user_id": 3037675074},
    "to": {"user_id": 1482301177},
    "status": "available",
    "subject": None,
    "text": "Quando chega?",
    "message_date": {"received": SENT, "available": SENT, "notified": "2026-11-20T12:00:09Z", "created": SENT, "read": None},
    "message_moderation": {"status": "clean", "reason": None, "source": "online", "moderation_date": SENT},
    "message_attachments": None,
    "message_resources": [{"id": "2000008800000001", "name": "packs"}, {"id": "1482301177", "name": "sellers"}],
    "conversation_first_message": False,
}
ENVELOPE: dict[str, Any] = {
    "paging": {"limit": 10, "offset": 0, "total": 1},
    "conversation_status": {
        "path": "/packs/2000008800000001/sellers/1482301177",
        "status": "active",
        "substatus": None,
        "status_date": "2026-11-19T10:00:00Z",
        "status_update_allowed": False,
        "claim_id": None,
        "shipping_id": None,
    },
    "messages": [ENTRY],
    "seller_max_message_length": 350,
    "buyer_max_message_length": 3500,
}
FLAT: dict[str, Any] = {
    "message_id": ID,
    "date_received": SENT,
    "date": SENT,
    "date_available": SENT,
    "date_notified": SENT,
    "date_read": None,
    "from": {"user_id": "3037675074"},
    "to": [{"user_id": "1482301177"}],
    "text": {"plain": "Quando chega?"},
    "attachments": [{"filename": "key-1", "original_filename": "nota.pdf", "type": "application/pdf", "size": 10}],
    "resource": "packs",
    "resource_id": "2000008800000001",
    "status": "AVAILABLE",
    "moderation": {"status": "CLEAN", "reason": None},
}


@pytest.mark.parametrize("document", [ENTRY, FLAT], ids=["envelope", "flat"])
def test_both_shapes_say_the_same(document: dict[str, Any]) -> None:
    found = read_message(document)
    assert (found.id, found.sender_id, found.text, found.status) == (ID, 3037675074, "Quando chega?", "available")
    assert (found.moderation_status, found.read_at) == ("clean", None)
    assert found.updated_at == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_flat_message_names_its_files() -> None:
    (file,) = list(read_message(FLAT).attachments or [])
    assert file.model_dump() == {"id": "key-1", "name": "nota.pdf", "media_type": "application/pdf", "size": 10}


def test_having_been_read_is_newer_and_having_been_notified_is_not() -> None:
    read = {**ENTRY, "message_date": {**ENTRY["message_date"], "read": READ}}
    assert read_message(read).updated_at == datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    assert read_message(ENTRY).updated_at == datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_conversation_is_as_new_as_its_newest_part() -> None:
    found = read_conversation(ENVELOPE, ENVELOPE["messages"])
    assert (found.pack_id, found.seller_id, found.status, found.substatus) == (2000008800000001, 1482301177, "active", None)
    assert found.updated_at == found.last_message_at == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert read_conversation(ENVELOPE, []).updated_at == datetime(2026, 11, 19, 10, tzinfo=UTC)


def test_a_conversation_without_its_place_is_unreadable() -> None:
    with pytest.raises(ValidationError):
        read_conversation({**ENVELOPE, "conversation_status": {"status": "active"}}, [])


@pytest.mark.parametrize(
    "detail",
    [ENVELOPE, FLAT, ENTRY, {"messages": [ENTRY]}],
    ids=["path", "flat", "resources", "resources in the envelope"],
)
def test_the_pack_is_found_wherever_it_is_said(detail: dict[str, Any]) -> None:
    assert pack_of(detail) == 2000008800000001


def test_the_agents_path_leads_to_the_same_place() -> None:
    assert place_of("/packs/1/sellers/2/conversations/ai_assistant") == (1, 2)
    assert place_of("/packs/1/sellers/../../users/me") == (None, None)


@pytest.mark.parametrize("resource", [ID, f"/messages/{ID}"])
def test_the_topic_points_at_a_message(resource: str) -> None:
    found = read_resource("messages", resource)
    assert found is not None
    assert found.path == f"/messages/{ID}"


@pytest.mark.parametrize("resource", ["/orders/1", "../users/me", "a?b=1", "", "short"])
def test_what_is_no_message_is_not_fetched(resource: str) -> None:
    assert read_resource("messages", resource) is None
