/* The floor: what the kernel and the sockets cost when nothing is left out that an
 * HTTP server must do and nothing is added. One thread, one level-triggered epoll,
 * one read and one write per event. It looks for the end of the head, compares the
 * request line, and copies the answer; no header is parsed.
 *
 *   GET /plaintext   Hello, World!
 *   GET /json        {"message":"Hello, World!"}
 *   GET /user/N      {"id":N,"name":"user-N","email":"user-N@example.com"}
 *
 * PORT in the environment, 127.0.0.1 only. Pipelined requests and requests cut by
 * the end of a read are answered in order. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_FD = 1 << 17, MAX_CUT = 4096, SLACK = 32, BATCH = 256 };

/* What came of a request when a read ended inside it. Idle connections have none. */
static struct cut { size_t len; char bytes[MAX_CUT]; } *cuts[MAX_FD];
static char in[MAX_CUT + (1 << 15) + SLACK], out[1 << 17]; /* SLACK: compares may look past the end */
static size_t filled; /* of out */
static char date[48];

static void put(const char *s, size_t n) { memcpy(out + filled, s, n); filled += n; }
#define PUT(literal) put(literal, sizeof literal - 1)

static void put_number(size_t n) {
	char digits[24];
	char *at = digits + sizeof digits;
	do *--at = '0' + n % 10; while (n /= 10);
	put(at, digits + sizeof digits - at);
}

static void answer(const char *status, const char *type, const char *body, size_t len) {
	PUT("HTTP/1.1 ");
	put(status, strlen(status));
	PUT("\r\nServer: c\r\nDate: ");
	put(date, 29);
	PUT("\r\nContent-Type: ");
	put(type, strlen(type));
	PUT("\r\nContent-Length: ");
	put_number(len);
	PUT("\r\n\r\n");
	put(body, len);
}

/* GET /user/N: at stands on the first digit. */
static int user(const char *at) {
	size_t n = 0, len = 0;
	for (; at[len] >= '0' && at[len] <= '9' && len < 19; len++) n = n * 10 + (at[len] - '0');
	if (len == 0 || len == 19 || at[len] != ' ') return 0;
	char body[160], *end = body;
#define ADD(s, n) (end = mempcpy(end, s, n))
	ADD("{\"id\":", 6); ADD(at, len);
	ADD(",\"name\":\"user-", 14); ADD(at, len);
	ADD("\",\"email\":\"user-", 16); ADD(at, len);
	ADD("@example.com\"}", 14);
	answer("200 OK", "application/json", body, end - body);
	return 1;
}

static void respond(const char *request) {
	if (!memcmp(request, "GET /plaintext ", 15)) answer("200 OK", "text/plain", "Hello, World!", 13);
	else if (!memcmp(request, "GET /json ", 10)) answer("200 OK", "application/json", "{\"message\":\"Hello, World!\"}", 27);
	else if (!memcmp(request, "GET /user/", 10) && user(request + 10)) return;
	else answer("404 Not Found", "text/plain", "not found", 9);
}

static int send_all(int fd) {
	for (size_t at = 0; at < filled;) {
		ssize_t n = write(fd, out + at, filled - at);
		if (n > 0) at += n;
		else if (errno == EAGAIN) poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
		else return -1;
	}
	filled = 0;
	return 0;
}

/* Reads once and answers what is complete; -1 closes the connection. */
static int serve(int fd) {
	size_t len = 0, at = 0;
	struct cut *cut = cuts[fd];
	if (cut) {
		memcpy(in, cut->bytes, len = cut->len);
		free(cut);
		cuts[fd] = NULL;
	}
	ssize_t n = read(fd, in + len, sizeof in - SLACK - len);
	if (n < 0 && errno == EAGAIN) n = 0;
	else if (n <= 0) return -1;
	len += n;
	for (char *end; (end = memmem(in + at, len - at, "\r\n\r\n", 4)); at = end + 4 - in) {
		respond(in + at);
		if (filled > sizeof out - 1024 && send_all(fd)) return -1;
	}
	if (len - at > MAX_CUT) return -1;
	if (len > at) {
		cuts[fd] = cut = malloc(sizeof *cut);
		memcpy(cut->bytes, in + at, cut->len = len - at);
	}
	return filled ? send_all(fd) : 0;
}

static void watch(int ep, int fd) {
	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &(struct epoll_event){.events = EPOLLIN, .data.fd = fd});
}

int main(void) {
	signal(SIGPIPE, SIG_IGN);
	const char *port = getenv("PORT");
	int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), ep = epoll_create1(0);
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port ? atoi(port) : 8080),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (void *)&addr, sizeof addr) || listen(listener, 4096)) return perror("floor"), 1;
	watch(ep, listener);
	time_t last = 0;
	for (struct epoll_event events[BATCH];;) {
		int n = epoll_wait(ep, events, BATCH, -1);
		time_t now = time(NULL);
		if (now != last) strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime(&now)), last = now;
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == listener) {
				while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
					if (fd >= MAX_FD) { close(fd); continue; }
					setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
					watch(ep, fd);
				}
			} else if (serve(fd)) {
				free(cuts[fd]);
				cuts[fd] = NULL;
				filled = 0;
				close(fd);
			}
		}
	}
}
