"""The routes of questions, messages, claims and billing, and of the control API for them."""

from . import (
    answers,
    attachments,
    billing,
    claim_actions,
    claims,
    control_billing,
    control_claims,
    control_messages,
    control_questions,
    message_guide,
    messages,
    questions,
    returns,
    storm,
)
from .gateway import Handler

_CONVERSATION = "/messages/packs/{pack_id:int}/sellers/{seller_id:int}"
_GUIDE = "/messages/action_guide/packs/{pack_id:int}"
_CLAIM = "/post-purchase/v1/claims/{claim_id}"
_PERIOD = "/billing/integration/periods/key/{key}"

TALK_API: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/questions/search", questions.search),
    ("GET", "/my/received_questions/search", questions.received),
    ("POST", "/my/questions/hidden", questions.hide),
    ("GET", "/questions/{question_id}", questions.question),
    ("DELETE", "/questions/{question_id}", questions.delete),
    ("POST", "/answers", answers.post_answer),
    ("GET", "/users/{user_id:int}/questions/response_time", questions.response_time),
    ("GET", _CONVERSATION, messages.conversation),
    ("POST", _CONVERSATION, messages.post_message),
    ("GET", f"{_CONVERSATION}/conversations/{{type}}", messages.conversation),
    ("POST", f"{_CONVERSATION}/conversations/{{type}}", messages.post_message),
    ("GET", "/messages/unread", messages.unread),
    ("POST", "/messages/attachments", attachments.upload),
    ("GET", "/messages/attachments/{key}", attachments.download),
    ("GET", _GUIDE, message_guide.guide),
    ("GET", f"{_GUIDE}/caps_available", message_guide.caps),
    ("POST", f"{_GUIDE}/option", message_guide.option),
    ("GET", "/messages/{message_id}", messages.message),
    ("GET", "/post-purchase/v1/claims/search", claims.search),
    ("GET", _CLAIM, claims.claim),
    ("GET", f"{_CLAIM}/detail", claims.detail),
    ("GET", f"{_CLAIM}/affects-reputation", claims.affects_reputation),
    ("GET", f"{_CLAIM}/actions-history", claims.actions_history),
    ("GET", f"{_CLAIM}/status-history", claims.status_history),
    ("GET", f"{_CLAIM}/messages", claims.messages),
    ("GET", f"{_CLAIM}/expected-resolutions", claims.expected_resolutions),
    ("POST", f"{_CLAIM}/actions/send-message", claim_actions.send_message),
    ("POST", f"{_CLAIM}/actions/open-dispute", claim_actions.open_dispute),
    ("POST", f"{_CLAIM}/expected-resolutions/refund", claim_actions.refund),
    ("POST", f"{_CLAIM}/expected-resolutions/partial-refund", claim_actions.partial_refund),
    ("POST", f"{_CLAIM}/expected-resolutions/allow-return", claim_actions.allow_return),
    ("GET", "/post-purchase/v2/claims/{claim_id}/returns", returns.claim_returns),
    ("GET", "/billing/integration/monthly/periods", billing.monthly_periods),
    ("GET", f"{_PERIOD}/documents", billing.documents),
    ("GET", f"{_PERIOD}/summary/details", billing.summary),
    ("GET", f"{_PERIOD}/group/{{group}}/details", billing.details),
    ("GET", f"{_PERIOD}/group/ML/{{section}}/details", billing.section_details),
    ("GET", "/billing/integration/legal_document/{file_id}", billing.legal_document),
    ("GET", "/billing/integration/group/ML/order/details", billing.order_details),
)
TALK_CONTROL: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/_sim/questions", control_questions.post_question),
    ("POST", "/_sim/questions/{question_id:int}", control_questions.post_question_change),
    ("POST", "/_sim/messages", control_messages.post_message),
    ("POST", "/_sim/messages/{message_id}", control_messages.post_message_change),
    ("POST", "/_sim/conversations/{pack_id:int}", control_messages.post_conversation),
    ("POST", "/_sim/claims", control_claims.post_claim),
    ("POST", "/_sim/claims/{claim_id:int}", control_claims.post_claim_change),
    ("POST", "/_sim/billing/charges", control_billing.post_charge),
    ("POST", "/_sim/billing/bonuses", control_billing.post_bonus),
    ("POST", "/_sim/storm", storm.storm),
)
