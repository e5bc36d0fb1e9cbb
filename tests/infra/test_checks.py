"""What nag and cfn-lint find, what was answered, and that no answer has outlived its finding."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from cdk_app.checks import acknowledge, add_checks
from tests.infra.conftest import AWS_PAIRS
from tests.infra.synthesis import Answer, Synthesis

# These are about how CDK writes templates, not about what they say.
IGNORED = {
    "W3005": "CDK states a function's dependency on its role beside the reference that implies it.",
    "I1022": "CDK joins strings with Fn::Join.",
}
IGNORED_ON_A_LAPTOP = {
    "W3037": "The emulator asks for sqs:SendMessageBatch, which AWS does not know; the other actions are AWS's in both.",
}
RULES_WITHOUT_EXCEPTIONS = ("E3012:strict=true",)


def _answers(answer: Answer, finding: tuple[str, str]) -> bool:
    rule, path = finding
    return answer.rule == rule and (path == answer.path or path.startswith(f"{answer.path}/"))


def _open(synthesis: Synthesis) -> list[tuple[str, str]]:
    return [finding for finding in synthesis.findings if not any(_answers(answer, finding) for answer in synthesis.answers)]


def _stale(synthesis: Synthesis) -> list[Answer]:
    return [answer for answer in synthesis.answers if not any(_answers(answer, finding) for finding in synthesis.findings)]


def test_every_finding_is_answered(any_pair: Synthesis) -> None:
    assert not _open(any_pair)


def test_no_answer_is_stale(any_pair: Synthesis) -> None:
    assert not _stale(any_pair)


def test_neither_in_another_region_nor_with_a_domain(synthesis_of: Callable[[str], Synthesis], named: Synthesis) -> None:
    for synthesis in (synthesis_of("prod/scale@sa-east-1"), named):
        assert not _open(synthesis)
        assert not _stale(synthesis)


def test_answers_are_given_by_constructs_and_have_reasons(any_pair: Synthesis) -> None:
    for answer in any_pair.answers:
        assert answer.path.count("/") >= 1, f"{answer.rule} is answered for a whole stack: {answer.path}"
        assert len(answer.reason) > 30, answer


@pytest.mark.req("A139")
def test_wildcard_actions_are_never_answered(any_pair: Synthesis) -> None:
    assert not [answer for answer in any_pair.answers if "IAM5[Action" in answer.rule]


def test_the_app_does_not_synthesize_with_an_open_finding(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    s3.Bucket(cdk.Stack(app, "Open"), "Bucket")
    add_checks(app)
    with pytest.raises(RuntimeError, match="AwsSolutions-S1"):
        app.synth()


def test_an_answer_lets_the_app_synthesize(tmp_path: Path) -> None:
    app = cdk.App(outdir=str(tmp_path))
    bucket = s3.Bucket(cdk.Stack(app, "Answered"), "Bucket", enforce_ssl=True)
    acknowledge(bucket, {"S1": "There is nothing in it that anyone would want to read about."})
    add_checks(app)
    app.synth()


def _lint(files: list[str], ignored: Iterable[str]) -> str:
    """What cfn-lint says of the files; nothing where it finds nothing."""
    command = [
        str(Path(sys.executable).with_name("cfn-lint")),
        *("--non-zero-exit-code", "informational", "--include-checks", "I"),
        *("--configure-rule", *RULES_WITHOUT_EXCEPTIONS, "--ignore-checks", *ignored, "--", *files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}" or f"cfn-lint ended with {done.returncode}"


def test_cfn_lint_finds_nothing(synthesis_of: Callable[[str], Synthesis], local: Synthesis, named: Synthesis) -> None:
    """Strict: types exact, and informational findings count too."""
    variants = [*(synthesis_of(pair) for pair in (*AWS_PAIRS, "prod/scale@sa-east-1")), named]
    files = [str(file) for variant in variants for file in variant.files]
    workers = os.cpu_count() or 1
    shares: list[tuple[list[str], set[str]]] = [(files[start::workers], {*IGNORED}) for start in range(workers)]
    shares.append(([str(file) for file in local.files], {*IGNORED, *IGNORED_ON_A_LAPTOP}))
    with ThreadPoolExecutor(workers) as pool:
        said = "".join(pool.map(lambda share: _lint(*share), shares))
    assert not said, said[-5000:]


def test_cfn_lint_would_find_a_misspelt_property(tmp_path: Path) -> None:
    """So that its silence above means something."""
    wrong = tmp_path / "wrong.template.json"
    wrong.write_text('{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeOut": 1}}}}')
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(wrong)]
    assert subprocess.run(command, capture_output=True, check=False).returncode
