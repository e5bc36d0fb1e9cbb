"""Tenants and people for tests, made through the real handlers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from lambdas.auth.handler import handler as auth
from lambdas.operations.handler import handler as operations
from painelml.core.caller import Caller
from painelml.identity import tokens
from tests.http import call

PASSWORD = "correto cavalo bateria"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who has signed up and logged in."""

    email: str
    caller: Caller
    access_token: str
    refresh_token: str


def unique_email(name: str = "pessoa") -> str:
    return f"{name}-{uuid4().hex[:12]}@example.com"


def sign_up(company_name: str = "Loja de Teste", *, email: str | None = None) -> Person:
    """A fresh tenant with its OWNER, logged in."""
    email = email or unique_email("dona")
    body = {"company_name": company_name, "name": "Dona da Loja", "email": email, "password": PASSWORD}
    made = call(auth, "POST", "/auth/register", body=body)
    assert made.status == 201, made.text
    return log_in(email)


def open_silo() -> Person:
    """A fresh tenant with a database of its own."""
    email = unique_email("silo")
    args = {"name": "Empresa Própria", "email": email, "plan": "ENTERPRISE", "max_accounts": 3}
    made = operations({"verb": "tenant-create", "args": args}, None)
    assert made["tenant"]["placement"].startswith("silo-"), made
    return log_in(email, made["password"])


def log_in(email: str, password: str = PASSWORD) -> Person:
    answer = call(auth, "POST", "/auth/login", body={"email": email, "password": password})
    assert answer.status == 200, answer.text
    given: dict[str, Any] = answer.json
    return Person(email, tokens.prove(given["access_token"]), given["access_token"], given["refresh_token"])


def stranger(role: str = "OWNER") -> Caller:
    """A caller of a tenant that the directory does not know: enough where only tenant tables are touched."""
    return Caller(tenant_id=uuid4(), user_id=uuid4(), session_id=uuid4(), role=role)


def tenant_of(person: Person) -> UUID:
    return person.caller.tenant_id
