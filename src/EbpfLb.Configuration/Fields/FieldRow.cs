using System.Text.Json.Nodes;
using EbpfLb.Configuration.Input;

namespace EbpfLb.Configuration.Fields;

/// <summary>Which commands take an option.</summary>
public enum OptionUse : byte
{
    /// <summary>`ebpflb run`.</summary>
    Agent,

    /// <summary>Also `ebpflb explain`, which does not show it: it decides nothing about a single connection.</summary>
    Node,

    /// <summary>Also `ebpflb explain`.</summary>
    Connection,
}

/// <summary>
/// One field of a configuration: all that file, command line, `/configz`, reload and documentation know of it. Rows are in
/// <see cref="KubeProxy.KubeProxyFields"/> and <see cref="Own.EbpfLbFields"/>.
/// </summary>
/// <param name="Note">Its path, its option, whether a change is in force at once, and what it does.</param>
/// <param name="ValueName">Of the option: "PATH"; null: a switch.</param>
/// <param name="Help">Of the option, with its default.</param>
public sealed record FieldRow(FieldNote Note, OptionUse Use, string? ValueName, string Help)
{
    /// <summary>Other names of the option.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>kube-proxy heeds the option beside --config, which it does with few.</summary>
    public bool CountsBesideFile { get; init; }

    /// <summary>
    /// The configuration with what was given at the command line; throws <see cref="FormatException"/> when that has not the form.
    /// </summary>
    public Func<LoadedConfig, string[], LoadedConfig> Apply { get; init; } = null!;

    /// <summary>The configuration with the field of this name of a section.</summary>
    internal Func<FieldReader, string, LoadedConfig, LoadedConfig> Read { get; private init; } = null!;

    internal Func<LoadedConfig, JsonNode?> Write { get; private init; } = null!;

    /// <summary>The first configuration with this field of the second.</summary>
    public Func<LoadedConfig, LoadedConfig, LoadedConfig> Take { get; private init; } = null!;

    /// <summary>Reports a value that the field may not have. What only several fields say together is not looked at.</summary>
    internal Action<LoadedConfig, Findings> Check { get; private init; } = null!;

    /// <summary>"flows" of "flows.udp"; "" at the top.</summary>
    internal string Section => Note.Path.LastIndexOf('.') is > 0 and var dot ? Note.Path[..dot] : "";

    internal string Name => Note.Path[(Note.Path.LastIndexOf('.') + 1)..];

    /// <summary>A row. What is read and typed goes in by <paramref name="set"/>, what is shown comes by <paramref name="get"/>.</summary>
    /// <param name="typed">What the option sets, where that is more than the field.</param>
    internal static FieldRow Of<T>(
        FieldKind<T> kind, FieldNote note, Func<LoadedConfig, T> get, Func<LoadedConfig, T, LoadedConfig> set,
        Func<LoadedConfig, T, LoadedConfig>? typed, OptionUse use, string? valueName, string help, FieldCheck<T>? check)
        => new(note, use, valueName ?? kind.ValueName, help)
        {
            Apply = (config, texts) => (typed ?? set)(config, kind.Parse(texts)),
            Read = (section, name, config) => set(config, kind.Read(section, name, get(config))),
            Write = config => kind.Write(get(config)),
            Take = (to, from) => set(to, get(from)),
            Check = (config, findings) => check?.Invoke(note.Path, get(config), findings),
        };
}
