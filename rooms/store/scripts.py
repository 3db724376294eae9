"""The package's scripts, each read once from the .lua file of its name."""

from __future__ import annotations

from rooms.script import Script


def _load(name: str) -> Script:
    return Script.load("rooms.store", f"{name}.lua")


FACTS = _load("facts")
GLANCE = _load("glance")
CREATE = _load("create")
CLAIM_PUBLISHER = _load("claim_publisher")
CHANGE = _load("change")
EXTEND = _load("extend")
END_ROOM = _load("end_room")
TEND = _load("tend")
HOLD = _load("hold")
RESERVE = _load("reserve")
ATTEMPTS = _load("attempts")
ADMIT = _load("admit")
INVITE = _load("invite")
INVITATION = _load("invitation")
REWRITE_INVITATION = _load("rewrite_invitation")
TURN_AWAY = _load("turn_away")
ASK = _load("ask")
APPROVE = _load("approve")
DENY = _load("deny")
WITHDRAW = _load("withdraw")
LEAVE = _load("leave")
KNOWN = _load("known")
PART = _load("part")
BLOCK = _load("block")
UNBLOCK = _load("unblock")
SET_ROLE = _load("set_role")
ROTATE = _load("rotate")
RENEW = _load("renew")
RELEASE = _load("release")
PRESENT = _load("present")
WRITE_CLAIM = _load("write_claim")
REDEEM_CLAIM = _load("redeem_claim")
KNOW_SECRETS = _load("know_secrets")
REWRITE_TENANT = _load("rewrite_tenant")
HALT = _load("halt")
HALTED = _load("halted")
FORGET_TENANT = _load("forget_tenant")
SPEND = _load("spend")
NOTE_STORED = _load("note_stored")
NOTE = _load("note")
PURGE = _load("purge")
DROP_NAME = _load("drop_name")
FORGET_RECORDED = _load("forget_recorded")
