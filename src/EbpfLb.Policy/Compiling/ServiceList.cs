using System.Collections.Immutable;
using System.Runtime.InteropServices;
using EbpfLb.Model;

namespace EbpfLb.Policy.Compiling;

/// <summary>Operations on a table's services, which are ordered by name.</summary>
internal static class ServiceList
{
    /// <summary>Index of the service, or the complement of where it would be.</summary>
    public static int IndexOfName(this ImmutableArray<CompiledService> services, ObjectName name)
    {
        int low = 0, high = services.Length - 1;
        while (low <= high)
        {
            var middle = (int)((uint)(low + high) / 2);
            var order = services[middle].Name.CompareTo(name);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }
        return ~low;
    }

    /// <summary>The list with changes applied; a null value removes. One copy, whatever the number of changes.</summary>
    public static ImmutableArray<CompiledService> With(
        this ImmutableArray<CompiledService> services, Dictionary<ObjectName, CompiledService?> changes)
    {
        if (changes.Count == 0) return services;
        var ordered = changes.ToArray();
        Array.Sort(ordered, static (left, right) => left.Key.CompareTo(right.Key));
        var result = new List<CompiledService>(services.Length + ordered.Length);
        var taken = 0;
        foreach (var (name, service) in ordered)
        {
            var index = services.IndexOfName(name);
            var end = index < 0 ? ~index : index;
            result.AddRange(services.AsSpan()[taken..end]);
            taken = index < 0 ? end : end + 1;
            if (service is not null) result.Add(service);
        }
        result.AddRange(services.AsSpan()[taken..]);
        return ImmutableCollectionsMarshal.AsImmutableArray(result.ToArray());
    }
}
