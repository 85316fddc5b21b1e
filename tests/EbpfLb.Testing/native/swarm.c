/* SPDX-License-Identifier: Apache-2.0 */
/* Many UDP clients in one thread, as programs have them: those that keep sending over a connected
 * socket, those that wait for what comes, those that name the destination each time. A socket that
 * is told that it was aborted connects anew, and that is all it does about it. */
#include "netprobe.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SWARMS_MAX 64
#define NAMES_MAX  16

enum kind { SEND, WAIT, SENDTO };

struct client {
	char name[NAME_BYTES]; /* who answered last, "" for nobody since it was connected */
	uint64_t sent_ns;
	bool connected;
};

struct swarm {
	char id[NAME_BYTES];
	enum kind kind;
	struct endpoint to;
	int count;
	uint64_t interval_ns;
	struct client *client;
	struct pollfd *socket;
	pthread_mutex_t lock;
	pthread_t thread;
	atomic_bool stop;
	long aborted;
	long moved; /* answers from another backend than before, without being told so */
};

static struct swarm *swarms[SWARMS_MAX];

static struct swarm **find(const char *id)
{
	for (int i = 0; i < SWARMS_MAX; i++) {
		if (swarms[i] && !strcmp(swarms[i]->id, id))
			return &swarms[i];
	}
	return NULL;
}

/* A socket that was ended is not connected any more, whichever call told of it. */
static void failed(struct swarm *swarm, struct client *client, int error)
{
	if (error != ECONNABORTED && error != EDESTADDRREQ)
		return;
	client->connected = false;
	client->name[0] = 0;
	client->sent_ns = 0;
	swarm->aborted++;
}

static void talk(struct swarm *swarm, int i, uint64_t now)
{
	struct client *client = &swarm->client[i];
	const struct endpoint *to = swarm->kind == SENDTO ? &swarm->to : NULL;
	int error;

	if (client->sent_ns && now - client->sent_ns < swarm->interval_ns)
		return;
	if (swarm->kind == WAIT && client->connected && client->name[0])
		return;
	client->sent_ns = now;
	if (!to && !client->connected) {
		if (connect(swarm->socket[i].fd, (struct sockaddr *)&swarm->to.addr, swarm->to.len))
			return;
		client->connected = true;
	}
	error = datagram_send(swarm->socket[i].fd, to, i, 0);
	if (error)
		failed(swarm, client, error);
}

static void hear(struct swarm *swarm, int i)
{
	struct client *client = &swarm->client[i];
	char text[256], name[NAME_BYTES];
	unsigned long long number;
	ssize_t got = recv(swarm->socket[i].fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (got < 0) {
		failed(swarm, client, errno);
		return;
	}
	text[got] = 0;
	if (sscanf(text, "%63s ping %llu", name, &number) != 2 || number != (unsigned)i)
		return;
	if (client->name[0] && strcmp(client->name, name))
		swarm->moved++;
	strcpy(client->name, name);
}

static void *run(void *arg)
{
	struct swarm *swarm = arg;

	while (!swarm->stop) {
		pthread_mutex_lock(&swarm->lock);
		for (int i = 0; i < swarm->count; i++)
			talk(swarm, i, now_ns());
		pthread_mutex_unlock(&swarm->lock);
		poll(swarm->socket, swarm->count, 20);
		pthread_mutex_lock(&swarm->lock);
		for (int i = 0; i < swarm->count; i++) {
			if (swarm->socket[i].revents & (POLLIN | POLLERR))
				hear(swarm, i);
		}
		pthread_mutex_unlock(&swarm->lock);
		/* An unconnected socket is always "hung up" to poll(): no reason to spin. */
		usleep(1000);
	}
	return NULL;
}

static int refuse(const char *stage, int error)
{
	printf("err stage=%s errno=%s\n", stage, error_name(error));
	return 1;
}

int verb_swarm(const struct args *args)
{
	const char *kind = args_text(args, "kind", "send"), *to = args_text(args, "to", "");
	struct swarm *swarm = calloc(1, sizeof(*swarm)), **place = swarms;

	snprintf(swarm->id, sizeof(swarm->id), "%s", args_text(args, "id", ""));
	swarm->kind = !strcmp(kind, "wait") ? WAIT : !strcmp(kind, "sendto") ? SENDTO : SEND;
	swarm->count = args_number(args, "count", 1);
	swarm->interval_ns = args_number(args, "interval", 100) * 1000000ull;
	swarm->client = calloc(swarm->count, sizeof(*swarm->client));
	swarm->socket = calloc(swarm->count, sizeof(*swarm->socket));
	pthread_mutex_init(&swarm->lock, NULL);
	while (place < swarms + SWARMS_MAX && *place)
		place++;
	if (place == swarms + SWARMS_MAX ||
	    !endpoint_parse(&swarm->to, to, args_number(args, "mapped", 0)))
		return refuse("arguments", EINVAL);
	for (int i = 0; i < swarm->count; i++) {
		int fd = socket_open(SOCK_DGRAM, &swarm->to, NULL, 1000);

		if (fd < 0)
			return refuse("socket", errno);
		swarm->socket[i] = (struct pollfd){.fd = fd, .events = POLLIN};
	}
	if (pthread_create(&swarm->thread, NULL, run, swarm))
		return refuse("thread", EAGAIN);
	*place = swarm;
	printf("ok\n");
	return 0;
}

int verb_swarm_stats(const struct args *args)
{
	struct swarm **place = find(args_text(args, "id", "")), *swarm;
	struct {
		const char *name;
		int count;
	} by[NAMES_MAX] = {};
	int silent = 0, connected = 0;

	if (!place)
		return refuse("id", ENOENT);
	swarm = *place;
	pthread_mutex_lock(&swarm->lock);
	for (int i = 0; i < swarm->count; i++) {
		int at = 0;

		connected += swarm->client[i].connected;
		if (!swarm->client[i].name[0]) {
			silent++;
			continue;
		}
		while (at < NAMES_MAX - 1 && by[at].name &&
		       strcmp(by[at].name, swarm->client[i].name))
			at++;
		by[at].name = swarm->client[i].name;
		by[at].count++;
	}
	printf("ok sockets=%d connected=%d silent=%d aborted=%ld moved=%ld", swarm->count,
	       connected, silent, swarm->aborted, swarm->moved);
	for (int at = 0; at < NAMES_MAX && by[at].name; at++)
		printf(" by:%s=%d", by[at].name, by[at].count);
	printf("\n");
	pthread_mutex_unlock(&swarm->lock);
	return 0;
}

int verb_swarm_stop(const struct args *args)
{
	struct swarm **place = find(args_text(args, "id", "")), *swarm;

	if (!place)
		return refuse("id", ENOENT);
	swarm = *place;
	swarm->stop = true;
	pthread_join(swarm->thread, NULL);
	for (int i = 0; i < swarm->count; i++)
		close(swarm->socket[i].fd);
	free(swarm->client);
	free(swarm->socket);
	free(swarm);
	*place = NULL;
	printf("ok\n");
	return 0;
}
