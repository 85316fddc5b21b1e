using EbpfLb.Policy;

namespace EbpfLb.Planning.Plans;

/// <summary>The backends of one list among those of a port.</summary>
internal static class BackendSelection
{
    /// <param name="ids">Of the backends, in the same order. Returned itself when all are in the list, which is the usual case.</param>
    public static uint[] Of(ReadOnlySpan<CompiledBackend> backends, uint[] ids, BackendLists list)
    {
        var count = 0;
        foreach (ref readonly var backend in backends)
        {
            if (backend.Lists.HasFlag(list)) count++;
        }
        if (count == ids.Length) return ids;
        var selected = new uint[count];
        for (int i = 0, next = 0; next < count; i++)
        {
            if (backends[i].Lists.HasFlag(list)) selected[next++] = ids[i];
        }
        return selected;
    }
}
