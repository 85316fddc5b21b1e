namespace EbpfLb.Kubernetes.Manifests.Parser;

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

/// <summary>Something found in an object, before its line is known.</summary>
/// <param name="Document">Which document of the file, from 0.</param>
/// <param name="Root">Where the object is in its document; null when it is the document.</param>
/// <param name="Path">Where the value is, from the document.</param>
internal sealed record Finding(bool IsError, int Document, FieldPath? Root, FieldPath? Path, string Object, string Reason);
