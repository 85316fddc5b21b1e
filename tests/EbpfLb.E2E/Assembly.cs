// Every node has namespaces, a cgroup and an instance of its own. Most of the time tests wait, so more run side by side than a small
// machine has CPUs.
[assembly: Xunit.v3.Parallelization(MaxThreads = 4)]
[assembly: Trait("needs", "root")]
[assembly: Trait("needs", "netns")]
[assembly: Trait("needs", "cgroup2")]
[assembly: Trait("needs", "bpf")]
[assembly: Trait("needs", "ip")]
[assembly: Trait("needs", "nsenter")]
[assembly: Trait("needs", "bpftool")]
