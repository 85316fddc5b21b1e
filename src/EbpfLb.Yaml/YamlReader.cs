using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Yaml;

/// <summary>
/// The one reader of YAML: the events of a text, one by one and document by document, so that no more of a text is in memory than who reads
/// it keeps. Aliases are put in place: what an anchor named is recorded and played again. Nesting and play-back are bounded, so that a
/// small text can neither overflow the stack of who reads it nor unfold into gigabytes ("billion laughs").
/// </summary>
/// <param name="text">Text that was found to be UTF-8.</param>
/// <param name="keepsAliases">Aliases are shown as they stand in the text.</param>
internal sealed class YamlReader(ReadOnlyMemory<char> text, bool keepsAliases = false)
{
    /// <summary>Deepest nesting that is read.</summary>
    public const int DeepestNesting = 60;

    /// <summary>go-yaml bounds the share of aliased nodes; a fixed bound is simpler and no honest text comes near it.</summary>
    private const int MostReplayed = 200_000;

    private readonly Parser parser = new(new MemoryCharReader(text));
    private readonly Dictionary<AnchorName, List<ParsingEvent>> anchors = [];
    private readonly List<Recording> recordings = [];
    private readonly Stack<Replay> replays = new();
    private int replayed;
    private int depth;

    /// <summary>Goes to the next document; false at the end. Its first event is the next one.</summary>
    /// <exception cref="YamlSyntaxException">The text is not YAML.</exception>
    public bool NextDocument()
    {
        // Anchors belong to their document.
        anchors.Clear();
        recordings.Clear();
        replays.Clear();
        replayed = 0;
        depth = 0;
        while (MoveNext())
        {
            if (parser.Current is DocumentStart) return true;
        }
        return false;
    }

    /// <summary>The next event of the document; anchors do not show.</summary>
    /// <exception cref="YamlSyntaxException">The text is not YAML, or nested too deep.</exception>
    public ParsingEvent Next()
    {
        while (true)
        {
            var current = Raw();
            if (current is AnchorAlias alias && !keepsAliases)
            {
                replays.Push(new Replay(Known(alias)));
                continue;
            }
            depth += current.NestingIncrease;
            if (depth > DeepestNesting)
                throw new YamlSyntaxException(current.Start, $"nested deeper than {DeepestNesting} levels; correct the indentation");
            Record(current);
            return current;
        }
    }

    private ParsingEvent Raw()
    {
        while (replays.TryPeek(out var replay))
        {
            if (replay.Position < replay.Events.Count) return replay.Events[replay.Position++];
            replays.Pop();
        }
        return MoveNext() && parser.Current is { } current ? current
            : throw new YamlSyntaxException(1, 1, "the document ends too early; complete it");
    }

    private bool MoveNext()
    {
        try
        {
            return parser.MoveNext();
        }
        catch (YamlException e)
        {
            // The parser names the map or scalar that a tab breaks; the author needs the line of the tab.
            throw TabNear(Math.Max(1, e.Start.Line), e.End.Line)
                ?? new(e.Start, $"not valid YAML: {e.Message.TrimEnd('.')}; correct the line");
        }
        catch (Exception e) when (
            e is InvalidOperationException or ArgumentException or IndexOutOfRangeException or FormatException or OverflowException)
        {
            // "a: [1, 2\nb: 3" and others make the parser fail in its own code.
            throw new YamlSyntaxException(
                parser.Current?.End ?? Mark.Empty, "not valid YAML from here on; look for a missing bracket, quote or colon");
        }
    }

    private YamlSyntaxException? TabNear(long first, long last)
    {
        var number = 0;
        foreach (var line in text.Span.EnumerateLines())
        {
            if (++number > Math.Max(first + 1, last)) return null;
            var indentation = line.IndexOfAnyExcept(' ');
            if (number >= first && indentation >= 0 && line[indentation] == '\t')
                return new(number, indentation + 1, "a tab in the indentation; use spaces");
        }
        return null;
    }

    private List<ParsingEvent> Known(AnchorAlias alias)
    {
        if (recordings.Exists(r => r.Anchor == alias.Value))
            throw new YamlSyntaxException(alias.Start, $"anchor '{alias.Value}' contains itself; remove the alias");
        if (!anchors.TryGetValue(alias.Value, out var events))
            throw new YamlSyntaxException(
                alias.Start, $"there is no anchor '{alias.Value}' before this alias; define it or write the value out");
        replayed += events.Count;
        return replayed <= MostReplayed
            ? events
            : throw new YamlSyntaxException(alias.Start, "the document's aliases unfold to too much; write the values out");
    }

    private void Record(ParsingEvent current)
    {
        if (replays.Count == 0 && current is NodeEvent { Anchor.IsEmpty: false } node) recordings.Add(new Recording(node.Anchor));
        for (var i = recordings.Count - 1; i >= 0; i--)
        {
            var recording = recordings[i];
            recording.Events.Add(current);
            recording.Depth += current.NestingIncrease;
            if (recording.Depth > 0) continue;
            anchors[recording.Anchor] = recording.Events;
            recordings.RemoveAt(i);
        }
    }

    private sealed class Recording(AnchorName anchor)
    {
        public AnchorName Anchor { get; } = anchor;

        public List<ParsingEvent> Events { get; } = [];

        public int Depth { get; set; }
    }

    private sealed class Replay(List<ParsingEvent> events)
    {
        public List<ParsingEvent> Events { get; } = events;

        public int Position { get; set; }
    }
}
