using EbpfLb.Testing.Probes;

namespace EbpfLb.Company;

/// <summary>
/// Connections through a NodePort and masqueraded ones of a pod go to one and the same backend, both with the node's address: no two may
/// have the same port.
/// </summary>
internal static class SamePorts
{
    private const int Held = 3000;

    private sealed record Order(string Name, bool NodePortIsHeld);

    public static void Run(Page page)
    {
        page.Section(
            "One backend, by a NodePort and masqueraded",
            $"{Held} connections are held, then {Loads.Connections} made the other way to the same backend; then each "
                + "of those held is asked again. Without an agent the client outside asks the backend itself.");
        page.Head("held", "then", "family", "failed without agent", "failed with agent", "held ones lost", "pkt_reply_lost");
        foreach (var order in (Order[])[new("NodePort", NodePortIsHeld: true), new("masqueraded", NodePortIsHeld: false)])
        {
            foreach (var family in Enum.GetValues<Family>())
            {
                var without = Measure(order, family, withAgent: false);
                var with = Measure(order, family, withAgent: true);
                page.Row(
                    with.Failed <= without.Failed + Loads.Noise && with.HeldLost <= without.HeldLost && with.ReplyLost <= Loads.Noise,
                    order.Name, order.NodePortIsHeld ? "masqueraded" : "NodePort", $"{family}", Loads.Text(without.Failed),
                    Loads.Text(with.Failed), $"{with.HeldLost}", $"{with.ReplyLost}");
            }
        }
    }

    private static (long Failed, long HeldLost, long ReplyLost) Measure(Order order, Family family, bool withAgent)
    {
        using var bed = new Bed(nodePorts: 1);
        if (withAgent) bed.StartAgent();
        (NetProbe Who, string To) byNodePort = (bed.Outside, withAgent ? bed.NodePort(family) : bed.Backend(family));
        (NetProbe Who, string To) masqueraded = (bed.Pod, bed.Backend(family));
        var (first, second) = order.NodePortIsHeld ? (byNodePort, masqueraded) : (masqueraded, byNodePort);

        first.Who.Do($"hold id=held to={first.To} count={Held}");
        var failed = Loads.Failed(second.Who, second.To, Bed.BackendName);
        return (failed, first.Who.Ask("exchange id=held").Number("failed"), bed.Packets("pkt_reply_lost"));
    }
}
