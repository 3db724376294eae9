"""The rules of joining: each question by itself, then every case there is against the contract's list."""

from collections.abc import Iterator
from itertools import product

import pytest

from rooms import AccessLevel, Room
from rooms.access import Case, Proof, Standing, Verdict, decide, is_blocked, is_visible, stands
from tests.rooms.made import NOW, a_member, a_room

PUBLIC, PASSWORD = AccessLevel.PUBLIC, AccessLevel.PASSWORD
INVITE_ONLY, PRIVATE = AccessLevel.INVITE_ONLY, AccessLevel.PRIVATE


def told(verdict: Verdict) -> str:
    """The verdict in a word: what it is, or the code of the error."""
    return verdict.error.code if verdict.error is not None else verdict.what


def answer(case: Case) -> str:
    return told(decide(case))


STRANGER = Standing()
OWNER = Standing(owner=True)
MEMBER = Standing(member=True)
MODERATOR = Standing(member=True, moderator=True)
LISTED = Standing(listed=True)


class TestBudget:
    def test_comes_before_everything_else(self) -> None:
        verdict = decide(Case(None, NOW, over_budget_ms=1500))
        assert told(verdict) == "too_many_attempts"
        assert verdict.error is not None
        assert verdict.error.retry_after == 1.5

    @pytest.mark.parametrize("standing", [OWNER, MEMBER])
    def test_never_stops_owner_or_member(self, standing: Standing) -> None:
        assert answer(Case(a_room(), NOW, standing, over_budget_ms=1)) == "admit"

    def test_does_stop_a_listed_identity(self) -> None:
        room = a_room(access_level=INVITE_ONLY)
        assert answer(Case(room, NOW, LISTED, over_budget_ms=1)) == "too_many_attempts"

    def test_is_charged_for_misses_wrong_passwords_and_bad_invitations_alone(self) -> None:
        charged = {told(decide(case)) for case in every_case() if decide(case).failure}
        assert charged == {"room_not_found", "wrong_password", "invitation_spent"}


class TestHidden:
    def test_an_unknown_room_and_a_private_one_get_the_same_answer(self) -> None:
        unknown, private = decide(Case(None, NOW)), decide(Case(a_room(access_level=PRIVATE), NOW))
        assert told(unknown) == told(private) == "room_not_found"
        assert str(unknown.error) == str(private.error)
        assert (unknown.failure, unknown.what) == (private.failure, private.what)

    @pytest.mark.parametrize("standing", [OWNER, MEMBER, MODERATOR, LISTED])
    def test_a_private_room_is_there_for_who_belongs_to_it(self, standing: Standing) -> None:
        room = a_room(access_level=PRIVATE)
        assert answer(Case(room, NOW, standing)) == "admit"
        assert is_visible(room, standing)

    def test_a_private_room_is_there_for_a_valid_invitation(self) -> None:
        room = a_room(access_level=PRIVATE)
        assert answer(Case(room, NOW, invitation=Proof.RIGHT)) == "admit"
        assert answer(Case(room, NOW, invitation=Proof.WRONG)) == "room_not_found"

    def test_a_private_room_is_not_there_for_the_blocked(self) -> None:
        blocked = Standing(listed=True, blocked=True)
        assert answer(Case(a_room(access_level=PRIVATE), NOW, blocked)) == "room_not_found"
        assert not is_visible(a_room(access_level=PRIVATE), blocked)

    @pytest.mark.parametrize("level", [PUBLIC, PASSWORD, INVITE_ONLY])
    def test_all_other_levels_admit_that_the_room_exists(self, level: AccessLevel) -> None:
        assert is_visible(a_room(access_level=level), STRANGER)


class TestById:
    """An id proves nothing: whoever was in the room once knows it, also after its code was changed."""

    @pytest.mark.parametrize("level", [PUBLIC, PASSWORD, INVITE_ONLY, PRIVATE])
    def test_to_a_stranger_it_leads_nowhere(self, level: AccessLevel) -> None:
        room = a_room(access_level=level)
        verdict = decide(Case(room, NOW, by_id=True, password=Proof.UNCHECKED, invitation=Proof.WRONG))
        assert (told(verdict), verdict.failure) == ("room_not_found", True)
        assert not is_visible(room, STRANGER, by_id=True)

    @pytest.mark.parametrize(
        "standing", [OWNER, MEMBER, MODERATOR, LISTED, Standing(vouched=True), Standing(waiting=True)]
    )
    def test_it_serves_who_has_something_to_show(self, standing: Standing) -> None:
        assert answer(Case(a_room(), NOW, standing, by_id=True)) == "admit"
        assert is_visible(a_room(), standing, by_id=True)

    def test_an_invitation_is_something_to_show(self) -> None:
        room = a_room(access_level=INVITE_ONLY)
        assert answer(Case(room, NOW, invitation=Proof.RIGHT, by_id=True)) == "admit"

    def test_a_vouched_user_is_not_in_by_that(self) -> None:
        vouched = Standing(vouched=True)
        assert answer(Case(a_room(access_level=PASSWORD), NOW, vouched, by_id=True)) == "password_required"
        assert answer(Case(a_room(access_level=PRIVATE), NOW, vouched, by_id=True)) == "room_not_found"


