using System.Globalization;
using EbpfLb.Model;

namespace EbpfLb.Kubernetes.Wire;

/// <summary>
/// Annotations that say who gets a connection, and how. What is wrong in them is carried with the object, see RefusedField.
/// </summary>
internal sealed partial class WireMapper
{
    private const string WeightRule = "0 to 65535";

    private static Scheduler? SchedulerOf(WireAnnotations? annotations, ref List<RefusedField>? refused)
    {
        if (annotations?.Scheduler is not { Length: > 0 } text) return null;
        if (SchedulerNames.TryParse(text, out var scheduler)) return scheduler;
        Refuse(ref refused, RefusedField.Scheduler, text, SchedulerNames.Allowed, "the scheduler");
        return null;
    }

    private static int MaglevTableSizeOf(WireAnnotations? annotations, ref List<RefusedField>? refused)
    {
        if (annotations?.MaglevTableSize is not { Length: > 0 } text) return 0;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && MaglevTableSize.IsAllowed(size))
            return size;
        Refuse(ref refused, RefusedField.MaglevTableSize, text, MaglevTableSize.Allowed, "the size");
        return 0;
    }

    private static Forwarding? ForwardingOf(WireAnnotations? annotations, ref List<RefusedField>? refused)
    {
        if (annotations?.Forwarding is not { Length: > 0 } text) return null;
        if (ForwardingNames.TryParse(text, out var forwarding)) return forwarding;
        Refuse(ref refused, RefusedField.Forwarding, text, ForwardingNames.Allowed, "the way");
        return null;
    }

    private static EndpointWeights WeightsOf(WireAnnotations? annotations)
    {
        List<RefusedField>? refused = null;
        var ofAll = Endpoint.DefaultWeight;
        if (annotations?.Weight is { Length: > 0 } text && !TryWeight(text, out ofAll))
        {
            Refuse(ref refused, RefusedField.Weight, text, WeightRule, "each weight of the slice");
            ofAll = Endpoint.DefaultWeight;
        }
        if (annotations?.Weights is not { Length: > 0 } list) return new EndpointWeights(ofAll, null, refused);
        var single = new Dictionary<IpAddress, ushort>();
        Range? wrong = null;
        var moreWrong = 0;
        foreach (var range in list.AsSpan().Split(','))
        {
            var pair = list.AsSpan(range).Trim();
            var at = pair.IndexOf('=');
            if (at > 0 && IpAddress.TryParse(pair[..at].ToString(), out var address) && TryWeight(pair[(at + 1)..], out var weight))
                single[address] = weight;
            else if (wrong is null) wrong = range;
            else moreWrong++;
        }
        // One message for all of them: an annotation has room for a quarter of a million.
        if (wrong is { } first)
        {
            Refuse(ref refused, RefusedField.Weights, list.AsSpan()[first].Trim(), $"ADDRESS=WEIGHT, a weight being {WeightRule}",
                "each weight of the slice", moreWrong);
        }
        return new EndpointWeights(ofAll, single, refused);
    }

    private static bool TryWeight(ReadOnlySpan<char> text, out ushort weight)
        => ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out weight);

    /// <param name="stays">What stays as it was.</param>
    /// <param name="more">So many values more of the same field are wrong.</param>
    private static void Refuse(
        ref List<RefusedField>? refused, string path, ReadOnlySpan<char> value, string allowed, string stays, int more = 0)
    {
        var others = more == 0 ? "" : $" and {more} more are wrong";
        (refused ??= []).Add(new RefusedField(path, $"is \"{ForeignText.Quoted(value)}\"{others}, and must be {allowed}; {stays} stays as "
            + "before, or as if nothing were said; correct it"));
    }

    private static ValueList<RefusedField> ListOf(List<RefusedField>? refused) => refused is null ? [] : refused.ToValueList();

    /// <summary>The weights of a slice's endpoints.</summary>
    /// <param name="Single">Of single endpoints; null: none has one of its own.</param>
    private readonly record struct EndpointWeights(ushort OfAll, Dictionary<IpAddress, ushort>? Single, List<RefusedField>? Refused)
    {
        public ushort Of(IpAddress address) => Single is not null && Single.TryGetValue(address, out var weight) ? weight : OfAll;
    }
}
