/* SPDX-License-Identifier: Apache-2.0 */
/* Requests one after another, from several threads if asked; counts who answered, what failed and
 * what was untrue. */
#include "netprobe.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TARGETS_MAX 512
#define TALLY_MAX   256

enum mode { TCP, UDP, UDP_CONNECTED, UDP_SHARED, SCTP };

struct target {
	struct endpoint to;
	char suffix[NAME_BYTES]; /* of every name that may answer */
};

struct tally {
	int used;
	struct {
		char name[NAME_BYTES];
		long count;
	} entry[TALLY_MAX];
};

struct load {
	enum mode mode;
	int targets;
	struct target *target;
	char *from;
	long timeout_ms;
	size_t bytes; /* of a datagram */
	long rate;    /* requests a second and thread, 0: as fast as it goes */
	uint64_t deadline_ns;
	uint64_t since_ns; /* when the figures below began */
	atomic_long budget;
	atomic_bool stop;
	pthread_mutex_t lock;
	long ok, foreign, bad_peer, bad_source;
	char example[NAME_BYTES * 2];
	struct tally names, errors;
	int threads;
	pthread_t thread[64];
	char id[NAME_BYTES];
};

static struct load *background[16];

static void count(struct tally *tally, const char *name)
{
	int i;

	for (i = 0; i < tally->used && strcmp(tally->entry[i].name, name); i++)
		;
	if (i == TALLY_MAX)
		return;
	if (i == tally->used)
		snprintf(tally->entry[tally->used++].name, NAME_BYTES, "%s", name);
	tally->entry[i].count++;
}

struct attempt {
	const char *stage;
	int error;
	bool bad_peer;
	bool bad_source;
	char name[NAME_BYTES];
};

/* ENOTCONN: somebody has ended the socket since. */
static int peer_differs(int fd, const struct endpoint *to, bool *differs)
{
	struct endpoint peer = {.len = sizeof(peer.addr)};

	if (getpeername(fd, (struct sockaddr *)&peer.addr, &peer.len))
		return errno;
	*differs = !endpoint_equal(&peer, to);
	return 0;
}

static void attempt_datagram(const struct load *load, int fd, const struct endpoint *to,
			     uint64_t number, struct attempt *attempt)
{
	struct endpoint from;

	attempt->stage = "send";
	attempt->error =
		datagram_send(fd, load->mode == UDP_CONNECTED ? NULL : to, number, load->bytes);
	if (attempt->error)
		return;
	attempt->stage = "receive";
	attempt->error = datagram_receive(fd, number, load->bytes, &from, attempt->name);
	if (!attempt->error)
		attempt->bad_source = !endpoint_equal(&from, to);
}

static void attempt_once(const struct load *load, int shared, const struct endpoint *to,
			 uint64_t number, struct attempt *attempt)
{
	bool stream = load->mode == TCP || load->mode == SCTP;
	int type = stream ? SOCK_STREAM : SOCK_DGRAM;
	int fd = shared;

	memset(attempt, 0, sizeof(*attempt));
	if (fd < 0)
		fd = socket_open_of(type, load->mode == SCTP ? IPPROTO_SCTP : 0, to, load->from,
				    load->timeout_ms);
	attempt->stage = "socket";
	attempt->error = fd < 0 ? errno : 0;
	if (fd < 0)
		return;
	if (stream || load->mode == UDP_CONNECTED) {
		attempt->stage = "connect";
		if (connect(fd, (const struct sockaddr *)&to->addr, to->len)) {
			attempt->error = errno == EINPROGRESS ? ETIMEDOUT : errno;
			goto done;
		}
		attempt->stage = "peer";
		attempt->error = peer_differs(fd, to, &attempt->bad_peer);
		if (attempt->error)
			goto done;
	}
	if (stream) {
		attempt->stage = "request";
		attempt->error = stream_request(fd, true, attempt->name);
	} else {
		attempt_datagram(load, fd, to, number, attempt);
	}
done:
	if (fd != shared)
		close(fd);
}

static void record(struct load *load, const struct target *target, const struct attempt *attempt)
{
	size_t have = strlen(attempt->name), want = strlen(target->suffix);
	char text[NAME_BYTES];

	pthread_mutex_lock(&load->lock);
	if (attempt->error) {
		snprintf(text, sizeof(text), "%s/%s", attempt->stage, error_name(attempt->error));
		count(&load->errors, text);
	} else {
		load->ok++;
		count(&load->names, attempt->name);
		if (have < want || strcmp(attempt->name + have - want, target->suffix)) {
			load->foreign++;
			snprintf(load->example, sizeof(load->example), "%s-for-%s", attempt->name,
				 target->suffix);
		}
	}
	load->bad_peer += attempt->bad_peer;
	load->bad_source += attempt->bad_source;
	pthread_mutex_unlock(&load->lock);
}

