using EbpfLb.Testing.Netns;

namespace EbpfLb.Netlink.Tests;

/// <summary>A namespace of a test's own, and what is opened in it.</summary>
internal sealed class TestNamespace : IDisposable
{
    private readonly NetnsTopology topology = NetnsTopology.Create();

    public TestNamespace() => Node = topology.AddNode("nl");

    public NodeNetns Node { get; }

    /// <summary>Runs ip commands in it.</summary>
    public void Ip(params string[] commands) => Node.Configure(commands);

    /// <summary>What is opened by a thread of the namespace stays in it.</summary>
    public T Open<T>(Func<T> open) => NetnsThread.Run(Node.Place.NetnsPath!, open);

    public void Dispose() => topology.Dispose();
}
