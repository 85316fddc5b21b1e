using System.Net;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;

namespace EbpfLb.Chaos;

/// <summary>What a service is changed to; null: it is not there.</summary>
internal sealed record ServiceChange(string Name, ServiceManifest? Before, ServiceManifest? After)
{
    private static readonly IPAddress[] BalancerIPs = [IPAddress.Parse("203.0.112.7"), IPAddress.Parse("2001:db8:1::7")];

    /// <summary>Its backends that go on to be some: connections to them go on.</summary>
    public bool KeepsAll => Before is not null && After is not null && !Before.Endpoints.Except(After.Endpoints).Any();

    /// <summary>Whatever part of the change is done, a new connection is answered.</summary>
    public bool ServesAlways => Before is { Endpoints.Count: > 0 } && After is { Endpoints.Count: > 0 };

    /// <summary>Each writes other tables, or others of their entries.</summary>
    /// <param name="client">Outside; whom source ranges let in.</param>
    public static IReadOnlyList<ServiceChange> All(IReadOnlyList<PodNetns> pods, PodNetns client)
    {
        var (a, b, c) = (pods[0], pods[1], pods[2]);
        string[] ranges = [$"{client.IPv4}/32", $"{client.IPv6}/128"];
        return
        [
            new("replace", Of(a), Of(b)),
            new("grow", Of(a), Of(a, b, c)),
            new("shrink", Of(a, b, c), Of(b)),
            new("add", null, Of(a, b)),
            new("delete", Of(a, b), null),
            new("affinity", Of(a, b), Of(a, b) with { AffinitySeconds = 3600 }),
            new("scheduler", Of(a, b), Scheduled("maglev", a, b)),
            new("maglev", Scheduled("maglev", a, b), Scheduled("maglev", b, c)),
            new("empty", Of(a, b), Of()),
            new("restrict", Balanced([], a, b), Balanced(ranges, a, b)),
            new("ranges", Balanced([.. ranges, "192.0.2.0/24", "2001:db8:9::/64"], a), Balanced([.. ranges, "198.51.100.0/24"], b)),
            new("open", Balanced(ranges, a), Balanced([], a, b)),
        ];
    }

    private static ServiceManifest Of(params IReadOnlyList<PodNetns> pods)
        => Cluster.Service(Cluster.Spare, [.. pods.SelectMany(Cluster.Addresses)]);

    private static ServiceManifest Balanced(IReadOnlyList<string> ranges, params IReadOnlyList<PodNetns> pods)
        => Of(pods) with { Type = "LoadBalancer", LoadBalancerIPs = BalancerIPs, SourceRanges = ranges };

    private static ServiceManifest Scheduled(string scheduler, params IReadOnlyList<PodNetns> pods)
        => Of(pods) with { Annotations = new Dictionary<string, string> { ["ebpflb.io/scheduler"] = scheduler } };
}
