using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Allocation;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Scheduling;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>
/// The plan of one Service before it is known to fit. Takes ids and ranges as it goes; when one is missing, the
/// draft gives all of them back and says what is full.
/// </summary>
/// <param name="moves">Lists that are written elsewhere though they stay as they are, and where; null: none.</param>
internal sealed class ServiceDraft(Mirror mirror, ObjectName service, IReadOnlyDictionary<SlotRange, uint>? moves = null)
{
    private readonly (int Services, int Backends) cursors = (mirror.ServiceIds.Cursor, mirror.BackendIds.Cursor);

    public List<PlannedPort> Ports { get; } = new(2);

    /// <summary>Why the service does not fit; null when it does.</summary>
    public PlanDiagnostic? Shortage { get; private set; }

    /// <summary>The run of places that was not found; <see cref="Shortage"/> is for that.</summary>
    public MissingRun? Missing { get; private set; }

    /// <summary>Plans one port; null is a new one.</summary>
    public bool TryAdd(CompiledPort port, PortRecord? record)
    {
        var id = 0u;
        if (record is null && !mirror.ServiceIds.TryTake(out id))
        {
            return Fail(Abi.Tables.SvcStats,
                $"needs a service id, but all of {mirror.Limits.MaxServices} are in use (number 0 is reserved)",
                    mirror.NotGivenBack.Services);
        }
        var planned = new PlannedPort(record ?? new PortRecord(id), record is null, port);
        Ports.Add(planned);
        SourcePlan.Assign(planned, port, mirror.Sources);
        return TryAssignBackends(planned, port) && TryAssignLists(planned, port);
    }

    /// <summary>Plans the end of a service port that is gone.</summary>
    public void AddGone(PortRecord record) => Ports.Add(PlannedRemoval.Of(mirror, record));

    /// <summary>A reason from outside the draft: it gives everything back.</summary>
    /// <param name="notGivenBack">Of what is in use, what is nobody's any more and could not be cleared.</param>
    public bool Fail(Table table, string what, int notGivenBack = 0)
    {
        Release();
        (mirror.ServiceIds.Cursor, mirror.BackendIds.Cursor) = cursors;
        Shortage = notGivenBack == 0
            ? new PlanDiagnostic(service, table.Name, $"{what}; it stays as it was and is tried again, start the agent with a larger "
                + $"{TableSpec.OptionOf(table.Name)} to make room")
            : new PlanDiagnostic(service, table.Name,
                $"{what}, {notGivenBack} of them by what is gone and could not be cleared: {mirror.NotGivenBack.Problem}; it stays as it "
                    + $"was, and both are tried again by themselves")
            {
                Reason = FailureReason.NotGivenBack,
            };
        return false;
    }

    /// <summary>Gives back what the draft took.</summary>
    public void Release()
    {
        foreach (var port in Ports) Reservations.Release(mirror, port);
        Ports.Clear();
    }

    /// <summary>Backends that stay keep their ids. Both sides are ordered by address.</summary>
    private bool TryAssignBackends(PlannedPort planned, CompiledPort port)
    {
        var record = planned.Record;
        if (port.Backends == record.Backends)
        {
            planned.BackendIds = record.BackendIds;
            return true;
        }
        var ids = new uint[port.Backends.Count];
        List<uint> taken = [];
        List<uint> leaving = [];
        Dictionary<uint, CompiledBackend>? changed = null;
        int i = 0, j = 0;
        while (i < ids.Length || j < record.BackendIds.Length)
        {
            var order = i == ids.Length ? 1
                : j == record.BackendIds.Length ? -1
                : port.Backends[i].Address.CompareTo(record.Backends[j].Address);
            if (order > 0) leaving.Add(record.BackendIds[j++]);
            else if (order == 0)
            {
                if (port.Backends[i] != record.Backends[j]) (changed ??= []).Add(record.BackendIds[j], record.Backends[j]);
                ids[i++] = record.BackendIds[j++];
            }
            else if (mirror.BackendIds.TryTake(out ids[i])) taken.Add(ids[i++]);
            else
            {
                planned.NewBackends = [.. taken];
                return Fail(Abi.Tables.Backends,
                    $"has {ids.Length} endpoints on port '{port.Key.PortName}', but all of {mirror.Limits.MaxBackends} backends are in "
                        + $"use (number 0 is reserved)", mirror.NotGivenBack.Backends);
            }
        }
        planned.BackendIds = ids;
        planned.NewBackends = [.. taken];
        planned.Leaving = [.. leaving];
        planned.Changed = changed;
        return true;
    }

    private bool TryAssignLists(PlannedPort planned, CompiledPort port)
    {
        var record = planned.Record;
        var history = new PortHistory(mirror, planned, port);
        if (port.Backends == record.Backends && !record.ListsDamaged && record.Layout == ListLayout.Of(port) && !history.BeginsUntracked)
        {
            // The lists stay as they are, so nobody asks what is in them.
            planned.Cluster = new PlannedList([], record.Cluster, false) { Past = record.Past };
            planned.Local = new PlannedList([], record.Local, false);
            return moves is null || TryMove(planned, port);
        }
        if (!TryAssignList(planned, port, BackendLists.InCluster, record.Cluster, history, out var cluster)) return false;
        planned.Cluster = cluster;
        if (!TryAssignList(planned, port, BackendLists.InLocal, record.Local, null, out var local)) return false;
        planned.Local = local;
        return true;
    }

