using EbpfLb.Model;

namespace EbpfLb.Policy;

/// <summary>Where a connection is sent to; the protocol is that of its service port.</summary>
public readonly record struct BackendAddress(IpAddress Address, ushort Port) : IComparable<BackendAddress>
{
    public int CompareTo(BackendAddress other)
    {
        var byAddress = Address.CompareTo(other.Address);
        return byAddress != 0 ? byAddress : Port.CompareTo(other.Port);
    }

    /// <summary>"10.1.0.5:8080" or "[fd00::5]:8080".</summary>
    public override string ToString() => Address.WithPort(Port);
}
