// Instances, namespaces and loaded programs are each test's own. Classes that move this process between cgroups run alone: OwnCgroup.
[assembly: Xunit.v3.Parallelization(MaxThreads = 3)]
[assembly: Trait("needs", "root")]
[assembly: Trait("needs", "netns")]
[assembly: Trait("needs", "cgroup2")]
[assembly: Trait("needs", "bpf")]
[assembly: Trait("needs", "ip")]
