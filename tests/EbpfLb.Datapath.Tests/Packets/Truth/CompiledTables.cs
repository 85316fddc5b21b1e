using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Tables;
using EbpfLb.Datapath.Tests.Packets.Harness;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Planning.Apply;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Tests.Packets.Truth;

/// <summary>Puts compiled tables into the maps of a loaded program, by plans as the agent does.</summary>
internal sealed class CompiledTables
{
    private readonly PacketProgram program;
    private readonly Mirror mirror;
    private readonly PlanApplier applier;

    public CompiledTables(PacketProgram program)
    {
        this.program = program;
        var tables = program.Tables;
        mirror = new Mirror(new TableLimits
        {
            MaxServices = tables.Services, MaxBackends = (int)tables.Backends.Info.MaxEntries, MaxSlots = (int)tables.Slots.Info.MaxEntries,
            MaxMaglevRows = (int)tables.Maglev.Info.MaxEntries,
            MaxFrontends4 = (int)tables.Services4.Info.MaxEntries, MaxFrontends6 = (int)tables.Services6.Info.MaxEntries,
            MaxRanges4 = (int)tables.SrcRanges4.Info.MaxEntries, MaxRanges6 = (int)tables.SrcRanges6.Info.MaxEntries,
        });
        applier = new PlanApplier(
            new PlanTables(
                Filtered(tables.Services4, FilterKeys.AddressOf), Filtered(tables.Services6, FilterKeys.AddressOf),
                new MapArray<LbSlot>(tables.Slots), new MapArray<LbMaglevRow>(tables.Maglev), new MapArray<LbBackend>(tables.Backends),
                new KernelTable<LbSrcRange4, uint>(tables.SrcRanges4), new KernelTable<LbSrcRange6, uint>(tables.SrcRanges6)),
            mirror);
    }

    public static void Fill(PacketProgram program, ForwardingTable table) => new CompiledTables(program).Apply(table);

    /// <summary>What is gone gives its ids back at once: no packet is on its way.</summary>
    public void Apply(ForwardingTable table)
    {
        var result = applier.Apply(Planner.Plan(table, mirror));
        if (!result.IsComplete) throw new InvalidOperationException(string.Join('\n', result.Failures));
        if (applier.Retire(result.Retired) is { IsEmpty: false } left) throw new InvalidOperationException(left.Problem);
        foreach (var cidr in table.ServiceCidrs)
            program.Tables.PutServiceCidr(new System.Net.IPNetwork(cidr.Prefix.ToIPAddress(), cidr.Length));
        program.Settings = NodeCodec.With(program.Settings, mirror.Closed.With(table.ServiceCidrs));
    }

    private FilteredTable<TKey, LbService> Filtered<TKey>(BpfMap<TKey, LbService> map, Func<TKey, IpAddress> addressOf)
        where TKey : unmanaged
        => new(new KernelTable<TKey, LbService>(map), addressOf, value => ServiceCodec.Has(value, LbServiceFlag.Untracked),
            program.Tables.DestinationFilter);

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
