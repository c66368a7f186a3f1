// A load client for fan-out: many WebSockets that listen, one that publishes, one thread, epoll.
//
//     fanout_load PORT CONNECTIONS WINDOW SECONDS SERVER_PID MODE
//
// MODE is `stock` (the payload is published as it is) or `topic` (it is the data of a `bench.publish` frame).
// WINDOW messages are in flight: the next is published when the oldest has reached everybody. Every payload carries
// its number and the moment it was sent between two `@`, so whoever receives it knows how long it took.
// Prints one line of JSON: deliveries, seconds, the server's CPU seconds, percentiles of the latency.

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

enum { PAYLOAD = 200, EVENTS = 512, READ = 1 << 18, LATENCIES = 4000000, HANDSHAKES_AT_ONCE = 64 };
enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

typedef struct {
    int fd;
    int open;         // the handshake is over
    uint8_t *rest;    // an unfinished frame
    size_t rest_size; // its bytes so far
    size_t rest_room;
} Connection;

static int port, connections, window, topic_mode;
static int poller, opened, lost;
static uint64_t published, delivered;
static int measuring;
static uint32_t *latencies;
static size_t latency_count;
static uint8_t buffer[READ];

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static uint64_t microseconds_now(void) { return (uint64_t)(seconds_now() * 1e6); }

static void fail(const char *what) {
    fprintf(stderr, "fanout_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

// user and system time of the server so far, in seconds
static double server_cpu(int pid) {
    char path[64], line[1024];
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *stat = fopen(path, "r");
    if (!stat || !fgets(line, sizeof line, stat)) fail("cannot read the server's CPU time");
    fclose(stat);
    char *after_name = strrchr(line, ')');
    sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
    return (double)(user + kernel) / sysconf(_SC_CLK_TCK);
}

static void send_all(int fd, const void *data, size_t size) {
    const char *at = data;
    while (size) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) continue;
        if (sent < 0) fail("send");
        at += sent;
        size -= (size_t)sent;
    }
}

// a client's frames are masked; with a mask of zeros the payload stays as it is
static void send_frame(int fd, int opcode, const char *payload, size_t size) {
    uint8_t frame[2048] = {(uint8_t)(0x80 | opcode)};
    size_t head = 2;
    if (size < 126) {
        frame[1] = (uint8_t)(0x80 | size);
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (uint8_t)(size >> 8);
        frame[3] = (uint8_t)size;
        head = 4;
    }
    memset(frame + head, 0, 4);
    memcpy(frame + head + 4, payload, size);
    send_all(fd, frame, head + 4 + size);
}

static void publish(int fd) {
    char payload[PAYLOAD + 1], frame[PAYLOAD + 100];
    int size = snprintf(payload, sizeof payload, "@%016llu@", (unsigned long long)microseconds_now());
    memset(payload + size, 'x', (size_t)(PAYLOAD - size));
    payload[PAYLOAD] = 0;
    const char *shape = topic_mode ? "{\"topic\":\"bench.publish\",\"data\":\"%s\"}" : "%s";
    size = snprintf(frame, sizeof frame, shape, payload);
    send_frame(fd, TEXT, frame, (size_t)size);
    published++;
}

static void received(Connection *connection, int opcode, const uint8_t *payload, size_t size) {
    if (opcode == PING) send_frame(connection->fd, PONG, (const char *)payload, size);
    if (opcode == CLOSE) lost++;
    if (opcode != TEXT) return;
    const uint8_t *mark = memchr(payload, '@', size < 64 ? size : 64);
    if (!mark) return; // a greeting
    delivered++;
    if (measuring && latency_count < LATENCIES)
        latencies[latency_count++] = (uint32_t)(microseconds_now() - strtoull((const char *)mark + 1, NULL, 10));
}

static void open_connection(Connection *connection) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int yes = 1;
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(connection->fd, (void *)&address, sizeof address) < 0) fail("connect");
    char request[512];
    int size = snprintf(request, sizeof request,
                        "GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://127.0.0.1:%d\r\n"
                        "Upgrade: websocket\r\nConnection: Upgrade\r\nAuthorization: Bearer bench\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        port, port);
    send_all(connection->fd, request, (size_t)size);
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &interest);
}

