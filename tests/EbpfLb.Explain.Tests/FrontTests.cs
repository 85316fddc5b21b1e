using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain.Tests;

/// <summary>Which packets XDP can take, and which flows have no entry.</summary>
public sealed class FrontTests
{
    private const string Leave = "leave in front of the stack at eth0 (driver), if their way out takes them";

    private readonly ExplainLab lab = new();

    public FrontTests()
        => lab.Context = lab.Context with
        {
            FrontDevices = [new FrontDevice("eth0", "driver", null), new FrontDevice("br0", "driver", "the driver refuses XDP")],
        };

    [Theory]
    [InlineData("eth0", $"packets {Leave}", ExplainLab.There)]
    [InlineData("eth0", $"packets to backends of other nodes {Leave}", ExplainLab.Here, ExplainLab.There)]
    [InlineData("eth0", "no: only what leaves for another node does, the rest is tc's", ExplainLab.Here)]
    [InlineData("br0", "no: br0 has no XDP program: the driver refuses XDP", ExplainLab.There)]
    public void It_takes_what_leaves_for_another_node(string device, string why, params string[] endpoints)
    {
        lab.Web(endpoints);

        var front = lab.Explain(ExplainLab.Outside, $"{ExplainLab.Node}:30080", device: device).Front;

        Assert.Equal(new FrontAnswer(why.StartsWith("packets", StringComparison.Ordinal), why), front);
    }

    [Theory]
    [InlineData("wlan0")]
    [InlineData(null)]
    public void Where_nothing_is_known_of_the_device_nothing_is_said(string? device)
    {
        lab.Web([ExplainLab.There]);

        Assert.Null(lab.Explain(ExplainLab.Outside, $"{ExplainLab.Node}:30080", device: device).Front);
    }

    [Fact]
    public void A_socket_and_what_nobody_serves_have_nothing_to_do_with_it()
    {
        lab.Web([]);
        Assert.Null(lab.Explain(ExplainLab.Outside, $"{ExplainLab.Node}:30080", device: "eth0").Front);
        Assert.Null(lab.Explain(ExplainLab.PodHere, "10.96.0.1:80", FlowPath.Socket, "eth0").Front);
    }

    [Fact]
    public void With_maglev_and_direct_server_return_flows_to_other_nodes_have_no_entry()
    {
        lab.Cluster.Node("node-2", "a", [ExplainLab.OtherNode]);
        lab.Web([ExplainLab.Here, ExplainLab.There]);
        lab.Policy = new PolicyOptions
        {
            NodeName = ExplainLab.NodeName, Tunnels = true, Forwarding = Forwarding.Dsr, Scheduler = Scheduler.Maglev,
        };

        var answer = lab.Explain(ExplainLab.Outside, "203.0.113.1:80", device: "eth0");
        Assert.Equal([false, true], answer.Backends.Select(b => b.HasNoEntry));
        Assert.StartsWith("packets to backends of other nodes leave", answer.Front!.Why, StringComparison.Ordinal);
        var json = FlowJson.Line(answer.Flow, answer);
        Assert.Contains($"\"tunnel\":\"{ExplainLab.OtherNode}\",\"entry\":false}}]", json, StringComparison.Ordinal);
        Assert.Contains("\"xdp\":true", json, StringComparison.Ordinal);

        // A NodePort is at an address of the node.
        Assert.All(
            lab.Explain(ExplainLab.Outside, $"{ExplainLab.Node}:30080", device: "eth0").Backends, b => Assert.False(b.HasNoEntry));

        // What another node asks from its own address may be for a backend there.
        lab.Context = lab.Context with { OtherNodes = [new OtherNode("node-2", IpAddress.Parse(ExplainLab.OtherNode))] };
        (bool, bool) AskedBy(string from)
        {
            var backend = lab.Explain(from, $"{ExplainLab.Node}:30080", device: "eth0").Backends[1];
            return (backend.Masquerade, backend.Tunnel is not null);
        }
        Assert.Equal(((true, false), (false, true)), (AskedBy(ExplainLab.OtherNode), AskedBy(ExplainLab.Outside)));
    }
}
