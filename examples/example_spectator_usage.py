"""The five parts of the spectator system, one after the other, from a program with a loop of its own.

1. a basic session
2. a session with a password
3. rooms and who may come into them
4. figures and decisions of a training
5. managing rooms: who asks, who is in, who may close

    python examples/example_spectator_usage.py
"""

import asyncio
from datetime import datetime

from spectator import (
    AccessLevel,
    MetricsData,
    Refused,
    RoomAccessControl,
    SpectatorManager,
    SpectatorMode,
    SpectatorRoomManager,
)


def metrics_of(episode: int) -> MetricsData:
    """Return the figures of an episode, as a training would have them."""
    return MetricsData(
        timestamp=datetime.now().astimezone(),
        episode=episode,
        total_episodes=100,
        current_reward=50.0 + episode * 0.5,
        episode_length=450 - episode,
        win_rate=min(1.0, 0.4 + episode / 200),
        loss_value=1.0 / (episode + 1),
        learning_rate=0.001,
        epsilon=max(0.05, 1.0 - episode / 50),
        model_generation=3,
        algorithm="DQN",
        training_time_elapsed=episode * 12.0,
        action_probabilities={"move_left": 0.25, "move_right": 0.35, "shoot": 0.4},
        state_values=0.82,
        selected_action="shoot",
    )


async def basic_session() -> None:
    """Create a session, let somebody in, say goodbye."""
    print("\n1. a basic session")
    async with SpectatorManager(game_server_url="http://localhost:4000") as manager:
        session = await manager.create_spectator_session(
            training_session_id="dqn_generation_3",
            spectator_mode=SpectatorMode.LIVE_TRAINING,
            max_spectators=10,
            session_duration_hours=2,
        )
        until = session.expires_at.strftime("%H:%M")
        print(f"   watch at {session.join_url} (code {session.room_code}) until {until} UTC")
        ada = await manager.join_spectator_session(session.session_id, "Ada")
        info = await manager.get_session_info(session.session_id)
        print(
            f"   Ada is {ada['status']}; {info['current_spectators']} of {info['max_spectators']} seats taken"
        )
        await manager.leave_spectator_session(session.session_id, ada)


async def password_protected_session() -> None:
    """Create a session with a password that is made for it."""
    print("\n2. a session with a password")
    async with SpectatorManager() as manager:
        session = await manager.create_spectator_session("ppo_generation_5", password_protected=True)
        print(f"   code {session.room_code}, password {session.room_password}")
        try:
            await manager.join_spectator_session(session.session_id, "Eve", password="guessed")
        except Refused as refused:
            print(f"   Eve guessed: {refused.message}")
        joined = await manager.join_spectator_session(session.session_id, "Ada", session.room_password)
        print(f"   Ada knew it: {joined['status']}")


async def access_control() -> None:
    """Create a room that exists for some users only."""
    print("\n3. rooms and who may come into them")
    async with SpectatorRoomManager() as manager:
        control = RoomAccessControl(AccessLevel.PRIVATE, allowed_users={"ada", "grace"}, max_spectators=3)
        room = await manager.create_spectator_room("research", creator_id="lead", access_control=control)
        joined = await manager.join_room_request(room.room_code, user_id="ada", user_name="Ada")
        print(f"   Ada is on the list: {joined['status']}")
        try:
            await manager.join_room_request(room.room_code, user_id="eve", user_name="Eve")
        except Refused as refused:
            print(f"   for Eve it does not exist: {refused.message}")
        for owned in await manager.list_user_rooms("ada"):
            print(f"   Ada may watch {owned['training_session_id']} as {owned['user_role']}")


async def metrics_overlay() -> None:
    """Show figures and decisions, and hear of each update."""
    print("\n4. figures and decisions of a training")
    async with SpectatorManager() as manager:
        session = await manager.create_spectator_session("overlay_demo")
        print(f"   watch at {session.join_url}")

        async def milestone(metrics: MetricsData) -> None:
            if metrics.episode is not None and metrics.episode % 25 == 0:
                print(f"   episode {metrics.episode}: reward {metrics.current_reward:.1f}")

        manager.register_metrics_callback(session.session_id, milestone)
        for episode in range(1, 101):
            await manager.update_training_metrics(session.session_id, metrics_of(episode))
            await asyncio.sleep(0.02)
        await session.overlay.send_bot_decision_data(
            action_probabilities={"move_left": 0.1, "move_right": 0.2, "shoot": 0.7},
            state_values=0.9,
            q_values=[0.2, 0.4, 1.3],
            selected_action="shoot",
        )
        print(f"   {len(session.overlay.get_metrics_history())} records, the last of them still at hand")


async def room_management() -> None:
    """Let people in who ask, turn others away, close the room."""
    print("\n5. managing rooms")
    async with SpectatorRoomManager() as manager:
        control = RoomAccessControl(AccessLevel.PUBLIC, require_approval=True, max_spectators=5)
        room = await manager.create_spectator_room("approval_demo", creator_id="lead", access_control=control)
        for user in ("ada", "eve"):
            asked = await manager.join_room_request(room.room_code, user_id=user, user_name=user.title())
            print(f"   {user.title()} asks: {asked['status']}")
        for waiting in await manager.get_pending_approvals(room.room_code):
            answer = await manager.approve_join_request(
                room.room_code, waiting["user_id"], approver_id="lead", approved=waiting["user_id"] == "ada"
            )
            print(f"   {waiting['user_name']} is {answer['status']}")
        try:
            await manager.close_room(room.room_code, closer_id="ada")
        except Refused as refused:
            print(f"   Ada cannot close it: {refused.code}")
        await manager.close_room(room.room_code, closer_id="lead")
        print("   the room is closed")


async def main() -> None:
    """Run the five parts."""
    for part in (basic_session, password_protected_session, access_control, metrics_overlay, room_management):
        await part()


if __name__ == "__main__":
    asyncio.run(main())
