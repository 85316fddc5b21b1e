/*
 * Has the running kernel verify every program of BPF objects, one by one, so that one that is refused hides no other.
 * A line for each, fields divided by tabs:
 *   OBJECT PROGRAM ok INSTRUCTIONS STACK      verified instructions; bytes of stack of the deepest chain of calls
 *   OBJECT PROGRAM refused ERRNO REASON       the last words of the verifier
 * Usage: verify [KNOB=VALUE...] OBJECT...     knobs are one byte each, and hold for the objects behind them
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LOG_BYTES (16 << 20)
#define LOG_STATS 4 /* of the verifier: how much it looked at, and no more */
/* Maps are made for each program again; how large they are changes nothing for the verifier. */
#define MAP_ENTRIES 1024
#define KNOBS	    16

static char log_text[LOG_BYTES];
static char *knobs[KNOBS];
static int knob_count;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return getenv("VERIFY_LOUD") ? vfprintf(stderr, format, args) : 0;
}

static const char *base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int shrink(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		enum bpf_map_type type = bpf_map__type(map);

		/* Arrays keep their size: a constant index may be beyond a smaller one. */
		if ((type == BPF_MAP_TYPE_HASH || type == BPF_MAP_TYPE_LRU_HASH) &&
		    bpf_map__max_entries(map) > MAP_ENTRIES &&
		    bpf_map__set_max_entries(map, MAP_ENTRIES))
			return -1;
	}
	return 0;
}

/* A knob is a byte of .rodata, found by its name in the object's BTF. */
static int set_knob(struct bpf_object *object, const char *name, size_t length, int value)
{
	const struct btf *btf = bpf_object__btf(object);
	const struct btf_var_secinfo *place;
	const struct btf_type *section;
	struct bpf_map *map;
	size_t size;
	char *bytes;
	int id;

	bpf_object__for_each_map(map, object) {
		const char *map_name = bpf_map__name(map);
		size_t at = strlen(map_name);

		if (at < 7 || strcmp(map_name + at - 7, ".rodata"))
			continue;
		bytes = (char *)bpf_map__initial_value(map, &size);
		id = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
		if (!bytes || id < 0)
			return -1;
		section = btf__type_by_id(btf, id);
		place = btf_var_secinfos(section);
		for (int i = 0; i < btf_vlen(section); i++, place++) {
			const char *found = btf__name_by_offset(btf, btf__type_by_id(btf, place->type)->name_off);

			if (strlen(found) == length && !strncmp(found, name, length)) {
				bytes[place->offset] = value;
				return 0;
			}
		}
	}
	return -1;
}

static struct bpf_object *open_object(const char *path)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .kernel_log_buf = log_text,
		    .kernel_log_size = sizeof(log_text), .kernel_log_level = LOG_STATS);
	struct bpf_object *object = bpf_object__open_file(path, &options);

	if (!object || shrink(object)) {
		fprintf(stderr, "verify: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	for (int i = 0; i < knob_count; i++) {
		const char *equals = strchr(knobs[i], '=');

		/* An object without it does not use it. */
		set_knob(object, knobs[i], equals - knobs[i], atoi(equals + 1));
	}
	return object;
}

/* Value of the last line that begins with `key`, into `to`. */
static void find(const char *key, char *to, size_t size)
{
	char *at = NULL, *next = log_text;

	while ((next = strstr(next, key)))
		at = next++;
	snprintf(to, size, "%.*s", at ? (int)strcspn(at + strlen(key), " \n") : 1, at ? at + strlen(key) : "-");
}

/* The line that says why: the last one before the statistics. */
static void reason(char *to, size_t size)
{
	char *line, *end, *last = "";
	static char text[LOG_BYTES];

	strcpy(text, log_text);
	for (line = text; *line; line = end) {
		end = line + strcspn(line, "\n");
		if (*end)
			*end++ = 0;
		if (!*line || !strncmp(line, "processed ", 10) || !strncmp(line, "verification time", 17) ||
		    !strncmp(line, "stack depth", 11) || !strncmp(line, "-- END", 6))
			continue;
		last = line;
	}
	snprintf(to, size, "%s", last);
	for (; *to; to++)
		if (*to == '\t')
			*to = ' ';
}

/*
 * The deepest chain of calls: bytes of stack with each frame rounded up as kernels before 6.9 do it (32; later 16), of 512.
 * Frames are read from the instructions: what the verifier says of them leaves out functions that a constant rules out.
 */
