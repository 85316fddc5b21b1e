using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Verification;

/// <summary>The mirror, with lb_slots and lb_backends. Free slots may hold anything, free backends must be cleared.</summary>
internal sealed class ListComparison(PlanTables tables, Mirror mirror)
{
    private const int RecordsAStep = 256;
    private const int ElementsAStep = 8192;

    private readonly HashSet<uint> services = [];
    private readonly HashSet<uint> untranslated = [];
    private long slots;
    private long places;
    private long backends;

    public IEnumerable<ComparedElements> Compared =>
    [
        new(VerifyStage.Kernel, tables.Slots.Name, slots),
        new(VerifyStage.Kernel, tables.Maglev.Name, places),
        new(VerifyStage.Kernel, tables.Backends.Name, backends),
    ];

    public IEnumerable<int> Scan()
    {
        services.Clear();
        untranslated.Clear();
        (slots, places, backends) = (0, 0, 0);
        for (var from = 1u; from < mirror.Limits.MaxServices; from += RecordsAStep)
        {
            var looked = 0L;
            lock (mirror.Sync)
            {
                for (var id = from; id < from + RecordsAStep; id++)
                {
                    if (mirror.RecordOf(id) is not { } record || !IsSettled(record)) continue;
                    if (BadBackends(record).Any() || BadSlots(record).Any()) services.Add(id);
                    var listed = record.Cluster.Count + record.Local.Count;
                    if (record.Layout.IsMaglev) places += listed;
                    else slots += listed;
                    backends += record.BackendIds.Length;
                    looked += listed + record.BackendIds.Length;
                }
            }
            if (looked > 0) yield return (int)looked;
        }
        var length = (uint)Math.Min(tables.Backends.Length, mirror.Limits.MaxBackends);
        for (var from = 1u; from < length; from += ElementsAStep)
        {
            var to = Math.Min(from + ElementsAStep, length);
            lock (mirror.Sync)
            {
                for (var id = from; id < to; id++)
                    if (IsOrphan(id)) untranslated.Add(id);
            }
            yield return (int)(to - from);
        }
    }

    /// <summary>The caller holds the mirror's lock, here and until the adoptions are done.</summary>
    public IEnumerable<Difference> Confirm(List<Action> adoptions)
    {
        foreach (var id in services.Order())
        {
            if (mirror.RecordOf(id) is not { } record || !IsSettled(record)) continue;
            foreach (var difference in Confirm(record, adoptions)) yield return difference;
        }
        foreach (var id in untranslated.Where(IsOrphan).Order())
        {
            var found = tables.Backends.Read(id);
            adoptions.Add(() => MirrorFeedback.UntranslatedBackend(mirror, id, found.ServiceId));
            yield return FieldText.Unasked($"{tables.Backends.Name} {id}", found);
        }
    }

    private IEnumerable<Difference> Confirm(PortRecord record, List<Action> adoptions)
    {
        foreach (var (id, expected) in BadBackends(record))
        {
            var found = tables.Backends.Read(id);
            adoptions.Add(() => MirrorFeedback.DamagedBackend(mirror, record, id, found));
            yield return FieldText.Differing(
                $"{tables.Backends.Name} {id} of {record.Key}", expected, found) with { Service = NameOf(record.Key) };
        }
        var bad = BadSlots(record).ToList();
        if (bad.Count > 0) adoptions.Add(() => MirrorFeedback.DamagedLists(mirror, record));
        foreach (var (range, place, expected) in bad)
        {
            var name = range.IsMaglev
                ? $"{tables.Maglev.Name} {range.First + (place / SlotRange.PlacesARow)}" : $"{tables.Slots.Name} {range.First + place}";
            yield return FieldText.Differing(
                $"{name} of {record.Key}", expected, ReadPlace(record, range, place)) with { Service = NameOf(record.Key) };
            // One place of a table says it all.
            if (range.IsMaglev) break;
        }
    }

    /// <summary>What is wrong with the lists of one record. The caller holds the mirror's lock.</summary>
    public IEnumerable<Difference> Of(PortRecord record) => IsSettled(record) ? Confirm(record, []) : [];

    /// <summary>"default/web:http"; null where none is known.</summary>
    public static string? NameOf(ServicePortKey? key)
        => key is not { } port ? null : port.PortName.Length == 0 ? port.Service.ToString() : $"{port.Service}:{port.PortName}";

    /// <summary>What is known to be damaged will be written anyway.</summary>
    private bool IsSettled(PortRecord record)
        => record is { Key: not null, Damaged: null, ListsDamaged: false } && !mirror.Unfinished.Contains(record.Key.Value.Service);

    private IEnumerable<(uint Id, LbBackend Expected)> BadBackends(PortRecord record)
    {
        for (var i = 0; i < record.BackendIds.Length; i++)
        {
            var backend = record.Backends[i];
            var expected = BackendCodec.Encode(backend, backend.Lists, record.Key!.Value.Protocol, record.Id);
            if (tables.Backends.Read(record.BackendIds[i]) != expected) yield return (record.BackendIds[i], expected);
        }
    }

    private IEnumerable<(SlotRange Range, uint Place, LbSlot Expected)> BadSlots(PortRecord record)
        => BadSlots(record, BackendLists.InCluster, record.Cluster).Concat(BadSlots(record, BackendLists.InLocal, record.Local))
            .Concat(record.Cluster.HasPast ? BadPlaces(record, record.Cluster.Past, record.Past?.First) : [])
            .Concat(record.Cluster.HasBetween ? BadPlaces(record, record.Cluster.Between, record.Past?.Between) : []);

    private IEnumerable<(SlotRange Range, uint Place, LbSlot Expected)> BadSlots(PortRecord record, BackendLists list, SlotRange range)
    {
        if (range.Count == 0) yield break;
        var ids = record.Layout.Content(record.Backends.AsSpan(), record.BackendIds, list);
        foreach (var bad in BadPlaces(record, range, ids)) yield return bad;
    }

    /// <param name="ids">null or none: nobody at any place.</param>
    private IEnumerable<(SlotRange Range, uint Place, LbSlot Expected)> BadPlaces(PortRecord record, SlotRange range, uint[]? ids)
    {
        for (var i = 0u; i < range.Count; i++)
        {
            var expected = new LbSlot { BackendId = i < (uint)(ids?.Length ?? 0) ? ids![i] : 0, ServiceId = record.Id };
            if (ReadPlace(record, range, i) != expected) yield return (range, i, expected);
        }
    }

    /// <summary>A place of either kind of list; one of a Maglev table as if it said whose it is.</summary>
    private LbSlot ReadPlace(PortRecord record, SlotRange range, uint place)
    {
        if (!range.IsMaglev) return tables.Slots.Read(range.First + place);
        var row = tables.Maglev.Read(range.First + (place / SlotRange.PlacesARow));
        return new LbSlot { BackendId = row.BackendIds[(int)(place % SlotRange.PlacesARow)], ServiceId = record.Id };
    }

    private bool IsOrphan(uint id) => !mirror.BackendIds.Contains(id) && tables.Backends.Peek(id).ServiceId != 0;
}
