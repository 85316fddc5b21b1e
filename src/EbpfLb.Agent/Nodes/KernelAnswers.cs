using System.Globalization;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Agent.Nodes;

/// <summary>How the kernel limits ICMP errors of its own.</summary>
internal static class KernelAnswers
{
    /// <summary>What cannot be read is the kernel's default.</summary>
    public static AnswerLimit Read(Sysctls sysctls) => new(
        Number(sysctls, "icmp_ratelimit") is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : AnswerLimit.Default.Gap,
        Number(sysctls, "icmp_msgs_per_sec") ?? AnswerLimit.Default.PerSecond,
        Math.Max(1, Number(sysctls, "icmp_msgs_burst") ?? AnswerLimit.Default.Burst));

    private static int? Number(Sysctls sysctls, string name)
        => int.TryParse(sysctls.Read($"ipv4/{name}"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
