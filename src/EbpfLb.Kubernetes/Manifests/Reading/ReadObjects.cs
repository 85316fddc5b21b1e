namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>What came out of a part of a file, in its order.</summary>
internal sealed class ReadObjects
{
    public List<ManifestObject> Objects { get; } = [];

    /// <summary>Names of objects that were refused.</summary>
    public List<ObjectIdentity> Refused { get; } = [];

    public List<Finding> Findings { get; } = [];

    public void Append(ReadObjects later)
    {
        Objects.AddRange(later.Objects);
        Refused.AddRange(later.Refused);
        Findings.AddRange(later.Findings);
    }

    public void Clear()
    {
        Objects.Clear();
        Refused.Clear();
        Findings.Clear();
    }
}
