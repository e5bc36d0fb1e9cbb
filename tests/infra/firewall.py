"""A model of AWS WAF, enough to ask a synthesized web ACL what it does with requests over time.

It reads the template's own statements. AWS's groups and detectors are black boxes: all but the plainest script passes.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

# What WAF reads of a body: 16 KB, more where the ACL says so.
_INSPECTED = {"KB_16": 16 * 1024, "KB_64": 64 * 1024}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    path: str
    address: str = "198.51.100.7"
    headers: Mapping[str, str] = field(default_factory=dict)
    body_bytes: int = 0
    at: float = 0.0


def _normalize(path: str) -> str:
    """Collapse `..`, `.` and repeated slashes, as NORMALIZE_PATH does; a slash at the end stays."""
    normal = posixpath.normpath(re.sub("/+", "/", path))
    return f"{normal}/" if path.endswith("/") and normal != "/" else normal


_TRANSFORMATIONS: dict[str, Callable[[str], str]] = {
    "NONE": str,
    "HTML_ENTITY_DECODE": html.unescape,
    "URL_DECODE": unquote,
    "NORMALIZE_PATH": _normalize,
}


class Firewall:
    """`decide(request)` answers the HTTP status of a refusal, or None where the request goes through."""

    def __init__(self, acl: Mapping[str, Any], *, values: Mapping[str, str] | None = None) -> None:
        """`values` stands for what CloudFormation would insert, by the text that the template has instead."""
        self._rules = sorted(acl["Rules"], key=lambda rule: rule["Priority"])
        self._default = acl["DefaultAction"]
        limits = acl.get("AssociationConfig", {}).get("RequestBody", {}).get("CLOUDFRONT", {})
        self._inspected = _INSPECTED[limits.get("DefaultSizeInspectionLimit", "KB_16")]
        self._values = values or {}
        self._seen: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def decide(self, request: Request) -> int | None:
        for rule in self._rules:
            if self._matches(rule["Statement"], request, rule["Name"]) and (action := rule.get("Action")):
                return self._status(action)
        return self._status(self._default)

    @staticmethod
    def _status(action: Mapping[str, Any]) -> int | None:
        if "Block" in action:
            return int(action["Block"]["CustomResponse"]["ResponseCode"])
        return None

    def _matches(self, statement: Mapping[str, Any], request: Request, rule: str) -> bool:
        ((kind, of),) = statement.items()

        def matches(inner: Mapping[str, Any]) -> bool:
            return self._matches(inner, request, rule)

        answers: dict[str, Callable[[], bool]] = {
            "AndStatement": lambda: all(matches(each) for each in of["Statements"]),
            "OrStatement": lambda: any(matches(each) for each in of["Statements"]),
            "NotStatement": lambda: not matches(of["Statement"]),
            "RegexMatchStatement": lambda: bool(re.search(of["RegexString"], self._field(of, request))),
            "ByteMatchStatement": lambda: self._is_exactly(of, request),
            "SizeConstraintStatement": lambda: self._is_larger(of, request),
            "RateBasedStatement": lambda: self._too_fast(of, request, rule),
            "ManagedRuleGroupStatement": lambda: False,
            "XssMatchStatement": lambda: "<script" in self._field(of, request),
        }
        return answers[kind]()

    def _is_exactly(self, of: Mapping[str, Any], request: Request) -> bool:
        assert of["PositionalConstraint"] == "EXACTLY"
        wanted = of["SearchString"]
        return self._field(of, request) == str(self._values.get(str(wanted), wanted))

    def _is_larger(self, of: Mapping[str, Any], request: Request) -> bool:
        assert of["ComparisonOperator"] == "GT"
        assert of["FieldToMatch"]["Body"]["OversizeHandling"] == "MATCH"
        return bool(request.body_bytes > min(of["Size"], self._inspected))

    def _too_fast(self, of: Mapping[str, Any], request: Request, rule: str) -> bool:
        if not self._matches(of["ScopeDownStatement"], request, rule):
            return False
        seen = self._seen[rule, request.address]
        seen.append(request.at)
        while seen[0] <= request.at - of["EvaluationWindowSec"]:
            seen.popleft()
        return bool(len(seen) > of["Limit"])

    def _field(self, of: Mapping[str, Any], request: Request) -> str:
        what = of["FieldToMatch"]
        if "SingleHeader" in what:
            value = request.headers.get(what["SingleHeader"]["Name"], "")
        else:
            value = request.path if "UriPath" in what else ""
        for transformation in sorted(of["TextTransformations"], key=lambda each: each["Priority"]):
            value = _TRANSFORMATIONS[transformation["Type"]](value)
        return value
