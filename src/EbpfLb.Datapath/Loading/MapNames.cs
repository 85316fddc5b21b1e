namespace EbpfLb.Datapath.Loading;

/// <summary>Names of the maps in bpf/include/lb_maps.h that the agent handles one by one.</summary>
internal static class MapNames
{
    public const string Services4 = "lb_services4";
    public const string Services6 = "lb_services6";
    public const string Slots = "lb_slots";
    public const string Backends = "lb_backends";
    public const string Affinity = "lb_affinity";
    public const string UdpPeer = "lb_udp_peer";
    public const string Stats = "lb_stats";
    public const string ServiceStats = "lb_svc_stats";
    public const string Meta = "lb_meta";

    /// <summary>
    /// Maps that name each other's ids. They are kept together or made anew together: a fresh lb_slots beside an
    /// old lb_services4 would be overwritten under the eyes of the programs that still run.
    /// </summary>
    public static readonly IReadOnlySet<string> Tables
        = new HashSet<string> { Services4, Services6, Slots, Backends, Affinity, ServiceStats };
}
