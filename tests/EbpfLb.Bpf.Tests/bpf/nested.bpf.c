// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// An array of maps whose inner maps user space describes and fills, and a map that loading may leave out.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} t_outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} t_optional SEC(".maps");

struct nested {
	__u32 outer;
	__u32 inner;
	__u32 found;
	__u32 value;
};

SEC("syscall")
int read_nested(struct nested *ctx)
{
	__u32 outer = ctx->outer, inner = ctx->inner, *value;
	void *map = bpf_map_lookup_elem(&t_outer, &outer);

	ctx->found = 0;
	if (!map)
		return 1;
	value = bpf_map_lookup_elem(map, &inner);
	if (!value)
		return 2;
	ctx->found = 1;
	ctx->value = *value;
	return 0;
}

SEC("syscall")
int use_optional(void *ctx)
{
	__u32 key = 0;

	return bpf_map_lookup_elem(&t_optional, &key) ? 1 : 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
