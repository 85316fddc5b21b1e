using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Plans;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Apply;

/// <summary>
/// Changes of lb_services4 and lb_services6. Many entries go in batches; where a batch stops, a single operation finds out why, and the
/// batch goes on behind it. When an operation fails, what its group did before is put back, so the group is as old as if it had never
/// begun.
/// </summary>
internal sealed class EntryWriter(List<PlannedGroup> groups, EntryTables tables, Mirror mirror)
{
    private const int ChunkSize = 1024;

    /// <summary>ENOTSUPP, which has no name outside the kernel: this kind of map has no batch operations.</summary>
    private const TableError NotSupported = (TableError)524;

    /// <summary>What was written, with where the write before it of the same group is; -1 for none.</summary>
    private readonly List<(FrontendKey Key, LbService? Old, int Before)> log = [];
    private readonly List<int> chunk = [];
    private readonly List<(FrontendKey Key, LbService? Value)> batch = [];

    /// <summary>Protocols of the frontends that were none before, or that led nowhere, and have backends now.</summary>
    public HashSet<TransportProtocol> Opened { get; } = [];

    /// <summary>Carries out changes that are all updates or all deletions. Returns how many were done, also those put back later.</summary>
    public int Write(List<EntryChange> changes) => Write(changes, IpFamily.IPv4) + Write(changes, IpFamily.IPv6);

    private int Write(List<EntryChange> changes, IpFamily family)
    {
        var written = 0;
        var chunkSize = ChunkSize;
        for (var next = 0; Collect(changes, family, chunkSize, ref next);)
        {
            var done = 0;
            var error = chunk.Count == 1 ? TableError.None : tables.WriteBatch(family, batch, out done);
            for (var i = 0; i < done; i++) Written(changes[chunk[i]]);
            written += done;
            if (done == chunk.Count) continue;
            var change = changes[chunk[done]];
            next = chunk[done] + 1;
            var single = tables.Write(change.Key, change.Value);
            if (single == TableError.None)
            {
                Written(change);
                written++;
                if (error is TableError.Invalid or NotSupported) chunkSize = 1;
            }
            else Fail(groups[change.Group].Root, single, tables.NameOf(family));
        }
        return written;
    }

    /// <summary>The next changes of this family whose group has not failed.</summary>
    private bool Collect(List<EntryChange> changes, IpFamily family, int chunkSize, ref int next)
    {
        chunk.Clear();
        batch.Clear();
        for (; next < changes.Count && chunk.Count < chunkSize; next++)
        {
            var change = changes[next];
            if (change.Key.Table != family || groups[change.Group].Root.Failed) continue;
            chunk.Add(next);
            batch.Add((change.Key, change.Value));
        }
        return chunk.Count > 0;
    }

    private void Written(in EntryChange change)
    {
        var group = groups[change.Group].Root;
        group.RecordWrite();
        var known = mirror.TryGetEntry(change.Key, out var old);
        if (change.Value is { } value && Opens(old, value)) Opened.Add(change.Key.Protocol);
        log.Add((change.Key, known ? old : null, group.LastWrite));
        group.LastWrite = log.Count - 1;
        SetMirror(change.Key, change.Value);
    }

    /// <summary>What connected to it before was not translated, and would be now.</summary>
    private static bool Opens(in LbService old, in LbService now) => !ServiceCodec.Has(now, LbServiceFlag.OnDevice)
        && ((Count(old, o => o.Cluster.Count) == 0 && now.Cluster.Count > 0)
            || (Count(old, o => o.Local.Count) == 0 && now.Local.Count > 0));

    private static uint Count(in LbService value, Func<LbService, uint> list)
        => ServiceCodec.Has(value, LbServiceFlag.OnDevice) ? 0 : list(value);

    /// <summary>An operation failed, here or elsewhere: what was written for the group is put back.</summary>
    public void Fail(PlannedGroup group, TableError error, string table)
    {
        group.Fail(error, table);
        for (var i = group.LastWrite; i >= 0; i = log[i].Before)
        {
            var (key, old, _) = log[i];
            if (tables.Write(key, old) == TableError.None) SetMirror(key, old);
            else group.RecordHalfUndone();
        }
        group.LastWrite = -1;
    }

    private void SetMirror(FrontendKey key, LbService? value)
    {
        if (value is { } update) mirror.SetEntry(key, update);
        else mirror.RemoveEntry(key);
    }
}
