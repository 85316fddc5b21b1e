/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as somebody sends them who writes others' addresses into packets: by a device, past the
 * stack, each from a source of its own. */
#define _GNU_SOURCE
#include "netprobe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRAME_BYTES 1600
#define FRAMES	    64
/* Frames a system call; with a rate, at most what is due. */
#define BATCH	   64
#define FIRST_PORT 1024
#define PAUSE_NS   2000000

struct frame {
	size_t len;
	uint8_t bytes[FRAME_BYTES];
};

struct flood {
	int fd;
	int frames;
	struct frame frame[FRAMES];
	uint64_t ports;	 /* each frame gets another source, so many of an address; 0: its own */
	uint64_t rate;	 /* frames a second, 0: as fast as it goes */
	uint64_t behind; /* with `again`: frames after which a source sends once more */
	bool again;
	struct frame batch[BATCH];
};

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* "0a0b...,0c0d..." */
static bool parse_frames(struct flood *flood, const char *text)
{
	while (text && *text && flood->frames < FRAMES) {
		struct frame *frame = &flood->frame[flood->frames++];

		for (; digit(text[0]) >= 0 && digit(text[1]) >= 0 && frame->len < FRAME_BYTES;
		     text += 2)
			frame->bytes[frame->len++] = digit(text[0]) << 4 | digit(text[1]);
		if (frame->len < ETH_HLEN + 28 || (*text && *text != ','))
			return false;
		text += *text == ',';
	}
	return flood->frames && (!text || !*text);
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

static uint16_t get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

/* RFC 1624. */
static void checksum(uint8_t *sum, uint16_t was, uint16_t is)
{
	uint32_t next = (uint16_t)~get16(sum) + (uint16_t)~was + is;

	next = (next & 0xffff) + (next >> 16);
	next = (next & 0xffff) + (next >> 16);
	put16(sum, ~next);
}

/* The frame from source `number`. */
static void spoof(struct frame *frame, uint64_t number, uint64_t ports)
{
	uint8_t *ip = frame->bytes + ETH_HLEN;
	bool v6 = get16(frame->bytes + 12) == ETHERTYPE_IPV6;
	uint8_t *transport = ip + (v6 ? 40 : (ip[0] & 15) * 4);
	uint8_t *address = ip + (v6 ? 20 : 12);
	uint8_t protocol = v6 ? ip[6] : ip[9];
	uint8_t *sum = transport + (protocol == IPPROTO_TCP ? 16 : 6);
	uint32_t is = (get16(address) << 16 | get16(address + 2)) + number / ports;
	uint16_t words[] = {is >> 16, is, FIRST_PORT + number % ports};
	uint8_t *at[] = {address, address + 2, transport};

	for (int i = 0; i < 3; i++) {
		checksum(sum, get16(at[i]), words[i]);
		if (!v6 && i < 2)
			checksum(ip + 10, get16(at[i]), words[i]);
		put16(at[i], words[i]);
	}
}

/* The frame that is sent as number `number`; false: a source that would send again has not begun.
 */
static bool make(const struct flood *flood, struct frame *frame, uint64_t number)
{
	uint64_t source = number;

	if (flood->again) {
		source = number / 2;
		if (number % 2 && source < flood->behind)
			return false;
		source -= number % 2 ? flood->behind : 0;
	}
	*frame = flood->frame[source % flood->frames];
	if (flood->ports)
		spoof(frame, source, flood->ports);
	return true;
}

static int refuse(const char *stage)
{
	printf("err stage=%s errno=%s\n", stage, error_name(errno));
	return 1;
}

static int open_device(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(name)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), on = 1, buffer = 8 << 20;

	if (fd < 0 || !at.sll_ifindex || bind(fd, (struct sockaddr *)&at, sizeof(at)))
		return -1;
	/* Not held up by a queue: what the device does not take is lost, as on a wire. */
	setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof(buffer));
	return fd;
}

/* How many of the next `want` frames went out; negative: an error. */
static int send_batch(struct flood *flood, uint64_t number, int want)
{
	struct mmsghdr messages[BATCH] = {};
	struct iovec parts[BATCH];
	int made = 0, sent = 0;

	for (int i = 0; i < want; i++) {
		struct frame *frame = &flood->batch[made];

		if (!make(flood, frame, number + i))
			continue;
		parts[made] = (struct iovec){frame->bytes, frame->len};
		messages[made].msg_hdr.msg_iov = &parts[made];
		messages[made++].msg_hdr.msg_iovlen = 1;
	}
	while (sent < made) {
		int got = sendmmsg(flood->fd, messages + sent, made - sent, 0);

		if (got < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR)
			return -1;
		sent += got > 0 ? got : 0;
	}
	return sent;
}

int verb_flood(const struct args *args)
{
	static struct flood flood;
	uint64_t seconds = args_number(args, "seconds", 0), number = 0, sent = 0, start = now_ns(),
		 now;
	uint64_t count = args_number(args, "count", seconds ? INT64_MAX : 0);
	long again = args_number(args, "again", -1);

	flood.rate = args_number(args, "rate", 0);
	flood.ports = args_number(args, "ports", 60000);
	flood.again = again >= 0;
	flood.behind = flood.again ? flood.rate * again / 2000 : 0;
	flood.fd = open_device(args_text(args, "device", "eth0"));
	if (flood.fd < 0)
		return refuse("device");
	errno = EINVAL;
	if (!parse_frames(&flood, args_text(args, "frames", NULL)) || !count)
		return refuse("arguments");
	for (now = start; number < count && (!seconds || now - start < seconds * 1000000000ull);
	     now = now_ns()) {
		uint64_t due = flood.rate ? (now - start) * flood.rate / 1000000000ull + 1 : count;
		int got, want = due - number > BATCH ? BATCH : (int)(due - number);

		if (number >= due) {
			struct timespec pause = {.tv_nsec = PAUSE_NS};

			nanosleep(&pause, NULL);
			continue;
		}
		got = send_batch(&flood, number,
				 number + want > count ? (int)(count - number) : want);
		if (got < 0)
			return refuse("send");
		number += want;
		sent += got;
	}
	printf("ok sent=%llu sources=%llu ms=%llu\n", (unsigned long long)sent,
	       (unsigned long long)(flood.again ? number / 2 : number),
	       (unsigned long long)((now - start) / 1000000));
	close(flood.fd);
	return 0;
}
