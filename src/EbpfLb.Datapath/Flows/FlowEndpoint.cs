using EbpfLb.Model;

namespace EbpfLb.Datapath.Flows;

/// <summary>One end of a packet's way.</summary>
public readonly record struct FlowEndpoint(IpAddress Address, ushort Port)
{
    /// <summary>"10.0.0.1:80" or "[fd00::1]:80".</summary>
    public override string ToString() => Address.Family == IpFamily.IPv4 ? $"{Address}:{Port}" : $"[{Address}]:{Port}";
}
