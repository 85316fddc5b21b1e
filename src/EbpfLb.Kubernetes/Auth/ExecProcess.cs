using System.Diagnostics;
using System.Text;

namespace EbpfLb.Kubernetes.Auth;

/// <summary>Runs a credential plugin once.</summary>
internal static class ExecProcess
{
    /// <summary>Characters. A credential has a few thousand; a program that is none may print for ever.</summary>
    private const int LongestOutput = 1024 * 1024;

    private const int LongestConflictDiagnostic = 4096;

    /// <summary>What it prints, when it ends well. It is ended with all that it started when it does not.</summary>
    /// <exception cref="ConnectionException">It cannot be run, ended with another code than 0, or printed too much.</exception>
    public static async Task<string> RunAsync(ExecSpec spec, string info, CancellationToken cancellationToken)
    {
        using var process = Start(spec, info);
        try
        {
            process.StandardInput.Close();
            var errors = ReadAsync(process.StandardError, LongestConflictDiagnostic, cancellationToken);
            var (output, isWhole) = await ReadAsync(process.StandardOutput, LongestOutput, cancellationToken, stopAtLimit: true);
            if (!isWhole)
                throw new ConnectionException(
                    $"{spec.Where}: {spec.Command} prints more than {LongestOutput} characters; it must print an ExecCredential");
            await process.WaitForExitAsync(cancellationToken);
            if (process.ExitCode == 0) return output;
            throw new ConnectionException(
                $"{spec.Where}: {spec.Command} ended with exit code {process.ExitCode}: {Shorten((await errors).Text)}; run it by "
                    + "hand to see why");
        }
        catch (IOException e)
        {
            throw new ConnectionException(
                $"{spec.Where}: what {spec.Command} prints cannot be read: {e.Message}; run it by hand to see why", e);
        }
        finally
        {
            End(process);
        }
    }

    private static Process Start(ExecSpec spec, string info)
    {
        try
        {
            var start = new ProcessStartInfo(spec.Command, spec.Arguments)
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                StandardOutputEncoding = Encoding.UTF8,
            };
            foreach (var (name, value) in spec.Environment) start.Environment[name] = value;
            start.Environment["KUBERNETES_EXEC_INFO"] = info;
            return Process.Start(start)!;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new ConnectionException(
                $"{spec.Where}: {spec.Command} cannot be run: {e.Message}; "
                    + $"{spec.InstallHint ?? "install the plugin or correct the path"}", e);
        }
    }

    /// <summary>Reads up to the limit, and then on without success, so that the program does not wait for a reader, or not.</summary>
    private static async Task<(string Text, bool IsWhole)> ReadAsync(
        StreamReader reader, int limit, CancellationToken cancellationToken, bool stopAtLimit = false)
    {
        var text = new StringBuilder();
        var buffer = new char[4096];
        var isWhole = true;
        for (int read; (read = await reader.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            var kept = Math.Min(read, limit - text.Length);
            text.Append(buffer, 0, kept);
            isWhole &= kept == read;
            if (!isWhole && stopAtLimit) break;
        }
        return (text.ToString(), isWhole);
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception or AggregateException)
        {
            // It has ended by itself.
        }
    }

    private static string Shorten(string text)
    {
        var line = string.Join(' ', text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return line.Length <= 300 ? line : $"{line[..300]}...";
    }
}
