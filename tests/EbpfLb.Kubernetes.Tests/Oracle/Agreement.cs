using System.Text.Json.Nodes;

namespace EbpfLb.Kubernetes.Tests.Oracle;

/// <summary>
/// Compares what our reader read of an object with what a general client did. Fields that ours does not read do not count.
/// </summary>
internal sealed class Agreement
{
    /// <summary>Where they differ, each with its path.</summary>
    public List<string> Differences { get; } = [];

    /// <summary>Values that both have.</summary>
    public int Agreed { get; private set; }

    /// <param name="ours">With every field that our reader knows, those without a value too.</param>
    /// <param name="theirs">Without fields that have no value.</param>
    public void Compare(string path, JsonNode? ours, JsonNode? theirs)
    {
        switch (ours, theirs)
        {
            case (null, null):
                return;
            case (JsonObject us, JsonObject them):
                foreach (var (name, value) in us) Compare($"{path}.{name}", value, them[name]);
                return;
            case (JsonArray us, JsonArray them) when us.Count == them.Count:
                for (var i = 0; i < us.Count; i++) Compare($"{path}[{i}]", us[i], them[i]);
                return;
            // Of a selector we read only whether there is one.
            case (JsonValue us, _) when path.EndsWith(".selector", StringComparison.Ordinal)
                && us.GetValue<bool>() == (theirs as JsonObject)?.Count > 0:
                return;
            case (JsonValue, JsonValue) when JsonNode.DeepEquals(ours, theirs):
                Agreed++;
                return;
            default:
                Differences.Add($"{path}: {ours?.ToJsonString() ?? "nothing"}, not {theirs?.ToJsonString() ?? "nothing"}");
                return;
        }
    }
}
