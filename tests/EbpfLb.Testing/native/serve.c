/* SPDX-License-Identifier: Apache-2.0 */
/* The server of a pod: small HTTP (over TCP and SCTP) and UDP echo on any number of ports, dual
 * stack; answers with its name. */
#define _GNU_SOURCE
#include "netprobe.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum kind { LISTENER, DATAGRAM, CONNECTION, INPUT };

/* What epoll hands back: the descriptor, what it is, and the local port it belongs to. */
union tag {
	uint64_t bits;
	struct {
		int fd;
		uint16_t port;
		uint16_t kind;
	};
};

static struct {
	int epoll;
	const char *name;
	bool show_port;
	bool show_client;
	int backlog;
	struct in6_addr at;
} server;

static int watch(int fd, enum kind kind, uint16_t port)
{
	union tag tag = {.fd = fd, .port = port, .kind = kind};
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = tag.bits};

	return epoll_ctl(server.epoll, EPOLL_CTL_ADD, fd, &event);
}

static const char *own_name(uint16_t port, const struct endpoint *client, char text[NAME_BYTES])
{
	int len;

	if (server.show_port)
		len = snprintf(text, NAME_BYTES, "%s/%u", server.name, port);
	else
		len = snprintf(text, NAME_BYTES, "%s", server.name);
	if (server.show_client && client) {
		text[len++] = '@';
		address_print(client, text + len, NAME_BYTES - len);
	}
	return text;
}

static int open_port(int type, int proto, uint16_t port)
{
	struct sockaddr_in6 any = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = server.at};
	int fd = socket(AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, proto);
	int on = 1, off = 0;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)))
		return -1;
	if (type == SOCK_STREAM && listen(fd, server.backlog))
		return -1;
	return watch(fd, type == SOCK_STREAM ? LISTENER : DATAGRAM, port);
}

/* "8080,9000-9063" */
static bool open_ports(int type, int proto, const char *text)
{
	while (text && *text) {
		char *end;
		long first = strtol(text, &end, 10);
		long last = *end == '-' ? strtol(end + 1, &end, 10) : first;

		for (long port = first; port <= last; port++) {
			if (open_port(type, proto, port)) {
				printf("err stage=bind port=%ld errno=%s\n", port,
				       error_name(errno));
				return false;
			}
		}
		text = *end == ',' ? end + 1 : NULL;
	}
	return true;
}

static void answer_datagrams(int fd, uint16_t port)
{
	static char text[REQUEST_BYTES + 1], answer[REQUEST_BYTES + NAME_BYTES + 1];
	char name[NAME_BYTES];
	struct endpoint from = {.len = sizeof(from.addr)};
	ssize_t got;

	while ((got = recvfrom(fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&from.addr,
			       &from.len)) >= 0) {
		int len = snprintf(answer, sizeof(answer), "%s %.*s", own_name(port, &from, name),
				   (int)got, text);

		sendto(fd, answer, len, 0, (struct sockaddr *)&from.addr, from.len);
		from.len = sizeof(from.addr);
	}
}

static void answer_stream(int fd, uint16_t port)
{
	char text[1024], answer[512], name[NAME_BYTES], client[80] = "?";
	struct endpoint from = {.len = sizeof(from.addr)};
	ssize_t got = recv(fd, text, 4, MSG_PEEK);
	int len;

	if (got == 4 && !memcmp(text, "BULK", 4)) {
		epoll_ctl(server.epoll, EPOLL_CTL_DEL, fd, NULL);
		bulk_serve(fd);
		return;
	}
	if (got > 0)
		got = recv(fd, text, sizeof(text) - 1, 0);
	if (got <= 0) {
		if (got == 0 || errno != EAGAIN)
			close(fd);
		return;
	}
	text[got] = 0;
	if (!getpeername(fd, (struct sockaddr *)&from.addr, &from.len))
		endpoint_print(&from, client, sizeof(client));
	own_name(port, &from, name);
	len = snprintf(answer, sizeof(answer),
		       "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
		       "%zu\r\nX-Client: %s\r\n\r\n%s\n",
		       strlen(name) + 1, client, name);
	send(fd, answer, len, MSG_NOSIGNAL);
	if (strstr(text, "HTTP/1.0"))
		close(fd);
}

int verb_serve(const struct args *args)
{
	struct epoll_event events[64];
	struct endpoint bound = {};
	const char *at;
	char sink[64];

	server.epoll = epoll_create1(EPOLL_CLOEXEC);
	server.name = args_text(args, "name", "server");
	server.show_port = args_number(args, "show-port", 0);
	server.show_client = args_number(args, "show-client", 0);
	server.backlog = args_number(args, "backlog", 4096);
	at = args_text(args, "at", NULL);
	if (at && !endpoint_parse(&bound, at, true)) {
		printf("err stage=at\n");
		return 1;
	}
	server.at = at ? ((struct sockaddr_in6 *)&bound.addr)->sin6_addr : in6addr_any;
	if (!open_ports(SOCK_STREAM, 0, args_text(args, "tcp", NULL)) ||
	    !open_ports(SOCK_DGRAM, 0, args_text(args, "udp", NULL)) ||
	    !open_ports(SOCK_STREAM, IPPROTO_SCTP, args_text(args, "sctp", NULL)))
		return 1;
	/* Ends with the one who started it: stdin is a pipe whose other end that process holds. */
	if (args_number(args, "follow", 0))
		watch(STDIN_FILENO, INPUT, 0);
	printf("ok name=%s pid=%d\n", server.name, getpid());

	for (;;) {
		int ready = epoll_wait(server.epoll, events, 64, -1);

		for (int i = 0; i < ready; i++) {
			union tag tag = {.bits = events[i].data.u64};
			int fd;

			switch (tag.kind) {
			case LISTENER:
				while ((fd = accept4(tag.fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
					watch(fd, CONNECTION, tag.port);
				break;
			case DATAGRAM:
				answer_datagrams(tag.fd, tag.port);
				break;
			case CONNECTION:
				answer_stream(tag.fd, tag.port);
				break;
			case INPUT:
				if (read(STDIN_FILENO, sink, sizeof(sink)) <= 0)
					return 0;
				break;
			}
		}
	}
}
