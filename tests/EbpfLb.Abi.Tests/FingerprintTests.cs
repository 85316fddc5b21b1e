using System.Text;
using EbpfLb.Bpf.Btf;

namespace EbpfLb.Abi.Tests;

public sealed class FingerprintTests
{
    [Fact]
    public void A_renamed_member_changes_both_hashes()
    {
        // The names of BTF are in a string table: one letter in it is what another source would give.
        var changed = Renamed("affinity_sec", "affinity_sek");

        Assert.NotEqual(AbiInfo.Hash, AbiFingerprint.Compute(changed, "lb_"));
        Assert.NotEqual(AbiInfo.MapsHash, AbiFingerprint.ComputeMaps(changed, "lb_"));
    }

    [Fact]
    public void A_renamed_enumerator_leaves_the_maps_as_they_are()
    {
        var changed = Renamed("LB_UDP_REVERSED", "LB_UDP_REVERSEX");

        Assert.NotEqual(AbiInfo.Hash, AbiFingerprint.Compute(changed, "lb_"));
        Assert.Equal(AbiInfo.MapsHash, AbiFingerprint.ComputeMaps(changed, "lb_"));
    }

    [Fact]
    public void A_renamed_program_changes_nothing()
    {
        var changed = Renamed("lb_connect4", "lb_connect5");

        Assert.Equal(AbiInfo.Hash, AbiFingerprint.Compute(changed, "lb_"));
    }

    private static BtfTypes Renamed(string from, string to)
    {
        var bytes = BuiltObject.Bytes();
        var pattern = Encoding.ASCII.GetBytes($"\0{from}\0");
        var at = bytes.AsSpan().IndexOf(pattern);
        Assert.True(at > 0, $"{from} is not in the object");
        for (; at >= 0; at = bytes.AsSpan().IndexOf(pattern))
            Encoding.ASCII.GetBytes($"\0{to}\0").CopyTo(bytes, at);
        return BtfTypes.Read(ElfFile.Parse(bytes));
    }
}
