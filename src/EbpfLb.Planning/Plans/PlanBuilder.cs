using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>Collects a plan, service by service.</summary>
internal sealed partial class PlanBuilder(ForwardingTable table, Mirror mirror)
{
    private readonly List<PlannedGroup> groups = [];
    private readonly List<BackendWrite> backendWrites = [];
    private readonly List<SlotWrite> slotWrites = [];
    private readonly List<EntryChange> withdrawn = [];
    private readonly List<EntryChange> updates = [];
    private readonly List<EntryChange> deletes = [];
    private readonly List<BackendUnlist> unlisted = [];
    private readonly List<SourceChange> allowed = [];
    private readonly List<SourceChange> refused = [];
    private readonly Dictionary<ObjectName, LeftOutService> leftOut = [];
    private readonly List<PlanDiagnostic> diagnostics = [];
    private readonly List<EntryChange> closings = [];
    private readonly List<EntryChange> draftUpdates = [];
    private readonly int[] newFrontends = new int[2];
    private ServiceDraft? begun;
    private readonly int[] newSources = new int[2];
    private readonly RoomMaker room = new(mirror);
    private int moved;

    /// <param name="compiled">null when the service is gone.</param>
    public void PlanService(ObjectName name, CompiledService? compiled)
    {
        draftUpdates.Clear();
        if (compiled is not null && mirror.LeftOut.TryGetValue(name, out var before) && ReferenceEquals(before.Compiled, compiled)
            && !HasMoreRoom(before))
        {
            LeaveOut(name, before);
            return;
        }
        var draft = begun = new ServiceDraft(mirror, name);
        if (compiled is not null && !TryDraft(draft, compiled))
        {
            LeaveOut(name, new LeftOutService(compiled, draft.Shortage!, draft.Missing));
            return;
        }
        foreach (var record in mirror.RecordsOf(name))
        {
            if (!draft.Ports.Exists(p => ReferenceEquals(p.Record, record))) draft.AddGone(record);
        }
        Add(name, draft.Ports);
    }

    /// <summary>
    /// Moves lists of services that stay as they are, where that makes room for one that did not fit. Every service must have been planned
    /// before.
    /// </summary>
    public void MakeRoom()
    {
        foreach (var (name, moves) in room.Moves(MayMove, () => groups.SelectMany(g => g.Ports).SelectMany(p => p.RetiredRanges)))
        {
            draftUpdates.Clear();
            var draft = begun = new ServiceDraft(mirror, name, moves);
            if (!TryDraft(draft, table.Find(name)!)) continue;
            Add(name, draft.Ports);
            moved++;
        }

        bool MayMove(ObjectName name) => !leftOut.ContainsKey(name) && !mirror.Unfinished.Contains(name) && table.Find(name) is not null
            && mirror.RecordsOf(name).All(r => r is { PlannedGroup: -1, Damaged: null, ListsDamaged: false, HasExtras: false });
    }

    /// <summary>
    /// What was found in the kernel and belongs to no service of the table. Every service must have been planned once before.
    /// </summary>
    public void PlanLeftovers()
    {
        foreach (var record in mirror.Unclaimed.OrderBy(r => r.Id)) PlanLeftover(record, $"(service id {record.Id})");
        if (mirror.Foreign.Frontends.Length > 0 || mirror.Foreign.HasExtras || mirror.Sources.Of(0).Count > 0) PlanLeftover(mirror.Foreign,
            "(foreign entries)");
    }

    /// <summary>Frontends that a planned service port no longer has are deleted, unless another one's flip takes them over.</summary>
    public void PlanReleasedFrontends()
    {
        updates.AddRange(closings);
        HashSet<FrontendKey>? flipped = null;
        for (var group = 0; group < groups.Count; group++)
        {
            foreach (var port in groups[group].Ports)
            {
                if (port.OnlySources) continue;
                foreach (var key in port.Record.Frontends)
                {
                    if (IsDesired(port.Desired, key)) continue;
                    flipped ??= updates.Select(u => u.Key).ToHashSet();
                    if (!flipped.Contains(key)) (MustGoFirst(port, key) ? withdrawn : deletes).Add(new EntryChange(group, key, null));
                }
            }
        }
        foreach (var update in updates) JoinWithLoser(update);
    }

    /// <summary>There will be no plan: what it took is free again.</summary>
    public void Abandon()
    {
        var taken = groups.SelectMany(g => g.Ports).Concat(begun?.Ports ?? []).ToHashSet();
        foreach (var port in taken)
        {
            Reservations.Release(mirror, port);
            port.Record.PlannedGroup = -1;
        }
    }

    public Plan ToPlan()
    {
        foreach (var group in groups)
        {
            foreach (var port in group.Ports) port.Record.PlannedGroup = -1;
        }
        mirror.LeftOut = leftOut;
        return new Plan(table, mirror, [.. leftOut.Keys], [.. diagnostics])
        {
            Groups = groups,
            BackendWrites = backendWrites,
            SlotWrites = slotWrites,
            Withdrawn = withdrawn,
            Updates = updates,
            Deletes = deletes,
            Unlisted = unlisted,
            Allowed = allowed,
            Refused = refused,
            MovedServices = moved,
        };
    }

