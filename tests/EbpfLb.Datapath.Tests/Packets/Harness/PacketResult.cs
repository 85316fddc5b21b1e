namespace EbpfLb.Datapath.Tests.Packets.Harness;

/// <summary>What a program made of a packet.</summary>
internal sealed record PacketResult(Verdict Verdict, byte[] Packet);
