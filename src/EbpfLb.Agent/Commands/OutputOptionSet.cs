using System.CommandLine;
using EbpfLb.Agent.Commands.Lists;
using EbpfLb.Agent.Options;

namespace EbpfLb.Agent.Commands;

/// <summary>How a list is written: -o and --no-headers.</summary>
/// <param name="forms">Of <see cref="ListFormat"/>, those that this list has.</param>
internal sealed class OutputOptionSet(IReadOnlyList<ListFormat> forms)
{
    private readonly Option<bool> noHeaders = new("--no-headers") { Description = "Tables without a line of headings, and without frames" };

    private readonly Option<ListFormat> format = CreateFormat(forms);

    public void AddTo(Command command)
    {
        command.Options.Add(noHeaders);
        command.Options.Add(format);
    }

    public OutputView Read(ParseResult result) => new(result.GetValue(format), !result.GetValue(noHeaders));

    private static Option<ListFormat> CreateFormat(IReadOnlyList<ListFormat> forms)
    {
        var names = forms.Select(f => f.ToString().ToLowerInvariant()).ToList();
        var option = CheckedOption.Create("--output", string.Join('|', names), "How to answer (default: table)", text
            => Choice.Parse<ListFormat>(text) is var form && forms.Contains(form) ? form
                : throw new FormatException($"'{text}' is not one of {string.Join(", ", names)}"));
        option.Aliases.Add("-o");
        return option;
    }
}

/// <summary>How a list is written.</summary>
internal record OutputView(ListFormat Format, bool HasHeaders)
{
    public bool IsTable => Format is ListFormat.Table or ListFormat.Wide;
}