    private bool TryDraft(ServiceDraft draft, CompiledService compiled)
    {
        // First all claims: a service that does not fit keeps what it has, all of it.
        var records = new PortRecord?[compiled.Ports.Count];
        for (var i = 0; i < records.Length; i++) records[i] = FindOrClaim(compiled.Ports[i]);
        for (var i = 0; i < records.Length; i++)
        {
            if (!draft.TryAdd(compiled.Ports[i], records[i])) return false;
        }
        Span<int> added = [0, 0];
        Span<int> sources = [0, 0];
        foreach (var port in draft.Ports)
        {
            DraftUpdates(port, added);
            foreach (var key in port.NewSources) sources[Index(key.Table)]++;
        }
        return TryAddFrontends(draft, added, IpFamily.IPv4, mirror.Limits.MaxFrontends4)
            && TryAddFrontends(draft, added, IpFamily.IPv6, mirror.Limits.MaxFrontends6)
            && TryAddSources(draft, sources, IpFamily.IPv4, mirror.Limits.MaxRanges4)
            && TryAddSources(draft, sources, IpFamily.IPv6, mirror.Limits.MaxRanges6)
            && Commit(added, sources);
    }

    private bool TryAddFrontends(ServiceDraft draft, ReadOnlySpan<int> added, IpFamily family, int limit)
    {
        var index = Index(family);
        // Deletions come after the flips, so what they free does not count yet.
        if (added[index] == 0 || mirror.FrontendCount(family) + newFrontends[index] + added[index] <= limit) return true;
        return draft.Fail(index == 0 ? Abi.Tables.Services4 : Abi.Tables.Services6,
            $"needs {added[index]} more {family} frontends, but {mirror.FrontendCount(family) + newFrontends[index]} of {limit} are in "
                + $"use");
    }

    private bool TryAddSources(ServiceDraft draft, ReadOnlySpan<int> added, IpFamily family, int limit)
    {
        var inUse = mirror.Sources.Count(family) + newSources[Index(family)];
        if (added[Index(family)] == 0 || inUse + added[Index(family)] <= limit) return true;
        var refused = draft.Ports.Sum(p => p.RefusedSources.Count(k => k.Table == family));
        if (inUse + added[Index(family)] - refused <= limit)
        {
            foreach (var port in draft.Ports) port.RefusesFirst = port.RefusedSources.Length > 0;
            return true;
        }
        return draft.Fail(family == IpFamily.IPv4 ? Abi.Tables.SrcRanges4 : Abi.Tables.SrcRanges6,
            $"needs {added[Index(family)]} more {family} source ranges, but {inUse} of {limit} are in use");
    }

    private bool Commit(ReadOnlySpan<int> added, ReadOnlySpan<int> sources)
    {
        for (var i = 0; i < 2; i++)
        {
            newFrontends[i] += added[i];
            newSources[i] += sources[i];
        }
        return true;
    }

    private static int Index(IpFamily family) => family == IpFamily.IPv4 ? 0 : 1;

    private PortRecord? FindOrClaim(CompiledPort port)
    {
        foreach (var record in mirror.RecordsOf(port.Key.Service))
        {
            if (record.Key == port.Key) return record;
        }
        if (mirror.Unclaimed.Count == 0) return null;
        foreach (var served in port.Frontends)
        {
            if (!mirror.TryGetEntry(FrontendKey.From(served.Frontend), out var value)) continue;
            var owner = mirror.OwnerOf(value);
            if (!mirror.Unclaimed.Contains(owner)) continue;
            mirror.Claim(owner, port.Key);
            return owner;
        }
        return null;
    }

    private void DraftUpdates(PlannedPort port, Span<int> added)
    {
        foreach (var served in port.Desired!.Frontends)
        {
            var key = FrontendKey.From(served.Frontend);
            DraftUpdate(key, ServiceCodec.Encode(key, served, port.Desired, port.Record.Id, port.Cluster.Range, port.Local.Range), added);
        }
        if (port.Desired.ClosedFrontend is not { } closed) return;
        var all = FrontendKey.From(closed);
        DraftUpdate(all, ServiceCodec.EncodeClosed(all, port.Record.Id), added);
    }

    private void DraftUpdate(FrontendKey key, LbService value, Span<int> added)
    {
        var exists = mirror.TryGetEntry(key, out var old);
        if (exists && old == value) return;
        draftUpdates.Add(new EntryChange(-1, key, value));
        if (!exists) added[Index(key.Table)]++;
    }

