using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>What a client connects to: an address, port and protocol that a service port answers on.</summary>
public readonly record struct Frontend(IpAddress Address, ushort Port, TransportProtocol Protocol) : IComparable<Frontend>
{
    public int CompareTo(Frontend other)
    {
        var byAddress = Address.CompareTo(other.Address);
        if (byAddress != 0) return byAddress;
        return Port != other.Port ? Port.CompareTo(other.Port) : Protocol.CompareTo(other.Protocol);
    }

    /// <summary>"10.96.0.1:443/TCP" or "[fd00::1]:443/TCP".</summary>
    public override string ToString() => $"{new BackendAddress(Address, Port)}/{Protocol.ToText()}";
}
