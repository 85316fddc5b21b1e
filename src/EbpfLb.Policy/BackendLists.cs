namespace EbpfLb.Policy;

/// <summary>The lists that a backend is in (docs/contract.md 6), and where it is. The numbers are those of enum lb_backend_flag.</summary>
[Flags]
public enum BackendLists : byte
{
    None = 0,

    /// <summary>In the Cluster list.</summary>
    InCluster = 1,

    /// <summary>In the Local list.</summary>
    InLocal = 2,

    /// <summary>On this node.</summary>
    Local = 4,

    /// <summary>In no list, so it gets nothing new; but what it has stays with it (docs/contract.md 12: it still serves).</summary>
    Keeps = 8,

    /// <summary>With <see cref="Local"/>: the address is one of an uplink's subnet, so its replies may leave past the node.</summary>
    OnWire = 16,

    /// <summary>Where tunnels lead to it: it serves, so its node can be asked what it knows (bpf/lib/lb_untracked.h).</summary>
    Serves = 32,
}
