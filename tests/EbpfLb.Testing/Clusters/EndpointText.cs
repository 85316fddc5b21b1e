using EbpfLb.Model;

namespace EbpfLb.Testing.Clusters;

/// <summary>
/// Endpoints in a few words: an address, then what differs from a ready one. "10.1.0.1", "10.1.0.1 unready", "... serving" (neither
/// ready nor terminating), "... terminating" (serving, not ready), "... gone" (terminating, not serving), "... ready+terminating";
/// "node=n1" and "zone=a" where it runs, "zones=a,b" and "nodes=n1,n2" what the hints name; "weight=3".
/// </summary>
internal static class EndpointText
{
    public static Endpoint Parse(string text)
    {
        var words = text.Split(' ');
        var endpoint = new Endpoint(IpAddress.Parse(words[0]), EndpointConditions.Default);
        ValueList<string> zones = [], nodes = [];
        foreach (var word in words[1..])
        {
            var names = word[(word.IndexOf('=') + 1)..].Split(',').ToValueList();
            if (word.StartsWith("node=", StringComparison.Ordinal)) endpoint = endpoint with { NodeName = names[0] };
            else if (word.StartsWith("zone=", StringComparison.Ordinal)) endpoint = endpoint with { Zone = names[0] };
            else if (word.StartsWith("zones=", StringComparison.Ordinal)) zones = names;
            else if (word.StartsWith("nodes=", StringComparison.Ordinal)) nodes = names;
            else if (word.StartsWith("weight=", StringComparison.Ordinal)) endpoint = endpoint with { Weight = ushort.Parse(names[0]) };
            else endpoint = endpoint with { Conditions = ConditionsOf(word) };
        }
        return zones.IsEmpty && nodes.IsEmpty ? endpoint : endpoint with { Hints = new EndpointHints(zones, nodes) };
    }

    private static EndpointConditions ConditionsOf(string word) => word switch
    {
        "unready" => EndpointConditions.None,
        "serving" => EndpointConditions.Serving,
        "terminating" => EndpointConditions.Serving | EndpointConditions.Terminating,
        "gone" => EndpointConditions.Terminating,
        "ready+terminating" => EndpointConditions.Default | EndpointConditions.Terminating,
        _ => throw new FormatException($"'{word}' is no condition of an endpoint"),
    };
}
