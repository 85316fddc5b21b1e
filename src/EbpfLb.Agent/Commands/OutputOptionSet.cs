using System.CommandLine;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output.JsonPaths;

namespace EbpfLb.Agent.Commands;

/// <summary>How an answer is written: -o, and --no-headers.</summary>
/// <param name="forms">Of <see cref="ListFormat"/>, those that it has.</param>
/// <param name="hasHeaders">It may be a table with headings that can be left out.</param>
internal sealed class OutputOptionSet(IReadOnlyList<ListFormat> forms, bool hasHeaders = true)
{
    private const string PathPrefix = "jsonpath=";

    private readonly Option<bool> noHeaders = new("--no-headers") { Description = "Tables without a line of headings, and without frames" };

    private readonly Option<OutputForm?> form = CreateForm(forms);

    /// <summary>Of an answer that is no list with names: for people, and for programs.</summary>
    public static OutputOptionSet ForReport()
        => new([ListFormat.Table, ListFormat.Json, ListFormat.Yaml, ListFormat.JsonPath], hasHeaders: false);

    public void AddTo(Command command)
    {
        if (hasHeaders) command.Options.Add(noHeaders);
        command.Options.Add(form);
    }

    public OutputView Read(ParseResult result)
        => new(result.GetValue(form) ?? OutputForm.Table, !hasHeaders || !result.GetValue(noHeaders));

    private static Option<OutputForm?> CreateForm(IReadOnlyList<ListFormat> forms)
    {
        List<string> names = [.. forms.Where(f => f != ListFormat.JsonPath).Select(f => f.ToString().ToLowerInvariant())];
        if (forms.Contains(ListFormat.JsonPath)) names.Add($"{PathPrefix}TEMPLATE");
        var option = CheckedOption.Create<OutputForm?>("--output", string.Join('|', names), "How to answer (default: table)", text =>
        {
            if (forms.Contains(ListFormat.JsonPath) && text.StartsWith(PathPrefix, StringComparison.Ordinal))
                return new OutputForm(ListFormat.JsonPath) { Path = JsonPath.Parse(text[PathPrefix.Length..]) };
            return Enum.TryParse<ListFormat>(text, ignoreCase: true, out var format) && format != ListFormat.JsonPath
                && forms.Contains(format) && char.IsAsciiLetter(text[0])
                ? new OutputForm(format)
                : throw new FormatException($"'{text}' is not one of {string.Join(", ", names)}");
        });
        option.Aliases.Add("-o");
        return option;
    }
}

/// <summary>What `-o` chose.</summary>
internal sealed record OutputForm(ListFormat Format)
{
    public static OutputForm Table { get; } = new(ListFormat.Table);

    /// <summary>Of <see cref="ListFormat.JsonPath"/>; null with every other.</summary>
    public JsonPath? Path { get; init; }
}

/// <summary>How a list is written.</summary>
internal record OutputView(OutputForm Form, bool HasHeaders)
{
    public ListFormat Format => Form.Format;

    public bool IsTable => Format is ListFormat.Table or ListFormat.Wide;

    /// <summary>For programs.</summary>
    public bool IsReport => Format is ListFormat.Json or ListFormat.Yaml or ListFormat.JsonPath;
}
