using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Planning.Mirrors;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Planning.Apply;

/// <summary>lb_src_ranges4 and lb_src_ranges6 behind keys of one form. What is in them counts, the value is 1.</summary>
internal sealed class SourceTables(PlanTables tables, Mirror mirror)
{
    public string NameOf(IpFamily family) => family == IpFamily.IPv4 ? tables.SourceRanges4.Name : tables.SourceRanges6.Name;

    public TableError Add(SourceKey key)
    {
        var error = key.Table == IpFamily.IPv4 ? tables.SourceRanges4.Update(key.ToKey4(), 1)
            : tables.SourceRanges6.Update(key.ToKey6(), 1);
        if (error == TableError.None) mirror.Sources.Add(key);
        return error;
    }

    /// <summary>What is not there is removed well.</summary>
    public TableError Remove(SourceKey key)
    {
        var error = key.Table == IpFamily.IPv4 ? tables.SourceRanges4.Delete(key.ToKey4()) : tables.SourceRanges6.Delete(key.ToKey6());
        if (error is not (TableError.None or TableError.NotFound)) return error;
        mirror.Sources.Remove(key);
        return TableError.None;
    }
}
