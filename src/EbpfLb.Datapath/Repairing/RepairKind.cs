namespace EbpfLb.Datapath.Repairing;

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
