/* SPDX-License-Identifier: Apache-2.0 */
/* Words of a command line, addresses as text, clocks and names of errors. */
#define _GNU_SOURCE
#include "netprobe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

char *args_split(struct args *args, char *line)
{
	char *rest = NULL;
	char *verb = strtok_r(line, " \t\r\n", &rest);
	char *word;

	args->count = 0;
	while (verb && args->count < 64 && (word = strtok_r(NULL, " \t\r\n", &rest))) {
		char *equals = strchr(word, '=');

		if (equals)
			*equals = 0;
		args->key[args->count] = word;
		args->value[args->count++] = equals ? equals + 1 : "1";
	}
	return verb;
}

const char *args_text(const struct args *args, const char *key, const char *fallback)
{
	for (int i = 0; i < args->count; i++) {
		if (!strcmp(args->key[i], key))
			return args->value[i];
	}
	return fallback;
}

long args_number(const struct args *args, const char *key, long fallback)
{
	const char *text = args_text(args, key, NULL);

	return text ? strtol(text, NULL, 10) : fallback;
}

bool endpoint_parse(struct endpoint *endpoint, const char *text, bool mapped)
{
	char host[INET6_ADDRSTRLEN + 8];
	struct sockaddr_in *v4 = (struct sockaddr_in *)&endpoint->addr;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&endpoint->addr;
	const char *port = NULL;
	size_t len;

	if (!text)
		return false;
	if (*text == '[') {
		const char *end = strchr(++text, ']');

		if (!end)
			return false;
		len = end - text;
		port = end[1] == ':' ? end + 2 : NULL;
	} else {
		const char *colon = strchr(text, ':');

		/* Two colons: an IPv6 address without a port. */
		if (colon && strchr(colon + 1, ':'))
			colon = NULL;
		len = colon ? (size_t)(colon - text) : strlen(text);
		port = colon ? colon + 1 : NULL;
	}
	if (len >= sizeof(host) - 7)
		return false;
	memset(endpoint, 0, sizeof(*endpoint));
	snprintf(host, sizeof(host), "%.*s", (int)len, text);
	if (!mapped && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port ? atoi(port) : 0);
		endpoint->len = sizeof(*v4);
		return true;
	}
	if (mapped && !strchr(host, ':'))
		snprintf(host, sizeof(host), "::ffff:%.*s", (int)len, text);
	if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
		return false;
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(port ? atoi(port) : 0);
	endpoint->len = sizeof(*v6);
	return true;
}

const char *endpoint_print(const struct endpoint *endpoint, char *text, size_t bytes)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&endpoint->addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&endpoint->addr;
	char host[INET6_ADDRSTRLEN];

	if (endpoint->addr.ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, bytes, "%s:%u", host, ntohs(v4->sin_port));
	} else {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(text, bytes, "[%s]:%u", host, ntohs(v6->sin6_port));
	}
	return text;
}

const char *address_print(const struct endpoint *endpoint, char *text, size_t bytes)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)&endpoint->addr;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&endpoint->addr;

	if (endpoint->addr.ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, text, bytes);
	else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, bytes);
	else
		inet_ntop(AF_INET6, &v6->sin6_addr, text, bytes);
	return text;
}

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	const struct sockaddr_in6 *a6 = (const struct sockaddr_in6 *)&a->addr;
	const struct sockaddr_in6 *b6 = (const struct sockaddr_in6 *)&b->addr;
	const struct sockaddr_in *a4 = (const struct sockaddr_in *)&a->addr;
	const struct sockaddr_in *b4 = (const struct sockaddr_in *)&b->addr;

	if (a->addr.ss_family != b->addr.ss_family)
		return false;
	if (a->addr.ss_family == AF_INET)
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port &&
	       !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

const char *error_name(int error)
{
	const char *name = strerrorname_np(error);

	return name ? name : "UNKNOWN";
}
