"""Questions and answers: the search and its walls, the seven statuses, the purge, and what is announced."""

from typing import Any

import pytest

from simulator.clock import parse_moment

from .conftest import Bench

pytestmark = pytest.mark.anyio

MONTH = 30 * 86_400
SEVEN = {"UNANSWERED", "ANSWERED", "CLOSED_UNANSWERED", "UNDER_REVIEW", "BANNED", "DELETED", "DISABLED"}


async def _search(bench: Bench, headers: dict[str, str], **query: Any) -> dict[str, Any]:
    response = await bench.http.get("/questions/search", headers=headers, params={"api_version": "4"} | query)
    assert response.status_code == 200, response.text
    return dict(response.json())


async def _answer(bench: Bench, headers: dict[str, str], **body: Any) -> tuple[int, dict[str, Any]]:
    response = await bench.http.post("/answers", headers=headers, json=body)
    return response.status_code, response.json()


async def test_the_documents_have_their_whole_shape(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    made = await bench.control("questions", seller_id=user_id, text="Tem na cor azul?", buyer_id=700_000_002)
    found = await _search(bench, headers, seller_id=user_id)
    (question,) = found["questions"]
    assert question == made["question"]
    assert set(question) == {
        *("id", "item_id", "seller_id", "status", "text", "date_created", "hold", "deleted_from_listing"),
        *("suspected_spam", "from", "answer"),
    }
    assert (question["status"], question["text"], question["from"], question["answer"]) == (
        "UNANSWERED",
        "Tem na cor azul?",
        {"id": 700_000_002},
        None,
    )
    assert question["date_created"].endswith("-04:00")
    assert (found["total"], found["limit"]) == (1, 50)
    assert found["filters"] == {"limit": 50, "offset": 0, "api_version": "4", "caller": user_id, "sorts": []}
    alone = (await bench.http.get(f"/questions/{made['question_id']}?api_version=4", headers=headers)).json()
    assert set(alone) - set(question) == {"buyer_id", "app_id", "last_updated"}
    assert alone["last_updated"].endswith("Z")


async def test_an_answer_is_given_once(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    question_id = (await bench.control("questions", seller_id=user_id))["question_id"]
    status, answered = await _answer(bench, headers, question_id=question_id, text="Temos sim!")
    assert (status, answered["status"]) == (200, "ANSWERED")
    assert (answered["answer"]["text"], answered["answer"]["status"]) == ("Temos sim!", "ACTIVE")
    assert (await _answer(bench, headers, question_id=question_id, text="De novo"))[0] == 400
    read = (await bench.http.get(f"/questions/{question_id}", headers=headers)).json()
    assert (read["answer"]["text"], read["app_id"]) == ("Temos sim!", 4929174000000000)
    await bench.control("chaos", one_answer_per_question=False)
    assert (await _answer(bench, headers, question_id=question_id, text="De novo"))[1]["answer"]["text"] == "De novo"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"text": "sim"}, "invalid_post_body"),
        ({"question_id": "1", "text": "sim"}, "invalid_post_body"),
        ({"question_id": 1, "text": " "}, "invalid_post_body"),
        ({"question_id": 1, "text": "á" * 2_001}, "invalid_post_body"),
        ({"question_id": 1, "text": "sim"}, "invalid_question"),
    ],
)
async def test_wrong_answers_are_refused(bench: Bench, body: dict[str, Any], error: str) -> None:
    _, headers = await bench.connect()
    status, told = await _answer(bench, headers, **body)
    assert (status, told["error"], set(told)) == (400, error, {"message", "error", "status", "cause"})


async def test_an_answer_must_be_utf_8(bench: Bench) -> None:
    _, headers = await bench.connect()
    body = '{"question_id": 1, "text": "não"}'.encode("latin-1")
    response = await bench.http.post("/answers", headers=headers, content=body)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_post_body")


