// Streams at a fixed rate over HTTP/1.1, and when each of their chunks came.
//
// One thread, one epoll. Streams begin when they are due, whatever the others take: each on a
// connection that is free, or on a new one. Prints a line `f MICROSECONDS` a stream, from when it
// was due to its first chunk, and a line `g MICROSECONDS` for each gap between two later chunks;
// the gap after the first is left out, which upstream.c makes for as long as its phase wants.
//
//   streams PORT STREAMS-A-SECOND STREAMS PATH-OF-REQUEST
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { connections_max = 4096, request_bytes_max = 64 * 1024, events_max = 256 };

struct stream {
    int socket, chunks, is_answered;
    int64_t due, last;
    char end[8];
    char previous;
    struct stream *next_free;
};

static struct stream *free_streams;
static char request[request_bytes_max];
static size_t request_length;
static int poller, opened, running, port;
// Lines wait here, so that writing them takes no time from what is measured.
static FILE *lines;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static struct stream *open_connection(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct stream *stream = calloc(1, sizeof *stream);
    int on = 1;
    if (stream == NULL || ++opened > connections_max) fail("too many streams at once");
    stream->socket = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(stream->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(stream->socket, (struct sockaddr *)&address, sizeof address) < 0) fail("connect");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = stream};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, stream->socket, &event) < 0) fail("epoll_ctl");
    return stream;
}

static void begin(int64_t due) {
    struct stream *stream = free_streams;
    if (stream != NULL) {
        free_streams = stream->next_free;
    } else {
        stream = open_connection();
    }
    stream->chunks = stream->is_answered = 0;
    stream->previous = 0;
    stream->due = due;
    memset(stream->end, 0, sizeof stream->end);
    if (send(stream->socket, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length) {
        fail("send");
    }
    running++;
}

static void chunk_came(struct stream *stream, int64_t time) {
    stream->chunks++;
    if (stream->chunks == 1) fprintf(lines, "f %lld\n", (long long)(time - stream->due) / 1000);
    if (stream->chunks > 2) fprintf(lines, "g %lld\n", (long long)(time - stream->last) / 1000);
    stream->last = time;
}

static void receive(struct stream *stream) {
    char bytes[16 * 1024];
    ssize_t count = recv(stream->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    int64_t time = now();
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("a connection ended");
    if (!stream->is_answered && strncmp(bytes, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "not answered: %.*s\n", (int)count, bytes);
        exit(1);
    }
    stream->is_answered = 1;
    for (ssize_t index = 0; index < count; index++) {
        // An event ends with an empty line, and chunks' own lines end otherwise.
        if (bytes[index] == '\n' && stream->previous == '\n') chunk_came(stream, time);
        stream->previous = bytes[index];
        memmove(stream->end, stream->end + 1, 4);
        stream->end[4] = bytes[index];
    }
    if (memcmp(stream->end, "0\r\n\r\n", 5) == 0) {
        stream->next_free = free_streams;
        free_streams = stream;
        running--;
    }
}

static void read_request(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) fail(path);
    request_length = fread(request, 1, sizeof request, file);
    fclose(file);
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: streams PORT STREAMS-A-SECOND STREAMS PATH-OF-REQUEST\n");
        return 2;
    }
    port = atoi(arguments[1]);
    int64_t pause = (int64_t)(1e9 / atof(arguments[2]));
    int left = atoi(arguments[3]);
    char *text;
    size_t length;
    read_request(arguments[4]);
    lines = open_memstream(&text, &length);

    poller = epoll_create1(0);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    int64_t due = now() + pause;
    struct itimerspec interval = {{pause / 1000000000, pause % 1000000000},
                                  {pause / 1000000000, pause % 1000000000}};
    timerfd_settime(timer, 0, &interval, NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event) < 0) fail("epoll_ctl");
    while (left > 0 || running > 0) {
        struct epoll_event events[events_max];
        int ready = epoll_wait(poller, events, events_max, -1);
        for (int index = 0; index < ready; index++) {
            if (events[index].data.ptr != NULL) {
                receive(events[index].data.ptr);
                continue;
            }
            uint64_t ticks;
            if (read(timer, &ticks, sizeof ticks) != sizeof ticks) continue;
            for (; ticks > 0 && left > 0; ticks--, left--, due += pause) begin(due);
        }
    }
    fclose(lines);
    fwrite(text, 1, length, stdout);
    return 0;
}
