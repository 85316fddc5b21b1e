using System.Net;
using EbpfLb.Abi;

namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>A device of <see cref="PacketLab"/>.</summary>
/// <param name="Name">As the kernel shows it.</param>
/// <param name="Index">Chosen by the test, so nobody has to look it up.</param>
/// <param name="Address4">This node's on it, in a /24.</param>
/// <param name="Address6">This node's on it, in a /64.</param>
/// <param name="Flags">In lb_devices.</param>
internal sealed record Device(string Name, int Index, string Address4, string Address6, LbDeviceFlag Flags = default)
{
    public IPAddress Address(Family family) => IPAddress.Parse(family == Family.IPv4 ? Address4 : Address6);
}
