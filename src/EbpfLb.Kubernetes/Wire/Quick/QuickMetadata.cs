using System.Text;
using EbpfLb.Kubernetes.Manifests.Validation;

namespace EbpfLb.Kubernetes.Wire.Quick;

/// <summary>metadata of a namespaced object, read once; see <see cref="QuickReader"/>.</summary>
internal static class QuickMetadata
{
    /// <summary>Far below the most that <see cref="MetadataCheck"/> allows, which counts characters.</summary>
    private const int MostAnnotations = 64 * 1024;

    /// <param name="rule">The form of the name.</param>
    public static WireMetadata Read(ref QuickReader reader, MetadataCheck.NameRule rule)
    {
        var metadata = new WireMetadata();
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            if (reader.Is("name"u8)) metadata.Name = Encoding.ASCII.GetString(reader.Text(rule));
            else if (reader.Is("namespace"u8)) metadata.Namespace = reader.Pooled(reader.Text(NameRules.Dns1123Label));
            else if (reader.Is("resourceVersion"u8)) metadata.ResourceVersion = Encoding.ASCII.GetString(reader.Text());
            else if (reader.Is("deletionTimestamp"u8)) metadata.DeletionTimestamp = Encoding.ASCII.GetString(reader.Text());
            else if (reader.Is("labels"u8)) metadata.Labels = Labels(ref reader);
            else if (reader.Is("annotations"u8)) metadata.Annotations = Annotations(ref reader);
            else if (reader.IsOneOf(KnownFields.Metadata)) reader.Skip();
            else reader.Decline();
        }
        reader.Require(metadata.Name is not null);
        return metadata;
    }

    private static WireLabels Labels(ref QuickReader reader)
    {
        var labels = new WireLabels();
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            reader.RequireName(NameRules.QualifiedName);
            if (reader.Is("kubernetes.io/service-name"u8)) labels.ServiceName = Value(ref reader);
            else if (reader.Is("service.kubernetes.io/service-proxy-name"u8)) labels.ServiceProxyName = Value(ref reader);
            else if (reader.Is("service.kubernetes.io/headless"u8)) labels.Headless = Value(ref reader);
            else if (reader.Is("topology.kubernetes.io/zone"u8)) labels.Zone = Value(ref reader);
            else if (reader.Is("endpointslice.kubernetes.io/skip-mirror"u8)) labels.SkipMirror = Value(ref reader);
            else reader.Text(NameRules.LabelValue);
        }
        return labels;
    }

    /// <summary>A map of labels of which only counts whether something is in it.</summary>
    public static bool AnyLabels(ref QuickReader reader)
    {
        var any = false;
        for (var first = reader.BeginObject(); reader.NextMember(first); any = true)
        {
            reader.RequireName(NameRules.QualifiedName);
            reader.Text(NameRules.LabelValue);
        }
        return any;
    }

    private static string Value(ref QuickReader reader) => reader.Pooled(reader.Text(NameRules.LabelValue));

    /// <summary>Ours are declined: each has rules of its own. Of the others one means something to Services and slices.</summary>
    private static WireAnnotations Annotations(ref QuickReader reader)
    {
        var annotations = new WireAnnotations();
        var size = 0;
        var first = reader.BeginObject();
        while (reader.NextMember(first))
        {
            reader.RequireName(NameRules.QualifiedName, lower: true);
            reader.Require(!reader.Begins("ebpflb.io/"u8) && !reader.Is("k8s.io/initial-events-end"u8));
            if (reader.Is("endpoints.kubernetes.io/last-change-trigger-time"u8))
                annotations.LastChangeTriggerTime = Encoding.ASCII.GetString(reader.Text());
            size += reader.SkipText();
        }
        reader.Require(size <= MostAnnotations);
        return annotations;
    }
}
