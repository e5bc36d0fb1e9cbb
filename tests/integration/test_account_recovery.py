"""Forgotten passwords, proofs of an e-mail, invitations: what a letter allows, once, and to nobody else."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

import psycopg
import pytest

from tests.http import Answer, call, gateway
from tests.letters import letters_to, token_to
from tests.people import PASSWORD, Person, log_in, sign_up, tenant_of, unique_email
from tests.queues import empty_queues, receive
from tests.servers import Database

pytestmark = pytest.mark.usefixtures("platform")

NEW = "outra frase bem comprida"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    empty_queues()


def post(path: str, **body: str) -> Answer:
    return call(gateway, "POST", path, body=body, address=f"198.51.100.{uuid4().int % 250}")


def same(left: Answer, right: Answer) -> bool:
    return (left.status, {**left.json, "request_id": ""}) == (right.status, {**right.json, "request_id": ""})


@contextmanager
def later(delta: timedelta) -> Generator[None]:
    with patch("painelml.identity.recovery.now", lambda: datetime.now(UTC) + delta):
        yield


def forgotten(email: str) -> str:
    assert post("/auth/forgot-password", email=email).status == 202
    return token_to(email)


@pytest.mark.req("A050", "A052")
def test_a_forgotten_password_is_chosen_anew_and_every_session_ends() -> None:
    owner = sign_up()

    token = forgotten(owner.email)
    answer = post("/auth/reset-password", token=token, password=NEW)

    assert answer.status == 204, answer.text
    assert call(gateway, "POST", "/auth/refresh", body={"refresh_token": owner.refresh_token}).status == 401
    assert call(gateway, "POST", "/auth/login", body={"email": owner.email, "password": PASSWORD}).status == 401
    log_in(owner.email, NEW)
    assert "mudou" in letters_to(owner.email)[-1]["Subject"]


def test_a_reset_token_replayed_expired_or_made_up_is_over() -> None:
    owner = sign_up()
    token = forgotten(owner.email)

    with later(timedelta(minutes=31)):
        expired = post("/auth/reset-password", token=token, password=NEW)
    first = post("/auth/reset-password", token=token, password=NEW)
    replayed = post("/auth/reset-password", token=token, password=PASSWORD)
    made_up = post("/auth/reset-password", token="x" * 43, password=PASSWORD)

    assert first.status == 204
    assert (replayed.status, replayed.json["code"]) == (400, "link_over")
    assert same(replayed, expired)
    assert same(replayed, made_up)
    log_in(owner.email, NEW)


def test_one_used_reset_token_ends_the_others_and_a_token_serves_only_its_purpose() -> None:
    owner = sign_up()
    proof = token_to(owner.email)
    first, second = forgotten(owner.email), forgotten(owner.email)

    assert post("/auth/reset-password", token=proof, password=NEW).status == 400
    assert post("/auth/verify-email", token=first).status == 400
    assert post("/auth/reset-password", token=first, password=NEW).status == 204
    assert post("/auth/reset-password", token=second, password=PASSWORD).status == 400


@pytest.mark.req("A050")
def test_an_unknown_email_gets_the_same_answer_by_the_same_work() -> None:
    owner, nobody = sign_up(), unique_email("ninguem")
    empty_queues()

    known, unknown = post("/auth/forgot-password", email=owner.email), post("/auth/forgot-password", email=nobody)

    assert (known.status, known.text) == (unknown.status, unknown.text)
    bodies = [record["body"] for record in receive("jobs", letters=True)]
    assert len(bodies) == 2
    # The address is sealed: what differs between the two messages is its length and nothing that can be read.
    assert not any(owner.email in body or nobody in body for body in bodies)


def test_no_letter_goes_to_an_unknown_email() -> None:
    nobody = unique_email("ninguem")
    post("/auth/forgot-password", email=nobody)
    assert letters_to(nobody) == []


def test_neither_address_nor_token_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    owner = sign_up()
    token = forgotten(owner.email)
    post("/auth/reset-password", token=token, password=NEW)
    logged = capsys.readouterr().out
    assert owner.email not in logged
    assert token not in logged


def test_only_hashes_of_tokens_are_kept(database: Database) -> None:
    owner = sign_up()
    token = forgotten(owner.email)
    with psycopg.connect(database.superuser_url) as connection:
        rows = connection.execute(
            "select token_hash from directory.account_tokens where user_id = %s", [owner.caller.user_id]
        ).fetchall()
    assert rows
    assert not any(token.encode() in bytes(kept) for (kept,) in rows)


def test_a_letter_speaks_the_language_that_was_asked_for() -> None:
    owner = sign_up()
    call(
        gateway,
        "POST",
        "/auth/forgot-password",
        body={"email": owner.email},
        headers={"Accept-Language": "en"},
        address="198.51.100.251",
    )
    letter = letters_to(owner.email)[-1]
    assert letter["Subject"] == "Choose a new PainelML password"
    assert "https://" in letter["BodyText"] or "http://" in letter["BodyText"]
    assert '<html lang="en">' in letter["BodyHtml"]


def test_signing_up_sends_a_proof_that_verifies_the_email_once() -> None:
    owner = sign_up()
    token = token_to(owner.email)

    before = call(gateway, "GET", "/me", token=owner.access_token).json["email_verified_at"]
    assert post("/auth/verify-email", token=token).status == 204
    assert post("/auth/verify-email", token=token).status == 400

    assert before is None
    assert call(gateway, "GET", "/me", token=owner.access_token).json["email_verified_at"] is not None


@pytest.mark.parametrize(
    "password", ["password1234", "Senha12345678!", "123456789012", "qwertyuiop[]"[:10] + "qw", "abababababab"]
)
def test_a_password_that_guessers_try_first_is_refused(password: str) -> None:
    body = {"company_name": "Loja", "name": "Dona", "email": unique_email(), "password": password}
    answer = call(gateway, "POST", "/auth/register", body=body, address="198.51.100.252")
    assert (answer.status, answer.json["code"]) == (400, "weak_password")
    assert password not in answer.text


def test_a_password_made_of_the_company_or_the_email_is_refused() -> None:
    for password in ("Bicicletaria2024!", "fulano.bicicletaria", "bicicletariabicicletaria"):
        body = {"company_name": "Bicicletaria", "name": "Fulano", "email": unique_email(), "password": password}
        assert call(gateway, "POST", "/auth/register", body=body, address="198.51.100.253").json["code"] == "weak_password"


def invite(owner: Person, email: str, role: str = "VIEWER") -> Answer:
    return call(gateway, "POST", "/invitations", body={"email": email, "role": role}, token=owner.access_token)


@pytest.mark.req("A039", "B045")
def test_an_invitation_makes_an_account_and_a_membership() -> None:
    owner, email = sign_up("Loja Convidante"), unique_email("convidada")

    invitation = invite(owner, email, "AGENT")
    letter = letters_to(email)[-1]
    bare = post("/auth/accept-invitation", token=token_to(email))
    accepted = post("/auth/accept-invitation", token=token_to(email), name="Convidada", password=NEW)
    again = post("/auth/accept-invitation", token=token_to(email), name="Convidada", password=NEW)

    assert invitation.status == 201, invitation.text
    assert "Loja Convidante" in letter["BodyText"]
    assert {fault["field"] for fault in bare.json["errors"]} == {"name", "password"}
    assert accepted.status == 201, accepted.text
    assert accepted.json["tenant_id"] == str(tenant_of(owner))
    assert (again.status, again.json["code"]) == (400, "link_over")
    joined = log_in(email, NEW)
    me = call(gateway, "GET", "/me", token=joined.access_token).json
    assert (me["user"]["role"], me["tenant"]["name"]) == ("AGENT", "Loja Convidante")
    assert me["email_verified_at"] is not None


@pytest.mark.req("K12")
def test_someone_with_a_proved_account_joins_with_it() -> None:
    owner, guest = sign_up(), sign_up()
    post("/auth/verify-email", token=token_to(guest.email))

    invite(owner, guest.email)
    accepted = post("/auth/accept-invitation", token=token_to(guest.email))

    assert accepted.json == {"tenant_id": str(tenant_of(owner)), "user_id": str(guest.caller.user_id)}
    log_in(guest.email)
    people = call(gateway, "GET", "/users", token=owner.access_token).json["data"]
    assert guest.email in {person["email"] for person in people}


def test_an_account_opened_with_anothers_email_is_not_joined_with_its_openers_password() -> None:
    """Pre-hijacking: the attacker registers the victim's address and waits for the invitation."""
    owner, attacker = sign_up(), sign_up()

    invite(owner, attacker.email)
    token = token_to(attacker.email)
    bare = post("/auth/accept-invitation", token=token)
    accepted = post("/auth/accept-invitation", token=token, name="Vítima", password=NEW)

    assert (bare.status, accepted.status) == (400, 201)
    assert call(gateway, "POST", "/auth/login", body={"email": attacker.email, "password": PASSWORD}).status == 401
    assert call(gateway, "POST", "/auth/refresh", body={"refresh_token": attacker.refresh_token}).status == 401


