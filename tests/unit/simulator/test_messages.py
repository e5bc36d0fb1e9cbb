"""Post-sale messages: reading marks, blocks, the agent in between, the action guide, files and moderation."""

from typing import Any

import pytest

from simulator.clock import DAY, HOUR
from simulator.conversations import business_ms

from .conftest import Bench

pytestmark = pytest.mark.anyio

TAG = {"tag": "post_sale"}
AGENT = 3037675074


class Talk:
    """One sale of one seller, and the calls about its conversation."""

    def __init__(self, bench: Bench, headers: dict[str, str], order: dict[str, Any]) -> None:
        self.bench, self.headers, self.order = bench, headers, order
        self.seller_id, self.buyer_id = order["seller"]["id"], order["buyer"]["id"]
        self.pack_id = order["pack_id"] or order["id"]
        self.path = f"/messages/packs/{self.pack_id}/sellers/{self.seller_id}"

    async def buyer(self, text: str = "Oi?") -> dict[str, Any]:
        return await self.bench.control("messages", seller_id=self.seller_id, pack_id=self.pack_id, text=text)

    async def read(self, **query: Any) -> dict[str, Any]:
        response = await self.bench.http.get(self.path, headers=self.headers, params=TAG | query)
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def say(self, text: str = "Olá!", to: int | None = None, **more: Any) -> tuple[int, dict[str, Any]]:
        body = {"from": {"user_id": self.seller_id}, "to": {"user_id": to or self.buyer_id}, "text": text} | more
        response = await self.bench.http.post(self.path, headers=self.headers, params=TAG, json=body)
        return response.status_code, response.json()

    async def guide(self, path: str = "") -> tuple[int, Any]:
        url = f"/messages/action_guide/packs/{self.pack_id}{path}"
        response = await self.bench.http.get(url, headers=self.headers, params=TAG)
        return response.status_code, response.json()

    async def option(self, **body: Any) -> tuple[int, dict[str, Any]]:
        url = f"/messages/action_guide/packs/{self.pack_id}/option"
        response = await self.bench.http.post(url, headers=self.headers, params=TAG, json=body)
        return response.status_code, response.json()

    async def unread(self) -> list[dict[str, Any]]:
        query = TAG | {"role": "seller"}
        return list((await self.bench.http.get("/messages/unread", headers=self.headers, params=query)).json()["results"])

    async def substatus(self) -> str | None:
        found: str | None = (await self.read(mark_as_read="false"))["conversation_status"]["substatus"]
        return found


async def _talk(bench: Bench, logistic_type: str = "cross_docking", **order: Any) -> Talk:
    user_id, headers = await bench.connect(items=1)
    item = bench.sim.world.seller_items(user_id)[0]
    item.logistic_type, item.status, item.sub_status, item.available_quantity = logistic_type, "active", [], 50
    made = await bench.control("orders", seller_id=user_id, **order)
    return Talk(bench, headers, made["order"])


async def test_the_envelope_has_its_whole_shape(bench: Bench) -> None:
    talk = await _talk(bench)
    await talk.buyer("Oi, quando envia?")
    found = await talk.read(mark_as_read="false")
    assert set(found) == {
        *("paging", "conversation_status", "messages", "seller_max_message_length", "buyer_max_message_length"),
    }
    assert found["paging"] == {"limit": 10, "offset": 0, "total": 1}
    status = found["conversation_status"]
    assert (status["path"], status["status"], status["substatus"]) == (
        f"/packs/{talk.pack_id}/sellers/{talk.seller_id}",
        "active",
        None,
    )
    (message,) = found["messages"]
    assert len(message["id"]) == 32 and message["message_date"]["read"] is None
    assert (message["from"], message["to"]) == ({"user_id": talk.buyer_id}, {"user_id": talk.seller_id})
    assert message["message_moderation"]["status"] == "clean" and message["message_attachments"] is None
    assert message["message_resources"] == [
        {"id": str(talk.pack_id), "name": "packs"},
        {"id": str(talk.seller_id), "name": "sellers"},
    ]
    assert (found["seller_max_message_length"], found["buyer_max_message_length"]) == (350, 3_500)


