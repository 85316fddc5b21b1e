using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Probes;

namespace EbpfLb.Benchmarks.Attack;

/// <summary>
/// SYNs without end to an address whose flows need no entry on the node that is asked: they write nothing there, and push nobody out.
/// </summary>
internal static class DirectFlood
{
    private const int Rate = 10_000;
    private const int Held = 100;

    public static IEnumerable<Proof> Run(TimeSpan lasts)
    {
        yield return Flood(lasts, changed: false);
        yield return Flood(lasts, changed: true);
    }

    /// <param name="changed">After the connections were made a backend came, so half of all places have changed hands: what begins there
    /// asks the node of who had the place, and has an entry.</param>
    private static Proof Flood(TimeSpan lasts, bool changed)
    {
        using var field = Field.WithTunnels();
        field.Probe.Do($"hold id=vip to={field.Vip} count={Held} timeout=1000");
        field.Probe.Do($"hold id=port to={field.Service} count={Held} timeout=1000");
        if (changed) field.AddLater();
        // A SYN that is lost is repeated after 1 s.
        BackgroundLoad[] loads = [.. new[] { field.Vip, field.Service }.Select(to
            => field.NewProbe().Start(new LoadSpec(LoadMode.Tcp, to.ToString()) { Rate = 10, Timeout = TimeSpan.FromMilliseconds(900) }))];
        var before = (Untracked: field.Count("pkt_untracked"), Asked: field.Count("pkt_asked"));
        var frame = field.Frame(Field.Nobody, 1, field.Vip).Tcp(TcpFlags.Syn).Build();

        var (sent, ms) = field.Send($"rate={Rate} seconds={lasts.TotalSeconds}", frame).Wait(lasts * 2);

        var flows = field.Flows().Count;
        var (untracked, asked) = (field.Count("pkt_untracked") - before.Untracked, field.Count("pkt_asked") - before.Asked);
        var evicted = field.Count("ct_evicted");
        var kept = new[] { "vip", "port" }.Sum(id => field.Probe.Ask($"exchange id={id}").Number("answered"));
        var opened = loads.Select(load => load.Stop()).ToList();
        return new Proof(
            $"{sent * 1000 / ms:N0} SYN/s for {ms / 1000} s to an address whose flows have no entries, one remote backend, backlog 511"
                + (changed ? "; a local one came after the connections were made" : ""),
            $"{kept} of {2 * Held} established and idle connections go on; {opened.Sum(o => o.Answered):N0} new ones, "
                + $"{opened.Sum(o => o.Failed)} failed or waited for 0.9 s",
            $"without an entry {untracked:N0}, asked {asked:N0}, flows at the end {flows:N0}, evicted {evicted:N0}",
            kept == 2 * Held && opened.TrueForAll(o => o.IsClean) && opened.TrueForAll(o => o.Answered > lasts.TotalSeconds * 5)
                && (changed ? asked > sent / 4 : untracked >= sent && evicted == 0));
    }
}