static void pace(const struct load *load, uint64_t start, long done)
{
	uint64_t due = start + (load->rate ? done * 1000000000ull / load->rate : 0);
	struct timespec at = {due / 1000000000ull, due % 1000000000ull};

	if (load->rate)
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void *run(void *context)
{
	static atomic_ulong numbers;
	struct load *load = context;
	uint64_t start = now_ns();
	struct attempt attempt;
	int shared = -1;

	if (load->mode == UDP_SHARED)
		shared = socket_open(SOCK_DGRAM, &load->target[0].to, load->from, load->timeout_ms);
	for (long done = 0; !atomic_load(&load->stop); done++) {
		unsigned long number = atomic_fetch_add(&numbers, 1);
		const struct target *target = &load->target[number % load->targets];

		if (load->deadline_ns && now_ns() >= load->deadline_ns)
			break;
		if (atomic_fetch_sub(&load->budget, 1) <= 0)
			break;
		pace(load, start, done);
		attempt_once(load, shared, &target->to, number, &attempt);
		record(load, target, &attempt);
	}
	if (shared >= 0)
		close(shared);
	return NULL;
}

static void print_tally(const char *key, const struct tally *tally)
{
	printf(" %s=", key);
	for (int i = 0; i < tally->used; i++)
		printf("%s%s:%ld", i ? "," : "", tally->entry[i].name, tally->entry[i].count);
}

static int report(struct load *load, bool reset)
{
	long failed = 0;

	pthread_mutex_lock(&load->lock);
	for (int i = 0; i < load->errors.used; i++)
		failed += load->errors.entry[i].count;
	printf("ok answered=%ld failed=%ld foreign=%ld bad-peer=%ld bad-source=%ld", load->ok,
	       failed, load->foreign, load->bad_peer, load->bad_source);
	print_tally("names", &load->names);
	print_tally("errors", &load->errors);
	printf(" per-second=%.0f example=%s\n",
	       load->ok * 1e9 / (double)(now_ns() - load->since_ns + 1), load->example);
	if (reset) {
		load->since_ns = now_ns();
		load->ok = load->foreign = load->bad_peer = load->bad_source = 0;
		load->names.used = load->errors.used = 0;
		memset(&load->names, 0, sizeof(load->names));
		memset(&load->errors, 0, sizeof(load->errors));
		load->example[0] = 0;
	}
	pthread_mutex_unlock(&load->lock);
	return failed || load->foreign || load->bad_peer || load->bad_source;
}

/* "10.96.0.1:80=web,[fd00::1]:80=web" */
static bool parse_targets(struct load *load, const char *text, bool mapped)
{
	char *copy = strdup(text ? text : ""), *rest = NULL;

	load->target = calloc(TARGETS_MAX, sizeof(*load->target));
	for (char *word = strtok_r(copy, ",", &rest); word && load->targets < TARGETS_MAX;
	     word = strtok_r(NULL, ",", &rest)) {
		struct target *target = &load->target[load->targets++];
		char *suffix = strchr(word, '=');

		if (suffix) {
			*suffix++ = 0;
			snprintf(target->suffix, sizeof(target->suffix), "%s", suffix);
		}
		if (!endpoint_parse(&target->to, word, mapped)) {
			load->targets = 0;
			break;
		}
	}
	free(copy);
	return load->targets > 0;
}

static bool parse_mode(struct load *load, const char *text)
{
	static const char *const names[] = {"tcp", "udp", "udp-connected", "udp-shared", "sctp"};

	for (int i = 0; i < 5; i++) {
		if (!strcmp(names[i], text)) {
			load->mode = i;
			return true;
		}
	}
	return false;
}

static void finish(struct load *load)
{
	for (int i = 0; i < load->threads; i++)
		pthread_join(load->thread[i], NULL);
}

static void discard(struct load *load)
{
	free(load->target);
	free(load->from);
	free(load);
}

int verb_load(const struct args *args)
{
	struct load *load = calloc(1, sizeof(*load));
	const char *id = args_text(args, "background", NULL);
	const char *from = args_text(args, "from", NULL);
	long seconds = args_number(args, "seconds", 0);
	long wanted = args_number(args, "count", seconds || id ? 1L << 60 : 100);
	int slot = 0, result;

	if (!parse_mode(load, args_text(args, "mode", "tcp")) ||
	    !parse_targets(load, args_text(args, "to", NULL), args_number(args, "mapped", 0))) {
		discard(load);
		printf("err text=\"mode= is tcp, udp, udp-connected, udp-shared or sctp; to= is "
		       "ADDRESS:PORT\"\n");
		return 2;
	}
	load->from = from ? strdup(from) : NULL;
	load->timeout_ms = args_number(args, "timeout", 5000);
	load->rate = args_number(args, "rate", 0);
	load->bytes = args_number(args, "bytes", 0);
	load->threads = args_number(args, "threads", 1);
	if (load->threads < 1 || load->threads > 64)
		load->threads = 1;
	load->deadline_ns = seconds ? now_ns() + seconds * 1000000000ull : 0;
	load->since_ns = now_ns();
	atomic_store(&load->budget, wanted);
	pthread_mutex_init(&load->lock, NULL);
	for (; id && slot < 16 && background[slot]; slot++)
		;
	if (slot == 16) {
		discard(load);
		printf("err text=\"too many loads run\"\n");
		return 2;
	}
	for (int i = 0; i < load->threads; i++)
		pthread_create(&load->thread[i], NULL, run, load);
	if (id) {
		snprintf(load->id, sizeof(load->id), "%s", id);
		background[slot] = load;
		printf("ok background=%s\n", id);
		return 0;
	}
	finish(load);
	result = report(load, false);
	discard(load);
	return result;
}

static struct load **find(const struct args *args)
{
	const char *id = args_text(args, "background", "");

	for (int i = 0; i < 16; i++) {
		if (background[i] && !strcmp(background[i]->id, id))
			return &background[i];
	}
	printf("err text=\"no load of that name runs\"\n");
	return NULL;
}

int verb_load_stats(const struct args *args)
{
	struct load **load = find(args);

	return load ? report(*load, args_number(args, "reset", 0)) : 2;
}

int verb_load_stop(const struct args *args)
{
	struct load **load = find(args);
	int result;

	if (!load)
		return 2;
	atomic_store(&(*load)->stop, true);
	finish(*load);
	result = report(*load, false);
	discard(*load);
	*load = NULL;
	return result;
}
