"""The real process: one line on stdout, state that outlives a kill."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from .conftest import CLIENT_ID, REDIRECT, SECRET

ROOT = Path(__file__).parents[3]


@contextmanager
def _simulator(state_dir: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    command = [sys.executable, "-m", "simulator", "--port", "0", "--seed", "7", "--state-dir", str(state_dir)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"TZ": "UTC"})
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx.Client(base_url=url, timeout=10) as client:
            yield process, client
    finally:
        process.kill()
        process.wait(10)


def test_state_outlives_a_kill(tmp_path: Path) -> None:
    client_fields = {"client_id": CLIENT_ID, "client_secret": SECRET}
    with _simulator(tmp_path) as (process, http):
        http.put("/_sim/app", json=client_fields | {"redirect_uris": [REDIRECT]}).raise_for_status()
        user_id = http.post("/_sim/sellers", json={"items": 5, "orders": 40}).json()["user_id"]
        http.post("/_sim/clock", json={"advance_seconds": 3_600}).raise_for_status()
        form = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": REDIRECT, "decision": "allow"}
        location = http.post("/authorization", data=form | {"seller_id": str(user_id)}).headers["location"]
        code = httpx.URL(location).params["code"]
        redeem = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        first = http.post("/oauth/token", data=client_fields | redeem).json()
        refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
        pair = http.post("/oauth/token", data=client_fields | refresh).json()
        truth = http.get(f"/_sim/sellers/{user_id}/truth").json()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with _simulator(tmp_path) as (process, http):
        assert http.get(f"/_sim/sellers/{user_id}/truth").json() == truth
        assert 3_500 < http.get("/_sim/clock").json()["offset_seconds"] <= 3_600
        headers = {"authorization": f"Bearer {pair['access_token']}"}
        assert http.get("/users/me", headers=headers).json()["id"] == user_id
        stale = http.post("/oauth/token", data=client_fields | refresh)
        assert stale.json()["error"] == "invalid_grant"
        live = refresh | {"refresh_token": pair["refresh_token"]}
        assert http.post("/oauth/token", data=client_fields | live).status_code == 200
        more = http.post("/_sim/sellers", json={"items": 5, "orders": 40}).json()
        assert more["user_id"] != user_id
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in (0, -signal.SIGTERM)
        assert process.stdout is not None and process.stdout.read() == ""
