/* The hot path of the load generator: one epoll, many viewers; frames are counted, not parsed.
 *
 * A server sends the same bytes to everybody, so a frame is parsed once, by Python (`learn`), and known by its
 * hash from then on: how many events it holds, their numbers, and when each was made. For every viewer and
 * frame that is left: one lookup, the order of the numbers, and the latency of each event into a histogram.
 * Control frames and frames that ask for an answer go to Python (`special`), and so do sockets that are not
 * (any more) read here. Compiled at run time by tests/bench/native.py, called by tests/bench/load/hot.py. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 1 << 16, READY = 4096, BUFFER = 1 << 20, BUCKETS = 8192, FEW = 50, NAP_NS = 1000000 };
enum { SPECIAL = 1, CONFLATED = 2 };

typedef struct {
    uint64_t hash;
    uint32_t length, count, flags;
    int64_t first, last, seq; /* numbers of the first and last event; what a viewer acknowledges */
    double *made;             /* CLOCK_MONOTONIC, seconds */
} Frame;

typedef struct {
    int fd; /* -1: not read here */
    int32_t index;
    int64_t last, seq, acked;
    uint64_t events;
    uint32_t rest_size, parts_size;
    uint8_t *rest;  /* of a frame that is not whole */
    uint8_t *parts; /* frames of a message that is not whole */
} Viewer;

typedef void (*Learn)(const uint8_t *frame, uint64_t size);
typedef void (*Special)(int32_t viewer, const uint8_t *frame, uint64_t size);

/* What Python reads while a window is open; the order of the fields is that of tests/bench/load/hot.py. */
typedef struct {
    uint64_t messages, bytes, events, conflated, misordered;
    uint64_t histogram[BUCKETS];
} Window;

