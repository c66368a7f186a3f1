// The load client: many WebSockets that listen, one that publishes; one thread, epoll, frames counted, never decoded.
//
// Each line of the input is an order, each answered by one line of JSON. First how clients of this server talk:
//
//   ports PORT [PORT]      connections are spread over them in turn
//   processes PID ...      the server's: CPU time and memory are theirs together
//   head FILE              the opening request, with %s for a credential
//   credentials FILE       one for each connection, a line each
//   hello TEXT             what a client says once it is connected; \r and \n are escaped, here and below
//   ready TEXT             what it must hear before it counts as open
//   publish TEXT           what is sent to publish %s, by the first connection
//   post PATH              publish by HTTP instead
//   ask TEXT               what is sent to have %s echoed
//   binary                 clients send binary frames
//   payload BYTES          how long %s is
//
// Then what to do:
//
//   open COUNT             open so many connections more
//   fan WINDOW SECONDS     keep so many messages in flight: the next goes out when the oldest has reached everybody
//   rate NUMBER SECONDS    publish so many a second
//   echo SECONDS           every connection sends the next message when the last has come back
//   stuck COUNT            open so many that read nothing once they are open; they count for nothing else
//   rest SECONDS           do nothing but read
//   memory                 tell how much the server has, in KiB
//   drop                   close all connections
//
// A payload carries the moment it was sent between two `@`, so whoever receives it knows how long it took.

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

enum { EVENTS = 512, READ = 1 << 18, LATENCIES = 1 << 23, AT_ONCE = 64, MOST = 20000, TEXTS = 4096 };
enum { TEXT = 1, BINARY = 2, PING = 9, PONG = 10 };
enum { OPENING, GREETING, OPEN, STUCK, CLOSED };
static const double PATIENCE = 15;

typedef struct {
    int fd, state, is_poster, will_be_stuck;
    uint8_t *rest; // an unfinished frame
    size_t rest_size, rest_room;
} Connection;

static int ports[8], port_count, processes[512], process_count, text_opcode = TEXT, payload_size = 200;
static char head[TEXTS], hello[TEXTS], ready[TEXTS], publish_text[TEXTS], ask_text[TEXTS], post_path[TEXTS];
static char *credentials[MOST];
static int credential_count, credentials_used;

static Connection connections[MOST], poster = {.fd = -1};
static int connection_count, open_count, stuck_count, lost, echoing, poller, refused;
static double stuck_ended_at;
static uint64_t published, delivered, now_us;
static uint32_t *latencies;
static size_t latency_count;
static int measuring;
static uint8_t buffer[READ];

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static uint64_t microseconds_now(void) { return (uint64_t)(seconds_now() * 1e6); }

static void fail(const char *what) {
    printf("{\"failed\": \"%s: %s\"}\n", what, strerror(errno));
    exit(1);
}

// --- the server's processes

static double cpu_of(int pid) {
    char path[64], line[1024];
    unsigned long user = 0, kernel = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) fail("the server is gone");
    fclose(file);
    sscanf(strrchr(line, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel);
    return (double)(user + kernel) / (double)sysconf(_SC_CLK_TCK);
}

static double server_cpu(void) {
    double sum = 0;
    for (int i = 0; i < process_count; i++) sum += cpu_of(processes[i]);
    return sum;
}

// resident memory in KiB
static double server_memory(void) {
    double sum = 0;
    for (int i = 0; i < process_count; i++) {
        char path[64];
        unsigned long resident = 0;
        snprintf(path, sizeof path, "/proc/%d/statm", processes[i]);
        FILE *file = fopen(path, "r");
        if (!file || fscanf(file, "%*u %lu", &resident) != 1) fail("the server is gone");
        fclose(file);
        sum += (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
    }
    return sum;
}

// --- sending

static void send_all(int fd, const void *data, size_t size) {
    const char *at = data;
    while (size) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN) {
            usleep(50);
            continue;
        }
        if (sent < 0) return; // it is closed; reading says so
        at += sent;
        size -= (size_t)sent;
    }
}

