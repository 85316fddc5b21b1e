#!/bin/bash
# The first process of a kernel that is tried: prepares the machine, does what $tasks names (words of the kernel's command line
# reach it as variables), and switches the machine off. What comes out goes to the second serial port, a line "== TASK" before
# each task's, "== TASK took SECONDS" behind it.
export PATH=/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 DOTNET_NOLOGO=1 DOTNET_TieredPGO=0
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /run
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t securityfs securityfs /sys/kernel/security
exec > /dev/ttyS1 2>&1
mkdir -p /run/netns /dev/shm
ln -s /proc/self/fd /dev/fd
ip link set lo up
# jit=0 on the command line: programs are interpreted, which kernels with CONFIG_BPF_JIT_ALWAYS_ON refuse.
[ -z "${jit:-}" ] || echo "$jit" > /proc/sys/net/core/bpf_jit_enable
cd /repo || exit

task_facts() {
	echo "release $(uname -r)"
	echo "lockdown $(sed -nE 's/.*\[(.*)\].*/\1/p' /sys/kernel/security/lockdown)"
	echo "jit $(cat /proc/sys/net/core/bpf_jit_enable)"
	echo "boot $(cut -d' ' -f1 /proc/uptime)"
}

task_verify() {
	modprobe nf_conntrack
	tools/kernels/verify.sh verify
}

task_packets() {
	# Tests load programs that ask it.
	modprobe nf_conntrack
	local exe=build/dotnet/bin/EbpfLb.Datapath.Tests/release/EbpfLb.Datapath.Tests
	"$exe" -noLogo -noColor $(for class in ${classes//,/ }; do echo "-class EbpfLb.Datapath.Tests.$class"; done) -parallel none
}

task_demo() {
	DEMO_PATIENCE=240 deploy/demo/demo.sh
}

task_devices() {
	modprobe bonding max_bonds=0
	modprobe 8021q
	modprobe virtio_pci 2> /dev/null || true # built in, on some
	modprobe virtio_net
	# A lab makes devices of these names here before it moves them.
	for card in 0 1; do ip link set "eth$card" name "card$card"; done
	tools/kernels/devices.sh ${cases//,/ }
}

task_modules() {
	modprobe sctp
	modprobe ipip
	tools/kernels/modules.sh ${cases//,/ }
}

# What the agent says at its start, for kernels that it does not start on: not whether it balances.
task_agent() {
	modprobe nf_conntrack
	timeout 60 build/bin/ebpflb run --manifests deploy/demo/manifests --instance kernels --run-dir /run/ebpflb
}

for task in ${tasks//,/ }; do
	echo "== $task"
	start=$(cut -d. -f1 /proc/uptime)
	"task_$task"
	code=$?
	echo "== $task took $(($(cut -d. -f1 /proc/uptime) - start)) exit $code"
done
reboot -f
