"""The desk: every question, message, claim and return, in memory for reading and in the store for the next start."""

from .store import Store
from .talk_model import Attachment, Claim, Conversation, Message, Question, Return


class Desk:
    """Records with their indexes. Whoever changes a record calls the matching `save_…`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.questions: dict[int, Question] = {}
        self.questions_of: dict[int, dict[int, None]] = {}
        self.messages: dict[str, Message] = {}
        self.messages_of: dict[int, dict[str, None]] = {}
        self.threads: dict[int, list[str]] = {}
        self.conversations: dict[int, Conversation] = {}
        self.attachments: dict[str, Attachment] = {}
        self.claims: dict[int, Claim] = {}
        self.claims_of: dict[int, dict[int, None]] = {}
        self.claims_on: dict[int, list[int]] = {}
        self.returns: dict[int, Return] = {}

    def load(self) -> None:
        """Read what an earlier process kept."""
        read = self._store.read
        for _, body in read("question"):
            self._index_question(Question(**body))
        for message in sorted((Message(**body) for _, body in read("message")), key=lambda one: (one.created, one.id)):
            self._index_message(message)
        self.conversations = {int(key): Conversation(**body) for key, body in read("conversation")}
        self.attachments = {key: Attachment(**body) for key, body in read("attachment")}
        for _, body in read("claim"):
            self._index_claim(Claim(**body))
        self.returns = {int(key): Return(**body) for key, body in read("return")}

    def save_question(self, question: Question) -> None:
        self._index_question(question)
        self._store.put("question", question.id, question)

    def _index_question(self, question: Question) -> None:
        self.questions[question.id] = question
        self.questions_of.setdefault(question.seller_id, {})[question.id] = None

    def drop_question(self, question: Question) -> None:
        del self.questions[question.id]
        del self.questions_of[question.seller_id][question.id]
        self._store.remove("question", question.id)

    def seller_questions(self, seller_id: int) -> list[Question]:
        return [self.questions[question_id] for question_id in self.questions_of.get(seller_id, ())]

    def save_message(self, message: Message) -> None:
        self._index_message(message)
        self._store.put("message", message.id, message)

    def _index_message(self, message: Message) -> None:
        if message.id not in self.messages:
            self.threads.setdefault(message.pack_id, []).append(message.id)
        self.messages[message.id] = message
        self.messages_of.setdefault(message.seller_id, {})[message.id] = None

    def thread(self, pack_id: int) -> list[Message]:
        """The messages of a pack, oldest first."""
        return [self.messages[message_id] for message_id in self.threads.get(pack_id, ())]

    def seller_messages(self, seller_id: int) -> list[Message]:
        return [self.messages[message_id] for message_id in self.messages_of.get(seller_id, ())]

    def conversation(self, pack_id: int, seller_id: int) -> Conversation:
        """What is known of the pack's conversation; a new one is kept only once it is saved."""
        return self.conversations.get(pack_id) or Conversation(pack_id, seller_id)

    def save_conversation(self, conversation: Conversation) -> None:
        self.conversations[conversation.pack_id] = conversation
        self._store.put("conversation", conversation.pack_id, conversation)

    def save_attachment(self, attachment: Attachment) -> None:
        self.attachments[attachment.key] = attachment
        self._store.put("attachment", attachment.key, attachment)

    def drop_attachment(self, key: str) -> None:
        del self.attachments[key]
        self._store.remove("attachment", key)

    def save_claim(self, claim: Claim) -> None:
        self._index_claim(claim)
        self._store.put("claim", claim.id, claim)

    def _index_claim(self, claim: Claim) -> None:
        if claim.id not in self.claims:
            self.claims_on.setdefault(claim.order_id, []).append(claim.id)
        self.claims[claim.id] = claim
        self.claims_of.setdefault(claim.seller_id, {})[claim.id] = None

    def seller_claims(self, seller_id: int) -> list[Claim]:
        return [self.claims[claim_id] for claim_id in self.claims_of.get(seller_id, ())]

    def order_claims(self, order_id: int) -> list[Claim]:
        return [self.claims[claim_id] for claim_id in self.claims_on.get(order_id, ())]

    def save_return(self, found: Return) -> None:
        self.returns[found.claim_id] = found
        self._store.put("return", found.claim_id, found)
