using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Verification;

/// <summary>
/// Tells the mirror what the kernel really holds, as <see cref="MirrorLoader"/> does at the start, and lets the services that it concerns
/// be planned again. The caller holds the mirror's lock.
/// </summary>
internal static class MirrorFeedback
{
    /// <param name="found">null: it is not there.</param>
    public static void Entry(Mirror mirror, FrontendKey key, LbService? found)
    {
        if (mirror.TryGetEntry(key, out var believed)) Again(mirror, mirror.OwnerOf(believed));
        if (found is not { } value)
        {
            mirror.RemoveEntry(key);
            return;
        }
        MirrorLoader.Reserve(mirror, value.Id);
        mirror.SetEntry(key, value);
        Again(mirror, mirror.OwnerOf(value));
    }

    /// <summary>A backend of the record's lists is not as it should be: it is written again in its place.</summary>
    public static void DamagedBackend(Mirror mirror, PortRecord record, uint id, in LbBackend found)
    {
        (record.Damaged ??= [])[id] = BackendCodec.Lists(found);
        Again(mirror, record);
    }

    /// <summary>
    /// The lists are not as they should be: programs may be reading them, so others are written beside them. Maglev tables that remember
    /// nobody stay the record's: where there is no room beside them, they are written in their place.
    /// </summary>
    public static void DamagedLists(Mirror mirror, PortRecord record)
    {
        record.ListsDamaged = true;
        Again(mirror, record);
        if (record.Layout.Scheduler == Scheduler.Maglev && !record.Layout.HasPast) return;
        record.ExtraRanges = [.. record.ExtraRanges, .. new[] { record.Cluster, record.Local }.Where(r => r.Count > 0)];
        (record.Cluster, record.Local) = (default, default);
    }

    /// <summary>A backend that nobody listed.</summary>
    public static void UntranslatedBackend(Mirror mirror, uint id, uint owner)
    {
        if (!mirror.BackendIds.TryReserve(id)) return;
        MirrorLoader.Reserve(mirror, owner);
        var record = mirror.RecordOf(owner) ?? mirror.Foreign;
        record.ExtraBackends = [.. record.ExtraBackends, id];
        Again(mirror, record);
    }

    public static void SourceMissing(Mirror mirror, SourceKey key)
    {
        mirror.Sources.Remove(key);
        Again(mirror, mirror.Sources.OwnerOf(key));
    }

    public static void UntranslatedSource(Mirror mirror, SourceKey key)
    {
        MirrorLoader.AddSource(mirror, key);
        Again(mirror, mirror.Sources.OwnerOf(key));
    }

    private static void Again(Mirror mirror, uint service)
    {
        if (mirror.RecordOf(service) is { } record) Again(mirror, record);
    }

    /// <summary>Records without a service port are planned each time.</summary>
    private static void Again(Mirror mirror, PortRecord record)
    {
        if (record.Key is { } key) mirror.Unfinished.Add(key.Service);
    }
}
