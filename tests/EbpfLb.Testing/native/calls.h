/* SPDX-License-Identifier: Apache-2.0 */
/* System calls by their names, for `netprobe killed`. */
#ifndef CALLS_H
#define CALLS_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>

bool calls_has(const char *name, size_t length);

/* Has this process stop at the calls that are named, as steps name them ("write:lb_slots*2,wait*1",
 * or "any"), and no others. Returns the descriptor that tells of them; -1 and errno. */
int calls_listen(const char *names);

/* Whether it is a call of that name and about something that has `part`; says which in `text`. */
bool calls_is(const struct seccomp_notif *seen, const char *name, const char *part, char *text,
	      size_t size);

#endif