async def test_reading_marks_as_read_unless_told_not_to(bench: Bench) -> None:
    talk = await _talk(bench)
    await talk.buyer()
    await talk.read(mark_as_read="false")
    assert await talk.unread() == [{"resource": f"/packs/{talk.pack_id}/sellers/{talk.seller_id}", "count": 1}]
    await talk.read()
    assert await talk.unread() == []
    assert (await talk.read())["messages"][0]["message_date"]["read"] is not None


async def test_pages_of_ten_begin_with_the_newest(bench: Bench) -> None:
    talk = await _talk(bench)
    sent = [(await talk.buyer(f"mensagem {number}"))["message_id"] for number in range(12)]
    first, second = await talk.read(), await talk.read(offset=10)
    ids = [message["id"] for page in (first, second) for message in page["messages"]]
    assert ids == sent[::-1] and (len(first["messages"]), len(second["messages"])) == (10, 2)
    assert second["messages"][-1]["conversation_first_message"] is True


async def test_an_order_without_a_pack_stands_in_its_place(bench: Bench) -> None:
    talk = await _talk(bench, pack_id=None)
    assert talk.pack_id == talk.order["id"]
    await talk.buyer()
    assert (await talk.read())["paging"]["total"] == 1


async def test_tag_role_and_owner_are_checked(bench: Bench) -> None:
    talk = await _talk(bench)
    other, headers = await bench.connect()
    get = bench.http.get
    untagged = await get(talk.path, headers=talk.headers)
    assert (untagged.status_code, untagged.json()["status_code"]) == (400, 400)
    assert (await get("/messages/unread", headers=talk.headers, params=TAG)).status_code == 400
    assert (await get(talk.path, headers=headers, params=TAG)).status_code == 403
    theirs = f"/messages/packs/{talk.pack_id}/sellers/{other}"
    assert (await get(theirs, headers=headers, params=TAG)).status_code == 403
    missing = f"/messages/packs/1/sellers/{other}"
    assert (await get(missing, headers=headers, params=TAG)).status_code == 404


async def test_the_seller_writes_up_to_350_characters(bench: Bench) -> None:
    talk = await _talk(bench)
    await talk.buyer()
    status, sent = await talk.say("ç" * 350)
    assert (status, sent["from"]["user_id"], sent["client_id"]) == (201, talk.seller_id, 4929174000000000)
    for wrong in ({"text": "x" * 351}, {"text": ""}, {"text": "日本"}, {"to": talk.buyer_id + 1}):
        status, told = await talk.say(**wrong)
        assert (status, set(told)) == (400, {"status_code", "code", "message"})
    assert (await talk.say("Obrigado 😀"))[0] == 201


async def test_a_message_can_be_read_in_both_shapes(bench: Bench) -> None:
    talk = await _talk(bench)
    message_id = (await talk.buyer("Oi!"))["message_id"]
    envelope = (await bench.http.get(f"/messages/{message_id}", headers=talk.headers, params=TAG)).json()
    assert envelope["messages"][0]["text"] == "Oi!" and "conversation_status" in envelope
    await bench.control("chaos", message_detail="flat")
    flat = (await bench.http.get(f"/messages/{message_id}", headers=talk.headers, params=TAG)).json()
    assert (flat["message_id"], flat["text"], flat["from"]) == (
        message_id,
        {"plain": "Oi!"},
        {"user_id": str(talk.buyer_id)},
    )
    assert (await talk.unread())[0]["count"] == 1
    gone = await bench.http.get(f"/messages/{'0' * 32}", headers=talk.headers, params=TAG)
    assert gone.status_code == 404


async def test_the_other_variant_of_the_payload(bench: Bench) -> None:
    talk = await _talk(bench)
    await talk.buyer()
    await bench.control("chaos", message_variant=True)
    found = await talk.read()
    (message,) = found["messages"]
    assert (message["from"]["user_id"], message["status"]) == (str(talk.buyer_id), "AVAILABLE")
    assert "by" in message["message_moderation"] and message["message_resources"][1]["name"] == "seller"
    assert found["conversation_status"]["claim_ids"] == []


