# EbpfLb: every target has a line in `make help`.
SHELL := /bin/bash
export PATH := $(PATH):/usr/sbin:/sbin
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

BUILD   := build
CLANG   ?= clang
# Of the same version: it reads what the compiler has written.
LLVM_LINK ?= $(subst clang,llvm-link,$(CLANG))
BPFTOOL ?= bpftool
CONFIG  ?= Release
# Another one is cross-built into build/RID, not run: linux-arm64.
RID     ?=
# What `ebpflb version` says that it was built of, where git cannot be asked: deploy/Dockerfile.
COMMIT  ?=
PUBLISH := dotnet publish src/EbpfLb.Agent/EbpfLb.Agent.csproj -c $(CONFIG) -v quiet $(if $(COMMIT),-p:SourceRevisionId=$(COMMIT))

BPF_INCLUDES := -Ibpf/include -Ibpf/lib -Ibpf/hook -isystem /usr/include/$(shell uname -m)-linux-gnu
# -mcpu=v3: atomics and 32-bit compares; -Wpadded is switched on inside lb_abi.h only.
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror -Wno-unused-parameter $(BPF_INCLUDES)
BPF_HEADERS := $(wildcard bpf/include/*.h bpf/lib/*.h bpf/hook/*.h bpf/bench/*.h)
BPF_PROGS := $(patsubst bpf/prog/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(wildcard bpf/prog/*.bpf.c))
# These call functions of nf_conntrack.
BPF_ASKING := $(BUILD)/bpf/tc.bpf.o $(BUILD)/bpf/xdp.bpf.o
# Each an object of its own: an older kernel may refuse one of them.
BPF_ITERS := $(patsubst bpf/iter/%.bpf.c,$(BUILD)/bpf/iter/%.bpf.o,$(wildcard bpf/iter/*.bpf.c))
# What stands before the programs while maps of another layout take over.
BPF_SWITCH := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(wildcard bpf/switch/*.bpf.c))
BPF_UNITS := $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(wildcard bpf/unit/*.bpf.c bpf/bench/*.bpf.c))

.PHONY: help deps test-deps bench-deps build agent image deb overlays chart schema bpf netprobe loadgen variants upgrade test fresh demo demo-clean kernels bench attack company chaos soak fuzz abi golden format clean

help: ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

deps: ## install what building needs and is missing (Debian 12, root)
	@tools/install-deps.sh

test-deps: ## the same for the tests
	@tools/install-deps.sh test

bench-deps: ## the same for the benchmarks
	@tools/install-deps.sh bench

build: bpf ## build everything; leaves build/bin/ebpflb. RID=linux-arm64 builds only the agent, into build/linux-arm64
ifeq ($(RID),)
	dotnet build EbpfLb.sln -c $(CONFIG) -v quiet
endif
	@$(MAKE) --no-print-directory agent

agent: bpf ## build what a node needs, one native file, and no tests; leaves build/bin/ebpflb
ifeq ($(RID),)
	$(PUBLISH) -o $(BUILD)/bin
else
	@tools/install-deps.sh cross
	@tools/sysroot.sh $(RID:linux-%=%)
	$(PUBLISH) -r $(RID) -o $(BUILD)/$(RID) \
		-p:LinkerFlavor=lld -p:ObjCopyName=llvm-objcopy -p:SysRoot=$(CURDIR)/$(BUILD)/sysroot/$(RID:linux-%=%)
endif

image: agent ## write the agent's OCI image layout and its root file system into build/image
	@tools/image

deb: agent ## make a Debian package of the agent for stand-alone use, in build/deb
	@tools/deb

overlays: ## render deploy/overlays and deploy/components into deploy/rendered, by a kubectl of 1.30 or newer
	@tools/overlays

chart: ## check the Helm chart of deploy/chart and render it into deploy/rendered/chart, by a helm on PATH or HELM=FILE
	@tools/chart

schema: ## have validators from npm, made of Kubernetes' OpenAPI document, look at deploy/rendered (node 20 or newer)
	@tools/schema

bpf: $(BUILD)/bpf/ebpflb.bpf.o $(BUILD)/bpf/plain.bpf.o $(BPF_ITERS) $(BPF_SWITCH) $(BPF_UNITS) ## build the BPF objects into build/bpf

# All programs share the maps and knobs of one object.
$(BUILD)/bpf/ebpflb.bpf.o: $(filter-out $(BPF_ASKING),$(BPF_PROGS)) $(BUILD)/bpf/asking.bpf.o
	@$(BPFTOOL) gen object $@.tmp $^ && mv $@.tmp $@

# The same without functions of nf_conntrack: libbpf looks for those in the BTF of kernel and modules, and refuses an object where it may not read them.
$(BUILD)/bpf/plain.bpf.o: $(filter-out $(BPF_ASKING),$(BPF_PROGS)) $(BUILD)/bpf/plain/asking.bpf.o
	@$(BPFTOOL) gen object $@.tmp $^ && mv $@.tmp $@

# libbpf's linker (1.1) refuses a kernel function that two objects call, so these two are linked before they become objects.
%/asking.bpf.o: %/tc.bpf.bc %/xdp.bpf.bc
	@$(LLVM_LINK) $^ -o $(@:.o=.bc) && $(CLANG) -O2 -g -target bpf -mcpu=v3 -Xclang -disable-llvm-passes -c $(@:.o=.bc) -o $@.tmp \
		&& llvm-strip -g $@.tmp && mv $@.tmp $@

$(BUILD)/bpf/plain/%.bpf.bc: BPF_DEFINES := -DLB_NO_NF_CONNTRACK
$(BUILD)/bpf/plain/%.bpf.bc: bpf/prog/%.bpf.c $(BPF_HEADERS)
	$(compile_bc)

$(BUILD)/bpf/%.bpf.bc: bpf/prog/%.bpf.c $(BPF_HEADERS)
	$(compile_bc)

define compile_bc
@mkdir -p $(@D)
@echo "  clang  $<"
@$(CLANG) $(BPF_CFLAGS) $(BPF_DEFINES) -emit-llvm -c $< -o $@
endef

define compile_bpf
@mkdir -p $(@D)
@echo "  clang  $<"
@$(CLANG) $(BPF_CFLAGS) $(BPF_DEFINES) -c $< -o $@.tmp && llvm-strip -g $@.tmp && mv $@.tmp $@
endef

$(BUILD)/bpf/%.bpf.o: bpf/prog/%.bpf.c $(BPF_HEADERS)
	$(compile_bpf)

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BPF_HEADERS)
	$(compile_bpf)

abi: bpf ## write src/EbpfLb.Abi and docs/maps.md again from the BTF of the BPF object
	dotnet run --project tools/abigen -c $(CONFIG) -v quiet -- $(BUILD)/bpf/ebpflb.bpf.o src/EbpfLb.Abi bpf/include/lb_maps.h docs/maps.md

netprobe: $(BUILD)/native/netprobe ## build the client and server that tests and the demo run in their pods

$(BUILD)/native/netprobe: $(wildcard tests/EbpfLb.Testing/native/*.[ch])
	@mkdir -p $(@D)
	$(CLANG) -std=gnu11 -O2 -g -Wall -Wextra -Werror -pthread $(filter %.c,$^) -o $@.tmp && mv $@.tmp $@

loadgen: $(BUILD)/native/loadgen ## build the generator of packets that `make bench` sends by

$(BUILD)/native/loadgen: tools/loadgen/loadgen.c
	@mkdir -p $(@D)
	$(CLANG) -std=gnu11 -O2 -g -Wall -Wextra -Werror $< -o $@.tmp && mv $@.tmp $@

# An agent with other structs in its maps, as another release has it: what upgrades are tried with.
$(BUILD)/upgrade/%/ebpflb: tools/upgrade/variant.sh $(shell find bpf src -name '*.[ch]' -o -name '*.cs' -o -name '*.csproj')
	@dotnet build tools/abigen -c $(CONFIG) -v quiet -nologo >/dev/null
	@echo "  agent  $*"
	@tools/upgrade/variant.sh $*

variants: $(BUILD)/upgrade/every/ebpflb ## build the agent of another layout that tests upgrade to and from

upgrade: build netprobe ## upgrades under load to and from each layout, docs/upgrades.md (root); ONLY="ct_state sock" tries these
	@tools/upgrade/run.sh $(ONLY)

test: test-deps build netprobe loadgen variants ## all tests, C# and BPF (root); ends with "N passed, N failed"
	@$(MAKE) --no-print-directory agent RID=linux-arm64
	@tools/test.sh

fresh: ## the demo and all tests on a bare Debian 12 in a directory (root, debootstrap); RUN="make demo" runs only that
	@tools/fresh.sh $(RUN)

demo: deps agent netprobe ## two nodes in namespaces that balance real traffic (root); KEEP=1 leaves it up
	@deploy/demo/demo.sh

kernels: build netprobe ## have Debian's kernels under qemu verify every program, docs/kernels.md (root); ONLY="packets demo devices modules" does more
	@tools/install-deps.sh test kernels
	@tools/kernels/run.sh $(ONLY)

demo-clean: ## remove what KEEP=1 left up
	@deploy/demo/demo.sh clean

# What is measured. Pages that a run has written are no change of it.
bench: COMMIT = $(shell $(GIT) rev-parse --short=8 HEAD 2>/dev/null && { $(GIT) diff --quiet HEAD -- bpf src tests tools || echo and changes; })
bench: GIT := git -c safe.directory='*'
bench: bench-deps build netprobe loadgen ## figures of docs/performance.md into build/bench (root, quiet machine); ONLY=lookups runs one, PAGE=1 writes them into the page, too
	COMMIT="$(COMMIT)" build/dotnet/bin/EbpfLb.Benchmarks/release/EbpfLb.Benchmarks $(if $(PAGE),--page $(patsubst 1,docs/performance.md,$(PAGE))) $(ONLY)

company: test-deps netprobe agent ## figures of docs/company.md: a real agent beside netfilter, quarter of an hour at most (root); ONLY=own runs one part, XDP=driver with XDP
	dotnet build tests/EbpfLb.Company -c $(CONFIG) -v quiet
	build/dotnet/bin/EbpfLb.Company/release/EbpfLb.Company $(ONLY)

attack: bench-deps build netprobe ## attacks on a node for a quarter of an hour, docs/security.md (root); ONLY=syns, ONLY="datagrams 60" runs one, XDP=driver with XDP
	build/dotnet/bin/EbpfLb.Benchmarks/release/EbpfLb.Benchmarks attack $(ONLY)

chaos: test-deps netprobe agent ## faults of API server, agent, kernel and node in random order, half an hour or so, docs/chaos.md (root); ONLY=pins runs one, SEED=7 repeats
	dotnet build tests/EbpfLb.Chaos -c $(CONFIG) -v quiet
	build/dotnet/bin/EbpfLb.Chaos/release/EbpfLb.Chaos $(ONLY)

soak: bench-deps agent ## an agent under changes without end, docs/scale.md (root); MINUTES=60 SERVICES=50000 RATE=100 SEED=7, 5 minutes by default; OPTIONS of the agent
	dotnet build tests/EbpfLb.Benchmarks -c $(CONFIG) -v quiet
	MINUTES=$(MINUTES) SERVICES=$(SERVICES) RATE=$(RATE) SEED=$(SEED) OPTIONS="$(OPTIONS)" build/dotnet/bin/EbpfLb.Benchmarks/release/EbpfLb.Benchmarks soak

fuzz: bpf ## damaged inputs for all parsers and the packet programs, some ten minutes, docs/fuzzing.md (root); ONLY=config runs one, N=1000000 SEED=7
	dotnet build tests/EbpfLb.Fuzz -c $(CONFIG) -v quiet
	dotnet build tests/EbpfLb.Datapath.Tests -c $(CONFIG) -v quiet
	N=$(N) SEED=$(SEED) tools/fuzz.sh $(ONLY)

golden: ## write what comes out into the expected parts of tests/EbpfLb.Scenarios (cases, Corpus); read the diff
	dotnet build tests/EbpfLb.Scenarios -c $(CONFIG) -v quiet
	EBPFLB_GOLDEN=write $(BUILD)/dotnet/bin/EbpfLb.Scenarios/$(shell echo $(CONFIG) | tr A-Z a-z)/EbpfLb.Scenarios -noLogo
	@git diff --stat -- tests/EbpfLb.Scenarios

format: ## clang-format all C of bpf/ and the tests
	clang-format -i bpf/*/*.h bpf/*/*.c tests/EbpfLb.Testing/native/*.[ch] tools/loadgen/*.c

clean: ## remove everything that was built
	rm -rf $(BUILD)
