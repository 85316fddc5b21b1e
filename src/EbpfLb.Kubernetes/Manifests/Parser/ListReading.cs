using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Unicode;

namespace EbpfLb.Kubernetes.Manifests.Parser;

/// <summary>What a large List in JSON held, item by item.</summary>
/// <param name="Hashes">Of the text of each item.</param>
/// <param name="Objects">What each item is; null for one of a kind that is not used.</param>
internal sealed record ListContent(UInt128[] Hashes, ManifestObject?[] Objects);

/// <summary>
/// Reads a large List in JSON piece by piece: never more than a few megabytes of its text are in memory, and of an earlier reading it takes
/// over what each item with the same text was. Gives up on whatever is not the usual: another reader then takes the file as a whole and
/// says what is wrong.
/// </summary>
internal sealed class ListReading(FileReading items, ListContent? before)
{
    /// <summary>Below this a file is read as a whole.</summary>
    public const long SmallestFile = 1 << 20;

    private const int PieceSize = 1 << 20;
    private const int BatchSize = 2 << 20;

    /// <summary>Items that were put in or left out shift the others by a few places.</summary>
    private const int MostShift = 8;

    private readonly List<UInt128> hashes = new(before?.Hashes.Length ?? 0);
    private readonly List<ManifestObject?> objects = new(before?.Hashes.Length ?? 0);
    private readonly List<(int Index, int Start, int Length, TextPosition Position)> batch = [];
    private byte[] batchText = new byte[BatchSize];
    private int batchLength;
    private int shift;
    private Step step;
    private string? version;
    private string? kind;
    private bool hasItems;

    /// <summary>Of the piece: up to where line breaks were counted.</summary>
    private int counted;
    private int line = 1;
    private long lineStart;
    private long pieceStart;

    private enum Step
    {
        Begin,
        Members,
        Items,
        End,
    }

    /// <summary>Reads all of it; null when it is not a plain List whose items are all good.</summary>
    public ListContent? Read(Stream stream)
    {
        try
        {
            return ReadPieces(stream) && step == Step.End && version == "v1" && kind == "List" && ReadBatch() ? new ListContent(
                [.. hashes], [.. objects]) : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private bool ReadPieces(Stream stream)
    {
        var piece = new byte[PieceSize];
        var filled = 0;
        var state = new JsonReaderState(JsonLocator.ReaderOptions);
        while (true)
        {
            if (filled == piece.Length) Array.Resize(ref piece, piece.Length * 2);
            var read = stream.Read(piece, filled, piece.Length - filled);
            filled += read;
            if (pieceStart == 0 && filled >= 3 && piece is [0xef, 0xbb, 0xbf, ..]) return false;
            var reader = new Utf8JsonReader(piece.AsSpan(0, filled), read == 0, state);
            if (!Advance(ref reader, piece)) return false;
            if (read == 0) return Utf8.IsValid(piece.AsSpan(0, filled));
            var consumed = (int)reader.BytesConsumed;
            // Items were looked at before they were read; this is for what is around them.
            if (!Utf8.IsValid(piece.AsSpan(0, consumed))) return false;
            Count(piece, consumed);
            state = reader.CurrentState;
            piece.AsSpan(consumed, filled - consumed).CopyTo(piece);
            filled -= consumed;
            pieceStart += consumed;
            counted = 0;
        }
    }

    /// <summary>Takes what is whole in this piece and leaves the reader before the rest; false when it is not the usual.</summary>
    private bool Advance(ref Utf8JsonReader reader, byte[] piece)
    {
        while (true)
        {
            var here = reader;
            if (!reader.Read()) return true;
            var isWhole = true;
            var isUsual = step switch
            {
                Step.Begin => Begin(reader.TokenType),
                Step.Members => Member(ref reader, out isWhole),
                Step.Items => Item(ref reader, piece, out isWhole),
                _ => false,
            };
            if (!isUsual) return false;
            if (isWhole) continue;
            reader = here;
            return true;
        }
    }

    private bool Begin(JsonTokenType type)
    {
        step = Step.Members;
        return type == JsonTokenType.StartObject;
    }

    private bool Member(ref Utf8JsonReader reader, out bool isWhole)
    {
        isWhole = true;
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            step = Step.End;
            return true;
        }
        var isItems = reader.ValueTextEquals("items"u8);
        var isVersion = reader.ValueTextEquals("apiVersion"u8);
        var isKind = reader.ValueTextEquals("kind"u8);
        if (!(isWhole = reader.Read())) return true;
        if (isItems)
        {
            step = Step.Items;
            return reader.TokenType == JsonTokenType.StartArray && !hasItems && (hasItems = true);
        }
        if (!isVersion && !isKind)
        {
            isWhole = reader.TrySkip();
            return true;
        }
        if (reader.TokenType != JsonTokenType.String || (isVersion ? version : kind) is not null) return false;
        if (isVersion) version = reader.GetString();
        else kind = reader.GetString();
        return true;
    }

    private bool Item(ref Utf8JsonReader reader, byte[] piece, out bool isWhole)
    {
        isWhole = true;
        if (reader.TokenType == JsonTokenType.EndArray)
        {
            step = Step.Members;
            return true;
        }
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType != JsonTokenType.StartObject) return false;
        if (!(isWhole = reader.TrySkip())) return true;
        Count(piece, start);
        return Take(
            piece.AsSpan(start, (int)reader.BytesConsumed - start), new TextPosition(line, (int)(pieceStart + start - lineStart) + 1));
    }

