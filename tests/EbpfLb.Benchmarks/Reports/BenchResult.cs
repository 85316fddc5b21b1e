using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace EbpfLb.Benchmarks.Reports;

/// <summary>One run of a benchmark: what was found, when, where, and what else the machine did.</summary>
/// <param name="Name">Of the benchmark.</param>
/// <param name="Command">That repeats it.</param>
/// <param name="Commit">What was measured; "and changes" at its end: not only what is committed.</param>
/// <param name="Began">UTC.</param>
/// <param name="Took">From the first preparation to the last figure.</param>
/// <param name="Machine">Where.</param>
/// <param name="LoadBefore">Load average of the minute before the run began.</param>
/// <param name="LoadAfter">Load average of the last minute of the run.</param>
/// <param name="Report">Tables and figures.</param>
internal sealed partial record BenchResult(
    string Name, string Command, string Commit, DateTime Began, TimeSpan Took, Machine Machine, double LoadBefore, double LoadAfter,
    Report Report)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public IEnumerable<ReportFigure> Figures => Report.Parts.SelectMany(part => part.Items).OfType<ReportFigure>();

    /// <summary>Blocks of the page: what they are called in their markers, and what stands between these.</summary>
    public IReadOnlyDictionary<string, string> Blocks => Report.Parts.ToDictionary(
        part => part.Name.Length > 0 ? $"{Name}/{part.Name}" : Name,
        part => $"\n{string.Join("\n\n", part.Items.Select(item => item.Markdown).Prepend(Heading))}\n");

    /// <summary>What every block says before its first figure.</summary>
    private string Heading => FormattableString.Invariant(
        $"*Measured on {Began:yyyy-MM-dd HH:mm} UTC by `{Command}` in {Took.TotalSeconds:0} s, commit {Commit}. {Machine}. ")
            + FormattableString.Invariant($"Load average {LoadBefore:0.00} before, {LoadAfter:0.00} at the end.*");

    /// <summary>For programs. A cell is a number, {median, quartiles} or text.</summary>
    public string ToJson() => new JsonObject
    {
        ["name"] = Name, ["command"] = Command, ["commit"] = Commit, ["began"] = Began, ["seconds"] = Took.TotalSeconds,
        ["machine"] = JsonSerializer.SerializeToNode(Machine, Json),
        ["loadBefore"] = LoadBefore, ["loadAfter"] = LoadAfter,
        ["parts"] = new JsonArray([.. Report.Parts.Select(part => new JsonObject
        {
            ["name"] = part.Name, ["items"] = new JsonArray([.. part.Items.Select(ToJson)]),
        })]),
    }.ToJsonString(Json);

    private static JsonObject ToJson(ReportItem item) => item switch
    {
        ReportTitle title => new JsonObject { ["title"] = title.Title, ["how"] = title.How },
        ReportTable table => new JsonObject
        {
            ["columns"] = new JsonArray([.. table.Head.Select(name => (JsonNode)name)]),
            ["rows"] = new JsonArray([.. table.Rows.Select(row => new JsonArray([.. row.Select(ToJson)]))]),
        },
        ReportFigure figure => new JsonObject { ["figure"] = figure.File, ["title"] = figure.Title },
        _ => new JsonObject { ["text"] = item.Markdown },
    };

    private static JsonNode ToJson(string cell)
    {
        if (Figure().Match(cell) is not { Success: true, Groups: var numbers }) return cell;
        JsonNode Number(string group) => double.Parse(numbers[group].Value, CultureInfo.InvariantCulture);
        return numbers["first"].Success
            ? new JsonObject { ["median"] = Number("median"), ["quartiles"] = new JsonArray(Number("first"), Number("third")) }
            : Number("median");
    }

    /// <summary>"1,234", "+2", "0.984 [0.972-0.992]".</summary>
    [GeneratedRegex(@"^(?<median>[-+]?[\d,]+(\.\d+)?)( \[(?<first>-?[\d,]+(\.\d+)?)-(?<third>-?[\d,]+(\.\d+)?)\])?$",
        RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Figure();
}
