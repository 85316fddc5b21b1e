using System.Net;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using EbpfLb.Agent.Nodes;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Devices;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Netlink.Network;
using PhysicalAddress = System.Net.NetworkInformation.PhysicalAddress;

namespace EbpfLb.Agent.Tests.Fakes;

/// <summary>A node whose network a test makes up, and a kernel that remembers what it was told of it.</summary>
internal sealed class FakeNode : INodeKernel, INodeNetwork, IDisposable
{
    private readonly TemporaryDirectory sysctls = new();
    private readonly Channel<NetworkChange> changes = Channel.CreateUnbounded<NetworkChange>();
    private volatile NetworkSnapshot network = new([], [], []);

    public FakeNode() => Sysctls = new Sysctls(sysctls.Path);

    public Sysctls Sysctls { get; }

    /// <summary>What the kernel has been told.</summary>
    public NodeState? State { get; private set; }

    public int Refreshes { get; private set; }

    public IReadOnlyList<AttachedDevice> Devices { get; private set; } = [];

    /// <summary>What keeps programs from a device of this name; null: nothing.</summary>
    public Func<string, string?> Refuse { get; set; } = _ => null;

    /// <summary>What all devices have of XDP.</summary>
    public XdpState? Xdp { get; set; }

    public Exception? ReadError { get; set; }

    /// <summary>Adds a device with an address, as one of a machine.</summary>
    public FakeNode Device(string name, string? kind = null, string? address = null, string? gateway = null)
    {
        var index = network.Links.Count + 2;
        network = new NetworkSnapshot(
            [.. network.Links, new Link(index, name, kind, LinkType.Ethernet, LinkFlags.Up, 0, 0, 1500, PhysicalAddress.None)],
            address is null ? network.Addresses
                : [.. network.Addresses, new Address(index, IPAddress.Parse(address), 24, AddressScope.Global, AddressFlags.None, null)],
            gateway is null ? network.Routes
                : [.. network.Routes, new Route(IPNetwork.Parse("0.0.0.0/0"), IPAddress.Parse(gateway), index, 254, RouteType.Unicast, 0)]);
        return this;
    }

    public FakeNode Sysctl(string name, string value)
    {
        var file = sysctls.File(name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, value + "\n");
        return this;
    }

    /// <summary>Something has changed.</summary>
    public void Tell() => changes.Writer.TryWrite(new ChangesLost());

    public NetworkSnapshot Read() => ReadError is null ? network : throw ReadError;

    public ulong NamespaceCookie() => 4711;

    public async IAsyncEnumerable<NetworkChange> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var change in changes.Reader.ReadAllAsync(cancellationToken)) yield return change;
    }

    public NodeResult ApplyNode(NodeState state)
    {
        State = state;
        Refreshes++;
        return new NodeResult(1, 0, []);
    }

    public IReadOnlyList<AttachedDevice> AttachDevices(IReadOnlyList<DeviceDecision> decisions)
        => Devices = [.. decisions.Where(d => d.IsAttached).Select(d
            => new AttachedDevice(d, "tcx", 7, 8, "attached", Refuse(d.Link.Name)) { Xdp = Xdp })];

    public void Dispose() => sysctls.Dispose();
}
