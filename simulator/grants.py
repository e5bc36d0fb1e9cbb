"""Applications and the grants that sellers gave them: reading, and taking one back."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import DAY, offset_text, parse_moment
from .errors import bad_request, not_found
from .gateway import Simulator, answer, own_application, own_user, whole_number
from .model import Grant


async def application(sim: Simulator, request: Request) -> Response:
    app, _ = own_application(sim, request, request.path_params["app_id"])
    return answer(
        {
            "id": app.number,
            "site_id": app.site_id,
            "name": app.name,
            "active": not app.blocked,
            "max_requests_per_hour": app.max_requests_per_hour,
            "certification_status": "not_certified",
            "notifications_callback_url": app.notifications_url,
            "notifications_topics": app.topics,
            "redirect_uris": app.redirect_uris,
            "pkce": app.pkce,
            "scopes": app.scopes,
            "permissions": app.permissions,
        }
    )


async def application_grants(sim: Simulator, request: Request) -> Response:
    """The only way to notice a revocation before a token fails: no notification announces it."""
    app, _ = own_application(sim, request, request.path_params["app_id"])
    offset, limit = whole_number(request, "offset", 0), min(whole_number(request, "limit", 50), 50)
    grants = [grant for grant in sim.world.grants.values() if grant.client_id == app.client_id]
    page = [_document(sim, grant) for grant in grants[offset : offset + limit]]
    return answer({"paging": {"total": len(grants), "offset": offset, "limit": limit}, "grants": page})


async def user_applications(sim: Simulator, request: Request) -> Response:
    user_id = own_user(sim, request)
    return answer([_document(sim, grant) for grant in sim.world.grants.values() if grant.user_id == user_id])


async def user_application(sim: Simulator, request: Request) -> Response:
    return answer(_document(sim, _grant(sim, request)))


async def revoke(sim: Simulator, request: Request) -> Response:
    """`DELETE /users/{uid}/applications/{app_id}`: every token of the pair dies at once."""
    grant = _grant(sim, request)
    sim.world.drop_grant(grant)
    app = sim.world.apps[grant.client_id]
    return answer({"user_id": grant.user_id, "app_id": app.number, "msg": "Autorización eliminada"})


def _grant(sim: Simulator, request: Request) -> Grant:
    user_id = own_user(sim, request)
    grant = sim.world.grants.get((request.path_params["app_id"], user_id))
    if grant is None:
        raise not_found("there is no grant between this user and this application")
    return grant


def _document(sim: Simulator, grant: Grant) -> dict[str, object]:
    return {
        "user_id": grant.user_id,
        "app_id": sim.world.apps[grant.client_id].number,
        "date_created": offset_text(grant.date_created),
        "scopes": grant.scopes,
    }


async def consumed_applications(sim: Simulator, request: Request) -> Response:
    """`GET /applications/v1/{app_id}/consumed-applications`: calls of the days asked for, since the process started."""
    app, _ = own_application(sim, request, request.path_params["app_id"])
    query, days = request.query_params, []
    for name in ("date_start", "date_end"):
        try:
            days.append(parse_moment(f"{query.get(name, '')[:10]}T00:00:00Z") // DAY)
        except ValueError as error:
            raise bad_request(f"{name} must be a date") from error
    by_status: dict[str, int] = {}
    by_resource: dict[str, int] = {}
    for (client_id, day, route, status), count in sim.limits.consumed.items():
        if client_id == app.client_id and days[0] <= day <= days[1]:
            by_status[str(status)] = by_status.get(str(status), 0) + count
            by_resource[route] = by_resource.get(route, 0) + count
    body: dict[str, Any] = {
        "app_id": app.number,
        "total_requests": sum(by_status.values()),
        "requests_by_status": [{"status": int(status), "count": count} for status, count in by_status.items()],
        "requests_by_resource": [{"resource": name, "count": count} for name, count in by_resource.items()],
    }
    return answer(body)


ROUTES = (
    ("GET", "/users/{user_id:int}/applications", user_applications),
    ("GET", "/users/{user_id:int}/applications/{app_id}", user_application),
    ("DELETE", "/users/{user_id:int}/applications/{app_id}", revoke),
    ("GET", "/applications/{app_id}", application),
    ("GET", "/applications/{app_id}/grants", application_grants),
    ("GET", "/applications/v1/{app_id}/consumed-applications", consumed_applications),
)
