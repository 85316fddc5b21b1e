namespace EbpfLb.E2E.Deployment;

/// <summary>
/// The agent runs as the DaemonSet of deploy/kubernetes says: in a read-only root file system of its own with just its mounts and
/// capabilities, with its configuration, and against an API server that refuses what the ClusterRole does not allow.
/// </summary>
public sealed class PodTests : IAsyncLifetime
{
    private PodBed bed = null!;
    private PodRoot root = null!;

    public async ValueTask InitializeAsync()
    {
        bed = await PodBed.StartAsync();
        root = bed.Keep(new PodRoot(bed.Node, bed.Account));
    }

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    [Fact]
    public void With_just_its_mounts_capabilities_and_rights_it_serves_and_asks_for_nothing_else()
    {
        var judge = new PodJudge(bed, root);
        bed.Apply(PodBed.Service(bed.Backends[0]));

        using var agent = root.Start(KubernetesBase.Arguments, bed.Api.Url);
        root.WaitUntilReady(agent);

        judge.AssertServed();
        judge.AssertRightsAreUsed(agent);
        PodJudge.AssertNothingWasRefused(agent.Output);
        var (code, status) = root.Command("status");
        Assert.True(code == 0, status);
        Assert.Contains("Ready", status, StringComparison.Ordinal);
        judge.AssertJudgedFromTheHost();

        agent.Signal();
        Assert.Equal(0, agent.WaitForExit());
        judge.AssertCleanedUp();
    }
}
