using System.Net.Sockets;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Tests.StaleSockets;
using EbpfLb.Model;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.Sockets;

/// <summary>connect() to the address 0 means the caller's own loopback address. NodePorts are kept by it: pods would find them.</summary>
[Collection(typeof(OwnCgroup))]
public sealed class AddressZeroTests
{
    private const int NodePort = 30053;

    [Theory]
    [InlineData("0.0.0.0", "127.0.0.2", true)]
    [InlineData("0.0.0.0", "127.0.0.2", false)]
    [InlineData("::", "fd00::2", true)]
    [InlineData("::", "fd00::2", false)]
    public async Task Only_on_the_node_itself_it_is_the_NodePorts(string address, string backend, bool onNode)
    {
        await using var lab = new StaleLab();
        var server = lab.Serve(backend, 9953);
        lab.Apply(cluster => cluster
            .Service("dns", [StaleLab.Service4, StaleLab.Service6], [$"udp:53@{NodePort}/UDP"], type: ServiceType.NodePort)
            .Slice("dns", "dns", ["udp:9953/UDP"], [backend]));
        lab.BeNode(new NodeSettings { LoopbackNodePorts4 = true, LoopbackNodePorts6 = true }, ofLab: onNode);

        lab.Connect(address, NodePort).Send("question"u8);

        // Loopback hands it over at once.
        Assert.Equal(onNode, server.Available > 0);
    }
}
