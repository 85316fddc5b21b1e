using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>What is to become of the source ranges of a port.</summary>
internal static class SourcePlan
{
    public static void Assign(PlannedPort planned, CompiledPort port, SourceMirror held)
    {
        var id = planned.Record.Id;
        var present = held.Of(id);
        var wanted = Wanted(port);
        if (wanted.IsEmpty && present.Count == 0) return;
        var keys = new SourceKey[wanted.Length];
        for (var i = 0; i < keys.Length; i++) keys[i] = new SourceKey(id, wanted[i]);
        var alive = held.Alive(id);
        planned.WasRestricted = alive.Length > 0;
        planned.Sources = keys;
        planned.NewSources = [.. keys.Except(present)];
        // The flip may make those count again that only wait for a grace period.
        if (keys.Length > 0) planned.RefusedSources = [.. present.Except(keys)];
        else planned.RetiredSources = alive;
        planned.HasSourceWork = !alive.ToHashSet().SetEquals(keys) || planned.RefusedSources.Length > 0;
    }

    /// <summary>
    /// What a port that does not fit needs at the least, where fewer sources may use its LoadBalancer addresses than before: those that no
    /// longer may are refused, of those that may from now on as many are let in as there is room for. null: nobody is to be refused.
    /// </summary>
    /// <param name="room">How many source ranges more there is room for.</param>
    /// <param name="updates">Gets the entries that are restricted from now on.</param>
    public static PlannedPort? Narrow(
        Mirror mirror, PortRecord record, CompiledPort port, Func<IpFamily, int> room, List<EntryChange> updates)
    {
        if (Wanted(port).IsEmpty) return null;
        var open = 0;
        foreach (var served in port.Frontends)
        {
            var key = FrontendKey.From(served.Frontend);
            if (served.Kind != FrontendKind.LoadBalancer || !mirror.TryGetEntry(key, out var entry)) continue;
            if (mirror.OwnerOf(entry) != record || ServiceCodec.Kind(entry) != FrontendKind.LoadBalancer
                || ServiceCodec.Has(entry, LbServiceFlag.Ranges)) continue;
            updates.Add(new EntryChange(
                -1, key, ServiceCodec.Sealed(key, entry with { Flags = entry.Flags | (uint)LbServiceFlag.Ranges })));
            open++;
        }
        var planned = new PlannedPort(record, isNew: false, desired: null) { OnlySources = true, RefusesFirst = true };
        Assign(planned, port, mirror.Sources);
        if (open == 0 && planned.RefusedSources.Length == 0) return null;
        var left = new Dictionary<IpFamily, int>();
        foreach (var family in (IpFamily[])[IpFamily.IPv4, IpFamily.IPv6])
            left[family] = room(family) + planned.RefusedSources.Count(k => k.Table == family);
        planned.NewSources = [.. planned.NewSources.Where(k => left[k.Table]-- > 0)];
        planned.Sources = [.. planned.Sources.Where(k => planned.NewSources.Contains(k) || mirror.Sources.Of(record.Id).Contains(k))];
        return planned;
    }

    /// <summary>Ranges count for LoadBalancer frontends only.</summary>
    public static ReadOnlySpan<SourceRange> Wanted(CompiledPort port)
    {
        if (port.Ranges.IsEmpty) return default;
        foreach (var frontend in port.Frontends)
        {
            if (frontend.Kind == FrontendKind.LoadBalancer) return port.Ranges.AsSpan();
        }
        return default;
    }
}
