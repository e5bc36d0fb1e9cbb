"""What an application may do: its scopes, and the functional permissions set in its administration page."""

from .errors import ApiError
from .model import Application

SCOPES = ("offline_access", "read", "write")
LEVELS = ("none", "read", "write")
NAMES = ("users", "publications", "communication", "advertising", "metrics", "sales", "promotions", "billing")

# The first path segment decides, except below /users, where the third one does.
BY_SEGMENT = {
    "items": "publications",
    "user-products": "publications",
    "inventories": "publications",
    "stock": "publications",
    "orders": "sales",
    "packs": "sales",
    "shipments": "sales",
    "shipment_labels": "sales",
    "shipment_statuses": "sales",
    "collections": "sales",
    "flex": "sales",
    "questions": "communication",
    "answers": "communication",
    "my": "communication",
    "messages": "communication",
    "post-purchase": "communication",
    "billing": "billing",
    "seller-promotions": "promotions",
    "advertising": "advertising",
}


def permission_of(path: str) -> str | None:
    """The functional permission that a route asks for, or None where every application may come in."""
    segments = path.strip("/").split("/")
    if segments[0] == "users":
        return BY_SEGMENT.get(segments[2], "users") if len(segments) > 2 else "users"
    return BY_SEGMENT.get(segments[0])


def require_permission(app: Application, permission: str | None, method: str) -> None:
    """Answer the policy agent's 403 when the application's permission is missing or only for reading."""
    if permission is None or permission == "users":
        return
    level = app.permissions.get(permission, "write")
    if level == "write" or (level == "read" and method == "GET"):
        return
    raise policy_refusal()


def policy_refusal() -> ApiError:
    refusal = ApiError(403, "", "At least one policy returned UNAUTHORIZED.")
    refusal.body = {
        "blocked_by": "PolicyAgent",
        "code": "PA_UNAUTHORIZED_RESULT_FROM_POLICIES",
        "message": "At least one policy returned UNAUTHORIZED.",
        "status": 403,
    }
    return refusal


def require_scope(scopes: list[str], method: str) -> None:
    if ("read" if method == "GET" else "write") not in scopes:
        refusal = ApiError(403, "Invalid scopes", "")
        refusal.body = {"status": 403, "error": "Invalid scopes", "code": "FORBIDDEN"}
        raise refusal
