/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What the C of this tree needs of the compiler. */
#ifndef LB_COMPILER_H
#define LB_COMPILER_H

#define lb_inline	 static __attribute__((always_inline)) inline
#define likely(x)	 __builtin_expect(!!(x), 1)
#define unlikely(x)	 __builtin_expect(!!(x), 0)
#define READ_ONCE(x)	 (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))
#define ARRAY_SIZE(x)	 (sizeof(x) / sizeof((x)[0]))

#endif
