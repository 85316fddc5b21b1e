using EbpfLb.Model;

namespace EbpfLb.Testing.Clusters;

/// <summary>
/// Changes of a small cluster, each made from a number, so that a property's random input is a plain list of numbers that
/// shrinks well. The universe is small on purpose: Services share ClusterIPs, slices move between Services, endpoints
/// are in several slices.
/// </summary>
public static class ClusterChanges
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "other/a"];
    private static readonly string[][] PortSets =
    [
        ["http:80"], ["http:80", "https:443"], ["web:80"], [":80"], ["dns:53/UDP", "dns-tcp:53"], ["http:8080", "dns:53/UDP"],
    ];

    private static readonly string[][] TargetSets =
    [
        ["http:8080"], ["http:8080", "https:8443"], ["http:9090", "web:9090"], [":8080"], ["dns:53/UDP", "dns-tcp:53"], [],
    ];

    private static readonly string[] Conditions = ["", "", "", "", " unready", " terminating", " ready+terminating"];

    /// <summary>Applies the change that the number stands for.</summary>
    public static void Apply(ClusterBuilder cluster, int code)
    {
        var random = new Random(code);
        switch (random.Next(10))
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
            default:
                SetSlice(cluster, random);
                break;
        }
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
            random.Next(12) == 0 ? ServiceLabels.ProxyName : ServiceLabels.None);
    }

    private static void SetSlice(ClusterBuilder cluster, Random random)
    {
        var owner = ClusterBuilder.Name(Pick(random, Names));
        var six = random.Next(3) == 0;
        var endpoints = Enumerable.Range(0, random.Next(6))
            .Select(_ => (six ? "fd01::" : "10.244.0.") + random.Next(1, 9) + Pick(random, Conditions))
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
