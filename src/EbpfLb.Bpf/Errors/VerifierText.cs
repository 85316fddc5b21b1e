namespace EbpfLb.Bpf;

/// <summary>Shortens the verifier's log to what explains the refusal: its end.</summary>
public static class VerifierText
{
    /// <summary>Lines that are kept.</summary>
    public const int MaxLines = 60;

    /// <summary>Characters of <see cref="LastWords"/>.</summary>
    public const int MaxWords = 200;

    /// <summary>
    /// The last <see cref="MaxLines"/> lines without the closing statistics, and a first line that says how many were cut.
    /// </summary>
    public static string Tail(string log)
    {
        // "processed N insns (limit 1000000) max_states_per_insn ..." closes every log and explains nothing on a refusal
        // except when the limit itself was hit, which the kernel says in a line of its own ("BPF program is too large").
        var lines = log.TrimEnd().Split('\n').Where(line => !line.StartsWith("processed ", StringComparison.Ordinal)).ToList();
        var cut = Math.Max(0, lines.Count - MaxLines);
        var kept = string.Join('\n', lines.Skip(cut));
        return cut == 0 ? kept : $"({cut} earlier lines cut)\n{kept}";
    }

    /// <summary>
    /// The last line that says something, cut to <see cref="MaxWords"/> characters: the verifier ends with its reason. null: it said
    /// nothing.
    /// </summary>
    public static string? LastWords(string log)
    {
        var line = Tail(log).Split('\n').Select(l => l.Trim()).LastOrDefault(l => l.Length > 0);
        return line is null || line.Length <= MaxWords ? line : line[..MaxWords] + "...";
    }
}
