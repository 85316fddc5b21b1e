using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Packets;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Sockets;

namespace EbpfLb.E2E.Harness;

/// <summary>The generator that `make bench ONLY=pps` sends by.</summary>
public sealed class LoadgenTests
{
    private static readonly byte[] Frame = PacketBuilder.From("198.51.100.2", 20_000).To("172.18.0.1", 32767).Udp().Payload(18).Build();

    [Fact]
    public void It_sends_what_it_says_from_as_many_ports_as_flows_with_right_checksums()
    {
        using var far = ScratchNetns.Create();
        using var near = ScratchNetns.Create($"link add eth0 type veth peer name eth0 netns {far.Name}", "link set eth0 up");
        far.Configure("link set eth0 up");
        using var capture = new FrameCapture(far.Path);

        var answer = Loadgen.Run(near.Path, $"device=eth0 frame={Convert.ToHexString(Frame)} flows=3 count=100 ms=20000 rate=2000 cpu=0");

        Assert.True(answer.Number("sent") > 3, answer.Line);
        Assert.Equal(0, answer.Number("refused"));
        var frames = new List<byte[]>();
        for (var i = 0; i < answer.Number("sent"); i++)
            frames.Add(capture.Wait(frame => frame.AsSpan(0, 12).SequenceEqual(Frame.AsSpan(0, 12)) && !frames.Contains(frame), "a frame"));
        Assert.All(frames, frame => Assert.Equal(Frame.Length, frame.Length));
        Assert.All(frames, frame => Assert.Empty(PacketVerifier.Problems(PacketReader.Read(frame))));
        Assert.Equal([20_000, 20_001, 20_002], frames.Select(frame => PacketReader.Read(frame).Outer!.Source.Port).Distinct().Order());
    }

    [Fact]
    public void It_ends_after_so_many_frames()
    {
        using var netns = ScratchNetns.Create("link add eth0 type veth peer name eth1", "link set eth0 up", "link set eth1 up");

        var answer = Loadgen.Run(netns.Path, $"device=eth0 frame={Convert.ToHexString(Frame)} flows=3 count=100 ms=20000");

        Assert.Equal(100, answer.Number("sent") + answer.Number("refused"));
    }

    [Theory]
    [InlineData("device=lo frame=00", "arguments")]
    [InlineData("device=none-such", "device")]
    public void It_refuses_what_it_cannot_send(string options, string stage)
    {
        using var netns = ScratchNetns.Create();
        var frame = options.Contains("frame=", StringComparison.Ordinal) ? "" : $" frame={Convert.ToHexString(Frame)}";

        var exception = Assert.Throws<InvalidOperationException>(() => Loadgen.Run(netns.Path, options + frame));

        Assert.Contains($"stage={stage}", exception.Message, StringComparison.Ordinal);
    }
}
