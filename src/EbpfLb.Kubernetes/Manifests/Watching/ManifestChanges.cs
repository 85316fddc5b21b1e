namespace EbpfLb.Kubernetes.Manifests.Watching;

/// <summary>What the watcher was told since it was last asked.</summary>
/// <param name="Everything">What changed is not known: all files have to be looked at.</param>
/// <param name="Files">Paths of entries that came, went or were written and closed.</param>
/// <param name="Unfinished">Paths of files that somebody is writing to: what they hold may be half of something.</param>
internal sealed record ManifestChanges(bool Everything, IReadOnlySet<string> Files, IReadOnlySet<string> Unfinished)
{
    public static ManifestChanges All { get; } = new(true, new HashSet<string>(), new HashSet<string>());
}
