/* SPDX-License-Identifier: Apache-2.0 */
/* Large transfers over one TCP connection, both directions at once, every byte compared with a
 * pattern that tells its place in the stream. */
#include "netprobe.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A prime: what is lost, doubled or moved by any power of two shows. */
#define PATTERN_BYTES 65521

struct half {
	int fd;
	uint64_t bytes;
	uint64_t done;
	int error; /* EBADMSG: a byte was not what it had to be */
	pthread_t thread;
};

static unsigned char pattern[PATTERN_BYTES * 2];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fill(void)
{
	uint32_t x = 1;

	for (int i = 0; i < PATTERN_BYTES; i++) {
		x = x * 1664525 + 1013904223;
		pattern[i] = pattern[i + PATTERN_BYTES] = x >> 24;
	}
}

static void *send_half(void *arg)
{
	struct half *half = arg;

	while (half->done < half->bytes) {
		uint64_t left = half->bytes - half->done;
		size_t chunk = left < PATTERN_BYTES ? left : PATTERN_BYTES;
		ssize_t sent =
			send(half->fd, pattern + half->done % PATTERN_BYTES, chunk, MSG_NOSIGNAL);

		if (sent <= 0) {
			half->error = errno == EAGAIN ? ETIMEDOUT : errno;
			return NULL;
		}
		half->done += sent;
	}
	return NULL;
}

static void *receive_half(void *arg)
{
	static _Thread_local unsigned char data[PATTERN_BYTES];
	struct half *half = arg;

	while (half->done < half->bytes) {
		uint64_t left = half->bytes - half->done;
		size_t chunk = left < PATTERN_BYTES ? left : PATTERN_BYTES;
		ssize_t got = recv(half->fd, data, chunk, 0);

		if (got <= 0) {
			half->error = got == 0 ? ECONNRESET : errno == EAGAIN ? ETIMEDOUT : errno;
			return NULL;
		}
		if (memcmp(data, pattern + half->done % PATTERN_BYTES, got)) {
			half->error = EBADMSG;
			return NULL;
		}
		half->done += got;
	}
	return NULL;
}

static int both(int fd, uint64_t out, uint64_t in, uint64_t *done)
{
	struct half sending = {.fd = fd, .bytes = out}, receiving = {.fd = fd, .bytes = in};

	pthread_once(&once, fill);
	pthread_create(&sending.thread, NULL, send_half, &sending);
	receive_half(&receiving);
	pthread_join(sending.thread, NULL);
	*done = sending.done + receiving.done;
	return receiving.error ? receiving.error : sending.error;
}

static void *serve_one(void *arg)
{
	int fd = (int)(intptr_t)arg;
	unsigned long long up, down;
	uint64_t done;
	char line[128];
	size_t used = 0;

	/* Byte by byte: what follows the line belongs to the transfer. */
	while (used < sizeof(line) - 1 && recv(fd, line + used, 1, 0) == 1 && line[used++] != '\n')
		;
	line[used] = 0;
	if (sscanf(line, "BULK %llu %llu", &up, &down) == 2 && !both(fd, down, up, &done)) {
		send(fd, "done", 4, MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		while (recv(fd, line, sizeof(line), 0) > 0)
			;
	}
	close(fd);
	return NULL;
}

void bulk_serve(int fd)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve_one, (void *)(intptr_t)fd))
		close(fd);
	else
		pthread_detach(thread);
}

int verb_bulk(const struct args *args)
{
	uint64_t up = args_number(args, "up", 0), down = args_number(args, "down", 0), done = 0;
	uint64_t start = now_ns();
	struct endpoint to;
	char line[128];
	int fd, len, error = 0;

	if (!endpoint_parse(&to, args_text(args, "to", NULL), args_number(args, "mapped", 0))) {
		printf("err text=\"to= is ADDRESS:PORT\"\n");
		return 2;
	}
	fd = socket_open(SOCK_STREAM, &to, NULL, args_number(args, "timeout", 10000));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to.addr, to.len)) {
		error = errno == EINPROGRESS ? ETIMEDOUT : errno;
		printf("err stage=connect errno=%s\n", error_name(error));
		return 1;
	}
	len = snprintf(line, sizeof(line), "BULK %llu %llu\n", (unsigned long long)up,
		       (unsigned long long)down);
	if (send(fd, line, len, MSG_NOSIGNAL) != len)
		error = errno;
	if (!error)
		error = both(fd, up, down, &done);
	/* The server says that what it got was right too. */
	if (!error && recv(fd, line, 4, MSG_WAITALL) != 4)
		error = EBADMSG;
	close(fd);
	if (error) {
		printf("err stage=transfer errno=%s done=%llu\n", error_name(error),
		       (unsigned long long)done);
		return 1;
	}
	printf("ok bytes=%llu mbit-per-second=%.0f\n", (unsigned long long)done,
	       done * 8e3 / (double)(now_ns() - start + 1));
	return 0;
}
