// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// One of each kind of type that BTF knows, for the reader's tests. Nothing here is loaded.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum colour { RED = 1, GREEN = 7 };

enum weight { LIGHT = -5, HEAVY = 5 };

union either {
	__u32 number;
	__u8 bytes[4];
};

struct declared_only;

typedef __u16 port_t;

struct everything {
	enum colour colour;
	enum weight weight;
	union either either;
	port_t ports[3];
	__u16 low : 3;
	__u16 high : 13;
	const volatile __u64 *pointer;
	struct declared_only *forward;
	_Bool yes;
	char letter;
	__s16 negative;
	struct {
		__u32 inner;
	};
	double real;
};

struct everything every __attribute__((btf_decl_tag("one of each")));
static volatile __u32 hidden = 5;
const volatile __u32 first_constant = 11;
const volatile __u64 second_constant = 22;

SEC("syscall")
int use_all(struct everything *ctx)
{
	hidden += ctx->colour;
	every.colour = ctx->colour;
	return hidden + first_constant + second_constant;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
