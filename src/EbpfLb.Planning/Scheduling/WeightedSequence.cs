using EbpfLb.Policy;

namespace EbpfLb.Planning.Scheduling;

/// <summary>
/// A list in which a backend stands as often as its weight says, mixed as the wrr of IPVS deals turns (ip_vs_wrr.c, whose documentation is
/// http://kb.linuxvirtualserver.org/wiki/Weighted_Round-Robin_Scheduling): first those of the largest weight, then those and the next ...
/// </summary>
internal static class WeightedSequence
{
    /// <summary>Longer ones are made shorter, with weights in nearly the same proportion: slots are memory of every node.</summary>
    private const int Most = 1024;

    /// <param name="ids">Of the backends, in the same order. Returned itself when all weigh the same.</param>
    /// <param name="backends">Weights of 1 or more.</param>
    public static uint[] Of(ReadOnlySpan<CompiledBackend> backends, uint[] ids)
    {
        if (IsEven(backends)) return ids;
        var weights = Reduce(backends);
        var sequence = new uint[weights.Sum()];
        var next = 0;
        for (var level = weights.Max(); level > 0; level--)
        {
            for (var i = 0; i < weights.Length; i++)
                if (weights[i] >= level) sequence[next++] = ids[i];
        }
        return sequence;
    }

    /// <summary>How long <see cref="Of"/> is, without making it.</summary>
    public static int LengthOf(ReadOnlySpan<CompiledBackend> backends) => IsEven(backends) ? backends.Length : Reduce(backends).Sum();

    private static bool IsEven(ReadOnlySpan<CompiledBackend> backends)
    {
        foreach (ref readonly var backend in backends)
            if (backend.Weight != backends[0].Weight) return false;
        return true;
    }

    /// <summary>The smallest weights of the same proportion; of nearly the same where their sum would be too large.</summary>
    private static int[] Reduce(ReadOnlySpan<CompiledBackend> backends)
    {
        var weights = new int[backends.Length];
        var (divisor, sum) = (0, 0L);
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] = Math.Max((int)backends[i].Weight, 1);
            divisor = Gcd(weights[i], divisor);
            sum += weights[i];
        }
        var most = Math.Max(Most, 8 * weights.Length);
        sum /= divisor;
        for (var i = 0; i < weights.Length; i++)
        {
            weights[i] /= divisor;
            if (sum > most) weights[i] = Math.Max((int)Math.Round((double)weights[i] * most / sum), 1);
        }
        return weights;
    }

    private static int Gcd(int a, int b) => b == 0 ? a : Gcd(b, a % b);
}
