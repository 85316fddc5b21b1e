/* SPDX-License-Identifier: Apache-2.0 */
/* netprobe: "netprobe VERB key=value..." runs one verb, "netprobe shell" reads one verb a line from
 * stdin, "netprobe killed" runs a command up to one of its system calls, "netprobe held"
 * with a stay there, "netprobe ordered" up to one that a file names later. */
#include "netprobe.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	int (*run)(const struct args *args);
	const char *help;
} verbs[] = {
	{"serve", verb_serve,
	 "name=N [tcp=P,P-P] [udp=P,P-P] [sctp=P,P-P] [show-port=1] [show-client=1] [backlog=N] "
	 "[follow=1]: "
	 "answer with the "
	 "name"},
	{"bulk", verb_bulk,
	 "to=A:P [up=BYTES] [down=BYTES] [mapped=1] [timeout=MS]: both at once over one TCP "
	 "connection, every byte compared"},
	{"load", verb_load,
	 "mode=tcp|udp|udp-connected|udp-shared|sctp to=A:P[=SUFFIX],... [count=N] [seconds=S] "
	 "[rate=R] "
	 "[threads=T] "
	 "[from=A] [mapped=1] [bytes=N] [timeout=MS] [background=ID]: requests one after another"},
	{"load-stats", verb_load_stats, "background=ID [reset=1]: figures of a load that runs"},
	{"load-stop", verb_load_stop, "background=ID: end it, print its figures"},
	{"open", verb_open,
	 "id=I type=tcp|udp to=A:P (for its family) [from=A:P] [mapped=1] [timeout=MS]"},
	{"connect", verb_connect, "id=I to=A:P [mapped=1]"},
	{"peer", verb_peer, "id=I: getpeername()"},
	{"local", verb_local, "id=I: getsockname()"},
	{"request", verb_request, "id=I: a request over a connected TCP socket, its answer"},
	{"send", verb_send, "id=I number=N [to=A:P] [mapped=1] [bytes=N]: a datagram"},
	{"receive", verb_receive,
	 "id=I number=N [bytes=N]: the answer to datagram N and where it came from"},
	{"close", verb_close, "id=I"},
	{"hold", verb_hold,
	 "id=I to=A:P count=N [type=tcp|sctp] [rate=R] [mapped=1] [timeout=MS]: open and keep "
	 "connections"},
	{"exchange", verb_exchange,
	 "id=I [peer=A:P]: a request over each connection held, and whether getpeername() says so"},
	{"release", verb_release, "id=I: close them"},
	{"swarm", verb_swarm,
	 "id=I to=A:P count=N kind=send|wait|sendto [interval=MS] [mapped=1]: UDP clients that go "
	 "on "
	 "until they are stopped"},
	{"swarm-stats", verb_swarm_stats, "id=I: who answered them last"},
	{"swarm-stop", verb_swarm_stop, "id=I: end them"},
	{"flood", verb_flood,
	 "frames=HEX[,HEX...] [device=D] [count=N] [seconds=S] [rate=R] [ports=N] [again=MS]: "
	 "frames past the stack, each from another source, N of an address (0: as they are; "
	 "again=: "
	 "and once more later)"},
	{"time-connect", verb_time_connect,
	 "mode=tcp|udp to=A:P [batch=N] [rounds=R] [same=1|life=1]: ns per connect(), median"},
	{"time-requests", verb_time_requests,
	 "to=A:P and=A:P [count=N]: ns per TCP connect-request-close, the two by turns"},
	{"latency", verb_latency,
	 "to=A:P [ms=T] [held=1]: ns per TCP connect-request-close, or per request over one "
	 "connection: mean, p50, p99"},
};

static int run(char *line)
{
	struct args args;
	char *verb = args_split(&args, line);

	if (!verb)
		return 0;
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(verbs[i].name, verb))
			return verbs[i].run(&args);
	}
	printf("err verb=%s text=\"no such verb, run netprobe without arguments for the list\"\n",
	       verb);
	return 2;
}

static int shell(void)
{
	static char line[LINE_BYTES];

	while (fgets(line, sizeof(line), stdin))
		run(line);
	return 0;
}

int main(int argc, char **argv)
{
	static char line[LINE_BYTES];
	struct rlimit files;

	signal(SIGPIPE, SIG_IGN);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	if (argc < 2) {
		printf("usage: netprobe shell | netprobe VERB key=value... | netprobe killed "
		       "update|pin[:PATH]|write[:MAP]|...*COUNT[,...] COMMAND...\n");
		for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
			printf("  %-13s %s\n", verbs[i].name, verbs[i].help);
		return 2;
	}
	if (!strcmp(argv[1], "shell"))
		return shell();
	if (!strcmp(argv[1], "killed") && argc > 3)
		return run_killed(argv[2], NULL, NULL, argv + 3);
	if (!strcmp(argv[1], "held") && argc > 4)
		return run_killed(argv[3], NULL, argv[2], argv + 4);
	if (!strcmp(argv[1], "ordered") && argc > 3)
		return run_killed(NULL, argv[2], NULL, argv + 3);
	for (int i = 1; i < argc; i++) {
		size_t used = strlen(line);

		snprintf(line + used, sizeof(line) - used, "%s%s", used ? " " : "", argv[i]);
	}
	return run(line);
}