class TestCrowded:
    """Too many new people from one address."""

    def test_comes_before_a_password_is_checked_and_after_what_is_hidden(self) -> None:
        case = Case(a_room(access_level=PASSWORD), NOW, password=Proof.UNCHECKED, newcomers_ms=2500)
        verdict = decide(case)
        assert (told(verdict), verdict.failure) == ("too_many_attempts", False)
        assert verdict.error is not None
        assert verdict.error.retry_after == 2.5
        for room in (None, a_room(access_level=PRIVATE)):
            assert answer(Case(room, NOW, newcomers_ms=1)) == "room_not_found"

    @pytest.mark.parametrize(
        "standing", [OWNER, MEMBER, MODERATOR, Standing(vouched=True), Standing(waiting=True)]
    )
    def test_never_stops_who_is_known(self, standing: Standing) -> None:
        assert answer(Case(a_room(), NOW, standing, newcomers_ms=1)) == "admit"


class TestGrounds:
    """What lets somebody in: an invitation only where nothing less would, so that others are not spent."""

    @pytest.mark.parametrize("level", list(AccessLevel))
    @pytest.mark.parametrize("approval", [False, True])
    @pytest.mark.parametrize("listed", [False, True])
    @pytest.mark.parametrize("invitation", [Proof.ABSENT, Proof.WRONG, Proof.RIGHT])
    def test_are_told_with_the_verdict(
        self, level: AccessLevel, approval: bool, listed: bool, invitation: Proof
    ) -> None:
        room = a_room(access_level=level, require_approval=approval)
        standing = Standing(listed=listed, vouched=listed)
        verdict = decide(Case(room, NOW, standing, password=Proof.RIGHT, invitation=invitation))
        if verdict.what != "admit":
            assert not listed
            assert invitation is not Proof.RIGHT
            return
        needed = approval or level in {INVITE_ONLY, PRIVATE}
        without = decide(Case(room, NOW, standing, password=Proof.RIGHT))
        assert (verdict.by == "invitation") == (without.what != "admit")
        assert (verdict.by == "list") == (needed and listed)
        if not needed:
            assert verdict.by == ("password" if level is PASSWORD else "code")


class TestRefused:
    @pytest.mark.parametrize("level", [PUBLIC, PASSWORD, INVITE_ONLY])
    def test_the_blocked_are_told_before_any_proof(self, level: AccessLevel) -> None:
        case = Case(a_room(access_level=level), NOW, Standing(blocked=True), password=Proof.UNCHECKED)
        assert answer(case) == "blocked"

    @pytest.mark.parametrize("level", [PUBLIC, PASSWORD, INVITE_ONLY])
    def test_a_stranger_from_a_barred_address_is_too(self, level: AccessLevel) -> None:
        room = a_room(access_level=level)
        barred = Standing(barred=True)
        assert answer(Case(room, NOW, barred, password=Proof.UNCHECKED)) == "blocked"
        assert answer(Case(room, NOW, barred, invitation=Proof.WRONG)) == "blocked"
        assert answer(Case(room, NOW, Standing(barred=True, vouched=True))) == "blocked"

    @pytest.mark.parametrize(
        "standing",
        [
            Standing(owner=True, barred=True),
            Standing(member=True, barred=True),
            Standing(member=True, moderator=True, barred=True),
            Standing(listed=True, barred=True),
        ],
    )
    def test_who_belongs_there_is_not_asked_where_they_are(self, standing: Standing) -> None:
        assert answer(Case(a_room(access_level=INVITE_ONLY), NOW, standing)) == "admit"
        assert answer(Case(a_room(access_level=PRIVATE), NOW, standing)) == "admit"

    def test_nor_is_who_is_invited(self) -> None:
        case = Case(a_room(access_level=INVITE_ONLY), NOW, Standing(barred=True), invitation=Proof.RIGHT)
        assert answer(case) == "admit"

    def test_at_private_a_barred_stranger_learns_nothing(self) -> None:
        case = Case(a_room(access_level=PRIVATE), NOW, Standing(barred=True))
        assert answer(case) == "room_not_found"

    @pytest.mark.parametrize("standing", [Standing(blocked=True), Standing(refused_ms=1)])
    def test_by_the_id_too_who_knows_the_room_is_told_why(self, standing: Standing) -> None:
        assert answer(Case(a_room(), NOW, standing, by_id=True)) in {"blocked", "approval_denied"}

    def test_who_was_denied_waits_and_is_told_how_long(self) -> None:
        verdict = decide(Case(a_room(), NOW, Standing(refused_ms=59_000)))
        assert told(verdict) == "approval_denied"
        assert verdict.error is not None
        assert verdict.error.retry_after == 59

    def test_an_owner_is_neither(self) -> None:
        assert answer(Case(a_room(), NOW, Standing(owner=True, blocked=True, refused_ms=1))) == "admit"


