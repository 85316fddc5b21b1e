/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls at which `netprobe killed` and its like stop a command, and what such a call is
 * about: the map it writes to, the file it renames. */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define ANY (-1)

/* Where the kernel finds what the call is about: in its attributes, or by one of its arguments. */
enum about {
	NOTHING,
	PATH_0,
	PATH_1,
	PATH_3,
	PIN_PATH,
	MAP_NAME,
	MAP_OF_ELEMENT,
	MAP_OF_BATCH,
	RTNETLINK,
	RTNETLINK_MESSAGE,
};

/* Calls by their number and first argument. Several may have one name. */
static const struct call {
	const char *name;
	const char *text;
	int call;
	int first;
	enum about about;
} calls[] = {
	{"update", "BPF_LINK_UPDATE", SYS_bpf, BPF_LINK_UPDATE, NOTHING},
	{"pin", "BPF_OBJ_PIN", SYS_bpf, BPF_OBJ_PIN, PIN_PATH},
	{"iterate", "BPF_ITER_CREATE", SYS_bpf, BPF_ITER_CREATE, NOTHING},
	{"wait", "membarrier", SYS_membarrier, MEMBARRIER_CMD_GLOBAL, NOTHING},
	{"create", "BPF_MAP_CREATE", SYS_bpf, BPF_MAP_CREATE, MAP_NAME},
	{"load", "BPF_PROG_LOAD", SYS_bpf, BPF_PROG_LOAD, NOTHING},
	{"attach", "BPF_LINK_CREATE", SYS_bpf, BPF_LINK_CREATE, NOTHING},
	{"detach", "BPF_LINK_DETACH", SYS_bpf, BPF_LINK_DETACH, NOTHING},
	{"write", "BPF_MAP_UPDATE_ELEM", SYS_bpf, BPF_MAP_UPDATE_ELEM, MAP_OF_ELEMENT},
	{"write", "BPF_MAP_DELETE_ELEM", SYS_bpf, BPF_MAP_DELETE_ELEM, MAP_OF_ELEMENT},
	{"write", "BPF_MAP_UPDATE_BATCH", SYS_bpf, BPF_MAP_UPDATE_BATCH, MAP_OF_BATCH},
	{"write", "BPF_MAP_DELETE_BATCH", SYS_bpf, BPF_MAP_DELETE_BATCH, MAP_OF_BATCH},
	{"file", "pwrite64", SYS_pwrite64, ANY, NOTHING},
	{"sync", "fsync", SYS_fsync, ANY, NOTHING},
#ifdef SYS_rename
	{"rename", "rename", SYS_rename, ANY, PATH_1},
	{"unlink", "unlink", SYS_unlink, ANY, PATH_0},
	{"unlink", "rmdir", SYS_rmdir, ANY, PATH_0},
#endif
	{"rename", "renameat", SYS_renameat, ANY, PATH_3},
	{"rename", "renameat2", SYS_renameat2, ANY, PATH_3},
	{"unlink", "unlinkat", SYS_unlinkat, ANY, PATH_1},
	{"exec", "execve", SYS_execve, ANY, PATH_0},
	{"tc", "sendto", SYS_sendto, ANY, RTNETLINK},
	{"tc", "sendmsg", SYS_sendmsg, ANY, RTNETLINK_MESSAGE},
};

#define CALLS	 (sizeof(calls) / sizeof(calls[0]))
#define ANY_CALL "any"

bool calls_has(const char *name, size_t length)
{
	if (length == strlen(ANY_CALL) && !strncmp(name, ANY_CALL, length))
		return true;
	for (size_t i = 0; i < CALLS; i++) {
		if (strlen(calls[i].name) == length && !strncmp(calls[i].name, name, length))
			return true;
	}
	return false;
}

static bool calls_wants(const char *names, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = names; at && *at; at = strchr(at, ','), at += !!at) {
		size_t end = strcspn(at, ":*");

		if ((end == length && !strncmp(at, name, length)) ||
		    (end == strlen(ANY_CALL) && !strncmp(at, ANY_CALL, end)))
			return true;
	}
	return false;
}

int calls_listen(const char *names)
{
	struct sock_filter code[5 * CALLS + 1];
	struct sock_fprog filter = {.filter = code};
	unsigned int used = 0;

	for (size_t i = 0; i < CALLS; i++) {
		bool any = calls[i].first == ANY;

		if (!calls_wants(names, calls[i].name))
			continue;
		code[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							    offsetof(struct seccomp_data, nr));
		code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							    calls[i].call, 0, any ? 1 : 3);
		if (!any) {
			code[used++] = (struct sock_filter)BPF_STMT(
				BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]));
			code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								    calls[i].first, 0, 1);
		}
		code[used++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter.len = used;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		       &filter);
}