async def test_what_blocks_a_conversation(bench: Bench) -> None:
    talk = await _talk(bench)
    assert await talk.substatus() == "blocked_by_conversation_initiated_by_seller"
    assert await talk.say() == (
        403,
        {"status_code": 403, "code": "forbidden", "message": "blocked_conversation_send_message_forbidden"},
    )
    await talk.buyer()
    assert await talk.substatus() is None
    claim_id = (await bench.control("claims", order_id=talk.order["id"]))["claim_id"]
    assert (await talk.read())["conversation_status"]["claim_id"] == claim_id
    await bench.control(f"claims/{claim_id}", action="escalate")
    assert await talk.substatus() == "blocked_by_mediation"
    await bench.control(f"claims/{claim_id}", action="close", benefited="complainant")
    assert await talk.substatus() == "blocked_by_cancelled_order"


async def test_unpaid_delivered_and_forced_blocks(bench: Bench) -> None:
    talk = await _talk(bench, status="payment_required")
    assert await talk.substatus() == "blocked_by_payment"
    await bench.control(f"orders/{talk.order['id']}", action="pay")
    await talk.buyer()
    await bench.control(f"orders/{talk.order['id']}", action="deliver")
    assert await talk.substatus() is None
    forced = await bench.control(f"conversations/{talk.pack_id}", substatus="blocked_by_buyer")
    assert forced["conversation_status"]["status"] == "blocked"
    assert (await talk.say())[0] == 403
    await bench.control(f"conversations/{talk.pack_id}", substatus=None)
    await bench.control("clock", advance_seconds=31 * 86_400)
    talk.headers = {"authorization": f"Bearer {(await bench.grant(talk.seller_id))['access_token']}"}
    assert await talk.substatus() == "blocked_by_time"


async def test_an_agent_stands_in_front_of_full(bench: Bench) -> None:
    talk = await _talk(bench, "fulfillment")
    await talk.buyer()
    assert await talk.substatus() == "blocked_by_fulfillment"
    await bench.control(f"orders/{talk.order['id']}", action="deliver")
    found = await talk.read(mark_as_read="false")
    assert found["messages"][0]["from"]["user_id"] == AGENT
    assert found["conversation_status"]["path"].endswith("/conversations/ai_assistant")
    assert (await talk.unread())[0]["resource"] == found["conversation_status"]["path"]
    assert (await talk.say(to=talk.buyer_id))[0] == 400
    talk.path += "/conversations/ai_assistant"
    assert (await talk.say(to=AGENT))[0] == 201
    # One message at a time, until the agent writes back.
    assert (await talk.say(to=AGENT))[0] == 403
    assert await talk.substatus() == "blocked_by_ai_assistant"
    await talk.buyer("Obrigado")
    assert (await talk.say(to=AGENT))[0] == 201
    await bench.control("chaos", message_agent="off")
    assert (await talk.read())["messages"][0]["to"]["user_id"] == talk.buyer_id


async def test_the_agent_has_48_business_hours(bench: Bench) -> None:
    friday = 1_795_737_600_000  # 2026-11-27T00:00:00Z
    assert business_ms(friday, friday + 3 * DAY) == DAY
    assert business_ms(friday + 20 * HOUR, friday + 3 * DAY + HOUR) == 5 * HOUR
    assert business_ms(friday, friday) == 0


async def test_the_action_guide_opens_a_conversation_once_per_option(bench: Bench) -> None:
    talk = await _talk(bench)
    status, guide = await talk.guide()
    assert status == 200
    assert [option["id"] for option in guide["options"]] == [
        *("REQUEST_VARIANTS", "REQUEST_BILLING_INFO", "SEND_INVOICE_LINK", "DELIVERY_PROMISE", "OTHER"),
    ]
    template = guide["options"][0]["templates"][0]["id"]
    status, sent = await talk.option(option_id="REQUEST_VARIANTS", template_id=template)
    assert (status, sent["from"]["user_id"]) == (201, talk.seller_id)
    assert await talk.substatus() == "blocked_by_conversation_initiated_by_seller_limited"
    locked = await talk.option(option_id="OTHER", text="Olá!")
    assert (locked[0], locked[1]["status_code"], locked[1]["cause"]) == (409, 409, "conversation_locked")
    await bench.control("clock", advance_seconds=2)
    assert (await talk.option(option_id="REQUEST_VARIANTS", template_id=template))[1]["cause"] == "cap_used"
    caps = {one["option_id"]: one["cap_available"] for one in (await talk.guide("/caps_available"))[1]}
    assert (caps["REQUEST_VARIANTS"], caps["OTHER"]) == (0, 1)
    assert (await talk.option(option_id="OTHER", text="x" * 351))[0] == 400
    await talk.buyer()
    assert (await talk.option(option_id="OTHER", text="Olá!"))[0] == 403


