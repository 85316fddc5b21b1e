namespace EbpfLb.Yaml;

/// <summary>A value of a YAML or JSON text with the line that it begins on.</summary>
internal abstract record YamlNode(int Line);

/// <param name="Text">As it stands, without quotes.</param>
/// <param name="IsPlain">Without quotes: may be a number, a boolean or null.</param>
internal sealed record ScalarNode(string Text, bool IsPlain, int Line) : YamlNode(Line)
{
    public bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";
}

internal sealed record ListNode(IReadOnlyList<YamlNode> Items, int Line) : YamlNode(Line);

/// <param name="Entries">As written, so a name may be there twice.</param>
internal sealed record MapNode(IReadOnlyList<MapEntry> Entries, int Line) : YamlNode(Line)
{
    /// <summary>The last one of this name counts.</summary>
    public YamlNode? Find(string name) => Entries.LastOrDefault(e => e.Name == name)?.Value;

    public string? Text(string name) => Find(name) is ScalarNode { IsNull: false } scalar ? scalar.Text : null;
}

internal sealed record MapEntry(string Name, YamlNode Value, int Line);
