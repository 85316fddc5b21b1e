namespace EbpfLb.Datapath.Tests;

/// <summary>
/// Classes in which this process joins the cgroup that an instance serves. What else it starts meanwhile would be in there too, and be
/// killed with it: they run when nothing else does.
/// </summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class OwnCgroup;