    /// <summary>Adds the ports that have something to do.</summary>
    private void Add(ObjectName name, List<PlannedPort> ports)
    {
        var index = groups.Count;
        PlannedGroup? group = null;
        foreach (var port in ports)
        {
            if (!HasWork(port)) continue;
            group ??= new PlannedGroup(name);
            group.Ports.Add(port);
            port.Record.PlannedGroup = index;
            AddWrites(index, port);
        }
        if (group is null) return;
        // An address is closed when all that is open on it is there.
        foreach (var update in draftUpdates) (update.Key.IsAnyPort ? closings : updates).Add(update with { Group = index });
        draftUpdates.Clear();
        groups.Add(group);
    }

    private bool HasWork(PlannedPort port)
    {
        var record = port.Record;
        if (port.Cluster.IsInPlace || port.Local.IsInPlace) return true;
        if (port.Desired is null || port.IsNew || port.Cluster.Range != record.Cluster || port.Local.Range != record.Local) return true;
        if (port.Leaving.Length > 0 || record.HasExtras || record.Damaged is not null) return true;
        if (port.Changed is not null || port.NewBackends.Length > 0 || port.HasSourceWork) return true;
        foreach (var key in record.Frontends)
        {
            if (!IsDesired(port.Desired, key)) return true;
        }
        foreach (var update in draftUpdates)
        {
            if (update.Value?.Id == record.Id) return true;
        }
        return false;
    }

    private void AddWrites(int group, PlannedPort port)
    {
        if (port.Cluster.IsWritten) slotWrites.Add(new SlotWrite(group, port.Record, port.Cluster));
        if (port.Local.IsWritten) slotWrites.Add(new SlotWrite(group, port.Record, port.Local));
        foreach (var key in port.NewSources) allowed.Add(new SourceChange(group, port, key));
        foreach (var key in port.RefusedSources) refused.Add(new SourceChange(group, port, key));
        foreach (var id in port.RetiredBackends) unlisted.Add(new BackendUnlist(group, port.Record, id, BackendLists.Local));
        if (port.Desired is { } desired) AddBackends(group, port, desired);
    }

    private void AddBackends(int group, PlannedPort port, CompiledPort desired)
    {
        if (port.NewBackends.Length == 0 && port.Changed is null && port.Record.Damaged is null) return;
        var nextNew = 0;
        for (var i = 0; i < port.BackendIds.Length; i++)
        {
            var id = port.BackendIds[i];
            if (nextNew < port.NewBackends.Length && port.NewBackends[nextNew] == id)
            {
                nextNew++;
                backendWrites.Add(new BackendWrite(group, id, Encode(port, desired.Backends[i], desired.Backends[i].Lists)));
            }
            else AddStaying(group, port, id, desired.Backends[i]);
        }
    }

    /// <summary>
    /// It enters lists before the flip and leaves others after it, so that meanwhile it counts for both. What it says beyond that may be
    /// due to
    /// entries that a failure left behind, so that stays until the plan has succeeded.
    /// </summary>
    private void AddStaying(int group, PlannedPort port, uint id, CompiledBackend wanted)
    {
        var (was, held) = (wanted, BackendLists.None);
        if (port.Changed?.TryGetValue(id, out var changed) == true) was = changed;
        var before = was.Lists;
        var damaged = port.Record.Damaged?.TryGetValue(id, out held) == true;
        var both = before | held | wanted.Lists;
        if (damaged || both != before || was.Weight != wanted.Weight || was.Node != wanted.Node)
        {
            backendWrites.Add(new BackendWrite(
                group, id, Encode(port, wanted, both), new BackendBefore(port.Record, Encode(port, was, before | held))));
        }
        if (both != wanted.Lists) unlisted.Add(new BackendUnlist(group, port.Record, id, wanted.Lists));
    }

    private static LbBackend Encode(PlannedPort port, CompiledBackend backend, BackendLists lists)
        => BackendCodec.Encode(backend, lists, port.Desired!.Key.Protocol, port.Record.Id);

    private void PlanLeftover(PortRecord record, string name)
    {
        draftUpdates.Clear();
        var port = PlannedRemoval.Of(mirror, record);
        Add(new ObjectName("", name), [port]);
    }

    /// <summary>
    /// The flip of a frontend that belonged to another port: both succeed or none, so that the loser's list stays while it is named.
    /// </summary>
    private void JoinWithLoser(in EntryChange update)
    {
        if (!mirror.TryGetEntry(update.Key, out var old)) return;
        var loser = mirror.OwnerOf(old).PlannedGroup;
        if (loser >= 0 && loser != update.Group) groups[update.Group].Join(groups[loser]);
    }

    /// <summary>Sources that the port is about to let in elsewhere were never allowed here.</summary>
    private bool MustGoFirst(PlannedPort port, FrontendKey key)
        => port.NewSources.Length > 0 && mirror.TryGetEntry(key, out var value) && ServiceCodec.Has(value, LbServiceFlag.Ranges);

    private static bool IsDesired(CompiledPort? port, FrontendKey key)
    {
        if (port is null) return false;
        foreach (var served in port.Frontends)
        {
            if (FrontendKey.From(served.Frontend) == key) return true;
        }
        return port.ClosedFrontend is { } closed && FrontendKey.From(closed) == key;
    }
}
