"""Switches of questions, messages, claims and billing. Where the documentation is silent or contradicts itself, a switch."""

from dataclasses import dataclass

# A switch that is one of a few words.
TALK_CHOICES: dict[str, tuple[str, ...]] = {
    "message_agent": ("off", "fulfillment", "all"),
    "message_detail": ("envelope", "flat"),
    "claims_topic": ("post_purchase", "claims"),
}


@dataclass(slots=True)
class TalkSwitches:
    """The defaults are what Mercado Livre's documentation says or lets one expect."""

    # Questions
    one_answer_per_question: bool = True
    # Messages
    message_agent: str = "fulfillment"
    message_detail: str = "envelope"
    message_variant: bool = False
    message_lock_ms: int = 1_000
    # Claims
    claims_topic: str = "post_purchase"
    claims_by_status_alone: bool = False
    claim_type_returns: bool = False
    # Billing
    billing_refund_sub_type: str = "BV"
    billing_calls_per_minute: int = 0
    partial_billing: float = 0.0
