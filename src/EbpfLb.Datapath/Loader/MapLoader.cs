using EbpfLb.Bpf;
using EbpfLb.Datapath.Handover;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning;
using EbpfLb.Planning.Tables;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Datapath.Loader;

/// <summary>
/// Decides which pinned maps the new programs go on with. What fits is reused, so that state outlives the agent; what does
/// not (another size was asked for, another layout) is made anew beside it, filled, and takes the old one's name only
/// when the programs have been switched.
/// </summary>
/// <param name="cpus">Whose counters the maps hold; null: those of this machine.</param>
internal sealed class MapLoader(InstancePaths paths, MapSizes sizes, ILogger logger, MapCpus? cpus = null)
{
    private readonly MapCpus cpus = cpus ?? MachineSizes.Cpus();

    /// <summary>
    /// Maps that name each other's ids. They are kept together or made anew together: a fresh lb_slots beside an
    /// old lb_services4 would be overwritten under the eyes of the programs that still run. lb_conntrack4/6 are not among them: a
    /// flow holds the addresses that its packets get, so it goes on whatever became of its ids (docs/decisions/0007-flows-outlive-ids.md).
    /// </summary>
    private static readonly HashSet<string> Linked = [.. TableSpec.With(MapIds.Defined).Concat(TableSpec.With(MapIds.Counted))
        .Select(t => t.Name)];

    /// <summary>Maps of programs whose entries move along into another size or layout.</summary>
    private static readonly HashSet<string> Carried =
        [Abi.Tables.Conntrack4.Name, Abi.Tables.Conntrack6.Name, Abi.Tables.Sock.Name, .. StateMove.Tables.Select(t => t.Name)];

    /// <summary>Prepares the opened object, loads it and returns its maps.</summary>
    /// <exception cref="InvalidOperationException">A size is too large for a map, or for the kernel.</exception>
    /// <exception cref="BpfException">The kernel refused a map or a program.</exception>
    public MapSet Load(BpfObject bpf)
    {
        var declared = bpf.Maps.Values.Where(m => !m.IsInternal).ToList();
        foreach (var map in declared) Resize(map);

        var reusable = new Dictionary<string, BpfMap>();
        var outgrown = new Dictionary<string, OldMap>();
        List<Dictionary<string, OldMap>> left = [];
        var moved = new TableMove();
        try
        {
            var layouts = new MapLayouts(bpf.Types);
            var meant = FindReusable(declared, layouts, reusable, outgrown, moved);
            FindLeft(declared, layouts, meant, left);
            foreach (var map in declared)
            {
                if (reusable.TryGetValue(map.Name, out var pinned)) map.Reuse(pinned);
            }
            bpf.Load();
            moved.Fill(bpf);
            return new MapSet(
                declared.ToDictionary(m => m.Name, m => bpf.OpenMap(m.Name)),
                declared.Select(m => m.Name).Where(name => !reusable.ContainsKey(name)).ToHashSet(),
                outgrown) { Left = left };
        }
        catch (Exception e)
        {
            foreach (var map in outgrown.Values.Concat(left.SelectMany(l => l.Values))) map.Dispose();
            if (e is BpfLoadException refusal && MapCapacity.Explain(refusal, declared) is { } explained) throw explained;
            throw;
        }
        finally
        {
            foreach (var map in reusable.Values) map.Dispose();
            moved.Dispose();
        }
    }

