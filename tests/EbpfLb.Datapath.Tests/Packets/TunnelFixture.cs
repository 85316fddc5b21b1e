using EbpfLb.Abi;
using EbpfLb.Datapath.Tests.Packets.Harness;

namespace EbpfLb.Datapath.Tests.Packets;

/// <summary>A program with one kind of tunnel.</summary>
public abstract class TunnelFixture(LbTunnel kind) : IDisposable
{
    internal PacketProgram Program { get; } = new(bpf =>
    {
        bpf.Knobs.Set("cfg_tunnel", (byte)kind);
        bpf.Knobs.Set("cfg_tunnel_mss", Mss);
    });

    internal const ushort Mss = 1480;

    internal LbTunnel Kind => kind;

    public void Dispose() => Program.Dispose();
}

public sealed class IpIpFixture() : TunnelFixture(LbTunnel.Ipip);

public sealed class GeneveFixture() : TunnelFixture(LbTunnel.Geneve);
