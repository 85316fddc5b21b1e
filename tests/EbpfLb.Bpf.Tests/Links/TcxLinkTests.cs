using System.Net;
using System.Net.Sockets;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Bpf.Tests.Links;

[Trait("needs", "netns")]
[Trait("needs", "ip")]
public sealed class TcxLinkTests : IDisposable
{
    private const int Loopback = 1; // the first device of every network namespace

    private readonly NetnsTopology topology = NetnsTopology.Create();
    private readonly string netns;
    private readonly BpfObject obj = TestObjects.Load("sockets");

    public TcxLinkTests() => netns = topology.AddNode("tcx").Place.NetnsPath!;

    public void Dispose()
    {
        obj.Dispose();
        topology.Dispose();
    }

    /// <summary>Kernels before 6.6 have no TCX: there each test becomes "the attempt is refused, as the probe says".</summary>
    private bool IsMissing(BpfProgram program)
    {
        if (KernelFeatures.Probe().Single(feature => feature.Name == "tcx").IsAvailable)
            return false;
        var error = Assert.Throws<BpfException>(() => NetnsThread.Run(netns, () => BpfLink.AttachTcx(program, Loopback, ingress: true)));
        Assert.Equal(Errno.EINVAL, error.Errno);
        return true;
    }

    [Theory]
    [InlineData(true, AttachType.TcxIngress)]
    [InlineData(false, AttachType.TcxEgress)]
    public void A_program_sees_the_packets_of_its_device(bool ingress, AttachType type)
    {
        using var program = obj.OpenProgram("count_packets");
        if (IsMissing(program))
            return;
        using var link = NetnsThread.Run(netns, () => BpfLink.AttachTcx(program, Loopback, ingress));

        SendOne();

        Assert.Equal(1ul, Count(0));
        Assert.Equal(new LinkInfo(link.Info.Id, LinkType.Tcx, program.Id, type, 0, Loopback), link.Info);
    }

    [Fact]
    public void The_program_is_replaced_in_place()
    {
        using var first = obj.OpenProgram("count_packets");
        using var second = obj.OpenProgram("count_remote");
        if (IsMissing(first))
            return;
        using var link = NetnsThread.Run(netns, () => BpfLink.AttachTcx(first, Loopback, ingress: true));

        link.Update(second);
        SendOne();

        Assert.Equal((0ul, 1ul), (Count(0), Count(1)));
    }

    [Fact]
    public void A_program_goes_behind_the_others_or_before_them()
    {
        using var first = obj.OpenProgram("count_packets");
        using var second = obj.OpenProgram("count_remote");
        if (IsMissing(first))
            return;

        using var behind = NetnsThread.Run(netns, () => BpfLink.AttachTcx(first, Loopback, ingress: false));
        using var before = NetnsThread.Run(netns, () => BpfLink.AttachTcx(second, Loopback, ingress: false, first: true));

        Assert.Equal([second.Id, first.Id], NetnsThread.Run(netns, () => BpfLink.TcxProgramIds(Loopback, ingress: false)));
        Assert.Empty(NetnsThread.Run(netns, () => BpfLink.TcxProgramIds(Loopback, ingress: true)));
    }

    [Fact]
    public void A_closed_link_sees_nothing()
    {
        using var program = obj.OpenProgram("count_packets");
        if (IsMissing(program))
            return;
        using (NetnsThread.Run(netns, () => BpfLink.AttachTcx(program, Loopback, ingress: true)))
            SendOne();
        Assert.Equal(1ul, Count(0));

        // Not at once: a process that a test beside this one just forked holds the link, too, until it executes its program.
        Eventually.True(
            () =>
            {
                var before = Count(0);
                SendOne();
                return Count(0) == before;
            },
            "the link to leave its device");
    }

    [Fact]
    public void A_device_that_is_not_there_is_refused()
    {
        using var program = obj.OpenProgram("count_packets");
        if (IsMissing(program))
            return;

        var error = Assert.Throws<BpfException>(() => NetnsThread.Run(netns, () => BpfLink.AttachTcx(program, 4711, ingress: true)));

        Assert.Equal(Errno.ENODEV, error.Errno);
    }

    /// <summary>One datagram over the namespace's loopback, received before this returns.</summary>
    private void SendOne() => NetnsThread.Run(netns, () =>
    {
        using var receiver = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        using var sender = new UdpClient(AddressFamily.InterNetwork);
        sender.Send([1], (IPEndPoint)receiver.Client.LocalEndPoint!);
        IPEndPoint? from = null;
        Assert.Single(receiver.Receive(ref from));
    });

    private ulong Count(uint index)
    {
        using var counts = obj.OpenMap<uint, ulong>("t_counts");
        return counts.Lookup(index);
    }
}
