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