async def test_two_thousand_characters_are_enough(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    question_id = (await bench.control("questions", seller_id=user_id))["question_id"]
    assert (await _answer(bench, headers, question_id=question_id, text="á" * 2_000))[0] == 200


async def test_a_stranger_reads_and_answers_nothing(bench: Bench) -> None:
    mine, _ = await bench.connect()
    _, theirs = await bench.connect()
    question_id = (await bench.control("questions", seller_id=mine))["question_id"]
    assert (await bench.http.get(f"/questions/{question_id}", headers=theirs)).status_code == 403
    assert (await bench.http.get("/questions/search", headers=theirs, params={"seller_id": mine})).status_code == 403
    item = bench.sim.world.catalogues[mine][0]
    assert (await bench.http.get("/questions/search", headers=theirs, params={"item": item})).status_code == 403
    assert (await _answer(bench, theirs, question_id=question_id, text="sim"))[0] == 403
    assert (await bench.http.delete(f"/questions/{question_id}", headers=theirs)).status_code == 403


async def test_seven_statuses_and_what_is_banned_has_no_words(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    seen = set()
    for action in ("touch", "answer", "close", "review", "ban", "delete", "disable"):
        question_id = (await bench.control("questions", seller_id=user_id))["question_id"]
        changed = await bench.control(f"questions/{question_id}", action=action, text="Sim")
        seen.add(changed["question"]["status"])
        assert (changed["question"]["text"] == "") == (action == "ban")
    assert seen == SEVEN
    for status in SEVEN:
        assert (await _search(bench, headers, seller_id=user_id, status=status))["total"] == 1
    wrong = await bench.http.get("/questions/search", headers=headers, params={"seller_id": user_id, "status": "answered"})
    assert wrong.status_code == 400
    (answered,) = (await _search(bench, headers, seller_id=user_id, status="ANSWERED"))["questions"]
    banned = await bench.control(f"questions/{answered['id']}", action="answer_status", status="BANNED")
    assert banned["question"]["answer"]["text"] == ""


async def test_search_filters_and_sorts(bench: Bench) -> None:
    user_id, headers = await bench.connect(items=5, questions=60)
    questions = list(bench.sim.world.desk.questions.values())
    newest = await _search(bench, headers, seller_id=user_id, sort_fields="date_created", sort_types="DESC", limit=5)
    dates = [parse_moment(one["date_created"]) for one in newest["questions"]]
    assert dates == sorted(dates, reverse=True)
    assert newest["filters"]["sorts"] == [{"field": "date_created", "type": "DESC"}]
    item = questions[0].item_id
    by_item = await _search(bench, headers, item=item)
    assert by_item["total"] == sum(one.item_id == item for one in questions)
    by_buyer = await _search(bench, headers, seller_id=user_id, **{"from": questions[0].buyer_id})
    assert [one["id"] for one in by_buyer["questions"]] == [questions[0].id]
    wrong: tuple[dict[str, Any], ...] = (
        {},
        {"seller_id": user_id, "sort_fields": "text"},
        {"seller_id": user_id, "offset": "x"},
    )
    for query in wrong:
        assert (await bench.http.get("/questions/search", headers=headers, params=query)).status_code == 400


async def test_past_the_wall_only_a_scan_goes_on(bench: Bench) -> None:
    user_id, headers = await bench.connect(questions=1_060)
    beyond = await bench.http.get("/questions/search", headers=headers, params={"seller_id": user_id, "offset": 1_000})
    assert beyond.status_code == 400
    page = await _search(bench, headers, seller_id=user_id, search_type="scan")
    ids = {one["id"] for one in page["questions"]}
    while page["questions"]:
        query = {"seller_id": user_id, "searchtype": "scan", "scroll_id": page["scroll_id"]}
        page = await _search(bench, headers, **query)
        ids |= {one["id"] for one in page["questions"]}
    assert ids == set(bench.sim.world.desk.questions)


async def test_after_seven_months_the_unanswered_are_gone(bench: Bench) -> None:
    user_id, _ = await bench.connect()
    kept, lost = [(await bench.control("questions", seller_id=user_id))["question_id"] for _ in range(2)]
    await bench.control(f"questions/{kept}", action="answer", text="Sim")
    await bench.control("clock", advance_seconds=7 * MONTH - 60)
    _, headers = user_id, {"authorization": f"Bearer {(await bench.grant(user_id))['access_token']}"}
    assert (await _search(bench, headers, seller_id=user_id))["total"] == 2
    await bench.control("clock", advance_seconds=120)
    assert [one["id"] for one in (await _search(bench, headers, seller_id=user_id))["questions"]] == [kept]
    assert (await bench.http.get(f"/questions/{lost}", headers=headers)).status_code == 404
    truth = (await bench.http.get(f"/_sim/sellers/{user_id}/truth?ids=1")).json()["questions"]
    assert (truth["total"], list(truth["by_id"])) == (1, [str(kept)])


async def test_a_question_is_deleted_or_hidden(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    first, second = [(await bench.control("questions", seller_id=user_id))["question_id"] for _ in range(2)]
    assert (await bench.http.delete(f"/questions/{first}", headers=headers)).json()["status"] == "DELETED"
    hidden = await bench.http.post("/my/questions/hidden", headers=headers, json={"question_id": second})
    assert hidden.status_code == 200
    mine = (await bench.http.get("/my/received_questions/search", headers=headers)).json()
    assert [one["id"] for one in mine["questions"]] == [first]
    assert (await _search(bench, headers, seller_id=user_id))["total"] == 2


async def test_response_time_needs_data(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    path = f"/users/{user_id}/questions/response_time"
    assert (await bench.http.get(path, headers=headers)).status_code == 404
    question_id = (await bench.control("questions", seller_id=user_id))["question_id"]
    await bench.control("clock", advance_seconds=600)
    await _answer(bench, headers, question_id=question_id, text="Sim")
    assert (await bench.http.get(path, headers=headers)).json()["total"] == {"response_time": 10}


async def test_question_and_answer_announce_the_same_resource(bench: Bench) -> None:
    await bench.register(topics=["questions"])
    user_id, headers = await bench.connect()
    question_id = (await bench.control("questions", seller_id=user_id))["question_id"]
    await _answer(bench, headers, question_id=question_id, text="Sim")
    await bench.control("questions", seller_id=user_id, announce=False)
    await bench.until(lambda: len(bench.receiver.bodies) == 2)
    await bench.quiet()
    assert [body["resource"] for body in bench.receiver.bodies] == [f"/questions/{question_id}"] * 2
    assert all(body["topic"] == "questions" and "actions" not in body for body in bench.receiver.bodies)


async def test_a_question_may_be_announced_before_it_can_be_read(bench: Bench) -> None:
    user_id, headers = await bench.connect()
    await bench.control("chaos", read_after_notify_ms=60_000)
    question_id = (await bench.control("questions", seller_id=user_id))["question_id"]
    assert (await bench.http.get(f"/questions/{question_id}", headers=headers)).status_code == 404
    await bench.control("clock", advance_seconds=61)
    assert (await bench.http.get(f"/questions/{question_id}", headers=headers)).status_code == 200
