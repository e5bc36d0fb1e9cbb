"""What nag and cfn-lint find, what was answered, and that no answer has outlived its finding."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_s3 as s3

from cdk_app.checks import acknowledge, add_checks
from tests.infra.conftest import PAIRS
from tests.infra.synthesis import Answer, Synthesis

# Both are about how CDK writes templates, not about what they say.
IGNORED = {
    "W3005": "CDK states a function's dependency on its role beside the reference that implies it.",
    "I1022": "CDK joins strings with Fn::Join.",
}
RULES_WITHOUT_EXCEPTIONS = ("E3012:strict=true",)


def _answers(answer: Answer, finding: tuple[str, str]) -> bool:
    rule, path = finding
    return answer.rule == rule and (path == answer.path or path.startswith(f"{answer.path}/"))


def test_every_finding_is_answered(any_pair: Synthesis) -> None:
    open_findings = [
        finding for finding in any_pair.findings if not any(_answers(answer, finding) for answer in any_pair.answers)
    ]
    assert not open_findings


def test_no_answer_is_stale(any_pair: Synthesis) -> None:
    stale = [answer for answer in any_pair.answers if not any(_answers(answer, finding) for finding in any_pair.findings)]
    assert not stale


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


def test_cfn_lint_finds_nothing(synthesis_of: Callable[[str], Synthesis]) -> None:
    """Strict: types exact, and informational findings count too."""
    files = [str(file) for pair in PAIRS for file in synthesis_of(pair).files]
    command = [
        str(Path(sys.executable).with_name("cfn-lint")),
        *("--non-zero-exit-code", "informational", "--include-checks", "I"),
        *("--configure-rule", *RULES_WITHOUT_EXCEPTIONS, "--ignore-checks", *IGNORED, "--", *files),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def test_cfn_lint_knows_the_reference_between_stacks(tmp_path: Path) -> None:
    """A misspelt property is still found in a template of ours, so silence above means something."""
    wrong = tmp_path / "wrong.template.json"
    wrong.write_text('{"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeOut": 1}}}}')
    command = [str(Path(sys.executable).with_name("cfn-lint")), str(wrong)]
    assert subprocess.run(command, capture_output=True, check=False).returncode
