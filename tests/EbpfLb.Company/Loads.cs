using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Company;

/// <summary>Connections by the ten thousand, and what of them failed.</summary>
internal static class Loads
{
    public const int Connections = 20_000;

    /// <summary>
    /// Of <see cref="Connections"/>: a machine that is short of CPU loses some without any agent. The faults that these proofs are about
    /// cost 30 or more.
    /// </summary>
    public const int Noise = 5;

    // A connection that fails takes this long, so many are under way together.
    private const int Threads = 64;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    /// <summary>Connections that did not get an answer of that server; how they failed is for who watches.</summary>
    public static long Failed(NetProbe from, string to, string server)
    {
        var load = from.Start(new LoadSpec(LoadMode.Tcp, $"{to}={server}") { Count = Connections, Threads = Threads, Timeout = Timeout });
        Eventually.Get(load.Now, now => now.Total == Connections, $"{Connections} connections to {to}", Limit);
        var report = load.Stop();
        if (!report.IsClean) Console.Error.WriteLine(report.Line);
        return report.Failed + report.Foreign + report.BadPeer;
    }

    /// <summary>"0", or "12 (0.06 %)".</summary>
    public static string Text(long failed, long of = Connections) =>
        failed == 0 ? "0" : string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{failed} ({100.0 * failed / of:0.00} %)");
}
