using EbpfLb.Kubernetes.Manifests.Parser;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Manifests.Validation;

/// <summary>What every object's metadata must be (ValidateObjectMeta).</summary>
internal static class MetadataCheck
{
    /// <summary>Sum of all annotations' keys and values, in characters.</summary>
    private const int MostAnnotations = 256 * 1024;

    /// <summary>The form of an object's name.</summary>
    public delegate string? NameRule(ReadOnlySpan<char> name);

    public static void Check(Field metadata, NameRule rule, bool isNamespaced)
    {
        metadata.IsObject();
        KnownFields.Warn(metadata, KnownFields.Metadata);
        var name = metadata["name"].TextOrEmpty();
        if (name.Length == 0 && (!metadata["name"].IsSet || metadata["name"].HoldsText))
            metadata["name"].Refuse("an object needs a name; set it");
        else if (name.Length > 0 && rule(name) is { } reason) metadata["name"].Refuse($"\"{name}\": {reason}");

        var place = metadata["namespace"];
        if (isNamespaced && place.IsSet && place.Text() is { Length: > 0 } ns && NameRules.Dns1123Label(ns) is { } why)
            place.Refuse($"\"{ns}\": {why}");
        if (!isNamespaced && place.IsSet && place.TextOrEmpty().Length > 0)
            place.Refuse("this kind has no namespace; remove the line");

        Labels(metadata["labels"]);
        Annotations(metadata["annotations"]);
    }

    /// <summary>A map of labels: metadata.labels, spec.selector.</summary>
    public static void Labels(Field labels)
    {
        foreach (var (key, value) in labels.Members())
        {
            if (NameRules.QualifiedName(key) is { } badKey) value.Refuse($"key \"{key}\": {badKey}");
            if (value.IsSet && value.Text() is { } text && NameRules.LabelValue(text) is { } badValue)
                value.Refuse($"\"{text}\": {badValue}");
        }
    }

    private static void Annotations(Field annotations)
    {
        var size = 0;
        foreach (var (key, value) in annotations.Members())
        {
            // Keys of annotations are compared without case (ValidateAnnotations).
            if (NameRules.QualifiedName(key.ToLowerInvariant()) is { } badKey) value.Refuse($"key \"{key}\": {badKey}");
            if (key.StartsWith(RefusedField.OwnPrefix, StringComparison.Ordinal) && !RefusedField.OwnAnnotations.Contains(key))
                value.Warn($"there is no such annotation, it does nothing; there are {string.Join(", ", RefusedField.OwnAnnotations)}");
            size += key.Length + (value.Text()?.Length ?? 0);
        }
        if (size > MostAnnotations) annotations.Refuse($"annotations of {size} characters; {MostAnnotations} are the most: shorten them");
    }
}
