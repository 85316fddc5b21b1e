/* SPDX-License-Identifier: Apache-2.0 */
/* Single sockets that live from one verb to the next, and crowds of held connections. */
#include "netprobe.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A slot is taken when `fd` is not NULL; a single socket is a crowd of one. */
struct slot {
	char id[NAME_BYTES];
	int count;
	int *fd;
};

static struct slot slots[64];

static struct slot *find(const struct args *args)
{
	const char *id = args_text(args, "id", "");

	for (int i = 0; i < 64; i++) {
		if (slots[i].fd && !strcmp(slots[i].id, id))
			return &slots[i];
	}
	printf("err text=\"no socket of that id is open\"\n");
	return NULL;
}

static struct slot *take(const struct args *args, int count)
{
	for (int i = 0; i < 64; i++) {
		if (slots[i].fd)
			continue;
		slots[i].fd = calloc(count, sizeof(int));
		slots[i].count = 0;
		snprintf(slots[i].id, NAME_BYTES, "%s", args_text(args, "id", ""));
		return &slots[i];
	}
	printf("err text=\"too many sockets are open\"\n");
	return NULL;
}

static void give_back(struct slot *slot)
{
	for (int i = 0; i < slot->count; i++)
		close(slot->fd[i]);
	free(slot->fd);
	slot->fd = NULL;
}

static int failed(const char *stage, int error)
{
	printf("err stage=%s errno=%s\n", stage,
	       error_name(error == EINPROGRESS ? ETIMEDOUT : error));
	return 1;
}

static bool destination(const struct args *args, struct endpoint *to)
{
	if (endpoint_parse(to, args_text(args, "to", NULL), args_number(args, "mapped", 0)))
		return true;
	printf("err text=\"to= is ADDRESS:PORT\"\n");
	return false;
}

int verb_open(const struct args *args)
{
	int type = strcmp(args_text(args, "type", "tcp"), "udp") ? SOCK_STREAM : SOCK_DGRAM;
	struct endpoint to;
	struct slot *slot;
	int fd;

	if (!destination(args, &to))
		return 2;
	fd = socket_open(type, &to, args_text(args, "from", NULL),
			 args_number(args, "timeout", 5000));
	if (fd < 0)
		return failed("socket", errno);
	slot = take(args, 1);
	if (!slot) {
		close(fd);
		return 2;
	}
	slot->fd[slot->count++] = fd;
	printf("ok\n");
	return 0;
}

int verb_connect(const struct args *args)
{
	struct slot *slot = find(args);
	struct endpoint to;

	if (!slot || !destination(args, &to))
		return 2;
	if (connect(slot->fd[0], (struct sockaddr *)&to.addr, to.len))
		return failed("connect", errno);
	printf("ok\n");
	return 0;
}

static int print_name(const struct args *args, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct endpoint name = {.len = sizeof(name.addr)};
	struct slot *slot = find(args);
	char text[80];

	if (!slot)
		return 2;
	if (get(slot->fd[0], (struct sockaddr *)&name.addr, &name.len))
		return failed("name", errno);
	printf("ok address=%s\n", endpoint_print(&name, text, sizeof(text)));
	return 0;
}

static int peer_name(int fd, struct sockaddr *addr, socklen_t *len)
{
	return getpeername(fd, addr, len);
}

static int local_name(int fd, struct sockaddr *addr, socklen_t *len)
{
	return getsockname(fd, addr, len);
}

int verb_peer(const struct args *args)
{
	return print_name(args, peer_name);
}

int verb_local(const struct args *args)
{
	return print_name(args, local_name);
}

int verb_request(const struct args *args)
{
	struct slot *slot = find(args);
	char name[NAME_BYTES];
	int error;

	if (!slot)
		return 2;
	error = stream_request(slot->fd[0], false, name);
	if (error)
		return failed("request", error);
	printf("ok name=%s\n", name);
	return 0;
}

int verb_send(const struct args *args)
{
	bool connected = !args_text(args, "to", NULL);
	struct slot *slot = find(args);
	struct endpoint to;
	int error;

	if (!slot || (!connected && !destination(args, &to)))
		return 2;
	error = datagram_send(slot->fd[0], connected ? NULL : &to, args_number(args, "number", 0),
			      args_number(args, "bytes", 0));
	if (error)
		return failed("send", error);
	printf("ok\n");
	return 0;
}

int verb_receive(const struct args *args)
{
	struct slot *slot = find(args);
	struct endpoint from;
	char name[NAME_BYTES], text[80];
	int error;

	if (!slot)
		return 2;
	error = datagram_receive(slot->fd[0], args_number(args, "number", 0),
				 args_number(args, "bytes", 0), &from, name);
	if (error)
		return failed("receive", error);
	printf("ok name=%s address=%s\n", name, endpoint_print(&from, text, sizeof(text)));
	return 0;
}

int verb_close(const struct args *args)
{
	struct slot *slot = find(args);

	if (!slot)
		return 2;
	give_back(slot);
	printf("ok\n");
	return 0;
}

int verb_hold(const struct args *args)
{
	long count = args_number(args, "count", 1), rate = args_number(args, "rate", 0);
	uint64_t start = now_ns();
	struct endpoint to;
	struct slot *slot;
	int proto;

	if (!destination(args, &to))
		return 2;
	slot = take(args, count);
	if (!slot)
		return 2;
	proto = strcmp(args_text(args, "type", "tcp"), "sctp") ? 0 : IPPROTO_SCTP;
	while (slot->count < count) {
		uint64_t due = start + (rate ? slot->count * 1000000000ull / rate : 0);
		struct timespec at = {due / 1000000000ull, due % 1000000000ull};
		int fd = socket_open_of(SOCK_STREAM, proto, &to, args_text(args, "from", NULL),
					args_number(args, "timeout", 5000));

		if (rate)
			clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		if (fd < 0 || connect(fd, (struct sockaddr *)&to.addr, to.len)) {
			int error = errno;

			if (fd >= 0)
				close(fd);
			give_back(slot);
			return failed("connect", error);
		}
		slot->fd[slot->count++] = fd;
	}
	printf("ok count=%d\n", slot->count);
	return 0;
}

/* Whether getpeername() names another address than the one that was asked for. */
static bool peer_differs(int fd, const char *asked)
{
	struct endpoint peer = {.len = sizeof(peer.addr)};
	char text[80];

	return getpeername(fd, (struct sockaddr *)&peer.addr, &peer.len) ||
	       strcmp(endpoint_print(&peer, text, sizeof(text)), asked);
}

#define GIVEN_UP_AFTER 4

int verb_exchange(const struct args *args)
{
	const char *asked = args_text(args, "peer", NULL);
	struct slot *slot = find(args);
	int answered = 0, differs = 0, error = 0;
	char name[NAME_BYTES];

	if (!slot)
		return 2;
	/* Each that does not answer takes its time-out: after a few the others count as failed. */
	for (int i = 0; i < slot->count && i - answered < GIVEN_UP_AFTER; i++) {
		int result = stream_request(slot->fd[i], false, name);

		if (asked && peer_differs(slot->fd[i], asked))
			differs++;
		if (result)
			error = result;
		else
			answered++;
	}
	printf("%s answered=%d failed=%d badpeer=%d errno=%s\n", error ? "err" : "ok", answered,
	       slot->count - answered, differs, error ? error_name(error) : "");
	return error != 0;
}

int verb_release(const struct args *args)
{
	return verb_close(args);
}
