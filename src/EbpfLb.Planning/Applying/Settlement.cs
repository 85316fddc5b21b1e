using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirroring;
using EbpfLb.Planning.Planned;

namespace EbpfLb.Planning.Applying;

/// <summary>After the writing: what each group now holds, and what is to be retired.</summary>
internal sealed class Settlement(Mirror mirror)
{
    public RetireBatch Retired { get; } = new();

    public void Settle(PlannedGroup group)
    {
        foreach (var port in group.Ports)
        {
            if (!group.Root.Failed) Succeed(port);
            else if (group.Root.Mixed) KeepBoth(port);
            else GiveBack(port, group.Root.Touched);
        }
    }

    private void Succeed(PlannedPort port)
    {
        var record = port.Record;
        Retired.Backends.AddRange(port.RetiredBackends);
        Retired.Ranges.AddRange(port.RetiredRanges);
        record.ExtraBackends = [];
        record.ExtraRanges = [];
        if (port.Desired is not { } desired)
        {
            if (port.RetiresId) Retired.Services.Add(record.Id);
            mirror.RemoveRecord(record);
            return;
        }
        if (port.IsNew) mirror.Claim(record, desired.Key);
        record.Addresses = port.Addresses;
        record.BackendIds = port.BackendIds;
        record.Range = port.Range;
        record.Damaged = null;
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
        if (port.RangeIsNew) Retired.Ranges.Add(port.Range);
        if (port.IsNew) Retired.Services.Add(port.Record.Id);
    }

    /// <summary>Some entries name the old list and some the new one: both stay until a later plan has flipped all of them.</summary>
    private void KeepBoth(PlannedPort port)
    {
        var record = port.Record;
        if (port.IsNew) mirror.Claim(record, port.Desired!.Key);
        record.ExtraBackends = [.. record.ExtraBackends, .. port.NewBackends];
        if (port.RangeIsNew) record.ExtraRanges = [.. record.ExtraRanges, port.Range];
    }
}
