from spectator.hub import frames
from spectator.hub.policy import Policy


def test_the_numbers_of_the_published_protocol():
    policy = Policy()
    assert (policy.ping_s, policy.pong_s, policy.dead_s, policy.hello_s) == (25, 5, 10, 5)
    assert policy.message_bytes == 4096


def test_the_numbers_fit_together():
    policy = Policy()
    assert policy.packet_bytes <= frames.SLICE
    assert policy.exact_bytes < policy.ring_bytes
    assert policy.resume_bytes < policy.conflate_bytes < policy.ring_bytes
    assert policy.renew_s < 15, "two renewals within a lease of 30 seconds"
    assert policy.return_s < 30
    assert policy.look_s <= 1
    assert policy.poll_s <= 5
