"""The static site: built from web/src and a pinned npm package, uploaded with boto3 in every environment."""

from __future__ import annotations

import mimetypes
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ops import openapi

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parent.parent
SWAGGER = ROOT / "node_modules" / "swagger-ui-dist"
SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")


def build(into: Path) -> Path:
    """The site's files in `into`; raises FileNotFoundError that says what to run if the npm package is not installed."""
    if not SWAGGER.is_dir():
        raise FileNotFoundError("node_modules/swagger-ui-dist is missing. Run `make setup`, which installs it with npm.")
    shutil.rmtree(into, ignore_errors=True)
    shutil.copytree(ROOT / "web" / "src", into)
    for name in SWAGGER_FILES:
        shutil.copy2(SWAGGER / name, into / "docs" / name)
    shutil.copy2(openapi.DOCUMENT, into / "docs" / "openapi.json")
    return into


def upload(site: Path, s3: S3Client, bucket: str) -> int:
    """Puts every file of `site` in the web bucket, with its type; returns how many."""
    files = [path for path in sorted(site.rglob("*")) if path.is_file()]
    for path in files:
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        s3.put_object(
            Bucket=bucket,
            Key=path.relative_to(site).as_posix(),
            Body=path.read_bytes(),
            ContentType=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            CacheControl="no-cache" if path.suffix == ".html" else "public, max-age=300",
        )
    return len(files)
