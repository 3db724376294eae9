/* What the machine allows: a WebSocket server that does nothing but send, in C.
 *
 * limit 0    one send() for each event and viewer
 * limit 33   events within 33 ms of the last write leave together, in one send() for each viewer
 *
 * Like every peer: prints {"port": .., "source": ..}; events come as lines over one connection to `source`,
 * everyone who upgrades at `port` gets each line as a text message; it ends when its stdin does. What a socket
 * does not take is kept for its viewer and sent when it can be. Compiled at run time by tests/bench/native.py. */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 1 << 16, READY = 1024, REQUEST = 4096, LINES = 1 << 20 };

typedef struct {
    uint8_t *bytes;
    size_t size, room;
} Buffer;

typedef struct {
    int fd, place; /* place in `viewers`; -1 until the upgrade is answered */
    Buffer rest;   /* the request while it comes in, then what could not be sent */
} Viewer;

static int epoll_fd, source_fd = -1;
static Viewer *by_fd[FILES], *viewers[FILES];
static int viewer_count;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void add(Buffer *buffer, const void *bytes, size_t size) {
    if (buffer->size + size > buffer->room) {
        buffer->room = 2 * (buffer->size + size);
        buffer->bytes = realloc(buffer->bytes, buffer->room);
        if (!buffer->bytes)
            die("realloc");
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
}

static void drop(Buffer *buffer, size_t size) {
    buffer->size -= size;
    memmove(buffer->bytes, buffer->bytes + size, buffer->size);
}

static void watch(int operation, int fd, uint32_t what) {
    struct epoll_event event = {.events = what, .data.fd = fd};
    if (epoll_ctl(epoll_fd, operation, fd, &event))
        die("epoll_ctl");
}

/* ---------------------------------------------------------------- the handshake (RFC 6455, 4.2.2) */

static uint32_t turned(uint32_t word, int by) { return word << by | word >> (32 - by); }

/* SHA-1 (RFC 3174) of at most 119 bytes, which the key and its suffix (60) are. */
static void sha1(const char *text, uint8_t digest[20]) {
    uint32_t state[5] = {0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0}, word[80];
    uint8_t padded[128] = {0};
    size_t size = strlen(text), blocks = size < 56 ? 1 : 2;
    memcpy(padded, text, size);
    padded[size] = 0x80;
    padded[64 * blocks - 2] = (uint8_t)(size * 8 >> 8);
    padded[64 * blocks - 1] = (uint8_t)(size * 8);
    for (size_t block = 0; block < blocks; block++) {
        const uint8_t *at = padded + 64 * block;
        for (int i = 0; i < 16; i++, at += 4)
            word[i] = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
        for (int i = 16; i < 80; i++)
            word[i] = turned(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^ word[i - 16], 1);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        for (int i = 0; i < 80; i++) {
            uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5A827999
                         : i < 40 ? (b ^ c ^ d) + 0x6ED9EBA1
                         : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDC
                                  : (b ^ c ^ d) + 0xCA62C1D6;
            uint32_t next = turned(a, 5) + f + e + word[i];
            e = d, d = c, c = turned(b, 30), b = a, a = next;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
    }
    for (int i = 0; i < 20; i++)
        digest[i] = (uint8_t)(state[i / 4] >> (24 - i % 4 * 8));
}

static void base64(const uint8_t *bytes, int size, char *text) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int at = 0; at < size; at += 3) {
        uint32_t three = (uint32_t)bytes[at] << 16 | (at + 1 < size ? bytes[at + 1] << 8 : 0) |
                         (at + 2 < size ? bytes[at + 2] : 0);
        for (int letter = 0; letter < 4; letter++)
            *text++ = letter <= size - at ? letters[three >> (18 - 6 * letter) & 63] : '=';
    }
    *text = 0;
}

static void leave(Viewer *viewer) {
    if (viewer->place >= 0) {
        viewers[viewer->place] = viewers[--viewer_count];
        viewers[viewer->place]->place = viewer->place;
    }
    by_fd[viewer->fd] = NULL;
    close(viewer->fd); /* which also takes it out of the epoll */
    free(viewer->rest.bytes);
    free(viewer);
}

