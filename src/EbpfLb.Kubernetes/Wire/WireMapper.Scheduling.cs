using System.Globalization;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

internal sealed partial class WireMapper
{
    private const string WeightRule = "0 to 65535";

    private Scheduler? SchedulerOf(ObjectName name, WireAnnotations? annotations)
    {
        if (annotations?.Scheduler is not { Length: > 0 } text) return null;
        if (SchedulerNames.TryParse(text, out var scheduler)) return scheduler;
        Warn("Service", name, Annotation("scheduler"), text, $"must be {SchedulerNames.Allowed}; it is ignored; correct it");
        return null;
    }

    private int MaglevTableSizeOf(ObjectName name, WireAnnotations? annotations)
    {
        if (annotations?.MaglevTableSize is not { Length: > 0 } text) return 0;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && MaglevTableSize.IsAllowed(size))
            return size;
        Warn("Service", name, Annotation("maglev-table-size"), text, $"must be {MaglevTableSize.Allowed}; it is ignored; correct it");
        return 0;
    }

    private EndpointWeights WeightsOf(string kind, ObjectName name, WireAnnotations? annotations)
    {
        var ofAll = Endpoint.DefaultWeight;
        if (annotations?.Weight is { Length: > 0 } text && !TryWeight(text, out ofAll))
        {
            Warn(kind, name, Annotation("weight"), text, $"must be {WeightRule}; it is ignored; correct it");
            ofAll = Endpoint.DefaultWeight;
        }
        if (annotations?.Weights is not { Length: > 0 } list) return new EndpointWeights(ofAll, null);
        var single = new Dictionary<IpAddress, ushort>();
        foreach (var range in list.AsSpan().Split(','))
        {
            var pair = list.AsSpan(range).Trim();
            var at = pair.IndexOf('=');
            if (at > 0 && IpAddress.TryParse(pair[..at].ToString(), out var address) && TryWeight(pair[(at + 1)..], out var weight))
                single[address] = weight;
            else
                Warn(kind, name, Annotation("weights"), pair.ToString(),
                    $"must be ADDRESS=WEIGHT, a weight being {WeightRule}; it is ignored; correct it");
        }
        return new EndpointWeights(ofAll, single);
    }

    private static bool TryWeight(ReadOnlySpan<char> text, out ushort weight)
        => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out weight);

    private static string Annotation(string name) => $"metadata.annotations[ebpflb.io/{name}]";

    /// <summary>The weights of a slice's endpoints.</summary>
    /// <param name="Single">Of single endpoints; null: none has one of its own.</param>
    private readonly record struct EndpointWeights(ushort OfAll, Dictionary<IpAddress, ushort>? Single)
    {
        public ushort Of(IpAddress address) => Single is not null && Single.TryGetValue(address, out var weight) ? weight : OfAll;
    }
}