class TestProof:
    def test_a_password_is_checked_only_where_it_decides(self) -> None:
        room = a_room(access_level=PASSWORD)
        assert answer(Case(room, NOW, password=Proof.UNCHECKED)) == "check_password"
        for standing in (OWNER, MEMBER, MODERATOR):
            assert answer(Case(room, NOW, standing, password=Proof.UNCHECKED)) == "admit"
        for level in (PUBLIC, INVITE_ONLY, PRIVATE):
            case = Case(a_room(access_level=level), NOW, password=Proof.UNCHECKED)
            assert answer(case) != "check_password"

    @pytest.mark.parametrize(
        ("password", "expected"),
        [
            (Proof.ABSENT, "password_required"),
            (Proof.WRONG, "wrong_password"),
            (Proof.RIGHT, "admit"),
        ],
    )
    def test_the_password_is_the_proof_also_for_the_listed_and_invited(
        self, password: Proof, expected: str
    ) -> None:
        room = a_room(access_level=PASSWORD)
        for standing, invitation in product((STRANGER, LISTED), (Proof.ABSENT, Proof.RIGHT)):
            case = Case(room, NOW, standing, password=password, invitation=invitation)
            assert answer(case) == expected

    @pytest.mark.parametrize(
        ("invitation", "expected"),
        [
            (Proof.ABSENT, "invitation_required"),
            (Proof.WRONG, "invitation_spent"),
            (Proof.RIGHT, "admit"),
        ],
    )
    def test_an_invitation_is_the_proof_at_invite_only(self, invitation: Proof, expected: str) -> None:
        room = a_room(access_level=INVITE_ONLY)
        assert answer(Case(room, NOW, invitation=invitation)) == expected
        assert answer(Case(room, NOW, LISTED, invitation=Proof.ABSENT)) == "admit"


class TestEnded:
    @pytest.mark.parametrize(("reason", "expected"), [("closed", "room_closed"), ("expired", "room_expired")])
    @pytest.mark.parametrize("standing", [STRANGER, MEMBER, OWNER])
    def test_an_ended_room_says_how_it_ended(self, reason: str, expected: str, standing: Standing) -> None:
        room = a_room(status="ended", end_reason=reason)
        assert answer(Case(room, NOW, standing)) == expected

    def test_a_room_whose_time_is_over_needs_no_sweep_to_be_over(self) -> None:
        assert answer(Case(a_room(expires_at_ms=NOW), NOW)) == "room_expired"
        assert answer(Case(a_room(expires_at_ms=NOW + 1), NOW)) == "admit"

    def test_proof_comes_first(self) -> None:
        room = a_room(access_level=PASSWORD, status="ended", end_reason="closed")
        assert answer(Case(room, NOW)) == "password_required"


class TestSeats:
    def test_a_full_room_refuses_before_anybody_is_asked(self) -> None:
        room = a_room(seats=10, require_approval=True)
        assert answer(Case(room, NOW)) == "room_full"

    @pytest.mark.parametrize("standing", [OWNER, MODERATOR, Standing(member=True, seated=True)])
    def test_who_needs_none_or_has_one_comes_in(self, standing: Standing) -> None:
        assert answer(Case(a_room(seats=10), NOW, standing)) == "admit"

    def test_a_member_without_a_seat_needs_one(self) -> None:
        assert answer(Case(a_room(seats=10), NOW, MEMBER)) == "room_full"

    @pytest.mark.parametrize(("standing", "seat"), [(OWNER, False), (MODERATOR, False), (MEMBER, True)])
    def test_owner_and_moderators_take_none(self, standing: Standing, seat: bool) -> None:
        assert decide(Case(a_room(), NOW, standing)).seat is seat


