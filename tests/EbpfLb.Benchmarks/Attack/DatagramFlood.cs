using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Probes;

namespace EbpfLb.Benchmarks.Attack;

/// <summary>
/// Spoofed datagrams to a service that answers each of them, at a rate that fills the table with flows that are answered and asked again:
/// at once, and as late as one does who knows what makes a flow a conversation.
/// </summary>
internal static class DatagramFlood
{
    private const int Rate = 4400;
    private const int Held = 100;

    public static IEnumerable<Proof> Run(TimeSpan lasts) => [Attack(lasts, "at once", 0), Attack(lasts, "3.5 s later", 3500)];

    private static Proof Attack(TimeSpan lasts, string again, int milliseconds)
    {
        // Behind the node itself: elsewhere source ports would run out before the table does.
        using var field = new Field(remote: false);
        field.Probe.Do($"hold id=kept to={field.Service} count={Held} timeout=1000");
        var load = field.NewProbe().Start(new LoadSpec(LoadMode.Tcp, field.Service.ToString()) { Rate = 10 });
        var frame = field.Frame(Field.Nobody, 1, field.Service).Udp().Payload("ping 1").Build();

        var (sent, ms) = field.Send($"rate={Rate} seconds={lasts.TotalSeconds} again={milliseconds}", frame).Wait(lasts * 2);

        var flows = field.Sum("ebpflb_flows", "IPv4");
        var kept = field.Probe.Ask("exchange id=kept").Number("answered");
        var opened = load.Stop();
        return new Proof(
            $"{sent * 1000 / ms:N0} datagrams/s for {ms / 1000} s, each source asks again {again}",
            $"{kept} of {Held} established and idle connections go on; {opened.Answered:N0} new ones, {opened.Failed} failed",
            $"flows at the end {flows:N0}, given up early {field.Sum("ebpflb_sweep_removed_total", "map_nearly_full"):N0}, evicted "
                + $"{field.Count("ct_evicted"):N0}, dropped {field.Count("drop_ct_full"):N0}",
            kept == Held && opened.IsClean && opened.Answered > lasts.TotalSeconds);
    }
}
