/* SPDX-License-Identifier: Apache-2.0 */
/* What connect() costs: batches of fresh sockets, so that every call does the work of a first
 * connect, one UDP socket again and again (same=1), or whole lives of sockets (life=1). */
#include "netprobe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* A socket that connects again and again: no bind and no first-time allocations, only the call. */
static double one_socket(int type, const struct endpoint *to, int batch, int *error)
{
	int fd = socket_open(type, to, NULL, 5000);
	uint64_t start;
	double ns;

	if (connect(fd, (const struct sockaddr *)&to->addr, to->len))
		*error = errno;
	start = now_ns();
	for (int i = 0; i < batch; i++) {
		if (connect(fd, (const struct sockaddr *)&to->addr, to->len))
			*error = errno;
	}
	ns = (double)(now_ns() - start) / batch;
	close(fd);
	return ns;
}

/* The whole life of a socket: socket(), connect(), close(). */
static double one_life(int type, const struct endpoint *to, int batch, int *error)
{
	uint64_t start = now_ns();

	for (int i = 0; i < batch; i++) {
		int fd = socket(to->addr.ss_family, type, 0);

		if (connect(fd, (const struct sockaddr *)&to->addr, to->len))
			*error = errno;
		close(fd);
	}
	return (double)(now_ns() - start) / batch;
}

static double one_round(int type, const struct endpoint *to, int *fd, int batch, int *error)
{
	uint64_t start;
	double ns;

	for (int i = 0; i < batch; i++) {
		fd[i] = socket_open(type, to, NULL, 5000);
		if (fd[i] < 0)
			*error = errno;
	}
	start = now_ns();
	for (int i = 0; i < batch; i++) {
		if (connect(fd[i], (const struct sockaddr *)&to->addr, to->len))
			*error = errno;
	}
	ns = (double)(now_ns() - start) / batch;
	for (int i = 0; i < batch; i++)
		close(fd[i]);
	return ns;
}

int verb_time_connect(const struct args *args)
{
	int type = strcmp(args_text(args, "mode", "udp"), "tcp") ? SOCK_DGRAM : SOCK_STREAM;
	int batch = args_number(args, "batch", 500);
	int rounds = args_number(args, "rounds", 21);
	struct endpoint to;
	double *ns;
	int *fd, error = 0;

	if (!endpoint_parse(&to, args_text(args, "to", NULL), args_number(args, "mapped", 0)) ||
	    batch < 1 || rounds < 1) {
		printf("err text=\"to= is ADDRESS:PORT; batch= and rounds= are at least 1\"\n");
		return 2;
	}
	ns = calloc(rounds, sizeof(*ns));
	fd = calloc(batch, sizeof(*fd));
	for (int i = 0; i < rounds; i++)
		if (args_number(args, "same", 0))
			ns[i] = one_socket(type, &to, batch, &error);
		else if (args_number(args, "life", 0))
			ns[i] = one_life(type, &to, batch, &error);
		else
			ns[i] = one_round(type, &to, fd, batch, &error);
	qsort(ns, rounds, sizeof(*ns), by_value);
	if (error)
		printf("err stage=connect errno=%s\n", error_name(error));
	else
		printf("ok median-ns=%.1f min-ns=%.1f max-ns=%.1f\n", ns[rounds / 2], ns[0],
		       ns[rounds - 1]);
	free(ns);
	free(fd);
	return error != 0;
}

/* connect, request, answer, close; ns, meaningless with *error set. */
static uint64_t one_request(const struct endpoint *to, int *error)
{
	char name[NAME_BYTES];
	uint64_t start = now_ns();
	int fd = socket_open(SOCK_STREAM, to, NULL, 5000);

	if (connect(fd, (const struct sockaddr *)&to->addr, to->len))
		*error = errno;
	else
		*error = stream_request(fd, true, name);
	close(fd);
	return now_ns() - start;
}

/* Two destinations by turns, so that whatever the machine does meanwhile hits both alike. */
int verb_time_requests(const struct args *args)
{
	int count = args_number(args, "count", 1000);
	struct endpoint to[2];
	uint64_t sum[2] = {0, 0};
	int error = 0;

	if (!endpoint_parse(&to[0], args_text(args, "to", NULL), false) ||
	    !endpoint_parse(&to[1], args_text(args, "and", NULL), false) || count < 1) {
		printf("err text=\"to= and and= are ADDRESS:PORT; count= is at least 1\"\n");
		return 2;
	}
	for (int i = 0; i < count && !error; i++) {
		int first = i & 1;

		sum[first] += one_request(&to[first], &error);
		if (!error)
			sum[!first] += one_request(&to[!first], &error);
	}
	if (error)
		printf("err stage=request errno=%s\n", error_name(error));
	else
		printf("ok to-ns=%.1f and-ns=%.1f\n", (double)sum[0] / count,
		       (double)sum[1] / count);
	return error != 0;
}

/* One request after another for a time: each by a connection of its own, or all over one. */
int verb_latency(const struct args *args)
{
	enum { MOST = 1 << 18 };
	uint64_t end = now_ns() + args_number(args, "ms", 200) * 1000000ull;
	bool held = args_number(args, "held", 0);
	struct endpoint to;
	char name[NAME_BYTES];
	double *ns = calloc(MOST, sizeof(*ns)), sum = 0;
	int fd = -1, count = 0, error = 0;

	if (!endpoint_parse(&to, args_text(args, "to", NULL), false)) {
		printf("err text=\"to= is ADDRESS:PORT\"\n");
		free(ns);
		return 2;
	}
	if (held) {
		fd = socket_open(SOCK_STREAM, &to, NULL, 5000);
		if (fd < 0 || connect(fd, (const struct sockaddr *)&to.addr, to.len))
			error = errno;
	}
	do {
		uint64_t start = now_ns();

		if (error)
			break;
		if (held)
			error = stream_request(fd, false, name);
		else
			one_request(&to, &error);
		ns[count] = now_ns() - start;
		sum += ns[count++];
	} while (count < MOST && now_ns() < end);
	if (held)
		close(fd);
	if (error) {
		printf("err stage=request errno=%s\n", error_name(error));
	} else {
		qsort(ns, count, sizeof(*ns), by_value);
		printf("ok count=%d mean-ns=%.1f p50-ns=%.1f p99-ns=%.1f\n", count, sum / count,
		       ns[count / 2], ns[count * 99 / 100]);
	}
	free(ns);
	return error != 0;
}
