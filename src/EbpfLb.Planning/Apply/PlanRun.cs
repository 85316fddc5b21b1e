using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Tables;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Apply;

/// <summary>One plan being carried out, phases 1 to 5.</summary>
internal sealed class PlanRun(Plan plan, PlanTables tables, SourceTables sources, Mirror mirror)
{
    /// <summary>Backends that were written while in use.</summary>
    private readonly List<BackendWrite> marked = [];

    /// <summary>Backends that say they are in lists they are not in.</summary>
    private readonly List<(PortRecord Record, uint Id, BackendLists Lists)> damaged = [];

    private readonly GroupCommit settlement = new(mirror);

    /// <summary>Groups whose outcome the mirror has.</summary>
    private int settled;

    private readonly EntryWriter entries = new(plan.Groups, new EntryTables(tables), mirror);

    public ApplyResult Execute()
    {
        BeginNewServices();
        var backends = WriteBackends();
        var slots = WriteSlots();
        var withdrawn = entries.Write(plan.Withdrawn);
        var refused = RefuseSources(first: true);
        var allowed = AllowSources();
        refused += RefuseSources(first: false);
        var flips = entries.Write(plan.Updates);
        var deletes = entries.Write(plan.Deletes);
        var unlisted = Unlist();
        PutBackPlaces();
        PutBackLists();
        PutBackSources();
        foreach (var group in plan.Groups)
        {
            settlement.Settle(group);
            settled++;
        }
        foreach (var (record, id, lists) in damaged) (record.Damaged ??= [])[id] = lists;
        var failed = plan.Groups.Where(g => g.Root.Failed || g.Root.Unfinished).ToArray();
        mirror.Commit(plan.Table, failed.Select(g => g.Service).Concat(plan.LeftOut));
        return new ApplyResult(
            new ApplyCounts(backends, slots, allowed, flips, withdrawn + deletes, unlisted, refused),
            failed.Select(Failure).ToImmutableArray(),
            plan.Diagnostics,
            settlement.Retired) { LostBackends = settlement.LostBackends, OpenedFrontends = entries.Opened };
    }

    /// <summary>
    /// After an exception nobody knows what was written. Whatever the plan took stays taken and belongs to its service ports, where the
    /// next plan that succeeds retires it; all its services are planned again.
    /// </summary>
    /// <returns>What had been taken out of use already.</returns>
    public RetireBatch Abandon()
    {
        mirror.IsTorn = true;
        mirror.Open = null;
        for (var i = 0; i < plan.Groups.Count; i++)
        {
            mirror.Unfinished.Add(plan.Groups[i].Service);
            if (i < settled) continue;
            foreach (var port in plan.Groups[i].Ports) settlement.KeepAll(port);
        }
        return settlement.Retired;
    }

    private void BeginNewServices()
    {
        List<uint> ids = [];
        foreach (var port in plan.Ports)
        {
            if (!port.IsNew) continue;
            mirror.AddRecord(port.Record);
            ids.Add(port.Record.Id);
        }
        mirror.Expect(ids.Count, ids.Count);
        if (ids.Count > 0) tables.Counters?.Reset(ids.ToArray());
    }

    private int WriteBackends()
    {
        var count = 0;
        foreach (var write in plan.BackendWrites)
        {
            var group = plan.Groups[write.Group].Root;
            if (group.Failed) continue;
            group.RecordWrite();
            if (write.Before is null) tables.Loads?.Reset(write.Id);
            var error = tables.Backends.Write(write.Id, [write.Value]);
            if (error != TableError.None)
            {
                group.Fail(error, tables.Backends.Name);
                continue;
            }
            count++;
            if (write.Before is not null) marked.Add(write);
        }
        return count;
    }

    private int WriteSlots()
    {
        var count = 0;
        LbSlot[] slots = [];
        foreach (var write in plan.SlotWrites)
        {
            var group = plan.Groups[write.Group].Root;
            if (group.Failed) continue;
            group.RecordWrite();
            var ids = write.List.Ids;
            if (write.List.Range.IsMaglev)
            {
                if (WriteMaglev(write.List) is var failure and not TableError.None) group.Fail(failure, tables.Maglev.Name);
                else count += ids.Length;
                continue;
            }
            if (slots.Length < ids.Length) slots = new LbSlot[Math.Max(ids.Length, 64)];
            for (var i = 0; i < ids.Length; i++)
                slots[i] = new LbSlot { BackendId = ids[i], ServiceId = write.Record.Id };
            var error = tables.Slots.Write(write.List.Range.First, slots.AsSpan(0, ids.Length));
            if (error == TableError.None) count += ids.Length;
            else group.Fail(error, tables.Slots.Name);
        }
        return count;
    }

    private TableError WriteMaglev(PlannedList list)
    {
        var range = list.Range;
        var rows = new LbMaglevRow[range.Length];
        list.Ids.CopyTo(From(range.First));
        list.Past?.First.CopyTo(From(range.Past.First));
        if (range.HasBetween) list.Past?.Between?.CopyTo(From(range.Between.First));
        return tables.Maglev.Write(range.First, rows);

        Span<uint> From(uint row) => MemoryMarshal.Cast<LbMaglevRow, uint>(rows.AsSpan((int)(row - range.First)));
    }

