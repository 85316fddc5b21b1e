using System.ComponentModel;
using System.Diagnostics;

namespace EbpfLb.Agent.Commands.Doctor.Checks;

/// <summary>
/// Tables "nat" of the older ip_tables, which only their own tools can read. Nothing is started where the kernel has none, as reading
/// them would make them.
/// </summary>
/// <param name="Chains">With the program that shows them.</param>
/// <param name="Masquerading">Rules that change sources.</param>
/// <param name="Unread">Why they are not known; null: they are.</param>
internal sealed record LegacyTables(IReadOnlyList<(string Tool, string Chain)> Chains, int Masquerading, string? Unread)
{
    public const string Look = "look with `iptables-legacy-save -t nat` and `ip6tables-legacy-save -t nat`";

    private static readonly (string Names, string Tool)[] Tools =
    [
        ("/proc/net/ip_tables_names", "iptables-legacy-save"), ("/proc/net/ip6_tables_names", "ip6tables-legacy-save"),
    ];

    public static LegacyTables None { get; } = new([], 0, null);

    public static LegacyTables Read()
    {
        var all = None;
        foreach (var (names, tool) in Tools)
        {
            if (!HasNat(names)) continue;
            if (Run(tool) is not { } text) return all with { Unread = $"the kernel has rules of the older ip_tables, and {tool} cannot be "
                + $"started" };
            all = Parse(tool, text, all);
        }
        return all;
    }

    /// <summary>Adds what a program printed: ":CHAIN - [0:0]" and "-A CHAIN ... -j TARGET".</summary>
    public static LegacyTables Parse(string tool, string text, LegacyTables before)
    {
        var lines = text.Split('\n');
        return before with
        {
            Chains = [.. before.Chains, .. lines.Where(l => l.StartsWith(':')).Select(l => (tool, l[1..].Split(' ')[0]))],
            Masquerading = before.Masquerading + lines.Count(l => l.StartsWith("-A ", StringComparison.Ordinal)
                && !l.StartsWith("-A KUBE-POSTROUTING ", StringComparison.Ordinal)
                && (l.Contains("-j MASQUERADE", StringComparison.Ordinal) || l.Contains("-j SNAT", StringComparison.Ordinal))),
        };
    }

    private static bool HasNat(string names)
    {
        try
        {
            return File.ReadLines(names).Contains("nat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string? Run(string tool)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(tool, ["-t", "nat"])
            {
                UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            process.BeginErrorReadLine();
            var text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? text : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
