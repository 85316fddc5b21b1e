namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>Something found in an object, before its line is known.</summary>
/// <param name="Document">Which document of the file, from 0.</param>
/// <param name="Root">Where the object is in its document; null when it is the document.</param>
/// <param name="Path">Where the value is, from the document.</param>
internal sealed record Finding(bool IsError, int Document, FieldPath? Root, FieldPath? Path, string Object, string Reason);