async def test_the_action_guide_refuses_excepted_sales_and_closed_accounts(bench: Bench) -> None:
    talk = await _talk(bench, "custom")
    status, told = await talk.option(option_id="OTHER", text="Olá!")
    assert (status, told["cause"]) == (400, "blocked_by_excepted_case")
    assert (await talk.say())[0] == 201
    other = await _talk(bench)
    await bench.control(f"conversations/{other.pack_id}", buyer_account_closed=True)
    assert (await other.guide())[0] == 451


async def test_files_are_orphans_for_48_hours(bench: Bench) -> None:
    talk = await _talk(bench)
    await talk.buyer()
    query = TAG | {"site_id": "MLB"}

    async def upload(name: str, content: bytes = b"%PDF-1.4\r\n\x00\xff") -> Any:
        files = {"file": (name, content, "application/pdf")}
        return await bench.http.post("/messages/attachments", headers=talk.headers, params=query, files=files)

    key = (await upload("nota.pdf")).json()["id"]
    assert (await upload("nota.exe")).status_code == 400
    assert (await upload("nota.pdf", b"")).status_code == 400
    status, sent = await talk.say("Segue a nota", attachments=[key])
    assert (status, sent["message_attachments"][0]["original_filename"]) == (201, "nota.pdf")
    assert (await talk.say("De novo", attachments=[key]))[0] == 422
    assert (await talk.say("Muitas", attachments=[key] * 26))[0] == 400
    orphan = (await upload("outra.pdf")).json()["id"]
    await bench.control("clock", advance_seconds=49 * 3_600)
    talk.headers = {"authorization": f"Bearer {(await bench.grant(talk.seller_id))['access_token']}"}
    assert (await talk.say("Tarde demais", attachments=[orphan]))[0] == 422
    kept = await bench.http.get(f"/messages/attachments/{key}", headers=talk.headers, params=query)
    assert (kept.content, kept.headers["content-type"]) == (b"%PDF-1.4\r\n\x00\xff", "application/pdf")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Fale comigo no WhatsApp", "SOCIAL_NETWORK_LINK"),
        ("Veja bit.ly/abc", "LINK_SHORT_URL"),
        ("Meu e-mail: loja@example.com", "PERSONAL_DATA"),
        ("Pague em mpago.la/xyz", "LINK_MERCADOPAGO"),
        ("Aceito PayPal", "ML_LINKS_PAYPAL"),
        ("Obrigado pela compra!", None),
    ],
)
async def test_moderation(bench: Bench, text: str, reason: str | None) -> None:
    talk = await _talk(bench)
    await talk.buyer()
    _, sent = await talk.say(text)
    assert sent["message_moderation"]["reason"] == reason
    assert sent["message_moderation"]["status"] == ("rejected" if reason else "clean")


async def test_moderated_messages_of_buyers_are_hidden_and_of_sellers_are_not(bench: Bench) -> None:
    talk = await _talk(bench)
    theirs, mine = (await talk.buyer())["message_id"], (await talk.say())[1]["id"]
    for message_id in (theirs, mine):
        await bench.control(f"messages/{message_id}", action="moderate", reason="AUTOMATIC_MESSAGE")
    assert [message["id"] for message in (await talk.read())["messages"]] == [mine]
    assert await talk.unread() == []


async def test_notifications_are_typified_and_carry_bare_ids(bench: Bench) -> None:
    await bench.register(topics=["messages"])
    talk = await _talk(bench)
    message_id = (await talk.buyer())["message_id"]
    await talk.read()
    sent = (await talk.say())[1]["id"]
    await bench.control(f"messages/{sent}", action="read")
    await bench.until(lambda: len(bench.receiver.bodies) == 4)
    told = [(body["resource"], body["actions"]) for body in bench.receiver.bodies]
    assert sorted(told) == sorted([(one, [action]) for one in (message_id, sent) for action in ("created", "read")])
    assert all("id" in body and "_id" not in body and body["topic"] == "messages" for body in bench.receiver.bodies)
