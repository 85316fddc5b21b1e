using System.Net;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Attack;

/// <summary>One packet for each of 12 connections that would end it, with a number out of the window, and then silence.</summary>
internal static class Forgeries
{
    private const int Connections = 12;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(110);

    public static IEnumerable<Proof> Run()
    {
        using var local = new Field(remote: false);
        using var remote = new Field(remote: true);
        var ends = new[] { Begin(local, "local"), Begin(remote, "remote") };
        Thread.Sleep(Silence);
        return [.. ends.SelectMany(end => end())];
    }

    /// <summary>Sends the packets; what it returns looks how the connections fare.</summary>
    private static Func<IEnumerable<Proof>> Begin(Field field, string where)
    {
        var direct = new IPEndPoint(field.Pod.IPv4, Field.Target);
        var groups = new List<(string Name, Func<IPEndPoint, PacketBuilder> Forge)>
        {
            ("a SYN to the backend itself", client => Forged(field, client, direct, TcpFlags.Syn)),
            ("a SYN to the frontend", client => Forged(field, client, field.Service, TcpFlags.Syn)),
            ("a RST to the frontend", client => Forged(field, client, field.Service, TcpFlags.Rst)),
            ("a FIN to the frontend", client => Forged(field, client, field.Service, TcpFlags.Fin | TcpFlags.Ack)),
        };
        for (var i = 0; i < groups.Count; i++)
        {
            var before = Clients(field);
            field.Probe.Do($"hold id=kept{i} to={field.Service} count={Connections} timeout=1000");
            var mine = Clients(field).Except(before).ToList();
            if (mine.Count != Connections)
                throw new InvalidOperationException($"{mine.Count} flows of {Connections} connections: {string.Join('\n', field.Flows())}");
            field.Send($"ports=0 count={Connections}", [.. mine.Select(client => groups[i].Forge(IPEndPoint.Parse(client)).Build())])
                .Wait();
        }
        var (reset, closing) = (Eventually.Get(() => field.Flows("--phase", "reset").Count, n => n == Connections, "the RSTs to be seen"),
            field.Flows("--phase", "closing").Count);
        return () => groups.Select((group, i) =>
        {
            var kept = field.Probe.Ask($"exchange id=kept{i}").Number("answered");
            return new Proof(
                $"{group.Name} for each of {Connections} connections, then {Silence.TotalSeconds} s of silence ({where} backend)",
                $"{kept} go on", $"{reset} flows reset, {closing} closing meanwhile", kept == Connections);
        }).ToList();
    }

    private static PacketBuilder Forged(Field field, IPEndPoint client, IPEndPoint to, TcpFlags flags)
        => field.Frame(client.Address.ToString(), client.Port, to).Tcp(flags, sequence: 0x1234_5678, acknowledgment: 0x1234_5678);

    /// <summary>Clients of open flows.</summary>
    private static List<string> Clients(Field field) =>
        [.. field.Flows("--phase", "open").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).SelectMany(words => words)
            .Where(word => word.StartsWith(field.Client.IPv4.ToString() + ":", StringComparison.Ordinal)).Distinct()];
}
