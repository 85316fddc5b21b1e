using EbpfLb.Testing.Probes;

namespace EbpfLb.Company;

/// <summary>
/// A pod asks a server outside, and netfilter draws the node's port for each connection from 1024-65535: some are the numbers of NodePorts,
/// and their replies look like requests to those.
/// </summary>
internal static class RandomPorts
{
    private const int DrawnFrom = 65_536 - 1024;

    public static void Run(Page page)
    {
        page.Section(
            "Pods that are masqueraded with any port",
            $"{Loads.Connections} connections of a pod to a server outside, `masquerade fully-random`. Chance: how many "
                + "of them get the number of a NodePort, and so would fail if their replies were taken for requests.");
        page.Head("NodePorts", "family", "failed without agent", "failed with agent", "chance");
        foreach (var nodePorts in (int[])[0, 100, 500, 2000])
        {
            using var bed = new Bed(nodePorts);
            var without = Enum.GetValues<Family>().ToDictionary(family => family, family => Ask(bed, family));
            bed.StartAgent();
            foreach (var family in Enum.GetValues<Family>())
            {
                var with = Ask(bed, family);
                page.Row(
                    with <= without[family] + Loads.Noise,
                    $"{nodePorts}", $"{family}", Loads.Text(without[family]), Loads.Text(with),
                    $"{Loads.Connections * nodePorts / DrawnFrom}");
            }
        }
    }

    private static long Ask(Bed bed, Family family)
        => Loads.Failed(bed.Pod, bed.ServerOutside(family, bed.NextOutsidePort()), Bed.OutsideName);
}
