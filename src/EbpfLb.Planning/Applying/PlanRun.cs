using System.Collections.Immutable;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirroring;
using EbpfLb.Planning.Planned;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Applying;

/// <summary>One plan being carried out, phases 1 to 5.</summary>
internal sealed class PlanRun(Plan plan, PlanTables tables, Mirror mirror)
{
    private readonly EntryWriter entries = new(plan.Groups, new EntryTables(tables), mirror);

    public ApplyResult Execute()
    {
        BeginNewServices();
        var backends = WriteBackends();
        var slots = WriteSlots();
        var flips = entries.Write(plan.Updates);
        var deletes = entries.Write(plan.Deletes);
        var unlive = ClearLive();
        var settlement = new Settlement(mirror);
        foreach (var group in plan.Groups) settlement.Settle(group);
        var failed = plan.Groups.Where(g => g.Root.Failed).ToArray();
        mirror.Commit(plan.Table, failed.Select(g => g.Service).Concat(plan.LeftOut));
        return new ApplyResult(
            new ApplyCounts(backends, slots, flips, deletes, unlive),
            failed.Select(Failure).ToImmutableArray(),
            plan.Diagnostics,
            settlement.Retired);
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
            group.Touched = true;
            var error = tables.Backends.Write(write.Id, [write.Value]);
            if (error == TableError.None) count++;
            else group.Fail(error, tables.Backends.Name);
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
            group.Touched = true;
            var ids = write.Port.BackendIds;
            if (slots.Length < ids.Length) slots = new LbSlot[Math.Max(ids.Length, 64)];
            for (var i = 0; i < ids.Length; i++)
                slots[i] = new LbSlot { BackendId = ids[i], ServiceId = write.Port.Record.Id };
            var error = tables.Slots.Write(write.Port.Range.First, slots.AsSpan(0, ids.Length));
            if (error == TableError.None) count += ids.Length;
            else group.Fail(error, tables.Slots.Name);
        }
        return count;
    }

    /// <summary>An error here is no failure of the Service: the flip is done, and the backend is cleared when it is retired.</summary>
    private int ClearLive()
    {
        var count = 0;
        foreach (var backend in plan.Unlive)
        {
            if (plan.Groups[backend.Group].Root.Failed) continue;
            var value = tables.Backends.Read(backend.Id);
            if (!BackendCodec.IsLive(value)) continue;
            if (tables.Backends.Write(backend.Id, [BackendCodec.WithoutLive(value)]) == TableError.None) count++;
        }
        return count;
    }

    private static ApplyFailure Failure(PlannedGroup group)
    {
        var (table, error) = (group.Root.FailedTable!, group.Root.Error);
        var advice = (error, table) switch
        {
            (TableError.TooBig or TableError.NoSpace, _) => "the table is full, start the agent with a larger --max-frontends",
            (TableError.NoMemory, _) => "the kernel has no memory for it, free some or raise the limit of the agent's memory cgroup",
            (TableError.NotPermitted, _) => "the kernel refuses it, run the agent as root or with CAP_BPF and CAP_NET_ADMIN",
            _ => "it is tried again with the next plan",
        };
        var with = ReferenceEquals(group, group.Root) ? "" : $" (one of its frontends moves from or to {group.Root.Service})";
        return new ApplyFailure(group.Service, table, error,
            $"writing to {table} failed with {error} (errno {(int)error}){with}; it stays as it was: {advice}");
    }
}
