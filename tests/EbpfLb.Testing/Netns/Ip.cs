using System.Diagnostics;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Netns;

/// <summary>Batches of iproute2 commands: one process for many changes keeps a pod's set-up to milliseconds.</summary>
internal static class Ip
{
    /// <summary>
    /// Runs the commands in one <c>ip -batch</c>, inside the named namespace when one is given; stops at the first error.
    /// </summary>
    /// <exception cref="InvalidOperationException">A command failed; the message holds what ip said and the batch.</exception>
    public static void Batch(string? netns, params IReadOnlyList<string> commands)
    {
        var start = new ProcessStartInfo(RepositoryPaths.Tool("ip"))
        {
            RedirectStandardInput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var word in (string[])(netns is null ? ["-batch", "-"] : ["-netns", netns, "-batch", "-"]))
            start.ArgumentList.Add(word);
        using var ip = Process.Start(start)!;
        foreach (var command in commands)
            ip.StandardInput.WriteLine(command);
        ip.StandardInput.Close();
        var said = ip.StandardError.ReadToEnd();
        ip.WaitForExit();
        if (ip.ExitCode != 0)
            throw new InvalidOperationException(
                $"ip ended with {ip.ExitCode} and said: {said.Trim()}\n"
                    + $"to this batch in {netns ?? "the host"}:\n{string.Join('\n', commands)}");
    }
}
