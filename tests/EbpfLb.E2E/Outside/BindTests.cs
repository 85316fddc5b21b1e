using EbpfLb.Testing;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Outside;

/// <summary>--protect-nodeports: a process of the node cannot bind to a NodePort in use, where it would never hear of a client.</summary>
public sealed class BindTests(BindTests.Cluster fixture) : IClassFixture<BindTests.Cluster>
{
    private readonly TestCluster cluster = fixture.Value;

    [Contract("4", "no placeholder sockets: other ports are the node's own; a process on a NodePort is shadowed, or refused if asked for")]
    [Theory]
    [InlineData("tcp")]
    [InlineData("udp")]
    public void The_NodePort_of_a_service_is_refused_and_others_are_not(string protocol)
    {
        var port = cluster.Publish("a").NodePort;

        var error = Assert.Throws<InvalidOperationException>(() => Serve(protocol, port));
        Assert.Contains("EADDRINUSE", error.Message, StringComparison.Ordinal);
        Serve(protocol, port + 500).Dispose();
        // A pod's ports are its own.
        PodServer.Start(cluster.Pod("b").Place, "pod", protocol == "tcp" ? $"{port}" : "", protocol == "udp" ? $"{port}" : "").Dispose();
    }

    private PodServer Serve(string protocol, int port) =>
        PodServer.Start(cluster.First.Netns.Place, "host", protocol == "tcp" ? $"{port}" : "", protocol == "udp" ? $"{port}" : "");

    public sealed class Cluster : IDisposable
    {
        public TestCluster Value { get; } = new(new TestClusterOptions { Extra = ["--protect-nodeports"] });

        public void Dispose() => Value.Dispose();
    }
}
