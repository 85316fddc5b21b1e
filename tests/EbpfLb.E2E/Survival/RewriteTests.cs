using System.Diagnostics;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using Microsoft.Extensions.Logging.Abstractions;

namespace EbpfLb.E2E.Survival;

/// <summary>
/// As <see cref="RaceTests"/>, but the dataplane is driven by the test itself, without a source and its pauses: one plan after the
/// other, on maps so small that ids, slots and hash elements are used again at once.
/// </summary>
public sealed class RewriteTests : IDisposable
{
    private const int Services = 16;
    private const long RequestsPerLoad = 6000;

    /// <summary>A load that does not come on has failed. Quiet it takes seconds.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly string[] Pods = ["a", "b", "c"];
    private static readonly string[][] Sets = [["a"], ["b", "c"], ["c"], ["a", "b", "c"], ["b"]];

    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly List<IDisposable> running = [];
    private readonly NodeNetns node;
    private readonly NetProbe probe;
    private readonly DatapathOptions options;

    public RewriteTests()
    {
        node = topology.AddNode();
        probe = NetProbe.Start(node.AddPod("client").Place);
        running.Add(probe);
        foreach (var name in Pods)
            running.Add(PodServer.Start(node.AddPod(name).Place, name, "9000-9063", "9000-9063", showPort: true));
        options = new DatapathOptions
        {
            Instance = node.Netns,
            CgroupRoot = node.Cgroup.Path,
            BpfFs = BpfFs.MountPoint,
            Sizes = new MapSizes(Frontends: 128, Services: 160, Backends: 512, Slots: 512, Affinity: 64, UdpPeers: 64),
        };
    }

    [Fact]
    public async Task Clients_never_reach_a_foreign_backend_while_plans_follow_one_another_without_a_pause()
    {
        await using var dataplane = Dataplane.Open(options, NullLoggerFactory.Instance);
        var cluster = new ClusterBuilder();
        var table = Rewrite(dataplane, cluster, round: 0, previous: null);
        dataplane.Hooks.Attach();
        BackgroundLoad[] loads = [
            Start(LoadMode.Tcp, ipv6: false), Start(LoadMode.UdpConnected, ipv6: false), Start(LoadMode.UdpConnected, ipv6: true)];

        var rounds = 1;
        var watch = Stopwatch.StartNew();
        while (rounds % 50 != 0 || loads.Any(load => load.Now().Total < RequestsPerLoad))
        {
            Assert.True(watch.Elapsed < Limit,
                $"after {rounds} rounds a load is still below {RequestsPerLoad} requests: "
                    + $"{string.Join("; ", loads.Select(load => load.Now().Line))}");
            table = Rewrite(dataplane, cluster, rounds++, table);
        }

        Assert.All(loads.Select(load => load.Stop()), report => Assert.True(report.IsClean, $"after {rounds} rounds: {report}"));
    }

    public void Dispose()
    {
        foreach (var disposable in running)
            disposable.Dispose();
        Instances.Remove(options);
        topology.Dispose();
    }

    /// <summary>Gives every service other endpoints, and lets a third of the passing ones vanish and another third appear.</summary>
    private ForwardingTable Rewrite(Dataplane dataplane, ClusterBuilder cluster, int round, ForwardingTable? previous)
    {
        for (var i = 0; i < Services; i++)
        {
            Put(cluster, "stable", i, 9000 + i, Sets[(round + i) % Sets.Length]);
            if ((round + i) % 3 == 0)
                cluster.RemoveService($"passing{i}");
            else
                Put(cluster, "passing", Services + i, 9030 + i, Sets[(round + i + 1) % Sets.Length]);
        }
        var table = ForwardingCompiler.Compile(cluster.Build(), PolicyOptions.Default, previous);
        // What does not fit keeps its old state and comes with a later round: reuse at the edge is what this is about.
        dataplane.Services.Apply(table);
        return table;
    }

    private void Put(ClusterBuilder cluster, string kind, int number, int target, string[] backends)
    {
        var name = $"{kind}{number % Services}";
        string[] ports = [$"tcp:{target}/TCP", $"udp:{target}/UDP"];
        var pods = node.Pods.Where(pod => backends.Contains(pod.Name)).ToList();
        cluster
            .Service(name, [$"10.96.2.{number}", $"fd00:10:96:2::{number:x}"], [$"tcp:80/TCP", $"udp:80/UDP"])
            .Slice($"{name}-v4", name, ports, [.. pods.Select(pod => pod.IPv4.ToString())])
            .Slice($"{name}-v6", name, ports, [.. pods.Select(pod => pod.IPv6.ToString())]);
    }

    private BackgroundLoad Start(LoadMode mode, bool ipv6) => probe.Start(new LoadSpec(
        mode,
        [.. Enumerable.Range(0, Services).Select(i => ipv6 ? $"[fd00:10:96:2::{i:x}]:80=/{9000 + i}" : $"10.96.2.{i}:80=/{9000 + i}")]));
}
