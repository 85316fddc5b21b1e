namespace EbpfLb.Testing.Packets;

/// <summary>What is not the same in two packets, by the names of fields.</summary>
public static class PacketDifference
{
    /// <summary>A line for each field that differs, "name: left -> right"; empty when the packets are equal byte by byte.</summary>
    public static IReadOnlyList<string> Of(byte[] left, byte[] right, bool ethernet = true)
    {
        if (left.AsSpan().SequenceEqual(right)) return [];
        var a = Values(left, ethernet);
        var b = Values(right, ethernet);
        List<string> lines = [];
        foreach (var name in a.Keys.Concat(b.Keys.Except(a.Keys)))
        {
            var was = a.GetValueOrDefault(name);
            var became = b.GetValueOrDefault(name);
            if (was.Of(left).SequenceEqual(became.Of(right))) continue;
            lines.Add($"{name}: {Text(was, left)} -> {Text(became, right)}");
        }
        return lines;
    }

    /// <summary>Only the names.</summary>
    public static IReadOnlyList<string> Names(byte[] left, byte[] right, bool ethernet = true) =>
        [.. Of(left, right, ethernet).Select(line => line[..line.IndexOf(':', StringComparison.Ordinal)])];

    private static string Text(PacketField field, byte[] packet) => field.Length == 0 ? "-" : PacketText.Value(field, packet);

    private static Dictionary<string, PacketField> Values(byte[] packet, bool ethernet)
    {
        var values = new Dictionary<string, PacketField>();
        foreach (var field in PacketReader.Read(packet, ethernet).Fields)
        {
            var name = field.Name;
            for (var again = 2; !values.TryAdd(name, field); again++) name = $"{field.Name}#{again}";
        }
        return values;
    }
}
