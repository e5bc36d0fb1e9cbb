"""Past questions, conversations, claims and bills of a new seller, out of the seed; nothing of it is announced."""

import random

from . import billing_periods as periods
from .books import Entry
from .claim_changes import BENEFITED, claimable, new_claim, say, trace_action, trace_status
from .clock import DAY, HOUR, MINUTE
from .conversations import find_sale
from .message_changes import write
from .model import Order, Seller
from .phrases import ANSWERS, BUYER_MESSAGES, CLAIM_REPLIES, SELLER_MESSAGES
from .question_changes import new_question
from .returns import open_return
from .seed import dice
from .state import World
from .talk_model import Claim, Question

TALK_BOUNDS = {"questions": 100_000, "messages": 100_000, "claims": 10_000, "billing_periods": 12}
QUESTION_STATUSES = ("ANSWERED", "UNANSWERED", "CLOSED_UNANSWERED", "UNDER_REVIEW", "BANNED", "DELETED", "DISABLED")
QUESTION_WEIGHTS = (76, 14, 4, 1, 2, 2, 1)


def furnish(world: World, seller: Seller, counts: dict[str, int], days: int) -> None:
    """Give a seller `questions`, `messages`, `claims` and `billing_periods`; 0 of the last is the current period alone."""
    now = world.clock.now_ms() // HOUR * HOUR
    _questions(world, seller, counts["questions"], now, max(days, 1))
    _messages(world, seller, counts["messages"], now)
    _claims(world, seller, counts["claims"], now)
    first = periods.before(periods.period_of(now), max(counts["billing_periods"] - 1, 0))
    world.books.open_account(seller.id, periods.start_of(first))
    if counts["billing_periods"]:
        _bills(world, seller, first, now)


def _questions(world: World, seller: Seller, count: int, now: int, days: int) -> None:
    roll, items = dice(world.seed, "questions", seller.id), world.seller_items(seller.id)
    moments = sorted(now - roll.randrange(HOUR, days * DAY) for _ in range(count))
    for moment in moments:
        question = new_question(world, roll.choice(items), moment, roll)
        question.status = roll.choices(QUESTION_STATUSES, QUESTION_WEIGHTS)[0]
        _settle_question(question, roll, now)
        world.desk.save_question(question)


def _settle_question(question: Question, roll: random.Random, now: int) -> None:
    changed = min(question.date_created + roll.randrange(5 * MINUTE, 2 * DAY), now)
    if question.status == "ANSWERED":
        question.answer_text, question.answer_date = roll.choice(ANSWERS), changed
        question.answer_status = roll.choices(("ACTIVE", "DISABLED", "BANNED"), (96, 2, 2))[0]
    if question.status != "UNANSWERED":
        question.last_updated = changed


def _messages(world: World, seller: Seller, count: int, now: int) -> None:
    """Threads of one to four messages, begun by the buyer, on sales that were paid."""
    roll = dice(world.seed, "messages", seller.id)
    orders = [order for order in _orders(world, seller) if order.date_approved] or _orders(world, seller)
    left = count
    while left:
        order = roll.choice(orders)
        sale = find_sale(world, order.pack_id or order.id)
        if sale is None:
            raise LookupError(f"order {order.id} has no sale")
        moment = min((order.date_approved or now) + roll.randrange(HOUR, 5 * DAY), now - HOUR)
        for turn in range(min(roll.choice((1, 2, 2, 3, 4)), left)):
            if turn and moment >= now:
                break
            sender = "seller" if turn % 2 else "buyer"
            words = roll.choice(SELLER_MESSAGES if turn % 2 else BUYER_MESSAGES)
            message = write(world, sale, sender, words, moment)
            message.read = message.created + MINUTE if turn % 2 or roll.random() < 0.8 else None
            left, moment = left - 1, message.created + roll.randrange(MINUTE, 6 * HOUR)


def _claims(world: World, seller: Seller, count: int, now: int) -> None:
    roll, paid = dice(world.seed, "claims", seller.id), claimable(world, seller.id)
    # A very small seller may have too few good sales: then on the others too.
    orders = paid if len(paid) >= count else _orders(world, seller)
    for order in roll.sample(orders, count):
        moment = min((order.date_approved or now) + roll.randrange(DAY, 12 * DAY), now - MINUTE)
        claim = new_claim(world, order, max(moment, order.date_created), roll)
        tag = "claim_opened"
        if roll.random() < 0.3:
            say(claim, "respondent", "complainant", roll.choice(CLAIM_REPLIES), claim.date_created + HOUR)
            claim.responsible, claim.last_updated = "buyer", claim.date_created + HOUR
        if roll.random() < 0.25:
            open_return(world, claim, claim.date_created + 2 * HOUR)
        if roll.random() < 0.6:
            _closed(claim, min(claim.last_updated + roll.randrange(DAY, 9 * DAY), now), roll)
            tag = "claim_closed"
        world.desk.save_claim(claim)
        order.extra_tags.append(tag)
        order.last_updated = max(order.last_updated, claim.last_updated)
        order.date_last_updated = max(order.date_last_updated, order.last_updated)
        world.save_order(order)


def _closed(claim: Claim, moment: int, roll: random.Random) -> None:
    """In the seller's favour, or by a coverage that pays the buyer: either way the sale stands."""
    coverage = roll.random() < 0.4
    claim.status, claim.responsible, claim.due_date = "closed", "none", None
    claim.resolution = {
        "reason": "coverage_decision" if coverage else "respondent_wins",
        "date_created": moment,
        "benefited": [BENEFITED[0 if coverage else 1]],
        "closed_by": "mediator",
        "applied_coverage": coverage,
    }
    claim.last_updated = moment
    trace_action(claim, moment, "close_claim", "mediator")
    trace_status(claim, moment, "mediator")


def _bills(world: World, seller: Seller, first: str, now: int) -> None:
    """Beside the sale charges: advertising, the cost of Mercado Pago, and one late bonus on each closed period."""
    roll = dice(world.seed, "bills", seller.id)
    booked = world.books.of_seller(world, seller.id)
    for period in reversed(periods.since(first, now)):
        start = periods.start_of(period)
        for group, sub_type, least, most in (("ML", "PADS", 3_000, 40_000), ("MP", "CCMP", 500, 9_000)):
            moment, amount = start + roll.randrange(5, 20) * DAY, roll.randrange(least, most)
            if moment < now:
                world.books.add(world, Entry(0, seller.id, period, group, "BILL", "CHARGE", sub_type, amount, moment))
        sales = [entry for entry in booked if entry.period == period and entry.order_id and entry.detail_type == "CHARGE"]
        late = periods.start_of(periods.following(period)) + roll.randrange(1, 15) * DAY
        if sales and late < now:
            charge = roll.choice(sales)
            if left := world.books.left_of(charge) // 2:
                world.books.give_back(world, charge, left, late)


def _orders(world: World, seller: Seller) -> list[Order]:
    return [world.orders[order_id] for order_id in world.ledger(seller.id).ids()]
