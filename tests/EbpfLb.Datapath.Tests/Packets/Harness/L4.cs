namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>A protocol that services have; the value is its number.</summary>
public enum L4
{
    Tcp = 6,
    Udp = 17,
    Sctp = 132,
}
