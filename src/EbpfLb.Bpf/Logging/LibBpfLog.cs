using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using EbpfLb.Bpf.Native;
using EbpfLb.Native;

namespace EbpfLb.Bpf;

/// <summary>How serious libbpf takes what it says (enum libbpf_print_level).</summary>
public enum BpfLogLevel
{
    /// <summary>Something failed.</summary>
    Warning = 0,

    /// <summary>Something noteworthy.</summary>
    Information = 1,

    /// <summary>Step by step.</summary>
    Debug = 2,
}

/// <summary>Takes one line that libbpf logged, without its line end.</summary>
public delegate void BpfLogger(BpfLogLevel level, string line);

/// <summary>
/// Collects libbpf's log lines of one thread while it lives. libbpf has one print callback per process and calls it on
/// the thread that called libbpf, so a thread-local sink is enough, and without a sink nothing reaches stderr.
/// </summary>
internal sealed unsafe class LibBpfLog : IDisposable
{
    [ThreadStatic]
    private static LibBpfLog? current;

    private readonly LibBpfLog? outer;
    private readonly BpfLogger? logger;
    private readonly List<string> warnings = [];

    private LibBpfLog(BpfLogger? logger)
    {
        this.logger = logger;
        outer = current;
        current = this;
    }

    /// <summary>Warning lines so far.</summary>
    public IReadOnlyList<string> Warnings => warnings;

    public static LibBpfLog Capture(BpfLogger? logger = null)
    {
        // Setting the same callback again is harmless, and cheaper to reason about than "was it set?".
        LibBpf.libbpf_set_print(&Print);
        return new LibBpfLog(logger);
    }

    public void Dispose() => current = outer;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Print(int level, byte* format, nint arguments)
    {
        // An exception must not cross into C: what the logger throws is dropped with the line.
        try
        {
            current?.Add((BpfLogLevel)level, format, arguments);
        }
#pragma warning disable CA1031 // see above
        catch (Exception)
#pragma warning restore CA1031
        {
            return -1;
        }

        return 0;
    }

    private void Add(BpfLogLevel level, byte* format, nint arguments)
    {
        if (level == BpfLogLevel.Debug && logger is null)
            return;
        const int capacity = 4096;
        var buffer = stackalloc byte[capacity];
        var written = LibC.vsnprintf(buffer, capacity, format, arguments);
        var text = Encoding.UTF8.GetString(buffer, Math.Clamp(written, 0, capacity - 1)).TrimEnd();
        foreach (var line in text.Split('\n'))
        {
            if (level == BpfLogLevel.Warning)
                warnings.Add(line);
            logger?.Invoke(level, line);
        }
    }
}