static void answer(Viewer *viewer) {
    char accept[32], reply[256], keyed[128];
    uint8_t digest[20];
    add(&viewer->rest, "", 1);
    char *request = (char *)viewer->rest.bytes, *key = strcasestr(request, "\r\nsec-websocket-key:");
    if (!key || sscanf(key + 20, " %40[A-Za-z0-9+/=]", keyed) != 1) {
        leave(viewer);
        return;
    }
    strcat(keyed, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    sha1(keyed, digest);
    base64(digest, sizeof digest, accept);
    int size = snprintf(reply, sizeof reply,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n",
                        accept);
    viewer->rest.size = 0;
    if (send(viewer->fd, reply, (size_t)size, MSG_NOSIGNAL) != size) {
        leave(viewer);
        return;
    }
    viewer->place = viewer_count;
    viewers[viewer_count++] = viewer;
}

/* ---------------------------------------------------------------- out */

/* Send to one viewer; return how much of it its socket took. */
static size_t taken(Viewer *viewer, const uint8_t *bytes, size_t size) {
    ssize_t sent = send(viewer->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? 0 : (size_t)sent; /* a broken socket shows as readable */
}

static void send_all(Buffer *frames) {
    for (int at = 0; at < viewer_count; at++) {
        Viewer *viewer = viewers[at];
        size_t sent = viewer->rest.size ? 0 : taken(viewer, frames->bytes, frames->size);
        if (sent == frames->size)
            continue;
        if (!viewer->rest.size)
            watch(EPOLL_CTL_MOD, viewer->fd, EPOLLIN | EPOLLOUT);
        add(&viewer->rest, frames->bytes + sent, frames->size - sent);
    }
    frames->size = 0;
}

static void send_rest(Viewer *viewer) {
    drop(&viewer->rest, taken(viewer, viewer->rest.bytes, viewer->rest.size));
    if (!viewer->rest.size)
        watch(EPOLL_CTL_MOD, viewer->fd, EPOLLIN);
}

/* ---------------------------------------------------------------- in */

static int listening(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0 || bind(fd, (struct sockaddr *)&where, sizeof where) || listen(fd, 4096))
        die("listen");
    watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    return fd;
}

static int port_of(int fd) {
    struct sockaddr_in where;
    socklen_t size = sizeof where;
    if (getsockname(fd, (struct sockaddr *)&where, &size))
        die("getsockname");
    return ntohs(where.sin_port);
}

static int accepted(int listener) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), on = 1;
    if (fd < 0)
        return -1;
    if (fd >= FILES)
        die("too many files");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(EPOLL_CTL_ADD, fd, EPOLLIN);
    return fd;
}

static void read_viewer(Viewer *viewer) {
    uint8_t bytes[REQUEST];
    ssize_t got = recv(viewer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        leave(viewer);
    } else if (got > 0 && viewer->place < 0) { /* what a viewer says later is of no interest */
        add(&viewer->rest, bytes, (size_t)got);
        if (memmem(viewer->rest.bytes, viewer->rest.size, "\r\n\r\n", 4))
            answer(viewer);
    }
}

/* Take the lines that have come from the source; each becomes a frame behind those that wait. */
static int read_source(Buffer *lines, Buffer *frames, int beat) {
    static uint8_t bytes[LINES];
    ssize_t got = recv(source_fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    add(lines, bytes, (size_t)got);
    uint8_t *line = lines->bytes, *end;
    while ((end = memchr(line, '\n', lines->size - (size_t)(line - lines->bytes)))) {
        size_t size = (size_t)(end - line);
        uint8_t head[4] = {0x81, (uint8_t)size};
        if (size > 125)
            head[1] = 126, head[2] = (uint8_t)(size >> 8), head[3] = (uint8_t)size;
        add(frames, head, size > 125 ? 4 : 2);
        add(frames, line, size);
        if (!beat)
            send_all(frames);
        line = end + 1;
    }
    drop(lines, (size_t)(line - lines->bytes));
    return 1;
}

static int64_t now_ms(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

int main(int count, char **arguments) {
    int beat = count > 1 ? atoi(arguments[1]) : 0;
    Buffer lines = {0}, frames = {0};
    int64_t last = 0;
    epoll_fd = epoll_create1(0);
    int door = listening(), source_door = listening();
    watch(EPOLL_CTL_ADD, 0, EPOLLIN);
    printf("{\"port\": %d, \"source\": %d}\n", port_of(door), port_of(source_door));
    fflush(stdout);
    for (;;) {
        struct epoll_event ready[READY];
        int64_t wait = frames.size ? last + beat - now_ms() : -1;
        int found = epoll_wait(epoll_fd, ready, READY, frames.size && wait < 0 ? 0 : (int)wait);
        for (int at = 0; at < found; at++) {
            int fd = ready[at].data.fd;
            if (fd == 0) {
                return 0;
            } else if (fd == door) {
                for (int new; (new = accepted(door)) >= 0;) {
                    by_fd[new] = calloc(1, sizeof(Viewer));
                    *by_fd[new] = (Viewer){.fd = new, .place = -1};
                }
            } else if (fd == source_door) {
                source_fd = accepted(source_door);
            } else if (fd == source_fd) {
                if (!read_source(&lines, &frames, beat))
                    close(source_fd), source_fd = -1;
            } else if (by_fd[fd]) {
                if (ready[at].events & EPOLLOUT)
                    send_rest(by_fd[fd]);
                if (ready[at].events & ~(uint32_t)EPOLLOUT)
                    read_viewer(by_fd[fd]);
            }
        }
        if (frames.size && now_ms() >= last + beat) {
            send_all(&frames);
            last = now_ms();
        }
    }
}
