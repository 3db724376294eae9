"""A server made by hand, to see exactly what a client sends and to answer it with any trouble one likes.

A real HTTP server on a real socket; it knows just enough of the protocol to be talked to.
"""

from __future__ import annotations

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple
from urllib.parse import unquote


class Call(NamedTuple):
    """One request as it came in."""

    method: str
    path: str
    headers: Dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> List[Dict[str, Any]]:
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        events: List[Dict[str, Any]] = json.loads(body) if body else []
        return events

    @property
    def sequence(self) -> Optional[int]:
        told = self.headers.get("spectator-sequence")
        return int(told) if told else None


class Reply(NamedTuple):
    """An answer: status, JSON, headers. Status 0 closes the connection without one."""

    status: int
    body: Any
    headers: Tuple[Tuple[str, str], ...] = ()


def problem(status: int, code: str, **more: Any) -> Reply:
    headers = tuple(
        (name.replace("_", "-"), str(more.pop(name))) for name in list(more) if name == "Retry_After"
    )
    return Reply(
        status,
        {"type": "about:blank", "title": code, "detail": f"It was {code}.", "code": code, **more},
        headers,
    )


Trouble = Callable[[Call], Optional[Reply]]


class FakeServer:
    """Start it with `with`; look at `calls`; put functions into `troubles` to answer otherwise."""

    def __init__(self, port: int = 0) -> None:
        self.calls: List[Call] = []
        self.troubles: List[Trouble] = []
        self.watching = 3
        self.rooms = 0
        self.created: Dict[str, Dict[str, Any]] = {}  # rooms as they were created, by id and code
        self.requests: List[Dict[str, Any]] = []
        self.keys = 0  # room keys that were replaced
        self.used: List[Tuple[str, str]] = []  # powers: which, on whom
        self.invitations: List[Dict[str, Any]] = []
        self.last: Dict[str, int] = {}  # the last number stored of each producer
        self.stored: List[Dict[str, Any]] = []  # what was appended, once each
        self.held = threading.Event()  # cleared: answers wait
        self.held.set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                call = Call(self.command, self.path, headers, self.rfile.read(length))
                fake.calls.append(call)
                fake.held.wait(30)
                reply = fake.answer(call)
                if reply.status == 0:
                    self.close_connection = True
                    return
                body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
                self.send_response(reply.status)
                for name, value in reply.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = do_CONNECT = _any  # noqa: N815 - the base class's names

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: Any) -> None:
                pass  # a client that went away is part of the play

        self._server = Server(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )

    def __enter__(self) -> FakeServer:  # noqa: PYI034 - typing.Self is younger than 3.8
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, call: Call) -> Reply:
        for trouble in list(self.troubles):
            reply = trouble(call)
            if reply is not None:
                return reply
        parts = call.path.split("?")[0].split("/")[3:]
        if call.path.endswith("/healthz") or len(parts) == 0:
            return Reply(200, {"status": "ok"})
        if parts == ["rooms"] and call.method == "POST":
            return self._create(call)
        if parts[2:] == ["events"]:
            return self._append(call)
        if parts[2:3] == ["requests"] and parts[-1] in {"approve", "deny"}:
            return self._settle(parts)
        if parts[2:3] == ["spectators"] and len(parts) == 5:
            return self._use(parts[4], unquote(parts[3]))
        if parts[2:3] == ["invitations"]:
            return self._invite(call, parts)
        return Reply(200, self._told(call, parts))

    def _use(self, power: str, person: str) -> Reply:
        if person == "v_9":
            return problem(404, "spectator_not_found")
        self.used.append((power, person))
        statuses = {"kick": "kicked", "block": "blocked", "unblock": "unblocked", "promote": "moderator"}
        return Reply(200, {"id": person, "name": "Ada", "status": statuses.get(power, "spectator")})

    def _invite(self, call: Call, parts: List[str]) -> Reply:
        if call.method == "GET":
            return Reply(200, {"invitations": self.invitations})
        if call.method == "DELETE":
            for one in self.invitations:
                one["status"] = "withdrawn" if one["id"] == parts[3] else one["status"]
            return Reply(200, self.invitations[0])
        made = {"user_id": None, "note": None, **call.json, "id": f"i_{len(self.invitations) + 1}"}
        made.pop("hours")
        made.update(used=0, status="open", created_at="", expires_at="2030-01-01T00:00:00.000Z")
        self.invitations.append(made)
        token = f"in_{made['id']}"
        return Reply(201, {**made, "token": token, "url": f"{self.url}/r/ABC234#invite={token}"})

    def _rotate(self, call: Call, room: Dict[str, Any]) -> Dict[str, Any]:
        what = call.json["what"]
        if what == "code":
            room["code"] = "NEW234"
        told = {**room, "join_url": f"{self.url}/r/{room['code']}"}
        if what == "password":
            told["password"] = "made-anew"
        if what == "key":
            self.keys += 1
            told["owner_token"] = f"rk_new_{self.keys}"
        return told

    def _told(self, call: Call, parts: List[str]) -> Dict[str, Any]:
        ada = {"id": "v_1", "name": "Ada", "role": "spectator", "joined_at": "", "lag_ms": 3}
        eve = {"id": "v_3", "name": "Eve", "user_id": None, "blocked_at": "2024-01-15T10:30:00.000Z"}
        answers: Dict[str, Dict[str, Any]] = {
            "requests": {"requests": self.requests},
            "spectators": {"spectators": [ada], "blocked": [eve]},
            "rooms": {"rooms": [room for name, room in self.created.items() if name == room["id"]]},
            "identities": {
                "token": f"id_{call.json['user_id']}" if call.body and parts[0] == "identities" else ""
            },
            "claims": {"owner_url": f"{self.url}/r/ABC234#claim=fresh{len(self.calls)}"},
            "approve-all": {"requests": [{**one, "status": "approved"} for one in self.requests]},
        }
        if parts[-1] == "join":
            seat = {
                "spectator_id": "v_2",
                "token": "gr_1",
                "ws_url": self.url.replace("http", "ws") + "/ws/rooms/r",
            }
            return {"status": "approved", "room": self.created.get(parts[1], {}), **seat}
        room = self.created.get(parts[1] if len(parts) > 1 else "", {})
        if parts[-1] == "rotate":
            return self._rotate(call, room)
        if parts[-1] == "transfer":
            return {**room, "owner_id": call.json["user_id"]}
        if parts == ["claims"]:
            (room,) = {one["id"]: one for one in self.created.values()}.values()
            return {"room": room, "owner_token": f"rk_new_{self.keys}"}
        if parts[-1] == "extend":
            return room
        changed = {
            "id": parts[-1],
            "code": parts[-1],
            **self.created.get(parts[-1], {}),
            **(call.json if call.body else {}),
        }
        return answers.get(parts[-1], changed)

    def _create(self, call: Call) -> Reply:
        self.rooms += 1
        fields = call.json
        room = {
            "id": f"r_{self.rooms:016d}",
            "code": "ABC23" + "456789"[self.rooms % 6],
            "name": fields["name"],
            "training_session_id": fields.get("training_session_id"),
            "mode": fields.get("mode", "live_training"),
            "access_level": fields.get("access_level", "public"),
            "has_password": "password" in fields or bool(fields.get("password_protected")),
            "require_approval": fields.get("require_approval", False),
            "max_spectators": fields.get("max_spectators", 10),
            "current_spectators": 1,
            "status": "active",
            "created_at": "2024-01-15T10:30:00.000Z",
            "expires_at": "2024-01-16T10:30:00.000Z",
            "enable_metrics_overlay": fields.get("enable_metrics_overlay", True),
            "enable_performance_graphs": fields.get("enable_performance_graphs", True),
            "enable_decision_visualization": fields.get("enable_decision_visualization", True),
            "config": fields.get("config", {}),
            "owner_id": fields.get("owner_id"),
            "allowed_users": fields.get("allowed_users", []),
            "blocked_users": fields.get("blocked_users", []),
        }
        self.created[str(room["id"])] = self.created[str(room["code"])] = room
        told = {"room": room, "owner_token": f"rk_{self.rooms}", "join_url": f"{self.url}/r/{room['code']}"}
        told["owner_url"] = f"{self.url}/r/{room['code']}#claim=first"
        if fields.get("password_protected"):
            told["password"] = "made-for-you"
        return Reply(201, told)

    def _append(self, call: Call) -> Reply:
        producer, sequence = call.headers.get("spectator-producer"), call.sequence
        answer = {
            "offset": len(self.stored),
            "accepted": 0,
            "rejected": [],
            "watching": self.watching,
            "wants": {},
        }
        answer["requests"] = len(self.requests)
        if producer is not None and sequence is not None:
            last = self.last.get(producer, 0)
            if sequence > last + 1:
                return problem(409, "sequence_gap", last=last)
            if sequence <= last:
                return Reply(200, {"duplicate": True, **answer})
            self.last[producer] = sequence
        self.stored.extend(call.events)
        return Reply(200, answer)

    def _settle(self, parts: List[str]) -> Reply:
        found = [one for one in self.requests if one["id"] == parts[3]]
        if not found:
            return problem(404, "request_not_found")
        self.requests.remove(found[0])
        return Reply(200, {**found[0], "status": "approved" if parts[-1] == "approve" else "denied"})

    # -- looking back

    def posts(self) -> List[Call]:
        return [call for call in list(self.calls) if call.path.endswith("/events") and call.body]

    def heartbeats(self) -> List[Call]:
        return [call for call in list(self.calls) if call.path.endswith("/events") and not call.body]

    def of_type(self, kind: str) -> List[Dict[str, Any]]:
        return [event for event in list(self.stored) if event["type"] == kind]

    def metrics(self, name: str) -> List[Any]:
        return [event["data"][name] for event in self.of_type("training_metrics") if name in event["data"]]

    def life(self) -> List[str]:
        return [event["event"] for event in self.of_type("training_event")]
