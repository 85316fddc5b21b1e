using System.Text.Json;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// Clients behind a bridge or veth that has an address of the node and leads to no router, such as virtual machines: what counts is the
/// destination, not the device, as for kube-proxy.
/// </summary>
public sealed class BridgeClientTests(TestCluster cluster) : IClassFixture<TestCluster>
{
    private static readonly Way[] Ways = [Way.NodePortOfFirst, Way.ExternalIP, Way.LoadBalancerIP, Way.ClusterIP];

    [Theory]
    [InlineData("bridge", "virbr0", 77)]
    [InlineData("veth", "net2", 78)]
    public void They_reach_services_every_way_with_backends_here_and_elsewhere(string kind, string device, int net)
    {
        var service = cluster.Publish("a", "c");
        using var machine = Machine(kind, device, net);
        Eventually.True(() => Device(device)?.GetProperty("ingressProgram").GetUInt32() > 0,
            () => $"a program at {device}: {cluster.First.Agent.Command("status").Output}");
        Assert.Equal($"a {kind} whose addresses are not pods'", Device(device)!.Value.GetProperty("reason").GetString());
        using var probe = NetProbe.Start(new ProcessPlace(machine.Path, null));

        foreach (var family in new[] { Family.IPv4, Family.IPv6 })
        {
            foreach (var way in Ways)
            {
                var report = probe.Load(new LoadSpec(LoadMode.Tcp, service.Address(cluster, way, family)) { Count = 30 });
                Assert.True(report.IsClean && report.Names.Count == 2, $"{way} {family}: {report.Line}\n{cluster.Report()}");
            }
        }
        Assert.True(
            probe.Load(new LoadSpec(LoadMode.UdpConnected, service.Address(cluster, Way.ClusterIP, Family.IPv4)) { Count = 30 }).IsClean);
        var (code, text) = cluster.First.Agent.Command(
            "explain", "--from", $"192.168.{net}.10", "--to", service.Address(cluster, Way.NodePortOfFirst, Family.IPv4));
        Assert.True(code == 0, text);
        Assert.Contains("goes to one of 2 backends", text);
        Assert.True(text.Contains($"a first packet by {device} is translated", StringComparison.Ordinal), text);
    }

    /// <summary>A namespace at the other end of a device of the first node, which is its router.</summary>
    private ScratchNetns Machine(string kind, string device, int net)
    {
        var machine = ScratchNetns.Create();
        var port = kind == "bridge" ? $"port{net}" : device;
        cluster.First.Netns.Configure(
        [
            $"link add {port} type veth peer name eth0 netns {machine.Name}",
            $"link set {port} up",
            .. kind == "bridge" ? (string[])[$"link add {device} type bridge", $"link set {device} up", $"link set {port} master {device}"]
                : [],
            $"addr add 192.168.{net}.1/24 dev {device}",
            $"addr add fd00:{net}::1/64 dev {device} nodad",
        ]);
        machine.Configure(
            "link set eth0 up", $"addr add 192.168.{net}.10/24 dev eth0", $"addr add fd00:{net}::10/64 dev eth0 nodad",
            $"route add default via 192.168.{net}.1", $"route add default via fd00:{net}::1");
        return machine;
    }

    private JsonElement? Device(string name) => cluster.First.Agent.Json("status").GetProperty("devices").EnumerateArray()
        .Where(d => d.GetProperty("name").GetString() == name).Select(d => (JsonElement?)d).FirstOrDefault();
}
