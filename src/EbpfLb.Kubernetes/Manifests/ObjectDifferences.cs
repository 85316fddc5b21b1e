using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests;

/// <summary>Which objects of a file differ from what the file held before.</summary>
internal static class ObjectDifferences
{
    /// <summary>Adds objects that came, went or changed. False when the file has two objects of one name.</summary>
    public static bool TryCollect(FileChange file, List<(string File, ManifestObject? Old, ManifestObject? New)> changes)
    {
        var before = file.Before.Objects.AsSpan();
        var after = file.After.Objects.AsSpan();
        // A change of a large file is a change of a few objects in the middle of the same ones.
        while (!before.IsEmpty && !after.IsEmpty && IsSame(before[0], after[0]))
        {
            before = before[1..];
            after = after[1..];
        }

        while (!before.IsEmpty && !after.IsEmpty && IsSame(before[^1], after[^1]))
        {
            before = before[..^1];
            after = after[..^1];
        }

        var old = new Dictionary<ObjectIdentity, ManifestObject>(before.Length);
        foreach (var item in before)
            if (!old.TryAdd(item.Identity, item)) return false;
        var seen = new HashSet<ObjectIdentity>(after.Length);
        foreach (var item in after)
        {
            if (!seen.Add(item.Identity)) return false;
            old.Remove(item.Identity, out var was);
            if (was is null || !IsSame(was, item)) changes.Add((file.File, was, item));
        }
        foreach (var gone in old.Values) changes.Add((file.File, gone, null));
        return true;
    }

    /// <summary>Wherever in the file it is now.</summary>
    private static bool IsSame(ManifestObject left, ManifestObject right) => ReferenceEquals(left, right)
        || (left.Identity == right.Identity && left.HasSelector == right.HasSelector && Equals(left.Service, right.Service)
            && Slices(left).SequenceEqual(Slices(right)) && Equals(left.Node, right.Node) && Equals(left.ServiceCidr, right.ServiceCidr));

    private static ReadOnlySpan<EndpointSlice> Slices(ManifestObject item) => item.Slices.IsDefault ? [] : item.Slices.AsSpan();
}
