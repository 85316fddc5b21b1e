/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the C of this tree needs of the compiler. */
#ifndef LB_COMPILER_H
#define LB_COMPILER_H

#define lb_inline static __attribute__((always_inline)) inline
/* A function that the verifier checks once, on its own, and not again for every path that leads to
 * it. Its pointers may be NULL as far as the verifier knows, and it returns a number. Weak, because
 * several programs have it. */
#define lb_once	    __attribute__((weak, noinline))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* Keeps a pointer in one register from here on: the verifier must see the one that was checked
 * being used, not another that the compiler computed before the check. */
#define lb_pin(p) asm volatile("" : "+r"(p))
/* Behind a map's helper, where another branch calls the same helper for another map (`n` is another
 * number there): the compiler may not make one call of the two. Where the verifier sees one map at
 * a call, the kernel calls that map's function at once, and by a pointer else. */
#define lb_apart(n) asm volatile("" : : "i"(n))
/* Keeps what was written to a variable on the stack so far: the compiler may not leave any of it
 * out because more is written later. */
#define lb_touch(v) asm volatile("" : : "r"(&(v)) : "memory")
/* Computed now, of what memory says now: what is read later is not read before it. */
#define lb_settle(v)	 asm volatile("" : "+r"(v) : : "memory")
#define READ_ONCE(x)	 (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))
#define ARRAY_SIZE(x)	 (sizeof(x) / sizeof((x)[0]))

#endif
