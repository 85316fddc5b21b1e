using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>What a client connects to: an address, port and protocol that a service port answers on.</summary>
public readonly record struct Frontend(IpAddress Address, ushort Port, TransportProtocol Protocol) : IComparable<Frontend>
{
    /// <summary>What asks the address for a port and protocol that no other frontend has; port and protocol are 0.</summary>
    public static Frontend AnyPort(IpAddress address) => new(address, 0, default);

    /// <summary>See <see cref="AnyPort"/>.</summary>
    public bool IsAnyPort => Port == 0 && Protocol == default;

    public int CompareTo(Frontend other)
    {
        var byAddress = Address.CompareTo(other.Address);
        if (byAddress != 0) return byAddress;
        return Port != other.Port ? Port.CompareTo(other.Port) : Protocol.CompareTo(other.Protocol);
    }

    /// <summary>"10.96.0.1:443/TCP", "[fd00::1]:443/TCP", or "10.96.0.1 (all others)".</summary>
    public override string ToString() => IsAnyPort ? $"{Address} (all others)" : $"{new BackendAddress(Address, Port)}/{Protocol.ToText()}";
}

/// <summary>The kinds of address that a service port answers on (docs/contract.md 4); each has rules of its own.</summary>
public enum FrontendKind : byte
{
    ClusterIP,
    NodePort,
    ExternalIP,
    LoadBalancer,
}
