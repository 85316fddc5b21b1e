namespace EbpfLb.Model;

/// <summary>
/// How many entries a Maglev table may have: a prime, so that every step through the table visits all of it (Eisenbud et al.,
/// "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4). With more than 100 times as many entries as backends,
/// shares differ by 1 % at most.
/// </summary>
public static class MaglevTableSize
{
    public const int Default = 16381;

    public const int Smallest = 251;

    public const int Largest = 131071;

    /// <summary>For messages.</summary>
    public static string Allowed
        => $"a prime from {Smallest} to {Largest}, such as 251, 509, 1021, 2039, 4093, 8191, 16381, 32749, 65521 or 131071";

    public static bool IsAllowed(long size)
    {
        if (size is < Smallest or > Largest || size % 2 == 0) return false;
        for (var divisor = 3; divisor * divisor <= size; divisor += 2)
        {
            if (size % divisor == 0) return false;
        }
        return true;
    }
}
