using System.Diagnostics;
using System.Net;
using EbpfLb.Testing;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Outside;

/// <summary>
/// ClientIP affinity is one memory for all ways to a service port, and survives the agent. Pods have programs at their devices, so
/// that a process of theirs outside of the node's cgroup goes by packet. Services have 12 ports, each with an affinity of its own:
/// that 12 independent choices of four agree by chance happens once in 16 million runs.
/// </summary>
public sealed class SharedAffinityTests(SharedAffinityTests.Cluster fixture) : IClassFixture<SharedAffinityTests.Cluster>
{
    private const int Ports = 12;
    private static readonly Way[] WaysOfFirst = [Way.ClusterIP, Way.NodePortOfFirst, Way.ExternalIP, Way.LoadBalancerIP];
    private static int services;
    private readonly TestCluster cluster = fixture.Value;

    public static TheoryData<LoadMode, Family> Kinds { get; } = new(
        from mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected, LoadMode.Udp]
        from family in Enum.GetValues<Family>()
        select (mode, family));

    public static TheoryData<string, Family> Policies { get; } = new(
        from policy in (string[])["Cluster", "Local"]
        from family in (Family[])[Family.IPv4, Family.IPv6]
        select (policy, family));

    [Contract("11", "key: the client before SNAT, one memory for all destinations of a port, one for each port")]
    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_pod_stays_with_its_backend_by_socket_and_by_packet(LoadMode mode, Family family)
    {
        var service = Publish(mode == LoadMode.Tcp ? "TCP" : "UDP", 600);
        using var socket = BySocket("a");
        using var packet = ByPacket("a");
        using var other = BySocket("b");

        var chosen = Choices(socket, service, Way.ClusterIP, family, mode);

        foreach (var way in WaysOfFirst)
        {
            Assert.Equal(chosen, Choices(socket, service, way, family, mode));
            // An IPv6 socket's packets to an IPv4 address are the same.
            if (family != Family.Mapped) Assert.Equal(chosen, Choices(packet, service, way, family, mode));
        }
        Assert.NotEqual(chosen, Choices(other, service, Way.ClusterIP, family, mode));
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void An_outside_client_stays_with_its_backend_on_all_ways_of_a_policy(string policy, Family family)
    {
        var service = Publish("TCP", 600, manifest => manifest with { ExternalTrafficPolicy = policy });

        var chosen = Choices(cluster.Probe, service, Way.NodePortOfFirst, family);

        Assert.Equal(chosen, Choices(cluster.Probe, service, Way.LoadBalancerIP, family));
        Assert.Equal(chosen, Choices(cluster.Probe, service, Way.ExternalIP, family));
        if (policy == "Local") Assert.True(chosen.All("ab".Contains), chosen);
    }

    [Contract("11", "lookup: within the list in force, else a new choice")]
    [Fact]
    public void What_is_remembered_counts_only_where_it_is_in_the_list()
    {
        var service = Publish("TCP", 600, manifest => manifest with { ExternalTrafficPolicy = "Local" });

        var everywhere = Choices(cluster.Probe, service, Way.ClusterIP, Family.IPv4);
        var local = Choices(cluster.Probe, service, Way.NodePortOfFirst, Family.IPv4);
        var after = Choices(cluster.Probe, service, Way.ClusterIP, Family.IPv4);

        Assert.True(local.All("ab".Contains), local);
        Assert.All(everywhere.Zip(local),
            pair => Assert.True(pair.First == pair.Second || "cd".Contains(pair.First), $"{everywhere} became {local}"));
        Assert.Equal(local, after);
    }

    [Contract("11", "restart, another time-out: memory survives; the new time-out counts")]
    [Fact]
    public void Killed_and_started_again_no_client_changes_its_backend()
    {
        var service = Publish("TCP", 600);
        using var socket = BySocket("a");
        using var packet = ByPacket("a");
        string All() => string.Join(' ',
            Choices(socket, service, Way.ClusterIP, Family.IPv4), Choices(packet, service, Way.ClusterIP, Family.IPv6),
            Choices(cluster.First.Host, service, Way.NodePortOfFirst, Family.IPv4),
            Choices(cluster.Probe, service, Way.LoadBalancerIP, Family.IPv6));
        var before = All();

        cluster.First.Agent.Kill();
        Assert.Equal(before, All());
        cluster.First.Agent.Launch();
        cluster.First.Agent.WaitUntilReady();

        Assert.Equal(before, All());
        // What was chosen by packet holds by socket, and the other way round.
        Assert.Equal(before.Split(' ')[0], Choices(packet, service, Way.ClusterIP, Family.IPv4));
        Assert.Equal(before.Split(' ')[1], Choices(socket, service, Way.ClusterIP, Family.IPv6));
    }

    [Theory]
    [InlineData(Way.ClusterIP)]
    [InlineData(Way.NodePortOfFirst)]
    public void A_client_that_was_idle_for_the_time_out_chooses_anew_also_when_that_became_shorter(Way way)
    {
        var service = Publish("TCP", 600);
        using var pod = BySocket("a");
        var byPod = Choices(pod, service, way, Family.IPv4);
        var outside = Choices(cluster.Probe, service, way, Family.IPv4);

        cluster.Publish(service with { Manifest = service.Manifest with { AffinitySeconds = 1 } });

        // Asked now and then only: each connection restarts the second.
        var idle = Stopwatch.StartNew();
        Eventually.True(
            () =>
            {
                if (idle.Elapsed < TimeSpan.FromSeconds(1.5)) return false;
                var changed = Choices(pod, service, way, Family.IPv4, count: 1) != byPod
                    && Choices(cluster.Probe, service, way, Family.IPv4, count: 1) != outside;
                idle.Restart();
                return changed;
            },
            "other choices after the time-out");
    }

    [Contract("11", "switch to None and back: at the next connection")]
    [Theory]
    [InlineData(Way.ClusterIP)]
    [InlineData(Way.NodePortOfFirst)]
    public void Affinity_can_be_switched_off_and_on(Way way)
    {
        var service = Publish("TCP", 600);
        using var pod = BySocket("a");
        NetProbe[] probes = [pod, cluster.Probe];
        Assert.All(probes, probe => Choices(probe, service, way, Family.IPv4));

        cluster.Manifests.Put(service.Manifest with { AffinitySeconds = null });
        Eventually.True(
            () => probes.All(probe => Names(probe, service, way).All(names => names > 1)), "every port to use several backends");

        cluster.Manifests.Put(service.Manifest);
        Eventually.True(() => probes.All(probe => Names(probe, service, way).All(names => names == 1)), "every port to use one backend");
    }

    [Fact]
    public void A_pod_that_came_later_is_known_by_its_address_soon()
    {
        var service = Publish("TCP", 600);
        var pod = cluster.First.Netns.AddPod("late");
        using var socket = NetProbe.Start(pod.Place);
        using var packet = NetProbe.Start(new ProcessPlace(pod.Place.NetnsPath, null));
        var first = Choices(socket, service, Way.ClusterIP, Family.IPv4);

        Assert.Equal(first, Choices(socket, service, Way.ClusterIP, Family.IPv4));
        // Asked once each: between two requests of a socket its address may become known, and what is remembered of that counts from then
        // on.
        Eventually.True(
            () => Choices(socket, service, Way.ClusterIP, Family.IPv6, count: 1) == Choices(
                packet, service, Way.ClusterIP, Family.IPv6, count: 1),
            "one memory for sockets and packets of the pod");
        // What it was given while only its namespace was known still holds, by packet too.
        Assert.Equal(first, Choices(socket, service, Way.ClusterIP, Family.IPv4));
        Assert.Equal(first, Choices(packet, service, Way.ClusterIP, Family.IPv4));
    }

    private NetProbe BySocket(string pod) => NetProbe.Start(cluster.Pod(pod).Place);

    private NetProbe ByPacket(string pod) => NetProbe.Start(new ProcessPlace(cluster.Pod(pod).Place.NetnsPath, null));

    private OutsideService Publish(string protocol, int seconds, Func<ServiceManifest, ServiceManifest>? change = null)
    {
        var nodePort = 31_000 + Interlocked.Increment(ref services) * Ports;
        var service = cluster.NewService("a", "b", "c", "d");
        var manifest = service.Manifest with
        {
            AffinitySeconds = seconds,
            Ports = [.. Enumerable.Range(0, Ports).Select(i
                => new PortManifest($"p{i}", protocol, 100 + i, TestNode.TargetPort) { NodePort = nodePort + i })],
        };
        return cluster.Publish(service with { Manifest = change?.Invoke(manifest) ?? manifest });
    }

    /// <summary>A letter for each port: the backend that all requests went to.</summary>
    private string Choices(NetProbe probe, OutsideService service, Way way, Family family, LoadMode mode = LoadMode.Tcp, int count = 2)
        => string.Concat(Addresses(service, way, family).Select(address =>
        {
            var report = probe.Load(new LoadSpec(mode, address) { Count = count, Mapped = family == Family.Mapped });
            cluster.CheckClean(report);
            return report.Names.Keys.Select(name => name.Split('@')[0]).Distinct().Single();
        }));

    /// <summary>For each port, how many backends 40 requests went to.</summary>
    private IEnumerable<int> Names(NetProbe probe, OutsideService service, Way way) =>
        Addresses(service, way, Family.IPv4).Select(address => probe.Load(LoadMode.Tcp, address, 40).Names.Count);

    private IEnumerable<string> Addresses(OutsideService service, Way way, Family family)
    {
        var ip = IPEndPoint.Parse(service.Address(cluster, way, family)).Address;
        return service.Manifest.Ports.Select(port => new IPEndPoint(ip, way == Way.NodePortOfFirst ? port.NodePort : port.Port).ToString());
    }

    public sealed class Cluster : IDisposable
    {
        public TestCluster Value { get; } = new(new TestClusterOptions { Extra = ["--pod-device", "p-*"] });

        public void Dispose() => Value.Dispose();
    }
}
