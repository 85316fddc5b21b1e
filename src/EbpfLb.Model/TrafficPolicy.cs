namespace EbpfLb.Model;

/// <summary>internalTrafficPolicy and externalTrafficPolicy: which endpoints may answer.</summary>
public enum TrafficPolicy : byte
{
    /// <summary>Endpoints of the whole cluster; what an unset field means.</summary>
    Cluster,

    /// <summary>Only endpoints on the node that the connection came to.</summary>
    Local,
}