def test_a_revoked_replaced_or_expired_invitation_is_over() -> None:
    owner, email = sign_up(), unique_email("convidada")
    invite(owner, email)
    replaced = token_to(email)
    second = invite(owner, email).json["id"]
    kept = token_to(email)

    assert post("/auth/accept-invitation", token=replaced, name="N", password=NEW).status == 400
    with later(timedelta(days=7, minutes=1)):
        assert post("/auth/accept-invitation", token=kept, name="N", password=NEW).status == 400
    assert call(gateway, "DELETE", f"/invitations/{second}", token=owner.access_token).status == 204
    assert post("/auth/accept-invitation", token=kept, name="N", password=NEW).status == 400
    assert call(gateway, "GET", "/invitations", token=owner.access_token).json["data"] == []


def test_a_foreign_invitation_is_neither_seen_nor_revoked() -> None:
    owner, stranger, email = sign_up(), sign_up(), unique_email("convidada")
    invitation = invite(owner, email).json["id"]

    assert call(gateway, "DELETE", f"/invitations/{invitation}", token=stranger.access_token).status == 404
    assert email not in call(gateway, "GET", "/invitations", token=stranger.access_token).text
    assert post("/auth/accept-invitation", token=token_to(email), name="N", password=NEW).status == 201


@pytest.mark.req("A012", "B046")
def test_who_may_invite_whom() -> None:
    owner, email = sign_up(), unique_email("admin")
    invite(owner, email, "ADMIN")
    post("/auth/accept-invitation", token=token_to(email), name="Admin", password=NEW)
    admin = log_in(email, NEW)

    assert invite(admin, unique_email(), "OWNER").json["code"] == "owners_only"
    assert invite(admin, owner.email).json["code"] == "already_member"
    viewer_email = unique_email("leitora")
    invite(admin, viewer_email)
    post("/auth/accept-invitation", token=token_to(viewer_email), name="Leitora", password=NEW)
    assert invite(log_in(viewer_email, NEW), unique_email()).status == 403