// a client's frames are masked; with a mask of zeros the payload stays as it is
static void send_frame(int fd, int opcode, const char *payload, size_t size) {
    uint8_t frame[2 * TEXTS] = {(uint8_t)(0x80 | opcode)};
    size_t start = 2;
    if (size < 126) {
        frame[1] = (uint8_t)(0x80 | size);
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (uint8_t)(size >> 8);
        frame[3] = (uint8_t)size;
        start = 4;
    }
    memset(frame + start, 0, 4);
    memcpy(frame + start + 4, payload, size);
    send_all(fd, frame, start + 4 + size);
}

// fills a text with the payload of this moment
static size_t fill(char *into, const char *text) {
    char payload[TEXTS];
    int size = snprintf(payload, sizeof payload, "{\"topic\":\"bench\",\"data\":\"@%016llu@",
                        (unsigned long long)microseconds_now());
    memset(payload + size, 'x', (size_t)(payload_size - size - 2));
    strcpy(payload + payload_size - 2, "\"}");
    return (size_t)snprintf(into, 2 * TEXTS, text, payload);
}

static void publish(void) {
    char text[2 * TEXTS], request[3 * TEXTS];
    if (!*post_path) {
        send_frame(connections[0].fd, text_opcode, text, fill(text, publish_text));
    } else {
        fill(text, "%s");
        int size = snprintf(request, sizeof request,
                            "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                            "Content-Length: %d\r\n\r\n%s",
                            post_path, payload_size, text);
        send_all(poster.fd, request, (size_t)size);
    }
    published++;
}

static void ask(Connection *connection) {
    char text[2 * TEXTS];
    send_frame(connection->fd, text_opcode, text, fill(text, ask_text));
}

// --- receiving

static void dial(Connection *connection, int narrow) {
    int port = ports[connection->is_poster ? 0 : (connection - connections) % port_count];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)port);
    int yes = 1, small = 4096;
    connection->fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (narrow) setsockopt(connection->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(connection->fd, (void *)&address, sizeof address) < 0) fail("connect");
    struct epoll_event interest = {.events = EPOLLIN, .data.ptr = connection};
    epoll_ctl(poller, EPOLL_CTL_ADD, connection->fd, &interest);
}

static void start_opening(int stuck) {
    if (connection_count == MOST) fail("too many connections");
    Connection *connection = &connections[connection_count++];
    *connection = (Connection){.state = OPENING, .will_be_stuck = stuck};
    dial(connection, stuck);
    char request[2 * TEXTS];
    const char *credential = credentials_used < credential_count ? credentials[credentials_used++] : "";
    int size = snprintf(request, sizeof request, head, credential);
    send_all(connection->fd, request, (size_t)size);
}

static void opened(Connection *connection) {
    connection->state = connection->will_be_stuck ? STUCK : OPEN;
    if (connection->will_be_stuck) {
        struct epoll_event interest = {.events = 0, .data.ptr = connection}; // a reset is told all the same
        epoll_ctl(poller, EPOLL_CTL_MOD, connection->fd, &interest);
        stuck_count++;
    } else {
        open_count++;
    }
}

static void ended(Connection *connection) {
    epoll_ctl(poller, EPOLL_CTL_DEL, connection->fd, NULL);
    close(connection->fd);
    if (connection->state == STUCK) {
        stuck_count--;
        stuck_ended_at = seconds_now();
    } else {
        lost++;
    }
    connection->state = CLOSED;
}

static void heard(Connection *connection, int opcode, const uint8_t *data, size_t size) {
    if (opcode == PING) send_frame(connection->fd, PONG, (const char *)data, size);
    if (opcode != TEXT && opcode != BINARY) return;
    if (connection->state == GREETING && memmem(data, size, ready, strlen(ready))) {
        opened(connection);
        return;
    }
    const uint8_t *end = data + size, *mark;
    while (end - data > 18 && (mark = memchr(data, '@', (size_t)(end - data))) && end - mark > 17 && mark[17] == '@') {
        delivered++;
        if (measuring && latency_count < LATENCIES)
            latencies[latency_count++] = (uint32_t)(now_us - strtoull((const char *)mark + 1, NULL, 10));
        if (echoing) ask(connection);
        data = mark + 18;
    }
}

