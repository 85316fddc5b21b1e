using System.Diagnostics;
using EbpfLb.Testing;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Services;

/// <summary>
/// ClientIP affinity. Services have 16 ports, each with an affinity of its own, so that chance cannot pass for stickiness:
/// 16 independent choices of three agree once in 14 million runs.
/// </summary>
public sealed class AffinityTests(TestNode node) : IClassFixture<TestNode>
{
    private const int Ports = 16;

    public static TheoryData<LoadMode, Family> Kinds { get; } = new(
        from mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected, LoadMode.Udp]
        from family in Enum.GetValues<Family>()
        select (mode, family));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_client_stays_with_one_backend_per_service_port(LoadMode mode, Family family)
    {
        var service = PublishSticky(mode, seconds: 600);

        var choices = Choices(Load(service, mode, family, count: Ports * 10));

        Assert.Equal(Ports, choices.Count);
        Assert.All(choices.Values, backends => Assert.Single(backends));
        Assert.NotEqual(1, choices.Values.SelectMany(backends => backends).Distinct().Count());
    }

    [Fact]
    public void The_affinity_of_an_idle_client_expires()
    {
        var service = PublishSticky(LoadMode.Tcp, seconds: 1);
        var before = Choices(Load(service, LoadMode.Tcp, Family.IPv4, count: Ports));

        var idle = Stopwatch.StartNew();
        Eventually.True(() => idle.Elapsed > TimeSpan.FromSeconds(1.5), "the affinity to expire");
        var after = Choices(Load(service, LoadMode.Tcp, Family.IPv4, count: Ports));

        Assert.Contains(before.Keys, port => !before[port].SequenceEqual(after[port]));
    }

    [Fact]
    public void Every_new_connection_prolongs_the_affinity()
    {
        var service = PublishSticky(LoadMode.Tcp, seconds: 3);
        var watch = Stopwatch.StartNew();
        var load = node.Probe.Start(Spec(service, LoadMode.Tcp, Family.IPv4) with { Rate = Ports * 4 });

        Eventually.True(() => watch.Elapsed > TimeSpan.FromSeconds(7), "more than two time-outs to pass");
        var report = load.Stop();

        Assert.True(report.IsClean, report.Line);
        Assert.All(Choices(report).Values, backends => Assert.Single(backends));
    }

    [Fact]
    public void Clients_of_a_removed_backend_move_and_the_others_stay()
    {
        var service = PublishSticky(LoadMode.Tcp, seconds: 600);
        var before = Choices(Load(service, LoadMode.Tcp, Family.IPv4, count: Ports));

        node.Manifests.Put(service.Manifest with { Endpoints = node.Addresses("a", "b") });
        Eventually.True(
            () => !Choices(Load(service, LoadMode.Tcp, Family.IPv4, count: Ports)).Values.Any(backends => backends.Contains("c")),
            "nobody to reach c");
        var after = Choices(Load(service, LoadMode.Tcp, Family.IPv4, count: Ports * 5));

        Assert.All(after.Values, backends => Assert.Single(backends));
        Assert.All(before.Where(choice => choice.Value is not ["c"]), choice => Assert.Equal(choice.Value, after[choice.Key]));
    }

    [Contract("11", "switch to None and back: at the next connection")]
    [Fact]
    public void Affinity_switched_off_ends_and_switched_on_begins()
    {
        var service = PublishSticky(LoadMode.Tcp, seconds: 600);

        node.Manifests.Put(service.Manifest with { AffinitySeconds = null });
        Eventually.True(
            () => Choices(Load(service, LoadMode.Tcp, Family.IPv4, count: Ports * 20)).Values.All(backends => backends.Count > 1),
            "every port to use several backends");

        node.Manifests.Put(service.Manifest);
        Eventually.True(
            () => Choices(Load(service, LoadMode.Tcp, Family.IPv4, count: Ports * 20)).Values.All(backends => backends.Count == 1),
            "every port to use one backend");
    }

    [Fact]
    public void Pods_are_clients_of_their_own()
    {
        var service = PublishSticky(LoadMode.Tcp, seconds: 600);
        using var other = NetProbe.Start(node.Backends[0].Place);

        var mine = Choices(Load(service, LoadMode.Tcp, Family.IPv4, count: Ports * 3));
        var theirs = Choices(other.Load(Spec(service, LoadMode.Tcp, Family.IPv4) with { Count = Ports * 3 }));

        Assert.Contains(mine.Keys, port => !mine[port].SequenceEqual(theirs[port]));
        Assert.All(theirs.Values, backends => Assert.Single(backends));
    }

    private TestService PublishSticky(LoadMode mode, int seconds)
    {
        var service = node.NewService("a", "b", "c");
        return node.Publish(service with
        {
            Manifest = service.Manifest with
            {
                AffinitySeconds = seconds,
                // The last port is the one that Publish waits for; no load uses it.
                Ports =
                [
                    .. Enumerable.Range(0, Ports).Select(i
                        => new PortManifest($"p{i}", mode == LoadMode.Tcp ? "TCP" : "UDP", 100 + i, 9000 + i)),
                    new PortManifest("probe", "UDP", 99, 9063),
                ],
            },
        });
    }

    private LoadReport Load(TestService service, LoadMode mode, Family family, int count)
    {
        var report = node.Probe.Load(Spec(service, mode, family) with { Count = count });
        Assert.True(report.IsClean, report.Line);
        return report;
    }

    /// <summary>Goes round the ports.</summary>
    private static LoadSpec Spec(TestService service, LoadMode mode, Family family) =>
        new(mode,
            [.. Enumerable.Range(0, Ports).Select(i
                => $"{service.Address(family, 100 + i)}=/{9000 + i}")]) { Mapped = family == Family.Mapped };

    /// <summary>Target port -> the backends that answered on it.</summary>
    private static Dictionary<string, List<string>> Choices(LoadReport report) => report.Names.Keys
        .Select(name => name.Split('/'))
        .GroupBy(parts => parts[1], parts => parts[0])
        .ToDictionary(group => group.Key, group => group.Order().ToList());
}
