using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace EbpfLb.Testing.Processes;

/// <summary>
/// A process that a test started: its lines of output are kept, it can be talked to line by line, and it is gone after Dispose.
/// </summary>
public sealed class ChildProcess : IDisposable
{
    private readonly Process process;
    private readonly BlockingCollection<string> lines = [];
    private readonly StringBuilder log = new();
    private readonly string title;
    private bool isDisposed;

    private ChildProcess(ProcessPlace place, IReadOnlyList<string> command, IReadOnlyDictionary<string, string>? environment)
    {
        title = string.Join(' ', command);
        var start = new ProcessStartInfo
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var words = place.Enter(command);
        start.FileName = words[0];
        foreach (var word in words.Skip(1))
            start.ArgumentList.Add(word);
        foreach (var (key, value) in environment ?? new Dictionary<string, string>())
            start.Environment[key] = value;

        process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data, answer: true);
        process.ErrorDataReceived += (_, line) => Keep(line.Data, answer: false);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Starts a command in a place. The process id stays the same from shell to command.</summary>
    public static ChildProcess Start(
        ProcessPlace place,
        IReadOnlyList<string> command,
        IReadOnlyDictionary<string, string>? environment = null) => new(place, command, environment);

    /// <summary>Runs a command to its end and returns its exit code and all that it printed (both streams).</summary>
    public static (int ExitCode, string Output) Run(ProcessPlace place, params IReadOnlyList<string> command)
    {
        using var child = Start(place, command);
        child.process.StandardInput.Close();
        var code = child.WaitForExit(TimeSpan.FromSeconds(60));
        return (code, child.Output);
    }

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>Everything printed so far, both streams in the order of arrival.</summary>
    public string Output
    {
        get
        {
            lock (log)
                return log.ToString();
        }
    }

    public void WriteLine(string line)
    {
        process.StandardInput.WriteLine(line);
        process.StandardInput.Flush();
    }

    /// <summary>The next line of standard output.</summary>
    /// <exception cref="InvalidOperationException">The process ended, or said nothing within the limit.</exception>
    public string ReadLine(TimeSpan? limit = null)
    {
        if (lines.TryTake(out var line, limit ?? TimeSpan.FromSeconds(60)))
            return line;
        throw new InvalidOperationException($"'{title}' {(HasExited ? "ended" : "said nothing")}. Its output:\n{Output}");
    }

    /// <summary>Sends SIGTERM (the default) or another signal.</summary>
    public void Signal(int signal = Libc.SIGTERM)
    {
        if (!process.HasExited)
            _ = Libc.kill(process.Id, signal);
    }

    /// <summary>kill -9, and waits until the process is gone.</summary>
    public void Kill()
    {
        Signal(Libc.SIGKILL);
        WaitForExit();
    }

    /// <summary>Waits for the end and returns the exit code; 128 + n after signal n.</summary>
    /// <exception cref="TimeoutException">It still runs after <paramref name="limit"/> (60 s unless given).</exception>
    public int WaitForExit(TimeSpan? limit = null)
    {
        if (!process.WaitForExit(limit ?? TimeSpan.FromSeconds(60)))
            throw new TimeoutException($"'{title}' does not end. Its output:\n{Output}");
        // The parameterless overload also waits for the last lines of output.
        process.WaitForExit();
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (isDisposed) return;
        isDisposed = true;
        if (!process.HasExited)
            Kill();
        process.Dispose();
        lines.Dispose();
    }

    private void Keep(string? line, bool answer)
    {
        if (line is null)
        {
            if (answer)
                lines.CompleteAdding();
            return;
        }
        lock (log)
            log.Append(line).Append('\n');
        if (answer)
            lines.Add(line);
    }
}
