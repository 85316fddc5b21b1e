namespace EbpfLb.Netlink.TrafficControl;

/// <summary>Which packets of a device.</summary>
public enum TcDirection
{
    /// <summary>Those that come in.</summary>
    Ingress,

    /// <summary>Those that leave.</summary>
    Egress,
}
