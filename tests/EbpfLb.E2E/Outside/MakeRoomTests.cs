using System.Globalization;
using System.Net;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>Backend lists move to make room for a long one, while clients outside go on.</summary>
public sealed class MakeRoomTests : IDisposable
{
    private const int Slots = 1024;
    private const int Pairs = 70;

    private readonly TestCluster cluster = new(new TestClusterOptions
    {
        Extra = ["--max-slots", Slots.ToString(CultureInfo.InvariantCulture)],
    });

    [Fact]
    public void A_long_list_fits_between_short_ones_and_no_connection_is_lost()
    {
        // Its lists stand among the others, so that they move too.
        cluster.Manifests.Put("first", Short(0, Pairs / 2, withFours: true));
        WaitFor($"s{(Pairs / 2) - 1}-4");
        var service = cluster.Publish("a", "c");
        cluster.Manifests.Put("second", Short(Pairs / 2, Pairs, withFours: true));
        WaitFor($"s{Pairs - 1}-4");
        var to = service.Address(cluster, Way.NodePortOfFirst, Family.IPv4);
        cluster.Probe.Do($"hold id=open to={to} count=100");
        var load = cluster.Probe.Start(new LoadSpec(LoadMode.Tcp, to));
        cluster.Manifests.Put("first", Short(0, Pairs / 2, withFours: false));
        cluster.Manifests.Put("second", Short(Pairs / 2, Pairs, withFours: false));
        Eventually.True(() => !Knows($"s{Pairs - 1}-4"), "the short lists to go");
        load.AfterMore(50);

        cluster.Manifests.Put(Service("large", 1, 300, "10.201"));
        WaitFor("large");
        load.AfterMore(50);

        var report = load.Stop();
        Assert.True(report.IsClean, report.Line);
        Assert.Equal(100, cluster.Probe.Do("exchange id=open").Number("answered"));
        Assert.DoesNotContain("start the agent with a larger --max-slots", cluster.First.Agent.Log);
        Eventually.True(() => cluster.First.Agent.Command("verify", "--dry-run") is (0, _), "nothing to differ");
    }

    public void Dispose() => cluster.Dispose();

    private void WaitFor(string service) => Eventually.True(
        () => Knows(service), () => $"{service} to be programmed. Log of the agent:\n{cluster.First.Agent.EndOfLog}");

    private bool Knows(string service) => cluster.First.Agent.Ask("/backends")
        .Contains($"\"default/{service}\"", StringComparison.Ordinal);

    private static ServiceManifest[] Short(int from, int to, bool withFours) => [.. Enumerable.Range(from, to - from).SelectMany(i
        => (ServiceManifest[])[Service($"s{i}-8", 2 * i, 8, "10.202"), .. withFours ? [Service($"s{i}-4", (2 * i) + 1, 4, "10.202")]
            : (ServiceManifest[])[]])];

    private static ServiceManifest Service(string name, int number, int endpoints, string network) => new(name)
    {
        ClusterIPs = [IPAddress.Parse($"10.96.{(network == "10.201" ? 5 : 4)}.{number + 1}")],
        Ports = [new PortManifest("tcp", "TCP", 80, TestNode.TargetPort)],
        Endpoints = [.. Enumerable.Range(0, endpoints).Select(i => IPAddress.Parse($"{network}.{number + (i / 250)}.{(i % 250) + 1}"))],
    };
}
