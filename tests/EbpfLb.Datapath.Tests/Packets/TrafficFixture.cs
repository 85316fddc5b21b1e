using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Tests.Packets.Harness;

namespace EbpfLb.Datapath.Tests.Packets;

/// <summary>A program that has room to count packets and bytes for service ports and backends; with tunnels.</summary>
public abstract class TrafficRoomFixture(bool counts) : IDisposable
{
    internal PacketProgram Program { get; } = new(bpf =>
    {
        bpf.Knobs.Set("cfg_tunnel", (byte)LbTunnel.Ipip);
        bpf.Knobs.Set("cfg_traffic", counts ? (byte)1 : (byte)0);
        bpf.Map(Abi.Tables.Traffic.Name).MaxEntries
            = (bpf.Knobs.Get<uint>("cfg_services") + bpf.Knobs.Get<uint>("cfg_backends")) * (uint)PossibleCpus.Numbers();
    });

    public void Dispose()
    {
        Program.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class TrafficFixture() : TrafficRoomFixture(counts: true);

/// <summary>Switched off.</summary>
public sealed class NoTrafficFixture() : TrafficRoomFixture(counts: false);
