// Namespaces and cgroups of several tests could live side by side, but small machines make their time-outs flaky.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
