using System.Runtime.CompilerServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Encoding;

/// <summary>Values of lb_services4/6.</summary>
public static class ServiceCodec
{
    private const LbServiceFlag Known = LbServiceFlag.Affinity | LbServiceFlag.External | LbServiceFlag.Local
        | LbServiceFlag.Remote | LbServiceFlag.Ranges | LbServiceFlag.NodePort | LbServiceFlag.LbVip
        | LbServiceFlag.Unknown | LbServiceFlag.OnDevice | LbServiceFlag.Dsr | LbServiceFlag.Untracked | LbServiceFlag.Empty
        | LbServiceFlag.Between;

    /// <summary>LB_SCHEDULER_SHIFT of bpf/include/lb_abi.h.</summary>
    private const int SchedulerShift = 16;

    internal static LbService Encode(FrontendKey key, ServedFrontend frontend, CompiledPort port, uint id, SlotRange cluster,
        SlotRange local) => Sealed(key, new LbService
    {
        Id = id,
        Flags = (uint)(Flags(frontend, port) | (IsEmpty(port, cluster) ? LbServiceFlag.Empty : default)
                | (cluster.HasBetween && frontend.IsUntracked ? LbServiceFlag.Between : default))
            | ((uint)port.Scheduler << SchedulerShift),
        AffinitySec = port.AffinitySeconds,
        Cluster = ToAbi(cluster),
        Local = ToAbi(local),
    });

    /// <summary>
    /// The entry that refuses what no other key of its address names. Its lists are empty; the id is there for the counters.
    /// </summary>
    internal static LbService EncodeClosed(FrontendKey key, uint id)
        => Sealed(key, new LbService { Id = id, Flags = (uint)LbServiceFlag.Unknown });

    /// <summary>
    /// lb_service_seal() of bpf/lib/lb_service.h: tells a reader that what he has read is the value of this key, and all of it of one
    /// writing.
    /// </summary>
    public static uint Seal(FrontendKey key, in LbService value) => unchecked(
        key.Seal + (value.Id * 0xC2B2_AE35u) + (value.Flags * 0x27D4_EB2Fu) + (value.AffinitySec * 0x1656_67B1u)
        + (value.Cluster.First * 0xCC9E_2D51u) + (value.Cluster.Count * 0x1B87_3593u)
        + (value.Local.First * 0xE654_6B65u) + (value.Local.Count * 0x2545_F491u));

    /// <summary>The value as it is written for the key.</summary>
    public static LbService Sealed(FrontendKey key, LbService value) => value with { Seal = Seal(key, value) };

    /// <summary>The Cluster list.</summary>
    public static SlotRange Cluster(in LbService value) => Range(value, value.Cluster);

    /// <summary>The Local list.</summary>
    public static SlotRange Local(in LbService value) => Range(value, value.Local);

    /// <summary>Who of a list gets a new connection; random for what <see cref="Contradiction"/> objects to.</summary>
    public static Scheduler SchedulerOf(in LbService value)
        => (Scheduler)(value.Flags >> SchedulerShift) is var scheduler && Enum.IsDefined(scheduler) ? scheduler : Scheduler.Random;

    private static SlotRange Range(in LbService value, LbRange range)
        => range.Count == 0 ? default : new(range.First, range.Count, SchedulerOf(value) == Scheduler.Maglev);

    /// <summary>What the entry's flags make of it.</summary>
    public static FrontendKind Kind(in LbService value)
        => Has(value, LbServiceFlag.NodePort) ? FrontendKind.NodePort
        : Has(value, LbServiceFlag.LbVip) ? FrontendKind.LoadBalancer
        : Has(value, LbServiceFlag.External) ? FrontendKind.ExternalIP
        : FrontendKind.ClusterIP;

    /// <summary>The flag is set.</summary>
    public static bool Has(in LbService value, LbServiceFlag flag) => (value.Flags & (uint)flag) != 0;

