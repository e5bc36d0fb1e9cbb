"""Sign-up, login, refresh, logout and me, through the real handlers."""

from __future__ import annotations

import pytest

from lambdas.auth.handler import handler as auth
from tests.http import call
from tests.people import sign_up

pytestmark = pytest.mark.usefixtures("platform")


@pytest.mark.req("A010", "A011", "A047", "A050", "A051")
def test_someone_signs_up_logs_in_and_reads_who_they_are() -> None:
    owner = sign_up("Loja da Ana")

    me = call(auth, "GET", "/me", token=owner.access_token)

    assert me.status == 200, me.text
    assert me.json["user"]["role"] == "OWNER"
    assert me.json["tenant"]["name"] == "Loja da Ana"
    assert me.json["tenant"]["status"] == "TRIAL"
