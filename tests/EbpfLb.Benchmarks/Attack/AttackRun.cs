using System.Globalization;
using EbpfLb.Benchmarks.Reports;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Benchmarks.Attack;

/// <summary>
/// `make attack`: what an attacker sends for minutes, and what others notice of it. The table is that of docs/security.md.
/// </summary>
internal static class AttackRun
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Shorter = TimeSpan.FromSeconds(90);

    /// <summary>Handed to each: how long it is to last, when that was asked for.</summary>
    private static readonly Dictionary<string, Func<TimeSpan?, IEnumerable<Proof>>> Proofs = new()
    {
        ["datagrams"] = lasts => DatagramFlood.Run(lasts ?? Long),
        ["syns"] = lasts => SynFlood.Run(lasts ?? Shorter),
        ["direct"] = lasts => DirectFlood.Run(lasts ?? Shorter),
        ["forgeries"] = _ => Forgeries.Run(),
        ["answers"] = _ => Answers.Run(),
        ["malformed"] = _ => Malformed.Run(),
    };

    /// <param name="only">The name of one; null: all of them.</param>
    /// <param name="seconds">How long floods last; null: as docs/security.md has them.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string? only, string? seconds)
    {
        if (only is not null && !Proofs.ContainsKey(only))
        {
            Console.Error.WriteLine($"no attack '{only}'; there are: {string.Join(", ", Proofs.Keys)}");
            return 2;
        }
        var found = new List<Proof>();
        foreach (var (name, run) in Proofs.Where(p => only is null || p.Key == only))
        {
            foreach (var proof in run(seconds is null ? null : TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture))))
            {
                found.Add(proof);
                Console.Error.WriteLine($"{name}: {(proof.Held ? "held" : "NOT HELD")}: {proof.Attack}: {proof.Means}");
            }
        }
        var report = new Report(Console.Out);
        report.Title(
            "Attacks",
            "Frames from a namespace outside against a node with an agent as it comes"
                + $"{(XdpChoice.Mode.Length > 0 ? $" and --xdp {XdpChoice.Mode}" : "")}, real sockets of others meanwhile.");
        report.Table(["attack", "the others", "counted", "held"],
            found.Select(p => (string[])[p.Attack, p.Means, p.Counted, p.Held ? "yes" : "NO"]));
        return found.TrueForAll(p => p.Held) ? 0 : 1;
    }
}
