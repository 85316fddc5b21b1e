using EbpfLb.E2E.Outside;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Upgrades;

/// <summary>
/// A cluster whose first node is upgraded: clients outside at its NodePorts, processes of the node at ClusterIPs, in both families; 200
/// held connections, UDP clients that must stay with their backend, clients with session affinity, and short ones at hundreds a second.
/// </summary>
internal sealed class UpgradeTraffic : IDisposable
{
    private const int HeldOfEach = 50;
    private const int RateOfEach = 60;
    private const int SwarmOfEach = 10;

    private readonly TestCluster cluster;
    private readonly List<HeldConnections> held = [];
    private readonly List<BackgroundLoad> loads = [];
    private readonly List<BackgroundLoad> sticky = [];
    private readonly List<Swarm> swarms = [];
    private readonly List<string> logs = [];

    /// <param name="options">Of the agents.</param>
    public UpgradeTraffic(IReadOnlyList<string>? options = null)
    {
        cluster = new TestCluster(new TestClusterOptions { Extra = options ?? [] });
        try
        {
            if (options is not null) TakeXdp();
            var service = cluster.Publish("a", "b", "c", "d");
            var remembered = cluster.NewService("a", "b", "c", "d");
            remembered = cluster.Publish(remembered with { Manifest = remembered.Manifest with { AffinitySeconds = 10_800 } });
            foreach (var family in (Family[])[Family.IPv4, Family.IPv6])
            {
                var (nodePort, clusterIP) = (
                    service.Address(cluster, Way.NodePortOfFirst, family), service.Address(cluster, Way.ClusterIP, family));
                held.Add(new HeldConnections(cluster.Client.Place, nodePort, HeldOfEach));
                held.Add(new HeldConnections(cluster.First.Netns.Place, clusterIP, HeldOfEach));
                swarms.Add(NewProbe(outside: true).StartSwarm("send", nodePort, SwarmOfEach));
                swarms.Add(NewProbe(outside: false).StartSwarm("sendto", clusterIP, SwarmOfEach));
                loads.Add(Start(outside: true, LoadMode.Tcp, nodePort));
                loads.Add(Start(outside: true, LoadMode.UdpConnected, nodePort));
                loads.Add(Start(outside: false, LoadMode.Tcp, clusterIP));
                loads.Add(Start(outside: false, LoadMode.UdpShared, clusterIP));
                sticky.Add(Start(outside: true, LoadMode.Tcp, remembered.Address(cluster, Way.NodePortOfFirst, family)));
                sticky.Add(Start(outside: false, LoadMode.Tcp, remembered.Address(cluster, Way.ClusterIP, family)));
            }
            Wait();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Without checksums left to devices and with frames that the other end of a veth takes, packets are XDP's.</summary>
    private void TakeXdp()
    {
        Offloads.NoChecksums(cluster.Client.Place.NetnsPath!, "eth0");
        foreach (var pod in cluster.Pods) Offloads.NoChecksums(pod.Place.NetnsPath!, "eth0");
        foreach (var node in cluster.Topology.Nodes) Offloads.Receive(cluster.Router.Place.NetnsPath!, node.Name);
    }

    public UpgradeReport Report
    {
        get
        {
            LoadReport[] all = [.. loads.Concat(sticky).Select(load => load.Now())];
            return new UpgradeReport(
                all, held.Sum(h => h.Count), held.Sum(h => h.Cut), held.Sum(h => h.Renamed),
                swarms.Sum(s => s.Moved) + all.Skip(loads.Count).Sum(UntranslatedSockets));
        }
    }

    /// <summary>What the agents said of the switches.</summary>
    public string Logs => string.Join('\n', logs);

    /// <summary>Kills the agent and starts another one in its place, and goes on until everybody was served by it.</summary>
    public void Switch(string binary)
    {
        var agent = cluster.First.Agent;
        agent.Kill();
        agent.LaunchInstead(binary);
        agent.WaitUntilReady();
        Wait();
        logs.Add($"{binary}:\n{agent.Log}");
    }

    /// <summary>Programs of the agent at hooks of sockets and devices.</summary>
    public int Hooks => cluster.First.Agent.PinnedIds().Keys.Count(name => name.StartsWith("links/", StringComparison.Ordinal));

    /// <summary>Maps by which programs in between go on.</summary>
    public IReadOnlyList<string> Targets => Pins("to_*");

    /// <summary>Maps of before of which the next agent would bring something along.</summary>
    public IReadOnlyList<string> MapsOfBefore => [.. Pins("was-*"), .. Pins("left-*")];

    /// <summary>
    /// Kills the agent and starts another one in its place, which is killed before it does one of its system calls. Goes on until new
    /// connections and datagrams were served without an agent; those that are silent stay so.
    /// </summary>
    /// <param name="where">The call, as `netprobe killed` takes it.</param>
    public void Interrupt(string binary, string where)
    {
        var agent = cluster.First.Agent;
        agent.Kill();
        agent.LaunchInstead(binary, RepositoryPaths.Netprobe, "killed", where);
        Assert.Equal(128 + 9, agent.WaitUntilEnded());
        foreach (var load in loads.Concat(sticky)) load.AfterMore(RateOfEach);
        logs.Add($"{binary} up to {where}:\n{agent.Log}");
    }

    public void Dispose()
    {
        foreach (var connections in held) connections.Dispose();
        cluster.Dispose();
    }

    private string[] Pins(string pattern)
    {
        var directory = Path.Combine(BpfFs.InstancePath(cluster.First.Agent.Instance), "switch");
        return Directory.Exists(directory) ? Directory.GetFiles(directory, pattern) : [];
    }

    private void Wait()
    {
        foreach (var load in loads.Concat(sticky)) load.AfterMore(RateOfEach);
        foreach (var connections in held) connections.AskAll();
        foreach (var swarm in swarms) Eventually.True(() => swarm.Silent == 0, "all UDP clients to have an answer");
    }

    private NetProbe NewProbe(bool outside) => cluster.Keep(NetProbe.Start(outside ? cluster.Client.Place : cluster.First.Netns.Place));

    private BackgroundLoad Start(bool outside, LoadMode mode, string to)
        => NewProbe(outside).Start(new LoadSpec(mode, to) { Rate = RateOfEach });

    /// <summary>
    /// Connections of one client with session affinity that went elsewhere than most. A name is "POD@ADDRESS OF THE CLIENT".
    /// </summary>
    private static long UntranslatedSockets(LoadReport report)
    {
        var pods = report.Names.GroupBy(name => name.Key.Split('@')[0]).Select(pod => pod.Sum(name => name.Value)).ToList();
        return pods.Sum() - pods.Max();
    }
}
