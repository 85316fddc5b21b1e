using EbpfLb.Model;

namespace EbpfLb.Testing.Clusters;

/// <summary>
/// Changes of a small cluster, each made from a number, so that a property's random input is a plain list of numbers that
/// shrinks well. The universe is small on purpose: Services share ClusterIPs, slices move between Services, endpoints
/// are in several slices.
/// </summary>
public static class ClusterChanges
{
    /// <summary>The own node of these clusters, for the options of a compiler.</summary>
    public const string NodeName = "node-1";

    private static readonly string[] Names = ["a", "b", "c", "d", "e", "other/a"];
    private static readonly string[][] PortSets =
    [
        ["http:80"], ["http:80", "https:443"], ["web:80"], [":80"], ["dns:53/UDP", "dns-tcp:53"], ["http:8080", "dns:53/UDP"],
        ["http:80@30080"], ["http:80@30080", "https:443@30443"], ["http:80@30080", "https:443@30080"],
        ["dns:53@30053/UDP", "dns-tcp:53@30053"],
    ];

    private static readonly string[][] TargetSets =
    [
        ["http:8080"], ["http:8080", "https:8443"], ["http:9090", "web:9090"], [":8080"], ["dns:53/UDP", "dns-tcp:53"], [],
    ];

    private static readonly string[] Conditions = ["", "", "", "", " unready", " terminating", " ready+terminating"];
    private static readonly string[] Places = ["", $" node={NodeName}", $" node={NodeName}", " node=node-2"];
    private static readonly string[] Hints = [
        "", " zones=a", " zones=a,b", " zones=b", $" zones=a nodes={NodeName}", " zones=b nodes=node-2"];
    private static readonly string[][] Ranges = [[], [], ["192.0.2.0/24"], ["192.0.2.0/24", "2001:db8::/32"], ["198.51.100.0/25"]];

    /// <summary>Applies the change that the number stands for.</summary>
    public static void Apply(ClusterBuilder cluster, int code)
    {
        var random = new Random(code);
        switch (random.Next(11))
        {
            case < 3:
                SetService(cluster, random);
                break;
            case 3:
                cluster.RemoveService(Pick(random, Names));
                break;
            case 4:
                cluster.RemoveSlice(SliceName(random));
                break;
            case 5:
                SetNode(cluster, random);
                break;
            default:
                SetSlice(cluster, random);
                break;
        }
    }

    private static void SetNode(ClusterBuilder cluster, Random random)
    {
        if (random.Next(6) == 0) cluster.RemoveNode();
        else cluster.Node(NodeName, Pick(random, [null, "a", "b"]), [Pick(random, ["192.0.2.1", "203.0.113.1"]), "2001:db8::1"]);
    }

    private static void SetService(ClusterBuilder cluster, Random random)
    {
        var name = Pick(random, Names);
        // Mostly an address of its own, sometimes another's: a conflict, or a frontend that moves.
        var number = random.Next(4) == 0 ? random.Next(Names.Length) : Array.IndexOf(Names, name);
        string[] addresses = random.Next(5) switch
        {
            0 => [$"fd00::{number + 1}"],
            < 3 => [$"10.96.0.{number + 1}"],
            3 => [$"10.96.0.{number + 1}", $"fd00::{number + 1}"],
            _ => random.Next(3) == 0 ? [] : [$"fd00::{number + 1}", $"10.96.0.{number + 1}"],
        };
        cluster.Service(
            name,
            addresses,
            Pick(random, PortSets),
            random.Next(3) == 0 ? 10800u : 0u,
            random.Next(12) == 0 ? ServiceType.ExternalName : ServiceType.ClusterIP,
            random.Next(12) == 0 ? ServiceLabels.ProxyName : ServiceLabels.None,
            externalIPs: OfBoth(random, "203.0.113.", "2001:db8:2::", number),
            balancerIPs: OfBoth(random, "198.51.100.", "2001:db8:1::", number),
            sourceRanges: Pick(random, Ranges),
            inside: random.Next(5) == 0 ? TrafficPolicy.Local : TrafficPolicy.Cluster,
            outside: random.Next(2) == 0 ? TrafficPolicy.Local : TrafficPolicy.Cluster);
    }

    /// <summary>Mostly no address, else one of a family or of both; now and then a ClusterIP that somebody has.</summary>
    private static string[] OfBoth(Random random, string four, string six, int number) => random.Next(9) switch
    {
        0 => [$"{four}{number + 1}"],
        1 => [$"{six}{number + 1}"],
        2 => [$"{six}{number + 1}", $"{four}{number + 1}"],
        3 when random.Next(2) == 0 => [$"10.96.0.{random.Next(Names.Length) + 1}"],
        _ => [],
    };

    private static void SetSlice(ClusterBuilder cluster, Random random)
    {
        var owner = ClusterBuilder.Name(Pick(random, Names));
        var six = random.Next(3) == 0;
        // Hints hold only when all have them, so some slices have them throughout.
        var hinted = random.Next(2) == 0;
        var endpoints = Enumerable.Range(0, random.Next(6))
            .Select(_ => (six ? "fd01::" : "10.244.0.") + random.Next(1, 9)
                + Pick(random, Conditions) + Pick(random, Places) + (hinted ? Hints[random.Next(1, Hints.Length)] : Pick(random, Hints)))
            .ToArray();
        cluster.Slice(
            $"{owner.Namespace}/{SliceName(random)}",
            owner.Name,
            Pick(random, TargetSets),
            endpoints,
            six ? IpFamily.IPv6 : IpFamily.IPv4,
            random.Next(15) == 0 ? ServiceLabels.Headless : ServiceLabels.None);
    }

    private static string SliceName(Random random) => $"slice{random.Next(10)}";

    private static T Pick<T>(Random random, T[] items) => items[random.Next(items.Length)];
}
