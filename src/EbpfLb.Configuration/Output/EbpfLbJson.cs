using System.Text.Json.Nodes;
using EbpfLb.Configuration.Own;

namespace EbpfLb.Configuration.Output;

/// <summary>An EbpfLbConfiguration as JSON.</summary>
internal static class EbpfLbJson
{
    public static JsonObject Of(EbpfLbConfiguration config)
    {
        var root = new JsonObject { ["apiVersion"] = EbpfLbConfiguration.ApiVersion, ["kind"] = EbpfLbConfiguration.Kind };
        foreach (var row in EbpfLbFields.Rows)
        {
            var section = row.Section.Length == 0 ? root : root[row.Section] as JsonObject ?? Section(root, row.Section);
            section[row.Name] = row.Write(config);
        }
        return root;
    }

    private static JsonObject Section(JsonObject root, string name)
    {
        var section = new JsonObject();
        root[name] = section;
        return section;
    }
}
