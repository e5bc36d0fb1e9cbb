"""app.py as the CDK CLI runs it, and cdk.json."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.synthesis import ROOT, context

FLAGS = ROOT / "node_modules" / "aws-cdk" / "lib" / "init-templates" / ".recommended-feature-flags.json"


def _run(folder: Path, lambdas: Path, **given: str) -> subprocess.CompletedProcess[str]:
    """With no credentials, no configuration of AWS's, and no way to reach it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "CDK_OUTDIR": str(folder),
        "CDK_CONTEXT_JSON": json.dumps(context(lambdas) | given),
    }
    return subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_production_is_synthesized_offline(tmp_path: Path, lambdas: Path) -> None:
    done = _run(tmp_path, lambdas, env="prod")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert "missing" not in manifest, "a look-up is waiting for an answer"
    assert "painelml-prod-database" in manifest["artifacts"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"env": "production"}, "Choose one of: local, dev, staging, prod."),
        ({"env": "dev", "profile": "huge"}, "Choose one of: local, economy, growth, scale."),
        ({"env": "dev", "region": "mars-1"}, "Choose one of: us-east-1, sa-east-1."),
        ({"env": "local", "cache_url": ""}, "Environment local needs -c cache_url=URL."),
    ],
)
def test_a_wrong_name_is_one_line_with_the_valid_ones(tmp_path: Path, lambdas: Path, given: dict[str, str], words: str) -> None:
    done = _run(tmp_path, lambdas, **given)
    assert done.returncode
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_feature_flags_are_those_that_cdk_recommends() -> None:
    if not FLAGS.exists():
        pytest.skip("npm ci has not been run")
    recommended = json.loads(FLAGS.read_text())
    ours = json.loads((ROOT / "cdk.json").read_text())["context"]
    different = {name for name, value in recommended.items() if ours.get(name) != value}
    assert not different
    assert ours["@aws-cdk/core:defaultCrossStackReferences"] == "weak"


def test_the_command_line_is_the_version_that_reads_our_assemblies() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    assert package["devDependencies"]["aws-cdk"] == "2.1148.1"
