using EbpfLb.Agent.Options;
using EbpfLb.Kubernetes.Auth;

namespace EbpfLb.Agent.Commands.Sysdump;

/// <summary>Secrets of this machine that an agent or this command has: to be looked for in what was collected, never to be
/// written.</summary>
internal static class KnownSecrets
{
    /// <param name="start">Names the kubeconfig; null: the agent's options are not known.</param>
    /// <param name="agentPid">Of its process, for its environment; null: it is not seen.</param>
    public static IReadOnlyList<string> Find(StartOptions? start, int? agentPid)
    {
        List<string> found = [];
        foreach (var pid in new[] { "self", agentPid?.ToString() })
            if (pid is not null && TryRead($"/proc/{pid}/environ") is { } environment)
                found.AddRange(SecretRemover.ValuesOf(environment.Replace('\0', '\n')));
        if (TryRead(Path.Combine(InClusterConfig.DefaultDirectory, "token")) is { } token) found.Add(token);
        foreach (var text in new[] { start?.KubeConfig is { } file ? TryRead(file) : null, start?.EmbeddedKubeconfig })
            if (text is not null) found.AddRange(OfKubeconfig(text, Path.GetDirectoryName(start?.KubeConfig) ?? "/"));
        return found;
    }

    /// <summary>Tokens and keys in a kubeconfig, and in the files that it names.</summary>
    public static IEnumerable<string> OfKubeconfig(string text, string directory)
    {
        foreach (var value in SecretRemover.ValuesOf(text)) yield return value;
        foreach (var line in text.Split('\n').Select(l => l.Trim(' ', '-', '\r')))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon < 0 || line[..colon] is not ("tokenFile" or "client-key")) continue;
            if (TryRead(Path.GetFullPath(line[(colon + 1)..].Trim(' ', '"', '\''), directory)) is { } named) yield return named;
        }
    }

    private static string? TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
