"""The words that the web ACLs are written in: paths, limits, statements and answers of AWS WAF."""

from __future__ import annotations

import json
from typing import Literal

from aws_cdk import aws_wafv2 as waf

# One person's minute, and Mercado Livre's when it speaks for every seller from a few addresses.
REQUESTS_PER_MINUTE = 100
WEBHOOKS_PER_MINUTE = 10_000
WINDOW_SECONDS = 60
# A notification is a pointer of a few hundred bytes; WAF reads 16 KB of a body at no extra charge.
NOTIFICATION_BYTES = 16 * 1024
BODY_BYTES = 64 * 1024
ORIGIN_HEADER = "x-origin-verify"

Statement = waf.CfnWebACL.StatementProperty
Action = waf.CfnWebACL.RuleActionProperty
# Undo what would hide a path from a pattern: %77ebhooks, /api/v1/webhooks/../auth.
_PATH_TRANSFORMATIONS = ("URL_DECODE", "NORMALIZE_PATH")
_PROBLEMS = {
    403: ("Forbidden", "forbidden", "This address answers webhooks only; use the panel's address."),
    413: ("Content Too Large", "body_too_large", "The body is larger than this path takes."),
    429: ("Too Many Requests", "rate_limited", "Too many requests from this address; wait a minute."),
}


def _transformations(*names: str) -> list[waf.CfnWebACL.TextTransformationProperty]:
    return [waf.CfnWebACL.TextTransformationProperty(priority=priority, type=name) for priority, name in enumerate(names)]


def path_matches(pattern: str, *, as_sent: bool = False) -> Statement:
    """The path matches the regular expression: decoded and normalized, or just as it was sent."""
    return Statement(
        regex_match_statement=waf.CfnWebACL.RegexMatchStatementProperty(
            regex_string=pattern,
            field_to_match=waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
            text_transformations=_transformations(*(("NONE",) if as_sent else _PATH_TRANSFORMATIONS)),
        )
    )


def path_plainly_matches(pattern: str) -> Statement:
    """The path matches both ways. For what a match lets through: API Gateway routes by the path as it was sent."""
    return all_of(path_matches(pattern), path_matches(pattern, as_sent=True))


def header_is(name: str, value: str) -> Statement:
    """The header has exactly this value."""
    return Statement(
        byte_match_statement=waf.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=waf.CfnWebACL.FieldToMatchProperty(single_header={"Name": name}),
            positional_constraint="EXACTLY",
            search_string=value,
            text_transformations=_transformations("NONE"),
        )
    )


def body_is_larger_than(size: int) -> Statement:
    """The body has more bytes than `size`, or than WAF reads."""
    return Statement(
        size_constraint_statement=waf.CfnWebACL.SizeConstraintStatementProperty(
            comparison_operator="GT",
            size=size,
            field_to_match=waf.CfnWebACL.FieldToMatchProperty(body=waf.CfnWebACL.BodyProperty(oversize_handling="MATCH")),
            text_transformations=_transformations("NONE"),
        )
    )


def has_script() -> Statement:
    """Path, query or body carries what a browser would run."""
    fields = (
        waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
        waf.CfnWebACL.FieldToMatchProperty(query_string={}),
        waf.CfnWebACL.FieldToMatchProperty(body=waf.CfnWebACL.BodyProperty(oversize_handling="CONTINUE")),
    )
    return any_of(
        *(
            Statement(
                xss_match_statement=waf.CfnWebACL.XssMatchStatementProperty(
                    field_to_match=field, text_transformations=_transformations("URL_DECODE", "HTML_ENTITY_DECODE")
                )
            )
            for field in fields
        )
    )


def faster_than(limit: int, *, on: Statement) -> Statement:
    """More than `limit` requests a minute from one address, counting only those that match `on`."""
    return Statement(
        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
            aggregate_key_type="IP", limit=limit, evaluation_window_sec=WINDOW_SECONDS, scope_down_statement=on
        )
    )


def managed(group: str, *, counted: tuple[str, ...] = ()) -> Statement:
    """One of AWS's own rule groups; the rules in `counted` only count."""
    return Statement(
        managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
            vendor_name="AWS",
            name=group,
            rule_action_overrides=[
                waf.CfnWebACL.RuleActionOverrideProperty(name=name, action_to_use=Action(count={})) for name in counted
            ]
            or None,
        )
    )


def all_of(*statements: Statement) -> Statement:
    return Statement(and_statement=waf.CfnWebACL.AndStatementProperty(statements=list(statements)))


def any_of(*statements: Statement) -> Statement:
    return Statement(or_statement=waf.CfnWebACL.OrStatementProperty(statements=list(statements)))


def none_of(statement: Statement) -> Statement:
    return Statement(not_statement=waf.CfnWebACL.NotStatementProperty(statement=statement))


def refuse(status: Literal[403, 413, 429]) -> waf.CfnWebACL.BlockActionProperty:
    """Block with a problem document; callers that are too fast are told when to come back."""
    headers = [waf.CfnWebACL.CustomHTTPHeaderProperty(name="Retry-After", value=str(WINDOW_SECONDS))]
    return waf.CfnWebACL.BlockActionProperty(
        custom_response=waf.CfnWebACL.CustomResponseProperty(
            response_code=status,
            custom_response_body_key=f"problem-{status}",
            response_headers=headers if status == 429 else None,
        )
    )


def problem_bodies() -> dict[str, waf.CfnWebACL.CustomResponseBodyProperty]:
    """The bodies that `refuse` names."""
    return {
        f"problem-{status}": waf.CfnWebACL.CustomResponseBodyProperty(
            content_type="APPLICATION_JSON",
            content=json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}),
        )
        for status, (title, code, detail) in _PROBLEMS.items()
    }
