using EbpfLb.Benchmarks.Reports;

namespace EbpfLb.Benchmarks.Outside;

/// <summary>
/// Datagrams of 64 bytes through a NodePort to a backend on another node: how many a second one node forwards, and what one costs; our
/// program at tc and with XDP against kube-proxy's rules, by turns with a node that only routes and one that drops what it receives.
/// </summary>
internal static class PacketRateBench
{
    private const int Rounds = 11;
    private const int Milliseconds = 300;

    /// <summary>All rounds of them together leave our node source ports towards the one backend.</summary>
    private const int NewFlows = 1500;

    private const string None = "none";

    private static readonly string[] Peers =
    [
        "drop", None, "tc-1", "tc-10000", "xdp-1", "xdp-10000", "iptables-1", "iptables-1000", "iptables-10000", "nftables-1",
        "nftables-1000",
    ];

    public static void Run(Report report)
    {
        using var bed = new PacketBed(Peers);
        foreach (var peer in Peers)
        {
            bed.Open(peer);
            Console.Error.WriteLine($"{peer}: programmed");
        }
        var figures = Peers.ToDictionary(peer => peer, _ => new Figures());
        for (var round = 0; round <= Rounds; round++)
        {
            var turn = (round % 2 == 0 ? Peers : Peers.Reverse()).ToDictionary(peer => peer, peer => Once(bed, peer, round));
            if (round == 0) continue;
            foreach (var (peer, run) in turn)
            {
                var rules = Peers.First(p => bed[p].Kind == "iptables" && bed[p].Services == bed[peer].Services);
                figures[peer].Add(run, turn[None], turn[rules]);
            }
        }
        report.Title(
            "NodePort, packets a second",
            $"UDP, frames of 64 bytes, established flows, to another node. Median [quartiles] of {Rounds} rounds by turns, {Milliseconds} "
                + "ms each as fast as the generator goes. CPU: what the thread that does the node's packets ran.");
        report.Table(
            ["node", "packets/s", "of none", "of iptables with as many services", "offered/s", "CPU, ns a packet", "of iptables'",
                "CPU, ns a new flow", "of iptables'", "by XDP"],
            Peers.Select(peer => figures[peer].Row(bed[peer])));
        report.Figure("nodeport-packets.svg", "Packets a second through a NodePort", RowPlot.Draw(
            "Packets a second through a NodePort, 64 bytes, one core", "millions a second", [""],
            [.. Peers.Select(peer => (bed[peer].Title, (IReadOnlyList<double>)[figures[peer].Rate.Median / 1e6]))]));
        report.Figure("nodeport-cpu.svg", "CPU time of a packet through a NodePort", RowPlot.Draw(
            "CPU time of a packet through a NodePort, 64 bytes", "ns a packet, which is ms per million", [""],
            [.. Peers.Select(peer => (bed[peer].Title, (IReadOnlyList<double>)[figures[peer].Cpu.Median]))], "0"));
    }

    private static Sent Once(PacketBed bed, string peer, int round)
    {
        var (opened, cpuOfNew) = bed.SendNew(peer, NewFlows, round);
        var before = bed[peer].Count("pkt_xdp");
        var (offered, arrived, seconds, cpu) = bed.Send(peer, Milliseconds);
        return new Sent(
            arrived / seconds, offered / seconds, cpu / arrived, cpuOfNew / opened,
            (bed[peer].Count("pkt_xdp") - before) / (double)arrived);
    }

    /// <param name="Rate">Packets that came back a second.</param>
    /// <param name="Offered">Packets that were sent a second, whether the device took them or not.</param>
    /// <param name="Cpu">Nanoseconds a packet, which are milliseconds per million.</param>
    /// <param name="CpuOfNew">The same of datagrams that each open a flow.</param>
    /// <param name="Taken">How many of them XDP forwarded, 0 to 1.</param>
    private sealed record Sent(double Rate, double Offered, double Cpu, double CpuOfNew, double Taken);

    private sealed class Figures
    {
        private readonly Samples ofNone = new(), ofIptables = new(), offered = new(), cpuOfIptables = new(), ofNew = new(),
            newOfIptables = new(), taken = new();

        public Samples Rate { get; } = new();

        public Samples Cpu { get; } = new();

        public void Add(Sent run, Sent none, Sent iptables)
        {
            Rate.Add(run.Rate);
            ofNone.Add(run.Rate / none.Rate);
            ofIptables.Add(run.Rate / iptables.Rate);
            offered.Add(run.Offered);
            Cpu.Add(run.Cpu);
            cpuOfIptables.Add(run.Cpu / iptables.Cpu);
            ofNew.Add(run.CpuOfNew);
            newOfIptables.Add(run.CpuOfNew / iptables.CpuOfNew);
            taken.Add(run.Taken);
        }

        public string[] Row(Peer peer) =>
        [
            peer.Title, Rate.Text("N0"), ofNone.Text("0.000"), ofIptables.Text("0.00"), offered.Text("N0"), Cpu.Text(),
            cpuOfIptables.Text("0.00"), ofNew.Text("N0"), newOfIptables.Text("0.00"),
            peer.Kind == "xdp" ? taken.Median.ToString("0.000") : "",
        ];
    }
}
