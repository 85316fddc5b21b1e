/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of netprobe share: the client and server that tests and the demo run inside a pod.
 */
#ifndef NETPROBE_H
#define NETPROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define NAME_BYTES 64
/* The largest datagram of UDP over IPv4, less the name that a server puts in front. */
#define REQUEST_BYTES 65400
#define LINE_BYTES    65536

/* A command is words of the form key=value; the first word is the verb. */
struct args {
	int count;
	char *key[64];
	char *value[64];
};

/* Splits `line` in place. Returns the verb, NULL for an empty line. */
char *args_split(struct args *args, char *line);
const char *args_text(const struct args *args, const char *key, const char *fallback);
long args_number(const struct args *args, const char *key, long fallback);

struct endpoint {
	struct sockaddr_storage addr;
	socklen_t len;
};

/* "10.0.0.1:80", "[fd00::1]:80" or an address alone (port 0). `mapped` turns IPv4 into
 * ::ffff:a.b.c.d. */
bool endpoint_parse(struct endpoint *endpoint, const char *text, bool mapped);
const char *endpoint_print(const struct endpoint *endpoint, char *text, size_t bytes);
/* The address alone, IPv4 in its own form also when mapped. */
const char *address_print(const struct endpoint *endpoint, char *text, size_t bytes);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* A socket of the family of `to`, with time-outs for every blocking call, bound to `from` when that
 * is given. */
int socket_open(int type, const struct endpoint *to, const char *from, long timeout_ms);

/* The same of a protocol that its type does not say, as IPPROTO_SCTP. */
int socket_open_of(int type, int proto, const struct endpoint *to, const char *from,
		   long timeout_ms);

/*
 * One request and its answer over a connected stream. `last` asks the server to close after it, so
 * that the server keeps TIME_WAIT and a fast client does not run out of ports. Returns 0 or errno.
 */
int stream_request(int fd, bool last, char name[NAME_BYTES]);

/* A datagram of `bytes` (at least what it takes) that carries `number`, and the wait for its
 * answer, which holds the same bytes; `to` is NULL on a connected socket. */
int datagram_send(int fd, const struct endpoint *to, uint64_t number, size_t bytes);
int datagram_receive(int fd, uint64_t number, size_t bytes, struct endpoint *from,
		     char name[NAME_BYTES]);

/* The server's side of a bulk transfer; takes the connection over. */
void bulk_serve(int fd);

uint64_t now_ns(void);
const char *error_name(int error);

/* The verbs. Each prints exactly one line, "ok ..." or "err ...", and returns 0 for ok. */
int verb_serve(const struct args *args);
int verb_bulk(const struct args *args);
int verb_load(const struct args *args);
int verb_load_stats(const struct args *args);
int verb_load_stop(const struct args *args);
int verb_open(const struct args *args);
int verb_connect(const struct args *args);
int verb_peer(const struct args *args);
int verb_local(const struct args *args);
int verb_request(const struct args *args);
int verb_send(const struct args *args);
int verb_receive(const struct args *args);
int verb_close(const struct args *args);
int verb_hold(const struct args *args);
int verb_exchange(const struct args *args);
int verb_release(const struct args *args);
int verb_swarm(const struct args *args);
int verb_swarm_stats(const struct args *args);
int verb_swarm_stop(const struct args *args);
int verb_flood(const struct args *args);
int verb_time_connect(const struct args *args);
int verb_time_requests(const struct args *args);
int verb_latency(const struct args *args);

/* Runs `command` and kills it at its call `where`, or NULL: at the one that the file `ordered_by`
 * names once it is there; with `hold`, holds it there for as long as that file stays. Returns its
 * exit status, 128 + n after signal n. */
int run_killed(const char *where, const char *ordered_by, const char *hold, char **command);

#endif
