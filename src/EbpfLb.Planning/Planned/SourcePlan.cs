using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Planned;

/// <summary>What is to become of the source ranges of a port.</summary>
internal static class SourcePlan
{
    public static void Assign(PlannedPort planned, CompiledPort port)
    {
        var record = planned.Record;
        var wanted = Wanted(port);
        if (wanted.IsEmpty && record.Sources.Length == 0) return;
        var keys = new SourceKey[wanted.Length];
        for (var i = 0; i < keys.Length; i++) keys[i] = new SourceKey(record.Id, wanted[i]);
        planned.Sources = keys;
        planned.NewSources = [.. keys.Except(record.Sources).Except(record.DyingSources)];
        SourceKey[] unwanted = [.. record.Sources.Except(keys)];
        if (keys.Length > 0) planned.RefusedSources = unwanted;
        else planned.RetiredSources = unwanted;
    }

    /// <summary>Ranges count for LoadBalancer frontends only.</summary>
    public static ReadOnlySpan<Model.SourceRange> Wanted(CompiledPort port)
    {
        if (port.Ranges.IsEmpty) return default;
        foreach (var frontend in port.Frontends)
        {
            if (frontend.Kind == FrontendKind.LoadBalancer) return port.Ranges.AsSpan();
        }
        return default;
    }
}
