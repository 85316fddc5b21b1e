using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Allocation;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Mirrors;

/// <summary>
/// What the kernel's tables hold, as the applier reported it or as they were found, and which ids are free. Planner
/// and applier take its lock; a caller from outside only reads the counts.
/// </summary>
public sealed class Mirror
{
    /// <summary>Slots of a large table that stay free in one piece, so that lists can be moved; of a small one a 64th.</summary>
    private const int MostReserved = 4096;

    private readonly Dictionary<FrontendKey, LbService> entries = [];
    private readonly Dictionary<ObjectName, PortRecord[]> byService = [];
    private readonly PortRecord?[] byId;
    private readonly int[] frontendCounts = new int[2];
    private readonly RejectedAddresses closed = new();

    /// <summary>A mirror of tables that are known to be empty.</summary>
    public Mirror(TableLimits limits)
    {
        Limits = limits;
        byId = new PortRecord?[Math.Max(limits.MaxServices, 1)];
        ServiceIds = new IdAllocator(limits.MaxServices);
        BackendIds = new IdAllocator(limits.MaxBackends);
        Slots = new RangeAllocator(limits.MaxSlots, Math.Min(limits.MaxSlots / 64, MostReserved));
        Maglev = new RangeAllocator(limits.MaxMaglevRows);
        Sources = new SourceMirror(byId.Length);
        byId[0] = new PortRecord(0);
    }

    public TableLimits Limits { get; }

    /// <summary>Service ids in use, with those that wait to be retired.</summary>
    public int ServicesInUse => ServiceIds.Count;

    /// <summary>Backend ids in use, with those that wait to be retired.</summary>
    public int BackendsInUse => BackendIds.Count;

    /// <summary>Slots in use, with those that wait to be retired and what rounding up adds.</summary>
    public int SlotsInUse => Slots.Used;

    /// <summary>Rows of lb_maglev in use, with those that wait to be retired and what rounding up adds.</summary>
    public int MaglevRowsInUse => Maglev.Used;

    public int Frontends4 => frontendCounts[0];

    public int Frontends6 => frontendCounts[1];

    /// <summary>Entries of lb_src_ranges4, with those that wait to be retired.</summary>
    public int SourceRanges4 => Sources.Count(IpFamily.IPv4);

    /// <summary>Entries of lb_src_ranges6, with those that wait to be retired.</summary>
    public int SourceRanges6 => Sources.Count(IpFamily.IPv6);

    /// <summary>
    /// Services that are not as the last table wants them: they did not fit, or an operation failed. The next plan tries again.
    /// </summary>
    public int UnfinishedServices => Unfinished.Count;

    /// <summary>The NodePorts that the tables hold, as one range; null when there is none. Walks all entries.</summary>
    public PortRange? NodePorts
    {
        get
        {
            lock (Sync)
            {
                PortRange? all = null;
                foreach (var key in entries.Keys)
                {
                    if (key.NodePort is not { } port) continue;
                    var one = new PortRange(port, port);
                    all = all?.Cover(one) ?? one;
                }
                return all;
            }
        }
    }

    /// <summary>The ranges around all ClusterIPs whose other ports are refused.</summary>
    public BoundingPrefix Closed
    {
        get
        {
            lock (Sync) return closed.Cover(entries.Keys);
        }
    }

    /// <summary>The service port that an id stands for; null when it stands for none. May be called from any thread.</summary>
    public ServicePortKey? PortOf(uint id)
    {
        lock (Sync) return id == 0 ? null : RecordOf(id)?.Key;
    }

    /// <summary>
    /// The id that a service port has in the kernel's tables; null while it is not in them. May be called from any thread.
    /// </summary>
    public uint? IdOf(ServicePortKey port)
    {
        lock (Sync)
        {
            foreach (var record in RecordsOf(port.Service))
            {
                if (record.Key == port) return record.Id;
            }
            return null;
        }
    }

    /// <summary>
    /// The backends of a service port with their ids, ordered by address; none while it is not in the tables. May be called from any
    /// thread.
    /// </summary>
    public IReadOnlyList<(CompiledBackend Backend, uint Id)> BackendsOf(ServicePortKey port)
    {
        lock (Sync)
        {
            foreach (var record in RecordsOf(port.Service))
            {
                if (record.Key != port) continue;
                var ids = record.BackendIds;
                return [.. record.Backends.Select((backend, i) => (backend, ids[i]))];
            }
            return [];
        }
    }

    /// <summary>
    /// Whether what is connected to a frontend may stay with a backend: it is in a list, or keeps what it has. By addresses, so it holds
    /// whatever ids the connection remembers. May be called from any thread.
    /// </summary>
    public bool Serves(Frontend frontend, BackendAddress backend)
    {
        lock (Sync)
        {
            var nodePort = frontend with { Address = IpAddress.Any(frontend.Address.Family) };
            if (!TryGetEntry(FrontendKey.From(frontend), out var entry) && !TryGetEntry(FrontendKey.From(nodePort), out entry))
                return false;
            // The lists are ordered by address, but short; and this is asked only for what looks stale.
            foreach (var candidate in OwnerOf(entry).Backends)
                if (candidate.Address == backend) return (candidate.Lists & BackendCodec.Stays) != BackendLists.None;
            return false;
        }
    }

    /// <summary>
    /// The flow table has flows that are older than these tables, which an agent of before had in others: where a service needs no entries
    /// for its flows, the first table asks for entries all the same. To be cleared when that table is in force.
    /// </summary>
    public bool HasOlderFlows { get; set; }

