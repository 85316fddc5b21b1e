using EbpfLb.Bpf;
using EbpfLb.Planning;

namespace EbpfLb.Datapath.Options;

/// <summary>Capacities of the maps, in entries. All memory of the maps is reserved when they are made.</summary>
/// <param name="Frontends">Entries of lb_services4 and of lb_services6, each (--max-frontends).</param>
/// <param name="Services">Service ports with counters; ids run from 1 to this minus 1 (--max-services).</param>
/// <param name="Backends">Entries of lb_backends (--max-backends).</param>
/// <param name="Slots">Entries of lb_slots; a list that changes is written beside its old one, so leave room (--max-slots).</param>
/// <param name="Affinity">Clients that ClientIP affinity remembers; beyond it the least recently used goes (--max-affinity).</param>
/// <param name="UdpPeers">Pairs that unconnected UDP sockets of several services remember.</param>
public sealed record MapSizes(uint Frontends, uint Services, uint Backends, uint Slots, uint Affinity, uint UdpPeers)
{
    private const uint LargeFrontends = 65_536;

    /// <summary>Bytes of one lb_svc_stats element on one CPU.</summary>
    private const int ServiceStatBytes = 32;

    /// <summary>
    /// The defaults of a machine: full size from 4 GiB of memory (about 40 MiB of maps on two CPUs), down to an eighth below
    /// 512 MiB. Per-CPU counters take at most 1 % of the memory, which bounds them on machines with many CPUs.
    /// </summary>
    /// <param name="memoryBytes">Memory of the machine.</param>
    /// <param name="cpus">Possible CPUs.</param>
    public static MapSizes ForMachine(long memoryBytes, int cpus)
    {
        var shrink = 1u;
        for (var bytes = memoryBytes; bytes < 4L << 30 && shrink < 8; bytes *= 2) shrink *= 2;
        var frontends = LargeFrontends / shrink;
        var services = (uint)Math.Clamp(memoryBytes / 100 / (ServiceStatBytes * (long)Math.Max(cpus, 1)), 4096, frontends);
        return new MapSizes(frontends, services, frontends * 4, frontends * 8, frontends, 16_384 / shrink);
    }

    /// <summary>The defaults of the machine that runs this: its own memory, not the limit of the agent's container.</summary>
    public static MapSizes ForThisMachine() => ForMachine(MachineMemory.Bytes(), PossibleCpus.Count());

    /// <summary>The part that plans must know.</summary>
    public TableLimits ToLimits() => new()
    {
        MaxServices = (int)Services,
        MaxBackends = (int)Backends,
        MaxSlots = (int)Slots,
        MaxFrontends4 = (int)Frontends,
        MaxFrontends6 = (int)Frontends,
    };
}
