namespace EbpfLb.Configuration.Reading;

/// <summary>A value of a YAML or JSON text with the line that it begins on.</summary>
internal abstract record ConfigNode(int Line);

/// <param name="Text">As it stands, without quotes.</param>
/// <param name="IsPlain">Without quotes: may be a number, a boolean or null.</param>
internal sealed record ScalarNode(string Text, bool IsPlain, int Line) : ConfigNode(Line)
{
    public bool IsNull => IsPlain && Text is "" or "~" or "null" or "Null" or "NULL";
}

internal sealed record ListNode(IReadOnlyList<ConfigNode> Items, int Line) : ConfigNode(Line);

/// <param name="Entries">As written, so a name may be there twice.</param>
internal sealed record MapNode(IReadOnlyList<MapEntry> Entries, int Line) : ConfigNode(Line)
{
    /// <summary>The last one of this name counts.</summary>
    public ConfigNode? Find(string name) => Entries.LastOrDefault(e => e.Name == name)?.Value;

    public string? Text(string name) => Find(name) is ScalarNode { IsNull: false } scalar ? scalar.Text : null;
}

internal sealed record MapEntry(string Name, ConfigNode Value, int Line);
