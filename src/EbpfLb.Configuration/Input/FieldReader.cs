using System.Globalization;
using EbpfLb.Configuration.Values;
using EbpfLb.Model;
using EbpfLb.Yaml;

namespace EbpfLb.Configuration.Input;

/// <summary>
/// Reads the fields of one map. A field that is missing or null has its default; a value of the wrong kind is an error, and what was
/// never asked for is reported by <see cref="Close"/>.
/// </summary>
/// <param name="prefix">Path of the map with a dot behind it; empty at the top.</param>
/// <param name="isStrict">Unknown fields and fields given twice are errors; else warnings, as kube-proxy reads v1alpha1.</param>
internal sealed class FieldReader(MapNode? map, string prefix, Findings findings, bool isStrict)
{
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);
    private readonly List<FieldReader> sections = [];

    /// <summary>The maps inside, to be closed with this one.</summary>
    public FieldReader Section(string name)
    {
        var inner = Value(name) switch
        {
            null => null,
            MapNode found => found,
            var other => Wrong(name, other, "fields"),
        };
        var section = new FieldReader(inner as MapNode, $"{prefix}{name}.", findings, isStrict);
        sections.Add(section);
        return section;
    }

    /// <summary>A number or boolean is text too, as for Kubernetes.</summary>
    public string Text(string name, string byDefault = "")
    {
        if (Value(name) is not { } node) return byDefault;
        if (node is ScalarNode scalar) return scalar.Text;
        Wrong(name, node, "a text");
        return byDefault;
    }

    /// <summary>As <see cref="Text"/>; empty is the default too.</summary>
    public string TextOr(string name, string byDefault) => Text(name) is { Length: > 0 } text ? text : byDefault;

    public bool Flag(string name, bool byDefault = false) => MaybeFlag(name) ?? byDefault;

    public bool? MaybeFlag(string name)
    {
        if (Value(name) is not { } node) return null;
        if (BoolOf(node) is { } flag) return flag;
        Wrong(name, node, "true or false");
        return null;
    }

    public int Int(string name, int byDefault = 0) => MaybeInt(name) ?? byDefault;

    public int? MaybeInt(string name)
    {
        if (Value(name) is not { } node) return null;
        if (node is ScalarNode { IsPlain: true } scalar
            && int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return number;
        Wrong(name, node, "a whole number of 32 bits");
        return null;
    }

    public double Number(string name, double byDefault = 0)
    {
        if (Value(name) is not { } node) return byDefault;
        if (node is ScalarNode { IsPlain: true } scalar && double.TryParse(
            scalar.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)) return number;
        Wrong(name, node, "a number");
        return byDefault;
    }

    /// <summary>A duration; 0 is the default too.</summary>
    public TimeSpan TimeOr(string name, TimeSpan byDefault) => MaybeTime(name) is { Ticks: > 0 } time ? time : byDefault;

    public TimeSpan Time(string name, TimeSpan byDefault = default) => MaybeTime(name) ?? byDefault;

    public TimeSpan? MaybeTime(string name)
    {
        if (Value(name) is not { } node) return null;
        if (node is not ScalarNode scalar)
        {
            Wrong(name, node, "a duration such as 30s");
            return null;
        }
        try
        {
            return DurationText.Parse(scalar.Text);
        }
        catch (FormatException e)
        {
            findings.Error(prefix + name, e.Message, node.Line);
            return null;
        }
    }

    /// <summary>null when the field is not set.</summary>
    public ValueList<string>? MaybeTexts(string name)
    {
        var nodes = Items(name);
        return nodes is null ? null : nodes.Select(n => n is ScalarNode scalar ? scalar.Text : "").ToValueList();
    }

    public ValueList<string> Texts(string name) => MaybeTexts(name) ?? [];

    /// <summary>The maps of a list.</summary>
    public IEnumerable<FieldReader> Sections(string name)
    {
        if (Value(name) is not { } node) yield break;
        if (node is not ListNode list)
        {
            Wrong(name, node, "a list");
            yield break;
        }
        foreach (var (index, item) in list.Items.Index())
        {
            if (item is not MapNode inner)
            {
                Wrong($"{name}[{index}]", item, "fields");
                continue;
            }
            var section = new FieldReader(inner, $"{prefix}{name}[{index}].", findings, isStrict);
            sections.Add(section);
            yield return section;
        }
    }

    /// <summary>Names with true or false.</summary>
    public IEnumerable<(string Name, bool Value)> Flags(string name)
    {
        if (Value(name) is not { } node) yield break;
        if (node is not MapNode inner)
        {
            Wrong(name, node, "names with true or false");
            yield break;
        }
        foreach (var entry in inner.Entries)
        {
            if (BoolOf(entry.Value) is { } flag) yield return (entry.Name, flag);
            else Wrong($"{name}.{entry.Name}", entry.Value, "true or false");
        }
    }

    /// <summary>The fields are there and are not looked at.</summary>
    public void Skip(params ReadOnlySpan<string> names)
    {
        foreach (var name in names) asked.Add(name);
    }

    /// <summary>Reports what nobody asked for, and what is there twice.</summary>
    public void Close()
    {
        foreach (var section in sections) section.Close();
        if (map is null) return;
        foreach (var entry in map.Entries.Where(e => !asked.Contains(e.Name)))
            Report(entry, "is not known here", NearName.Of(entry.Name, asked) is { } near ? $"did you mean {near}?" : "remove it");
        foreach (var twice in map.Entries.GroupBy(e => e.Name, StringComparer.Ordinal).Where(g => g.Count() > 1))
            Report(twice.Last(), $"is there {(twice.Count() == 2 ? "twice" : $"{twice.Count()} times")}",
                isStrict ? "remove one" : "the last one counts; remove the others");
    }

    private void Report(MapEntry entry, string what, string todo)
    {
        if (isStrict) findings.Error(prefix + entry.Name, $"the field {what}; {todo}", entry.Line);
        else findings.Warn(prefix + entry.Name,
            $"the field {what}{(what.EndsWith("here", StringComparison.Ordinal) ? " and has no effect" : "")}; {todo}", entry.Line);
    }

    private IReadOnlyList<YamlNode>? Items(string name)
    {
        switch (Value(name))
        {
            case null:
                return null;
            case ListNode list:
                foreach (var (index, item) in list.Items.Index())
                    if (item is not ScalarNode { IsNull: false }) Wrong($"{name}[{index}]", item, "a text");
                return list.Items;
            case var other:
                Wrong(name, other, "a list");
                return null;
        }
    }

    /// <summary>null when it is missing or null.</summary>
    private YamlNode? Value(string name)
    {
        asked.Add(name);
        var node = map?.Find(name);
        if (node is not null) findings.Found(prefix + name, map!.Entries.Last(e => e.Name == name).Line);
        return node is ScalarNode { IsNull: true } ? null : node;
    }

    private YamlNode? Wrong(string name, YamlNode node, string expected)
    {
        var found = node switch
        {
            ScalarNode { IsPlain: false } scalar => $"\"{scalar.Text}\" in quotes",
            ScalarNode scalar => $"'{scalar.Text}'",
            ListNode => "a list",
            _ => "a map of fields",
        };
        findings.Error(prefix + name, $"{found} is there where {expected} is expected; correct it", node.Line);
        return null;
    }

    private static bool? BoolOf(YamlNode node) => node is not ScalarNode { IsPlain: true } scalar ? null : scalar.Text switch
    {
        "true" or "True" or "TRUE" or "y" or "Y" or "yes" or "Yes" or "YES" or "on" or "On" or "ON" => true,
        "false" or "False" or "FALSE" or "n" or "N" or "no" or "No" or "NO" or "off" or "Off" or "OFF" => false,
        _ => null,
    };
}
