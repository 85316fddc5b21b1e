using EbpfLb.Model;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Plans;

/// <summary>
/// A Service's part of a plan. It ends wholly done or not at all. When a frontend moves from one Service to another,
/// the two are one: their groups are joined.
/// </summary>
internal sealed class PlannedGroup(ObjectName service)
{
    private PlannedGroup? joinedTo;

    public ObjectName Service => service;

    public List<PlannedPort> Ports { get; } = new(2);

    /// <summary>The group that speaks for all that were joined.</summary>
    public PlannedGroup Root => joinedTo is null ? this : joinedTo = joinedTo.Root;

    public TableError Error { get; private set; }

    public string? FailedTable { get; private set; }

    public GroupState State { get; private set; }

    /// <summary>Where the applier has noted its last change of a frontend; -1: there is none to put back.</summary>
    public int LastWrite { get; set; } = -1;

    /// <summary>The Service is as it was before.</summary>
    public bool Failed => Error != TableError.None && !Unfinished;

    /// <summary>The Service is as it should be, but something of what it was is still there.</summary>
    public bool Unfinished { get; private set; }

    public void RecordWrite()
    {
        if (State == GroupState.Unwritten) State = GroupState.Written;
    }

    public void RecordHalfUndone() => State = GroupState.HalfUndone;

    public void Join(PlannedGroup other)
    {
        if (!ReferenceEquals(Root, other.Root)) other.Root.joinedTo = Root;
    }

    /// <summary>An operation failed that takes something old away.</summary>
    public void LeaveUnfinished(TableError error, string table)
    {
        if (Failed || Unfinished) return;
        (Error, FailedTable, Unfinished) = (error, table, true);
    }

    public void Fail(TableError error, string table)
    {
        if (Failed) return;
        (Error, FailedTable, Unfinished) = (error, table, false);
    }
}

/// <summary>How far writing a group came.</summary>
internal enum GroupState
{
    Unwritten,

    /// <summary>Something was written, so what the group took must be cleared before it is used again.</summary>
    Written,

    /// <summary>An operation failed and so did putting back what was done before it: old and new are both in use.</summary>
    HalfUndone,
}
