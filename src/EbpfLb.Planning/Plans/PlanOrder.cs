using EbpfLb.Model;
using EbpfLb.Planning.Allocation;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Scheduling;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>
/// Who comes first where there is not room for all: what a cluster cannot do without, and of the others those that need little, as the most
/// Services fit that way. A Service that is in the tables is not taken out for another one.
/// </summary>
internal static class PlanOrder
{
    /// <summary>Of the API server.</summary>
    private static readonly ObjectName Kubernetes = new("default", "kubernetes");

    /// <summary>Of DNS and others that all need.</summary>
    private const string System = "kube-system";

    /// <summary>Whether the services might not fit beside what is there. Says so too early rather than too late.</summary>
    public static bool IsShort(Mirror mirror, IEnumerable<CompiledService> services)
    {
        var all = default(Demand);
        foreach (var service in services) all += Demand.Of(service);
        var limits = mirror.Limits;
        return all.Ports > mirror.ServiceIds.Capacity - mirror.ServiceIds.Count
            || all.Backends > mirror.BackendIds.Capacity - mirror.BackendIds.Count
            || all.Slots > mirror.Slots.Capacity - mirror.Slots.Used - mirror.Slots.Reserve
            || all.Rows > mirror.Maglev.Capacity - mirror.Maglev.Used
            || all.Frontends4 > limits.MaxFrontends4 - mirror.FrontendCount(IpFamily.IPv4)
            || all.Frontends6 > limits.MaxFrontends6 - mirror.FrontendCount(IpFamily.IPv6)
            || all.Ranges4 > limits.MaxRanges4 - mirror.Sources.Count(IpFamily.IPv4)
            || all.Ranges6 > limits.MaxRanges6 - mirror.Sources.Count(IpFamily.IPv6);
    }

    /// <summary>
    /// Services that are in the tables before new ones, which would keep them at endpoints that are gone; those of the same need by name.
    /// </summary>
    public static void Sort(List<ObjectName> services, ForwardingTable table, Mirror mirror)
    {
        var keys = services.ToDictionary(
            name => name, name => (Rank(name, mirror), table.Find(name) is { } found ? Demand.Of(found).Elements : 0));
        services.Sort((a, b) => keys[a].CompareTo(keys[b]) is var order && order != 0 ? order : a.CompareTo(b));
    }

    private static int Rank(ObjectName name, Mirror mirror) => name == Canary.Name ? 0 : name == Kubernetes ? 1
        : name.Namespace == System ? 2 : mirror.RecordsOf(name).Length > 0 ? 3 : 4;

    /// <summary>What services take of each table.</summary>
    private readonly record struct Demand(
        long Ports, long Backends, long Slots, long Rows, long Frontends4, long Frontends6, long Ranges4, long Ranges6)
    {
        public long Elements => Ports + Backends + Slots + Rows + Frontends4 + Frontends6 + Ranges4 + Ranges6;

        public static Demand operator +(Demand a, Demand b) => new(
            a.Ports + b.Ports, a.Backends + b.Backends, a.Slots + b.Slots, a.Rows + b.Rows, a.Frontends4 + b.Frontends4,
            a.Frontends6 + b.Frontends6, a.Ranges4 + b.Ranges4, a.Ranges6 + b.Ranges6);

        public static Demand Of(CompiledService service)
        {
            var all = default(Demand);
            foreach (var port in service.Ports) all += Of(port);
            return all;
        }

        private static Demand Of(CompiledPort port)
        {
            var layout = ListLayout.Of(port);
            var places = Length(port, layout, BackendLists.InCluster) + Length(port, layout, BackendLists.InLocal);
            var (slots, rows) = layout.IsMaglev ? (0L, places) : (places, 0L);
            long frontends = port.Frontends.Count + (port.RejectedAddress is null ? 0 : 1);
            var ranges = SourcePlan.Wanted(port).Length;
            return port.Key.Family == IpFamily.IPv4
                ? new Demand(1, port.Backends.Count, slots, rows, frontends, 0, ranges, 0)
                : new Demand(1, port.Backends.Count, slots, rows, 0, frontends, 0, ranges);
        }

        private static long Length(CompiledPort port, ListLayout layout, BackendLists list) => RangeAllocator.RoundUp(
            new SlotRange(0, (uint)layout.Length(port.Backends.AsSpan(), list), layout.IsMaglev, layout.HasPast).Length);
    }
}
