using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Apply;

/// <summary>lb_services4 and lb_services6 behind keys of one form. A value of null deletes; deleting a missing key succeeds.</summary>
internal sealed class EntryTables(PlanTables tables)
{
    public string NameOf(IpFamily family) => family == IpFamily.IPv4 ? tables.Services4.Name : tables.Services6.Name;

    public TableError Write(FrontendKey key, LbService? value)
    {
        var error = key.Table == IpFamily.IPv4
            ? Write(tables.Services4, key.ToFe4(), value)
            : Write(tables.Services6, key.ToFe6(), value);
        return error == TableError.NotFound && value is null ? TableError.None : error;
    }

    /// <summary>Writes changes of one family that are all updates or all deletions, in order, until one fails.</summary>
    public TableError WriteBatch(IpFamily family, List<(FrontendKey Key, LbService? Value)> changes, out int done)
        => family == IpFamily.IPv4
            ? WriteBatch(tables.Services4, static key => key.ToFe4(), changes, out done)
            : WriteBatch(tables.Services6, static key => key.ToFe6(), changes, out done);

    private static TableError Write<TKey>(ITable<TKey, LbService> table, TKey key, LbService? value)
        where TKey : unmanaged
        => value is { } update ? table.Update(key, update) : table.Delete(key);

    private static TableError WriteBatch<TKey>(
        ITable<TKey, LbService> table, Func<FrontendKey, TKey> toKey, List<(FrontendKey Key, LbService? Value)> changes, out int done)
        where TKey : unmanaged
    {
        var keys = new TKey[changes.Count];
        var values = new LbService[changes.Count];
        var span = CollectionsMarshal.AsSpan(changes);
        for (var i = 0; i < span.Length; i++)
        {
            keys[i] = toKey(span[i].Key);
            values[i] = span[i].Value.GetValueOrDefault();
        }
        return changes[0].Value is null ? table.DeleteBatch(keys, out done) : table.UpdateBatch(keys, values, out done);
    }
}