    private bool Take(ReadOnlySpan<byte> text, TextPosition position)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        var id = new UInt128(BitConverter.ToUInt64(hash), BitConverter.ToUInt64(hash[8..]));
        var index = hashes.Count;
        hashes.Add(id);
        if (IndexBefore(index, id) is var known and >= 0)
        {
            var item = before!.Objects[known];
            objects.Add(item is null || item.Position == position ? item : item with { Position = position });
            return true;
        }
        objects.Add(null);
        if (!Utf8.IsValid(text)) return false;
        if (batchLength + text.Length > batchText.Length)
        {
            if (!ReadBatch()) return false;
            if (text.Length > batchText.Length) batchText = new byte[text.Length];
        }
        text.CopyTo(batchText.AsSpan(batchLength));
        batch.Add((index, batchLength, text.Length, position));
        batchLength += text.Length;
        return true;
    }

    /// <summary>Where the earlier reading had this text, near the place that is to be expected; -1: nowhere there.</summary>
    private int IndexBefore(int index, UInt128 id)
    {
        if (before is null) return -1;
        for (var distance = 0; distance <= MostShift; distance++)
        {
            foreach (var place in (ReadOnlySpan<int>)[index + shift + distance, index + shift - distance])
            {
                if (place < 0 || place >= before.Hashes.Length || before.Hashes[place] != id) continue;
                shift = place - index;
                return place;
            }
        }
        return -1;
    }

    /// <summary>Reads the items that are new, by several threads; false when something is wrong with one of them.</summary>
    private bool ReadBatch()
    {
        var isGood = true;
        var read = new ManifestObject?[batch.Count];
        Parallel.For(
            0, batch.Count, new ParallelOptions { MaxDegreeOfParallelism = batch.Count < 64 ? 1 : Environment.ProcessorCount }, (i, loop) =>
        {
            var (index, start, length, position) = batch[i];
            if (items.TryReadItem(batchText.AsMemory(start, length), index, position, out read[i])) return;
            Volatile.Write(ref isGood, false);
            loop.Stop();
        });
        for (var i = 0; i < read.Length; i++) objects[batch[i].Index] = read[i];
        batch.Clear();
        batchLength = 0;
        return isGood;
    }

    /// <summary>Counts line breaks up to here.</summary>
    private void Count(byte[] piece, int end)
    {
        while (counted < end && piece.AsSpan(counted, end - counted).IndexOf((byte)'\n') is var next and >= 0)
        {
            counted += next + 1;
            lineStart = pieceStart + counted;
            line++;
        }
        counted = Math.Max(counted, end);
    }
}
