"""Files for messages: uploaded first, named by key in a message, forgotten after 48 hours without one."""

import base64
import secrets
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import PurePath
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clock import HOUR
from .conversations import MessageError
from .gateway import Simulator, answer, authenticate
from .talk_model import Attachment

ORPHAN_LIFE = 48 * HOUR
SIZE_LIMIT = 25 * 1024 * 1024
COUNT_LIMIT = 25
MEDIA_TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".pdf": "application/pdf",
    ".txt": "text/plain",
}


async def upload(sim: Simulator, request: Request) -> Response:
    """`POST /messages/attachments?tag=post_sale&site_id=`, multipart with `file`; the answer is its key."""
    token = authenticate(sim, request)
    query = request.query_params
    if query.get("tag") != "post_sale" or not query.get("site_id"):
        raise MessageError(400, "bad_request", "the parameters tag=post_sale and site_id are required")
    filename, content = await _file(request)
    ending = PurePath(filename).suffix.lower()
    if ending not in MEDIA_TYPES:
        raise MessageError(400, "bad_request", "only JPG, PNG, PDF and TXT files can be attached")
    if not content or len(content) > SIZE_LIMIT:
        raise MessageError(400, "bad_request", f"the file must have from 1 to {SIZE_LIMIT} bytes")
    attachment = Attachment(
        key=f"{token.user_id}_{secrets.token_hex(16)}{ending}",
        seller_id=token.user_id,
        filename=filename,
        media_type=MEDIA_TYPES[ending],
        size=len(content),
        content=base64.b64encode(content).decode(),
        uploaded=sim.world.clock.now_ms(),
    )
    sim.world.desk.save_attachment(attachment)
    return answer({"id": attachment.key}, 201)


async def download(sim: Simulator, request: Request) -> Response:
    """`GET /messages/attachments/{key}`: the file as it was sent."""
    token = authenticate(sim, request)
    found = _living(sim, request.path_params["key"])
    if found is None or found.seller_id != token.user_id:
        raise MessageError(404, "not_found", "the attachment does not exist")
    return Response(base64.b64decode(found.content), media_type=found.media_type)


def take_attachments(sim: Simulator, seller_id: int, keys: Any) -> list[Attachment]:
    """The files that a new message names; 422 for one that is unknown, used or gone."""
    if not isinstance(keys, list) or len(keys) > COUNT_LIMIT:
        raise MessageError(400, "bad_request", f"attachments must be a list of at most {COUNT_LIMIT} keys")
    taken = []
    for key in keys:
        found = _living(sim, str(key))
        if found is None or found.seller_id != seller_id or found.message_id is not None:
            raise MessageError(422, "unprocessable_entity", f"the attachment {key} does not exist")
        taken.append(found)
    return taken


def _living(sim: Simulator, key: str) -> Attachment | None:
    found = sim.world.desk.attachments.get(key)
    if found is None:
        return None
    if found.message_id is None and sim.world.clock.now_ms() - found.uploaded > ORPHAN_LIFE:
        sim.world.desk.drop_attachment(key)
        return None
    return found


async def _file(request: Request) -> tuple[str, bytes]:
    """The part called `file` of a multipart body: its name and its bytes."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise MessageError(400, "bad_request", "the body must be multipart/form-data with a part called file")
    # A multipart body is a MIME message without its head.
    whole = f"Content-Type: {kind}\r\n\r\n".encode() + await request.body()
    for part in BytesParser(policy=HTTP).parsebytes(whole).iter_parts():
        if part.get_param("name", header="content-disposition") == "file" and part.get_filename():
            content = part.get_payload(decode=True)
            return str(part.get_filename()), content if isinstance(content, bytes) else b""
    raise MessageError(400, "bad_request", "the body has no part called file")
