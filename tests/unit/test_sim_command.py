"""`painel sim`: every command against a running simulator, and what it says when there is none."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from ops import sim
from ops.errors import OperationError
from ops.sim_client import read_fields, read_seconds
from simulator.app import create_app

APP = {"client_id": "4929174000000000", "client_secret": "before", "topics": ["orders_v2", "questions"]}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(), port=0, log_level="error"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


def invoke(url: str, *arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(sim.app, [*arguments], env={"PAINEL_SIMULATOR_URL": url}, input=text)


def asked(url: str, *arguments: str) -> dict[str, Any]:
    result = invoke(url, *arguments, "--json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def refused(url: str, *arguments: str) -> dict[str, str]:
    result = invoke(url, *arguments, "--json")
    assert result.exit_code == 1
    error: dict[str, str] = json.loads(result.stdout)["error"]
    return error


@pytest.fixture(scope="module")
def seller(url: str) -> str:
    """A seller with a past, at an application that is told of everything."""
    asked(url, "reset", "--yes")
    result = invoke(url, "call", "PUT", "app", *(f"{name}={json.dumps(value)}" for name, value in APP.items()))
    assert result.exit_code == 0, result.output
    asked(url, "app", "notifications_url=http://127.0.0.1:9/hook")
    asked(url, "chaos", "set", "notify_without_grant=true", "retry_scale=0")
    past = ("--orders", "40", "--questions", "5", "--messages", "6", "--claims", "3", "--billing-periods", "2")
    made = asked(url, "seller", "--nickname", "LOJA", *past)
    assert (made["orders"], made["questions"], made["messages"], made["claims"]) == (40, 5, 6, 3)
    return str(made["user_id"])


def test_orders_questions_messages_and_claims_are_made_and_changed(url: str, seller: str) -> None:
    order = asked(url, "order", "--seller", seller, "--quantity", "2", "--price", "4990")
    assert order["order"]["total_amount"] == 99.8 and len(order["announced"]) == 1
    order_id = str(order["order_id"])
    claim = asked(url, "claim", "--order", order_id, "--text", "Veio quebrado")
    claim_id = str(claim["claim_id"])
    assert asked(url, "claim", claim_id, "--action", "escalate")["claim"]["stage"] == "dispute"
    asked(url, "claim", claim_id, "--action", "open_return")
    shipped = asked(url, "claim", claim_id, "--action", "return_shipped")
    assert shipped["return"]["status"] == "shipped"
    question = asked(url, "question", "--seller", seller, "--text", "Tem na cor azul?")
    answered = asked(url, "question", str(question["question_id"]), "--action", "answer", "--text", "Temos sim!")
    assert answered["question"]["answer"]["text"] == "Temos sim!"
    pack = str(order["order"]["pack_id"])
    message = asked(url, "message", "--seller", seller, "--pack", pack, "--text", "Quando chega?")
    read = asked(url, "message", message["message_id"], "--action", "read")
    assert read["message"]["message_date"]["read"] is not None
    assert asked(url, "conversation", pack, "--substatus", "blocked_by_buyer")["conversation_status"]["status"] == "blocked"
    asked(url, "conversation", pack, "--substatus", "none")
    cancelled = asked(url, "order", order_id, "--action", "cancel", "--with", "by=seller", "--quiet")
    assert (cancelled["order"]["cancel_detail"]["group"], cancelled["announced"]) == ("seller", [])
    item = asked(url, "item", order["order"]["order_items"][0]["item"]["id"], "--stock", "0", "--price", "100")
    assert (item["item"]["available_quantity"], item["item"]["price"]) == (0, 1.0)


def test_bills_storms_truth_and_deliveries(url: str, seller: str) -> None:
    charge = asked(url, "charge", "--seller", seller, "--type", "PADS", "--cents", "12900")
    bonus = asked(url, "bonus", "--seller", seller, "--detail", str(charge["detail_id"]), "--cents", "900")
    assert bonus["detail"]["charge_info"]["charge_bonified_id"] == charge["detail_id"]
    storm = asked(url, "storm", "--kind", "orders=3", "--kind", "questions=2", "--seller", seller)
    assert {kind: len(made[seller]) for kind, made in storm["ids"].items()} == {"orders": 3, "questions": 2}
    truth = asked(url, "truth", seller, "--ids")
    assert {str(one) for one in storm["ids"]["questions"][seller]} <= set(truth["questions"]["by_id"])
    resource = f"/orders/{storm['order_ids'][seller][0]}"
    sent = asked(url, "notify", "--seller", seller, "--topic", "orders_v2", "--resource", resource, "--times", "2")
    assert len(sent["announced"]) == 2
    assert asked(url, "forge", '{"resource": "/orders/1"}')["outcome"].startswith("forged_")
    deliveries = asked(url, "deliveries", "--seller", seller, "--limit", "5")
    assert all(str(one["user_id"]) == seller for one in deliveries["deliveries"])


def test_switches_clock_and_secrets(url: str, seller: str) -> None:
    assert "retry_scale" in asked(url, "chaos", "show")
    assert "duplicates" in asked(url, "chaos", "show", "--all")
    before = asked(url, "clock")["offset_seconds"]
    assert asked(url, "clock", "--advance", "2d6h")["offset_seconds"] - before == 2 * 86_400 + 6 * 3_600
    assert asked(url, "clock", "--set", "2026-11-20T12:00:00Z")["now"].startswith("2026-11-20T12:00:0")
    renewed = asked(url, "rotate-secret")
    assert asked(url, "status")["applications"][0]["client_secret"] == renewed["client_secret"] != "before"
    assert asked(url, "app", "blocked=true")["blocked"] is True
    assert asked(url, "revoke", seller)["revoked"] == []
    assert asked(url, "tokens")["accounts"] == [] and asked(url, "requests")["total"] == 0
    assert [str(one["user_id"]) for one in asked(url, "sellers")["sellers"]] == [seller]
    assert asked(url, "chaos", "reset")["retry_scale"] == 1
    assert asked(url, "chaos", "show") == {}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("question", "--action", "ban"), "painel sim question ID --action ban"),
        (("clock", "--advance", "soon"), "2d6h"),
        (("clock", "--advance", "1h", "--set", "2026-11-20T12:00:00Z"), "Nothing was changed"),
        (("chaos", "set", "latency"), "error_rate=0.1"),
        (("chaos", "set", "latencyms=5"), "Nothing was changed"),
        (("order", "--seller", "1"), "Nothing was changed"),
        (("reset",), "--yes"),
        (("forge", "@/nowhere.json"), "Name another file"),
        (("rotate-secret", "--url", "http://127.0.0.1:1"), "make up"),
        (("status", "--url", "nonsense"), "make up"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(url: str, seller: str, arguments: tuple[str, ...], says: str) -> None:
    assert says in refused(url, *arguments)["do"]


def test_without_an_environment_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delenv("PAINEL_SIMULATOR_URL", raising=False)
    monkeypatch.setenv("PAINEL_HOME", str(tmp_path))
    result = CliRunner().invoke(sim.app, ["status", "--json"])
    assert result.exit_code == 1 and "make up" in json.loads(result.stdout)["error"]["do"]


@pytest.mark.parametrize("command", [("status",), ("sellers",), ("deliveries",), ("requests",), ("tokens",), ("chaos", "show")])
def test_people_read_text(url: str, seller: str, command: tuple[str, ...]) -> None:
    result = invoke(url, *command)
    assert result.exit_code == 0 and result.stdout.strip() and "{" not in result.stdout.splitlines()[0]


@pytest.mark.parametrize(
    "command", [info.callback.__name__.replace("_", "-") for info in sim.app.registered_commands if info.callback]
)
def test_every_command_has_help(command: str) -> None:
    names = {"application": "app", "counted": "requests"}
    result = CliRunner().invoke(sim.app, [names.get(command, command), "--help"])
    assert result.exit_code == 0 and "Usage" in result.stdout


def test_fields_and_spans_are_read() -> None:
    assert read_fields(["a=1", "b=true", "c=[1]", "d=x=y", "e="]) == {"a": 1, "b": True, "c": [1], "d": "x=y", "e": ""}
    assert [read_seconds(text) for text in ("90", "1.5m", "2d6h")] == [90, 90, 194_400]
    for wrong in ("", "h", "1w", "1 h"):
        with pytest.raises(OperationError):
            read_seconds(wrong)
