using EbpfLb.Agent.Flows;

namespace EbpfLb.Agent.Tests.Flows;

public sealed class FollowedDevicesTests
{
    private readonly Dictionary<uint, string> there = new() { [1] = "lo", [2] = "eth0" };
    private readonly FollowedDevices devices;
    private int reads;

    public FollowedDevicesTests() => devices = new FollowedDevices(() =>
    {
        reads++;
        return new Dictionary<uint, string>(there);
    });

    [Fact]
    public void Names_are_read_once_for_answers_that_follow_each_other()
    {
        for (var i = 0; i < 10; i++) Assert.Equal(("lo", "eth0"), (Name(1), Name(2)));

        Assert.Equal(1, reads);
    }

    [Fact]
    public void One_that_came_since_is_looked_for_and_one_that_is_nowhere_only_once()
    {
        Name(2);
        there[3] = "eth1";

        Assert.Equal("eth1", Name(3));
        Assert.Equal(2, reads);
        for (var i = 0; i < 10; i++) Assert.Equal("if4", Name(4));
        Assert.Equal(3, reads);
        Assert.Equal("eth1", Name(3));
        Assert.Equal(3, reads);
    }

    [Fact]
    public void Of_no_interface_there_is_no_name_nor_is_one_looked_for()
    {
        Name(2);

        Assert.Null(Name(0));
        Assert.Equal(1, reads);
    }

    [Fact]
    public void Who_begins_to_ask_gets_the_names_that_there_are_now()
    {
        Assert.Equal(("eth0", "if4"), (Name(2), Name(4)));
        (there[2], there[4]) = ("lan", "wan");

        devices.Begin();

        Assert.Equal(("lan", "wan"), (Name(2), Name(4)));
    }

    private string? Name(uint index) => devices.For([index]).Of(index);
}
