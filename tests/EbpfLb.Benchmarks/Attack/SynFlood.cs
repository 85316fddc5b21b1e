using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Probes;

namespace EbpfLb.Benchmarks.Attack;

/// <summary>SYNs without end to one backend of another node, whose queue of them is short: each takes a source port of the node.</summary>
internal static class SynFlood
{
    private const int Rate = 3000;

    public static IEnumerable<Proof> Run(TimeSpan lasts)
    {
        using var field = new Field(remote: true);
        // A SYN that is lost is repeated after 1 s.
        var load = field.NewProbe()
            .Start(new LoadSpec(LoadMode.Tcp, field.Service.ToString()) { Rate = 10, Timeout = TimeSpan.FromMilliseconds(900) });
        var frame = field.Frame(Field.Nobody, 1, field.Service).Tcp(TcpFlags.Syn).Build();

        var (sent, ms) = field.Send($"rate={Rate} seconds={lasts.TotalSeconds}", frame).Wait(lasts * 2);

        var opened = load.Stop();
        yield return new Proof(
            $"{sent * 1000 / ms:N0} SYN/s for {ms / 1000} s, one remote backend, backlog 511",
            ($"{opened.Answered:N0} connections, ten a second; {opened.Failed} failed or waited for 0.9 s "
                + string.Join(' ', opened.Errors.Keys)).TrimEnd(),
            $"ports taken over {field.Count("ct_port_taken"):N0}, evicted " + $"{field.Count("ct_evicted"):N0}, without a port "
                + $"{field.Count("drop_snat_ports"):N0}",
            opened.IsClean && opened.Answered > lasts.TotalSeconds * 5);
    }
}
