"""An owner's powers over plain HTTP, as any program in any language would use them: here, a doorkeeper.

Of those who ask to come in, it lets in whom your own site vouches for (a signed identity brings the
``user_id``; see tenant_backend.py) and who is on the list of the course; whoever else asks is turned away.
It shows the room's people, puts one of them out, and ends.

    SPECTATOR_URL=http://127.0.0.1:8000 SPECTATOR_API_KEY=sk_... python examples/approve_by_api.py CODE
"""

import json
import os
import sys
import time
import urllib.parse
import urllib.request
from typing import Any, Dict, List, Optional

COURSE = {"ada", "grace", "alan"}
UNWELCOME = "eve"

Fields = Dict[str, Any]


def call(method: str, path: str, body: Optional[Fields] = None) -> Fields:
    """Make one call of the API and return its answer; a refusal raises `urllib.error.HTTPError`."""
    request = urllib.request.Request(  # noqa: S310 - the address is this program's own setting
        f"{os.environ['SPECTATOR_URL'].rstrip('/')}/api/v1{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {os.environ['SPECTATOR_API_KEY']}",  # never in the address
            "Content-Type": "application/json",
        },
        method=method,
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        told: Fields = json.load(answer)
        return told


def answer_requests(room: str) -> List[str]:
    """Answer everybody who waits; return what was decided, in words."""
    decided = []
    for request in call("GET", f"/rooms/{room}/requests")["requests"]:
        # By the user_id, never by the name: anybody may call themselves anything.
        verdict = "approve" if request["user_id"] in COURSE else "deny"
        told = call("POST", f"/rooms/{room}/requests/{request['id']}/{verdict}", {})
        decided.append(f"{request['name']} ({request['user_id'] or 'nobody vouches'}): {told['status']}")
    return decided


def put_out(room: str, user_id: str) -> bool:
    """Block a user who is in, if they are; their connections end within a second."""
    for person in call("GET", f"/rooms/{room}/spectators")["spectators"]:
        if person["user_id"] == user_id:
            name = urllib.parse.quote(person["id"], safe="")
            call("POST", f"/rooms/{room}/spectators/{name}/block", {})
            return True
    return False


def main(code: str, seconds: float = 60.0) -> None:
    """Keep the door for a while."""
    room = call("GET", f"/rooms/{code}")["id"]  # a code can be changed; programs keep the id
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        for line in answer_requests(room):
            print(line, flush=True)
        if put_out(room, UNWELCOME):
            print(f"{UNWELCOME}: blocked", flush=True)
        time.sleep(0.5)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 60.0)
