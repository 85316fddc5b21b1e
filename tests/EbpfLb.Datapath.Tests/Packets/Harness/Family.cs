namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>IP version.</summary>
public enum Family
{
    IPv4 = 4,
    IPv6 = 6,
}
