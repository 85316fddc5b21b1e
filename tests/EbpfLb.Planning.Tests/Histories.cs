using FsCheck;
using FsCheck.Fluent;

namespace EbpfLb.Planning.Tests;

/// <summary>Random histories: lists of numbers, each standing for one change; a failing one shrinks by leaving changes out.</summary>
internal static class Histories
{
    public static Arbitrary<int[]> Any { get; } = Arb.From(Gen.Choose(0, 1_000_000).ArrayOf(), Shorter);

    private static IEnumerable<int[]> Shorter(int[] codes)
    {
        for (var length = codes.Length / 2; length >= 1; length /= 2)
        {
            for (var start = 0; start + length <= codes.Length; start += length)
                yield return [.. codes[..start], .. codes[(start + length)..]];
        }
    }
}