#define FUNCTIONS  256
#define FRAME_UNIT 32

static int starts[FUNCTIONS], depths[FUNCTIONS], function_count;

static int function_at(int instruction)
{
	int found = 0;

	for (int i = 0; i < function_count; i++)
		if (starts[i] <= instruction)
			found = i;
	return found;
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static int called(const struct bpf_insn *at)
{
	if (at->code == (BPF_JMP | BPF_CALL) && at->src_reg == BPF_PSEUDO_CALL)
		return 1;
	return at->code == (BPF_LD | BPF_IMM | BPF_DW) && at->src_reg == BPF_PSEUDO_FUNC;
}

static int deepest(const struct bpf_insn *code, int count, int function)
{
	int end = function + 1 < function_count ? starts[function + 1] : count, below = 0;

	for (int i = starts[function]; i < end; i++) {
		int depth = called(&code[i]) ? deepest(code, count, function_at(i + code[i].imm + 1)) : 0;

		if (depth > below)
			below = depth;
	}
	return below + (depths[function] + FRAME_UNIT - 1) / FRAME_UNIT * FRAME_UNIT;
}

/* The furthest byte below the frame pointer that the instructions name. */
static int frame_of(const struct bpf_insn *code, int from, int to)
{
	int frame = 0, copies = 0;

	for (int i = from; i < to; i++) {
		int kind = BPF_CLASS(code[i].code), at = 0;

		if ((kind == BPF_LDX && code[i].src_reg == BPF_REG_10) ||
		    ((kind == BPF_ST || kind == BPF_STX) && code[i].dst_reg == BPF_REG_10))
			at = code[i].off;
		else if (code[i].code == (BPF_ALU64 | BPF_MOV | BPF_X) && code[i].src_reg == BPF_REG_10)
			copies |= 1 << code[i].dst_reg;
		else if (code[i].code == (BPF_ALU64 | BPF_ADD | BPF_K) && copies & 1 << code[i].dst_reg) {
			at = code[i].imm;
			copies &= ~(1 << code[i].dst_reg);
		}
		if (-at > frame)
			frame = -at;
	}
	return frame;
}

static int chain(const struct bpf_program *program)
{
	const struct bpf_insn *code = bpf_program__insns(program);
	int count = bpf_program__insn_cnt(program), kept = 0;

	function_count = 1;
	starts[0] = 0;
	for (int i = 0; i < count && function_count < FUNCTIONS; i++)
		if (called(&code[i]))
			starts[function_count++] = i + code[i].imm + 1;
	qsort(starts, function_count, sizeof(starts[0]), compare);
	for (int i = 0; i < function_count; i++)
		if (!i || starts[i] != starts[kept - 1])
			starts[kept++] = starts[i];
	function_count = kept;
	for (int i = 0; i < function_count; i++) {
		depths[i] = frame_of(code, starts[i], i + 1 < function_count ? starts[i + 1] : count);
		/* A function of no stack still counts as one unit. */
		if (!depths[i])
			depths[i] = 1;
	}
	return deepest(code, count, 0);
}

static void verify(const char *path, const char *name)
{
	struct bpf_object *object = open_object(path);
	char said[512];
	struct bpf_program *program, *the_program = NULL;
	int err;

	bpf_object__for_each_program(program, object) {
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
		if (bpf_program__autoload(program))
			the_program = program;
	}
	log_text[0] = 0;
	err = bpf_object__load(object);
	if (err) {
		reason(said, sizeof(said));
		printf("%s\t%s\trefused\t%s\t%s\n", base(path), name, strerrorname_np(-err) ?: "?", said);
	} else {
		find("processed ", said, sizeof(said));
		printf("%s\t%s\tok\t%s\t%d\n", base(path), name, said, chain(the_program));
	}
	fflush(stdout);
	bpf_object__close(object);
}

int main(int argc, char **argv)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

	setrlimit(RLIMIT_MEMLOCK, &all); /* kernels before 5.11 count maps against it */
	libbpf_set_print(quiet);
	for (int i = 1; i < argc; i++) {
		struct bpf_object *object;
		struct bpf_program *program;

		if (strchr(argv[i], '=')) {
			if (knob_count < KNOBS)
				knobs[knob_count++] = argv[i];
			continue;
		}
		object = open_object(argv[i]);
		bpf_object__for_each_program(program, object)
			verify(argv[i], bpf_program__name(program));
		bpf_object__close(object);
	}
	return 0;
}
