using System.Globalization;
using System.Net;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Benchmarks.Attack;

/// <summary>
/// Datagrams that nobody serves: to a NodePort without backends, and to a closed port of the next node, whose kernel answers.
/// </summary>
internal static class Answers
{
    private const int Datagrams = 3000;

    public static IEnumerable<Proof> Run()
    {
        using var field = new Field(remote: false);
        var closed = new IPEndPoint(field.Second.IPv4, 9);
        foreach (var spoofed in (bool[])[false, true])
        {
            var (_, ms, ours) = Ask(field, field.Empty, field.Node, spoofed);
            var (_, _, theirs) = Ask(field, closed, field.Second, spoofed);
            yield return new Proof(
                $"{Datagrams:N0} datagrams in {ms} ms from {(spoofed ? "as many sources" : "one address")} to a NodePort without backends",
                $"{ours} answers; the kernel of the next node: {theirs}",
                $"not answered {field.Count("answer_limited"):N0}",
                // The bucket of either gives some back while they come.
                ours > 0 && ours <= theirs * 1.25 + 1);
        }
    }

    private static (long Sent, long Milliseconds, long Answers) Ask(Field field, IPEndPoint to, NodeNetns node, bool spoofed)
    {
        var frame = field.Frame(spoofed ? Field.Nobody : field.Attacker.IPv4.ToString(), 5000, to).Udp().Payload("").Build();
        var before = Sent(field, node);
        var (sent, ms) = field.Send($"count={Datagrams} ports={(spoofed ? 1 : 0)}", frame).Wait();
        return (sent, ms, Settled(() => Sent(field, node)) - before);
    }

    /// <summary>Frames that the router has had from a node: its answers, as nothing else is sent.</summary>
    private static long Sent(Field field, NodeNetns node) => NetnsThread.Run(field.Router.Place.NetnsPath!, () =>
    {
        var line = File.ReadLines("/proc/thread-self/net/dev").Single(l
            => l.TrimStart().StartsWith($"{node.Name}:", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    });

    /// <summary>Once it does not change for half a second.</summary>
    private static long Settled(Func<long> count)
    {
        var (last, same) = (count(), 0);
        return Eventually.Get(
            () =>
            {
                var now = count();
                same = now == last ? same + 1 : 0;
                return last = now;
            },
            _ => same > 50,
            "answers to come to an end");
    }
}