    private int AllowSources()
    {
        var count = 0;
        foreach (var (index, _, key) in plan.Allowed)
        {
            var group = plan.Groups[index].Root;
            if (group.Failed) continue;
            group.RecordWrite();
            var error = sources.Add(key);
            if (error != TableError.None)
            {
                entries.Fail(group, error, sources.NameOf(key.Table));
                continue;
            }
            count++;
        }
        return count;
    }

    /// <summary>
    /// Before the flips, so that no new frontend meets what only the old ones allowed. An error fails nothing; but a source that should be
    /// refused is not, so the next plan tries again.
    /// </summary>
    /// <param name="first">Those of ports that have no room for old and new.</param>
    private int RefuseSources(bool first)
    {
        var count = 0;
        foreach (var (index, port, key) in plan.Refused)
        {
            var group = plan.Groups[index].Root;
            if (group.Failed || port.RefusesFirst != first) continue;
            var error = sources.Remove(key);
            if (error == TableError.None)
            {
                count++;
                continue;
            }
            group.LeaveUnfinished(error, sources.NameOf(key.Table));
        }
        return count;
    }

    /// <summary>
    /// The flip is done, so an error here fails nothing. A backend that left is cleared when it is retired; one that stays in the other
    /// list is left to the next plan.
    /// </summary>
    private int Unlist()
    {
        var count = 0;
        foreach (var backend in plan.Unlisted)
        {
            var group = plan.Groups[backend.Group].Root;
            if (group.Failed) continue;
            var value = tables.Backends.Read(backend.Id);
            var kept = BackendCodec.Keeping(value, backend.Keep);
            if (kept == value) continue;
            var error = tables.Backends.Write(backend.Id, [kept]);
            if (error == TableError.None) count++;
            else if ((backend.Keep & BackendCodec.Stays) != BackendLists.None)
            {
                damaged.Add((backend.Record, backend.Id, BackendCodec.Lists(value)));
                group.LeaveUnfinished(error, tables.Backends.Name);
            }
        }
        return count;
    }

    /// <summary>
    /// A list that was written over the one before gets back what was there. Where that fails, both lists' backends stay, and the next plan
    /// writes the list again.
    /// </summary>
    private void PutBackPlaces()
    {
        foreach (var write in plan.SlotWrites)
        {
            var group = plan.Groups[write.Group].Root;
            if (!write.List.IsInPlace || !group.Failed || group.State == GroupState.Unwritten) continue;
            var record = write.Record;
            var list = write.List.Range == record.Cluster ? BackendLists.InCluster : BackendLists.InLocal;
            var ids = record.Layout.Content(record.Backends.AsSpan(), record.BackendIds, list);
            if (WriteMaglev(write.List with { Ids = ids }) == TableError.None) continue;
            record.ListsDamaged = true;
            group.RecordHalfUndone();
        }
    }

    /// <summary>A Service that failed is as it was before, also in what its backends say of themselves.</summary>
    private void PutBackLists()
    {
        foreach (var write in marked)
        {
            var group = plan.Groups[write.Group].Root;
            if (!group.Failed) continue;
            if (group.State != GroupState.HalfUndone && tables.Backends.Write(write.Id, [write.Before!.Value]) == TableError.None) continue;
            damaged.Add((write.Before!.Record, write.Id, BackendCodec.Lists(write.Value)));
        }
    }

    /// <summary>
    /// A failed Service lets in whom it let in before. Where it was not restricted, a program may still see the restriction that was put
    /// back, so what it allows waits for a grace period.
    /// </summary>
    private void PutBackSources()
    {
        foreach (var (index, port, key) in plan.Allowed)
        {
            var group = plan.Groups[index].Root;
            if (group.Failed && group.State != GroupState.HalfUndone && port.WasRestricted) sources.Remove(key);
        }
        foreach (var (index, port, key) in plan.Refused)
        {
            if (plan.Groups[index].Root.Failed && port.WasRestricted) sources.Add(key);
        }
    }

    private static ApplyFailure Failure(PlannedGroup group)
    {
        var (table, error) = (group.Root.FailedTable!, group.Root.Error);
        var advice = error switch
        {
            TableError.TooBig or TableError.NoSpace => $"start the agent with a larger {TableSpec.OptionOf(table)}",
            TableError.NoMemory => "free some or raise the limit of the agent's memory cgroup",
            TableError.NotPermitted => "run the agent as root or with CAP_BPF and CAP_NET_ADMIN",
            _ => "it is tried again with the next plan",
        };
        var with = ReferenceEquals(group, group.Root) ? "" : $" (one of its frontends moves from or to {group.Root.Service})";
        var state = group.Root.Failed ? "it stays as it was" : "it is done but for what the old state still allows";
        return new ApplyFailure(group.Service, table, error,
            $"writing to {table} failed: {error.Words()}{with}; {state}: {advice}");
    }
}
