/* SPDX-License-Identifier: Apache-2.0 */
/* One socket, one request, one answer: over TCP and SCTP a small HTTP, over UDP a
 * numbered datagram. */
#include "netprobe.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

int socket_open_of(int type, int proto, const struct endpoint *to, const char *from,
		   long timeout_ms)
{
	struct timeval timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	int fd = socket(to->addr.ss_family, type | SOCK_CLOEXEC, proto);
	struct endpoint source;
	int on = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (!from)
		return fd;
	if (!endpoint_parse(&source, from, false)) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* The port is chosen at connect(), where the whole 5-tuple counts. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&source.addr, source.len)) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

int socket_open(int type, const struct endpoint *to, const char *from, long timeout_ms)
{
	return socket_open_of(type, 0, to, from, timeout_ms);
}

/* A blocking call that ran into SO_RCVTIMEO or SO_SNDTIMEO reports EAGAIN or EINPROGRESS. */
static int timed_out(int error)
{
	return error == EAGAIN || error == EINPROGRESS ? ETIMEDOUT : error;
}

int stream_request(int fd, bool last, char name[NAME_BYTES])
{
	char text[1024];
	size_t used = 0;
	const char *body = NULL;
	int len = snprintf(text, sizeof(text), "GET / HTTP/1.%d\r\nHost: probe\r\n\r\n",
			   last ? 0 : 1);

	if (send(fd, text, len, MSG_NOSIGNAL) != len)
		return timed_out(errno);
	for (;;) {
		ssize_t got = recv(fd, text + used, sizeof(text) - 1 - used, 0);

		if (got < 0)
			return timed_out(errno);
		if (got == 0)
			break;
		used += got;
		text[used] = 0;
		body = strstr(text, "\r\n\r\n");
		if (!last && body && strchr(body + 4, '\n'))
			break;
	}
	text[used] = 0;
	body = strstr(text, "\r\n\r\n");
	if (strncmp(text, "HTTP/1.1 200 ", 13) || !body || !strchr(body + 4, '\n'))
		return EBADMSG;
	snprintf(name, NAME_BYTES, "%.*s", (int)strcspn(body + 4, "\r\n"), body + 4);
	return 0;
}

/* "ping NUMBER", filled up with a pattern. */
static int datagram_fill(char *text, uint64_t number, size_t bytes)
{
	int len = snprintf(text, REQUEST_BYTES, "ping %llu", (unsigned long long)number);

	if (bytes > REQUEST_BYTES)
		bytes = REQUEST_BYTES;
	if ((size_t)len >= bytes)
		return len;
	text[len++] = ' ';
	for (; (size_t)len < bytes; len++)
		text[len] = 'A' + (len * 7 + number) % 26;
	return len;
}

int datagram_send(int fd, const struct endpoint *to, uint64_t number, size_t bytes)
{
	static _Thread_local char text[REQUEST_BYTES];
	int len = datagram_fill(text, number, bytes);
	ssize_t sent = to ? sendto(fd, text, len, 0, (const struct sockaddr *)&to->addr, to->len)
			  : send(fd, text, len, 0);

	return sent == len ? 0 : timed_out(errno);
}

int datagram_receive(int fd, uint64_t number, size_t bytes, struct endpoint *from,
		     char name[NAME_BYTES])
{
	static _Thread_local char text[REQUEST_BYTES + NAME_BYTES + 1], want[REQUEST_BYTES];
	int len = datagram_fill(want, number, bytes);
	unsigned long long echoed;

	for (;;) {
		ssize_t got;

		from->len = sizeof(from->addr);
		got = recvfrom(fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&from->addr,
			       &from->len);
		if (got < 0)
			return timed_out(errno);
		text[got] = 0;
		if (sscanf(text, "%63s ping %llu", name, &echoed) != 2)
			return EBADMSG;
		/* An answer that came after its time-out is not the answer to this question. */
		if (echoed != number)
			continue;
		if (got != (ssize_t)strlen(name) + 1 + len || memcmp(text + got - len, want, len))
			return EBADMSG;
		return 0;
	}
}
