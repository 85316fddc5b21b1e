using System.Globalization;
using System.Text.RegularExpressions;
using EbpfLb.Testing.Probes;

namespace EbpfLb.Company;

/// <summary>The node's own connections from ports that are NodePorts, and an echo service that hears from an echo server outside.</summary>
internal static class OwnPorts
{
    private const int NodePorts = 64;

    public static void Run(Page page)
    {
        OfTheNode(page);
        Echo(page);
    }

    private static void OfTheNode(Page page)
    {
        page.Section("The node's own connections",
            $"A process of the node binds itself to the number of each of {NodePorts} NodePorts and asks a server outside.");
        page.Head("protocol", "family", "failed without agent", "failed with agent");
        using var bed = new Bed(NodePorts);
        var rows = (from mode in (LoadMode[])[LoadMode.Tcp, LoadMode.UdpConnected]
        from family in Enum.GetValues<Family>()
        select (mode, family)).ToList();
        var without = rows.ToDictionary(row => row, row => FromEach(bed, row.mode, row.family));
        bed.StartAgent();
        foreach (var row in rows)
        {
            var with = FromEach(bed, row.mode, row.family);
            page.Row(with <= without[row], row.mode == LoadMode.Tcp ? "TCP" : "UDP", $"{row.family}", Loads.Text(without[row], NodePorts),
                Loads.Text(with, NodePorts));
        }
    }

    private static long FromEach(Bed bed, LoadMode mode, Family family)
    {
        var to = bed.ServerOutside(family, bed.NextOutsidePort());
        return Enumerable.Range(0, NodePorts).Sum(number =>
            bed.Host.Load(new LoadSpec(mode, $"{to}={Bed.OutsideName}")
            {
                Count = 1, From = bed.NodePort(family, number), Timeout = TimeSpan.FromSeconds(3),
            }).Failed);
    }

    /// <summary>
    /// The one question is masqueraded with the NodePort of an echo service: taken for a question, its answer would be answered for ever.
    /// </summary>
    private static void Echo(Page page)
    {
        page.Section("An echo service and an echo server outside",
            "A pod sends one datagram to the server outside, masqueraded with the number "
                + "of the echo service's NodePort. Datagrams that the server got:");
        page.Head("family", "without agent", "with agent");
        using var bed = new Bed(nodePorts: 1, masqueradePorts: $"{Bed.FirstNodePort}");
        Bed.Nft(bed.OutsidePlace,
            "add table inet seen; add chain inet seen in { type filter hook input "
                + "priority 0; }; add rule inet seen in meta l4proto udp counter");
        var without = Enum.GetValues<Family>().ToDictionary(family => family, family => Ask(bed, family));
        bed.StartAgent();
        foreach (var family in Enum.GetValues<Family>())
        {
            var with = Ask(bed, family);
            page.Row(with == without[family], $"{family}", $"{without[family]}", $"{with}");
        }
    }

    private static long Ask(Bed bed, Family family)
    {
        var before = Seen(bed);
        bed.Pod.Load(LoadMode.UdpConnected, bed.ServerOutside(family, bed.NextOutsidePort()), 1);
        // A loop goes on; what is none has ended when the answer was there.
        bed.Host.Load(LoadMode.Tcp, bed.ServerOutside(family, bed.NextOutsidePort()), 100);
        return Seen(bed) - before;
    }

    private static long Seen(Bed bed) => long.Parse(
        Regex.Match(Bed.Nft(bed.OutsidePlace, "list", "chain", "inet", "seen", "in"), "counter packets (?<count>[0-9]+)",
            RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)).Groups["count"].Value,
        CultureInfo.InvariantCulture);
}
