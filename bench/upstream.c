// The upstream of the benchmarks: an OpenAI server over HTTP/1.1 that costs as little as it can.
//
// One thread, one epoll. It answers every request whose body asks for a stream with 100 chunks of
// 120 bytes, the first at once and then one every 10 ms, or all at once where the body says
// `"user":"burst"`, and every other request with 300 bytes of JSON, or as many as it is told to.
// A stream that is asked for at Anthropic's path comes all at once, in as many of its events, each with
// as much text.
//
//   upstream PORT [ANSWER-BYTES]
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
#include <unistd.h>

enum {
    chunks_per_stream = 100,
    chunk_bytes = 120,
    answer_bytes_default = 300,
    answer_bytes_max = 64 * 1024 * 1024,
    request_bytes_max = 64 * 1024,
    events_max = 512,
    // Streams are spread over phases, so that not all of them are due at the same moment.
    phases = 10,
    tick_nanoseconds = 1000 * 1000,
};

struct connection {
    int socket;
    int chunks_left;
    struct connection *next, *previous;
    size_t received;
    char request[request_bytes_max + 1];
};

static char *answer, chunk[256], whole_end[] = "0\r\n\r\n";
static size_t answer_length, chunk_length;
static const char stream_head[] = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
                                  "transfer-encoding: chunked\r\n\r\n";
static struct connection due[phases];
static int next_phase;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void send_all(int socket, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(socket, bytes, count, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes += sent;
            count -= (size_t)sent;
        } else if (errno == EAGAIN) {
            usleep(50);
        } else if (errno != EINTR) {
            return;
        }
    }
}

// Fills with `filler` between two ends, up to a length in all.
static size_t fill(char *out, const char *begin, const char *end, char filler, size_t length) {
    size_t padding = length - strlen(begin) - strlen(end);
    strcpy(out, begin);
    memset(out + strlen(begin), filler, padding);
    strcpy(out + strlen(begin) + padding, end);
    return length;
}

static void prepare_answers(int answer_bytes) {
    char data[chunk_bytes + 1], *body = malloc((size_t)answer_bytes + 1);
    answer = malloc((size_t)answer_bytes + 256);
    if (body == NULL || answer == NULL) fail("malloc");
    fill(body,
         "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1700000000,"
         "\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
         "\"content\":\"",
         "\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":10,"
         "\"completion_tokens\":20,\"total_tokens\":30}}",
         'x', answer_bytes);
    answer_length = (size_t)sprintf(
        answer, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
        answer_bytes, body);
    free(body);
    fill(data,
         "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
         "\"delta\":{\"content\":\"",
         "\"}}]}\n\n", 't', chunk_bytes);
    chunk_length = (size_t)sprintf(chunk, "%x\r\n%s\r\n", chunk_bytes, data);
}

static void stop_stream(struct connection *connection) {
    if (connection->chunks_left == 0) return;
    connection->previous->next = connection->next;
    connection->next->previous = connection->previous;
    connection->chunks_left = 0;
}

static void start_stream(struct connection *connection) {
    struct connection *list = &due[next_phase++ % phases];
    send_all(connection->socket, stream_head, sizeof stream_head - 1);
    send_all(connection->socket, chunk, chunk_length);
    connection->chunks_left = chunks_per_stream - 1;
    connection->next = list->next;
    connection->previous = list;
    list->next->previous = connection;
    list->next = connection;
}

static void end_of_stream(int socket) {
    static const char last[] =
        "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
        "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    char framed[512];
    int length = sprintf(framed, "%zx\r\n%s\r\n%s", sizeof last - 1, last, whole_end);
    send_all(socket, framed, (size_t)length);
}

// All chunks of a stream, each as it would be sent by itself.
static void burst(int socket) {
    send_all(socket, stream_head, sizeof stream_head - 1);
    for (int sent = 0; sent < chunks_per_stream; sent++) send_all(socket, chunk, chunk_length);
    end_of_stream(socket);
}

// The same by Anthropic's Messages API.
static void burst_of_messages(int socket) {
    static const char begin[] =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":"
        "\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\"m\",\"stop_reason\":null,"
        "\"stop_sequence\":null,\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\n"
        "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
        "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
    static const char delta[] =
        "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{"
        "\"type\":\"text_delta\",\"text\":\"ttttttttttttttttttttttttt\"}}\n\n";
    static const char end[] =
        "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n"
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":"
        "\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":20}}\n\n"
        "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    char framed[1024];
    send_all(socket, stream_head, sizeof stream_head - 1);
    send_all(socket, framed, (size_t)sprintf(framed, "%zx\r\n%s\r\n", sizeof begin - 1, begin));
    int length = sprintf(framed, "%zx\r\n%s\r\n", sizeof delta - 1, delta);
    for (int sent = 0; sent < chunks_per_stream; sent++) send_all(socket, framed, (size_t)length);
    length = sprintf(framed, "%zx\r\n%s\r\n%s", sizeof end - 1, end, whole_end);
    send_all(socket, framed, (size_t)length);
}

