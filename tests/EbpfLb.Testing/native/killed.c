/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a command and kills it just before one of its system calls is done: what a kill -9 at that
 * moment leaves. Or holds it there, so that something can happen meanwhile. Only calls that are
 * named are stopped for that, so the command is not slowed; all of them (calls.c) where a file will
 * say later which are meant. */
#define _GNU_SOURCE
#include "calls.h"
#include "netprobe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* By calls that are never stopped. Returns when the other side has it; -1: it has not. */
static int pass_fd(int socket, int fd)
{
	char taken;

	if (write(socket, &fd, sizeof(fd)) != sizeof(fd) || read(socket, &taken, 1) != 1)
		return -1;
	return 0;
}

static int take_fd(int socket, pid_t from)
{
	int number, fd = -1, process = syscall(SYS_pidfd_open, from, 0);

	if (read(socket, &number, sizeof(number)) == sizeof(number))
		fd = syscall(SYS_pidfd_getfd, process, number, 0);
	if (fd >= 0 && write(socket, "", 1) != 1)
		perror("netprobe");
	close(process);
	return fd;
}

/* "update*18,pin:maps/x*1": the first pin whose path has "maps/x" after the eighteenth update. */
struct steps {
	const char *next;
	char name[16];
	char part[NAME_BYTES];
	long left;
};

static bool steps_next(struct steps *steps)
{
	size_t length = strcspn(steps->next, ":*"), part = 0;
	char *end;

	if (!calls_has(steps->next, length) || length >= sizeof(steps->name))
		return false;
	snprintf(steps->name, length + 1, "%s", steps->next);
	steps->next += length;
	if (*steps->next == ':')
		part = strcspn(++steps->next, "*");
	if (part >= sizeof(steps->part) || steps->next[part] != '*')
		return false;
	memcpy(steps->part, steps->next, part);
	steps->part[part] = 0;
	steps->left = strtol(steps->next + part + 1, &end, 10);
	steps->next = *end == ',' ? end + 1 : end;
	return steps->left > 0;
}

/* Whether the call is where the command shall die; then `text` says which it is. */
static bool steps_end(struct steps *steps, const struct seccomp_notif *call, char *text,
		      size_t size)
{
	if (!calls_is(call, steps->name, steps->part, text, size))
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

/* Steps that a file says while the command runs: they count from when it is there. */
struct order {
	const char *file;
	bool given;
	char text[NAME_BYTES];
};

static bool order_given(struct order *order, struct steps *steps)
{
	FILE *file;

	if (!order->file)
		return true;
	if (order->given) {
		/* Taken back. */
		order->given = !access(order->file, F_OK);
		return order->given;
	}
	file = fopen(order->file, "re");
	if (!file)
		return false;
	if (fgets(order->text, sizeof(order->text), file)) {
		steps->next = order->text;
		order->given = steps_next(steps);
		if (!order->given)
			fprintf(stderr, "no such step: %s\n", order->text);
	}
	fclose(file);
	return order->given;
}

/* Whoever takes the order back and finds no FILE.used knows that nobody is killed by it. */
static bool order_use(struct order *order)
{
	char used[4096];

	if (!order->file)
		return true;
	snprintf(used, sizeof(used), "%s.used", order->file);
	order->given = false;
	return !rename(order->file, used);
}

/* `hold`: a file to hold the command by; NULL: it is killed. */
static void watch(int listener, pid_t child, struct steps *steps, struct order *order,
		  const char *hold)
{
	bool ended = false;
	char text[640];

	struct pollfd wait = {.fd = listener, .events = POLLIN};

	while (poll(&wait, 1, -1) >= 0 || errno == EINTR) {
		struct seccomp_notif call = {0};
		struct seccomp_notif_resp go = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};

		if (wait.revents & POLLHUP)
			return;
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
			continue;
		if (!ended && order_given(order, steps) &&
		    steps_end(steps, &call, text, sizeof(text))) {
			if (hold) {
				ended = true;
				hold_by(hold);
			} else if (order_use(order)) {
				kill(child, SIGKILL);
				fprintf(stderr, "killed before %s\n", text);
				return;
			}
		}
		go.id = call.id;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &go);
	}
}

int run_killed(const char *where, const char *ordered_by, const char *hold, char **command)
{
	struct steps steps = {.next = where};
	struct order order = {.file = ordered_by};
	int pair[2], status, listener;
	pid_t child, parent = getpid();

	if ((where && !steps_next(&steps)) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
		fprintf(stderr, "usage: netprobe killed NAME[:PART]*COUNT[,...] COMMAND...\n"
				"       netprobe held FILE NAME[:PART]*COUNT[,...] COMMAND...\n"
				"       netprobe ordered FILE COMMAND...\n");
		return 2;
	}
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		listener = calls_listen(where ? where : "any");
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
	listener = take_fd(pair[0], child);
	if (listener >= 0)
		watch(listener, child, &steps, &order, hold);
	/* Who waits at a call goes on without it: it fails. */
	close(listener);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
