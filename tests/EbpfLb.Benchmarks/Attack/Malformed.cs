using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Attack;

/// <summary>
/// Packets that nobody honest sends: sources that nobody can have, IPv4 addresses in IPv6 headers, fragments without a first one.
/// </summary>
internal static class Malformed
{
    private const int Each = 1000;
    private const int Held = 12;

    public static IEnumerable<Proof> Run()
    {
        using var field = new Field(remote: true);
        field.Probe.Do($"hold id=kept to={field.Service} count={Held} timeout=1000");
        // Straight from the router's place on the nodes' network: a router drops most of them itself.
        return [.. Kinds(field).Select(kind =>
        {
            var before = field.Count(kind.Reason);
            var flows = field.Flows().Count;
            var (sent, _) = field.SendFromRouter($"ports=0 count={Each}", kind.Frames).Wait();
            var counted = Eventually.Get(() => field.Count(kind.Reason) - before, n => n >= sent, $"{sent} {kind.Name} to be counted");
            var more = field.Flows().Count - flows;
            var kept = field.Probe.Ask("exchange id=kept").Number("answered");
            return new Proof($"{sent:N0} {kind.Name}", $"{more} flows opened; {kept} of {Held} connections go on",
                $"{kind.Reason} {counted:N0}", more <= 0 && kept == Held);
        })];
    }

    private static IEnumerable<(string Name, string Reason, byte[][] Frames)> Kinds(Field field)
    {
        string[] martians = ["127.0.0.1", "0.0.0.0", "0.1.2.3", "224.0.0.5", "255.255.255.255", "172.18.0.255", $"{field.Node.IPv4}"];
        yield return ("martian sources", "drop_martian",
            [.. martians.Select(source => field.RouterFrame(source, 4000, field.Service).Udp().Payload("ping 1").Build())]);
        var mapped = new System.Net.IPEndPoint(field.Service.Address.MapToIPv6(), field.Service.Port);
        yield return ("IPv4 addresses in an IPv6 header", "pkt_malformed",
            [field.RouterFrame($"::ffff:{field.Client.IPv4}", 4000, mapped).Tcp(TcpFlags.Syn).Build()]);
        var pieces = field.RouterFrame(Field.Nobody, 4000, field.Service).Udp().Payload(3000).Fragments(1400);
        yield return ("fragments without a first one", "pkt_frag_lost", pieces[1..]);
    }
}
