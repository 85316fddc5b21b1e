// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
// One map of each kind, a knob of each size, and programs that tests call.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct pair {
	__u32 left;
	__u32 right;
};

struct odd {
	__u32 a;
	__u32 b;
	__u32 c;
};

struct record {
	__u64 sequence;
	__u32 value;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct pair);
} t_hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1000);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct pair);
} t_array SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct odd);
} t_percpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} t_ring SEC(".maps");

const volatile __u8 knob_byte __attribute__((btf_decl_tag("doc: one byte"))) = 7;
const volatile __u32 knob_word __attribute__((btf_decl_tag("doc: a word, in apples"))) = 40;
const volatile __u64 knob_long = 1;
const volatile struct pair knob_pair = { .left = 1, .right = 2 };

struct knobs {
	__u64 byte, word, long_, left, right;
};

SEC("syscall")
int read_knobs(struct knobs *ctx)
{
	ctx->byte = knob_byte;
	ctx->word = knob_word;
	ctx->long_ = knob_long;
	ctx->left = knob_pair.left;
	ctx->right = knob_pair.right;
	return 42;
}

struct lookup {
	__u32 index;
	__u32 found;
	struct pair value;
};

SEC("syscall")
int read_array(struct lookup *ctx)
{
	__u32 index = ctx->index;
	struct pair *value = bpf_map_lookup_elem(&t_array, &index);

	ctx->found = value != 0;
	if (value)
		ctx->value = *value;
	return 0;
}

struct emit {
	__u32 count;
	__u32 discard_every;
	__u32 lost;
	__u32 pad;
};

SEC("syscall")
int emit_records(struct emit *ctx)
{
	ctx->lost = 0;
	for (__u32 i = 0; i < 1024 && i < ctx->count; i++) {
		struct record *record = bpf_ringbuf_reserve(&t_ring, sizeof(*record), 0);

		if (!record) {
			ctx->lost++;
			continue;
		}
		record->sequence = i;
		record->value = i * 3;
		record->pad = 0;
		if (ctx->discard_every && i % ctx->discard_every == 0)
			bpf_ringbuf_discard(record, 0);
		else
			bpf_ringbuf_submit(record, 0);
	}
	return 0;
}

SEC("syscall")
int count_here(void *ctx)
{
	__u32 key = 1;
	struct odd *value = bpf_map_lookup_elem(&t_percpu, &key);

	if (value)
		value->c++;
	return bpf_get_smp_processor_id();
}

SEC("tc")
int grow_marker(struct __sk_buff *skb)
{
	__u8 *data = (void *)(long)skb->data;

	if (data + 15 > (__u8 *)(long)skb->data_end)
		return 2;
	data[14] += 1;
	skb->mark += 5;
	return 7;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