/* Returns how many bytes came. */
static ssize_t read_from(pid_t pid, __u64 address, void *into, size_t size)
{
	struct iovec to = {into, size};
	struct iovec from = {(void *)address, size};

	return process_vm_readv(pid, &to, 1, &from, 1, 0);
}

static void text_of(pid_t pid, __u64 address, char *into, size_t size)
{
	/* What it has of the page: the text may end with it. */
	size_t first = 4096 - address % 4096;
	ssize_t got;

	memset(into, 0, size);
	if (first >= size)
		first = size - 1;
	got = read_from(pid, address, into, first);
	if (got > 0 && !memchr(into, 0, got) && first < size - 1)
		read_from(pid, address + got, into + got, size - 1 - got);
}

/* A pidfd is had of a process only, not of its threads. */
static pid_t process_of(pid_t thread)
{
	char line[128];
	pid_t process = thread;
	FILE *file;

	snprintf(line, sizeof(line), "/proc/%d/status", thread);
	file = fopen(line, "re");
	while (file && fgets(line, sizeof(line), file) && sscanf(line, "Tgid: %d", &process) != 1)
		;
	if (file)
		fclose(file);
	return process;
}

static void map_name_of(pid_t pid, int fd, char *into, size_t size)
{
	struct bpf_map_info info = {0};
	union bpf_attr attributes = {0};
	int process = syscall(SYS_pidfd_open, process_of(pid), 0);
	int map = process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, fd, 0);

	attributes.info.bpf_fd = map;
	attributes.info.info_len = sizeof(info);
	attributes.info.info = (__u64)&info;
	if (map >= 0 && !syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attributes, sizeof(attributes)))
		snprintf(into, size, "%s", info.name);
	if (map >= 0)
		close(map);
	if (process >= 0)
		close(process);
}

static bool rtnetlink_of(pid_t pid, __u64 address, char *into, size_t size)
{
	static const struct {
		int type;
		const char *name;
	} types[] = {
		{RTM_NEWQDISC, "newqdisc"},
		{RTM_DELQDISC, "delqdisc"},
		{RTM_NEWTFILTER, "newtfilter"},
		{RTM_DELTFILTER, "deltfilter"},
	};
	struct nlmsghdr header;

	if (read_from(pid, address, &header, sizeof(header)) != sizeof(header))
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (header.nlmsg_type != types[i].type || header.nlmsg_len > 65536)
			continue;
		snprintf(into, size, "%s", types[i].name);
		return true;
	}
	return false;
}

static bool about_of(const struct call *call, const struct seccomp_notif *seen, char *into,
		     size_t size)
{
	const __u64 *args = seen->data.args;
	union bpf_attr attributes = {0};
	struct msghdr message;
	struct iovec data;

	*into = 0;
	if (call->call == SYS_bpf && call->about != NOTHING)
		read_from(seen->pid, args[1], &attributes,
			  args[2] < sizeof(attributes) ? args[2] : sizeof(attributes));
	switch (call->about) {
	case NOTHING:
		return true;
	case PATH_0:
		text_of(seen->pid, args[0], into, size);
		return true;
	case PATH_1:
		text_of(seen->pid, args[1], into, size);
		return true;
	case PATH_3:
		text_of(seen->pid, args[3], into, size);
		return true;
	case PIN_PATH:
		text_of(seen->pid, attributes.pathname, into, size);
		return true;
	case MAP_NAME:
		snprintf(into, size, "%.*s", BPF_OBJ_NAME_LEN, attributes.map_name);
		return true;
	case MAP_OF_ELEMENT:
		map_name_of(seen->pid, attributes.map_fd, into, size);
		return true;
	case MAP_OF_BATCH:
		map_name_of(seen->pid, attributes.batch.map_fd, into, size);
		return true;
	case RTNETLINK:
		return rtnetlink_of(seen->pid, args[1], into, size);
	case RTNETLINK_MESSAGE:
		return read_from(seen->pid, args[1], &message, sizeof(message)) ==
			       sizeof(message) &&
		       read_from(seen->pid, (__u64)message.msg_iov, &data, sizeof(data)) ==
			       sizeof(data) &&
		       rtnetlink_of(seen->pid, (__u64)data.iov_base, into, size);
	}
	return false;
}

bool calls_is(const struct seccomp_notif *seen, const char *name, const char *part, char *text,
	      size_t size)
{
	char about[512];

	for (size_t i = 0; i < CALLS; i++) {
		if (seen->data.nr != calls[i].call ||
		    (calls[i].first != ANY && (int)seen->data.args[0] != calls[i].first))
			continue;
		if (strcmp(name, ANY_CALL) && strcmp(name, calls[i].name))
			continue;
		if (!about_of(&calls[i], seen, about, sizeof(about)) ||
		    (*part && !strstr(about, part)))
			continue;
		snprintf(text, size, "%s%s%s", calls[i].text, *about ? " " : "", about);
		return true;
	}
	return false;
}
