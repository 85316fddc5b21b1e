using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Tests.Options;

public sealed class InstancePathsTests
{
    [Theory]
    [InlineData("default", true)]
    [InlineData("node-1_a", true)]
    [InlineData("", false)]
    [InlineData("a.b", false)]
    [InlineData("../x", false)]
    public void Instances_are_names_of_directories(string name, bool valid)
    {
        Assert.Equal(valid, InstancePaths.IsValidInstance(name));
    }
}
