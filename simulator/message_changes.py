"""What happens to messages: sent by either side, read, moderated, announced."""

from typing import Any

from .conversations import Sale, find_sale
from .errors import bad_request, not_found
from .gateway import Simulator
from .moderation import REASONS, reason_to_reject
from .phrases import BUYER_MESSAGES
from .seed import dice
from .state import World
from .talk_model import Message

SELLER_LIMIT = 350
BUYER_LIMIT = 3_500


def message_id(world: World) -> str:
    """Thirty-two hexadecimal digits, the same for the same seed and requests."""
    return f"{dice(world.seed, 'message', world.next_number('message')).getrandbits(128):032x}"


def write(world: World, sale: Sale, sender: str, text: str, moment: int, **more: Any) -> Message:
    """Add a message to the sale's conversation. A seller's own is moderated at once."""
    reason = reason_to_reject(text) if sender == "seller" else None
    message = Message(
        id=message_id(world),
        pack_id=sale.pack_id,
        seller_id=sale.seller_id,
        buyer_id=sale.buyer_id,
        sender=sender,
        text=text,
        created=max(moment, sale.thread[-1].created + 1) if sale.thread else moment,
        moderation="rejected" if reason else "clean",
        moderation_reason=reason,
        **more,
    )
    world.desk.save_message(message)
    sale.thread.append(message)
    return message


def buyer_writes(sim: Simulator, seller_id: int, count: int = 1, wish: dict[str, Any] | None = None) -> list[Message]:
    """A buyer (or the agent for one) writes now, unannounced; `wish` may name `pack_id` and `text`.

    A buyer can always write: what blocks a conversation blocks the seller.
    """
    wish, world = wish or {}, sim.world
    text = wish.get("text")
    if text is not None and (not isinstance(text, str) or not text or len(text) > BUYER_LIMIT):
        raise bad_request(f"text must have from 1 to {BUYER_LIMIT} characters")
    if "pack_id" in wish:
        sale = find_sale(world, wish["pack_id"]) if isinstance(wish["pack_id"], int) else None
        if sale is None or sale.seller_id != seller_id:
            raise not_found("pack_id must be a pack, or an order without a pack, of the seller")
        pack_ids = [wish["pack_id"]]
    else:
        orders = [world.orders[order_id] for order_id in world.ledger(seller_id).ids()]
        pack_ids = sorted({order.pack_id or order.id for order in orders if order.status != "cancelled"})
        if not pack_ids:
            raise bad_request("the seller has no sale to write about")
    roll = dice(world.seed, "wrote", seller_id, len(world.desk.messages_of.get(seller_id, ())))
    now, messages = world.clock.now_ms(), []
    for _ in range(count):
        sale = find_sale(world, roll.choice(pack_ids))
        if sale is None:
            raise not_found("there is no such sale")
        messages.append(write(world, sale, "buyer", text or roll.choice(BUYER_MESSAGES), now))
        world.hide(int(messages[-1].id, 16))
    return messages


def mark_read(sim: Simulator, messages: list[Message]) -> list[str]:
    """Set the read date of messages that have none, and announce each; the ids of the notifications."""
    now, announced = sim.world.clock.now_ms(), []
    for message in messages:
        if message.read is None:
            message.read = max(now, message.created)
            sim.world.desk.save_message(message)
            announced += announce_message(sim, message, "read")
    return announced


def moderate(sim: Simulator, message: Message, reason: str | None) -> None:
    """Reject a message for a reason, or clear it with None."""
    if reason is not None and reason not in REASONS:
        raise bad_request(f"reason must be one of {', '.join(REASONS)}")
    message.moderation, message.moderation_reason = ("rejected" if reason else "clean"), reason
    sim.world.desk.save_message(message)


def is_hidden_from_seller(message: Message) -> bool:
    """Moderated buyer messages are hidden; the seller's own stay visible."""
    return message.sender == "buyer" and message.moderation != "clean"


def announce_message(sim: Simulator, message: Message, action: str = "created", after_ms: int = 0) -> list[str]:
    """A typified notification whose resource is the bare id."""
    return sim.outbox.announce(message.seller_id, "messages", message.id, after_ms, (action,))
