/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loadgen: sends one frame again and again by a device, past the stack, from as many source ports
 * as there are to be flows. All frames are made before the first one is sent, so what it costs to
 * send is all it does. It ends after a time, or after a number of frames; what arrives is for
 * others to count.
 *
 * loadgen device=D frame=HEX [flows=N] [ms=T] [count=FRAMES] [rate=FRAMES-A-SECOND] [cpu=C]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Frames a system call. */
#define BATCH	    64
#define FRAME_BYTES 128
#define MAX_FLOWS   50000
#define MAX_MS	    60000
/* With a rate: how long to sleep when nothing is due. */
#define PAUSE_NS 100000

struct frame {
	uint8_t bytes[FRAME_BYTES];
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int refuse(const char *stage)
{
	printf("err stage=%s errno=%s\n", stage, strerrorname_np(errno));
	return 1;
}

static const char *text(int argc, char **argv, const char *key, const char *fallback)
{
	size_t len = strlen(key);

	for (int i = 1; i < argc; i++)
		if (!strncmp(argv[i], key, len) && argv[i][len] == '=')
			return argv[i] + len + 1;
	return fallback;
}

static long number(int argc, char **argv, const char *key, long fallback)
{
	const char *value = text(argc, argv, key, NULL);

	return value ? strtol(value, NULL, 10) : fallback;
}

/* Bytes of the frame, 0: it is none. */
static size_t parse(struct frame *frame, const char *hex)
{
	size_t len = 0;
	unsigned int byte;

	for (; len < FRAME_BYTES && sscanf(hex, "%2x", &byte) == 1 && hex[1]; hex += 2)
		frame->bytes[len++] = byte;
	return *hex || len < ETH_HLEN + 28 ? 0 : len;
}

/* RFC 1624: the transport's checksum of IPv4 without options, UDP or TCP, with another port. */
static void set_source_port(struct frame *frame, uint16_t port)
{
	uint8_t *l4 = frame->bytes + ETH_HLEN + 20;
	uint8_t *sum = l4 + (frame->bytes[ETH_HLEN + 9] == IPPROTO_TCP ? 16 : 6);
	uint32_t next =
		(uint16_t) ~(sum[0] << 8 | sum[1]) + (uint16_t) ~(l4[0] << 8 | l4[1]) + port;

	next = (next & 0xffff) + (next >> 16);
	next = (next & 0xffff) + (next >> 16);
	next = (uint16_t)~next;
	l4[0] = port >> 8;
	l4[1] = port;
	sum[0] = next >> 8;
	sum[1] = next;
}

static int open_device(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name)};
	/* Protocol 0: it receives nothing, or every frame that arrives would be copied to it. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, buffer = 8 << 20;

	if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return -1;
	/* Not held up by a queue: what the device does not take is lost, as on a wire. */
	if (setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)))
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	return fd;
}

struct limits {
	long ms, count, rate;
};

static int run(int fd, struct mmsghdr *messages, int flows, const struct limits *limits)
{
	uint64_t start = now_ns(), end = start + limits->ms * 1000000ull, now, sent = 0,
		 refused = 0, count = limits->count;
	int at = 0;

	for (now = start; now < end && sent + refused < count; now = now_ns()) {
		uint64_t until = limits->rate ? (now - start) * limits->rate / 1000000000 : count;
		uint64_t due = (until < count ? until : count) - sent - refused;
		int want = flows - at < BATCH ? flows - at : BATCH, got;

		if (due < (uint64_t)want)
			want = due;
		if (!want) {
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
			continue;
		}
		got = sendmmsg(fd, messages + at, want, 0);
		if (got < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return refuse("send");
		/* The device did not take the first of them. */
		refused += got <= 0;
		sent += got > 0 ? got : 0;
		at = (at + (got > 0 ? got : 1)) % flows;
	}
	printf("ok sent=%llu refused=%llu us=%llu\n", (unsigned long long)sent,
	       (unsigned long long)refused, (unsigned long long)((now - start) / 1000));
	return 0;
}

int main(int argc, char **argv)
{
	long flows = number(argc, argv, "flows", 1), cpu = number(argc, argv, "cpu", -1);
	struct limits limits = {.ms = number(argc, argv, "ms", 1000),
				.count = number(argc, argv, "count", INT64_MAX),
				.rate = number(argc, argv, "rate", 0)};
	struct frame first = {}, *frames;
	struct mmsghdr *messages;
	struct iovec *parts;
	size_t len = parse(&first, text(argc, argv, "frame", ""));
	uint16_t port;
	cpu_set_t set;
	int fd;

	errno = EINVAL;
	if (!len || flows < 1 || flows > MAX_FLOWS || limits.ms < 1 || limits.ms > MAX_MS ||
	    limits.count < 1 || limits.rate < 0)
		return refuse("arguments");
	fd = open_device(text(argc, argv, "device", "eth0"));
	if (fd < 0)
		return refuse("device");
	CPU_ZERO(&set);
	if (cpu >= 0) {
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			return refuse("cpu");
	}
	frames = calloc(flows, sizeof(*frames));
	messages = calloc(flows, sizeof(*messages));
	parts = calloc(flows, sizeof(*parts));
	port = first.bytes[ETH_HLEN + 20] << 8 | first.bytes[ETH_HLEN + 21];
	for (long i = 0; i < flows; i++) {
		frames[i] = first;
		set_source_port(&frames[i], port + i);
		parts[i] = (struct iovec){frames[i].bytes, len};
		messages[i].msg_hdr.msg_iov = &parts[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	return run(fd, messages, flows, &limits);
}
