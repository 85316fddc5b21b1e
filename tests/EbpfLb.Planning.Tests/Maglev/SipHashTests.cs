using EbpfLb.Planning.Maglev;

namespace EbpfLb.Planning.Tests.Maglev;

public sealed class SipHashTests
{
    // The key of the paper's appendix A: the bytes 00 to 0f.
    private const ulong Key0 = 0x0706_0504_0302_0100;
    private const ulong Key1 = 0x0f0e_0d0c_0b0a_0908;

    /// <summary>The test vector of the paper (15 bytes), and the first of the reference implementation.</summary>
    [Theory]
    [InlineData(0, 0x726f_db47_dd0e_0e31)]
    [InlineData(15, 0xa129_ca61_49be_45e5)]
    public void The_published_vectors_come_out(int length, ulong expected)
        => Assert.Equal(expected, SipHash.Hash(Key0, Key1, [.. Enumerable.Range(0, length).Select(i => (byte)i)]));
}
