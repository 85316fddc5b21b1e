using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Tables;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Planning;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Tests.Packets.Truth;

/// <summary>Puts a compiled table into the maps of a loaded program, by a plan as the agent does.</summary>
internal static class CompiledTables
{
    public static void Fill(PacketProgram program, ForwardingTable table)
    {
        var tables = program.Tables;
        var limits = new TableLimits
        {
            MaxServices = tables.Services, MaxBackends = (int)tables.Backends.Info.MaxEntries, MaxSlots = (int)tables.Slots.Info.MaxEntries,
            MaxMaglevRows = (int)tables.Maglev.Info.MaxEntries,
            MaxFrontends4 = (int)tables.Services4.Info.MaxEntries, MaxFrontends6 = (int)tables.Services6.Info.MaxEntries,
            MaxRanges4 = (int)tables.SrcRanges4.Info.MaxEntries, MaxRanges6 = (int)tables.SrcRanges6.Info.MaxEntries,
        };
        var mirror = new Mirror(limits);
        var applier = new PlanApplier(
            new PlanTables(
                new FilteredTable<LbFrontend4, LbService>(
                    new KernelTable<LbFrontend4, LbService>(tables.Services4), FilterKeys.AddressOf, tables.DestinationFilter),
                new FilteredTable<LbFrontend6, LbService>(new KernelTable<LbFrontend6, LbService>(tables.Services6), FilterKeys.AddressOf,
                    tables.DestinationFilter), new MapArray<LbSlot>(tables.Slots),
                new MapArray<LbMaglevRow>(tables.Maglev), new MapArray<LbBackend>(tables.Backends), new KernelTable<LbSrcRange4,
                    uint>(tables.SrcRanges4),
                new KernelTable<LbSrcRange6, uint>(tables.SrcRanges6)),
            mirror);
        var result = applier.Apply(Planner.Plan(table, mirror));
        if (!result.IsComplete) throw new InvalidOperationException(string.Join('\n', result.Failures));
        foreach (var cidr in table.ServiceCidrs) tables.PutServiceCidr(new System.Net.IPNetwork(cidr.Prefix.ToIPAddress(), cidr.Length));
        program.Settings = NodeCodec.With(program.Settings, mirror.Closed.With(table.ServiceCidrs));
    }

    /// <summary>An array that is not mapped.</summary>
    private sealed class MapArray<T>(BpfMap<uint, T> map) : IArrayTable<T>
        where T : unmanaged
    {
        public string Name => map.Name;

        public int Length => (int)map.Info.MaxEntries;

        public T Read(uint index) => map.Lookup(index);

        public TableError Write(uint index, ReadOnlySpan<T> values)
        {
            foreach (var value in values) map.Update(index++, value);
            return TableError.None;
        }
    }
}
