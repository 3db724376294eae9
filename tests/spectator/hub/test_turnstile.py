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