    /// <summary>What no encoder writes; null when nothing is wrong.</summary>
    internal static string? Contradiction(FrontendKey key, in LbService value)
    {
        if (value.Flags >> SchedulerShift > (uint)Scheduler.Maglev || (value.Flags & ((1 << SchedulerShift) - 1) & ~(uint)Known) != 0)
            return $"flags 0x{value.Flags:x} mean nothing";
        if (Has(value, LbServiceFlag.Unknown) != key.IsAnyPort) return "what it says of other ports and its key contradict";
        if (key.IsAnyPort) return value == EncodeClosed(key, value.Id) ? null : "stands for other ports, but has a service's traits";
        if (Has(value, LbServiceFlag.Affinity) != (value.AffinitySec != 0)) return "affinity flag and time-out contradict";
        if (Has(value, LbServiceFlag.NodePort) != (key.NodePort is not null)) return "NodePort flag and address contradict";
        var external = Has(value, LbServiceFlag.NodePort) || Has(value, LbServiceFlag.LbVip);
        if (Has(value, LbServiceFlag.OnDevice) && Kind(value) != FrontendKind.ClusterIP) return "on a device, but no ClusterIP";
        if (Has(value, LbServiceFlag.Dsr) && Kind(value) == FrontendKind.ClusterIP) return "a ClusterIP with direct server return";
        if (Has(value, LbServiceFlag.Untracked) && !(Has(value, LbServiceFlag.Dsr) && SchedulerOf(value) == Scheduler.Maglev))
            return "without entries of flows, but not by direct server return and maglev";
        if (Has(value, LbServiceFlag.Between) && !Has(value, LbServiceFlag.Untracked)) return "a past, but with entries of flows";
        if (external && !Has(value, LbServiceFlag.External)) return "external kind without the EXTERNAL flag";
        if (Has(value, LbServiceFlag.NodePort) && Has(value, LbServiceFlag.LbVip)) return "two kinds at once";
        if (Has(value, LbServiceFlag.Ranges) && !Has(value, LbServiceFlag.LbVip)) return "source ranges on what is no LoadBalancer address";
        return null;
    }

    private static LbServiceFlag Flags(ServedFrontend frontend, CompiledPort port)
    {
        var flags = frontend.Kind switch
        {
            FrontendKind.NodePort => LbServiceFlag.External | LbServiceFlag.NodePort,
            FrontendKind.ExternalIP => LbServiceFlag.External,
            FrontendKind.LoadBalancer => LbServiceFlag.External | LbServiceFlag.LbVip,
            _ => default,
        };
        if (port.AffinitySeconds != 0) flags |= LbServiceFlag.Affinity;
        // Asked for an empty Local list only: elsewhere it would be one more reason to flip.
        if (frontend.LocalPolicy) flags |= LbServiceFlag.Local | (port.HasRemoteEndpoints ? LbServiceFlag.Remote : default);
        if (frontend.Kind == FrontendKind.LoadBalancer && !port.Ranges.IsEmpty) flags |= LbServiceFlag.Ranges;
        if (frontend.IsOnDevice) flags |= LbServiceFlag.OnDevice;
        if (port.Tunnels && frontend.Kind != FrontendKind.ClusterIP) flags |= LbServiceFlag.Dsr;
        if (frontend.IsUntracked) flags |= LbServiceFlag.Untracked;
        return flags;
    }

    /// <summary>The Cluster list is there for what has begun alone: see <see cref="Scheduling.MaglevHistory"/>.</summary>
    private static bool IsEmpty(CompiledPort port, SlotRange cluster)
    {
        if (!cluster.HasPast) return false;
        foreach (ref readonly var backend in port.Backends.AsSpan())
            if (backend.Lists.HasFlag(BackendLists.InCluster)) return false;
        return true;
    }

    private static LbRange ToAbi(SlotRange range) => new() { First = range.First, Count = range.Count };
}

/// <summary>A run of entries in lb_slots; the empty one is default.</summary>
/// <param name="Count">Places.</param>
/// <param name="IsMaglev">In lb_maglev, where <paramref name="First"/> is a row of several places.</param>
/// <param name="HasPast">Behind it is a second table, of who was at each place first: <see cref="Scheduling.MaglevPast"/>.</param>
/// <param name="HasBetween">And behind that one of who was there between those two.</param>
public readonly record struct SlotRange(uint First, uint Count, bool IsMaglev = false, bool HasPast = false, bool HasBetween = false)
{
    /// <summary>Elements of the map that it takes.</summary>
    internal uint Length => Rows + (HasPast ? Past.Length : 0) + (HasBetween ? Between.Length : 0);

    /// <summary>The second table, as a range of its own.</summary>
    internal SlotRange Past => new(First + Rows, Count, IsMaglev);

    /// <summary>The third one.</summary>
    internal SlotRange Between => new(First + (2 * Rows), Count * Scheduling.MaglevPast.BetweenPlaces, IsMaglev);

    private uint Rows => IsMaglev ? (Count + PlacesARow - 1) / PlacesARow : Count;

    /// <summary>LB_MAGLEV_ROW of bpf/include/lb_abi.h.</summary>
    public static uint PlacesARow { get; } = (uint)(Unsafe.SizeOf<LbMaglevRow>() / sizeof(uint));

    public override string ToString() => Count == 0 ? "none" : $"{First}..{First + Count - 1}";
}
