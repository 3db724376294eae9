"""Who may watch what: rooms, codes, passwords, members, seats and join requests, over one shared store.

This is the front door: what is not named here is nobody else's business.
"""

from __future__ import annotations

from rooms.bells import Bells, channel_of
from rooms.clock import Clock
from rooms.codes import is_code, is_room_id, normalise
from rooms.connection import Call, Connection, connect
from rooms.errors import (
    ApprovalDenied,
    Blocked,
    Busy,
    CodeTaken,
    HostNotAllowed,
    InternalError,
    InvalidRequest,
    InvitationRequired,
    InvitationSpent,
    NotAllowed,
    OriginNotAllowed,
    PasswordRequired,
    PayloadTooLarge,
    QuotaExceeded,
    RequestNotFound,
    RequestSettled,
    RoomClosed,
    RoomExpired,
    RoomFull,
    RoomNotFound,
    RoomsError,
    SecretsUnknown,
    SequenceGap,
    StoreUnavailable,
    StoreUnsuitable,
    TooManyAttempts,
    Unauthorized,
    UnsupportedMediaType,
    WrongPassword,
)
from rooms.forms import JoinAsk, NewRoom, RoomPatch
from rooms.limits import Bucket, Limits
from rooms.manager import RoomManager
from rooms.models import (
    OWNER_PERSON,
    AccessLevel,
    Admitted,
    Caller,
    Created,
    Glance,
    JoinRequest,
    Member,
    Person,
    Role,
    Room,
    Waiting,
)
from rooms.passwords import Passwords
from rooms.script import Script
from rooms.tokens import Secrets

__all__ = [
    "OWNER_PERSON",
    "AccessLevel",
    "Admitted",
    "ApprovalDenied",
    "Bells",
    "Blocked",
    "Bucket",
    "Busy",
    "Call",
    "Caller",
    "Clock",
    "CodeTaken",
    "Connection",
    "Created",
    "Glance",
    "HostNotAllowed",
    "InternalError",
    "InvalidRequest",
    "InvitationRequired",
    "InvitationSpent",
    "JoinAsk",
    "JoinRequest",
    "Limits",
    "Member",
    "NewRoom",
    "NotAllowed",
    "OriginNotAllowed",
    "PasswordRequired",
    "Passwords",
    "PayloadTooLarge",
    "Person",
    "QuotaExceeded",
    "RequestNotFound",
    "RequestSettled",
    "Role",
    "Room",
    "RoomClosed",
    "RoomExpired",
    "RoomFull",
    "RoomManager",
    "RoomNotFound",
    "RoomPatch",
    "RoomsError",
    "Script",
    "Secrets",
    "SecretsUnknown",
    "SequenceGap",
    "StoreUnavailable",
    "StoreUnsuitable",
    "TooManyAttempts",
    "Unauthorized",
    "UnsupportedMediaType",
    "Waiting",
    "WrongPassword",
    "channel_of",
    "connect",
    "is_code",
    "is_room_id",
    "normalise",
]
