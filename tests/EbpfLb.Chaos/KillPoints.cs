using System.Globalization;

namespace EbpfLb.Chaos;

/// <summary>
/// System calls to be killed at, chosen at random: a kind, and the how manieth of it. How many there are of a kind is learned: one that was
/// not reached is the most that is tried later.
/// </summary>
/// <param name="kinds">As `netprobe killed` names them.</param>
internal sealed class KillPoints(Random random, params IReadOnlyList<string> kinds)
{
    private const int MostAtFirst = 64;

    private readonly Dictionary<string, int> most = [];
    private (string Kind, int Count) chosen;

    /// <summary>For messages.</summary>
    public string Last => string.Create(CultureInfo.InvariantCulture, $"killed before {chosen.Kind} {chosen.Count}");

    public string Next()
    {
        var kind = kinds[random.Next(kinds.Count)];
        chosen = (kind, 1 + random.Next(most.GetValueOrDefault(kind, MostAtFirst)));
        return string.Create(CultureInfo.InvariantCulture, $"{kind}*{chosen.Count}");
    }

    public void Learn(bool isReached)
    {
        if (!isReached) most[chosen.Kind] = Math.Max(1, chosen.Count - 1);
    }
}