// Whether a request is complete, and how long it is; chunked bodies end with an empty chunk.
static size_t request_length(const struct connection *connection, const char **body) {
    const char *end = memmem(connection->request, connection->received, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    *body = end + 4;
    size_t head = (size_t)(*body - connection->request);
    const char *length = strcasestr(connection->request, "\r\ncontent-length:");
    size_t total = head;
    if (length != NULL && length < end) {
        total += strtoul(length + strlen("\r\ncontent-length:"), NULL, 10);
    } else {
        const char *coding = strcasestr(connection->request, "\r\ntransfer-encoding: chunked");
        if (coding != NULL && coding < end) {
            const char *last = memmem(*body, connection->received - head, whole_end, 5);
            if (last == NULL) return 0;
            total = (size_t)(last - connection->request) + 5;
        }
    }
    return total <= connection->received ? total : 0;
}

static void answer_requests(struct connection *connection) {
    const char *body;
    size_t length;
    connection->request[connection->received] = 0;
    while ((length = request_length(connection, &body)) > 0) {
        size_t body_length = length - (size_t)(body - connection->request);
        if (memmem(body, body_length, "\"stream\":true", 13) != NULL) {
            if (strncmp(connection->request, "POST /v1/messages ", 18) == 0) {
                burst_of_messages(connection->socket);
            } else if (memmem(body, body_length, "\"user\":\"burst\"", 14) != NULL) {
                burst(connection->socket);
            } else {
                start_stream(connection);
            }
        } else {
            send_all(connection->socket, answer, answer_length);
        }
        memmove(connection->request, connection->request + length, connection->received - length);
        connection->received -= length;
        connection->request[connection->received] = 0;
    }
}

static void send_due_chunks(uint64_t ticks) {
    static int phase;
    // After a pause of the whole machine there is no use in catching up with all of it.
    for (ticks = ticks > 3 ? 3 : ticks; ticks > 0; ticks--) {
        struct connection *list = &due[phase++ % phases], *next;
        for (struct connection *each = list->next; each != list; each = next) {
            next = each->next;
            send_all(each->socket, chunk, chunk_length);
            if (each->chunks_left == 1) {
                stop_stream(each);
                end_of_stream(each->socket);
            } else {
                each->chunks_left--;
            }
        }
    }
}

static void watch(int poller, int descriptor, void *what) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) < 0) fail("epoll_ctl");
}

static void accept_all(int poller, int listener) {
    int socket, on = 1;
    while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct connection *connection = calloc(1, sizeof *connection);
        if (connection == NULL) fail("calloc");
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection->socket = socket;
        watch(poller, socket, connection);
    }
}

static void receive(struct connection *connection) {
    ssize_t count = recv(connection->socket, connection->request + connection->received,
                         request_bytes_max - connection->received, 0);
    if (count > 0) {
        connection->received += (size_t)count;
        answer_requests(connection);
    } else if (count == 0 || errno != EAGAIN) {
        stop_stream(connection);
        close(connection->socket);
        free(connection);
    }
}

int main(int count, char **arguments) {
    int answer_bytes = count > 2 ? atoi(arguments[2]) : answer_bytes_default;
    if (count < 2 || count > 3 || answer_bytes < answer_bytes_default ||
        answer_bytes > answer_bytes_max) {
        fprintf(stderr, "usage: upstream PORT [ANSWER-BYTES]\n");
        return 2;
    }
    prepare_answers(answer_bytes);
    for (int phase = 0; phase < phases; phase++) due[phase].next = due[phase].previous = &due[phase];

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(arguments[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
    if (listen(listener, 4096) < 0) fail("listen");

    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct itimerspec interval = {{0, tick_nanoseconds}, {0, tick_nanoseconds}};
    timerfd_settime(timer, 0, &interval, NULL);

    int poller = epoll_create1(0);
    watch(poller, listener, &listener);
    watch(poller, timer, &timer);
    for (;;) {
        struct epoll_event events[events_max];
        int ready = epoll_wait(poller, events, events_max, -1);
        for (int index = 0; index < ready; index++) {
            void *what = events[index].data.ptr;
            uint64_t ticks;
            if (what == &listener) {
                accept_all(poller, listener);
            } else if (what == &timer) {
                if (read(timer, &ticks, sizeof ticks) == sizeof ticks) send_due_chunks(ticks);
            } else {
                receive(what);
            }
        }
    }
}
