namespace EbpfLb.Configuration.Fields;

/// <summary>What a change of a field needs.</summary>
public enum FieldChange
{
    /// <summary>In force within a second or so.</summary>
    Hot,

    /// <summary>In force after a restart of the agent, which loses nothing.</summary>
    Restart,

    /// <summary>The field has no meaning here.</summary>
    None,
}

/// <summary>
/// What one field or flag does, for the documentation, the comments of the defaults and the lists at the start.
/// </summary>
/// <param name="Path">"conntrack.min"; empty for a flag without a field.</param>
/// <param name="Option">The command line's name for it, with "--"; null without one.</param>
/// <param name="Text">What it does here; for a field without meaning the reason.</param>
public sealed record FieldNote(string Path, string? Option, FieldChange Change, string Text)
{
    public bool HasMeaning => Change != FieldChange.None;

    internal static FieldNote Hot(string path, string? option, string text) => new(path, option, FieldChange.Hot, text);

    internal static FieldNote Restart(string path, string? option, string text) => new(path, option, FieldChange.Restart, text);

    /// <summary>A field of kube-proxy without meaning here.</summary>
    internal static FieldNote Unused(string path, string? option, string reason) => new(path, option, FieldChange.None, reason);
}
