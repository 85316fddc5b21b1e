using System.Net;
using System.Runtime.InteropServices;
using EbpfLb.Abi;

namespace EbpfLb.Datapath.Tests.Packets.Icmp;

/// <summary>struct lb_tuple.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UnitTuple
{
    public Be32x4 Source;
    public Be32x4 Destination;
    public Be16 SourcePort;
    public Be16 DestinationPort;
    public byte Protocol;
    public byte Family;
    public ushort Pad;

    public static UnitTuple Of(IPEndPoint source, IPEndPoint destination)
    {
        var tuple
            = new UnitTuple { SourcePort = Be16.FromHost((ushort)source.Port), DestinationPort = Be16.FromHost((ushort)destination.Port) };
        source.Address.MapToIPv6().TryWriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref tuple.Source)), out _);
        destination.Address.MapToIPv6().TryWriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref tuple.Destination)), out _);
        return tuple;
    }
}
