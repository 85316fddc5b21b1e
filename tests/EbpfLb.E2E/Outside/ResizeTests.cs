using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Outside;

/// <summary>An agent is started again with a conntrack table of another size, while connections of clients outside are open.</summary>
public sealed class ResizeTests : IDisposable
{
    private readonly TestCluster cluster = new();

    [Fact]
    public void After_a_restart_with_fewer_flows_than_there_were_new_connections_and_open_ones_go_on()
    {
        var service = cluster.Publish("a", "c");
        var to = service.Address(cluster, Way.NodePortOfFirst, Family.IPv4);
        cluster.Probe.Do($"hold id=open to={to} count=40");
        // Twice as many as the table will hold: what they leave is closed flows.
        Assert.Equal(0, cluster.Probe.Load(LoadMode.Tcp, to, 2000).Failed);

        cluster.First.Agent.Kill();
        cluster.First.Agent.Launch("--max-flows", "1000");
        cluster.First.Agent.WaitUntilReady();

        var after = cluster.Probe.Load(LoadMode.Tcp, to, 2000);
        Assert.True(after.IsClean, after.Line);
        Assert.Equal(40, cluster.Probe.Do("exchange id=open").Number("answered"));
        Assert.DoesNotContain("did not fit", cluster.First.Agent.Log);
    }

    public void Dispose() => cluster.Dispose();
}
