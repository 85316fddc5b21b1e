namespace EbpfLb.Abi.Tests;

public sealed class EqualityTests
{
    [Fact]
    public void Values_with_the_same_bytes_are_equal()
    {
        Assert.Equal(Backend(1), Backend(1));
        Assert.Equal(Backend(1).GetHashCode(), Backend(1).GetHashCode());
    }

    [Fact]
    public void A_difference_in_an_array_is_a_difference()
    {
        Assert.NotEqual(Backend(1), Backend(2));
        Assert.True(Backend(1).Addr != Backend(2).Addr);
    }

    [Fact]
    public void An_array_of_other_length_is_refused() =>
        Assert.Throws<ArgumentException>(() => Be32x4.FromBytes([10, 0, 0, 1]));

    [Fact]
    public void A_value_prints_its_fields() =>
        Assert.Contains("Addr = 00000000000000000000ffff0a000001, Port = 80", Backend(1).ToString());

    [Fact]
    public void The_knobs_carry_the_values_of_their_properties()
    {
        var defaults = new DatapathConfig().Knobs().Single(knob => knob.Name == "cfg_svc_stats");
        var changed = new DatapathConfig { SvcStats = 0 }.Knobs().Single(knob => knob.Name == "cfg_svc_stats");

        Assert.Equal([1], defaults.Bytes.ToArray());
        Assert.Equal([0], changed.Bytes.ToArray());
    }

    private static LbBackend Backend(byte last) => new()
    {
        Addr = Be32x4.FromBytes([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, last]),
        Port = Be16.FromHost(80),
    };
}
