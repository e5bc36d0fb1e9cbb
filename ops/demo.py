"""The demo tenant, loaded as a person would load it: by HTTP only, through the same doors as everybody."""

from __future__ import annotations

import httpx

from ops.endpoints import Endpoints
from ops.errors import OperationError
from ops.home import Home

EMAIL = "demo@painelml.example"
COMPANY = "Loja Demonstração"


def load(home: Home, endpoints: Endpoints) -> dict[str, str]:
    """Have the demo tenant; its login `{email, password}`. Safe to repeat; raises OperationError if the API refuses."""
    login = {"email": EMAIL, "password": home.password("demo")}
    with httpx.Client(base_url=endpoints.api_url, timeout=30) as api:
        if api.post("/auth/login", json=login).is_success:
            return login
        answer = api.post("/auth/register", json={**login, "company": COMPANY, "name": "Pessoa Demonstração"})
    if not answer.is_success:
        raise OperationError(
            f"The API refused to register the demo tenant ({answer.status_code}).",
            why=answer.text[:500],
            do="See `painel status`, or run `painel up --no-demo`.",
        )
    return login