// reads what is there, hands out whole frames, keeps the rest
static void readable(Connection *connection) {
    size_t have = connection->rest_size, at = 0;
    if (have) memcpy(buffer, connection->rest, have);
    ssize_t got = recv(connection->fd, buffer + have, sizeof buffer - have - 1, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        ended(connection);
        return;
    }
    if (connection->is_poster) return;
    have += (size_t)got;
    buffer[have] = 0;
    now_us = microseconds_now();
    if (connection->state == OPENING) {
        uint8_t *end = memmem(buffer, have, "\r\n\r\n", 4);
        if (end && memcmp(buffer + 9, "101", 3)) {
            if (!refused++) fprintf(stderr, "refused: %.200s\n", buffer);
            return;
        }
        if (end) {
            at = (size_t)(end + 4 - buffer);
            connection->state = GREETING;
            if (*hello) send_frame(connection->fd, text_opcode, hello, strlen(hello));
            if (!*ready) opened(connection);
        }
    }
    while (connection->state != OPENING && have - at >= 2) {
        size_t start = 2, size = buffer[at + 1] & 127;
        if (size == 126) {
            if (have - at < 4) break;
            size = (size_t)(buffer[at + 2] << 8 | buffer[at + 3]);
            start = 4;
        } // longer ones are not sent here
        if (have - at < start + size) break;
        heard(connection, buffer[at] & 15, buffer + at + start, size);
        at += start + size;
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
    for (int i = 0; i < count; i++) {
        Connection *connection = events[i].data.ptr;
        if (connection->state == STUCK)
            ended(connection);
        else
            readable(connection);
    }
}

static void rest(double seconds) {
    for (double until = seconds_now() + seconds; seconds_now() < until;) turn(20);
}

// --- what is measured

typedef struct {
    uint64_t delivered;
    double began, cpu, memory, highest_memory;
} Measure;

static Measure begin(void) {
    latency_count = 0;
    measuring = 1;
    double memory = server_memory();
    return (Measure){delivered, seconds_now(), server_cpu(), memory, memory};
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double percentile(double part) {
    return latency_count ? latencies[(size_t)((double)(latency_count - 1) * part)] / 1000.0 : 0;
}

static void tell(Measure *since) {
    double seconds = seconds_now() - since->began, cpu = server_cpu() - since->cpu;
    uint64_t count = delivered - since->delivered;
    measuring = 0;
    qsort(latencies, latency_count, sizeof *latencies, by_value);
    printf("{\"delivered\": %llu, \"seconds\": %.3f, \"cpu\": %.3f, \"p50\": %.3f, \"p99\": %.3f, \"lost\": %d, "
           "\"memory_growth\": %.0f, \"stuck\": %d, \"stuck_for\": %.2f}\n",
           (unsigned long long)count, seconds, cpu, percentile(0.5), percentile(0.99), lost,
           since->highest_memory - since->memory, stuck_count, stuck_ended_at ? stuck_ended_at - since->began : 0);
}

static void open_some(int count, int stuck) {
    double cpu = server_cpu(), began = seconds_now(), progress = began;
    int before = open_count + stuck_count, started = 0;
    while (open_count + stuck_count < before + count) {
        int done = open_count + stuck_count - before;
        for (; started < count && started - done < AT_ONCE; started++) start_opening(stuck);
        turn(100);
        if (open_count + stuck_count - before > done) progress = seconds_now();
        if (refused) fail("refused");
        if (lost) fail("closed while opening");
        if (seconds_now() - progress > PATIENCE) fail("nobody is let in any more");
    }
    printf("{\"seconds\": %.3f, \"cpu\": %.3f}\n", seconds_now() - began, server_cpu() - cpu);
}

static void fan_for(int window, double seconds) {
    uint64_t first_published = published, first_delivered = delivered;
    double began = seconds_now(), progress = began;
    while (seconds_now() - began < seconds) {
        uint64_t complete = (delivered - first_delivered) / (uint64_t)open_count;
        while (published - first_published < complete + (uint64_t)window) publish();
        uint64_t before = delivered;
        turn(20);
        if (delivered != before) progress = seconds_now();
        if (seconds_now() - progress > PATIENCE) fail("nothing arrives any more");
    }
}

static void settle(void) {
    uint64_t before;
    do {
        before = delivered;
        rest(0.2);
    } while (delivered != before);
}

static void fan(int window, double seconds) {
    fan_for(window, 0.3);
    settle();
    Measure measure = begin();
    fan_for(window, seconds);
    tell(&measure);
    settle();
}

static void rate(double per_second, double seconds) {
    Measure measure = begin();
    double next = measure.began, look = next;
    while (seconds_now() - measure.began < seconds) {
        for (; seconds_now() >= next; next += 1 / per_second) publish();
        if (seconds_now() >= look) {
            double memory = server_memory();
            if (memory > measure.highest_memory) measure.highest_memory = memory;
            look += 0.25;
        }
        turn(1);
    }
    tell(&measure);
    settle();
}

static void echo(double seconds) {
    echoing = 1;
    for (int i = 0; i < connection_count; i++)
        if (connections[i].state == OPEN) ask(&connections[i]);
    rest(0.3);
    Measure measure = begin();
    rest(seconds);
    tell(&measure);
    echoing = 0;
    settle();
}

static void drop(void) {
    for (int i = 0; i < connection_count; i++) {
        if (connections[i].state != CLOSED) close(connections[i].fd);
        free(connections[i].rest);
    }
    connection_count = open_count = stuck_count = 0;
    rest(1);
    puts("{}");
}

// --- orders

static void read_file(const char *path, char *into, size_t room) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    into[fread(into, 1, room - 1, file)] = 0;
    fclose(file);
}

static void read_credentials(const char *path) {
    FILE *file = fopen(path, "r");
    char line[TEXTS];
    if (!file) fail(path);
    credential_count = credentials_used = 0;
    while (credential_count < MOST && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        credentials[credential_count++] = strdup(line);
    }
    fclose(file);
}

static void read_numbers(char *text, int *into, int *count, int room) {
    *count = 0;
    for (char *word = strtok(text, " "); word && *count < room; word = strtok(NULL, " ")) into[(*count)++] = atoi(word);
}

static void read_text(const char *from, char *into) {
    for (; *from; from++) {
        if (from[0] == '\\' && (from[1] == 'r' || from[1] == 'n'))
            *into++ = *++from == 'r' ? '\r' : '\n';
        else
            *into++ = *from;
    }
    *into = 0;
}

static int configure(const char *name, char *value) {
    if (!strcmp(name, "ports")) read_numbers(value, ports, &port_count, 8);
    else if (!strcmp(name, "processes")) read_numbers(value, processes, &process_count, 512);
    else if (!strcmp(name, "head")) read_file(value, head, sizeof head);
    else if (!strcmp(name, "credentials")) read_credentials(value);
    else if (!strcmp(name, "hello")) read_text(value, hello);
    else if (!strcmp(name, "ready")) read_text(value, ready);
    else if (!strcmp(name, "publish")) read_text(value, publish_text);
    else if (!strcmp(name, "ask")) read_text(value, ask_text);
    else if (!strcmp(name, "binary")) text_opcode = BINARY;
    else if (!strcmp(name, "payload")) payload_size = atoi(value);
    else if (!strcmp(name, "post")) {
        read_text(value, post_path);
        poster = (Connection){.is_poster = 1, .state = OPEN};
        dial(&poster, 0);
    } else return 0;
    puts("{}");
    return 1;
}

static void obey(const char *name, char *value) {
    double number = 0, seconds = 0;
    sscanf(value, "%lf %lf", &number, &seconds);
    if (configure(name, value)) return;
    if (!strcmp(name, "open")) open_some((int)number, 0);
    else if (!strcmp(name, "stuck")) open_some((int)number, 1);
    else if (!strcmp(name, "fan")) fan((int)number, seconds);
    else if (!strcmp(name, "rate")) rate(number, seconds);
    else if (!strcmp(name, "echo")) echo(number);
    else if (!strcmp(name, "drop")) drop();
    else if (!strcmp(name, "rest")) rest(number), puts("{}");
    else if (!strcmp(name, "memory")) printf("{\"memory\": %.0f}\n", server_memory());
    else printf("{\"failed\": \"no such order: %s\"}\n", name);
}

int main(void) {
    char line[TEXTS];
    setvbuf(stdout, NULL, _IOLBF, 0);
    poller = epoll_create1(0);
    latencies = malloc(LATENCIES * sizeof *latencies);
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        char *value = line + strcspn(line, " ");
        if (*value) *value++ = 0;
        obey(line, value);
    }
    return 0;
}
