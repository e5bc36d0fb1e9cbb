"""Who may write in the conversation of a sale, and why not."""

from datetime import UTC, datetime
from typing import Any

from .clock import DAY, HOUR, SECOND, utc_text
from .errors import ApiError
from .gateway import Simulator
from .model import Order
from .state import World
from .talk_model import Conversation, Message

# The agent that stands between buyer and seller since February 2026, by site.
AGENTS = {"MLB": 3037675074, "MLC": 3020819166, "MLA": 3037674934, "MLM": 3037204279, "MCO": 3037204123}
OTHER_AGENT = 3037204685
AGENT_SITES = ("MLB", "MLC")
CONVERSATION_TYPE = "ai_assistant"
AGENT_HOURS = 48 * HOUR
TALK_LIFE = 30 * DAY
EXPIRY = 18 * 30 * DAY
SUBSTATUSES = (
    "blocked_by_time",
    "blocked_by_buyer",
    "blocked_by_mediation",
    "blocked_by_mediation_fbm",
    "blocked_by_fulfillment",
    "blocked_by_payment",
    "blocked_by_cancelled_order",
    "blocked_by_cancelled_order_by_fraud",
    "blocked_by_cancelled_order_hidden",
    "blocked_by_refund",
    "blocked_by_conversation_initiated_by_seller",
    "blocked_by_conversation_initiated_by_seller_limited",
    "blocked_by_conversation_use_message_api",
    "blocked_by_conversation_expired",
    "blocked_by_claim_change_open",
    "blocked_by_claim_change_closed",
    "blocked_by_deactivated_account",
    "blocked_by_restrictions",
    "blocked_by_message_pending_review",
    "blocked_by_return_to_buyer_fulfillment",
    "blocked_by_ai_assistant",
    "blocked_by_ai_assistant_expired",
    "blocked_by_ai_assistant_contact_closed",
)
# Logistics outside of Mercado Envios 2: there the seller may write first.
FREE_LOGISTICS = ("default", "custom", "not_specified")


class MessageError(ApiError):
    """The shape of the messages resource: `{status_code, code, message}`."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.body = {"status_code": status, "code": code, "message": message}


class Sale:
    """The orders of a pack, or the one order without a pack under its own id, as their conversation sees them."""

    def __init__(self, world: World, pack_id: int, orders: list[Order]) -> None:
        self.world = world
        self.pack_id = pack_id
        self.orders = orders
        self.seller_id = orders[0].seller_id
        self.buyer_id = orders[0].buyer_id
        self.thread: list[Message] = world.desk.thread(pack_id)
        self.conversation: Conversation = world.desk.conversation(pack_id, self.seller_id)
        self.logistics = {world.items[order.item_id].logistic_type for order in orders}

    @property
    def agent_id(self) -> int | None:
        """The agent in between, where there is one."""
        mode, site = self.world.chaos.message_agent, self.world.sellers[self.seller_id].site_id
        if mode == "all" or (mode == "fulfillment" and site in AGENT_SITES and "fulfillment" in self.logistics):
            return AGENTS.get(site, OTHER_AGENT)
        return None

    @property
    def counterpart_id(self) -> int:
        """Whom the seller writes to and hears from."""
        return self.agent_id or self.buyer_id

    @property
    def path(self) -> str:
        plain = f"/packs/{self.pack_id}/sellers/{self.seller_id}"
        return f"{plain}/conversations/{CONVERSATION_TYPE}" if self.agent_id else plain

    @property
    def buyer_wrote(self) -> bool:
        return any(message.sender == "buyer" for message in self.thread)

    @property
    def is_free(self) -> bool:
        """Whether plain messages are the way, because Mercado Envios does not carry the sale."""
        return self.logistics <= set(FREE_LOGISTICS)

    def substatus(self) -> str | None:
        """What blocks the conversation; None when the seller may write."""
        return self.conversation.substatus or self._of_the_sale() or self._of_the_thread()

    def _of_the_sale(self) -> str | None:
        orders, now = self.orders, self.world.clock.now_ms()
        full = "fulfillment" in self.logistics
        disputes = [
            claim
            for order in orders
            for claim in self.world.desk.order_claims(order.id)
            if claim.status == "opened" and claim.stage == "dispute"
        ]
        settled = all(order.delivered for order in orders)
        if all(order.status == "cancelled" for order in orders):
            fraud = any("fraud_risk_detected" in order.extra_tags for order in orders)
            return "blocked_by_cancelled_order_by_fraud" if fraud else "blocked_by_cancelled_order"
        if disputes:
            return "blocked_by_mediation_fbm" if full else "blocked_by_mediation"
        if all(order.date_approved is None for order in orders):
            return "blocked_by_payment"
        if full and not settled:
            return "blocked_by_fulfillment"
        last = max(order.last_updated for order in orders)
        if now - last > EXPIRY:
            return "blocked_by_conversation_expired"
        return "blocked_by_time" if settled and now - last > TALK_LIFE else None

    def _of_the_thread(self) -> str | None:
        if not self.buyer_wrote:
            if self.is_free:
                return None
            written = "_limited" if self.thread else ""
            return f"blocked_by_conversation_initiated_by_seller{written}"
        last = self.thread[-1]
        if self.agent_id and last.sender == "seller":
            # One message at a time: the agent works on it for 48 business hours.
            late = business_ms(last.created, self.world.clock.now_ms()) > AGENT_HOURS
            return "blocked_by_ai_assistant_expired" if late else "blocked_by_ai_assistant"
        return None

    def status_document(self) -> dict[str, Any]:
        """`conversation_status`, with `claim_ids` for `claim_id` in the other page's variant."""
        substatus, variant = self.substatus(), self.world.chaos.message_variant
        claims = [claim.id for order in self.orders for claim in self.world.desk.order_claims(order.id)]
        opened = [claim_id for claim_id in claims if self.world.desk.claims[claim_id].status == "opened"]
        moved = self.conversation.substatus_date or max([order.last_updated for order in self.orders])
        if self.thread:
            moved = max(moved, self.thread[-1].created)
        return {
            "path": self.path,
            "status": "blocked" if substatus else "active",
            "substatus": substatus,
            "status_date": utc_text(moved),
            "status_update_allowed": False,
            **({"claim_ids": opened} if variant else {"claim_id": opened[0] if opened else None}),
            "shipping_id": self.orders[0].shipping_id,
        }


def find_sale(world: World, pack_id: int) -> Sale | None:
    """The sale that a pack id, or an order id in its place, names."""
    order_ids = world.packs.get(pack_id)
    if order_ids is None:
        alone = world.orders.get(pack_id)
        if alone is None or alone.pack_id is not None:
            return None
        order_ids = [pack_id]
    return Sale(world, pack_id, [world.orders[order_id] for order_id in order_ids])


def known_sale(sim: Simulator, pack_id: int, seller_id: int) -> Sale:
    """The caller's own sale; 404 for one that does not exist, 403 for another seller's."""
    sale = find_sale(sim.world, pack_id)
    if sale is None:
        raise MessageError(404, "not_found", f"the pack {pack_id} does not exist")
    if sale.seller_id != seller_id:
        raise MessageError(403, "forbidden", "the caller does not take part in this conversation")
    return sale


def business_ms(start: int, end: int) -> int:
    """Milliseconds between two moments that fall on Monday to Friday, UTC."""
    spent, moment = 0, start
    while moment < end:
        following = min((moment // DAY + 1) * DAY, end)
        if datetime.fromtimestamp(moment / SECOND, UTC).weekday() < 5:
            spent += following - moment
        moment = following
    return spent
