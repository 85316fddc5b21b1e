using System.ComponentModel;
using System.Diagnostics;

namespace EbpfLb.Agent.Migration;

/// <summary>Runs the node's own tools.</summary>
internal static class ToolRunner
{
    private static readonly string[] Directories = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin"];

    /// <summary>The path of a tool; null: this machine has none of that name.</summary>
    public static string? Find(string name) => Directories.Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs it to its end and returns what it printed on its standard output.</summary>
    /// <param name="input">What it reads; null: nothing.</param>
    /// <exception cref="MigrationException">It failed; the message has what it said.</exception>
    public static string Run(string path, IReadOnlyList<string> arguments, string? input = null)
    {
        var what = $"{Path.GetFileName(path)} {string.Join(' ', arguments)}";
        try
        {
            using var process = Process.Start(new ProcessStartInfo(path, arguments)
            {
                UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            })!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            try
            {
                if (input is not null) process.StandardInput.Write(input);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended before it had read all: its exit code and what it said follow.
            }
            process.WaitForExit();
            return process.ExitCode == 0 ? output.Result
                : throw new MigrationException($"{what} ended with {process.ExitCode}: {error.Result.Trim()}");
        }
        catch (Win32Exception e)
        {
            throw new MigrationException($"{what}: {e.Message}", e);
        }
    }
}

/// <summary>A step cannot be done; the message says which and why.</summary>
internal sealed class MigrationException(string message, Exception? inner = null) : Exception(message, inner);
