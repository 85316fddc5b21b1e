using System.Globalization;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Fuzz;

/// <summary>What came of the inputs for one parser.</summary>
internal sealed class FuzzReport(string name, int seed)
{
    public List<FuzzFinding> Findings { get; } = [];

    public int Inputs { get; set; }

    /// <summary>Inputs that were read, wholly or in part. The others were refused.</summary>
    public int Read { get; set; }

    public TimeSpan Duration { get; set; }

    public TimeSpan Longest { get; set; }

    public long MostAllocated { get; set; }

    /// <summary>Bytes that live longer than the inputs.</summary>
    public long Kept { get; set; }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{name}: {Inputs} inputs, seed {seed}, {Read} read, {Inputs - Read} refused, {Findings.Count} findings; "
            + $"{Duration.TotalSeconds:0} s, the longest {Longest.TotalMilliseconds:0} ms, "
            + $"allocated at most {MostAllocated >> 10} KiB, kept {Kept >> 10} KiB");
}

/// <param name="Index">Of the input: it is made from this and the seed alone.</param>
internal sealed record FuzzFinding(string Target, int Seed, int Index, byte[] Input, string What)
{
    /// <returns>Where the input is now.</returns>
    public string Save()
    {
        var directory = Directory.CreateDirectory(Path.Combine(RepositoryPaths.Root, "build", "fuzz"));
        var path = Path.Combine(directory.FullName, $"{Target}-{Seed}-{Index}");
        File.WriteAllBytes(path, Input);
        return path;
    }

    public override string ToString() => $"{Target}, seed {Seed}, input {Index}: {What}";
}
