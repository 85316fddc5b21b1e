using System.Text.Json.Nodes;
using EbpfLb.Configuration.KubeProxy;
using EbpfLb.Configuration.Own;
using EbpfLb.Configuration.Input;
using EbpfLb.Yaml;

namespace EbpfLb.Configuration.Fields;

/// <summary>One of the two documents that a configuration is made of: its rows, and what follows from them.</summary>
public sealed class ConfigDocument
{
    private readonly bool isStrict;
    private readonly string[] oldFields;
    private readonly Action<LoadedConfig, Findings> checkTogether;
    private readonly Dictionary<string, FieldNote> notes;

    /// <param name="isStrict">Unknown fields are errors; else warnings.</param>
    /// <param name="oldFields">Known, and read no more.</param>
    /// <param name="checkTogether">What several fields may not say together.</param>
    private ConfigDocument(string group, string apiVersion, string kind, IReadOnlyList<FieldRow> rows, bool isStrict, string[] oldFields,
        Action<LoadedConfig, Findings> checkTogether)
    {
        (Group, ApiVersion, Kind, Rows) = (group, apiVersion, kind, rows);
        (this.isStrict, this.oldFields, this.checkTogether) = (isStrict, oldFields, checkTogether);
        notes = rows.ToDictionary(row => row.Note.Path, row => row.Note, StringComparer.Ordinal);
    }

    /// <summary>As in kube-proxy an empty or zero value is mostly the default; kubeadm wrote fields of older versions too.</summary>
    public static ConfigDocument OfKubeProxy { get; } = new(
        KubeProxyConfiguration.Group, KubeProxyConfiguration.ApiVersion, KubeProxyConfiguration.Kind, KubeProxyFields.Rows,
        isStrict: false, ["udpIdleTimeout", "resourceContainer"], KubeProxyValidation.CheckTogether);

    public static ConfigDocument Own { get; } = new(
        EbpfLbConfiguration.Group, EbpfLbConfiguration.ApiVersion, EbpfLbConfiguration.Kind, EbpfLbFields.Rows, isStrict: true, [],
        EbpfLbValidation.CheckTogether);

    public static IReadOnlyList<ConfigDocument> Both { get; } = [OfKubeProxy, Own];

    public string Group { get; }

    public string ApiVersion { get; }

    public string Kind { get; }

    public IReadOnlyList<FieldRow> Rows { get; }

    /// <summary>What is known of a field of one of the two; null when the path is none of a field's.</summary>
    public static FieldNote? Find(string group, string path)
        => Both.FirstOrDefault(document => document.Group == group)?.notes.GetValueOrDefault(path);

    /// <summary>Everything that is wrong with each of the two, with the paths of fields.</summary>
    public static IReadOnlyList<ConfigProblem> CheckEach(LoadedConfig config)
        => [.. Both.SelectMany(document => document.Problems(findings => document.Check(config, findings)))];

    /// <summary>Everything that is wrong with each, and with both together.</summary>
    public static IReadOnlyList<ConfigProblem> CheckBoth(LoadedConfig config)
        => [.. CheckEach(config), .. Own.Problems(findings => EbpfLbValidation.CheckWithKubeProxy(config, findings))];

    internal void Check(LoadedConfig config, Findings findings)
    {
        foreach (var row in Rows) row.Check(config, findings);
        checkTogether(config, findings);
    }

    private List<ConfigProblem> Problems(Action<Findings> check)
    {
        var findings = new Findings(Group, null);
        check(findings);
        return findings.Errors;
    }

    internal LoadedConfig Read(MapNode text, LoadedConfig config, Findings findings)
    {
        var root = new FieldReader(text, "", findings, isStrict);
        root.Skip("apiVersion", "kind");
        root.Skip(oldFields);
        var sections = new Dictionary<string, FieldReader>(StringComparer.Ordinal) { [""] = root };
        foreach (var row in Rows) config = row.Read(SectionOf(row.Section), row.Name, config);
        root.Close();
        return config;

        FieldReader SectionOf(string path)
        {
            if (sections.TryGetValue(path, out var known)) return known;
            var dot = path.LastIndexOf('.');
            return sections[path] = SectionOf(dot < 0 ? "" : path[..dot]).Section(path[(dot + 1)..]);
        }
    }

    /// <summary>With every field.</summary>
    internal JsonObject Write(LoadedConfig config)
    {
        var root = new JsonObject { ["apiVersion"] = ApiVersion, ["kind"] = Kind };
        foreach (var row in Rows) SectionOf(row.Section)[row.Name] = row.Write(config);
        return root;

        JsonObject SectionOf(string path)
        {
            if (path.Length == 0) return root;
            var dot = path.LastIndexOf('.');
            var (around, name) = (SectionOf(dot < 0 ? "" : path[..dot]), path[(dot + 1)..]);
            if (around[name] is JsonObject known) return known;
            var section = new JsonObject();
            around[name] = section;
            return section;
        }
    }

    /// <summary>The first configuration with the hot fields of the second: this is the only place that takes any over.</summary>
    internal LoadedConfig TakeHot(LoadedConfig start, LoadedConfig wanted)
        => Rows.Where(row => row.Note.Change == FieldChange.Hot).Aggregate(start, (config, row) => row.Take(config, wanted));

    internal string? Comment(string path) => notes.GetValueOrDefault(path) is not { } note ? null
        : note.HasMeaning ? note.Text : $"no meaning here: {note.Text}";
}
