using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Datapath.Tests.Flows;

public sealed class FlowMapsTests
{
    [Fact]
    public async Task Flows_are_there_for_commands_when_the_agent_is_gone()
    {
        using var instance = new TestInstance();
        var v4 = new TestFlow { Snat = "10.0.0.1:61000" };
        var v6 = new TestFlow { Client = "[2001:db8::1]:1", Frontend = "[fd00::1]:80", Backend = "[fd00::5]:8080" };
        await using (var dataplane = instance.Open())
        {
            dataplane.Services.Apply(TestInstance.Table());
            dataplane.Hooks.Attach();
            v4.AddTo(dataplane.Conntrack.FlowMaps[0]);
            v6.AddTo(dataplane.Conntrack.FlowMaps[1]);
        }

        using var maps = FlowMaps.OpenPinned(instance.Options);
        var table = new FlowTable(maps!.All, TimeProvider.System);

        Assert.Equal(["192.0.2.1:40000", "[2001:db8::1]:1"], table.Read(FlowFilter.All).Select(f => f.Client.ToString()));
        Assert.Equal(1, table.Remove(new FlowFilter { Backend = EndpointFilter.Parse("fd00::5") }));
        await using var next = instance.Open();
        Assert.True(v4.IsIn(next.Conntrack.FlowMaps[0]));
        Assert.True(v6.IsGoneFrom(next.Conntrack.FlowMaps[1]));
        using var ends = FlowEnds.OpenPinned(Places.Find(instance.Options)!);
        Assert.Equal(1ul, ends[v6.Service]);
    }

    [Fact]
    public void Without_pins_there_are_none() => Assert.Null(FlowMaps.OpenPinned(new DatapathOptions { Instance = "elb-none" }));
}