    private bool TryAssignList(
        PlannedPort planned, CompiledPort port, BackendLists list, SlotRange held, PortHistory? history, out PlannedList planList)
    {
        planList = PlannedList.Empty;
        var record = planned.Record;
        var layout = ListLayout.Of(port);
        var isSame = held.Count > 0 && !record.ListsDamaged && record.Layout == layout && ListLayout.IsSameSelection(
            port.Backends.AsSpan(), planned.BackendIds, record.Backends.AsSpan(), record.BackendIds, list);
        var hasPast = history is not null && layout.HasPast;
        if (isSame && !(hasPast && history!.Changes))
        {
            planList = new PlannedList([], held, false) { Past = history is null ? null : record.Past };
            return true;
        }
        var places = layout.Length(port.Backends.AsSpan(), list);
        if (places == 0 && hasPast && planned.BackendIds.Length > 0) places = layout.Places;
        if (places == 0) return true;
        // What the list takes is known before what is in it, which is expensive: no Service that does not fit pays for that.
        var range = new SlotRange(0, (uint)places, layout.IsMaglev, hasPast);
        var table = mirror.TableOf(range);
        var isNoLonger = held.Count > 0 && held.IsMaglev == range.IsMaglev && range.Length <= held.Length;
        var missing = new MissingRun(range, MayUseReserve: isNoLonger);
        var isInPlace = false;
        if (!missing.IsIn(table))
        {
            isInPlace = IsOverwritable(range, held, layout, record);
            if (!isInPlace) return Miss(missing, table);
        }
        var ids = layout.Content(port.Backends.AsSpan(), planned.BackendIds, list);
        var past = hasPast ? history!.Next(ids) : null;
        // Those who had places are still there: nobody gets anything new, and what they have they keep.
        if (ids.Length == 0 && past is not null) ids = new uint[layout.Places];
        if (ids.Length == 0) return true;
        if (isInPlace)
        {
            planList = new PlannedList(ids, held, false) { IsInPlace = true };
            return true;
        }
        var first = 0u;
        // Most is in the two tables: half of all room is for those alone.
        var wide = range with { HasBetween = past?.Between is not null };
        if (wide.HasBetween && table.Used + wide.Length <= table.Capacity / 2 && table.TryTake((int)wide.Length, out first)) range = wide;
        else if (!table.TryTake((int)range.Length, out first, missing.MayUseReserve)) return Miss(missing, table);
        planList = new PlannedList(ids, range with { First = first }, true) { Past = past };
        return true;
    }

    /// <summary>
    /// A Maglev table has as many places whoever is at them, so where there is no room beside it, the next one is written over it: without
    /// that a full lb_maglev would keep endpoints that are gone. One with a past stays: it says who was there before, of all of them.
    /// </summary>
    private static bool IsOverwritable(SlotRange range, SlotRange held, ListLayout layout, PortRecord record)
        => range.IsMaglev && record.Layout == layout && !range.HasPast && held with { First = 0 } == range;

    private bool Miss(MissingRun missing, RangeAllocator table)
    {
        Missing = missing;
        var range = missing.Range;
        return Fail(range.IsMaglev ? Abi.Tables.Maglev : Abi.Tables.Slots,
            range.IsMaglev
            ? $"needs {range.Length} rows of Maglev tables in a row, but {table.Used} of {table.Capacity} are in use"
            : $"needs {range.Count} slots in a row, but {table.Used} of {mirror.Limits.MaxSlots} are in use");
    }

    /// <summary>The same lists in other places, which <see cref="RoomMaker"/> has found free.</summary>
    private bool TryMove(PlannedPort planned, CompiledPort port)
    {
        var record = planned.Record;
        if (!TryMove(planned, port, BackendLists.InCluster, record.Cluster, out var cluster)) return false;
        planned.Cluster = cluster with { Past = record.Past };
        if (!TryMove(planned, port, BackendLists.InLocal, record.Local, out var local)) return false;
        planned.Local = local;
        return true;
    }

    private bool TryMove(PlannedPort planned, CompiledPort port, BackendLists list, SlotRange held, out PlannedList moved)
    {
        moved = new PlannedList([], held, false);
        if (held.Count == 0 || !moves!.TryGetValue(held, out var first)) return true;
        var layout = ListLayout.Of(port);
        var ids = layout.Content(port.Backends.AsSpan(), planned.BackendIds, list);
        // The list is there for what has begun alone.
        if (ids.Length == 0 && held.HasPast) ids = new uint[layout.Places];
        if (ids.Length != held.Count || !mirror.TableOf(held).TryReserve(first, held.Length))
        {
            Release();
            return false;
        }
        moved = new PlannedList(ids, held with { First = first }, true);
        return true;
    }
}
