using System.ComponentModel;
using System.Diagnostics;

namespace EbpfLb.Agent.Commands.Sysdump;

/// <summary>Starts programs that a machine may have.</summary>
internal static class Programs
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    /// <summary>What it prints.</summary>
    /// <exception cref="IOException">There is none, or it failed or took too long.</exception>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            try
            {
                var (text, error) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
                await process.WaitForExitAsync(limit.Token);
                return process.ExitCode == 0 ? await text : throw new IOException($"{program} ended with {process.ExitCode}: "
                    + $"{await error}");
            }
            catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
            {
                process.Kill();
                throw new IOException($"{program} took longer than {Longest.TotalSeconds:0} s", e);
            }
        }
        catch (Win32Exception e)
        {
            throw new IOException($"{program} cannot be started: {e.Message}", e);
        }
    }
}
