using System.Net;
using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.DestinationFilters;
using EbpfLb.Datapath.Events;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>The maps of one loaded object.</summary>
internal sealed class PacketTables : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private readonly MappedArray<LbSvcStat> svcStats;
    private readonly PerCpuMap<uint, LbNeighbour> neighbours;
    private readonly PerCpuMap<uint, uint> kept;
    private readonly MappedArray<LbLoad> loads;
    private readonly MappedArray<LbTraffic> traffic;
    private readonly int trafficOfCpu;

    /// <param name="services">cfg_services as it was loaded.</param>
    public PacketTables(BpfObject bpf, int services)
    {
        Services4 = Open(bpf, Abi.Tables.Services4);
        Services6 = Open(bpf, Abi.Tables.Services6);
        Slots = Open(bpf, Abi.Tables.Slots);
        Maglev = Open(bpf, Abi.Tables.Maglev);
        Turns = Open(bpf, Abi.Tables.Turns);
        Backends = Open(bpf, Abi.Tables.Backends);
        Affinity = Open(bpf, Abi.Tables.Affinity);
        NodeAddrs4 = Open(bpf, Abi.Tables.NodeAddrs4);
        NodeAddrs6 = Open(bpf, Abi.Tables.NodeAddrs6);
        Nodes = Open(bpf, Abi.Tables.Nodes);
        SrcRanges4 = Open(bpf, Abi.Tables.SrcRanges4);
        SrcRanges6 = Open(bpf, Abi.Tables.SrcRanges6);
        SvcCidrs4 = Open(bpf, Abi.Tables.SvcCidrs4);
        SvcCidrs6 = Open(bpf, Abi.Tables.SvcCidrs6);
        Devices = Open(bpf, Abi.Tables.Devices);
        Vlans = Open(bpf, Abi.Tables.Vlans);
        Settings = Open(bpf, Abi.Tables.Settings);
        Conntrack4 = Open(bpf, Abi.Tables.Conntrack4);
        Conntrack6 = Open(bpf, Abi.Tables.Conntrack6);
        CtPending = Open(bpf, Abi.Tables.CtPending);
        CtCursor = Open(bpf, Abi.Tables.CtCursor);
        UdpShare = Open(bpf, Abi.Tables.UdpShare);
        SnatFull = Open(bpf, Abi.Tables.SnatFull);
        SnatGuard = Open(bpf, Abi.Tables.SnatGuard);
        Frags = Open(bpf, Abi.Tables.Frags);
        Answers = Open(bpf, Abi.Tables.Answers);
        AnswerRate = Open(bpf, Abi.Tables.AnswerRate);
        DestinationFilter = Keep(new DestinationFilter(bpf.OpenMap(Abi.Tables.Filter.Name)));
        DestinationFilter.Rebuild([]);
        Stats = Keep(new PerCpuMap<uint, LbStat>(bpf.OpenMap(Abi.Tables.Stats.Name)));
        neighbours = Keep(new PerCpuMap<uint, LbNeighbour>(bpf.OpenMap(Abi.Tables.Neighbours.Name)));
        kept = Keep(new PerCpuMap<uint, uint>(bpf.OpenMap(Abi.Tables.Kept.Name)));
        svcStats = Keep(new MappedArray<LbSvcStat>(bpf.OpenMap(Abi.Tables.SvcStats.Name)));
        loads = Keep(new MappedArray<LbLoad>(bpf.OpenMap(Abi.Tables.Load.Name)));
        traffic = Keep(new MappedArray<LbTraffic>(bpf.OpenMap(Abi.Tables.Traffic.Name)));
        trafficOfCpu = Math.Max(1, traffic.Length / PossibleCpus.Numbers());
        Services = services;
        Traces = Keep(new RingTraces(
            new RingBuffer(bpf.OpenMap(Abi.Tables.Traces.Name)), bpf.OpenMap(Abi.Tables.Tracing.Name)));
        Events = Keep(new RingBuffer(bpf.OpenMap(Abi.Tables.Events.Name)));
    }

    public BpfMap<LbFrontend4, LbService> Services4 { get; }

    public BpfMap<LbFrontend6, LbService> Services6 { get; }

    public BpfMap<uint, LbSlot> Slots { get; }

    public BpfMap<uint, LbMaglevRow> Maglev { get; }

    public BpfMap<uint, LbTurn> Turns { get; }

    public BpfMap<uint, LbBackend> Backends { get; }

    public BpfMap<LbAffKey, LbAff> Affinity { get; }

    public BpfMap<LbIp4, LbNodeAddr> NodeAddrs4 { get; }

    public BpfMap<LbIp6, LbNodeAddr> NodeAddrs6 { get; }

    public BpfMap<LbIp6, uint> Nodes { get; }

    public BpfMap<LbSrcRange4, uint> SrcRanges4 { get; }

    public BpfMap<LbSrcRange6, uint> SrcRanges6 { get; }

    public BpfMap<LbPrefix4, uint> SvcCidrs4 { get; }

    public BpfMap<LbPrefix6, uint> SvcCidrs6 { get; }

    public BpfMap<uint, LbDevice> Devices { get; }

    public BpfMap<LbVlan, uint> Vlans { get; }

    public BpfMap<uint, LbSettings> Settings { get; }

    public BpfMap<LbCtKey4, LbCt4> Conntrack4 { get; }

    public BpfMap<LbCtKey6, LbCt6> Conntrack6 { get; }

    public BpfMap<uint, LbCtKey6> CtPending { get; }

    public BpfMap<uint, LbCtCursor> CtCursor { get; }

    public BpfMap<uint, ulong> UdpShare { get; }

    public BpfMap<LbSnatWay, LbSnatFull> SnatFull { get; }

    public BpfMap<uint, LbSnatGuard> SnatGuard { get; }

    public BpfMap<LbFragKey, LbFrag> Frags { get; }

    public BpfMap<LbIp6, ulong> Answers { get; }

    public BpfMap<uint, ulong> AnswerRate { get; }

    /// <summary>In use, as a running agent has it.</summary>
    public DestinationFilter DestinationFilter { get; }

    public PerCpuMap<uint, LbStat> Stats { get; }

    /// <summary>Service port ids that have counters.</summary>
    public int Services { get; }

    /// <summary>What a service port counted, on all CPUs.</summary>
    public LbSvcStat CountsOf(uint id)
    {
        var sum = default(LbSvcStat);
        for (var i = (int)id; i < svcStats.Length; i += Services)
        {
            var value = svcStats.ReadOnlySpan[i];
            sum = unchecked(new LbSvcStat
            {
                Connections = sum.Connections + value.Connections, Closed = sum.Closed + value.Closed,
                Datagrams = sum.Datagrams + value.Datagrams, Refused = sum.Refused + value.Refused,
            });
        }
        return sum;
    }

    /// <summary>The connections of a backend id.</summary>
    public LbLoad LoadOf(uint backendId) => loads.ReadOnlySpan[(int)backendId];

    /// <summary>What service ports and backends counted of packets, by "service 1" and "backend 1", as far as that is not 0.</summary>
    public Dictionary<string, LbTraffic> Traffic() => traffic.ReadOnlySpan.ToArray().Index().GroupBy(e => e.Index % trafficOfCpu)
        .ToDictionary(id => id.Key < Services ? $"service {id.Key}" : $"backend {id.Key - Services}", id => new LbTraffic
        {
            PacketsIn = id.Aggregate(0ul, (sum, e) => sum + e.Item.PacketsIn),
            BytesIn = id.Aggregate(0ul, (sum, e) => sum + e.Item.BytesIn),
            PacketsOut = id.Aggregate(0ul, (sum, e) => sum + e.Item.PacketsOut),
            BytesOut = id.Aggregate(0ul, (sum, e) => sum + e.Item.BytesOut),
        }).Where(e => e.Value != default).ToDictionary();

    /// <summary>Of all CPUs, to be put back: what runs meanwhile counts for nothing.</summary>
    public Action KeepTraffic()
    {
        var kept = traffic.ReadOnlySpan.ToArray();
        return () => kept.CopyTo(traffic.Span);
    }

    public RingBuffer Events { get; }

    public RingTraces Traces { get; }

    /// <summary>As after loading.</summary>
    public void Clear()
    {
        Empty(Services4);
        Empty(Services6);
        Empty(NodeAddrs4);
        Empty(NodeAddrs6);
        Empty(Nodes);
        Empty(SrcRanges4);
        Empty(SrcRanges6);
        Empty(SvcCidrs4);
        Empty(SvcCidrs6);
        Empty(Devices);
        Empty(Vlans);
        Empty(Affinity);
        Empty(Answers);
        for (var i = 0u; i < AnswerRate.Info.MaxEntries; i++) AnswerRate.Update(i, 0);
        ClearFlows();
        DestinationFilter.Rebuild([]);
        Settings.Update(0, default);
        Span<LbStat> none = new LbStat[Stats.CpuCount];
        for (var i = 0u; i < Stats.Info.MaxEntries; i++) Stats.Update(i, none);
        svcStats.Span.Clear();
        ForgetNeighbours();
        loads.Span.Clear();
        traffic.Span.Clear();
        for (var i = 0u; i < 8; i++) Turns.Update(i, default);
        Events.Drain(_ => { });
        Traces.Stop();
        Traces.Drain(_ => { });
    }

    /// <summary>As if the places of the rings had been written so many ticks earlier.</summary>
    public void AgePending(ushort ticks)
    {
        for (var i = 0u; i < CtPending.Info.MaxEntries; i++)
        {
            var slot = CtPending.Lookup(i);
            CtPending.Update(i, slot with { Pad = (ushort)(slot.Pad - ticks) });
        }
    }

    /// <summary>As if the long searches for source ports had been made so many ticks earlier; a negative number is for later.</summary>
    public void AgeSearches(int ticks)
    {
        foreach (var way in SnatFull.Keys())
        {
            var full = SnatFull.Lookup(way);
            SnatFull.Update(way, full with { Tick = (uint)(full.Tick - ticks) });
        }
    }

    /// <summary>As if the last connections from source ports had ended so many ticks earlier.</summary>
    public void AgeClocks(uint ticks) => ChangeClocks(clock => clock with { Tick = clock.Tick - ticks });

    /// <summary>No flow, no fragment, no search is known.</summary>
    public void ClearFlows()
    {
        Empty(Conntrack4);
        Empty(Conntrack6);
        Empty(SnatFull);
        ChangeClocks(_ => default);
        Empty(Frags);
        var cursor = CtCursor.Lookup(0);
        var halfOpen = CtPending.Info.MaxEntries / 3;
        for (var i = 0u; i < Math.Min(cursor.HalfOpen, halfOpen); i++) CtPending.Update(i, default);
        for (var i = 0u; i < Math.Min(cursor.Closed, CtPending.Info.MaxEntries - halfOpen); i++) CtPending.Update(halfOpen + i, default);
        CtCursor.Update(0, default);
        for (var i = 0u; i < UdpShare.Info.MaxEntries; i++) UdpShare.Update(i, 0);
    }

    public List<FlowEntry> Flows() =>
    [
        .. Conntrack4.Keys().Select(key => FlowEntry.From(key, Conntrack4.Lookup(key))),
        .. Conntrack6.Keys().Select(key => FlowEntry.From(key, Conntrack6.Lookup(key))),
    ];

    public void Put(FlowEntry entry)
    {
        if (AbiAddress.Is6(entry.Source.Address)) Conntrack6.Update(entry.Key6(), entry.Value6());
        else Conntrack4.Update(entry.Key4(), entry.Value4());
        DestinationFilter.Open(IpAddress.From(entry.Destination.Address));
    }

    public void Delete(FlowEntry entry)
    {
        if (AbiAddress.Is6(entry.Source.Address)) Conntrack6.Delete(entry.Key6());
        else Conntrack4.Delete(entry.Key4());
    }

    public void PutNodeAddress(IPAddress address, LbNodeAddrFlag flags)
    {
        if (AbiAddress.Is6(address))
            NodeAddrs6.Update(new LbIp6 { Addr = AbiAddress.To16(address) }, new LbNodeAddr { Flags = (uint)flags });
        else NodeAddrs4.Update(new LbIp4 { Addr = AbiAddress.To4(address) }, new LbNodeAddr { Flags = (uint)flags });
        DestinationFilter.Open(IpAddress.From(address));
    }

    public void PutRange(uint serviceId, IPNetwork range)
    {
        var address = range.BaseAddress;
        if (AbiAddress.Is6(address))
            SrcRanges6.Update(
                new LbSrcRange6 { PrefixLen = 32 + (uint)range.PrefixLength, ServiceId = serviceId, Addr = AbiAddress.To16(address) }, 1);
        else
            SrcRanges4.Update(
                new LbSrcRange4 { PrefixLen = 32 + (uint)range.PrefixLength, ServiceId = serviceId, Addr = AbiAddress.To4(address) }, 1);
    }

    public void PutServiceCidr(IPNetwork range)
    {
        var (address, length) = (range.BaseAddress, (uint)range.PrefixLength);
        if (AbiAddress.Is6(address)) SvcCidrs6.Update(new LbPrefix6 { PrefixLen = length, Addr = AbiAddress.To16(address) }, 1);
        else SvcCidrs4.Update(new LbPrefix4 { PrefixLen = length, Addr = AbiAddress.To4(address) }, 1);
    }

    /// <summary>Else programs go by what they found in this tick.</summary>
    public void ForgetNeighbours()
    {
        Span<LbNeighbour> none = new LbNeighbour[neighbours.CpuCount];
        for (var i = 0u; i < neighbours.Info.MaxEntries; i++) neighbours.Update(i, none);
    }

    /// <summary>As if the kernel had sent nothing in this tick.</summary>
    public void ForgetKept()
    {
        Span<uint> none = new uint[kept.CpuCount];
        for (var i = 0u; i < kept.Info.MaxEntries; i++) kept.Update(i, none);
    }

    public void Dispose()
    {
        foreach (var map in owned) map.Dispose();
    }

    private void ChangeClocks(Func<LbSnatGuard, LbSnatGuard> change)
    {
        // Tens of thousands of places, a few in use, and this is done before each test.
        for (var batches = SnatGuard.ReadBatches(); batches.Next();)
        {
            for (var i = 0; i < batches.Values.Length; i++)
            {
                if (batches.Values[i].Kind != 0) SnatGuard.Update(batches.Keys[i], change(batches.Values[i]));
            }
        }
    }

    private static void Empty<TKey, TValue>(BpfMap<TKey, TValue> map)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        foreach (var key in map.Keys()) map.Delete(key);
    }

    private BpfMap<TKey, TValue> Open<TKey, TValue>(BpfObject bpf, Table<TKey, TValue> table)
        where TKey : unmanaged
        where TValue : unmanaged => Keep(bpf.OpenMap<TKey, TValue>(table.Name));

    private T Keep<T>(T map)
        where T : IDisposable
    {
        owned.Add(map);
        return map;
    }
}