    /// <returns>Maps that ours go on from: what an agent of before left of these says something to ours.</returns>
    private HashSet<string> FindReusable(
        List<ObjectMap> declared, MapLayouts layouts, Dictionary<string, BpfMap> reusable, Dictionary<string, OldMap> outgrown,
            TableMove moved)
    {
        if (!Directory.Exists(paths.Maps)) return [];
        var stamp = AbiStamp.TryRead(paths.Map(Abi.Tables.Meta.Name));
        if (stamp?.Version != AbiStamp.Ours.Version)
        {
            Log.AbiChanged(logger, paths.Maps);
            return [];
        }
        var unfit = new List<string>();
        foreach (var map in declared)
        {
            if (!Pin.Exists(paths.Map(map.Name)))
            {
                unfit.Add($"{map.Name} (missing)");
                continue;
            }
            var pinned = BpfMap.OpenPinned(paths.Map(map.Name));
            var info = pinned.Info;
            var agrees = layouts.Agree(map.Name, info);
            var isOurs = agrees ?? stamp == AbiStamp.Ours;
            if ((isOurs ? Difference(map, info) : "another layout") is { } difference)
            {
                unfit.Add($"{map.Name} ({difference})");
                if (isOurs && IsOnlyOfAnotherSize(map, info) && info.MaxEntries > map.MaxEntries
                    && Linked.Contains(map.Name)) moved.HasSmaller = true;
                if (TableMove.CanMove(map, info, agrees)) moved.Add(map.Name, agrees == false ? layouts.Convert(map.Name, pinned)
                    : new OldMap(pinned, null, null, null));
                else if (!Carried.Contains(map.Name) || info.Type != map.Type || info.Flags != map.Flags) pinned.Dispose();
                else if (agrees == false) outgrown.Add(map.Name, layouts.Convert(map.Name, pinned));
                else if (isOurs && IsOnlyOfAnotherSize(map, info)) outgrown.Add(map.Name, new OldMap(pinned, null, null, null));
                else pinned.Dispose();
                continue;
            }
            reusable.Add(map.Name, pinned);
        }
        if (unfit.Count == 0) return Carried;

        Log.MapsRebuilt(logger, string.Join(", ", unfit));
        // What ended says nothing beside counts that begin anew of what began.
        if (!reusable.ContainsKey(Abi.Tables.SvcStats.Name)
            && reusable.Remove(Abi.Tables.SvcExpired.Name, out var expired)) expired.Dispose();
        if (Linked.All(reusable.ContainsKey) || moved.TryComplete(reusable)) return Carried;
        // What was sent to ids that mean others now.
        foreach (var name in Linked.Append(Abi.Tables.Traffic.Name))
        {
            if (reusable.Remove(name, out var map)) map.Dispose();
            if (outgrown.Remove(name, out var old)) old.Dispose();
        }
        return [.. Carried.Except(Linked)];
    }

    /// <summary>
    /// What an agent that was killed had not brought along. What says nothing to ours is kept until ours are in force: ours may be killed
    /// too, and another agent may go on from it.
    /// </summary>
    private void FindLeft(
        List<ObjectMap> declared, MapLayouts layouts, HashSet<string> meant, List<Dictionary<string, OldMap>> left)
    {
        if (meant.Count == 0) return;
        foreach (var pins in InterruptedHandover.Left(paths))
        {
            var found = new Dictionary<string, OldMap>();
            left.Add(found);
            foreach (var map in declared.Where(m => meant.Contains(m.Name) && pins.ContainsKey(m.Name)))
            {
                var pinned = BpfMap.OpenPinned(pins[map.Name]);
                var info = pinned.Info;
                var agrees = info.Type == map.Type && info.Flags == map.Flags ? layouts.Agree(map.Name, info) : null;
                if (agrees == false) found.Add(map.Name, layouts.Convert(map.Name, pinned));
                else if (agrees == true && IsOnlyOfAnotherSize(map, info)) found.Add(map.Name, new OldMap(pinned, null, null, null));
                else pinned.Dispose();
            }
        }
    }

    private static bool IsOnlyOfAnotherSize(ObjectMap wanted, MapInfo pinned)
        => pinned.Type == wanted.Type && pinned.KeySize == wanted.KeySize && pinned.ValueSize == wanted.ValueSize
            && pinned.Flags == wanted.Flags;

    private static string? Difference(ObjectMap wanted, MapInfo pinned)
    {
        if (pinned.Type != wanted.Type) return $"type {pinned.Type}, now {wanted.Type}";
        if (pinned.KeySize != wanted.KeySize) return $"key of {pinned.KeySize} bytes, now {wanted.KeySize}";
        if (pinned.ValueSize != wanted.ValueSize) return $"value of {pinned.ValueSize} bytes, now {wanted.ValueSize}";
        if (pinned.Flags != wanted.Flags) return $"flags {pinned.Flags}, now {wanted.Flags}";
        return pinned.MaxEntries != wanted.MaxEntries ? $"{pinned.MaxEntries} entries, now {wanted.MaxEntries}" : null;
    }

    private void Resize(ObjectMap map)
    {
        if (TableSpec.Find(map.Name) is { } spec) map.MaxEntries = MapCapacity.Entries(spec, map.Type, sizes, cpus);
    }
}
