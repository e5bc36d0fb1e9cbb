"""MiniStack, the emulator of AWS: started on the loopback interface, with its state in the environment's folder."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from ops.home import REPOSITORY, Home
from ops.ports import HOST, port_for, require_free
from ops.processes import clean_environment, running, start, stop, stop_programs_of, wait_until

PART = "emulator"
REGION = "us-east-1"
ACCOUNT = "000000000000"
# The emulator's root user. Loopback only; it opens nothing elsewhere.
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - the emulator's fixed word
# Running functions at once, over all: a laptop does not do more than this well.
CONCURRENCY = "100"


def url(home: Home) -> str:
    """`http://127.0.0.1:port`."""
    return f"http://{HOST}:{port_for(home, PART)}"


def web_url(home: Home) -> str:
    """Panel and API on one origin, as behind CloudFront; answers once the distribution is written to `front_door`."""
    return f"http://localhost:{port_for(home, PART)}"


def front_door(home: Home) -> Path:
    """The file that names the distribution which `web_url` leads to."""
    return home.run / "distribution"


def is_healthy(home: Home) -> bool:
    """Whether it answers, and is ours: another program on the port would not say `services`."""
    try:
        with urlopen(f"{url(home)}/_ministack/health", timeout=2) as answer:  # noqa: S310 - our own http URL
            return "services" in json.load(answer)
    except (URLError, TimeoutError, ConnectionError, json.JSONDecodeError):
        return False


def credentials_variables(home: Home) -> dict[str, str]:
    """What the AWS SDKs and the CDK command line need to speak to the emulator instead of AWS."""
    return {
        "AWS_ENDPOINT_URL": url(home),
        "AWS_ENDPOINT_URL_S3": url(home),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def up(home: Home, *, auth: bool) -> bool:
    """Have the emulator, checking roles if `auth`; True if it was started now. Raises OperationError."""
    if (process := running(home, PART)) is not None:
        if home.section("emulator").get("auth", False) == auth:
            wait_until(lambda: is_healthy(home), home=home, part=PART, process=process)
            return False
        down(home)
    port = require_free(home, PART)
    state = home.folder / "emulator"
    state.mkdir(exist_ok=True)
    if not (state / "state" / "s3.json").exists():
        # Objects are on disk at once, everything else at a clean stop. Buckets of stacks that nobody remembers would be in the
        # way of the next deployment.
        shutil.rmtree(state / "s3", ignore_errors=True)
    (home.folder / "tmp").mkdir(exist_ok=True)
    process = start(
        home,
        PART,
        [sys.executable, "-m", "ops.emulator_server"],
        environment=clean_environment(
            BIND_HOST=HOST,
            GATEWAY_PORT=str(port),
            IOT_MTLS_ENABLED="0",
            AUTH="true" if auth else "false",
            AWS_ACCESS_KEY_ID=ACCESS_KEY,
            AWS_SECRET_ACCESS_KEY=SECRET_KEY,
            MINISTACK_REGION=REGION,
            MINISTACK_ACCOUNT_ID=ACCOUNT,
            PERSIST_STATE="1",
            STATE_DIR=str(state / "state"),
            S3_PERSIST="1",
            S3_DATA_DIR=str(state / "s3"),
            # Functions are processes with a folder each: they belong to this environment, not to the machine's /tmp.
            TMPDIR=str(home.folder / "tmp"),
            LAMBDA_EXECUTOR="local",
            LAMBDA_ACCOUNT_CONCURRENCY=os.environ.get("PAINEL_LAMBDA_CONCURRENCY", CONCURRENCY),
            FRONT_DOOR_FILE=str(front_door(home)),
            LOG_LEVEL="WARNING",
            # One reader for its log as it is written, not when a buffer is full.
            PYTHONUNBUFFERED="1",
        ),
        folder=REPOSITORY,
    )
    wait_until(lambda: is_healthy(home), home=home, part=PART, process=process, seconds=60)
    home.remember("emulator", auth=auth)
    return True


def down(home: Home) -> bool:
    """Stop it in a way that lets it write its state; True if it was running."""
    was_running = stop(home, PART, patience=60)
    # Each function is a process with a folder there. One that was being started just then outlives the emulator.
    stop_programs_of(home.folder / "tmp")
    shutil.rmtree(home.folder / "tmp", ignore_errors=True)
    return was_running
