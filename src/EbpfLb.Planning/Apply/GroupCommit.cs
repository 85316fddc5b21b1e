using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Scheduling;

namespace EbpfLb.Planning.Apply;

/// <summary>After the writing: what each group now holds, and what is to be retired.</summary>
internal sealed class GroupCommit(Mirror mirror)
{
    public RetireBatch Retired { get; } = new();

    public HashSet<TransportProtocol> LostBackends { get; } = [];

    public void Settle(PlannedGroup group)
    {
        foreach (var port in group.Ports)
        {
            if (!group.Root.Failed) Succeed(port);
            else if (group.Root.State == GroupState.HalfUndone) KeepBoth(port);
            else GiveBack(port, group.Root.State != GroupState.Unwritten);
        }
    }

    private void Succeed(PlannedPort port)
    {
        var record = port.Record;
        if (port.OnlySources)
        {
            mirror.Sources.Unmark(port.Sources);
            return;
        }
        // What nobody claimed has no protocol that we know of; it is all of an earlier agent's.
        if (port.RetiredBackends.Any()) LostBackends.Add((port.Desired?.Key ?? record.Key)?.Protocol ?? TransportProtocol.Udp);
        Retired.Backends.AddRange(port.RetiredBackends);
        Retired.Ranges.AddRange(port.RetiredRanges);
        record.ExtraBackends = [];
        record.ExtraRanges = [];
        // One that was about to go and is wanted again stays: the batch that names it finds it alive.
        mirror.Sources.Unmark(port.Sources);
        Retire(port.RetiredSources);
        if (port.Desired is not { } desired)
        {
            if (port.RetiresId) Retired.Services.Add(record.Id);
            mirror.RemoveRecord(record);
            return;
        }
        if (port.IsNew) mirror.Claim(record, desired.Key);
        record.Backends = desired.Backends;
        record.BackendIds = port.BackendIds;
        record.Cluster = port.Cluster.Range;
        record.Past = port.Cluster.Past;
        record.Local = port.Local.Range;
        record.Layout = ListLayout.Of(desired);
        record.Damaged = null;
        record.ListsDamaged = false;
    }

    /// <summary>The old state is whole again. What was written may have been seen, so it goes the way of all that is retired.</summary>
    private void GiveBack(PlannedPort port, bool touched)
    {
        if (port.IsNew) mirror.RemoveRecord(port.Record);
        if (!touched)
        {
            Reservations.Release(mirror, port);
            return;
        }
        Retired.Backends.AddRange(port.NewBackends);
        Retired.Ranges.AddRange(port.NewRanges);
        Retire([.. port.NewSources.Where(mirror.Sources.Of(port.Record.Id).Contains)]);
        if (port.IsNew) Retired.Services.Add(port.Record.Id);
    }

    /// <summary>Some entries name the old lists and some the new ones: all stay until a later plan has flipped all of them.</summary>
    private void KeepBoth(PlannedPort port)
    {
        var record = port.Record;
        if (port.IsNew) mirror.Claim(record, port.Desired!.Key);
        record.ExtraBackends = [.. record.ExtraBackends, .. port.NewBackends];
        record.ExtraRanges = [.. record.ExtraRanges, .. port.NewRanges];
        mirror.Sources.Unmark(port.Sources);
    }

    /// <summary>Nobody knows what was done of it: old and new stay, and nothing is counted twice.</summary>
    public void KeepAll(PlannedPort port)
    {
        var record = port.Record;
        if (port.IsNew && record.Key is null)
        {
            if (mirror.RecordOf(record.Id) is null) mirror.AddRecord(record);
            mirror.Claim(record, port.Desired!.Key);
        }
        record.ExtraBackends = [
            .. record.ExtraBackends, .. port.NewBackends.Except(record.ExtraBackends).Except(record.BackendIds).Except(Retired.Backends)];
        record.ExtraRanges =
        [
            .. record.ExtraRanges,
            .. port.NewRanges.Except(record.ExtraRanges).Except(Retired.Ranges).Where(r => r != record.Cluster && r != record.Local),
        ];
        // Places may name who is not in the list that is believed to be there.
        if (port.Cluster.IsInPlace || port.Local.IsInPlace) record.ListsDamaged = true;
        mirror.Sources.Unmark(port.Sources);
    }

    private void Retire(SourceKey[] keys)
    {
        Retired.Sources.AddRange(keys);
        mirror.Sources.MarkForRemoval(keys);
    }
}
