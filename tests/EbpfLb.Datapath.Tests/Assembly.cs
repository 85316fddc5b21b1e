// Instances, cgroups and the cgroup of this very process are shared by all tests of the machine: one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
