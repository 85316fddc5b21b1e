using System.Text.Json.Nodes;
using EbpfLb.Configuration.Input;

namespace EbpfLb.Configuration.Own;

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
/// One field of an EbpfLbConfiguration: all that file, command line, `/configz`, reload and documentation know of it.
/// Rows are in <see cref="EbpfLbFields"/>.
/// </summary>
/// <param name="Note">Its path, its option, whether a change is in force at once, and what it does.</param>
/// <param name="ValueName">Of the option: "PATH"; null: a switch.</param>
/// <param name="Help">Of the option, with its default.</param>
public sealed record OwnField(FieldNote Note, OptionUse Use, string? ValueName, string Help)
{
    /// <summary>Another name of the option.</summary>
    public string? Alias { get; init; }

    /// <summary>
    /// The configuration with what was given at the command line; throws <see cref="FormatException"/> when that has not the form.
    /// </summary>
    public Func<EbpfLbConfiguration, string[], EbpfLbConfiguration> Apply { get; init; } = null!;

    /// <summary>The configuration with the field of this name of a section.</summary>
    internal Func<FieldReader, string, EbpfLbConfiguration, EbpfLbConfiguration> Read { get; private init; } = null!;

    internal Func<EbpfLbConfiguration, JsonNode?> Write { get; private init; } = null!;

    /// <summary>The first configuration with this field of the second.</summary>
    internal Func<EbpfLbConfiguration, EbpfLbConfiguration, EbpfLbConfiguration> Take { get; private init; } = null!;

    /// <summary>"flows" of "flows.udp"; "" at the top.</summary>
    internal string Section => Note.Path.LastIndexOf('.') is > 0 and var dot ? Note.Path[..dot] : "";

    internal string Name => Note.Path[(Note.Path.LastIndexOf('.') + 1)..];

    /// <summary>A row. What is read and typed goes in by <paramref name="set"/>, what is shown comes by <paramref name="get"/>.</summary>
    internal static OwnField Of<T>(
        FieldKind<T> kind, FieldNote note, Func<EbpfLbConfiguration, T> get, Func<EbpfLbConfiguration, T, EbpfLbConfiguration> set,
        OptionUse use = OptionUse.Agent, string? valueName = null, string help = "") => new(note, use, valueName, help)
        {
            Apply = (config, texts) => set(config, kind.Parse(texts)),
            Read = (section, name, config) => set(config, kind.Read(section, name, get(config))),
            Write = config => kind.Write(get(config)),
            Take = (to, from) => set(to, get(from)),
        };
}