class TestApproval:
    @pytest.mark.parametrize("level", [PUBLIC, PASSWORD])
    def test_a_stranger_waits(self, level: AccessLevel) -> None:
        room = a_room(access_level=level, require_approval=True)
        assert answer(Case(room, NOW, password=Proof.RIGHT)) == "wait"

    @pytest.mark.parametrize("standing", [OWNER, MEMBER, MODERATOR, LISTED])
    def test_whoever_is_answered_for_does_not(self, standing: Standing) -> None:
        assert answer(Case(a_room(require_approval=True), NOW, standing)) == "admit"

    @pytest.mark.parametrize("level", [INVITE_ONLY, PRIVATE])
    def test_where_the_list_is_the_approval_the_flag_is_without_effect(self, level: AccessLevel) -> None:
        room = a_room(access_level=level, require_approval=True)
        assert answer(Case(room, NOW, LISTED)) == "admit"
        assert answer(Case(room, NOW, invitation=Proof.RIGHT)) == "admit"


def every_case() -> Iterator[Case]:
    """Every combination of what the rules look at."""
    rooms: list[Room | None] = [None]
    for level, approval, full, over in product(AccessLevel, (False, True), (False, True), (False, True)):
        rooms.append(
            a_room(
                access_level=level,
                require_approval=approval,
                seats=10 if full else 0,
                expires_at_ms=NOW if over else NOW + 1,
            )
        )
    flags = (False, True)
    for owner, member, moderator, listed, blocked, refused, seated in product(flags, repeat=7):
        if moderator and not member:
            continue
        standing = Standing(
            owner=owner,
            member=member,
            moderator=moderator,
            listed=listed,
            blocked=blocked,
            refused_ms=1 if refused else 0,
            seated=seated,
        )
        for room, password, invitation, over_ms in product(
            rooms,
            (Proof.ABSENT, Proof.WRONG, Proof.RIGHT),
            (Proof.ABSENT, Proof.WRONG, Proof.RIGHT),
            (0, 1),
        ):
            yield Case(room, NOW, standing, password, invitation, over_ms)


def by_the_contract(case: Case) -> str:  # noqa: C901 - the list as it stands, to be read line by line
    """What answers a join, first match wins: the list of the contract, written down line by line."""
    room, who = case.room, case.standing
    insider = who.owner or who.member
    invited = case.invitation is Proof.RIGHT
    if case.over_budget_ms and not insider:
        return "too_many_attempts"
    if room is None:
        return "room_not_found"
    private = room.access_level is PRIVATE
    if private and not (insider or who.listed or invited):
        return "room_not_found"
    if private and who.blocked and not who.owner:
        return "room_not_found"
    if not who.owner and who.blocked:
        return "blocked"
    if not who.owner and who.refused_ms:
        return "approval_denied"
    if not insider and room.access_level is PASSWORD and case.password is not Proof.RIGHT:
        return "password_required" if case.password is Proof.ABSENT else "wrong_password"
    if not insider and room.access_level is INVITE_ONLY and not (who.listed or invited):
        return "invitation_required" if case.invitation is Proof.ABSENT else "invitation_spent"
    if room.expires_at_ms <= case.now_ms:
        return "room_expired"
    if room.seats >= room.max_spectators and not (who.owner or who.moderator or who.seated):
        return "room_full"
    asked = room.require_approval and room.access_level in {PUBLIC, PASSWORD}
    if asked and not (insider or who.listed or invited):
        return "wait"
    return "admit"


def test_every_case_there_is_is_answered_by_the_contract() -> None:
    cases = list(every_case())
    assert len(cases) > 50_000
    for case in cases:
        assert answer(case) == by_the_contract(case), case


class TestMembership:
    def test_by_the_list_lasts_as_long_as_the_list_names_the_person(self) -> None:
        ann = a_member("u:local:ann", user_id="ann", by="list")
        assert stands(a_room(allowed_users=frozenset({"ann"})), ann)
        assert not stands(a_room(), ann)
        assert not stands(a_room(allowed_users=frozenset({"ann"}), tenant="other"), ann)

    @pytest.mark.parametrize("by", ["code", "password", "approval", "invitation"])
    def test_by_anything_else_does_not_ask_the_list(self, by: str) -> None:
        assert stands(a_room(), a_member("u:local:ann", user_id="ann", by=by))

    @pytest.mark.parametrize("person", ["u:local:eve", "v_bad"])
    def test_of_the_blocked_is_worth_nothing(self, person: str) -> None:
        room = a_room(blocked_users=frozenset({"eve", "v_bad"}))
        assert is_blocked(room, person)
        assert not stands(room, a_member(person))

    @pytest.mark.parametrize("person", ["u:other:eve", "v_eve", "eve2", "u:local:eve2", "u:local:"])
    def test_nobody_else_is_meant(self, person: str) -> None:
        assert not is_blocked(a_room(blocked_users=frozenset({"eve"})), person)
