/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command and kills it just before one of its system calls is done: what a kill -9 at that
 * moment leaves. Or holds it there, so that something can happen meanwhile. Only the calls of
 * `points` are stopped for that, so the command is not slowed. */
#define _GNU_SOURCE
#include "netprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Calls by their number and first argument. */
static const struct point {
	const char *name;
	int call;
	int first;
} points[] = {
	{"update", SYS_bpf, BPF_LINK_UPDATE},
	{"pin", SYS_bpf, BPF_OBJ_PIN},
	{"iterate", SYS_bpf, BPF_ITER_CREATE},
	{"wait", SYS_membarrier, MEMBARRIER_CMD_GLOBAL},
};

#define POINTS (sizeof(points) / sizeof(points[0]))

static const struct point *point_find(const char *name, size_t length)
{
	for (size_t i = 0; i < POINTS; i++) {
		if (strlen(points[i].name) == length && !strncmp(points[i].name, name, length))
			return &points[i];
	}
	return NULL;
}

/* Installs the filter in this process; returns the descriptor that tells of its calls. */
static int listen_to_own_calls(void)
{
	struct sock_filter code[5 * POINTS + 1];
	struct sock_fprog filter = {.filter = code};
	unsigned int used = 0;

	for (size_t i = 0; i < POINTS; i++) {
		code[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							    offsetof(struct seccomp_data, nr));
		code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							    points[i].call, 0, 3);
		code[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							    offsetof(struct seccomp_data, args[0]));
		code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							    points[i].first, 0, 1);
		code[used++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter.len = used;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
		       &filter);
}

static int pass_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = {0};
	char byte = 0;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket, &message, 0);
}

static int take_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))] = {0};
	char byte;
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(socket, &message, 0) == 1 && (header = CMSG_FIRSTHDR(&message)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* "update*18,pin:maps/x*1": the first pin whose path has "maps/x" after the eighteenth update. */
struct steps {
	const char *next;
	const struct point *point;
	char path[NAME_BYTES];
	long left;
};

static bool steps_next(struct steps *steps)
{
	size_t length = strcspn(steps->next, ":*"), path = 0;
	char *end;

	steps->point = point_find(steps->next, length);
	steps->next += length;
	if (*steps->next == ':')
		path = strcspn(++steps->next, "*");
	if (!steps->point || path >= sizeof(steps->path) || steps->next[path] != '*')
		return false;
	memcpy(steps->path, steps->next, path);
	steps->path[path] = 0;
	steps->left = strtol(steps->next + path + 1, &end, 10);
	steps->next = *end == ',' ? end + 1 : end;
	return steps->left > 0;
}

/* Whether the path that something is pinned at has `part`. */
static bool pin_has(const struct seccomp_notif *call, const char *part)
{
	char path[512] = "";
	__u64 name;
	struct iovec to = {&name, sizeof(name)};
	struct iovec from = {(void *)call->data.args[1], sizeof(name)};

	if (process_vm_readv(call->pid, &to, 1, &from, 1, 0) != sizeof(name))
		return false;
	to = (struct iovec){path, sizeof(path) - 1};
	from = (struct iovec){(void *)name, sizeof(path) - 1};
	process_vm_readv(call->pid, &to, 1, &from, 1, 0);
	return strstr(path, part);
}

/* Whether the call is where the command shall die. */
static bool steps_end(struct steps *steps, const struct seccomp_notif *call)
{
	if (call->data.nr != steps->point->call || (int)call->data.args[0] != steps->point->first)
		return false;
	if (*steps->path && !pin_has(call, steps->path))
		return false;
	if (--steps->left)
		return false;
	return !*steps->next || !steps_next(steps);
}

/* The file is there for as long as the command is held: who removes it lets it go on. */
static void hold_by(const char *file)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return;
	close(fd);
	while (!access(file, F_OK))
		nanosleep(&pause, NULL);
}

/* `hold`: a file to hold the command by; NULL: it is killed. */
static void watch(int listener, pid_t child, struct steps *steps, const char *hold)
{
	bool ended = false;

	struct pollfd wait = {.fd = listener, .events = POLLIN};

	while (poll(&wait, 1, -1) >= 0 || errno == EINTR) {
		struct seccomp_notif call = {0};
		struct seccomp_notif_resp go = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

		if (wait.revents & POLLHUP)
			return;
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
			continue;
		if (!ended && steps_end(steps, &call)) {
			if (!hold) {
				kill(child, SIGKILL);
				return;
			}
			ended = true;
			hold_by(hold);
		}
		go.id = call.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go);
	}
}

int run_killed(const char *where, const char *hold, char **command)
{
	struct steps steps = {.next = where};
	int pair[2], status, listener;
	pid_t child, parent = getpid();

	if (!steps_next(&steps) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		fprintf(stderr, "usage: netprobe killed NAME[:PATH]*COUNT[,...] COMMAND...\n"
				"       netprobe held FILE NAME[:PATH]*COUNT[,...] COMMAND...\n");
		return 2;
	}
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		listener = listen_to_own_calls();
		if (listener < 0 || getppid() != parent || pass_fd(pair[1], listener) < 0) {
			perror("seccomp");
			_exit(2);
		}
		close(listener);
		execvp(command[0], command);
		perror(command[0]);
		_exit(2);
	}
	close(pair[1]);
	listener = take_fd(pair[0]);
	if (listener >= 0)
		watch(listener, child, &steps, hold);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
