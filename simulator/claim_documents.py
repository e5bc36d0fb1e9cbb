"""Claims as their resources print them."""

import hashlib
from typing import Any

from .clock import offset_text
from .state import World
from .talk_model import Claim

# What the seller can still do, by stage of an open claim.
SELLER_ACTIONS = {
    "claim": ("send_message_to_complainant", "refund", "allow_partial_refund", "allow_return", "open_dispute"),
    "dispute": ("send_message_to_mediator", "refund", "allow_return"),
}


def _text(moment: int | None) -> str | None:
    return offset_text(moment) if moment is not None else None


def available_actions(claim: Claim) -> list[dict[str, Any]]:
    """The respondent's actions; the reply is the mandatory one, with its due date."""
    if claim.status != "opened":
        return []
    actions = []
    for name in SELLER_ACTIONS.get(claim.stage, ()):
        mandatory = name.startswith("send_message") and claim.responsible == "seller"
        actions.append({"action": name, "mandatory": mandatory, "due_date": _text(claim.due_date) if mandatory else None})
    return actions


def claim_document(world: World, claim: Claim) -> dict[str, Any]:
    """`GET /post-purchase/v1/claims/{id}`."""
    resolution = claim.resolution and claim.resolution | {"date_created": _text(claim.resolution["date_created"])}
    players: list[dict[str, Any]] = [
        {"role": "complainant", "type": "buyer", "user_id": claim.buyer_id, "available_actions": []},
        {"role": "respondent", "type": "seller", "user_id": claim.seller_id, "available_actions": available_actions(claim)},
    ]
    if claim.stage == "dispute":
        players.append({"role": "mediator", "type": "internal", "user_id": 0, "available_actions": []})
    return {
        "id": claim.id,
        "resource": claim.resource,
        "resource_id": claim.resource_id,
        "status": claim.status,
        "type": "returns" if claim.type == "return" and world.chaos.claim_type_returns else claim.type,
        "stage": claim.stage,
        "parent_id": None,
        "reason_id": claim.reason_id,
        "fulfilled": claim.fulfilled,
        "quantity_type": claim.quantity_type,
        "claimed_quantity": claim.claimed_quantity,
        "players": players,
        "resolution": resolution,
        "site_id": world.sellers[claim.seller_id].site_id,
        "related_entities": ["return"] if claim.id in world.desk.returns else [],
        "date_created": offset_text(claim.date_created),
        "last_updated": offset_text(claim.last_updated),
    }


def detail_document(claim: Claim) -> dict[str, Any]:
    """`…/detail`: whose turn it is, and until when."""
    in_dispute = claim.stage == "dispute"
    return {
        "due_date": _text(claim.due_date),
        "action_responsible": claim.responsible,
        "title": "Reclamação em mediação" if in_dispute else "Reclamação do comprador",
        "description": "O Mercado Livre vai intervir." if in_dispute else "O comprador espera uma solução.",
        "problem": claim.reason_id,
    }


def history(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Actions or statuses, oldest first, with printed dates."""
    return [entry | {"date": offset_text(entry["date"])} for entry in entries]


def message_documents(claim: Claim) -> list[dict[str, Any]]:
    """`…/messages`: a bare array whose entries have a hash and no id."""
    return [
        {
            "sender_role": message["sender_role"],
            "receiver_role": message["receiver_role"],
            "message": message["message"],
            "translated_message": None,
            "stage": message["stage"],
            "attachments": [],
            "date_created": offset_text(message["date"]),
            "date_read": None,
            "message_date": offset_text(message["date"]),
            "status": "available",
            "message_moderation": {"status": "clean", "reason": None},
            "hash": hashlib.sha256(f"{claim.id}/{position}/{message['message']}".encode()).hexdigest()[:32],
        }
        for position, message in enumerate(claim.messages)
    ]


def expected_documents(claim: Claim) -> list[dict[str, Any]]:
    """`…/expected-resolutions`."""
    ids = {"complainant": claim.buyer_id, "respondent": claim.seller_id}
    return [
        {
            "player_role": expected["player_role"],
            "user_id": ids[expected["player_role"]],
            "expected_resolution": expected["expected_resolution"],
            "detail": expected["detail"],
            "date_created": offset_text(expected["date"]),
            "last_updated": offset_text(expected["date"]),
            "status": expected["status"],
        }
        for expected in claim.expected
    ]
