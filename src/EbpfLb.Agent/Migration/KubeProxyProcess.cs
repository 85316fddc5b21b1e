using System.Text.RegularExpressions;
using EbpfLb.Model;

namespace EbpfLb.Agent.Migration;

/// <summary>A kube-proxy that runs on this node.</summary>
/// <param name="Mode">"iptables", "nftables", "ipvs"; null: it could not be found out.</param>
internal sealed partial record KubeProxyProcess(int Pid, string? Mode)
{
    private const string Name = "kube-proxy";

    /// <summary>Those in the network namespace of this process. One that is part of another process, as in k3s, is not found.</summary>
    /// <param name="proc">Where procfs is.</param>
    public static IReadOnlyList<KubeProxyProcess> Find(string proc = "/proc")
    {
        var own = NamespaceOf(Path.Combine(proc, "self"));
        return [.. from directory in Directory.EnumerateDirectories(proc)
                   let pid = int.TryParse(Path.GetFileName(directory), out var number) ? number : 0
                   where pid > 0
                   let words = Words(directory)
                   where words.Length > 0 && Path.GetFileName(words[0]) == Name && NamespaceOf(directory) == own
                   orderby pid
                   select new KubeProxyProcess(pid, ModeOf(directory, words))];
    }

    private static string[] Words(string directory)
        => Read(Path.Combine(directory, "cmdline"))?.Split('\0', StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static string? ModeOf(string directory, string[] words)
    {
        if (ValueOf(OptionNames.ProxyMode) is { Length: > 0 } mode) return mode;
        if (ValueOf(OptionNames.Config) is not { Length: > 0 } file) return "iptables";
        return Read(Path.Combine(directory, "root", file.TrimStart('/'))) is not { } text ? null
            : ModeLine().Match(text).Groups["mode"] is { Length: > 0 } written ? written.Value : "iptables";

        string? ValueOf(string option) => words
            .Select((word, i) => word == option ? words.ElementAtOrDefault(i + 1)
                : word.StartsWith(option + "=", StringComparison.Ordinal) ? word[(option.Length + 1)..] : null)
            .FirstOrDefault(v => v is not null);
    }

    private static string? NamespaceOf(string directory)
    {
        try
        {
            return new FileInfo(Path.Combine(directory, "ns", "net")).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    [GeneratedRegex("""^mode:[ \t]*["']?(?<mode>[a-z]*)""", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ModeLine();
}
