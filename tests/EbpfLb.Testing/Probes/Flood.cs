using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Probes;

/// <summary>Frames on their way: netprobe's "flood".</summary>
public sealed class Flood : IDisposable
{
    private readonly ChildProcess process;

    public Flood(ProcessPlace place, string options, IReadOnlyList<byte[]> frames)
        => process = ChildProcess.Start(place,
            [RepositoryPaths.Netprobe, "flood", $"frames={string.Join(',', frames.Select(Convert.ToHexString))}", .. options.Split(' ')]);

    /// <summary>Its end.</summary>
    /// <returns>Frames sent, and in how many milliseconds.</returns>
    public (long Sent, long Milliseconds) Wait(TimeSpan? limit = null)
    {
        var answer = ProbeAnswer.Parse(process.ReadLine(limit));
        return answer.Ok ? (answer.Number("sent"), answer.Number("ms"))
            : throw new InvalidOperationException($"the flood ended with: {answer}");
    }

    public void Dispose() => process.Dispose();
}
