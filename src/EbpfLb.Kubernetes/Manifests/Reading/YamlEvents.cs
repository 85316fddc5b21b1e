using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace EbpfLb.Kubernetes.Manifests.Reading;

/// <summary>
/// The events of one document with its aliases put in place: what an anchor named is recorded and played again. The
/// play-back is bounded, so that a small file cannot unfold into gigabytes ("billion laughs").
/// </summary>
internal sealed class YamlEvents(Parser parser)
{
    /// <summary>go-yaml bounds the share of aliased nodes; a fixed bound is simpler and no honest manifest comes near it.</summary>
    private const int MostReplayed = 200_000;

    private readonly Dictionary<AnchorName, List<ParsingEvent>> anchors = [];
    private readonly List<Recording> recordings = [];
    private readonly Stack<Replay> replays = new();
    private int replayed;

    /// <summary>The next event; aliases and anchors do not show.</summary>
    public ParsingEvent Next()
    {
        while (true)
        {
            var current = Raw();
            if (current is AnchorAlias alias)
            {
                replays.Push(new Replay(Known(alias)));
                continue;
            }
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
        if (!parser.MoveNext() || parser.Current is not { } current)
            throw new ManifestSyntaxException(TextPosition.Start, "the document ends too early; complete it");
        return current;
    }

    private List<ParsingEvent> Known(AnchorAlias alias)
    {
        if (recordings.Exists(r => r.Anchor == alias.Value))
            throw new ManifestSyntaxException(YamlText.PositionOf(alias.Start), $"anchor '{alias.Value}' contains itself; remove the alias");
        if (!anchors.TryGetValue(alias.Value, out var events))
            throw new ManifestSyntaxException(YamlText.PositionOf(alias.Start), $"there is no anchor '{alias.Value}' before this alias; define it or write the value out");
        replayed += events.Count;
        return replayed <= MostReplayed
            ? events
            : throw new ManifestSyntaxException(YamlText.PositionOf(alias.Start), "the document's aliases unfold to too much; write the values out");
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
