using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Repair;

/// <summary>Counts what was put back, and says it. Thread-safe.</summary>
internal sealed class Repairs(ILogger logger)
{
    private readonly long[] counts = new long[Enum.GetValues<RepairKind>().Length];

    public IReadOnlyDictionary<RepairKind, long> Counts
        => Enum.GetValues<RepairKind>().ToDictionary(kind => kind, kind => Interlocked.Read(ref counts[(int)kind]));

    /// <param name="what">Names that were missing.</param>
    public void Record(RepairKind kind, params IReadOnlyList<string> what)
    {
        if (what.Count == 0) return;
        Interlocked.Add(ref counts[(int)kind], what.Count);
        Log.Repaired(logger, kind, string.Join(", ", what));
    }
}

/// <summary>What others removed and was put back.</summary>
public enum RepairKind
{
    /// <summary>The BPF file system was unmounted.</summary>
    Bpffs,

    /// <summary>The pin of a map was removed, or led to another map.</summary>
    MapPin,

    /// <summary>The pin of a socket hook's link was removed.</summary>
    LinkPin,

    /// <summary>A socket hook's link was detached.</summary>
    Link,

    /// <summary>A pin that records programs at a device was removed.</summary>
    DevicePin,

    /// <summary>Programs at a device were removed, or the qdisc that held them.</summary>
    DeviceProgram,
}
