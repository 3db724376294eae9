"""The outermost middleware: Host and Origin first, and no error leaves other than as a problem."""

from __future__ import annotations

import logging
import traceback
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from rooms import InternalError, RoomsError
from spectator.server.access_log import printable_path
from spectator.server.door import Door
from spectator.server.keys import DOORMAN, HOST, MANAGER, TABLE
from spectator.server.observing import CURRENT, SEEN, Seen
from spectator.server.problems import PageNotFound, answer_of, meaning_of, problem_of, problem_response

logger = logging.getLogger("spectator.server")

REFUSED: Final = {"event": "not_answered"}
BROKEN: Final = {"event": "broken"}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in who asks for this server, and turn whatever is raised into an answer."""
    seen = request[SEEN] = Seen()
    CURRENT.set(seen)
    if isinstance(request.protocol, Door):
        request.protocol.head_came()
    try:
        request[HOST] = request.app[DOORMAN].check(request)
        found = request.match_info
        if found.http_exception is None and found.route not in request.app[TABLE]:
            raise PageNotFound  # a route that no table names, whoever added it
        return await handler(request)
    except RoomsError as error:
        if answer_of(error).status >= 500:
            logger.warning("%s %s: %s", request.method, printable_path(request), error.code, extra=REFUSED)
        _count(request, seen, error)
        return problem_response(error)
    except web.HTTPException as error:
        _count(request, seen, meaning_of(error))
        return problem_of(error)
    except ConnectionError:
        raise  # whoever asked has gone; there is nobody to answer
    except Exception as error:  # noqa: BLE001 - the last one: whatever it is, it is answered and logged
        if request.transport is None:
            raise ConnectionResetError("whoever asked has gone") from None
        # The frames tell where it broke. The message is left out: it may repeat what was sent.
        frames = "".join(traceback.format_tb(error.__traceback__))
        what = type(error).__name__
        path = printable_path(request)
        logger.error(  # noqa: TRY400 - as said
            "%s %s: %s\n%s", request.method, path, what, frames, extra=BROKEN
        )
        if request.writer.output_size > 0:
            raise ConnectionError("the answer had begun; the connection is ended instead") from None
        broken = InternalError()
        _count(request, seen, broken)
        return problem_response(broken)


def _count(request: web.Request, seen: Seen, error: RoomsError) -> None:
    seen.code = error.code
    request.app[MANAGER].stats.refusals[seen.call, error.code] += 1