typedef struct {
    Window window;
    int epoll, naps;
    Learn learn;
    Special special;
    Viewer *viewers;
    int32_t viewer_count;
    Viewer *by_fd[FILES];
    Frame *frames; /* open addressing; a power of two, at most half full */
    uint64_t frame_room, frame_count;
    Frame learnt;
    uint8_t *buffer;
} Crowd;

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static uint64_t mixed(uint64_t a, uint64_t b) {
    __uint128_t product = (__uint128_t)(a ^ 0x9E3779B97F4A7C15ULL) * (b ^ 0xE7037ED1A0B428DBULL);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(const uint8_t *data, uint64_t size) {
    uint64_t hash = size, word;
    for (; size >= 8; data += 8, size -= 8) {
        memcpy(&word, data, 8);
        hash = mixed(hash, word);
    }
    word = 0;
    memcpy(&word, data, size);
    hash = mixed(hash, word);
    return hash ? hash : 1; /* 0 marks a free place */
}

static Frame *place_of(Crowd *crowd, uint64_t hash, uint64_t length) {
    uint64_t at = hash & (crowd->frame_room - 1);
    while (crowd->frames[at].hash && (crowd->frames[at].hash != hash || crowd->frames[at].length != length))
        at = (at + 1) & (crowd->frame_room - 1);
    return &crowd->frames[at];
}

static void grow(Crowd *crowd) {
    Frame *old = crowd->frames;
    uint64_t room = crowd->frame_room;
    crowd->frame_room = room ? room * 2 : 1024;
    crowd->frames = calloc(crowd->frame_room, sizeof(Frame));
    for (uint64_t at = 0; at < room; at++)
        if (old[at].hash)
            *place_of(crowd, old[at].hash, old[at].length) = old[at];
    free(old);
}

/* Microseconds into buckets of at most 1/128 of their value: Python turns a bucket back (Hot.percentiles). */
static uint32_t bucket_of(double seconds) {
    uint64_t us = seconds > 0 ? (uint64_t)(seconds * 1e6) : 0;
    if (us < 256)
        return (uint32_t)us;
    uint32_t shift = 63 - (uint32_t)__builtin_clzll(us) - 7;
    uint32_t bucket = shift * 128 + (uint32_t)(us >> shift);
    return bucket < BUCKETS ? bucket : BUCKETS - 1;
}

static void take(Crowd *crowd, Viewer *viewer, const Frame *frame, double at) {
    Window *window = &crowd->window;
    if (frame->count) {
        viewer->events += frame->count;
        window->events += frame->count;
        if (frame->flags & CONFLATED)
            window->conflated++;
        else if (viewer->last >= 0 && frame->first != viewer->last + 1)
            window->misordered++;
        viewer->last = frame->last ? frame->last : -1; /* what is conflated may hold no number */
        for (uint32_t number = 0; number < frame->count; number++)
            window->histogram[bucket_of(at - frame->made[number])]++;
    }
    if (frame->seq)
        viewer->seq = frame->seq;
}

static void whole_message(Crowd *crowd, Viewer *viewer, const uint8_t *data, uint64_t size, double at) {
    crowd->window.messages++;
    uint64_t hash = hash_of(data, size);
    Frame *frame = place_of(crowd, hash, size);
    if (!frame->hash) {
        memset(&crowd->learnt, 0, sizeof crowd->learnt);
        crowd->learn(data, size); /* which calls crowd_define */
        crowd->learnt.hash = hash;
        crowd->learnt.length = (uint32_t)size;
        if (2 * ++crowd->frame_count > crowd->frame_room) {
            grow(crowd);
            frame = place_of(crowd, hash, size);
        }
        *frame = crowd->learnt;
    }
    take(crowd, viewer, frame, at);
    if (frame->flags & SPECIAL)
        crowd->special(viewer->index, data, size);
}

static void whole_frame(Crowd *crowd, Viewer *viewer, const uint8_t *data, uint64_t size, double at) {
    int final = data[0] & 0x80, opcode = data[0] & 0x0F;
    crowd->window.bytes += size;
    if (opcode & 0x08) { /* a control frame, which may stand between the parts of a message */
        crowd->special(viewer->index, data, size);
    } else if (final && opcode) {
        whole_message(crowd, viewer, data, size, at);
    } else {
        viewer->parts = realloc(viewer->parts, viewer->parts_size + size);
        memcpy(viewer->parts + viewer->parts_size, data, size);
        viewer->parts_size += (uint32_t)size;
        if (final) {
            whole_message(crowd, viewer, viewer->parts, viewer->parts_size, at);
            viewer->parts_size = 0;
        }
    }
}

/* Return the size of the frame that begins here, 0 while a part of it is missing. */
static uint64_t frame_size(const uint8_t *data, uint64_t have) {
    if (have < 2)
        return 0;
    uint64_t size = data[1] & 0x7F, head = size == 126 ? 4 : size == 127 ? 10 : 2;
    if (have < head)
        return 0;
    if (head > 2)
        for (uint64_t at = 2, whole = size = 0; at < head; at++)
            size = whole = whole << 8 | data[at];
    return have < head + size ? 0 : head + size;
}

static void frames(Crowd *crowd, Viewer *viewer, const uint8_t *data, uint64_t have) {
    double at = now();
    uint64_t size;
    for (; (size = frame_size(data, have)) && viewer->fd >= 0; data += size, have -= size)
        whole_frame(crowd, viewer, data, size, at);
    if (have || viewer->rest_size) {
        viewer->rest = realloc(viewer->rest, have ? have : 1);
        memcpy(viewer->rest, data, have);
        viewer->rest_size = (uint32_t)have;
    }
}

/* Return 0 if the socket has ended, or its frame is longer than any we expect. */
static int receive(Crowd *crowd, Viewer *viewer) {
    uint64_t kept = viewer->rest_size;
    if (kept >= BUFFER)
        return 0;
    memcpy(crowd->buffer, viewer->rest, kept);
    ssize_t got = recv(viewer->fd, crowd->buffer + kept, BUFFER - kept, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    frames(crowd, viewer, crowd->buffer, kept + (uint64_t)got);
    return 1;
}

/* ---------------------------------------------------------------- what Python calls */

Crowd *crowd_new(int epoll, int32_t viewers, Learn learn, Special special) {
    Crowd *crowd = calloc(1, sizeof *crowd);
    crowd->epoll = epoll;
    crowd->naps = viewers >= FEW;
    crowd->learn = learn;
    crowd->special = special;
    crowd->viewer_count = viewers;
    crowd->viewers = calloc((size_t)viewers + 1, sizeof(Viewer));
    for (int32_t index = 0; index < viewers; index++)
        crowd->viewers[index].fd = -1;
    crowd->buffer = malloc(BUFFER);
    grow(crowd);
    return crowd;
}

/* What the frame that is being learnt holds: `count` events numbered first..last. */
void crowd_define(Crowd *crowd, uint32_t flags, int64_t seq, uint32_t count, int64_t first, int64_t last,
                  const double *made) {
    crowd->learnt = (Frame){.count = count, .flags = flags, .first = first, .last = last, .seq = seq};
    if (count) {
        crowd->learnt.made = malloc(count * sizeof(double));
        memcpy(crowd->learnt.made, made, count * sizeof(double));
    }
}

/* Read this viewer's socket from now on; `data` arrived behind what Python has read. */
void crowd_adopt(Crowd *crowd, int32_t index, int fd, int64_t seq, const uint8_t *data, uint64_t size) {
    Viewer *viewer = &crowd->viewers[index];
    *viewer = (Viewer){.fd = fd, .index = index, .last = -1, .seq = seq};
    crowd->by_fd[fd] = viewer;
    frames(crowd, viewer, data, size);
}

void crowd_release(Crowd *crowd, int32_t index) {
    Viewer *viewer = &crowd->viewers[index];
    if (viewer->fd >= 0)
        crowd->by_fd[viewer->fd] = NULL;
    viewer->fd = -1;
}

/* Wait at most `ms`, read what is ready; write the files that Python has to look at, return how many.
 *
 * Woken for each single message the load would need more CPU than the server, and its waking would cost the
 * server too; so it waits a moment for more. That adds at most a millisecond to the latencies of all. */
int32_t crowd_turn(Crowd *crowd, int ms, int32_t *files, uint32_t *happened) {
    static struct epoll_event ready[READY];
    int count = epoll_wait(crowd->epoll, ready, READY, ms);
    if (crowd->naps && count > 0 && count < FEW) {
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
        count = epoll_wait(crowd->epoll, ready, READY, 0);
    }
    int32_t others = 0;
    for (int at = 0; at < count; at++) {
        int fd = ready[at].data.fd;
        Viewer *viewer = crowd->by_fd[fd];
        if (viewer && receive(crowd, viewer))
            continue;
        if (viewer)
            crowd_release(crowd, viewer->index);
        files[others] = fd;
        happened[others++] = ready[at].events;
    }
    return others;
}

/* Each viewer whose turn it is acknowledges what it has, as the page does each second. */
void crowd_acknowledge(Crowd *crowd, int32_t turn, int32_t turns) {
    for (int32_t index = turn; index < crowd->viewer_count; index += turns) {
        Viewer *viewer = &crowd->viewers[index];
        if (viewer->fd < 0 || viewer->seq == viewer->acked)
            continue;
        char text[70];
        int size = snprintf(text + 6, sizeof text - 6, "{\"type\":\"ack\",\"seq\":%lld}", (long long)viewer->seq);
        memcpy(text, "\x81\x80\0\0\0\0", 6); /* masked with zeros, which leaves it as it is */
        text[1] = (char)(0x80 | size);
        viewer->acked = viewer->seq;
        send(viewer->fd, text, (size_t)size + 6, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
}

/* Begin a new window: nothing counted, the order of what comes is still that of what came before. */
void crowd_begin(Crowd *crowd) {
    memset(&crowd->window, 0, sizeof crowd->window);
    for (int32_t index = 0; index < crowd->viewer_count; index++)
        crowd->viewers[index].events = 0;
}

/* Write how many events each viewer received in this window. */
void crowd_counts(Crowd *crowd, uint64_t *counts) {
    for (int32_t index = 0; index < crowd->viewer_count; index++)
        counts[index] = crowd->viewers[index].events;
}
