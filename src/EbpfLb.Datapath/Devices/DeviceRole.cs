namespace EbpfLb.Datapath.Devices;

/// <summary>What a device is to us.</summary>
public enum DeviceRole
{
    /// <summary>No program of ours.</summary>
    None,

    /// <summary>Clients and other nodes are behind it.</summary>
    Uplink,

    /// <summary>Pods are behind it, and their traffic to services is translated packet by packet.</summary>
    Pod,
}
