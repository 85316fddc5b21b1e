using EbpfLb.Configuration.Input;
using EbpfLb.Yaml;

namespace EbpfLb.Configuration.Own;

/// <summary>Reads the document: an unknown field is an error.</summary>
internal static class EbpfLbReader
{
    public static EbpfLbConfiguration Read(MapNode document, Findings findings)
    {
        var root = new FieldReader(document, "", findings, isStrict: true);
        root.Skip("apiVersion", "kind");
        var sections = new Dictionary<string, FieldReader> { [""] = root };
        var config = new EbpfLbConfiguration();
        foreach (var row in EbpfLbFields.Rows)
        {
            if (!sections.TryGetValue(row.Section, out var section)) sections.Add(row.Section, section = root.Section(row.Section));
            config = row.Read(section, row.Name, config);
        }
        root.Close();
        return config;
    }
}
