from spectator.hub.policy import Policy
from spectator.hub.turnstile import Turnstile

POLICY = Policy(node_viewers=10, client_viewers=5, client_strangers=2)


def test_strangers_of_one_address_are_few():
    turnstile = Turnstile(POLICY)
    assert turnstile.enter("a")
    assert turnstile.enter("a")
    assert not turnstile.enter("a")
    assert turnstile.enter("b")
    turnstile.known("a")
    assert turnstile.enter("a")


def test_connections_of_one_address_are_bounded():
    turnstile = Turnstile(POLICY)
    for _ in range(5):
        assert turnstile.enter("a")
        turnstile.known("a")
    assert not turnstile.enter("a")
    turnstile.leave("a", stranger=False)
    assert turnstile.enter("a")


def test_the_node_is_bounded_even_where_addresses_are_not():
    turnstile = Turnstile(POLICY)
    assert [turnstile.enter("a", limited=False) for _ in range(12)].count(True) == 10


def test_who_leaves_is_forgotten():
    turnstile = Turnstile(POLICY)
    for _ in range(1000):
        assert turnstile.enter("a")
        turnstile.leave("a", stranger=True)
        assert turnstile.enter("b")
        turnstile.known("b")
        turnstile.leave("b", stranger=False)
    assert not turnstile._all
    assert not turnstile._strangers


def test_visits_of_one_address_take_half_of_a_rooms_seats():
    turnstile = Turnstile(POLICY)
    assert [turnstile.visit("a", "r_1", 10) for _ in range(7)].count(True) == 5
    assert turnstile.visit("b", "r_1", 10), "another address"
    assert turnstile.visit("a", "r_2", 10), "another room"
    turnstile.end_visit("a", "r_1")
    assert [turnstile.visit("a", "r_1", 10) for _ in range(2)] == [True, False]
    assert turnstile.visit("a", "r_3", 1), "the only seat may be taken"


def test_visits_that_ended_are_forgotten():
    turnstile = Turnstile(POLICY)
    for _ in range(100):
        assert turnstile.visit("a", "r", 2)
        turnstile.end_visit("a", "r")
    assert not turnstile._visits
