using EbpfLb.Model;
using Spectre.Console;

namespace EbpfLb.Agent.Output;

/// <summary>
/// Where a command writes. Tables have frames and colours for a person at a terminal, and are plain aligned text when piped. Control
/// characters of what is written are replaced, piped or not: what is piped mostly ends at a terminal, too.
/// </summary>
/// <param name="width">Columns of a person's terminal; null: nobody looks at it directly.</param>
/// <param name="height">Lines of it; null as for the width.</param>
/// <param name="hasColors">Lines with errors and warnings are coloured; what they say is in their words as well.</param>
internal sealed class Terminal(TextWriter output, TextWriter error, int? width, int? height = null, bool hasColors = false)
{
    /// <summary>To the upper left corner, and away with what is there.</summary>
    private const string Clear = "\e[H\e[J";

    /// <summary>A frame, the heading, a line above and two below.</summary>
    private const int LinesAroundRows = 7;

    /// <summary>Of SGR (ECMA-48), as the text's colour.</summary>
    private const int FirstColor = 30, Red = 31, Yellow = 33;

    private const int Gap = 3;
    private const int FramePerColumn = 3;

    public TextWriter Out { get; } = new VisibleWriter(output);

    public TextWriter Error { get; } = new VisibleWriter(error);

    /// <summary>As many rows of a table as fit on a page; null: any.</summary>
    public int? Rows => height is { } lines ? Math.Max(1, lines - LinesAroundRows) : null;

    /// <summary>Begins an answer that takes the place of the one before; where nobody looks directly, it follows after an empty
    /// line.</summary>
    public void NextPage(bool isFirst)
    {
        if (width is not null) output.Write(Clear);
        else if (!isFirst) output.WriteLine();
    }

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess()
    {
        var (isPerson, hasColors) = Abilities(Console.IsOutputRedirected, Environment.GetEnvironmentVariable);
        return isPerson ? new Terminal(Console.Out, Console.Error, Console.WindowWidth, Console.WindowHeight, hasColors)
            : new Terminal(Console.Out, Console.Error, null);
    }

    /// <summary>What an output can show. A variable NO_COLOR that is not empty asks for no colours (https://no-color.org).</summary>
    /// <param name="isRedirected">It is no terminal.</param>
    /// <param name="environment">null: a variable is not set.</param>
    public static (bool IsPerson, bool HasColors) Abilities(bool isRedirected, Func<string, string?> environment)
    {
        var isPerson = !isRedirected && environment("TERM") is not (null or "" or "dumb");
        return (isPerson, isPerson && string.IsNullOrEmpty(environment("NO_COLOR")));
    }

    /// <summary>A line, coloured where the terminal has colours.</summary>
    public void WriteLine(string line, Tone tone) => output.WriteLine(Colored(ForeignText.Visible(line), tone));

    private string Colored(string line, Tone tone)
        => hasColors && tone != Tone.None && line.Length > 0 ? $"\e[{(tone == Tone.Error ? Red : Yellow)}m{line}\e[0m" : line;

    /// <param name="hasHeaders">False: the rows alone, for programs.</param>
    public void Write(Table table, bool hasHeaders = true)
    {
        // A cell is one line.
        table = table with { Rows = [.. table.Rows.Select(row => row.Select(ForeignText.OneLine).ToArray())] };
        var widths = table.Columns.Select((c, i) => table.Rows.Select(r => r[i].Length).Append(c.Heading.Length).Max()).ToArray();
        // A table that is cut off is worth less than one that wraps.
        if (hasHeaders && width >= widths.Sum() + FramePerColumn * widths.Length + 1) WriteFramed(table, width.Value);
        else WritePlain(table, widths, hasHeaders);
    }

    private void WritePlain(Table table, int[] widths, bool hasHeaders)
    {
        if (hasHeaders) WriteCells([.. table.Columns.Select(c => c.Heading)], Tone.None);
        for (var i = 0; i < table.Rows.Count; i++) WriteCells(table.Rows[i], table.ToneOf(i));

        void WriteCells(IReadOnlyList<string> cells, Tone tone)
        {
            var padded = cells.Select((cell, i) => table.Columns[i].IsNumber ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            WriteLine(string.Join(new string(' ', Gap), padded).TrimEnd(), tone);
        }
    }

    private void WriteFramed(Table table, int columns)
    {
        var framed = new Spectre.Console.Table { Border = TableBorder.Rounded };
        foreach (var column in table.Columns)
        {
            var heading = new TableColumn(new Markup($"[bold]{Markup.Escape(column.Heading)}[/]")) { NoWrap = true };
            framed.AddColumn(column.IsNumber ? heading.RightAligned() : heading);
        }
        for (var i = 0; i < table.Rows.Count; i++)
        {
            var style = table.ToneOf(i) switch
            {
                Tone.Error => new Style(Color.FromInt32(Red - FirstColor)),
                Tone.Warning => new Style(Color.FromInt32(Yellow - FirstColor)),
                _ => Style.Plain,
            };
            framed.AddRow([.. table.Rows[i].Select(cell => new Text(cell, style))]);
        }
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = hasColors ? AnsiSupport.Yes : AnsiSupport.Detect,
            ColorSystem = hasColors ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
        });
        console.Profile.Width = columns;
        console.Write(framed);
    }
}

/// <summary>Rows for people; the first column names the thing.</summary>
/// <param name="Columns">Headings, in capitals as kubectl has them.</param>
internal sealed record Table(IReadOnlyList<Column> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    /// <summary>Of each row; empty: no row has an error or a warning.</summary>
    public IReadOnlyList<Tone> Tones { get; init; } = [];

    public Tone ToneOf(int row) => row < Tones.Count ? Tones[row] : Tone.None;
}

internal sealed record Column(string Heading, bool IsNumber = false);

/// <summary>What a line tells of; its words say it, too.</summary>
internal enum Tone
{
    None,

    /// <summary>Yellow.</summary>
    Warning,

    /// <summary>Red.</summary>
    Error,
}

/// <summary>How services and addresses are written in tables.</summary>
internal static class NameText
{
    /// <summary>"default/web:http", "default/web", or "#7" when only the id is known.</summary>
    public static string Of(string? service, string? port, uint? id)
        => service is null ? $"#{id}" : string.IsNullOrEmpty(port) ? service : $"{service}:{port}";

    /// <summary>"10.0.0.1:80" or "[fd00::1]:80".</summary>
    public static string Endpoint(string address, int port) => address.Contains(':') ? $"[{address}]:{port}" : $"{address}:{port}";
}

/// <summary>What `-o` chooses.</summary>
internal enum OutputFormat
{
    Table,
    Json,
}