    /// <summary>Addresses of frontends whose flows need no entries. May be called from any thread.</summary>
    public IReadOnlyList<IpAddress> UntrackedAddresses
    {
        get
        {
            lock (Sync)
            {
                List<IpAddress> addresses = [];
                foreach (var (key, value) in entries)
                {
                    if (ServiceCodec.Has(value, LbServiceFlag.Untracked) && key.TryGetFrontend(out var frontend))
                        addresses.Add(frontend.Address);
                }
                return addresses;
            }
        }
    }

    internal Lock Sync { get; } = new();

    /// <summary>
    /// Of the ids in use, those that are nobody's and could not be cleared; see <see cref="Apply.PlanApplier.Retire"/>.
    /// </summary>
    internal (int Services, int Backends, string? Problem) NotGivenBack { get; set; }

    /// <summary>Applying a plan ended with an exception: what the kernel holds is to be looked at before the next one is made.</summary>
    internal bool IsTorn { get; set; }

    internal IdAllocator ServiceIds { get; }

    internal IdAllocator BackendIds { get; }

    internal RangeAllocator Slots { get; }

    /// <summary>Rows of lb_maglev.</summary>
    internal RangeAllocator Maglev { get; }

    /// <summary>Where a range is taken from and given back to.</summary>
    internal RangeAllocator TableOf(SlotRange range) => range.IsMaglev ? Maglev : Slots;

    internal SourceMirror Sources { get; }

    /// <summary>The table that was applied last, but for <see cref="Unfinished"/>; null when none was.</summary>
    internal ForwardingTable? Applied { get; private set; }

    internal HashSet<ObjectName> Unfinished { get; } = [];

    /// <summary>Of the services that the last plan left out, those that need not be drafted again while nothing changes.</summary>
    internal Dictionary<ObjectName, Plans.LeftOutService> LeftOut { get; set; } = [];

    /// <summary>Records that no service port has claimed.</summary>
    internal HashSet<PortRecord> Unclaimed { get; } = [];

    /// <summary>The last plan made, while it has not been applied: its ids are reserved.</summary>
    internal Plans.Plan? Open { get; set; }

    /// <summary>Collects entries without a valid id and backends without a valid owner.</summary>
    internal PortRecord Foreign => byId[0]!;

    /// <summary>Nothing was found in the kernel, and no table was applied.</summary>
    internal bool IsEmpty
        => Applied is null && entries.Count == 0 && Unclaimed.Count == 0 && !Foreign.HasExtras && Sources.Of(0).Count == 0;

    internal bool TryGetEntry(FrontendKey key, out LbService value) => entries.TryGetValue(key, out value);

    /// <summary>Keys of all entries of one table.</summary>
    internal FrontendKey[] KeysOf(IpFamily family) => [.. entries.Keys.Where(k => k.Table == family)];

    /// <summary>Services that have records.</summary>
    internal IEnumerable<ObjectName> ServiceNames => byService.Keys;

    internal int FrontendCount(IpFamily family) => frontendCounts[Index(family)];

    /// <summary>The record that an entry's value belongs to.</summary>
    internal PortRecord OwnerOf(in LbService value)
        => value.Id < (uint)byId.Length && byId[value.Id] is { } record ? record : Foreign;

    internal PortRecord? RecordOf(uint id) => id < (uint)byId.Length ? byId[id] : null;

    internal PortRecord[] RecordsOf(ObjectName service) => byService.TryGetValue(service, out var records) ? records : [];

    /// <summary>Adds a record without a key.</summary>
    internal void AddRecord(PortRecord record) => byId[record.Id] = record;

    /// <summary>Gives a record to a service port.</summary>
    internal void Claim(PortRecord record, ServicePortKey key)
    {
        record.Key = key;
        Unclaimed.Remove(record);
        byService[key.Service] = [.. RecordsOf(key.Service), record];
    }

    /// <summary>Forgets a record; its id stays taken until it is retired.</summary>
    internal void RemoveRecord(PortRecord record)
    {
        Unclaimed.Remove(record);
        if (record.Id != 0) byId[record.Id] = null;
        if (record.Key is not { } key) return;
        var left = RecordsOf(key.Service).Where(r => !ReferenceEquals(r, record)).ToArray();
        if (left.Length == 0) byService.Remove(key.Service);
        else byService[key.Service] = left;
    }

    /// <summary>So many entries and services are about to come.</summary>
    internal void Expect(int moreEntries, int moreServices)
    {
        entries.EnsureCapacity(entries.Count + moreEntries);
        byService.EnsureCapacity(byService.Count + moreServices);
    }

    /// <summary>An entry was written, or found.</summary>
    internal void SetEntry(FrontendKey key, in LbService value)
    {
        var owner = OwnerOf(value);
        if (entries.TryGetValue(key, out var old))
        {
            var before = OwnerOf(old);
            if (!ReferenceEquals(before, owner))
            {
                before.RemoveFrontend(key);
                owner.AddFrontend(key);
            }
        }
        else
        {
            owner.AddFrontend(key);
            frontendCounts[Index(key.Table)]++;
            closed.Add(key);
        }
        entries[key] = value;
    }

    /// <summary>An entry was deleted.</summary>
    internal void RemoveEntry(FrontendKey key)
    {
        if (!entries.Remove(key, out var old)) return;
        OwnerOf(old).RemoveFrontend(key);
        frontendCounts[Index(key.Table)]--;
        closed.Remove(key);
    }

    /// <summary>A plan for this table was carried out, except for the unfinished services.</summary>
    internal void Commit(ForwardingTable table, IEnumerable<ObjectName> unfinished)
    {
        Applied = table;
        Unfinished.Clear();
        Unfinished.UnionWith(unfinished);
        Open = null;
    }

    private static int Index(IpFamily family) => family == IpFamily.IPv4 ? 0 : 1;
}