// reads what is there, hands out whole frames, keeps the rest
static void readable(Connection *connection) {
    size_t have = connection->rest_size, at = 0;
    if (have) memcpy(buffer, connection->rest, have);
    ssize_t got = recv(connection->fd, buffer + have, sizeof buffer - have - 1, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        epoll_ctl(poller, EPOLL_CTL_DEL, connection->fd, NULL);
        lost++;
        return;
    }
    have += (size_t)got;
    buffer[have] = 0;
    if (!connection->open) {
        uint8_t *end = memmem(buffer, have, "\r\n\r\n", 4);
        if (end && memcmp(buffer + 9, "101", 3)) {
            fprintf(stderr, "fanout_load: refused: %.100s\n", buffer);
            exit(1);
        }
        if (end) {
            at = (size_t)(end + 4 - buffer);
            connection->open = 1;
            opened++;
        }
    }
    while (connection->open && have - at >= 2) {
        size_t head = 2, size = buffer[at + 1] & 127;
        if (size == 126) {
            if (have - at < 4) break;
            size = (size_t)(buffer[at + 2] << 8 | buffer[at + 3]);
            head = 4;
        } // longer ones are not sent here
        if (have - at < head + size) break;
        received(connection, buffer[at] & 15, buffer + at + head, size);
        at += head + size;
    }
    if (have - at > connection->rest_room) {
        connection->rest_room = have - at + 256;
        connection->rest = realloc(connection->rest, connection->rest_room);
    }
    if (have > at) memcpy(connection->rest, buffer + at, have - at);
    connection->rest_size = have - at;
}

static void turn(int milliseconds) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(poller, events, EVENTS, milliseconds);
    for (int i = 0; i < count; i++) readable(events[i].data.ptr);
}

// closed loop: keeps `window` messages in flight for some seconds, then lets them arrive
static double run(int publisher, double seconds) {
    uint64_t first_published = published, first_delivered = delivered;
    double began = seconds_now(), progress = began;
    while (seconds_now() - began < seconds) {
        uint64_t complete = (delivered - first_delivered) / (uint64_t)connections;
        while (published - first_published < complete + (uint64_t)window) publish(publisher);
        uint64_t before = delivered;
        turn(20);
        if (delivered != before) progress = seconds_now();
        if (seconds_now() - progress > 10) {
            fprintf(stderr, "fanout_load: nothing arrives any more\n");
            exit(1);
        }
    }
    double took = seconds_now() - began;
    uint64_t expected = first_delivered + (published - first_published) * (uint64_t)connections;
    for (double since = seconds_now(); delivered < expected && seconds_now() - since < 5;) turn(20);
    return took;
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile(double part) {
    return latency_count ? latencies[(size_t)((double)(latency_count - 1) * part)] / 1000.0 : 0;
}

int main(int count, char **given) {
    if (count != 7) {
        fprintf(stderr, "usage: fanout_load PORT CONNECTIONS WINDOW SECONDS SERVER_PID stock|topic\n");
        return 2;
    }
    port = atoi(given[1]);
    connections = atoi(given[2]);
    window = atoi(given[3]);
    double seconds = atof(given[4]);
    int server = atoi(given[5]);
    topic_mode = !strcmp(given[6], "topic");
    poller = epoll_create1(0);
    latencies = malloc(LATENCIES * sizeof *latencies);
    Connection *listeners = calloc((size_t)connections, sizeof *listeners);

    double cpu_before = server_cpu(server);
    for (int started = 0; opened < connections;) {
        while (started < connections && started - opened < HANDSHAKES_AT_ONCE) open_connection(&listeners[started++]);
        turn(1000);
        if (lost) fail("a connection was lost while opening");
    }
    double handshake_cpu = server_cpu(server) - cpu_before;
    for (double since = seconds_now(); seconds_now() - since < 1;) turn(50); // greetings

    run(listeners[0].fd, 0.5);
    uint64_t before = delivered;
    measuring = 1;
    cpu_before = server_cpu(server);
    double took = run(listeners[0].fd, seconds);
    double cpu = server_cpu(server) - cpu_before;
    qsort(latencies, latency_count, sizeof *latencies, by_value);
    printf("{\"delivered\": %llu, \"seconds\": %.3f, \"cpu\": %.3f, \"handshake_cpu\": %.3f, "
           "\"p50\": %.3f, \"p99\": %.3f, \"lost\": %d}\n",
           (unsigned long long)(delivered - before), took, cpu, handshake_cpu, percentile(0.5), percentile(0.99), lost);
    return 0;
}
